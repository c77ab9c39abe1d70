//! OpenAI's chat completions, and the many providers that speak the same format with a quirk each.
//!
//! See <https://platform.openai.com/docs/api-reference/chat>.

mod choice;
mod completion;
mod stream;

pub use completion::completion;
pub use stream::Stream;

use crate::chat::{Name, Request, Target};
use crate::config::OutputLimitName;
use crate::endpoint::Endpoint;
use crate::provider::Upstream;

/// The path below the provider's prefix.
const PATH: &str = "/chat/completions";

/// The request to `endpoint`: the client's own body but for the few members that the gateway owns.
pub fn request<'a>(request: &'a Request, endpoint: &'a Endpoint) -> Upstream<'a> {
    let quirks = &endpoint.provider.quirks;
    let body = request.rewrite(&Target {
        model: &endpoint.model,
        openrouter_members: quirks.openrouter_members,
        stream_options: quirks.stream_options,
        max_tokens: match quirks.max_tokens {
            OutputLimitName::MaxCompletionTokens => Some(Name::MaxCompletionTokens),
            OutputLimitName::MaxTokens => Some(Name::MaxTokens),
            OutputLimitName::AsSent => None,
        },
    });
    Upstream { path: [&endpoint.provider.path_prefix, PATH].concat().into(), headers: Vec::new(), body }
}
