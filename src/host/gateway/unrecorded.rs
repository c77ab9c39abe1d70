//! What was settled and is still to be put on record.
//!
//! Who waits for the answer has it by then, so the record has time until the next tick: written one after the other, records cost half of
//! what they cost each at the end of its request.

use crate::accounting::{self, Activity, Charge, Presentation};
use crate::exchange::Settlement;
use crate::host::calls::Headers;
use crate::host::registry::Shared;
use crate::host::{shared_accounts, shared_generations};

/// A settled exchange whose record is still to be written.
pub(super) struct Unrecorded {
    pub(super) handover: Shared,
    pub(super) settled: Settlement,
}

// === impl Unrecorded ===

impl Unrecorded {
    /// How many wait at most: never so many that a record could come to stand in the place of one that is newer by a round of the ring.
    #[allow(clippy::arithmetic_side_effects)] // Divided by a constant.
    pub(super) fn most(generations: u32) -> usize {
        (generations as usize / 16).min(256)
    }

    /// A request larger than this, in bytes, does not wait: it would be kept in memory for as long.
    const LARGE: usize = 64 * 1024;

    /// Whether it can wait for the next tick: not if other requests of its key are held against what it came to.
    pub(super) fn can_wait(&self) -> bool {
        !self.settled.key.is_metered()
            && self.handover.admission.is_none()
            && self.handover.exchange.borrow().request().body().len() <= Self::LARGE
    }

    /// Writes the record of the generation, in a ring of `generations`, and enters into the account of its key what it came to.
    pub(super) fn write(&self, generations: u32) {
        let Self { handover, settled } = self;
        let exchange = handover.exchange.borrow();
        shared_generations::keep(exchange.generation_id(), generations, || {
            accounting::record(&exchange, settled, &presentation(&handover.headers))
        });
        let used = settled.spent.as_ref().zip(settled.attempts.last());
        let used = used.map(|(spent, attempt)| (Charge::of(spent), Activity::of(&attempt.endpoint, spent)));
        shared_accounts::settle(&settled.key, handover.admission.as_ref(), used, settled.at);
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
