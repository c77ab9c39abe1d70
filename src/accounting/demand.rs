//! What a request may come to at most, by its plan.

use crate::api::Api;
use crate::chat::Request;
use crate::config::Defaults;
use crate::endpoint::Endpoint;
use crate::price::{NanoUsd, Price};
use crate::route::Plan;

/// What a request may come to at most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Demand {
    /// Tokens of the prompt, tools included: an estimate, at four bytes to a token.
    pub prompt: u64,
    /// The cost of the prompt and of the longest answer at the dearest endpoint of the plan.
    pub worst: NanoUsd,
    /// How long the client said that an answer may get at most, in tokens.
    pub(super) asked: Option<u64>,
    /// How many answers there will be.
    answers: u64,
    /// What the dearest endpoint charges.
    dearest: Price,
    /// Whether the plan has endpoints that count as free.
    pub(super) has_free: bool,
    /// Whether it has others.
    pub(super) has_paid: bool,
    /// Whether all that count as free cost nothing.
    pub(super) free_cost_nothing: bool,
}

// === impl Demand ===

impl Demand {
    /// That of `request` with this plan; `None` if the plan is empty.
    pub fn of(request: &Request, plan: &Plan, defaults: &Defaults) -> Option<Self> {
        let length = request.length();
        let prompt = length.text.saturating_add(length.tools);
        let answers = request.answers();
        let worst = |endpoint: &Endpoint| {
            let output = longest_answer(request, prompt, endpoint, defaults).saturating_mul(answers);
            endpoint.price.at_most(prompt, output)
        };
        let (worst, dearest) = plan.iter().map(|endpoint| (worst(endpoint), endpoint)).max_by_key(|(worst, _)| *worst)?;
        Some(Self {
            prompt,
            worst,
            asked: request.max_tokens,
            answers,
            dearest: dearest.price,
            has_free: plan.iter().any(|endpoint| endpoint.is_free),
            has_paid: plan.iter().any(|endpoint| !endpoint.is_free),
            free_cost_nothing: plan.iter().all(|endpoint| !endpoint.is_free || endpoint.price.is_zero()),
        })
    }

    /// How long each answer of the dearest endpoint could get with `left`, in tokens.
    pub(super) fn affordable(&self, left: NanoUsd) -> u64 {
        self.dearest.affordable_output(left, self.prompt).checked_div(self.answers).unwrap_or_default()
    }
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
