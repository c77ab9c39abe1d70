//! The order in which endpoints are tried.

use std::cmp::Ordering;
use std::rc::Rc;

use super::resolve::Wish;
use super::tier::Tiers;
use super::{Ask, State};
use crate::clock::{Clock, Millis};
use crate::config::Gateway;
use crate::endpoint::{Endpoint, ServiceTier};
use crate::health::Health;
use crate::performance::Recent;
use crate::preferences::SortBy;
use crate::sticky::{Conversation, Sticky};

/// What decides an endpoint's place. The order of the fields is the precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Rank {
    /// Whether it is asked with the operator's credential, and not with the client's own.
    is_shared: bool,
    /// Its place in the client's `provider.order`; after all of them if it is not there.
    ordered: usize,
    /// Until when it is in trouble; the epoch if it is not.
    trouble: Millis,
    /// How much of what it was asked lately it answered.
    standing: Standing,
    /// Whether it is of another tier than the one asked for.
    is_off_tier: bool,
    /// Whether the conversation was somewhere else before, where the client states no order of its own.
    is_elsewhere: bool,
    /// Whether it has missed what the client prefers of latency and throughput.
    misses: bool,
    /// Its place by what is sorted by, the least first; 0 where nothing is.
    sorted: u64,
    /// Whether the conversation was somewhere else before: of those that the client's order has alike, the cache decides.
    is_elsewhere_of_alike: bool,
    /// Its luck.
    draw: Draw,
}

/// How much of what it was asked lately an endpoint answered, by OpenRouter's bounds:
/// <https://openrouter.ai/docs/guides/get-started/for-providers>.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Standing {
    /// 95% and more, or too little to judge by.
    Normal,
    /// 80% and more.
    Lower,
    /// Less.
    Last,
}

/// What endpoints are sorted by.
#[derive(Clone, Copy)]
struct By {
    sort: Option<SortBy>,
    /// Whether the client says so.
    is_stated: bool,
}

/// A draw: the least wins.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Draw(f64);

/// One endpoint of which nothing is known is tried first in so many plans: else nothing would ever be known of it.
const EXPLORE: u8 = 16;

/// What puts the endpoints of one request in order.
pub(super) struct Order<'o, 'a> {
    gateway: &'o Gateway,
    ask: &'o Ask<'a>,
    state: &'o dyn State,
    clock: &'o dyn Clock,
    random: &'o mut fastrand::Rng,
    /// What is asked of the state once, where there is a choice.
    known: Option<Known>,
}

struct Known {
    now: Millis,
    health: Health,
    sticky: Option<Sticky>,
}

// === impl Order ===

impl<'o, 'a> Order<'o, 'a> {
    pub(super) fn new(
        gateway: &'o Gateway,
        ask: &'o Ask<'a>,
        state: &'o dyn State,
        clock: &'o dyn Clock,
        random: &'o mut fastrand::Rng,
    ) -> Self {
        Self { gateway, ask, state, clock, random, known: None }
    }

    /// The request's conversation, if there was a choice.
    pub(super) fn sticky(&self) -> Option<Sticky> {
        self.known.as_ref().and_then(|known| known.sticky)
    }

    /// Whether the request's conversation is at `endpoint`.
    pub(super) fn holds(&mut self, endpoint: &Endpoint) -> bool {
        let (ask, state, clock) = (self.ask, self.state, self.clock);
        let known = self.known.get_or_insert_with(|| Known::of(ask, state, clock));
        known.holds(endpoint)
    }

    /// Puts `endpoints` in the order to try them in.
    pub(super) fn of(&mut self, mut endpoints: Vec<Rc<Endpoint>>, wish: Wish) -> Vec<Rc<Endpoint>> {
        let preferences = &self.ask.request.preferences;
        if endpoints.len() > 1 {
            let (ask, state, clock) = (self.ask, self.state, self.clock);
            let tiers = Tiers::new(ask, wish, &endpoints);
            let tier = tiers.preferred(&endpoints);
            let order = By { sort: self.sort_by(wish, tier), is_stated: preferences.sort.and_then(|sort| sort.by).or(wish.sort).is_some() };
            let known = self.known.get_or_insert_with(|| Known::of(ask, state, clock));
            let random = &mut *self.random;
            endpoints.sort_by_cached_key(|endpoint| known.rank(endpoint, order, (tiers, tier), ask, state, random));
        }
        if preferences.allow_fallbacks == Some(false) && preferences.order.is_none() {
            endpoints.truncate(1);
        }
        endpoints
    }

    /// What to sort by: a rule says, else the client, else a variant, else what is asked for; nothing is balanced.
    fn sort_by(&self, wish: Wish, tier: Option<ServiceTier>) -> Option<SortBy> {
        let preferences = &self.ask.request.preferences;
        let by_tier = tier.map(|tier| match tier {
            ServiceTier::Flex => SortBy::Price,
            ServiceTier::Priority => SortBy::Throughput,
        });
        let exacto = self.gateway.defaults.auto_exacto && self.ask.request.needs.tools && preferences.order.is_none();
        wish.cheapest
            .then_some(SortBy::Price)
            .or(preferences.sort.and_then(|sort| sort.by))
            .or(wish.sort)
            .or(by_tier)
            .or(exacto.then_some(SortBy::Exacto))
    }
}

// === impl Known ===

