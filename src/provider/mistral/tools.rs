//! `tools`: functions, with the members that Mistral knows.

use super::object::Object;
use crate::json::Scanner;
use crate::splice::Splice;

const FUNCTION: [&str; 4] = ["name", "description", "parameters", "strict"];

/// Changes the array of tools at this offset of `body`.
pub(super) fn edit<'a>(body: &'a [u8], offset: usize, splice: &mut Splice<'a>) {
    _ = Scanner::at(body, offset).elements(&mut |scanner| {
        let Some(tool) = Object::read(scanner)? else { return Ok(()) };
        match tool.get("function").and_then(|function| Object::at(body, function.value.start)) {
            Some(inner) => {
                tool.rewrite(&|member| member.is_one_of(&["type", "function"]), Vec::new(), splice);
                function(&inner, splice);
            }
            // The form of the Responses API is flat.
            None if tool.get("name").is_some() && tool.says("type", "function") => {
                splice.replace(tool.place.start..tool.place.start, &b"{\"type\":\"function\",\"function\":"[..]);
                function(&tool, splice);
                splice.replace(tool.place.end..tool.place.end, &b"}"[..]);
            }
            None => {}
        }
        Ok(())
    });
}

/// A function, which has to say what it takes, even if that is nothing.
fn function<'a>(function: &Object<'a>, splice: &mut Splice<'a>) {
    let takes = function.get("parameters").map_or(&b",\"parameters\":{\"type\":\"object\",\"properties\":{}}"[..], |_| b"");
    function.rewrite(&|member| member.is_one_of(&FUNCTION), takes.to_vec(), splice);
}
