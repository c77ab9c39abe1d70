//! The accounts: what became of each generation, and what each key has spent.
//!
//! See <https://openrouter.ai/docs/api-reference/get-a-generation> and <https://openrouter.ai/docs/api-reference/limits>. All of it is
//! shared by the workers of one Envoy and lost with it. No prompt and no answer is ever in it.

mod account;
mod activity;
mod admission;
mod demand;
mod generation;
mod key;
mod object;
mod pending;
mod reservations;
mod slot;
mod spend;
mod today;
mod window;
mod words;

pub use account::{Account, Balance, Charge};
pub use activity::{Activity, DAYS, Filter, History, activity};
pub use admission::{Admission, Terms};
pub use demand::{Demand, Left};
pub use generation::{Generation, MAX_RECORD, Presentation, record};
pub use key::{credits, key};
pub use pending::{Pending, Used};
pub use reservations::Reservation;
pub use slot::{Slot, Slots};
pub use spend::Spend;
pub use today::Today;

#[cfg(test)]
mod tests;
