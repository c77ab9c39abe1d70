//! The conversation as Gemini reads it: `systemInstruction`, and `contents` of turns that alternate.
//!
//! See <https://ai.google.dev/api/caching#Content> and, for signatures, <https://ai.google.dev/gemini-api/docs/thought-signatures>.

use std::collections::BTreeMap;

use super::FORMAT;
use crate::chat::conversation::{Content, Message, Part, Role, Source};
use crate::error::ClientError;
use crate::json::{self, Kind, Scanner, Text};

/// What a call has to carry that Gemini did not sign, as it was another model's: documented for conversations that move.
const UNSIGNED: &[u8] = b"skip_thought_signature_validator";

/// Appends `"contents":[…]`, and `,"systemInstruction":{…}` if there is one. Calls and answers say their ids where `with_ids`; else
/// an answer is known by its name and place.
///
/// Errors: if the arguments of a tool call are no object, or a file is somewhere at OpenAI.
pub(super) fn contents_into(messages: &[Message<'_>], with_ids: bool, out: &mut Vec<u8>) -> Result<(), ClientError> {
    let is_elsewhere = |part: &Part<'_>| matches!(part.content, Content::File { source: None, .. });
    if let Some(place) = messages.iter().position(|message| message.content.iter().any(is_elsewhere)) {
        return Err(ClientError::invalid(format!("messages[{place}].content"), "files by their URL or as data URIs, and not by an id"));
    }
    out.extend_from_slice(b"\"contents\":[");
    let mut turns = Turns { speaker: None, with_ids, out };
    let mut calls = Calls::default();
    let mut rest = messages;
    while let Some((message, after)) = rest.split_first() {
        rest = after;
        match message.role {
            Role::System | Role::Developer => {}
            Role::User => turns.parts(Speaker::User, &message.content),
            Role::Assistant => {
                if turns.speaker != Some(Speaker::Model) {
                    calls.next_turn();
                }
                turns.answer(message)?;
                calls.note(message);
            }
            Role::Tool => {
                // All answers to the calls of one turn stand together, in the order of the calls.
                let others = rest.iter().take_while(|message| message.role == Role::Tool).count();
                let (others, after) = rest.split_at(others);
                rest = after;
                let mut answers: Vec<&Message<'_>> = std::iter::once(message).chain(others).collect();
                answers.sort_by_key(|answer| calls.place(answer));
                answers.iter().for_each(|answer| turns.function_response(answer, &calls));
                answers.iter().for_each(|answer| turns.media(&answer.content));
            }
        }
    }
    let system: Vec<Text<'_>> = messages.iter().filter(|message| is_system(message)).flat_map(texts).collect();
    let alone = turns.speaker.is_none();
    if alone {
        // There has to be something to answer.
        system.iter().for_each(|text| turns.text(Speaker::User, *text, None));
        if system.is_empty() {
            turns.begin(Speaker::User);
            turns.out.extend_from_slice(b"\"text\":\".\"}");
        }
    }
    turns.end();
    if !alone && !system.is_empty() {
        out.extend_from_slice(b",\"systemInstruction\":{\"parts\":[");
        for (index, text) in system.into_iter().enumerate() {
            out.extend_from_slice(if index == 0 { b"{\"text\":" } else { b",{\"text\":" });
            json::text_into(out, text);
            out.push(b'}');
        }
        out.extend_from_slice(b"]}");
    }
    Ok(())
}

fn is_system(message: &Message<'_>) -> bool {
    matches!(message.role, Role::System | Role::Developer)
}

/// The texts in a message that are not empty: Gemini refuses those that are.
fn texts<'a>(message: &Message<'a>) -> impl Iterator<Item = Text<'a>> {
    message.content.iter().filter_map(|part| match part.content {
        Content::Text(text) if !text.is_empty() => Some(text),
        _ => None,
    })
}

/// The calls so far, by their ids: an answer says only the id, and Gemini goes by the name.
#[derive(Default)]
struct Calls<'a> {
    names: BTreeMap<&'a [u8], Text<'a>>,
    /// Their places in the latest turn.
    places: BTreeMap<&'a [u8], usize>,
}

impl<'a> Calls<'a> {
    fn next_turn(&mut self) {
        self.places.clear();
    }

    fn note(&mut self, message: &Message<'a>) {
        for call in &message.tool_calls {
            self.names.insert(call.id.raw, call.name);
            let place = self.places.len();
            self.places.entry(call.id.raw).or_insert(place);
        }
    }

