//! Mistral's chat completions: OpenAI's format, of which every request is checked to the letter.
//!
//! See <https://docs.mistral.ai/api/endpoint/chat>. Answers are OpenAI's but for a content in pieces, which
//! [`openai`](super::openai) reads, too. A request is the client's own bytes, less what Mistral refuses to see.

mod call_id;
mod messages;
mod object;
mod parts;
mod tools;

use self::object::Object;
use crate::chat::conversation::Effort;
use crate::chat::{Field, Name, Request};
use crate::endpoint::Endpoint;
use crate::json::{self, Kind, Scanner};
use crate::provider::Upstream;
use crate::splice::Splice;

/// The path below the provider's prefix.
const PATH: &str = "/chat/completions";

/// Members that OpenAI and OpenRouter do not have, or mean alike, and that pass.
const OWN: [&str; 8] = ["random_seed", "metadata", "n", "prediction", "prompt_mode", "guardrails", "prompt_cache_key", "safe_prompt"];

/// The request to `endpoint`: the client's own body but for what Mistral has under another name, and what it refuses.
pub fn request<'a>(request: &'a Request, endpoint: &'a Endpoint) -> Upstream<'a> {
    let mut splice = Splice::new(request.body());
    let reasons = reasons(endpoint);
    let has = |wanted: &str| request.fields().any(|field| field.key.is(wanted) && field.raw != b"null");
    let mut members = Vec::new();
    for field in request.fields() {
        let stays = field.raw != b"null" && edit(&field, request, endpoint, &has, &mut splice);
        members.push((field.place, stays));
    }
    splice.retain(&members);
    let mut inserts = Vec::new();
    if !request.has(Name::Model) {
        inserts.extend_from_slice(b",\"model\":");
        json::string_into(&mut inserts, &endpoint.model);
    }
    if let Some(effort) = effort(request).filter(|_| reasons) {
        inserts.extend_from_slice(b",\"reasoning_effort\":");
        json::string_into(&mut inserts, effort);
    }
    // A body always keeps `messages`, so there is a member to insert after.
    if let Some((last, _)) = members.iter().rfind(|(_, stays)| *stays).filter(|_| !inserts.is_empty()) {
        splice.replace(last.end..last.end, inserts);
    }
    Upstream { path: format!("{}{PATH}", endpoint.provider.path_prefix).into(), headers: Vec::new(), body: splice.finish() }
}

/// Changes a member into what Mistral takes. `false` if it takes no such member.
fn edit<'a>(field: &Field<'a>, request: &'a Request, endpoint: &Endpoint, has: &dyn Fn(&str) -> bool, splice: &mut Splice<'a>) -> bool {
    let rename = |name: &str, splice: &mut Splice<'a>| {
        let mut key = Vec::new();
        json::string_into(&mut key, name);
        key.push(b':');
        splice.replace(field.place.start..field.value.start, key);
    };
    let integer = |splice: &mut Splice<'a>| {
        request.limit_as_integer(&field.value).into_iter().for_each(|number| splice.replace(field.value.clone(), number));
    };
    if field.name.is_dispensable() && field.name.parameter().is_some_and(|parameter| !endpoint.heeds(parameter)) {
        return false;
    }
    match field.name {
        Name::MaxTokens => integer(splice),
        Name::Stream | Name::TopP | Name::Stop | Name::PresencePenalty | Name::FrequencyPenalty => {}
        Name::Model => {
            let mut model = Vec::new();
            json::string_into(&mut model, &endpoint.model);
            splice.replace(field.value.clone(), model);
        }
        Name::ResponseFormat => {
            let format = Object::at(request.body(), field.value.start);
            let schema = format.as_ref().and_then(|format| Object::at(request.body(), format.get("json_schema")?.value.start));
            if let Some(schema) = schema {
                schema.rewrite(&|member| member.is_one_of(&["name", "description", "schema", "strict"]), Vec::new(), splice);
            }
        }
        Name::Messages => messages::edit(request.body(), field.value.start, reasons(endpoint), splice),
        Name::Tools if request.needs.tools => tools::edit(request.body(), field.value.start, splice),
        // Without tools there is nothing to choose from.
        Name::ParallelToolCalls => return request.needs.tools,
        Name::ToolChoice => return request.needs.tools && is_tool_choice(field.raw),
        Name::MaxCompletionTokens if !has("max_tokens") => {
            rename("max_tokens", splice);
            integer(splice);
        }
        // A seed has no sign there.
        Name::Seed if !has("random_seed") && field.raw.first().is_some_and(u8::is_ascii_digit) => rename("random_seed", splice),
        Name::Temperature => {
            const MOST: f64 = 1.5;
            let degrees: Option<f64> = std::str::from_utf8(field.raw).ok().and_then(|number| number.parse().ok());
            if degrees.is_some_and(|degrees| degrees > MOST) {
                splice.replace(field.value.clone(), &b"1.5"[..]);
            }
        }
        Name::Other => return OWN.iter().any(|name| field.key.is(name)),
        _ => return false,
    }
    true
}

/// `auto`, `none`, `any`, `required`, or one function.
fn is_tool_choice(raw: &[u8]) -> bool {
    let mut scanner = Scanner::new(raw);
    if scanner.kind() == Ok(Kind::String) {
        return true;
    }
    let mut is_function = false;
    let walked = scanner.members(&mut |scanner, key, _| {
        is_function |= key.is("function");
        scanner.skip().map(|_| ())
    });
    walked.is_ok() && is_function
}

/// Mistral's word for the effort that the client wants: it knows all or nothing.
fn effort(request: &Request) -> Option<&'static str> {
    let reasoning = request.reasoning();
    match (reasoning.is_wanted()?, reasoning.effort) {
        (false, _) | (true, Some(Effort::Minimal)) => Some("none"),
        (true, _) => Some("high"),
    }
}

/// Whether the endpoint's model can be told how much to reason: the others refuse to be. The configuration says, else the model's
/// name: Mistral Small 4 and Mistral Medium 3.5 of spring 2026 were the first. See
/// <https://docs.mistral.ai/studio/conversations/reasoning>.
fn reasons(endpoint: &Endpoint) -> bool {
    if endpoint.supported_parameters.is_some() {
        return endpoint.supports("reasoning") || endpoint.supports("reasoning_effort");
    }
    let name = &*endpoint.model;
    let version = name.strip_prefix("mistral-small-").or_else(|| name.strip_prefix("mistral-medium-"));
    version.is_some_and(|version| match version.parse::<u32>() {
        // `mistral-medium-3` is the 3.5 of today.
        Ok(number) => number >= 2603 || (number == 3 && name.starts_with("mistral-medium")),
        Err(_) => matches!(version, "latest" | "3-5" | "3.5"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn only_one_function_or_a_word_can_be_chosen() {
        for (choice, is_one) in [
            (&br#""required""#[..], true),
            (br#"{"type":"function","function":{"name":"f"}}"#, true),
            (br#"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}"#, false),
            (b"7", false),
        ] {
            assert_eq!(is_tool_choice(choice), is_one, "{}", String::from_utf8_lossy(choice));
        }
    }
}
