//! The functions that a model may call, and whether it has to.

use super::{each, present, text};
use crate::chat::ANTHROPIC_TOOL;
use crate::error::ClientError;
use crate::json::{Error, Kind, Scanner, Text};

/// A function that the model may call.
#[derive(Debug, Default)]
pub struct Tool<'a> {
    /// What it is called.
    pub name: Text<'a>,
    /// What it does.
    pub description: Option<Text<'a>>,
    /// The JSON schema of its arguments, as it was written; `None` if it takes none.
    pub parameters: Option<&'a [u8]>,
    /// Whether its arguments have to follow the schema.
    pub strict: Option<bool>,
    /// The mark that the prompt up to here is to be cached, as it was written.
    pub cache_control: Option<&'a [u8]>,
    /// The tool that it is to Anthropic, as it was written, if that says more.
    pub anthropic_tool: Option<&'a [u8]>,
}

/// The tools of a request.
#[derive(Debug, Default)]
pub(super) struct Tools<'a> {
    pub(super) functions: Vec<Tool<'a>>,
    /// The others, as they were written, each with the number of functions before it.
    pub(super) others: Vec<(usize, &'a [u8])>,
}

/// Whether the model has to call a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ToolChoice<'a> {
    /// As it likes.
    Auto,
    /// It must not.
    None,
    /// It has to call one.
    Required,
    /// It has to call this one.
    Function(Text<'a>),
}

/// Reads `tools`.
pub(super) fn read_all(value: &[u8]) -> Result<Tools<'_>, ClientError> {
    let mut tools = Tools::default();
    each(value, "tools", "an array", |scanner, place| {
        scanner.kind()?;
        let start = scanner.position();
        let mut tool = Tool::default();
        let mut kind = None;
        let mut named = false;
        let read = scanner.members(&mut |scanner, key, _| match key.raw {
            b"type" => {
                kind = text(scanner)?;
                Ok(())
            }
            b"function" if scanner.kind()? == Kind::Object => {
                scanner.members(&mut |scanner, key, _| member(&mut tool, &mut named, scanner, key))
            }
            b"cache_control" => {
                tool.cache_control = present(scanner)?.filter(|mark| mark.starts_with(b"{"));
                Ok(())
            }
            name if name == ANTHROPIC_TOOL.as_bytes() => {
                tool.anthropic_tool = present(scanner)?.filter(|tool| tool.starts_with(b"{"));
                Ok(())
            }
            // The form of the Responses API is flat.
            _ => member(&mut tool, &mut named, scanner, key),
        });
        read.map_err(|error| super::wrong_type(error, &format!("tools[{place}]"), "a tool object"))?;
        if kind.is_some_and(|kind| !kind.is("function")) {
            tools.others.push((tools.functions.len(), scanner.slice(start..scanner.position())));
            return Ok(());
        }
        if !named {
            return Err(ClientError::invalid(format!("tools[{place}].function.name"), "the function's name"));
        }
        tools.functions.push(tool);
        Ok(())
    })?;
    Ok(tools)
}

fn member<'a>(tool: &mut Tool<'a>, named: &mut bool, scanner: &mut Scanner<'a>, key: Text<'a>) -> Result<(), Error> {
    match key.raw {
        b"name" => {
            if let Some(name) = text(scanner)? {
                tool.name = name;
                *named = true;
            }
        }
        b"description" => tool.description = text(scanner)?,
        b"parameters" => tool.parameters = present(scanner)?.filter(|schema| schema.starts_with(b"{")),
        b"strict" => tool.strict = present(scanner)?.map(|strict| strict == b"true"),
        b"cache_control" => tool.cache_control = present(scanner)?.filter(|mark| mark.starts_with(b"{")).or(tool.cache_control),
        _ => _ = scanner.skip()?,
    }
    Ok(())
}

/// Reads `tool_choice`; `None` if it says nothing that is known.
pub(super) fn choice(value: &[u8]) -> Option<ToolChoice<'_>> {
    fn word<'a>(word: Text<'a>) -> Option<ToolChoice<'a>> {
        match word.raw {
            b"auto" => Some(ToolChoice::Auto),
            b"none" => Some(ToolChoice::None),
            b"required" | b"any" => Some(ToolChoice::Required),
            _ => None,
        }
    }
    if let Ok(text) = Scanner::new(value).string() {
        return word(text);
    }
    let mut kind = None;
    let mut name = None;
    let mut mode = None;
    let walked = Scanner::new(value).members(&mut |scanner, key, _| match key.raw {
        b"type" => text(scanner).map(|text| kind = text),
        b"name" => text(scanner).map(|text| name = text.or(name)),
        b"mode" => text(scanner).map(|text| mode = text.or(mode)),
        b"function" | b"allowed_tools" if scanner.kind()? == Kind::Object => scanner.members(&mut |scanner, key, _| match key.raw {
            b"name" => text(scanner).map(|text| name = text.or(name)),
            b"mode" => text(scanner).map(|text| mode = text.or(mode)),
            _ => scanner.skip().map(|_| ()),
        }),
        _ => scanner.skip().map(|_| ()),
    });
    walked.ok()?;
    name.map(ToolChoice::Function).or_else(|| mode.and_then(word)).or_else(|| kind.and_then(word))
}
