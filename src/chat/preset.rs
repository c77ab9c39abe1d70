//! A preset under a request: what the request does not say is said by the preset.
//!
//! See <https://openrouter.ai/docs/guides/features/presets>: the members of both are merged, not what is within them, and the request's
//! win; tools alone are united.

use super::Name;
use super::member::Member;
use super::reader::Reader;
use crate::api::Api;
use crate::error::ClientError;
use crate::json::{Error, Scanner, string_into};
use crate::preset::{self, Preset, Presets};

/// Members that say the same.
static OTHER_NAMES: [(&[u8], &[u8]); 6] = [
    (b"max_tokens", b"max_completion_tokens"),
    (b"max_completion_tokens", b"max_tokens"),
    (b"models", b"fallback_models"),
    (b"fallback_models", b"models"),
    (b"reasoning", b"reasoning_effort"),
    (b"reasoning_effort", b"reasoning"),
];

/// The preset that a request names. One that is not known but stands in `model` is none: a rule may serve the name, and if none does,
/// the plan says so.
///
/// Errors: if `preset` names one that is not there, or another than `model` does, if one stands among several models, or if presets are not
/// for such requests.
pub(super) fn named<'p>(reader: &Reader, presets: &'p Presets) -> Result<Option<&'p Preset>, ClientError> {
    if reader.models.len() > 1 {
        none_among(&reader.models, presets, "model", "one model, or ids of models", "")?;
    }
    none_among(&reader.fallback_models, presets, "models", "ids of models", ", or by `model`")?;
    let slug = match (&reader.preset, &reader.preset_in_model) {
        (None, None) => return Ok(None),
        (Some(one), Some(other)) if one != other => {
            return Err(ClientError::invalid("preset", "the preset that `model` names, or none"));
        }
        (Some(slug), _) | (None, Some(slug)) => slug,
    };
    match presets.named(slug) {
        Some(_) if reader.api == Api::Embeddings => Err(ClientError::invalid("preset", "none: presets are for completions")),
        None if reader.preset.is_some() => Err(ClientError::unknown_preset(slug)),
        preset => Ok(preset),
    }
}

/// Where several are named, each is a model: a preset would be left out as one that nobody serves.
#[inline(never)]
fn none_among(models: &[String], presets: &Presets, member: &str, expected: &str, or: &str) -> Result<(), ClientError> {
    let slug = models.iter().filter_map(|model| preset::in_model(model)).find(|(_, slug)| presets.named(slug).is_some());
    slug.map_or(Ok(()), |(_, slug)| Err(ClientError::invalid(member, format!("{expected}: ask for preset {slug:?} by `preset`{or}"))))
}

/// The error of a request that names no model, by a preset that names none.
#[inline(never)]
pub(super) fn without_model(preset: &Preset) -> ClientError {
    let slug = preset.slug();
    let expected = format!("a model, as preset {slug:?} names none: add `model` to the preset, or ask for author/slug@preset/{slug}");
    ClientError::invalid("model", expected)
}

/// `body` of what came by `api`, whose `members` these are, with what `preset` has beside it. Every other byte stays as it came; no preset
/// is named any more.
///
/// Errors: if the preset is not what the configuration has checked.
pub(super) fn merged(api: Api, body: &[u8], members: &[Member], has_system: bool, preset: &Preset) -> Result<Vec<u8>, Error> {
    // Their answers have a place for one.
    let is_single = matches!(api, Api::Messages | Api::Responses);
    let mut own: Vec<(&[u8], &[u8])> = Vec::new();
    Scanner::new(preset.config()).members(&mut |scanner, key, _| {
        let raw = scanner.raw()?;
        if raw != b"null" && !(is_single && key.raw == b"n") {
            own.push((key.raw, raw));
        }
        Ok(())
    })?;
    let system_message = preset.system_message().filter(|_| !has_system);
    let mut out =
        Vec::with_capacity(body.len().saturating_add(preset.config().len()).saturating_add(system_message.map_or(0, <[u8]>::len)));
    let mut at = 0;
    for member in members {
        let key = Scanner::at(body, member.start).string()?.raw;
        let raw = body.get(member.value.clone()).unwrap_or_default();
        put(&[body.get(at..member.value.start).unwrap_or_default()], &mut out);
        at = member.value.end;
        let of_preset = own.iter().find(|(own, _)| *own == key).map(|(_, raw)| *raw);
        match (member.name, of_preset, system_message) {
            (Name::Preset, ..) => put(&[b"null"], &mut out),
            (Name::Model, ..) => {
                let model = Scanner::new(raw).optional_string()?.map(|text| text.value()).unwrap_or_default();
                match preset::in_model(&model).map_or(&*model, |(model, _)| model) {
                    "" => put(&[of_preset.unwrap_or(b"null")], &mut out),
                    model => string_into(&mut out, model),
                }
            }
            (_, Some(of_preset), _) if raw == b"null" => put(&[of_preset], &mut out),
            (Name::Tools, Some(of_preset), _) => unite(of_preset, raw, &mut out)?,
            (Name::Messages, None, Some(message)) => {
                put(&[b"[", message, b",", raw.get(1..).unwrap_or_default()], &mut out);
            }
            _ => put(&[raw], &mut out),
        }
        own.retain(|(own, _)| !is_said(own, key, raw));
    }
    for (key, raw) in own {
        put(&[b",\"", key, b"\":", raw], &mut out);
    }
    put(&[body.get(at..).unwrap_or_default()], &mut out);
    Ok(out)
}

