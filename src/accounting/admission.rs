//! Whether a key's money and rates allow a request, and what becomes of its account before and after it.
//!
//! See <https://openrouter.ai/docs/api-reference/limits>. All windows are of UTC and fixed: a minute from second 0, a day from midnight.

use super::account::{Account, Balance, Charge};
use super::demand::{Demand, Left};
use super::reservations::Reservation;
use super::window::{DAY, MINUTE, Span, Window};
use crate::clock::Millis;
use crate::config::{Defaults, FreeModels, Key};
use crate::error::{Limited, MoneyReason, OutOfMoney, OutOfRate, Rate};
use crate::price::NanoUsd;
use crate::route::Plan;

/// A request that is admitted, to be settled once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Admission {
    /// What is reserved for it; `None` where the key has no limit, or nothing is to be paid.
    pub reserved: Option<Reservation>,
    /// Which endpoints of its plan are left.
    pub left: Left,
    /// The tokens that are counted already.
    prompt: u64,
}

/// What admission goes by beside the account.
#[derive(Clone, Copy)]
pub struct Terms<'a> {
    /// How often models that cost nothing may be asked.
    pub free_models: &'a FreeModels,
    /// How long money is reserved.
    pub defaults: &'a Defaults,
    /// When.
    pub now: Millis,
}

// === impl Account ===

impl Account {
    /// Admits a request, counts it and reserves what it may cost at most. Nothing is changed if it is refused.
    ///
    /// So that a small limit can be used up, a request is also admitted that might come to more than what is left: but never beside
    /// others whose reservations have used the rest up, so that no more than one reservation is ever spent above the limit.
    ///
    /// Errors: if a rate or the limit does not allow it.
    pub fn admit(&mut self, demand: &Demand, terms: &Terms<'_>) -> Result<Admission, Limited> {
        let now = terms.now;
        let rates = &demand.key.rates;
        for (window, span, most, rate) in [
            (&self.requests_of_minute, MINUTE, rates.requests_per_minute, Rate::RequestsPerMinute),
            (&self.requests_of_day, DAY, rates.requests_per_day, Rate::RequestsPerDay),
            (&self.tokens_of_minute, MINUTE, rates.tokens_per_minute, Rate::TokensPerMinute),
        ] {
            check(window, span, most, rate, demand.key, now)?;
        }
        let free = self.check_free(demand, terms);
        let money = self.check_money(demand, terms);
        let left = Left { free: free.is_ok(), paid: money.is_ok() };
        let is_reserved = money.as_ref().is_ok_and(|reserves| *reserves);
        if !demand.leaves_any(left) {
            money?;
            free?;
        }
        if left.free && demand.has_free() {
            self.free_of_minute.add(1, MINUTE, now);
            self.free_of_day.add(1, DAY, now);
        }
        if rates.requests_per_minute.is_some() {
            self.requests_of_minute.add(1, MINUTE, now);
        }
        if rates.requests_per_day.is_some() {
            self.requests_of_day.add(1, DAY, now);
        }
        if rates.tokens_per_minute.is_some() {
            self.tokens_of_minute.add(demand.prompt, MINUTE, now);
        }
        let reserved = is_reserved.then(|| self.reservations.add(demand.worst, terms.defaults.reservation_timeout, now));
        Ok(Admission { reserved, left, prompt: demand.prompt })
    }

    /// Settles a request of `key`: takes its reservation back and enters what it came to, if that was anything.
    pub fn settle(&mut self, key: &Key, admission: Option<&Admission>, charge: Option<&Charge>, now: Millis) {
        if let Some(reservation) = admission.and_then(|admission| admission.reserved.as_ref()) {
            self.release(reservation);
        }
        let Some(charge) = charge else { return };
        self.enter(charge.cost, charge.is_byok, crate::calendar::Day::of(now));
        if key.rates.tokens_per_minute.is_some() {
            let counted = admission.map_or(0, |admission| admission.prompt);
            self.tokens_of_minute.add(charge.tokens.saturating_sub(counted), MINUTE, now);
        }
    }

    fn check_free(&self, demand: &Demand, terms: &Terms<'_>) -> Result<(), Limited> {
        if !demand.has_free() {
            return Ok(());
        }
        let FreeModels { requests_per_minute, requests_per_day } = *terms.free_models;
        check(&self.free_of_minute, MINUTE, requests_per_minute, Rate::FreeRequestsPerMinute, demand.key, terms.now)?;
        check(&self.free_of_day, DAY, requests_per_day, Rate::FreeRequestsPerDay, demand.key, terms.now)
    }

    /// Whether something is to be reserved.
    fn check_money(&self, demand: &Demand, terms: &Terms<'_>) -> Result<bool, Limited> {
        let (Some(balance), Some(limit)) = (self.balance(demand.key, terms.now), demand.key.limit) else { return Ok(false) };
        let reason = match refusal(&balance, demand) {
            None => return Ok(demand.worst > NanoUsd::ZERO),
            Some(reason) => reason,
        };
        Err(Limited::Money(OutOfMoney {
            key: demand.key.name.clone(),
            limit: balance.limit,
            spent: balance.spent,
            reset: limit.reset.map(|period| (period, period.next(self.today(terms.now)).begin())),
            reason,
        }))
    }
}

/// Why `balance` does not allow what is demanded, if it does not.
fn refusal(balance: &Balance, demand: &Demand) -> Option<MoneyReason> {
    let Balance { limit, spent, reserved, .. } = *balance;
    let worst = demand.worst;
    if worst == NanoUsd::ZERO || spent.saturating_add(reserved).saturating_add(worst) <= limit {
        return None;
    }
    if spent >= limit {
        return Some(MoneyReason::Spent);
    }
    if let Some(asked) = demand.asked
        && spent.saturating_add(worst) > limit
    {
        // It would not fit even alone, and the client can do something about it.
        return Some(MoneyReason::TooLong { asked, affordable: demand.affordable(balance.remaining()) });
    }
    (spent.saturating_add(reserved) >= limit).then_some(MoneyReason::Reserved(reserved))
}

// === impl Admission ===

impl Admission {
    /// Takes the endpoints out of the plan that are not left to `key`.
    pub fn apply(&self, key: &Key, plan: &mut Plan) {
        plan.retain(|endpoint| self.left.has(key, endpoint));
    }
}

/// Errors: if `most` is used up.
fn check(window: &Window, span: Span, most: Option<u64>, rate: Rate, key: &Key, now: Millis) -> Result<(), Limited> {
    let Some(limit) = most.filter(|most| window.used(span, now) >= *most) else { return Ok(()) };
    let resets = window.end(span, now);
    let wait = resets.since(now).div_ceil(1000).max(1);
    Err(Limited::Rate(OutOfRate { key: key.name.clone(), rate, limit, resets, wait }))
}
