//! Which endpoints' contexts hold a request, whole or compressed.

use std::rc::Rc;

use crate::chat::Request;
use crate::endpoint::Endpoint;
use crate::error::ClientError;

/// Leaves the endpoints whose context is long enough, as far as is known. If there is none, those that it may be compressed for: with a
/// context of at least half of what is asked for, or else with the longest.
///
/// Errors: if it fits nowhere and may not be compressed.
///
/// See <https://openrouter.ai/docs/guides/features/message-transforms>.
pub(super) fn retain(endpoints: &mut Vec<Rc<Endpoint>>, request: &Request) -> Result<(), ClientError> {
    let length = request.length();
    let total = length.total();
    let holds = |endpoint: &Endpoint, tokens: u64| endpoint.context_length.is_none_or(|context| context >= tokens);
    if endpoints.iter().all(|endpoint| holds(endpoint, total)) {
        return Ok(());
    }
    let longest = |endpoints: &[Rc<Endpoint>]| endpoints.iter().filter_map(|endpoint| endpoint.context_length).max().unwrap_or(0);
    if endpoints.iter().any(|endpoint| holds(endpoint, total)) {
        endpoints.retain(|endpoint| holds(endpoint, total));
        return Ok(());
    }
    let context_length = longest(endpoints);
    // Messages can be left out; tools cannot, and the answer's length is the client's wish.
    let fixed = length.tools.saturating_add(length.output);
    endpoints.retain(|endpoint| endpoint.context_length.is_some_and(|context| request.plugins.compresses(context) && context > fixed));
    if endpoints.is_empty() {
        return Err(ClientError::TooLong { context_length, length });
    }
    let least = longest(endpoints).min(total.div_ceil(2));
    endpoints.retain(|endpoint| holds(endpoint, least));
    Ok(())
}