    fn place(&self, answer: &Message<'a>) -> usize {
        answer.tool_call_id.and_then(|id| self.places.get(id.raw)).copied().unwrap_or(usize::MAX)
    }

    /// The function that `answer` is of; its own word for it where its call is not to be found.
    fn name(&self, answer: &Message<'a>) -> Text<'a> {
        let called = answer.tool_call_id.and_then(|id| self.names.get(id.raw)).copied();
        called.or(answer.name).or(answer.tool_call_id).unwrap_or_default()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Speaker {
    User,
    Model,
}

/// The writer of turns: what the same speaker says next belongs to the same turn.
struct Turns<'o> {
    speaker: Option<Speaker>,
    with_ids: bool,
    out: &'o mut Vec<u8>,
}

impl Turns<'_> {
    /// Begins a part of `speaker`'s.
    fn begin(&mut self, speaker: Speaker) {
        if self.speaker == Some(speaker) {
            return self.out.extend_from_slice(b",{");
        }
        if self.speaker.is_some() {
            self.out.extend_from_slice(b"]},");
        }
        self.speaker = Some(speaker);
        self.out.extend_from_slice(match speaker {
            Speaker::User => b"{\"role\":\"user\",\"parts\":[{",
            Speaker::Model => b"{\"role\":\"model\",\"parts\":[{",
        });
    }

    fn end(self) {
        self.out.extend_from_slice(if self.speaker.is_some() { b"]}]" } else { b"]" });
    }

    fn text(&mut self, speaker: Speaker, text: Text<'_>, signature: Option<Text<'_>>) {
        self.begin(speaker);
        self.out.extend_from_slice(b"\"text\":");
        json::text_into(self.out, text);
        self.signature(signature.map(|signature| signature.raw));
        self.out.push(b'}');
    }

    fn signature(&mut self, signature: Option<&[u8]>) {
        if let Some(signature) = signature {
            self.out.extend_from_slice(b",\"thoughtSignature\":\"");
            self.out.extend_from_slice(signature);
            self.out.push(b'"');
        }
    }

    fn parts(&mut self, speaker: Speaker, parts: &[Part<'_>]) {
        for part in parts {
            match &part.content {
                Content::Text(text) if text.is_empty() => {}
                Content::Text(text) => self.text(speaker, *text, None),
                other => self.medium(speaker, other),
            }
        }
    }

    /// What is not text.
    fn media(&mut self, parts: &[Part<'_>]) {
        parts.iter().for_each(|part| self.medium(Speaker::User, &part.content));
    }

    fn medium(&mut self, speaker: Speaker, content: &Content<'_>) {
        match content {
            Content::Text(_) | Content::File { source: None, .. } => {}
            Content::Image(source) => self.source(speaker, source, "image/jpeg"),
            Content::Video(source) => self.source(speaker, source, "video/mp4"),
            Content::File { source: Some(source), .. } => self.source(speaker, source, "application/pdf"),
            Content::Audio { data, format } => {
                self.begin(speaker);
                self.out.extend_from_slice(b"\"inlineData\":{\"mimeType\":\"audio/");
                self.out.extend_from_slice(format.raw);
                self.out.extend_from_slice(b"\",\"data\":");
                json::text_into(self.out, *data);
                self.out.extend_from_slice(b"}}");
            }
        }
    }

    /// Bytes, or where they are. `otherwise` is the type of bytes that do not say theirs.
    fn source(&mut self, speaker: Speaker, source: &Source<'_>, otherwise: &str) {
        self.begin(speaker);
        let (media_type, data) = match source {
            Source::Inline { media_type, data } => (&**media_type, data),
            // Some leave out everything before the bytes.
            Source::Url(bytes) if !bytes.contains(':') => ("", bytes),
            Source::Url(url) => {
                self.out.extend_from_slice(b"\"fileData\":{");
                if let Some(media_type) = media_type_of(url) {
                    self.out.extend_from_slice(b"\"mimeType\":");
                    json::string_into(self.out, media_type);
                    self.out.push(b',');
                }
                self.out.extend_from_slice(b"\"fileUri\":");
                json::string_into(self.out, url);
                return self.out.extend_from_slice(b"}}");
            }
        };
        self.out.extend_from_slice(b"\"inlineData\":{\"mimeType\":");
        json::string_into(self.out, if media_type.is_empty() { otherwise } else { media_type });
        self.out.extend_from_slice(b",\"data\":");
        json::string_into(self.out, data);
        self.out.extend_from_slice(b"}}");
    }

    /// What the model said: text, then calls, each part with the signature that it came with.
    fn answer(&mut self, message: &Message<'_>) -> Result<(), ClientError> {
        let mut of_calls: BTreeMap<&[u8], Text<'_>> = BTreeMap::new();
        let mut of_text = None;
        let mut calls = Calls::default();
        calls.note(message);
        for (signature, id) in message.signatures(FORMAT) {
            match id.filter(|id| calls.places.contains_key(id.raw)) {
                Some(id) => _ = of_calls.insert(id.raw, signature),
                None => of_text = Some(signature),
            }
        }
        let last_text = texts(message).count().checked_sub(1);
        let mut index = 0usize;
        for part in &message.content {
            match &part.content {
                Content::Text(text) if text.is_empty() => {}
                Content::Text(text) => {
                    self.text(Speaker::Model, *text, if Some(index) == last_text { of_text.take() } else { None });
                    index = index.saturating_add(1);
                }
                other => self.medium(Speaker::Model, other),
            }
        }
        // Of calls in parallel only the first is signed.
        let mut of_first = of_text.filter(|_| of_calls.is_empty()).map(|signature| signature.raw);
        if message.tool_calls.is_empty() {
            if let Some(signature) = of_first.take() {
                self.begin(Speaker::Model);
                self.out.extend_from_slice(b"\"text\":\"\"");
                self.signature(Some(signature));
                self.out.push(b'}');
            }
            return Ok(());
        }
        for (index, call) in message.tool_calls.iter().enumerate() {
            self.begin(Speaker::Model);
            self.out.extend_from_slice(b"\"functionCall\":{");
            self.id(Some(call.id));
            self.out.extend_from_slice(b"\"name\":");
            json::text_into(self.out, call.name);
            self.out.extend_from_slice(b",\"args\":");
            self.out.extend_from_slice(call.input()?);
            self.out.push(b'}');
            let own = of_calls.get(call.id.raw).map(|signature| signature.raw);
            self.signature(own.or_else(|| of_first.take()).or_else(|| (index == 0).then_some(UNSIGNED)));
            self.out.push(b'}');
        }
        Ok(())
    }

    fn id(&mut self, id: Option<Text<'_>>) {
        if let Some(id) = id.filter(|_| self.with_ids) {
            self.out.extend_from_slice(b"\"id\":");
            json::text_into(self.out, id);
            self.out.push(b',');
        }
    }

    fn function_response(&mut self, answer: &Message<'_>, calls: &Calls<'_>) {
        self.begin(Speaker::User);
        self.out.extend_from_slice(b"\"functionResponse\":{");
        self.id(answer.tool_call_id);
        self.out.extend_from_slice(b"\"name\":");
        json::text_into(self.out, calls.name(answer));
        self.out.extend_from_slice(b",\"response\":");
        response_into(answer, self.out);
        self.out.extend_from_slice(b"}}");
    }
}

/// Appends a tool's answer as the object it has to be: itself if it is one, else as its `output`.
fn response_into(answer: &Message<'_>, out: &mut Vec<u8>) {
    let texts: Vec<Text<'_>> = texts(answer).collect();
    if let [text] = texts.as_slice() {
        let value = text.value();
        let mut scanner = Scanner::new(value.as_bytes());
        let kind = scanner.kind();
        if matches!(kind, Ok(Kind::Object | Kind::Array)) && scanner.skip().and_then(|_| scanner.end()).is_ok() {
            if kind == Ok(Kind::Object) {
                return out.extend_from_slice(value.trim().as_bytes());
            }
            out.extend_from_slice(b"{\"output\":");
            out.extend_from_slice(value.trim().as_bytes());
            return out.push(b'}');
        }
    }
    out.extend_from_slice(b"{\"output\":\"");
    texts.iter().for_each(|text| out.extend_from_slice(text.raw));
    out.extend_from_slice(b"\"}");
}

/// What the name in a URL tells of the bytes behind it.
fn media_type_of(url: &str) -> Option<&'static str> {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let (_, extension) = path.rsplit('/').next()?.rsplit_once('.')?;
    Some(match extension.to_ascii_lowercase().as_str() {
        "jpg" | "jpeg" => "image/jpeg",
        "png" => "image/png",
        "webp" => "image/webp",
        "gif" => "image/gif",
        "heic" => "image/heic",
        "heif" => "image/heif",
        "pdf" => "application/pdf",
        "mp4" => "video/mp4",
        "mov" => "video/quicktime",
        "webm" => "video/webm",
        "mpeg" | "mpg" => "video/mpeg",
        "mp3" => "audio/mp3",
        "wav" => "audio/wav",
        "txt" => "text/plain",
        _ => return None,
    })
}
