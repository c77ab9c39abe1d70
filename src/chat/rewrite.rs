//! The body for one provider: the client's bytes with the few members changed that the gateway owns.

use std::ops::Range;

use super::conversation::Effort;
use super::member::Member;
use super::{Name, Request, inner, thoughts, whole_number};
use crate::api::Api;
use crate::json::{self, Kind, Scanner};
use crate::splice::{Pieces, Splice};

/// What one provider of OpenAI's format wants of a body.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// The provider's name for the model.
    pub model: &'a str,
    /// Whether it takes the members that only OpenRouter knows, at the top and within messages and tools.
    pub openrouter_members: bool,
    /// Whether, where there are tools, each message of an assistant has to have its `reasoning_content`.
    pub reasoning_content: bool,
    /// Whether it takes `stream_options`.
    pub stream_options: bool,
    /// The member it wants the output limit in; `None`: as the client sent it.
    pub max_tokens: Option<Name>,
    /// The most tokens that it answers with, if that is known.
    pub max_completion_tokens: Option<u64>,
    /// The parameters that it heeds, if that is known: it may refuse the others.
    pub supported_parameters: Option<&'a [Box<str>]>,
}

/// What becomes of `reasoning_effort`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wanted<'a> {
    /// What the client sent, if it sent any.
    AsSent,
    /// This.
    Effort(&'a str),
    /// It goes.
    Nothing,
}

// === impl Target ===

impl Target<'_> {
    /// Whether it gets a member by this name. What changes the kind of the answer, as tools do, goes out in any case: an endpoint without
    /// them is only asked if there is no other.
    fn takes(&self, name: Name) -> bool {
        match name {
            // Models are tried here, one after the other; a provider must not start a second round.
            Name::Models | Name::FallbackModels | Name::Route | Name::RoutingPreference | Name::Provider | Name::Preset => false,
            // Messages stand in its place.
            Name::Prompt => false,
            Name::MaxTokens | Name::MaxCompletionTokens | Name::Tools | Name::ToolChoice | Name::ParallelToolCalls => true,
            _ if self.openrouter_members => true,
            name if name.is_openrouters() => false,
            Name::ReasoningEffort => self.heeds("reasoning") || self.heeds("reasoning_effort"),
            Name::ResponseFormat => self.heeds("response_format") || self.heeds("structured_outputs"),
            name => name.parameter().is_none_or(|parameter| self.heeds(parameter)),
        }
    }

    fn heeds(&self, parameter: &str) -> bool {
        self.supported_parameters.is_none_or(|known| known.iter().any(|name| **name == *parameter))
    }
}

// === impl Request ===