/// Appends the tools of a preset in their order, each as the request has it if it has one of the same identity, then the request's others.
fn unite(of_preset: &[u8], of_request: &[u8], out: &mut Vec<u8>) -> Result<(), Error> {
    let (of_preset, of_request) = (tools(of_preset)?, tools(of_request)?);
    let of_both = of_preset.iter().map(|tool| of_request.iter().find(|other| other.is(tool)).unwrap_or(tool));
    let others = of_request.iter().filter(|tool| !of_preset.iter().any(|other| other.is(tool)));
    let mut comma: &[u8] = b"[";
    for tool in of_both.chain(others) {
        put(&[std::mem::replace(&mut comma, b","), tool.raw], out);
    }
    out.push(b']');
    Ok(())
}

/// A tool, as it was written, and what makes it the same as another.
#[derive(Default)]
struct Tool<'a> {
    raw: &'a [u8],
    /// Empty of what is no tool.
    kind: &'a [u8],
    /// Empty where there is one of the kind.
    name: &'a [u8],
}

fn tools(list: &[u8]) -> Result<Vec<Tool<'_>>, Error> {
    let mut tools = Vec::new();
    Scanner::new(list).elements(&mut |scanner| {
        let mut tool = Tool { raw: scanner.raw()?, ..Tool::default() };
        // What is no tool is told so where it goes.
        _ = tool.read();
        tools.push(tool);
        Ok(())
    })?;
    Ok(tools)
}

/// Whether what a preset says by `own` is said by a request's member `key`, be it another name for the same.
#[inline(never)]
fn is_said(own: &[u8], key: &[u8], raw: &[u8]) -> bool {
    own == key || raw != b"null" && OTHER_NAMES.contains(&(own, key))
}

#[inline(never)]
fn put(pieces: &[&[u8]], out: &mut Vec<u8>) {
    pieces.iter().for_each(|piece| out.extend_from_slice(piece));
}

// === impl Tool ===

impl Tool<'_> {
    fn read(&mut self) -> Result<(), Error> {
        let (mut name, mut instance) = (&b""[..], &b""[..]);
        Scanner::new(self.raw).members(&mut |scanner, key, _| {
            let place = match key.raw {
                b"type" => {
                    self.kind = scanner.raw()?;
                    return Ok(());
                }
                b"function" | b"custom" => &mut name,
                b"parameters" => &mut instance,
                _ => return scanner.skip().map(drop),
            };
            scanner.members(&mut |scanner, key, _| {
                let value = scanner.raw()?;
                if key.raw == b"name" {
                    *place = value;
                }
                Ok(())
            })
        })?;
        // Of OpenRouter's other tools there is one of each type.
        self.name = if matches!(self.kind, b"\"openrouter:advisor\"" | b"\"openrouter:subagent\"") { instance } else { name };
        Ok(())
    }

    fn is(&self, other: &Self) -> bool {
        !self.kind.is_empty() && self.kind == other.kind && self.name == other.name
    }
}

#[cfg(test)]
mod tests;
