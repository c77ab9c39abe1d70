//! The accounts: what became of each generation, and what each key has spent.
//!
//! See <https://openrouter.ai/docs/api-reference/get-a-generation> and <https://openrouter.ai/docs/api-reference/limits>. All of it is
//! shared by the workers of one Envoy and lost with it. No prompt and no answer is ever in it.

mod activity;
mod generation;
mod key;
mod keys;
mod ledger;
mod object;
mod slot;

pub use activity::{Activity, DAYS, Filter, History, activity};
pub use generation::{Generation, MAX_RECORD, Presentation, record};
pub use key::{credits, key};
pub use keys::{KeysQuery, key_of, keys};
pub use ledger::{Ledger, Spend};
pub use slot::{Slot, Slots};

#[cfg(test)]
mod tests;
