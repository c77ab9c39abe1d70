//! OpenAI's chat completions, and the many providers that speak the same format with a quirk each.
//!
//! See <https://platform.openai.com/docs/api-reference/chat>.

mod choice;
mod completion;
mod content;
mod embeddings;
mod stream;
mod template;

pub use completion::completion;
pub use embeddings::embeddings;
pub use stream::Stream;

use crate::api::Api;
use crate::chat::{Name, Request, Target};
use crate::config::OutputLimitName;
use crate::endpoint::Endpoint;
use crate::provider::Upstream;
use crate::sigv4::percent_encode;

/// What `reasoning_details` say whose they are, where the provider has no format of its own: OpenRouter's word for that.
pub(super) const REASONING_FORMAT: &str = "unknown";

/// The paths below the provider's prefix.
const CHAT_PATH: &str = "/chat/completions";
const EMBEDDINGS_PATH: &str = "/embeddings";

/// The request to `endpoint`: the client's own body but for the few members that the gateway owns.
pub fn request<'a>(request: &'a Request, endpoint: &'a Endpoint) -> Upstream<'a> {
    let quirks = &endpoint.provider.quirks;
    let body = request.rewrite(&Target {
        model: &endpoint.model,
        openrouter_members: quirks.openrouter_members,
        reasoning_content: quirks.reasoning_content,
        stream_options: quirks.stream_options,
        max_tokens: match quirks.max_tokens {
            OutputLimitName::MaxCompletionTokens => Some(Name::MaxCompletionTokens),
            OutputLimitName::MaxTokens => Some(Name::MaxTokens),
            OutputLimitName::AsSent => None,
        },
        max_completion_tokens: endpoint.max_completion_tokens,
        supported_parameters: endpoint.supported_parameters.as_deref(),
    });
    Upstream { path: path(request.api, endpoint).into(), headers: Vec::new(), body }
}

/// Azure's older API has the deployment in the path, see
/// <https://learn.microsoft.com/azure/foundry/openai/reference#chat-completions>.
fn path(api: Api, endpoint: &Endpoint) -> String {
    let path = if api == Api::Embeddings { EMBEDDINGS_PATH } else { CHAT_PATH };
    let prefix = &endpoint.provider.path_prefix;
    match &endpoint.provider.api_version {
        Some(version) => format!("{prefix}/deployments/{}{path}?api-version={version}", percent_encode(&endpoint.model, b"")),
        None => [prefix, path].concat(),
    }
}
