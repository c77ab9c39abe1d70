//! What becomes of a settled exchange: it is counted, told, put on record and entered into the account of its key.

use super::Role;
use crate::accounting::{self, Activity, Charge, Presentation};
use crate::clock::{Clock, Millis};
use crate::endpoint::Endpoint;
use crate::exchange::{Settlement, Unreached};
use crate::filter_state;
use crate::host::balances::Balances;
use crate::host::calls::{self, Headers, HostClock};
use crate::host::registry::Handover;
use crate::host::{shared_accounts, shared_generations, shared_performance, shared_sticky};
use crate::metrics;

impl Role {
    /// Counts a settled exchange. A provider that refused its access token gets another, should it have been revoked.
    pub(in crate::host::gateway) fn settle(&self, settled: &Settlement) {
        metrics::settlement(&self.gateway, settled, |record| self.stats.add(record));
        shared_performance::note(settled.observations());
        settled.sticky.inspect(|change| shared_sticky::apply(*change, settled.at));
        self.complaints.note(settled);
        for attempt in &settled.attempts {
            if attempt.outcome.status() == Some(401) {
                self.tokens.doubt(&attempt.endpoint.provider);
            }
        }
    }

    /// Tells the operator of an endpoint whose cluster cannot be reached.
    pub(in crate::host::gateway) fn tell_unreached(&self, endpoint: &Endpoint, unreached: Unreached) {
        self.complaints.note_unreached(endpoint, unreached, HostClock.now());
    }

    /// Tells Envoy's rate limit filter and access logs what became of a request, if they are to know: both come after this filter's log.
    pub(in crate::host::gateway) fn tell(&self, settled: &Settlement) {
        if !self.gateway.filter_state {
            return;
        }
        if let Some(attempt) = settled.attempts.last() {
            let told = filter_state::planned(&settled.key, &attempt.endpoint);
            told.iter().for_each(|(name, value)| calls::set_filter_state(name, value.as_bytes()));
        }
        let hits = self.untold.borrow_mut().hits(settled);
        for (name, value) in [(filter_state::TOKENS, hits.tokens), (filter_state::MICRO_USD, hits.micro_usd)] {
            calls::set_filter_state(name, itoa::Buffer::new().format(value).as_bytes());
        }
    }

    /// Puts on record what was settled, and enters it into the account of its key.
    pub(in crate::host::gateway) fn record(&self, handover: &Handover, settled: &Settlement) {
        Balances::note(&settled.key);
        if let Some(slot) = handover.slot {
            shared_generations::note(slot, self.gateway.defaults.generations, |out| {
                accounting::record(&handover.exchange.borrow(), settled, &presentation(&handover.headers), out);
            });
        }
        let used = settled.spent.as_ref().zip(settled.attempts.last());
        let used = used.map(|(spent, attempt)| (Charge::of(spent), Activity::of(&attempt.endpoint, spent)));
        shared_accounts::settle(&settled.key, handover.admission.as_ref(), used, settled.at);
        if self.is_closed.get() {
            Self::share(settled.at);
        }
    }

    /// Shares what this worker knows of generations and accounts.
    pub(super) fn share(now: Millis) {
        shared_generations::share();
        shared_accounts::share(now);
    }
}

/// How the client presents itself.
fn presentation(headers: &Headers) -> Presentation<'_> {
    let mut client = Presentation::default();
    for (name, value) in headers.iter() {
        match name {
            b"user-agent" => client.user_agent = Some(value),
            b"http-referer" => client.referer = Some(value),
            b"x-openrouter-title" => client.title = Some(value),
            b"x-session-id" => client.session = Some(value),
            b"x-title" => client.title = client.title.or(Some(value)),
            _ => {}
        }
    }
    client
}
