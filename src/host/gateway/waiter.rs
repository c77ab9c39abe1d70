//! A stream that waits: for an access token, or for the accounts of other workers.

use std::cell::RefCell;
use std::rc::Rc;

use crate::chat::Request;
use crate::config::Key;
use crate::host::calls::Headers;
use crate::host::registry::Registration;
use crate::inbound::Translator;

/// What a plan is made from.
pub(super) struct Asked {
    pub(super) headers: Headers,
    pub(super) key: Rc<Key>,
    pub(super) request: Request,
    pub(super) translator: Translator,
}

/// A stream that waits for something, as the root context finds it.
pub(super) struct Waiter {
    pub(super) context: u32,
    pub(super) asked: RefCell<Option<Asked>>,
    /// What became of the stream while nobody called its filter.
    pub(super) woken: RefCell<Option<Woken>>,
}

/// What became of a stream that waited.
pub(super) enum Woken {
    /// The attempts have it.
    Planned(Registration),
    /// The gateway has answered.
    Answered,
}

// === impl Waiter ===

impl Waiter {
    /// A stream that Envoy calls `context`.
    pub(super) fn new(context: u32) -> Self {
        Self { context, asked: RefCell::default(), woken: RefCell::default() }
    }

    /// What became of it, told once.
    pub(super) fn woken(&self) -> Option<Woken> {
        self.woken.take()
    }
}
