//! What to do with a plan while the access tokens of some of its providers are missing.
//!
//! That is so with the first request of a VM, for as long as the first fetch takes, and while a token endpoint is down. A request must
//! neither hang nor be sent without a token: it would be refused, after the prompt went out in vain. So an endpoint whose token could
//! not be had is ranked last, as one in trouble is. A request whose first choice has no token waits for the fetch that is under way,
//! which has an outcome within [`TIMEOUT`](crate::oauth::TIMEOUT); it does not wait through the pause after a failed one. What has no
//! token by then is left out of the plan.

use super::Plan;
use crate::clock::Millis;
use crate::error::Error;
use crate::oauth::TokenSource;

/// What to do with a plan.
#[derive(Debug)]
pub enum Readiness {
    /// Carry it out: each endpoint has what it needs.
    Ready(Plan),
    /// Plan again when the outcome of the fetch that is under way is known.
    Awaited,
}

/// What to do with `plan` at `now`.
///
/// Errors: if no endpoint of it can be asked, and none will be soon.
pub fn readiness(mut plan: Plan, now: Millis) -> Result<Readiness, Error> {
    let Some(first) = plan.first().map(|endpoint| endpoint.provider.clone()) else { return Ok(Readiness::Ready(plan)) };
    if !first.is_ready(now) && first.credential.tokens().is_some_and(TokenSource::is_expected) {
        return Ok(Readiness::Awaited);
    }
    plan.retain(|endpoint| endpoint.provider.is_ready(now));
    if plan.is_empty() { Err(Error::NoToken(first.name.clone())) } else { Ok(Readiness::Ready(plan)) }
}
