//! What the streams of a gateway plugin have in common, and what they wait for: access tokens, and the accounts of other workers.

mod answer;
mod authentication;
mod planning;
mod settlement;

use std::cell::{Cell, RefCell};
use std::rc::{Rc, Weak};

pub(super) use answer::respond;
pub(super) use planning::{Planned, Refused};

use super::account::Inquiry;
use super::complaints::Complaints;
use super::waiter::{Asked, Waiter, Woken};
use crate::catalogue::Catalogue;
use crate::clock::{Clock, Millis};
use crate::config::{Defaults, Gateway};
use crate::filter_state;
use crate::host::balances::Balances;
use crate::host::calls::{self, HostClock};
use crate::host::inquiries::Inquiries;
use crate::host::stats::Stats;
use crate::host::tokens::{Outcome, Tokens};
use crate::host::{shared_accounts, shared_generations};
use crate::metrics;

/// What all streams of a gateway plugin share.
pub(in crate::host) struct Role {
    gateway: Rc<Gateway>,
    catalogue: Catalogue,
    stats: Stats,
    random: RefCell<fastrand::Rng>,
    tokens: Tokens,
    /// The streams that wait for an access token.
    waiting: RefCell<Vec<Weak<Waiter>>>,
    /// The streams that wait for the accounts of other workers.
    inquiries: Inquiries<(Weak<Waiter>, Inquiry)>,
    balances: Balances,
    complaints: Complaints,
    /// Whether no tick comes any more.
    is_closed: Cell<bool>,
    /// What Envoy's other filters are still to be told.
    untold: RefCell<filter_state::Untold>,
}

// === impl Role ===

impl Role {
    pub(in crate::host) fn new(gateway: Rc<Gateway>, random: fastrand::Rng) -> Self {
        shared_accounts::prepare(&gateway);
        shared_generations::prepare();
        let (stats, tokens, balances) = (Stats::define(&gateway), Tokens::of(&gateway), Balances::of(&gateway));
        let role = Self {
            catalogue: Catalogue::new(gateway.clone()),
            gateway,
            stats,
            random: RefCell::new(random),
            tokens,
            waiting: RefCell::default(),
            inquiries: Inquiries::default(),
            balances,
            complaints: Complaints::default(),
            is_closed: Cell::default(),
            untold: RefCell::default(),
        };
        role.balances.show(&role.gateway, &role.stats, HostClock.now());
        role
    }

    /// Limits and times.
    pub(super) fn defaults(&self) -> &Defaults {
        &self.gateway.defaults
    }

    /// The configuration.
    pub(super) fn gateway(&self) -> &Gateway {
        &self.gateway
    }

    /// What it serves.
    pub(super) fn catalogue(&self) -> &Catalogue {
        &self.catalogue
    }

    /// Errors: if the configuration turns out to be wrong where only Envoy can tell, in the words for the operator.
    pub(in crate::host) fn check(&self) -> Result<(), String> {
        self.tokens.check()
    }

    /// The timer says that an access token may be due.
    pub(in crate::host) fn fetch_tokens(&self) {
        let outcomes = self.tokens.fetch();
        if !outcomes.is_empty() {
            self.go_on_after(outcomes);
        }
    }

    /// The answer to a fetch has come.
    pub(in crate::host) fn handle_token(&self, call: u32, headers: usize, size: usize) {
        self.go_on_after(self.tokens.handle_answer(call, headers, size));
    }

    /// Shares what was settled, and answers who asked long enough ago for all workers to have done so.
    pub(in crate::host) fn handle_tick(&self, now: Millis) {
        Self::share(now);
        self.balances.show(&self.gateway, &self.stats, now);
        for (waiter, inquiry) in self.inquiries.due(now) {
            let Some(waiter) = waiter.upgrade() else { continue };
            if calls::act_for(waiter.context) {
                waiter.woken.replace(Some(Woken::Answered));
                inquiry.respond(self, now);
            }
        }
    }

    /// No tick comes any more: what is settled from now on is shared at once.
    pub(in crate::host) fn close(&self) {
        self.is_closed.set(true);
        Self::share(HostClock.now());
    }

    /// Keeps a question about the accounts until it can be answered.
    pub(super) fn ask(&self, waiter: &Rc<Waiter>, inquiry: Inquiry) {
        self.inquiries.ask((Rc::downgrade(waiter), inquiry), HostClock.now());
    }

    fn go_on_after(&self, outcomes: impl IntoIterator<Item = Outcome>) {
        for outcome in outcomes {
            self.stats.add(metrics::token_fetch(&self.gateway, outcome.place, outcome.has_failed));
        }
        self.resume();
    }

    /// Lets the streams go on that waited for this.
    fn resume(&self) {
        for waiter in self.waiting.take() {
            let Some((waiter, asked)) = waiter.upgrade().and_then(|waiter| Some((waiter.clone(), waiter.asked.take()?))) else { continue };
            if !calls::act_for(waiter.context) {
                continue;
            }
            let api = asked.request.api;
            match self.plan(asked) {
                Ok(Planned::Now(registration)) => {
                    waiter.woken.replace(Some(Woken::Planned(registration)));
                    calls::resume_request();
                }
                Ok(Planned::Later(asked)) => self.wait(&waiter, *asked),
                Err(refused) => {
                    waiter.woken.replace(Some(Woken::Answered));
                    self.refuse(&refused, api);
                }
            }
        }
    }

    pub(super) fn wait(&self, waiter: &Rc<Waiter>, asked: Asked) {
        waiter.asked.replace(Some(asked));
        self.waiting.borrow_mut().push(Rc::downgrade(waiter));
    }
}
