//! What a request may come to at most, by its plan.

use std::rc::Rc;

use crate::api::Api;
use crate::chat::Request;
use crate::config::{Defaults, Key};
use crate::endpoint::Endpoint;
use crate::price::{NanoUsd, Price};

/// What a request may come to at most.
#[derive(Clone, Copy, Debug)]
pub struct Demand<'a> {
    /// Who asks.
    pub(super) key: &'a Key,
    /// The endpoints that may serve it.
    plan: &'a [Rc<Endpoint>],
    /// Tokens of the prompt, tools included: an estimate, at four bytes to a token.
    pub prompt: u64,
    /// The cost of the prompt and of the longest answer at the dearest endpoint that the key pays for.
    pub worst: NanoUsd,
    /// How long the client said that an answer may get at most, in tokens.
    pub(super) asked: Option<u64>,
    /// How many answers there will be.
    answers: u64,
    /// What the dearest endpoint charges.
    dearest: Price,
}

// === impl Demand ===

impl<'a> Demand<'a> {
    /// That of a request of `key` with this plan; `None` if the plan is empty.
    pub fn of(request: &Request, plan: &'a [Rc<Endpoint>], key: &'a Key, defaults: &Defaults) -> Option<Self> {
        let length = request.length();
        let prompt = length.text.saturating_add(length.tools);
        let answers = request.answers();
        let worst = |endpoint: &Endpoint| {
            let output = longest_answer(request, prompt, endpoint, defaults).saturating_mul(answers);
            if is_paid_by(key, endpoint) { endpoint.price.at_most(prompt, output) } else { NanoUsd::ZERO }
        };
        let (worst, dearest) = plan.iter().map(|endpoint| (worst(endpoint), endpoint)).max_by_key(|(worst, _)| *worst)?;
        Some(Self { key, plan, prompt, worst, asked: request.max_tokens, answers, dearest: dearest.price })
    }

    /// How long each answer of the dearest endpoint could get with `left`, in tokens.
    pub(super) fn affordable(&self, left: NanoUsd) -> u64 {
        self.dearest.affordable_output(left, self.prompt).checked_div(self.answers).unwrap_or_default()
    }

    /// Whether the plan has endpoints that count as free.
    pub(super) fn has_free(&self) -> bool {
        self.plan.iter().any(|endpoint| endpoint.is_free)
    }

    /// Whether any endpoint of the plan is left.
    pub(super) fn leaves_any(&self, left: Left) -> bool {
        self.plan.iter().any(|endpoint| left.has(self.key, endpoint))
    }
}

/// Which endpoints of a plan are left after admission.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Left {
    /// Those that count as free: not if the key has had its share.
    pub free: bool,
    /// Those that the key pays for: not if there is no money left.
    pub paid: bool,
}

// === impl Left ===

impl Left {
    /// Whether `endpoint` is among them.
    pub fn has(self, key: &Key, endpoint: &Endpoint) -> bool {
        (self.free || !endpoint.is_free) && (self.paid || !is_paid_by(key, endpoint))
    }
}

/// Whether what `endpoint` charges counts against the limit of `_key`.
fn is_paid_by(_key: &Key, endpoint: &Endpoint) -> bool {
    !endpoint.price.is_zero()
}

/// How long an answer of `endpoint` may get, in tokens.
fn longest_answer(request: &Request, prompt: u64, endpoint: &Endpoint, defaults: &Defaults) -> u64 {
    if request.api == Api::Embeddings {
        return 0;
    }
    let rest_of_context = || endpoint.context_length.map(|context| context.saturating_sub(prompt));
    let longest = request.max_tokens.or(endpoint.max_completion_tokens).or_else(rest_of_context);
    longest.unwrap_or(defaults.reserved_completion_tokens)
}
