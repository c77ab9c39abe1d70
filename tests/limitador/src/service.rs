//! The answers: each descriptor against the limits that apply to it.

use std::{cmp::Reverse, collections::HashMap, pin::Pin, sync::Arc, time::Duration};

use limitador::{
    AsyncRateLimiter,
    counter::Counter,
    errors::LimitadorError,
    limit::{Context, Limit},
    storage::redis::AsyncRedisStorage,
};
use redis::{
    Client, RedisResult,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tonic::{Request, Response, Status, server::UnaryService};

use crate::envoy::{
    Code, DescriptorStatus, Duration as Seconds, RateLimit, RateLimitDescriptor, RateLimitRequest, RateLimitResponse, Unit,
};

/// `RateLimitService.ShouldRateLimit`.
#[derive(Clone)]
pub struct ShouldRateLimit(pub Arc<Limits>);

/// What is limited, and where it is counted.
pub struct Limits(AsyncRateLimiter);

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
    /// Counted in the Redis at `url`, which has to be there.
    pub async fn counted_at(url: &str, limits: Vec<Limit>) -> RedisResult<Self> {
        // While Redis is away each request is told so at once, and each tries to reconnect.
        let config = ConnectionManagerConfig::new().set_number_of_retries(0).set_connection_timeout(Duration::from_secs(1));
        let connection = ConnectionManager::new_with_config(Client::open(url)?, config).await?;
        let limiter = AsyncRateLimiter::new_with_storage(Box::new(AsyncRedisStorage::new_with_conn_manager(connection).await?));
        for limit in limits {
            limiter.add_limit(limit);
        }
        Ok(Self(limiter))
    }

    async fn answer(&self, request: RateLimitRequest) -> Result<RateLimitResponse, LimitadorError> {
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
    async fn status(&self, domain: &str, descriptor: RateLimitDescriptor, of_request: u64) -> Result<DescriptorStatus, LimitadorError> {
        let hits = descriptor.hits_addend.as_ref().map_or(of_request, |hits| hits.value);
        // In conditions and variables it is `descriptors[0]`.
        let entries: HashMap<String, String> = descriptor.entries.into_iter().map(|entry| (entry.key, entry.value)).collect();
        let mut context = Context::default();
        context.list_binding("descriptors".into(), vec![entries]);
        let namespace = domain.into();
        if hits > 0 {
            self.0.update_counters(&namespace, &context, hits).await?;
        }
        let checked = self.0.is_rate_limited(&namespace, &context, 0).await?;
        // Of several with nothing left, the one that lasts longest.
        let nearest = checked.counters.iter().min_by_key(|counter| (left(counter), Reverse(counter.expires_in())));
        Ok(DescriptorStatus {
            code: if checked.limited { Code::OverLimit } else { Code::Ok }.into(),
            current_limit: nearest.map(|counter| RateLimit {
                requests_per_unit: u32::try_from(counter.max_value()).unwrap_or(u32::MAX),
                unit: unit(counter.window().as_secs()).into(),
                name: counter.limit().name().unwrap_or_default().to_owned(),
            }),
            limit_remaining: nearest.map_or(0, |counter| u32::try_from(left(counter)).unwrap_or(u32::MAX)),
            duration_until_reset: nearest.and_then(Counter::expires_in).map(seconds),
        })
    }
}

/// What is left of a counter's limit, once it has been looked at.
fn left(counter: &Counter) -> u64 {
    counter.remaining().unwrap_or_default()
}

/// Rounded up: who asks again then is not refused for the same reason.
fn seconds(left: Duration) -> Seconds {
    Seconds { seconds: i64::try_from(left.as_millis().div_ceil(1000)).unwrap_or(i64::MAX) }
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
