//! What only OpenRouter knows within messages and tools: marks for a cache, and reasoning that some provider signed. And what only
//! Anthropic does, in a request that came as one of Anthropic's.
//!
//! Providers of OpenAI's format have no use for either, and many refuse a request that has them.

use std::ops::Range;

use crate::json::{Error, Kind, Scanner};

/// The member of a part whose value are the blocks, as they were written, that it is to Anthropic. An empty list stands for nothing.
pub const ANTHROPIC_BLOCKS: &str = "anthropic_blocks";

/// The member of a function whose value is the tool, as it was written, that it is to Anthropic.
pub const ANTHROPIC_TOOL: &str = "anthropic_tool";

/// Which members go: those of messages, and those of what is in their lists.
#[derive(Clone, Copy)]
struct Goes {
    of_message: fn(&[u8]) -> bool,
    of_element: fn(&[u8]) -> bool,
}

/// Whether a member of a message is not for a provider of OpenAI's format.
pub(super) fn is_openrouters(key: &[u8]) -> bool {
    matches!(key, b"reasoning" | b"reasoning_details" | b"cache_control")
}

/// The bytes of `messages` that go, as ranges of it, in order.
pub(super) fn of_messages(messages: &[u8]) -> Vec<Range<usize>> {
    of_all(messages, Goes { of_message: is_openrouters, of_element: is_mark })
}

/// The same of a request that came as one of Anthropic's.
pub(super) fn of_anthropics_messages(messages: &[u8]) -> Vec<Range<usize>> {
    of_all(
        messages,
        Goes { of_message: |key| is_openrouters(key) || is_anthropics(key), of_element: |key| is_mark(key) || is_anthropics(key) },
    )
}

/// The same for OpenRouter.
pub(super) fn of_anthropics_messages_for_openrouter(messages: &[u8]) -> Vec<Range<usize>> {
    of_all(messages, Goes { of_message: is_anthropics, of_element: is_anthropics })
}

fn of_all(messages: &[u8], goes: Goes) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    _ = Scanner::new(messages).array(|scanner| {
        members(scanner, goes.of_message, &mut found, |scanner, key, found| {
            if matches!(key, b"content" | b"tool_calls") && scanner.kind()? == Kind::Array {
                return scanner.array(|scanner| element(scanner, goes.of_element, found));
            }
            scanner.skip().map(|_| ())
        })
    });
    found
}

/// The bytes of `tools` that go, as ranges of it, in order.
pub(super) fn of_tools(tools: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    if memchr::memmem::find(tools, b"\"cache_control\"").is_none() {
        return found;
    }
    _ = Scanner::new(tools).array(|scanner| {
        members(scanner, is_mark, &mut found, |scanner, key, found| {
            if key == b"function" { element(scanner, is_mark, found) } else { scanner.skip().map(|_| ()) }
        })
    });
    found
}

/// The same of a request that came as one of Anthropic's.
pub(super) fn of_anthropics_tools(tools: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    _ = Scanner::new(tools).array(|scanner| element(scanner, |key| is_mark(key) || is_anthropics(key), &mut found));
    found
}

/// The same for OpenRouter.
pub(super) fn of_anthropics_tools_for_openrouter(tools: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    _ = Scanner::new(tools).array(|scanner| element(scanner, is_anthropics, &mut found));
    found
}

fn is_mark(key: &[u8]) -> bool {
    key == b"cache_control"
}

/// Whether a member is only there for Anthropic.
fn is_anthropics(key: &[u8]) -> bool {
    key == b"is_error" || key == ANTHROPIC_BLOCKS.as_bytes() || key == ANTHROPIC_TOOL.as_bytes()
}

/// Consumes a value and, if it is an object, finds its members that go.
fn element(scanner: &mut Scanner<'_>, goes: fn(&[u8]) -> bool, found: &mut Vec<Range<usize>>) -> Result<(), Error> {
    if scanner.kind()? != Kind::Object {
        return scanner.skip().map(|_| ());
    }
    members(scanner, goes, found, |scanner, _, _| scanner.skip().map(|_| ()))
}

/// Consumes an object and finds the members that go, each with the comma that would be left over; `other` consumes the value of one
/// that stays.
fn members(
    scanner: &mut Scanner<'_>,
    goes: fn(&[u8]) -> bool,
    found: &mut Vec<Range<usize>>,
    mut other: impl FnMut(&mut Scanner<'_>, &[u8], &mut Vec<Range<usize>>) -> Result<(), Error>,
) -> Result<(), Error> {
    // Where the last member that stays ends, and where the members that go since then begin.
    let mut kept: Option<usize> = None;
    let mut going: Option<usize> = None;
    let mut end = 0;
    scanner.object(|scanner, key, start| {
        if goes(key.raw) {
            going = going.or(Some(start));
            end = scanner.skip()?.end;
            return Ok(());
        }
        if let Some(from) = going.take() {
            found.push(from..start);
        }
        other(scanner, key.raw, found)?;
        kept = Some(scanner.position());
        Ok(())
    })?;
    if let Some(from) = going {
        found.push(kept.unwrap_or(from)..end);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn without(text: &str, ranges: &[Range<usize>]) -> String {
        let mut left = String::new();
        let mut at = 0;
        for range in ranges {
            left.push_str(&text[at..range.start]);
            at = range.end;
        }
        left + &text[at..]
    }

    #[test]
    fn commas_go_along_wherever_a_member_stands() {
        for (messages, expected) in [
            (r#"[{"reasoning":"a","role":"user"}]"#, r#"[{"role":"user"}]"#),
            (r#"[{"role":"user" , "reasoning":"a"}]"#, r#"[{"role":"user"}]"#),
            (r#"[{"role":"user", "reasoning":"a","content":"x","reasoning_details":[{}]}]"#, r#"[{"role":"user", "content":"x"}]"#),
            (r#"[{"reasoning":null,"reasoning_details":[],"cache_control":{}}]"#, "[{}]"),
            (r#"[{"reasoning":1,"a":1,"reasoning_details":2,"cache_control":3,"b":2}]"#, r#"[{"a":1,"b":2}]"#),
            (
                r#"[{"content":[{"type":"text","text":"\"cache_control\"","cache_control":{"type":"ephemeral"}}, "x"],"role":"user"}]"#,
                r#"[{"content":[{"type":"text","text":"\"cache_control\""}, "x"],"role":"user"}]"#,
            ),
        ] {
            assert_eq!(without(messages, &of_messages(messages.as_bytes())), expected);
        }
    }

    #[test]
    fn a_tools_own_parameters_stay() {
        let tools =
            r#"[{"type":"function","function":{"name":"f","parameters":{"cache_control":1},"cache_control":{}},"cache_control":{}}]"#;
        let expected = r#"[{"type":"function","function":{"name":"f","parameters":{"cache_control":1}}}]"#;
        assert_eq!(without(tools, &of_tools(tools.as_bytes())), expected);
    }
}