impl Known {
    fn of(ask: &Ask<'_>, state: &dyn State, clock: &dyn Clock) -> Self {
        // The client's own order holds, whatever a cache would like.
        let sticky = ask.request.preferences.order.is_none().then(|| {
            let (conversation, is_named) = Conversation::of(ask.request, ask.key, (ask.header)("x-session-id"));
            Sticky { conversation, is_named, held: state.held(conversation) }
        });
        Self { now: clock.now(), health: state.health(), sticky }
    }

    /// Whether the conversation is at `endpoint`, and is to stay there.
    fn holds(&self, endpoint: &Endpoint) -> bool {
        self.sticky.is_some_and(|sticky| sticky.may_stay_at(endpoint) && sticky.held.is_some_and(|held| held.endpoint == endpoint.key))
    }

    fn rank(
        &self,
        endpoint: &Endpoint,
        by: By,
        (tiers, tier): (Tiers<'_>, Option<ServiceTier>),
        ask: &Ask<'_>,
        state: &dyn State,
        random: &mut fastrand::Rng,
    ) -> Rank {
        let preferences = &ask.request.preferences;
        let order = preferences.order.iter().flatten();
        let ordered = order.enumerate().find(|(_, name)| tiers.is_meant(endpoint, name)).map(|(place, _)| place);
        let recent = state.recent(endpoint);
        let is_elsewhere = !self.holds(endpoint);
        let is_slow =
            preferences.preferred_max_latency.zip(recent.latency).is_some_and(|(most, is)| !most.is_met(&is, |is, most| is <= most));
        let is_weak = preferences
            .preferred_min_throughput
            .zip(recent.throughput)
            .is_some_and(|(least, is)| !least.is_met(&is, |is, least| is >= least));
        Rank {
            // Before all else, as at OpenRouter: the client's own order included.
            is_shared: !endpoint.is_byok(),
            ordered: ordered.unwrap_or(usize::MAX),
            // The client's own order holds, trouble or not.
            trouble: trouble(endpoint, &self.health, self.now).filter(|_| ordered.is_none()).unwrap_or_default(),
            standing: if ordered.is_none() { Standing::of(&recent) } else { Standing::Normal },
            is_off_tier: tier.is_some_and(|tier| endpoint.service_tier != Some(tier)),
            is_elsewhere: is_elsewhere && !by.is_stated,
            misses: is_slow || is_weak,
            sorted: by.sort.map_or(0, |by| sorted(endpoint, by, &recent, random)),
            is_elsewhere_of_alike: is_elsewhere,
            draw: Draw::weighted(endpoint.price.ranking(), random),
        }
    }
}

/// The place of `endpoint` by what is sorted by. One of which nothing is known comes last, and first once in a while.
fn sorted(endpoint: &Endpoint, by: SortBy, recent: &Recent, random: &mut fastrand::Rng) -> u64 {
    // Thousandths, of which there are enough: as numbers they need an order.
    let thousandths = |number: f64| (number * 1000.0) as u64;
    let unknown = |random: &mut fastrand::Rng| if random.u8(..EXPLORE) == 0 { 0 } else { u64::MAX };
    match by {
        SortBy::Price => endpoint.price.ranking(),
        SortBy::Latency => recent.usual_latency.map_or_else(|| unknown(random), thousandths),
        SortBy::Throughput => {
            recent.usual_throughput.map_or_else(|| unknown(random), |throughput| u64::MAX.saturating_sub(thousandths(throughput)))
        }
        // How tools were called is not known here: who answers more of what he is asked is better, by whole percents, and of those
        // alike the faster.
        SortBy::Exacto => {
            let missed = (100.0 - recent.usual_uptime.unwrap_or(100.0)) as u64;
            let speed = recent.usual_throughput.map_or(0, |throughput| thousandths(throughput).min(u32::MAX.into()));
            missed << 32 | u64::from(u32::MAX).saturating_sub(speed)
        }
    }
}

// === impl Standing ===

impl Standing {
    fn of(recent: &Recent) -> Self {
        match recent.uptime {
            Some(uptime) if uptime < 80.0 => Self::Last,
            Some(uptime) if uptime < 95.0 => Self::Lower,
            _ => Self::Normal,
        }
    }
}

/// Until when `endpoint` is in trouble. Nobody knows when an access token will be there that could not be had; the first is waited for.
fn trouble(endpoint: &Endpoint, health: &Health, now: Millis) -> Option<Millis> {
    match endpoint.provider.credential.tokens() {
        Some(tokens) if tokens.is_failing() && tokens.token(now).is_none() => Some(Millis(u64::MAX)),
        _ => health.trouble(endpoint, now),
    }
}

// === impl Draw ===

impl Draw {
    /// A draw with weight 1/price²: sorting by these is drawing one after the other without putting back.
    ///
    /// An exponential variate of rate w is the least of its kind with a chance proportional to w (Efraimidis and Spirakis,
    /// "Weighted random sampling with a reservoir", 2006).
    fn weighted(price: u64, random: &mut fastrand::Rng) -> Self {
        // A free endpoint would have all the weight there is; it gets that of the smallest price.
        let price = price.max(1) as f64;
        Self(-(1.0 - random.f64()).ln() * price * price)
    }
}

impl Eq for Draw {}

impl PartialOrd for Draw {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Draw {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
