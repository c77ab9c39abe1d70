//! The chat completion request: the shapes the gateway acts on, read in one pass, and every other byte as it came.
//!
//! See <https://openrouter.ai/docs/api-reference/chat-completion>.

mod attachment;
pub mod chunks;
pub mod conversation;
mod envelope;
mod finish;
mod inner;
mod input;
mod length;
mod member;
mod messages;
mod part;
mod preset;
mod prompt;
mod provenance;
mod reader;
pub mod reasoning_format;
mod rewrite;
mod thoughts;

use std::borrow::Cow;

pub use attachment::{Attachment, Attachments, Medium, Origin};
pub use envelope::{DONE, Envelope};
pub use finish::{Finish, Word};
pub use inner::{ANTHROPIC_BLOCKS, ANTHROPIC_TOOL};
pub use input::Inputs;
pub use length::Length;
pub use member::{Field, Name};
pub use prompt::{BEFORE_PROMPT, BEHIND_PROMPT};
pub use provenance::Provenance;
pub use rewrite::Target;

use self::member::Member;
use self::messages::Opening;
use self::reader::{Reader, whole_number, wrong_type};
use crate::api::Api;
use crate::error::ClientError;
use crate::json::{Kind, Scanner};
use crate::plugins::Plugins;
use crate::preferences::{Partition, Preferences, Sort};
use crate::preset::Presets;

/// A parsed chat completion request.
///
/// Invariant: every range lies within `body`, which is never changed.
#[derive(Debug)]
pub struct Request {
    body: Vec<u8>,
    members: Vec<Member>,
    /// The models asked for, first choice first: `model` (a comma list counts as several), then `models`. Never empty.
    pub models: Vec<String>,
    /// Whether the answer is a stream of events, which embeddings never are.
    pub stream: bool,
    /// The client's wishes about providers.
    pub preferences: Preferences,
    /// What the model has to be able to do.
    pub needs: Needs,
    /// The most tokens the client wants to be answered.
    pub max_tokens: Option<u64>,
    /// Bytes of text in the messages.
    pub prompt_bytes: usize,
    /// The plugins that are switched on or off, by `plugins` or by `transforms`.
    pub plugins: Plugins,
    reasoning_effort: Option<String>,
    opening: Opening,
    /// Whether something within the messages is for OpenRouter alone.
    has_inner: bool,
    /// The API that it came by, and that its answer goes back in.
    pub api: Api,
}

/// What a request asks of a model beyond text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// `tools` that are not empty.
    pub tools: bool,
    /// The place of the first tool that runs at OpenRouter: its type is `openrouter:…`.
    pub server_tool: Option<usize>,
    /// The place of the first tool that Anthropic defines, in a request that came as one of Anthropic's.
    pub anthropic_tool: Option<usize>,
    /// A part with an image.
    pub images: bool,
    /// A part with a file.
    pub files: bool,
    /// A part with audio.
    pub audio: bool,
    /// A part with video.
    pub video: bool,
    /// A message that calls functions.
    pub calls: bool,
    /// What is attached, by what can carry it.
    pub attachments: Attachments,
    /// The first part of a type that the gateway does not know: the places of its message and within it.
    pub unknown_part: Option<(usize, usize)>,
    /// `response_format` other than text.
    pub response_format: bool,
    /// A `response_format` with a schema.
    pub json_schema: bool,
    /// What is to be embedded: nothing of a chat.
    pub inputs: Inputs,
}

// === impl Request ===

impl Request {
    /// Reads a body. `provider_header` is the value of an `X-Provider` header; the body's `provider` member wins over it,
    /// member by member.
    ///
    /// Errors: if the body is not one JSON object of the chat completion shape, names no model or no message, has a member
    /// twice that the gateway acts on, or lists more than `max_models` in `models`.
    pub fn parse(body: Vec<u8>, provider_header: Option<&[u8]>, max_models: usize) -> Result<Self, ClientError> {
        Self::parse_as(Api::Chat, body, provider_header, max_models, &Presets::default())
    }

    /// Reads a body of `POST /embeddings`, which has an `input` in the place of messages.
    ///
    /// Errors: as [`Request::parse`].
    pub fn parse_embeddings(body: Vec<u8>, provider_header: Option<&[u8]>, max_models: usize) -> Result<Self, ClientError> {
        Self::parse_as(Api::Embeddings, body, provider_header, max_models, &Presets::default())
    }

    /// Reads a body that a request of `api` has become, or a request of one of the two above. If it names one of `presets`, what is
    /// read is the body with that beside it.
    ///
    /// Errors: as [`Request::parse`], and if it names a preset that is not there.
    pub fn parse_as(
        api: Api,
        body: Vec<u8>,
        provider_header: Option<&[u8]>,
        max_models: usize,
        presets: &Presets,
    ) -> Result<Self, ClientError> {
        Self::read(api, body, provider_header, max_models, presets).map_err(|error| api.tell(error))
    }

