//! The members of a request, read one by one as they come.

use std::ops::Range;

use super::member::{Member, Name};
use super::messages::{self, Opening};
use super::{Needs, input};
use crate::api::Api;
use crate::error::ClientError;
use crate::json::{Error, ErrorKind, Kind, Scanner, Text};
use crate::plugins::Plugins;
use crate::preferences::{Partition, Preferences, Sort, SortBy};
use crate::preset;

/// What has been read of a request.
#[derive(Default)]
pub(super) struct Reader {
    pub(super) api: Api,
    pub(super) max_models: usize,
    pub(super) members: Vec<Member>,
    pub(super) models: Vec<String>,
    pub(super) fallback_models: Vec<String>,
    pub(super) has_messages: bool,
    pub(super) stream: bool,
    pub(super) preferences: Option<Preferences>,
    pub(super) needs: Needs,
    pub(super) max_tokens: Option<u64>,
    pub(super) prompt_bytes: usize,
    pub(super) plugins: Plugins,
    pub(super) transforms: Plugins,
    pub(super) reasoning_effort: Option<String>,
    pub(super) opening: Opening,
    pub(super) sort: Sort,
    pub(super) has_inner: bool,
    /// The slug that `preset` has.
    pub(super) preset: Option<String>,
    /// The slug that `model` has.
    pub(super) preset_in_model: Option<String>,
}

/// The longest `session_id`, in characters: <https://openrouter.ai/docs/api-reference/chat-completion>.
const LONGEST_SESSION: usize = 256;
const SESSION: &str = "a string of at most 256 characters";

// === impl Reader ===

impl Reader {
    /// Reads the value of the member `name`, which is next, and says where it stands.
    ///
    /// Errors: if it is not what the member has to be.
    pub(super) fn read(&mut self, scanner: &mut Scanner<'_>, name: Name) -> Result<Range<usize>, ClientError> {
        let kind = scanner.kind()?;
        let start = scanner.position();
        match name {
            Name::Model => self.read_model(scanner)?,
            Name::Models => self.read_models(scanner, "models")?,
            Name::FallbackModels => self.read_models(scanner, "fallback_models")?,
            Name::Stream => self.stream = read_bool(scanner, "stream")?.unwrap_or(false) && self.api != Api::Embeddings,
            Name::Input if self.api == Api::Embeddings => {
                self.needs.inputs = input::read(scanner)?;
                self.prompt_bytes = self.needs.inputs.bytes;
                self.has_messages = true;
            }
            Name::Messages if self.api == Api::Chat && kind == Kind::Null => _ = scanner.skip()?,
            Name::Messages if self.api != Api::Embeddings => {
                self.has_inner = messages::read(scanner, &mut self.needs, &mut self.prompt_bytes, &mut self.opening)?;
                self.has_messages = true;
            }
            Name::SessionId => match scanner.optional_string().map_err(|error| wrong_type(error, "session_id", SESSION))? {
                Some(session) if session.raw.len() > LONGEST_SESSION && session.value().chars().count() > LONGEST_SESSION => {
                    return Err(ClientError::invalid("session_id", SESSION));
                }
                _ => {}
            },
            Name::Provider => {
                let value = scanner.raw()?;
                self.preferences = Some(
                    Preferences::parse(value)
                        .map_err(|error| ClientError::invalid("provider", format!("a preferences object ({error})")))?,
                );
            }
            Name::Route => match scanner.optional_string() {
                Ok(None) => {}
                Ok(Some(route)) if route.is("fallback") => {}
                Ok(Some(route)) if route.is("sort") => self.sort.partition = Partition::None,
                Ok(Some(_)) => return Err(ClientError::invalid("route", "\"fallback\" or \"sort\"")),
                Err(error) => return Err(wrong_type(error, "route", "a string")),
            },
            Name::RoutingPreference => match scanner.optional_string() {
                Ok(None) => {}
                Ok(Some(preference)) => {
                    let by = if preference.is("cost") { Some(SortBy::Price) } else { SortBy::named(&preference.value()) };
                    if by.is_none() {
                        return Err(ClientError::invalid("routing_preference", "one of cost, price, throughput, latency, exacto"));
                    }
                    self.sort.by = by;
                }
                Err(error) => return Err(wrong_type(error, "routing_preference", "a string")),
            },
            Name::StreamOptions => {
                if !matches!(kind, Kind::Object | Kind::Null) {
                    return Err(ClientError::invalid("stream_options", "an object"));
                }
                scanner.skip()?;
            }
            Name::MaxTokens | Name::MaxCompletionTokens => {
                let value = scanner.raw()?;
                self.max_tokens = read_max_tokens(value, name, self.api)?.or(self.max_tokens);
            }
            Name::Tools => match kind {
                Kind::Null => _ = scanner.skip()?,
                Kind::Array => {
                    let mut place = 0usize;
                    scanner.array(|scanner| {
                        self.needs.tools = true;
                        let kind = tool_type(scanner)?;
                        let is_servers = kind.is_some_and(|kind| kind.raw.starts_with(b"openrouter:"));
                        self.needs.server_tool = self.needs.server_tool.or(is_servers.then_some(place));
                        let is_anthropics = self.api == Api::Messages && !is_servers && kind.is_some_and(|kind| !kind.is("function"));
                        self.needs.anthropic_tool = self.needs.anthropic_tool.or(is_anthropics.then_some(place));
                        place = place.saturating_add(1);
                        Ok(())
                    })?;
                }
                _ => return Err(ClientError::invalid("tools", "an array")),
            },
            Name::ResponseFormat => {
                let value = scanner.raw()?;
                let format = response_format(value).filter(|_| kind == Kind::Object);
                self.needs.response_format = kind == Kind::Object && !format.is_some_and(|format| format.is("text"));
                self.needs.json_schema = format.is_some_and(|format| format.is("json_schema"));
            }
            Name::ToolChoice => {
                let value = scanner.raw()?;
                if !is_tool_choice(value) {
                    return Err(ClientError::invalid("tool_choice", "auto, none, required, or a function by its name"));
                }
            }
            Name::Reasoning => {
                let value = scanner.raw()?;
                if !matches!(kind, Kind::Object | Kind::Null) {
                    return Err(ClientError::invalid("reasoning", "an object, such as {\"effort\": \"low\"}"));
                }
                self.reasoning_effort = reasoning_effort(value);
            }
            Name::Preset => {
                let slug = scanner.optional_string().map_err(|error| wrong_type(error, "preset", "a string, the slug of a preset"))?;
                self.preset = slug.filter(|slug| !slug.is_empty()).map(|slug| slug.value().into_owned());
            }
            Name::Plugins => self.plugins.read(scanner.raw()?)?,
            Name::Transforms => self.transforms.read_transforms(scanner.raw()?)?,
            _ => _ = scanner.skip()?,
        }
        Ok(start..scanner.position())
    }

