//! A whole answer in OpenRouter's shape.

use super::Exchange;
use super::settlement::Spent;
use crate::chat::{Finish, Name, Provenance};
use crate::healing::{self, Schema};
use crate::provider::{self, Fault};

// === impl Exchange ===

impl Exchange {
    /// What the client gets for the whole body of an answer, and what it came to.
    ///
    /// Errors: if it is no answer, ended for an error, or is larger than can be held.
    pub(super) fn answer_whole(&self, body: &[u8]) -> Result<(Vec<u8>, Spent, Option<Finish>, Provenance), Fault> {
        let Some(attempt) = self.attempts.last().filter(|_| !self.exceeds_limit(body.len())) else {
            return Err(Fault::invalid_answer(b""));
        };
        let completion = provider::completion(&attempt.endpoint, self.request(), body, &self.envelope())?;
        if let Some(finish) = completion.finish.filter(Finish::is_error) {
            return Err(Fault::ended(finish.native.as_str()));
        }
        let served = completion.provenance.service_tier;
        let spent = Spent::new(&attempt.endpoint, completion.usage, self.request(), completion.output_bytes, served.as_str());
        let provenance = completion.provenance.or_tier(self.own_tier());
        let mut body = completion.head;
        body.extend_from_slice(b",\"usage\":");
        spent.usage.write_openrouter(&spent.cost, spent.is_byok, &mut body);
        if served.is_empty() {
            provenance.tier_into(&mut body);
        }
        body.extend_from_slice(&self.metadata(true));
        body.push(b'}');
        if let Some(healed) = self.heal(&body) {
            body = healed;
        }
        Ok((body, spent, completion.finish, provenance))
    }

    /// The completion with the JSON in it healed, if that was asked for and something is broken.
    fn heal(&self, completion: &[u8]) -> Option<Vec<u8>> {
        let is_wanted = self.request.plugins.response_healing && !self.request.stream && self.request.needs.response_format;
        let format = self.request.fields().filter(|_| is_wanted).find(|field| field.name == Name::ResponseFormat)?;
        healing::heal_completion(completion, &Schema::of_response_format(format.raw)?)
    }
}
