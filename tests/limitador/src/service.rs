//! The answers: each descriptor against the limits that apply to it.

use std::{collections::HashMap, pin::Pin, sync::Arc};

use limitador::{
    counter::Counter,
    limit::{Context, Limit},
};
use redis::RedisResult;
use tonic::{Request, Response, Status, server::UnaryService};

use crate::{
    counters::{Count, Counters},
    envoy::{Code, DescriptorStatus, Duration, RateLimit, RateLimitDescriptor, RateLimitRequest, RateLimitResponse, Unit},
};

/// `RateLimitService.ShouldRateLimit`.
#[derive(Clone)]
pub struct ShouldRateLimit(pub Arc<Limits>);

/// What is limited, and where it is counted.
pub struct Limits {
    pub limits: Vec<Limit>,
    pub counters: Counters,
}

impl UnaryService<RateLimitRequest> for ShouldRateLimit {
    type Response = RateLimitResponse;
    type Future = Pin<Box<dyn Future<Output = Result<Response<RateLimitResponse>, Status>> + Send>>;

    fn call(&mut self, request: Request<RateLimitRequest>) -> Self::Future {
        let limits = Arc::clone(&self.0);
        Box::pin(async move {
            limits.answer(request.into_inner()).await.map(Response::new).map_err(|error| {
                eprintln!("limitador: {error}");
                Status::unavailable("the counters cannot be reached")
            })
        })
    }
}

impl Limits {
    async fn answer(&self, request: RateLimitRequest) -> RedisResult<RateLimitResponse> {
        let of_request = u64::from(request.hits_addend.max(1));
        let mut statuses = Vec::new();
        for descriptor in request.descriptors {
            statuses.push(self.status(&request.domain, descriptor, of_request).await?);
        }
        let is_over = statuses.iter().any(|status| status.code == Code::OverLimit as i32);
        Ok(RateLimitResponse { overall_code: if is_over { Code::OverLimit } else { Code::Ok }.into(), statuses })
    }

    /// Counts the hits, whether the limit is used up or not, and tells whether more than it is by now: the semantics of
    /// envoyproxy/ratelimit. (Limitador's own server counts nothing above a limit, and would forget what was spent by who was let in.)
    async fn status(&self, domain: &str, descriptor: RateLimitDescriptor, of_request: u64) -> RedisResult<DescriptorStatus> {
        let hits = descriptor.hits_addend.as_ref().map_or(of_request, |hits| hits.value);
        let mut is_over = false;
        let mut nearest: Option<(Counter, Count)> = None;
        for counter in self.counters_of(domain, descriptor) {
            let count = self.counters.add(&counter, hits).await?;
            is_over |= count.value > counter.max_value();
            if nearest.as_ref().is_none_or(|(other, least)| left(&counter, &count) < left(other, least)) {
                nearest = Some((counter, count));
            }
        }
        Ok(DescriptorStatus {
            code: if is_over { Code::OverLimit } else { Code::Ok }.into(),
            current_limit: nearest.as_ref().map(|(counter, _)| RateLimit {
                requests_per_unit: u32::try_from(counter.max_value()).unwrap_or(u32::MAX),
                unit: unit(counter.window().as_secs()).into(),
            }),
            limit_remaining: nearest.as_ref().map_or(0, |(counter, count)| u32::try_from(left(counter, count)).unwrap_or(u32::MAX)),
            duration_until_reset: nearest.map(|(_, count)| Duration { seconds: count.seconds_left.cast_signed() }),
        })
    }

    /// The counters that a descriptor is about. In conditions and variables it is `descriptors[0]`.
    fn counters_of(&self, domain: &str, descriptor: RateLimitDescriptor) -> Vec<Counter> {
        let entries: HashMap<String, String> = descriptor.entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
        let mut context = Context::default();
        context.list_binding("descriptors".into(), vec![entries]);
        let applies = |limit: &&Limit| limit.namespace().as_ref() == domain && limit.applies(&context);
        self.limits.iter().filter(applies).filter_map(|limit| Counter::new(limit.clone(), &context).ok().flatten()).collect()
    }
}

fn left(counter: &Counter, count: &Count) -> u64 {
    counter.max_value().saturating_sub(count.value)
}

fn unit(seconds: u64) -> Unit {
    match seconds {
        1 => Unit::Second,
        60 => Unit::Minute,
        3600 => Unit::Hour,
        86400 => Unit::Day,
        604_800 => Unit::Week,
        2_592_000 => Unit::Month,
        31_536_000 => Unit::Year,
        _ => Unit::Unknown,
    }
}
