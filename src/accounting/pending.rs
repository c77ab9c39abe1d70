//! What a worker has settled and not yet shared with the others.

use std::rc::Rc;

use rustc_hash::FxHashMap;

use super::{Activity, Charge, Today};
use crate::calendar::Day;
use crate::price::NanoUsd;

/// What was settled, by key and day.
#[derive(Debug, Default)]
pub struct Pending(FxHashMap<(Rc<str>, Day), Used>);

/// What a key used on a day.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Used {
    /// What it spent with the operator's credentials, as far as its account does not know.
    pub spent: NanoUsd,
    /// What it spent with credentials of the client's own, as far as its account does not know.
    pub byok: NanoUsd,
    /// What it used, by endpoint.
    pub today: Today,
}

/// So many keys are shared before the next tick.
const MOST: usize = 1024;

// === impl Pending ===

impl Pending {
    /// Adds what the key of this name used on `day`; `charge` is what its account does not know yet.
    pub fn add(&mut self, key: &Rc<str>, day: Day, charge: Option<&Charge>, activity: &Activity) {
        let used = self.0.entry((key.clone(), day)).or_default();
        if let Some(charge) = charge {
            let sum = if charge.is_byok { &mut used.byok } else { &mut used.spent };
            *sum = sum.saturating_add(charge.cost);
        }
        used.today.enter(activity, day);
    }

    /// Whether so much is pending that it ought to be shared at once.
    pub fn is_full(&self) -> bool {
        self.0.len() >= MOST
    }

    /// All of it, the earlier days first.
    pub fn take(&mut self) -> Vec<((Rc<str>, Day), Used)> {
        let mut all: Vec<_> = self.0.drain().collect();
        all.sort_unstable_by_key(|((_, day), _)| *day);
        all
    }
}