impl Request {
    /// The body for `target`.
    pub fn rewrite(&self, target: &Target<'_>) -> Pieces<'_> {
        let mut splice = Splice::new(&self.body);
        let mut inserts: Vec<u8> = Vec::new();
        let effort = self.openais_effort(target);
        let removes = |member: &Member| match member.name {
            Name::ReasoningEffort if effort == Wanted::Nothing => true,
            Name::StreamOptions => !target.stream_options || !self.stream,
            Name::Stream if self.api == Api::Embeddings => true,
            _ if self.api == Api::Messages && !target.openrouter_members && self.is_claudes(member) => true,
            Name::Other if !target.openrouter_members && self.is_speed(member) => true,
            name => !target.takes(name),
        };
        let stays: Vec<_> = self.members.iter().map(|member| (member.start..member.value.end, !removes(member))).collect();
        splice.retain(&stays);
        self.members.iter().filter(|member| !removes(member)).for_each(|member| self.rewrite_member(member, target, &mut splice));
        if !self.has(Name::Model) {
            inserts.extend_from_slice(b",\"model\":");
            json::string_into(&mut inserts, target.model);
        }
        if self.stream && target.stream_options && !self.has(Name::StreamOptions) {
            inserts.extend_from_slice(b",\"stream_options\":{\"include_usage\":true}");
        }
        if let Wanted::Effort(effort) = effort {
            let mut value = Vec::new();
            json::string_into(&mut value, effort);
            match self.member(Name::ReasoningEffort) {
                Some(member) => splice.replace(member.value.clone(), value),
                None => inserts.extend([&b",\"reasoning_effort\":"[..], &value].concat()),
            }
        }
        // A body always keeps `messages`, so there is a member to insert after.
        if let Some((last, _)) = stays.iter().rfind(|(_, stays)| *stays).filter(|_| !inserts.is_empty()) {
            splice.replace(last.end..last.end, inserts);
        }
        splice.finish()
    }

    /// What `reasoning` becomes for `target`, which knows an effort alone. It comes before `reasoning_effort`, as in every other format.
    fn openais_effort(&self, target: &Target<'_>) -> Wanted<'_> {
        if !self.has(Name::Reasoning) || target.openrouter_members || !target.takes(Name::ReasoningEffort) {
            return Wanted::AsSent;
        }
        let reasoning = self.reasoning();
        let said = self.reasoning_effort.as_deref();
        match (reasoning.is_wanted(), said) {
            (None, None) => Wanted::AsSent,
            (_, Some(word)) if reasoning.enabled != Some(false) => Wanted::Effort(word),
            // Models that always reason refuse `none`, and those that never do refuse any: nothing is safe where nobody says.
            (Some(false), _) if target.supported_parameters.is_some() => Wanted::Effort(Effort::None.as_str()),
            (Some(false), _) => Wanted::Nothing,
            _ => {
                let limit = self.max_tokens.or(target.max_completion_tokens);
                Wanted::Effort(reasoning.effort_within(limit).unwrap_or(Effort::Medium).as_str())
            }
        }
    }

    /// Whether a member of a body that was translated from Anthropic's says what only Claude understands: its effort, what it is to forget,
    /// or a user by more than the 64 characters that OpenAI takes.
    fn is_claudes(&self, member: &Member) -> bool {
        let is = |key: &[u8]| self.body.get(member.start..).is_some_and(|rest| rest.starts_with(key));
        member.name == Name::Verbosity || is(b"\"context_management\"") || is(b"\"user\"") && member.value.len() > 66
    }

    /// Whether it is Anthropic's word for a tier, which has been heeded. A provider's own member may be called the same.
    fn is_speed(&self, member: &Member) -> bool {
        let is_called_so = self.body.get(member.start..).is_some_and(|rest| rest.starts_with(b"\"speed\""));
        is_called_so && matches!(self.body.get(member.value.clone()), Some(b"\"fast\"" | b"\"standard\""))
    }

    fn rewrite_member(&self, member: &Member, target: &Target<'_>, splice: &mut Splice<'_>) {
        if member.name == Name::Messages && target.reasoning_content && self.needs.tools {
            let at = member.value.start;
            for (range, bytes) in thoughts::missing(self.body.get(member.value.clone()).unwrap_or_default()) {
                splice.replace(at.saturating_add(range.start)..at.saturating_add(range.end), bytes);
            }
        }
        match (member.name, target.max_tokens) {
            (Name::Model, _) => {
                let mut model = Vec::with_capacity(target.model.len().saturating_add(2));
                json::string_into(&mut model, target.model);
                splice.replace(member.value.clone(), model);
            }
            (Name::StreamOptions, _) => self.include_usage(member, splice),
            (Name::Messages, _) if self.api == Api::Messages => {
                let ranges =
                    if target.openrouter_members { inner::of_anthropics_messages_for_openrouter } else { inner::of_anthropics_messages };
                self.without(member, ranges, splice);
            }
            (Name::Messages, _) if self.has_inner && !target.openrouter_members => self.without(member, inner::of_messages, splice),
            (Name::Tools, _) => {
                let ranges = match (self.api, target.openrouter_members) {
                    (Api::Messages, false) => inner::of_anthropics_tools,
                    (Api::Messages, true) => inner::of_anthropics_tools_for_openrouter,
                    (_, false) => inner::of_tools,
                    (_, true) => return,
                };
                self.without(member, ranges, splice);
            }
            (Name::MaxTokens | Name::MaxCompletionTokens, wanted) => {
                if let Some(wanted) = wanted.filter(|wanted| *wanted != member.name && !self.has(*wanted)) {
                    let mut renamed = Vec::new();
                    json::string_into(&mut renamed, wanted.as_str().unwrap_or_default());
                    renamed.push(b':');
                    splice.replace(member.start..member.value.start, renamed);
                }
                if let Some(number) = self.limit_as_integer(&member.value) {
                    splice.replace(member.value.clone(), number);
                }
            }
            _ => {}
        }
    }

    /// A limit that is written in another way than as an integer, as one: `100.0`, which most providers refuse.
    pub(crate) fn limit_as_integer(&self, place: &Range<usize>) -> Option<Vec<u8>> {
        let value = self.body.get(place.clone())?;
        let number = whole_number(value).filter(|_| !value.iter().all(u8::is_ascii_digit))?;
        Some(itoa::Buffer::new().format(number).as_bytes().to_vec())
    }

    /// Leaves out of a member what `ranges` finds in its value.
    fn without(&self, member: &Member, ranges: fn(&[u8]) -> Vec<Range<usize>>, splice: &mut Splice<'_>) {
        let at = member.value.start;
        for range in ranges(self.body.get(member.value.clone()).unwrap_or_default()) {
            splice.replace(at.saturating_add(range.start)..at.saturating_add(range.end), Vec::new());
        }
    }

    /// Makes the client's `stream_options` ask for the usage, and keeps what else is in it.
    fn include_usage(&self, member: &Member, splice: &mut Splice<'_>) {
        let at = member.value.start;
        let mut scanner = Scanner::new(self.body.get(member.value.clone()).unwrap_or_default());
        if scanner.kind() != Ok(Kind::Object) {
            return splice.replace(member.value.clone(), &b"{\"include_usage\":true}"[..]);
        }
        let mut found = None;
        let mut empty = true;
        let walked = scanner.object(|scanner, key, _| {
            empty = false;
            let value = scanner.skip()?;
            if key.is("include_usage") {
                found = Some(value);
            }
            Ok(())
        });
        match found {
            Some(value) if walked.is_ok() => splice.replace(at.saturating_add(value.start)..at.saturating_add(value.end), &b"true"[..]),
            _ => {
                let insert: &[u8] = if empty { b"\"include_usage\":true" } else { b"\"include_usage\":true," };
                splice.replace(at.saturating_add(1)..at.saturating_add(1), insert);
            }
        }
    }
}
