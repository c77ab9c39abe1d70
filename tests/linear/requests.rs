//! What clients can send any number of.

use signalbox::api::Api::{Chat, Completions, Embeddings, Messages, Responses};

use super::{Construct, Of};

/// A piece as often as a schema can be within others.
macro_rules! deep {
    ($piece:literal) => {
        concat!(deep!(@ $piece), deep!(@ $piece), deep!(@ $piece), deep!(@ $piece), deep!(@ $piece))
    };
    (@ $piece:literal) => {
        concat!($piece, $piece, $piece, $piece, $piece, $piece, $piece, $piece, $piece, $piece, $piece, $piece, $piece, $piece, $piece, $piece,
            $piece, $piece, $piece, $piece, $piece, $piece)
    };
}

const SMALL: &str = r#"{"model":"a/b","messages":[{"role":"user","content":"x"}],"#;
const SAYS: &str = r#"{"model":"a/b","messages":["#;
const PARTS: &str = r#"{"model":"a/b","messages":[{"role":"user","content":["#;
const ANSWERED: &str = r#"{"model":"a/b","messages":[{"role":"user","content":"x"},{"role":"assistant","content":"y","#;
const SCHEMA: &str = r#""response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","#;
const BLOCKS: &str = r#"{"model":"a/b","max_tokens":9,"messages":[{"role":"user","content":"x"},{"role":"assistant","content":["#;
const DEEP: &str = deep!(r#""$defs":{},"items":{"#);
const INPUT: &str = r#"{"model":"a/b","input":["#;

pub(crate) const CONSTRUCTS: &[Construct] = table! {
    Of::Request(Chat), "messages of both": [SAYS], r#"{"role":"user","content":"%"},{"role":"assistant","content":"%"}"#, "]}" => "";
    Of::Request(Chat), "empty messages of both": [SAYS], r#"{"role":"assistant","content":""},{"role":"user","content":""}"#, "]}" => "";
    Of::Request(Chat), "system messages": [SAYS], r#"{"role":"system","content":"%"}"#, "]}" => "";
    Of::Request(Chat), "empty parts": [PARTS], r#"{"type":"text","text":""}"#, "]}]}" => "";
    Of::Request(Chat), "marks": [PARTS], r#"{"type":"text","text":"%","cache_control":{"type":"ephemeral"}}"#, "]}]}" => "openai";
    Of::Request(Chat), "images": [PARTS], r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,QUFB"}}"#, "]}]}" => "";
    Of::Request(Chat), "files": [PARTS], r#"{"type":"file","file":{"filename":"%","file_data":"data:text/csv;base64,QQ"}}"#, "]}]}"
        => "bedrock";
    Of::Request(Chat), "files of one name": [PARTS],
        r#"{"type":"file","file":{"filename":"f.pdf","file_data":"data:application/pdf;base64,QUFB"}}"#, "]}]}" => "bedrock";
    Of::Request(Chat), "members": [SMALL], r#""m%":1"#, "}" => "mistral";
    Of::Request(Chat), "members with escapes": [SMALL], r#""\u006d%":1"#, "}" => "";
    Of::Request(Chat), "a long name with escapes": [SMALL, "\""], r"\u006d", r#"":1}"# => "";
    Of::Request(Chat), "escapes": [SAYS, r#"{"role":"user","content":""#], r"\n\u00e9\\", r#""}]}"# => "";
    Of::Request(Chat), "line ends": [SAYS, r#"{"role":"user","content":""#], r"\n", r#""}]}"# => "bedrock";
    Of::Request(Chat), "tools": [SMALL, r#""tools":["#], r#"{"type":"function","function":{"name":"a.%","parameters":{"type":"object"}}}"#, "]}"
        => "bedrock";
    Of::Request(Chat), "one tool again and again": [SMALL, r#""tools":["#], r#"{"type":"function","function":{"name":"f"}}"#, "]}" => "";
    Of::Request(Chat), "tools beside a preset's": [SMALL, r#""preset":"p","tools":["#], r#"{"type":"function","function":{"name":"f%"}}"#, "]}"
        => "";
    Of::Request(Chat), "members beside a preset's": [SMALL, r#""preset":"p","#], r#""m%":1"#, "}" => "";
    Of::Request(Chat), "members of a tool": [SMALL, r#""tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"#],
        r#""p%":{"const":%}"#, "}}}}]}" => "gemini";
    Of::Request(Chat), "a choice of a long name": [SMALL, r#""tool_choice":{"type":"function","function":{"name":""#], r"\u006d",
        r#""}},"tools":["#, r#"{"type":"function","function":{"name":"f%"}}"#, "]}" => "cohere";
    Of::Request(Chat), "calls": [ANSWERED, r#""tool_calls":["#], r#"{"id":"","function":{"name":"%"}}"#,
        "]}]}" => "anthropic bedrock";
    Of::Request(Chat), "calls by turns": [SAYS], r#"{"role":"assistant","tool_calls":[{"id":"c%","type":"function","function":{"name":"f%","arguments":"{\"a\":1}"}}]},{"role":"tool","tool_call_id":"c%","content":"{}"}"#,
        "]}" => "bedrock gemini";
    Of::Request(Chat), "results": [SAYS, r#"{"role":"user","content":"x"},"#], r#"{"role":"tool","tool_call_id":"c%","content":"x"}"#, "]}"
        => "gemini compressed";
    Of::Request(Chat), "signed calls": [ANSWERED, r#""tool_calls":["#], r#"{"id":"%","function":{"name":"f"}}"#,
        r#"],"reasoning_details":["#, r#"{"data":"Z","format":"google-gemini-v1","id":"d%"}"#, "]}]}" => "gemini";
    Of::Request(Chat), "thoughts of Claude": [ANSWERED, r#""reasoning_details":["#],
        r#"{"type":"reasoning.text","text":"%","signature":"c2ln","format":"anthropic-claude-v1","index":0}"#, "]}]}" => "";
    Of::Request(Chat), "pieces of one thought": [ANSWERED, r#""reasoning_details":["#],
        r#"{"type":"reasoning.text","text":"%","format":"anthropic-claude-v1","index":0}"#, "]}]}" => "anthropic";
    Of::Request(Chat), "thoughts of Cohere": [ANSWERED, r#""reasoning_details":["#],
        r#"{"type":"reasoning.text","text":"%","format":"cohere-v2"}"#, "]}]}" => "";
    Of::Request(Chat), "thoughts of no one": [ANSWERED, r#""reasoning_details":["#],
        r#"{"type":"reasoning.text","text":"%","format":"unknown","index":%}"#, "]}]}" => "deepseek mistral";
    Of::Request(Chat), "stops": [SMALL, r#""stop":["#], r#""s%""#, "]}" => "";
    Of::Refused(Chat), "models": [SMALL, r#""models":["#], r#""a/m%""#, "]}" => "";
    Of::Refused(Chat), "models in one": [r#"{"messages":[{"role":"user","content":"x"}],"model":""#], "a/b , ", r#""}"# => "";
    Of::Request(Chat), "providers in order": [SMALL, r#""provider":{"order":["#], r#""p%""#, "]}}" => "";
    Of::Request(Chat), "quantizations": [SMALL, r#""provider":{"quantizations":["#], r#""q%""#, "]}}" => "";
    Of::Request(Chat), "options": [SMALL, r#""provider":{"options":{"p":{"#], r#""o%":1"#, "}}}}" => "openai";
    Of::Request(Chat), "options beside members": [SMALL, r#""provider":{"options":{"p":{"#], r#""o%":1"#, "}}},", r#""m%":1"#, "}" => "openai";
    Of::Request(Chat), "options again and again": [SMALL, r#""provider":{"options":{"#], r#""p":{"o":1}"#, "}}}" => "openai";
    Of::Request(Chat), "plugins": [SMALL, r#""plugins":["#], r#"{"id":"file-parser"}"#, "]}" => "";
    Of::Request(Chat), "patterns of the auto router": [SMALL, r#""plugins":[{"id":"auto-router","allowed_models":["#], r#""*a*%*""#, "]}]}" => "";
    Of::Request(Chat), "transforms": [SMALL, r#""transforms":["#], r#""middle-out""#, "]}" => "";
    Of::Request(Chat), "properties of a schema": [SMALL, SCHEMA, r#""properties":{"#], r#""p%":{"const":%}"#, "}}}}}" => "gemini anthropic cohere";
    Of::Request(Chat), "references of a schema": [SMALL, SCHEMA, r#""properties":{"#], r#""p%":{"$ref":"\/a","type":"object"}"#, "}}}}}" => "";
    Of::Request(Chat), "alternatives of a schema": [SMALL, SCHEMA, r#""anyOf":["#], r#"{"const":"x","format":"date"}"#, "]}}}}" => "";
    Of::Request(Chat), "a schema deep down": [SMALL, SCHEMA, DEEP, r#""enum":["#], "%", concat!("]", deep!("}"), "}}}}") => "gemini anthropic cohere";
    Of::Request(Messages), "text and thinking by turns": [BLOCKS],
        r#"{"type":"text","text":""},{"type":"thinking","thinking":"","signature":"s"}"#, "]}]}" => "openai";
    Of::Request(Messages), "text, thinking and calls by turns": [BLOCKS],
        r#"{"type":"text","text":"x"},{"type":"thinking","thinking":"%","signature":"s"},{"type":"tool_use","id":"c%","name":"f","input":{}}"#,
        "]}]}" => "";
    Of::Request(Messages), "thinking": [BLOCKS], r#"{"type":"thinking","thinking":"%","signature":"s"}"#, "]}]}" => "";
    Of::Request(Messages), "results of tools": [r#"{"model":"a/b","max_tokens":9,"messages":[{"role":"user","content":["#],
        r#"{"type":"tool_result","tool_use_id":"c%","content":[{"type":"text","text":"x"}]}"#, "]}]}" => "";
    Of::Request(Messages), "tools of Messages": [SMALL, r#""max_tokens":9,"tools":["#], r#"{"name":"f%","input_schema":{"type":"object"}}"#, "]}"
        => "";
    Of::Request(Messages), "system blocks": [SMALL, r#""max_tokens":9,"system":["#],
        r#"{"type":"text","text":"%","cache_control":{"type":"ephemeral"}}"#, "]}" => "";
    Of::Request(Messages), "stop sequences": [SMALL, r#""max_tokens":9,"stop_sequences":["#], r#""s%""#, "]}" => "";
    Of::Request(Responses), "items of all kinds": [INPUT],
        r#"{"role":"user","content":"%"},{"type":"reasoning","content":[{"text":"x"}],"encrypted_content":"z"},{"role":"assistant","content":[{"type":"output_text","text":"x"}]},{"type":"function_call","call_id":"c%","name":"f","arguments":"{}"},{"type":"function_call_output","call_id":"c%","output":"x"}"#,
        "]}" => "";
    Of::Request(Responses), "messages of the assistant": [INPUT], r#"{"role":"assistant","content":"%"}"#, "]}" => "";
    Of::Request(Responses), "calls of the assistant": [INPUT], r#"{"type":"function_call","call_id":"c%","name":"f","arguments":"{}"}"#, "]}" => "";
    Of::Request(Responses), "thoughts of the assistant": [INPUT], r#"{"type":"reasoning","summary":[],"encrypted_content":"c%"}"#, "]}" => "";
    Of::Refused(Completions), "prompts": [r#"{"model":"a/b","prompt":["#], r#""p%""#, "]}" => "";
    Of::Request(Completions), "members of a completion": [r#"{"model":"a/b","prompt":"x","#], r#""m%":1"#, "}" => "";
    Of::Request(Embeddings), "inputs": [INPUT], r#""p%""#, "]}" => "";
    Of::Request(Embeddings), "tokens": [INPUT], "1%", "]}" => "";
};
