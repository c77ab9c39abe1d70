//! A limit that does not allow a request: 402, in OpenRouter's words.

use std::rc::Rc;

use crate::calendar::{Period, instant};
use crate::clock::Millis;
use crate::price::NanoUsd;

/// A key whose limit does not allow a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutOfMoney {
    /// The name of the key.
    pub key: Rc<str>,
    /// What it may spend.
    pub limit: NanoUsd,
    /// What it has spent of that.
    pub spent: NanoUsd,
    /// How often it may be spent anew, and when it may next; `None` for never.
    pub reset: Option<(Period, Millis)>,
    /// What stands in the way.
    pub reason: MoneyReason,
}

/// Why a limit does not allow a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MoneyReason {
    /// It is used up.
    Spent,
    /// What is left is reserved for requests that are under way.
    Reserved(NanoUsd),
    /// The answer may get longer than what is left can pay, in tokens.
    TooLong {
        /// How long the client said it may get.
        asked: u64,
        /// How long it could get.
        affordable: u64,
    },
}

// === impl OutOfMoney ===

impl OutOfMoney {
    /// OpenRouter's words, which clients look for, and then the amounts and whom to ask.
    pub(super) fn message(&self) -> String {
        let Self { key, limit, spent, .. } = self;
        let window = self.reset.map_or("total", |(period, _)| period.as_str());
        let resets = match self.reset {
            Some((_, at)) => format!("it resets at {}", instant(at)),
            None => "it does not reset".to_owned(),
        };
        let state = format!("{spent} of {limit} USD are spent, and {resets}");
        match self.reason {
            MoneyReason::Spent => {
                format!("Key limit exceeded ({window} limit): {state}. It is the `limit` of the key {key} in the gateway's configuration.")
            }
            MoneyReason::Reserved(reserved) => format!(
                "Key limit exceeded ({window} limit) for the moment: {spent} of {limit} USD are spent, and {reserved} USD are reserved for \
                 requests that are under way. Please retry when one of them is over."
            ),
            MoneyReason::TooLong { asked, affordable } => format!(
                "This request requires more credits, or fewer max_tokens. You requested up to {asked} tokens, but can only afford \
                 {affordable}. Of the {window} limit of the key {key}, {state}."
            ),
        }
    }

    pub(super) fn hint(&self) -> &'static str {
        match (self.reason, self.reset) {
            (MoneyReason::TooLong { .. }, _) => "Lower max_tokens",
            (MoneyReason::Reserved(_), _) => "Retry when a request that is under way is over",
            (MoneyReason::Spent, Some((Period::Day, _))) => "Wait for the daily reset",
            (MoneyReason::Spent, Some((Period::Week, _))) => "Wait for the weekly reset",
            (MoneyReason::Spent, Some((Period::Month, _))) => "Wait for the monthly reset",
            (MoneyReason::Spent, None) => "Ask the operator of this gateway for a higher limit",
        }
    }
}
