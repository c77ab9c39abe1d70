//! What was used on the last days, by day and endpoint.
//!
//! See <https://openrouter.ai/docs/api-reference/analytics/get-user-activity>.

use std::collections::BTreeMap;

use super::object::Object;
use super::words::Words;
use crate::calendar::Day;
use crate::clock::Millis;
use crate::config::Gateway;
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::exchange::Spent;
use crate::price::NanoUsd;
use crate::secret::KeyHash;

/// How many completed days are told.
pub const DAYS: u64 = 30;

/// What was used at an endpoint on a day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Which endpoint: the same number after a reload.
    pub endpoint: u64,
    /// Answers.
    pub requests: u64,
    /// What they cost, but for those with a credential of the client's own.
    pub cost: NanoUsd,
    /// What those with a credential of the client's own cost.
    pub byok: NanoUsd,
    /// Tokens of input, those from a cache included.
    pub prompt: u64,
    /// Tokens of output, reasoning included.
    pub completion: u64,
    /// Tokens of reasoning.
    pub reasoning: u64,
    /// Tokens of input from a cache.
    pub cached: u64,
}

/// What a key used on the days that are over.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(Vec<(Day, Activity)>);

/// What of the activity is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    today: Day,
    date: Option<Day>,
    /// The hash of the key whose activity it is to be.
    pub key: Option<KeyHash>,
}

/// The most entries of a history. A month at 64 endpoints a day has 1920.
const MAX_ENTRIES: usize = 2048;

// === impl Activity ===

impl Activity {
    /// The size of one as bytes.
    pub(super) const BYTES: usize = 8 * 8;

    /// Endpoints that are not told apart.
    pub(super) const OTHERS: u64 = 0;

    /// One answer of `endpoint`.
    pub fn of(endpoint: &Endpoint, spent: &Spent) -> Self {
        let (cost, byok) = if spent.is_byok { (NanoUsd::ZERO, spent.cost.total) } else { (spent.cost.total, NanoUsd::ZERO) };
        Self {
            endpoint: endpoint.public_id,
            requests: 1,
            cost,
            byok,
            prompt: spent.usage.input_tokens(),
            completion: spent.usage.output_tokens(),
            reasoning: spent.usage.reasoning,
            cached: spent.usage.cache_read,
        }
    }

    /// Adds another.
    pub fn add(&mut self, other: &Self) {
        self.cost = self.cost.saturating_add(other.cost);
        self.byok = self.byok.saturating_add(other.byok);
        for (sum, more) in [
            (&mut self.requests, other.requests),
            (&mut self.prompt, other.prompt),
            (&mut self.completion, other.completion),
            (&mut self.reasoning, other.reasoning),
            (&mut self.cached, other.cached),
        ] {
            *sum = sum.saturating_add(more);
        }
    }

    pub(super) fn bytes_into(&self, out: &mut Vec<u8>) {
        let Self { endpoint, requests, cost, byok, prompt, completion, reasoning, cached } = *self;
        for number in [endpoint, requests, cost.get(), byok.get(), prompt, completion, reasoning, cached] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }

    pub(super) fn all_from_bytes(bytes: &[u8]) -> impl Iterator<Item = Self> {
        bytes.as_chunks::<{ Self::BYTES }>().0.iter().map(|entry| {
            let mut words = Words::of(entry);
            let [endpoint, requests, cost, byok, prompt, completion, reasoning, cached] = std::array::from_fn(|_| words.next());
            Self { endpoint, requests, cost: NanoUsd::new(cost), byok: NanoUsd::new(byok), prompt, completion, reasoning, cached }
        })
    }
}

// === impl History ===