    fn read_model(&mut self, scanner: &mut Scanner<'_>) -> Result<(), ClientError> {
        let Some(text) = scanner.optional_string().map_err(|error| wrong_type(error, "model", "a string"))? else {
            return Ok(());
        };
        // The first of a comma list is the model, the others are its fallbacks.
        let most = self.max_models.saturating_add(1);
        let models = text.value();
        self.preset_in_model = preset::in_model(&models).map(|(_, slug)| slug.to_owned());
        let models = models.split(',').map(str::trim).filter(|model| !model.is_empty());
        self.models = models.take(most.saturating_add(1)).map(str::to_owned).collect();
        if self.models.len() > most { Err(ClientError::TooManyModels(self.max_models)) } else { Ok(()) }
    }

    fn read_models(&mut self, scanner: &mut Scanner<'_>, member: &str) -> Result<(), ClientError> {
        if scanner.kind()? == Kind::Null {
            scanner.skip()?;
            return Ok(());
        }
        let (models, most) = (&mut self.fallback_models, self.max_models);
        // `models` and `fallback_models` are one list.
        let mut sent = models.len();
        scanner
            .array(|scanner| {
                let model = scanner.string()?;
                sent = sent.saturating_add(1);
                if sent <= most {
                    models.push(model.value().trim().to_owned());
                }
                Ok(())
            })
            .map_err(|error| wrong_type(error, member, "an array of model ids"))?;
        if sent > most { Err(ClientError::TooManyModels(most)) } else { Ok(()) }
    }
}

/// `error`, or what was expected of `member` where its type is what is wrong.
pub(super) fn wrong_type(error: Error, member: &str, expected: &str) -> ClientError {
    if error.kind == ErrorKind::Type { ClientError::invalid(member, expected) } else { error.into() }
}

fn read_bool(scanner: &mut Scanner<'_>, member: &str) -> Result<Option<bool>, ClientError> {
    scanner.optional_bool().map_err(|error| wrong_type(error, member, "true or false"))
}

/// A number of tokens. Languages that know one kind of number alone write `100.0`, or `1e3`.
pub(super) fn whole_number(value: &[u8]) -> Option<u64> {
    /// Up to here a float is exact.
    const MOST: f64 = 9_007_199_254_740_992.0;
    let text = std::str::from_utf8(value).ok()?;
    let float = || text.parse().ok().filter(|number: &f64| number.fract() == 0.0 && (0.0..=MOST).contains(number));
    text.parse().ok().or_else(|| float().map(|number| number as u64))
}

/// A limit on the answer. Anthropic's 0 is for a prompt that is to be cached and not answered.
fn read_max_tokens(value: &[u8], name: Name, api: Api) -> Result<Option<u64>, ClientError> {
    if value == b"null" {
        return Ok(None);
    }
    let number = whole_number(value).filter(|tokens| *tokens > 0 || api == Api::Messages);
    number.map(Some).ok_or_else(|| ClientError::invalid(name.as_str().unwrap_or_default(), "a whole number of tokens, at least 1"))
}

/// Whether it says in a known way which tools are to be called. Mistral's `any` is what others call `required`.
fn is_tool_choice(value: &[u8]) -> bool {
    match value.first() {
        Some(b'{') => true,
        Some(b'"') => Scanner::new(value).string().is_ok_and(|word| ["auto", "none", "required", "any"].iter().any(|known| word.is(known))),
        _ => value == b"null",
    }
}

/// Consumes a tool: its type.
fn tool_type<'a>(scanner: &mut Scanner<'a>) -> Result<Option<Text<'a>>, Error> {
    if scanner.kind()? != Kind::Object {
        return scanner.skip().map(|_| None);
    }
    text_member(scanner, "type")
}

/// The `type` of a response format.
fn response_format(value: &[u8]) -> Option<Text<'_>> {
    text_member(&mut Scanner::new(value), "type").ok()?
}

fn reasoning_effort(value: &[u8]) -> Option<String> {
    let effort = text_member(&mut Scanner::new(value), "effort").ok()?;
    effort.map(|effort| effort.value().into_owned())
}

/// Consumes an object: its last member of this name that is a text.
#[inline(never)]
fn text_member<'a>(scanner: &mut Scanner<'a>, name: &str) -> Result<Option<Text<'a>>, Error> {
    let mut found = None;
    scanner.object(|scanner, key, _| {
        if key.is(name) && scanner.kind()? == Kind::String {
            found = Some(scanner.string()?);
            return Ok(());
        }
        scanner.skip().map(|_| ())
    })?;
    Ok(found)
}
