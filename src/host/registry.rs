//! Where the two roles of a stream find their exchange: they run on the same worker, in the same VM.

use std::cell::RefCell;
use std::rc::Rc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::calls::{self, Headers};
use crate::accounting::{Admission, Slot};
use crate::exchange::Exchange;
use crate::inbound::Translator;

/// An exchange as both roles hold it.
pub(super) type Shared = Rc<Handover>;

/// What the gateway role hands to the attempt role.
pub(super) struct Handover {
    pub(super) exchange: RefCell<Exchange>,
    /// Brings the answer into the shape of the API that was asked.
    pub(super) translator: RefCell<Translator>,
    /// The headers of the client's request.
    pub(super) headers: Headers,
    /// What of the key's account is to be settled with it.
    pub(super) admission: Option<Admission>,
    /// Where it is put on record.
    pub(super) slot: Option<Slot>,
}

/// The filter state by which an attempt finds its exchange. Not a request header: no client could forge it, no provider sees it.
const EXCHANGE: &str = "signalbox.exchange";

/// The filter state by which the router's cluster specifier picks the cluster of each attempt.
const CLUSTER: &str = "signalbox.cluster";

/// The cluster that Envoy has really chosen.
const CHOSEN_CLUSTER: &str = "xds\0cluster_name";

thread_local! {
    static EXCHANGES: RefCell<(u64, FxHashMap<u64, Shared>)> = RefCell::default();
}

/// A handover in its place in the registry, which is given up when this is dropped.
pub(super) struct Registration {
    id: u64,
    pub(super) handover: Shared,
}

/// Puts an exchange where its attempts find it, for as long as the registration lives.
pub(super) fn register(handover: Shared) -> Registration {
    let id = EXCHANGES.with_borrow_mut(|(last, exchanges)| {
        *last = last.wrapping_add(1);
        exchanges.insert(*last, handover.clone());
        *last
    });
    calls::set_filter_state(EXCHANGE, &id.to_le_bytes());
    Registration { id, handover }
}

/// The exchange of this attempt's stream.
pub(super) fn find() -> Option<Shared> {
    let id = u64::from_le_bytes(calls::property(EXCHANGE)?.try_into().ok()?);
    EXCHANGES.with_borrow(|(_, exchanges)| exchanges.get(&id).cloned())
}

/// Tells the router which cluster the next attempt goes to.
pub(super) fn set_cluster(cluster: &str) {
    calls::set_filter_state(CLUSTER, cluster.as_bytes());
}

/// Whether the attempt goes to `cluster`. A route that does not follow the plan would bring one provider's credential to another:
/// one with a cluster of its own does so always, one without `refresh_cluster_on_retry` from the second attempt on. So each cluster
/// is looked at once where an exchange begins, and every time where it falls back.
pub(super) fn goes_to(cluster: &str, first: bool) -> bool {
    thread_local! {
        static SEEN: RefCell<FxHashSet<Box<str>>> = RefCell::default();
    }
    if first && SEEN.with_borrow(|seen| seen.contains(cluster)) {
        return true;
    }
    // An Envoy without the attribute cannot be asked.
    let follows = calls::property(CHOSEN_CLUSTER).is_none_or(|chosen| chosen == cluster.as_bytes());
    if first && follows {
        SEEN.with_borrow_mut(|seen| seen.insert(cluster.into()));
    }
    follows
}

// === impl Registration ===

impl Drop for Registration {
    fn drop(&mut self) {
        let removed = EXCHANGES.with_borrow_mut(|(_, exchanges)| exchanges.remove(&self.id));
        drop(removed);
    }
}