    fn read(api: Api, body: Vec<u8>, provider_header: Option<&[u8]>, max_models: usize, presets: &Presets) -> Result<Self, ClientError> {
        let mut reader = Reader { api, max_models, ..Reader::default() };
        let mut scanner = Scanner::new(&body);
        if scanner.kind() != Ok(Kind::Object) {
            return Err(ClientError::no_object(api, &body));
        }
        let mut refused = None;
        let read = scanner.object(|scanner, key, start| {
            let name = Name::of(key);
            let value = match reader.read(scanner, name) {
                Ok(value) => value,
                Err(error) => {
                    refused = Some(error);
                    // The walk ends here; the reason is in `refused`.
                    return Err(scanner.error(crate::json::ErrorKind::Type));
                }
            };
            reader.members.push(Member { name, start, value });
            Ok(())
        });
        match (read, refused) {
            (_, Some(error)) => return Err(error),
            (Err(error), None) => return Err(error.into()),
            (Ok(()), None) => scanner.end()?,
        }
        if let Some(twice) = member::duplicate(&body, &reader.members) {
            return Err(ClientError::Duplicate(twice));
        }
        if !reader.has_messages {
            if api == Api::Chat
                && let Some(body) = prompt::with_messages(&body, &reader.members)?
            {
                return Self::read(api, body, provider_header, max_models, presets);
            }
            return Err(if api == Api::Embeddings { ClientError::NoInput } else { ClientError::NoMessages });
        }
        if let Some(preset) = preset::named(&reader, presets)? {
            let has_system = !reader.opening.system.is_empty();
            let body = preset::merged(api, &body, &reader.members, has_system, preset)?;
            return Self::read(api, body, provider_header, max_models, &Presets::default()).map_err(|error| match error {
                ClientError::NoModels => preset::without_model(preset),
                error => error,
            });
        }
        let asked = reader.preferences.unwrap_or_default();
        let mut preferences = match provider_header {
            Some(header) => asked.over(Preferences::parse(header.trim_ascii()).map_err(ClientError::ProviderHeader)?),
            None => asked,
        };
        if reader.sort != Sort::default() {
            // An order of the request's own, in another place than usual: what `provider` says wins.
            let sort = preferences.sort.get_or_insert_default();
            sort.by = sort.by.or(reader.sort.by);
            sort.partition = if sort.partition == Partition::None { Partition::None } else { reader.sort.partition };
        }
        let mut models = reader.models;
        for model in reader.fallback_models {
            if !models.contains(&model) {
                models.push(model);
            }
        }
        if models.is_empty() {
            return Err(ClientError::NoModels);
        }
        Ok(Self {
            members: reader.members,
            models,
            stream: reader.stream,
            preferences,
            needs: reader.needs,
            max_tokens: reader.max_tokens,
            prompt_bytes: reader.prompt_bytes,
            plugins: reader.transforms.under(reader.plugins),
            reasoning_effort: reader.reasoning_effort,
            opening: reader.opening,
            has_inner: reader.has_inner,
            api,
            body,
        })
    }

    /// The body as the client sent it, with messages where it had a `prompt`, and what it named a preset for.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The size of the prompt: four bytes to a token, rounded up. An estimate.
    pub fn prompt_tokens(&self) -> u64 {
        (self.prompt_bytes as u64).div_ceil(4)
    }

    /// Whether the body has this member.
    pub fn has(&self, name: Name) -> bool {
        self.member(name).is_some()
    }

    /// The body's members, in order.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        self.members.iter().filter_map(|member| Field::of(&self.body, member))
    }

    /// The names of the parameters sent that an endpoint may or may not support. `null` is none.
    pub fn parameters(&self) -> impl Iterator<Item = &'static str> {
        let sent = |member: &&Member| self.body.get(member.value.clone()) != Some(b"null");
        self.members.iter().filter(sent).filter_map(|member| member.name.parameter())
    }

    /// The names of the parameters sent that the gateway does not know. Embeddings have members of their own.
    pub fn unknown_parameters(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let fields = self.fields().filter(|field| self.api != Api::Embeddings && field.is_unknown_parameter());
        fields.map(|field| field.key.value())
    }

    /// `session_id`, as it was written between its quotes, if it is not empty.
    pub fn session_id(&self) -> Option<&[u8]> {
        self.text_of(self.member(Name::SessionId)?)
    }

    /// What `session_id` says, if it is not empty.
    pub fn session(&self) -> Option<Cow<'_, str>> {
        let text = Scanner::at(&self.body, self.member(Name::SessionId)?.value.start).string().ok()?;
        Some(text.value()).filter(|session| !session.is_empty())
    }

    /// `prompt_cache_key`, as it was written between its quotes, if it is not empty.
    pub fn prompt_cache_key(&self) -> Option<&[u8]> {
        self.text_of(self.other("prompt_cache_key")?)
    }

    /// `service_tier`, as it was written between its quotes, if it is not empty.
    pub fn service_tier(&self) -> Option<&[u8]> {
        self.text_of(self.other("service_tier")?)
    }

    /// `speed`, as it was written between its quotes, if it is not empty: Anthropic's word for a tier.
    pub fn speed(&self) -> Option<&[u8]> {
        self.text_of(self.other("speed")?)
    }

    /// The first system message and the first other message, as they were written: what tells a conversation from others.
    pub fn opening(&self) -> impl Iterator<Item = &[u8]> {
        [&self.opening.system, &self.opening.other].into_iter().map(|place| self.body.get(place.clone()).unwrap_or_default())
    }

    /// Whether more than one answer is asked for, by `n`.
    pub fn wants_several(&self) -> bool {
        let count = self.other("n").and_then(|member| self.body.get(member.value.clone()));
        count.is_some_and(|count| !matches!(count, b"null" | b"1"))
    }

    fn text_of(&self, member: &Member) -> Option<&[u8]> {
        let text = self.body.get(member.value.clone())?.strip_prefix(b"\"")?.strip_suffix(b"\"")?;
        Some(text).filter(|text| !text.is_empty())
    }

    /// The member of this name among those that the gateway does not know.
    fn other(&self, name: &str) -> Option<&Member> {
        member::other(&self.body, &self.members, name)
    }

    fn member(&self, name: Name) -> Option<&Member> {
        self.members.iter().find(|member| member.name == name)
    }
}

#[cfg(test)]
mod tests;
