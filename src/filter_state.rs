//! What Envoy's other filters and its access logs get to know of a request, where the configuration wants that: filter state.
//!
//! `wasm.` stands before each name where Envoy reads it, as in `%FILTER_STATE(wasm.signalbox.tokens:PLAIN)%`
//! (<https://www.envoyproxy.io/docs/envoy/latest/configuration/advanced/substitution_formatter>). The rate limit filter makes its
//! descriptors and its hits of it; how, `envoy/fleet` shows.

use crate::config::Key;
use crate::endpoint::Endpoint;
use crate::exchange::Settlement;
use crate::price::NanoUsd;

/// The name of the client's key.
pub const KEY: &str = "signalbox.key";
/// The catalogued id of the model: that of the plan's first endpoint, at the end that of the endpoint that was asked last.
pub const MODEL: &str = "signalbox.model";
/// The slug of its provider.
pub const PROVIDER: &str = "signalbox.provider";
/// At the end: tokens of prompt and answer, a whole number.
pub const TOKENS: &str = "signalbox.tokens";
/// At the end: what was spent in 10⁻⁶ USD, a whole number.
pub const MICRO_USD: &str = "signalbox.micro_usd";

/// The most hits that Envoy's rate limit filter adds at once; more, and it adds none (`MAX_HITS_ADDEND` in its source).
const MAX_HITS: u64 = 1_000_000_000;

const NANOS_IN_MICRO: u64 = 1000;

/// What is known of a request before its first attempt.
pub fn planned<'a>(key: &'a Key, first: &'a Endpoint) -> [(&'static str, &'a str); 3] {
    [(KEY, &key.name), (MODEL, &first.catalogue_id), (PROVIDER, &first.provider.slug)]
}

/// What of each key's spending is still to be told: the rest below one micro-USD, by the key's number. Thus the sum of what was told is
/// exact, and not each request's.
#[derive(Debug, Default)]
pub struct Untold(Vec<NanoUsd>);

/// What a settled exchange adds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hits {
    /// [`TOKENS`].
    pub tokens: u64,
    /// [`MICRO_USD`].
    pub micro_usd: u64,
}

// === impl Untold ===

impl Untold {
    /// What `settled` adds; 0 if it came to nothing.
    pub fn hits(&mut self, settled: &Settlement) -> Hits {
        let Some(spent) = &settled.spent else { return Hits { tokens: 0, micro_usd: 0 } };
        let tokens = spent.usage.input_tokens().saturating_add(spent.usage.output_tokens()).min(MAX_HITS);
        // What was paid for with a credential of the client's own counts where it counts for the key's own limit.
        let is_charged = !spent.is_byok || settled.key.include_byok_in_limit;
        let cost = if is_charged { spent.cost.total } else { NanoUsd::ZERO };
        Hits { tokens, micro_usd: self.micro_usd(settled.key.id, cost) }
    }

    /// The whole micro-USD of `cost` and of what was left before. What is more than fits is left, too.
    fn micro_usd(&mut self, key: usize, cost: NanoUsd) -> u64 {
        if self.0.len() <= key {
            self.0.resize(key.saturating_add(1), NanoUsd::ZERO);
        }
        let Some(left) = self.0.get_mut(key) else { return 0 };
        let all = left.saturating_add(cost);
        let told = (all.get() / NANOS_IN_MICRO).min(MAX_HITS);
        *left = all.saturating_sub(NanoUsd::new(told.saturating_mul(NANOS_IN_MICRO)));
        told
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;
    use crate::clock::Millis;
    use crate::exchange::Spent;
    use crate::price::Cost;
    use crate::usage::Usage;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// An answer of 12 tokens for 5 micro-USD; what it adds.
    fn hits_of(is_byok: bool, include_byok_in_limit: bool) -> Hits {
        let usage = Usage { input: 9, output: 3, ..Usage::default() };
        let cost = Cost { total: NanoUsd::new(5000), ..Cost::default() };
        let settled = Settlement {
            at: Millis(0),
            sticky: None,
            key: Rc::new(Key { include_byok_in_limit, ..Key::default() }),
            stream: false,
            attempts: Vec::new(),
            spent: Some(Spent { usage, cost, is_byok }),
            failure: None,
            finish: None,
            provenance: Default::default(),
            cancelled: false,
            duration: 1,
            time_to_first_token: None,
        };
        Untold::default().hits(&settled)
    }

    #[test]
    fn what_the_clients_own_credential_paid_is_told_only_where_the_key_counts_it() {
        assert_eq!(hits_of(false, false), Hits { tokens: 12, micro_usd: 5 });
        assert_eq!(hits_of(true, false), Hits { tokens: 12, micro_usd: 0 });
        assert_eq!(hits_of(true, true), Hits { tokens: 12, micro_usd: 5 });
    }

    #[test]
    fn what_is_left_of_a_keys_costs_is_told_with_its_next() {
        let mut untold = Untold::default();
        let told: Vec<u64> = [1999, 1, 999, 1, 0, 20_300].map(|nanos| untold.micro_usd(1, NanoUsd::new(nanos))).into();
        assert_eq!(told, [1, 1, 0, 1, 0, 20]);
        assert_eq!(untold.micro_usd(0, NanoUsd::new(700)), 0, "another key's rest is another's");
        assert_eq!(untold.micro_usd(1, NanoUsd::new(700)), 1);
    }

    #[test]
    fn a_cost_beyond_what_envoy_adds_at_once_is_told_in_parts() {
        let mut untold = Untold::default();
        assert_eq!(untold.micro_usd(0, NanoUsd::new(2_500_000_000_000)), MAX_HITS);
        assert_eq!(untold.micro_usd(0, NanoUsd::ZERO), MAX_HITS);
        assert_eq!(untold.micro_usd(0, NanoUsd::ZERO), MAX_HITS / 2);
        assert_eq!(untold.micro_usd(0, NanoUsd::ZERO), 0);
    }
}
