//! The top-level members of a chat completion request.

use std::ops::Range;

use crate::json::{Scanner, Text};

/// One top-level member: where it stands, and which it is.
#[derive(Clone, Debug)]
pub(super) struct Member {
    pub(super) name: Name,
    /// Offset of the key's opening quote.
    pub(super) start: usize,
    /// Where the value stands.
    pub(super) value: Range<usize>,
}

/// A top-level member as it stands in the body.
#[derive(Clone, Debug)]
pub struct Field<'a> {
    /// Which it is.
    pub name: Name,
    /// Its key.
    pub key: Text<'a>,
    /// Where it stands in the body, from the key's opening quote.
    pub place: Range<usize>,
    /// Where its value stands.
    pub value: Range<usize>,
    /// Its value.
    pub raw: &'a [u8],
}

macro_rules! names {
    ($($variant:ident $name:literal,)+) => {
        /// The members that the gateway knows by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[allow(missing_docs)] // The names are the documentation.
        pub enum Name { $($variant,)+ #[doc = "Any other member."] Other }

        impl Name {
            pub(super) fn of(key: Text<'_>) -> Self {
                let key = key.bytes();
                $(if *key == *$name.as_bytes() { return Self::$variant; })+
                Self::Other
            }

            /// The member's name on the wire, where it is known.
            pub fn as_str(self) -> Option<&'static str> {
                match self { $(Self::$variant => Some($name),)+ Self::Other => None }
            }
        }
    };
}

names! {
    Model "model",
    Messages "messages",
    Stream "stream",
    StreamOptions "stream_options",
    MaxTokens "max_tokens",
    MaxCompletionTokens "max_completion_tokens",
    Temperature "temperature",
    TopP "top_p",
    Tools "tools",
    ToolChoice "tool_choice",
    ParallelToolCalls "parallel_tool_calls",
    ResponseFormat "response_format",
    Reasoning "reasoning",
    ReasoningEffort "reasoning_effort",
    Models "models",
    Provider "provider",
    Route "route",
    Transforms "transforms",
    Plugins "plugins",
    Usage "usage",
    Preset "preset",
    SessionId "session_id",
    Trace "trace",
    Debug "debug",
    IncludeReasoning "include_reasoning",
    StopServerToolsWhen "stop_server_tools_when",
    ImageConfig "image_config",
    CacheControl "cache_control",
    TopK "top_k",
    MinP "min_p",
    TopA "top_a",
    RepetitionPenalty "repetition_penalty",
    FrequencyPenalty "frequency_penalty",
    PresencePenalty "presence_penalty",
    LogitBias "logit_bias",
    Logprobs "logprobs",
    TopLogprobs "top_logprobs",
    Seed "seed",
    Stop "stop",
    Verbosity "verbosity",
    Input "input",
    FallbackModels "fallback_models",
    RoutingPreference "routing_preference",
    Prompt "prompt",
}

/// Members that the gateway does not know by name and that are no parameters: whom the request is from and how it is served, by
/// <https://openrouter.ai/docs/api-reference/chat-completion>; what comes out, which the model says; `n`, which everybody has for one.
const NO_PARAMETERS: [&str; 12] = [
    "user",
    "metadata",
    "store",
    "safety_identifier",
    "service_tier",
    "speed",
    "prompt_cache_key",
    "prompt_cache_options",
    "prompt_cache_retention",
    "modalities",
    "audio",
    "n",
];

impl Name {
    /// Whether only OpenRouter knows the member: a provider of OpenAI's format may refuse a request that has it.
    pub(super) fn is_openrouters(self) -> bool {
        matches!(
            self,
            Self::Models
                | Self::FallbackModels
                | Self::RoutingPreference
                | Self::Provider
                | Self::Route
                | Self::Transforms
                | Self::Plugins
                | Self::Usage
                | Self::Preset
                | Self::SessionId
                | Self::Trace
                | Self::Debug
                | Self::IncludeReasoning
                | Self::StopServerToolsWhen
                | Self::ImageConfig
                | Self::CacheControl
                | Self::Reasoning
        )
    }

    /// The name in an endpoint's `supported_parameters`, for the members that an endpoint may not support.
    pub fn parameter(self) -> Option<&'static str> {
        match self {
            Self::Model | Self::Messages | Self::Prompt | Self::Input | Self::Stream | Self::StreamOptions | Self::Other => None,
            Self::Reasoning => Some("reasoning"),
            _ if self.is_openrouters() => None,
            _ => self.as_str(),
        }
    }

    /// Whether an answer without regard to it is still the answer to the request: such a parameter is dropped where it is not
    /// supported. Limits stay, for they cost money, and so does what makes another kind of answer: tools, a format.
    pub fn is_dispensable(self) -> bool {
        matches!(
            self,
            Self::Temperature
                | Self::TopP
                | Self::TopK
                | Self::MinP
                | Self::TopA
                | Self::RepetitionPenalty
                | Self::FrequencyPenalty
                | Self::PresencePenalty
                | Self::LogitBias
                | Self::Logprobs
                | Self::TopLogprobs
                | Self::Seed
                | Self::Stop
                | Self::Verbosity
                | Self::ParallelToolCalls
                | Self::ReasoningEffort
        )
    }
}

// === impl Field ===

impl<'a> Field<'a> {
    pub(super) fn of(body: &'a [u8], member: &Member) -> Option<Self> {
        let key = Scanner::at(body, member.start).string().ok()?;
        let (place, value) = (member.start..member.value.end, member.value.clone());
        Some(Self { name: member.name, key, place, raw: body.get(value.clone())?, value })
    }

    /// Whether it is a parameter that the gateway does not know. `null` is none.
    pub(super) fn is_unknown_parameter(&self) -> bool {
        if self.name != Name::Other || self.raw == b"null" {
            return false;
        }
        let key = self.key.bytes();
        !NO_PARAMETERS.iter().any(|name| *key == *name.as_bytes())
    }
}

/// The first member of this name among those that the gateway does not know.
#[inline(never)]
pub(super) fn other<'a>(body: &[u8], members: &'a [Member], name: &str) -> Option<&'a Member> {
    let key = |member: &Member| Scanner::at(body, member.start).string().is_ok_and(|key| key.is(name));
    members.iter().find(|member| member.name == Name::Other && key(member))
}

/// A member that stands twice: of such, one provider would read the first and another the last.
pub(super) fn duplicate(body: &[u8], members: &[Member]) -> Option<String> {
    let key = |member: &Member| Scanner::at(body, member.start).string().ok().map(|key| key.value());
    // Of known names there are so many that a search for each costs nothing worth a word; a body may have any number of others.
    let mut rest = members;
    while let Some((member, after)) = rest.split_first() {
        if member.name != Name::Other && after.iter().any(|other| other.name == member.name) {
            return member.name.as_str().map(str::to_owned);
        }
        rest = after;
    }
    let mut others: Vec<_> = members.iter().filter(|member| member.name == Name::Other).filter_map(key).collect();
    others.sort_unstable();
    let twice = others.windows(2).find_map(|pair| if let [one, other] = pair { (one == other).then_some(one) } else { None });
    twice.map(|key| key.chars().take(100).collect())
}
