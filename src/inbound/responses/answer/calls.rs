//! The calls of an answer: which are being told, and which of them are whole.

use std::collections::BTreeMap;

use super::super::item::{Item, What};
use crate::json::Text;

/// The calls so far, in their order.
#[derive(Debug, Default)]
pub(super) struct Calls {
    /// Each until it is told.
    items: Vec<Option<Item>>,
    /// Which they are, by how OpenRouter's chunks count them.
    places: BTreeMap<u64, u64>,
    /// Those whose arguments are whole, and that are not told yet.
    whole: Vec<usize>,
}

// === impl Calls ===

impl Calls {
    /// Whether `call` has begun.
    pub(super) fn has(&self, call: u64) -> bool {
        self.places.contains_key(&call)
    }

    /// Notes that `call` has begun, which is told as `item`.
    pub(super) fn begin(&mut self, call: u64, item: Item) {
        self.places.entry(call).or_insert(self.items.len() as u64);
        self.items.push(Some(item));
    }

    /// Adds to the arguments of `call`: its item, if it is not told yet.
    pub(super) fn go_on(&mut self, call: u64, arguments: Text<'_>) -> Option<&Item> {
        let place = usize::try_from(*self.places.get(&call)?).ok()?;
        let item = self.items.get_mut(place)?.as_mut()?;
        let was_closed = item.is_closed();
        item.text.extend_from_slice(arguments.raw);
        if let What::Call { nesting, .. } = &mut item.what {
            nesting.feed(arguments);
        }
        if item.is_closed() && !was_closed {
            self.whole.push(place);
        }
        Some(item)
    }

    /// Takes those that are whole, in the order in which they came to it.
    pub(super) fn take_whole(&mut self) -> Vec<Item> {
        let whole = std::mem::take(&mut self.whole);
        whole.into_iter().filter_map(|place| self.items.get_mut(place)?.take()).collect()
    }

    /// Takes all that are not told yet, in their order.
    pub(super) fn take_all(&mut self) -> Vec<Item> {
        self.whole.clear();
        self.items.iter_mut().filter_map(Option::take).collect()
    }
}