impl History {
    /// Reads what [`History::to_bytes`] wrote; bytes of any other shape are no history.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let entries = bytes.as_chunks::<{ Activity::BYTES + 8 }>().0.iter().filter_map(|entry| {
            let (day, activity) = entry.split_first_chunk::<8>()?;
            Some((Day(u64::from_le_bytes(*day)), Activity::all_from_bytes(activity).next()?))
        });
        Self(entries.collect())
    }

    /// The bytes to share.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (day, activity) in &self.0 {
            bytes.extend_from_slice(&day.0.to_le_bytes());
            activity.bytes_into(&mut bytes);
        }
        bytes
    }

    /// Adds a day that is over at `now`, and forgets those before the last [`DAYS`].
    pub fn add(&mut self, day: Day, activities: Vec<Activity>, now: Millis) {
        self.0.extend(activities.into_iter().map(|activity| (day, activity)));
        let first = Day::of(now).before(DAYS);
        self.0.retain(|(day, _)| *day >= first);
        let excess = self.0.len().saturating_sub(MAX_ENTRIES);
        self.0.drain(..excess);
    }

    /// What was used, by day.
    pub fn entries(&self) -> &[(Day, Activity)] {
        &self.0
    }
}

// === impl Filter ===

impl Filter {
    /// Reads what follows the `?` of the path.
    ///
    /// Errors: if the date is none of the last [`DAYS`] completed days, or the hash of the key is none.
    pub fn parse(query: &str, now: Millis) -> Result<Self, ClientError> {
        let today = Day::of(now);
        let mut filter = Self { today, date: None, key: None };
        for (name, value) in query.split('&').filter_map(|member| member.split_once('=')) {
            match name {
                "date" if !value.is_empty() => {
                    let date = (1..=DAYS).map(|days| today.before(days)).find(|day| day.to_string() == value);
                    let expected = || ClientError::invalid("date", format!("YYYY-MM-DD, one of the last {DAYS} completed UTC days"));
                    filter.date = Some(date.ok_or_else(expected)?);
                }
                "api_key_hash" if !value.is_empty() => {
                    let hash = KeyHash::parse(value);
                    filter.key = Some(hash.map_err(|_| ClientError::invalid("api_key_hash", "the SHA-256 of a key in hexadecimal"))?);
                }
                _ => {}
            }
        }
        Ok(filter)
    }

    fn wants(&self, day: Day) -> bool {
        day < self.today && day >= self.today.before(DAYS) && self.date.is_none_or(|date| date == day)
    }
}

/// The body that answers `GET /activity`: what was `used`, the newest day first, each endpoint once a day.
pub fn activity(gateway: &Gateway, filter: &Filter, used: &[(Day, Activity)]) -> Vec<u8> {
    let mut sums: BTreeMap<(u64, u64), (Day, Activity)> = BTreeMap::new();
    for (day, activity) in used.iter().filter(|(day, _)| filter.wants(*day)) {
        let newest_first = u64::MAX.saturating_sub(day.0);
        let (_, sum) = sums
            .entry((newest_first, activity.endpoint))
            .or_insert_with(|| (*day, Activity { endpoint: activity.endpoint, ..Activity::default() }));
        sum.add(activity);
    }
    let endpoints: Vec<(u64, &Endpoint)> = gateway.endpoints().map(|endpoint| (endpoint.public_id, &**endpoint)).collect();
    let mut out = Object::after(Vec::new());
    out.list("data", sums.into_values(), |item, (day, used)| {
        // One that the configuration has no more is known by its number alone.
        let endpoint = endpoints.iter().find(|(number, _)| *number == used.endpoint).map(|(_, endpoint)| endpoint);
        let model = endpoint.map_or("", |endpoint| &*endpoint.catalogue_id);
        item.text("date", Some(&day.to_string()));
        item.text("model", Some(model));
        item.text("model_permaslug", Some(model));
        item.text("endpoint_id", Some(&endpoint_id(used.endpoint)));
        item.text("provider_name", Some(endpoint.map_or("", |endpoint| &*endpoint.provider.name)));
        item.usd("usage", used.cost);
        item.usd("byok_usage_inference", used.byok);
        item.number("requests", Some(used.requests));
        item.number("prompt_tokens", Some(used.prompt));
        item.number("completion_tokens", Some(used.completion));
        item.number("reasoning_tokens", Some(used.reasoning));
        item.number("cached_tokens", Some(used.cached));
    });
    out.end()
}

/// An endpoint's number as clients see it.
pub(super) fn endpoint_id(number: u64) -> String {
    format!("{number:016x}")
}
