//! What providers can send any number of.

use super::{Construct, Of};

const CHOICE: &str = r#"{"id":"x","choices":[{"index":0,"finish_reason":"stop","message":{"content":"x","#;
const CONTENT: &str = r#"{"id":"x","choices":[{"index":0,"finish_reason":"stop","message":{"content":""#;
const LOGPROBS: &str = r#"{"id":"x","choices":[{"index":0,"finish_reason":"stop","message":{"content":"x"},"logprobs":{"content":["#;
const SPOKEN: &str = r#"{"candidates":[{"index":0,"finishReason":"STOP","content":{"parts":[{"text":""#;
const SAID: &str = r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"x"}}]}"#;
const END: &str = "{\"choices\":[{\"index\":0,\"delta\":{},\"finish_reason\":\"stop\"}]}\n[DONE]";
const DELTA: &str = r#"{"choices":[{"index":0,"delta":{"tool_calls":["#;
const STARTED: &str = r#"{"type":"message_start","message":{"id":"x"}}"#;

pub(crate) const CONSTRUCTS: &[Construct] = table! {
    Of::Answer("openai"), "choices": [r#"{"id":"x","choices":["#], r#"{"index":%,"message":{"content":"x"},"finish_reason":"stop"}"#, "]}" => "";
    Of::Answer("openai"), "choices whose index comes last": [r#"{"id":"x","choices":["#],
        r#"{"message":{"content":"x"},"finish_reason":"stop","index":%}"#, "]}" => "";
    Of::Answer("openai"), "choices to heal": [r#"{"id":"x","choices":["#],
        r#"{"index":%,"message":{"content":"{a:\"b\""},"finish_reason":"stop"}"#, "]}" => "healed";
    Of::Answer("openai"), "calls": [CHOICE, r#""tool_calls":["#], r#"{"id":"c%","function":{"name":"f","arguments":"{}"}}"#, "]}}]}"
        => "";
    Of::Answer("openai"), "calls without an end": [CHOICE, r#""tool_calls":["#], r#"{"id":"c%","function":{"name":"f","arguments":"{"}}"#, "]}}]}"
        => "messages";
    Of::Answer("openai"), "annotations": [CHOICE, r#""annotations":["#], r#"{"type":"url_citation","url_citation":{"url":"u%"}}"#, "]}}]}"
        => "";
    Of::Answer("openai"), "images": [CHOICE, r#""images":["#], r#"{"type":"image_url","image_url":{"url":"data:,%"}}"#, "]}}]}" => "";
    Of::Answer("openai"), "details": [CHOICE, r#""reasoning_details":["#], r#"{"type":"reasoning.text","text":"x","index":%}"#, "]}}]}"
        => "";
    Of::Answer("openai"), "logprobs": [LOGPROBS], r#"{"token":"t%","logprob":0,"top_logprobs":[]}"#, "]}}]}" => "";
    Of::Answer("openai"), "top_logprobs": [LOGPROBS, r#"{"token":"t","logprob":0,"top_logprobs":["#], r#"{"token":"t%","logprob":0}"#, "]}]}}]}"
        => "completions";
    Of::Answer("openai"), "brackets": [CONTENT], "[ ", r#""}}]}"# => "";
    Of::Answer("openai"), "brackets around a long number": [CONTENT, "[[[[[[[["], "7777777", r#"x"}}]}"# => "";
    Of::Answer("openai"), "references": [CONTENT], "lorem", r#" "#, "[1] ", r#""}}]}"# => "";
    Of::Answer("openai"), "references behind a long word": [CONTENT], "lorem", "", "[1] ", r#""}}]}"# => "healed";
    Of::Answer("openai"), "objects": [CONTENT], "{a:1} ", r#""}}]}"# => "";
    Of::Answer("openai"), "quotes": [CONTENT, "{a:"], r"\u0022 ", r#""}}]}"# => "";
    Of::Answer("openai"), "members to heal": [CONTENT, "{"], "a%:'bab'   , ", r#""}}]}"# => "";
    Of::Answer("openai"), "items to heal": [CONTENT, "["], "% , ", r#""}}]}"# => "";
    Of::Answer("openai"), "reasons of an error": [r#"{"error":{"message":"x","details":["#], r#"{"reason":"%"}"#, "]}}" => "";
    Of::Answer("anthropic"), "blocks of all kinds": [r#"{"id":"x","stop_reason":"end_turn","content":["#],
        r#"{"type":"text","text":"%"},{"type":"thinking","thinking":"x"},{"type":"tool_use","id":"c%","name":"f","input":{}}"#, "]}" => "";
    Of::Answer("gemini"), "parts of all kinds": [SPOKEN, r#""},"#],
        r#"{"text":"%"},{"text":"x","thought":true},{"functionCall":{"name":"f","args":{}},"thoughtSignature":"s"}"#, "]}}]}" => "";
    Of::Answer("gemini"), "supports": [SPOKEN], "lorem", r#""}]},"groundingMetadata":{"groundingChunks":[{"web":{"uri":"u"}}],"groundingSupports":["#,
        r#"{"segment":{"startIndex":90,"endIndex":1%},"groundingChunkIndices":[0]}"#, "]}}]}" => "read";
    Of::Answer("gemini"), "one page again and again": [SPOKEN, r#""}]},"groundingMetadata":{"groundingChunks":[{"web":{"uri":""#], "lorem",
        r#""}}],"groundingSupports":[{"segment":{},"groundingChunkIndices":["#, "0", "]}]}}]}" => "messages";
    Of::Answer("gemini"), "candidates": [SPOKEN, r#""}]}},"#], r#"{"index":%,"content":{"parts":[{"text":"x"}]}}"#, "]}" => "";
    Of::Answer("bedrock"), "blocks of Bedrock": [r#"{"stopReason":"end_turn","output":{"message":{"content":["#],
        r#"{"text":"%"},{"toolUse":{"toolUseId":"c%","name":"f","input":{}}}"#, "]}}}" => "";
    Of::Answer("cohere"), "calls of Cohere": [r#"{"id":"x","finish_reason":"COMPLETE","message":{"tool_calls":["#],
        r#"{"id":"c%","function":{"name":"f","arguments":"{}"}}"#, "]}}" => "";
    Of::Answer("cohere"), "sources": [r#"{"id":"x","finish_reason":"COMPLETE","message":{"citations":[{"text":""#], "lorem", r#"","sources":["#,
        r#"{"document":{"url":"u%"}}"#, "]}]}}" => "read";
    Of::Events("openai"), "chunks": [SAID], r#"{"choices":[{"index":0,"delta":{"content":"%"}}]}"#, END => "";
    Of::Events("openai"), "chunks of other shapes": [SAID], r#"{"choices":[{"delta":{"content":"%"},"x%":1}]}"#, END => "";
    Of::Events("openai"), "comments": [SAID], ": %", END => "";
    Of::Events("openai"), "usage again and again": [SAID], r#"{"choices":[{"index":0,"delta":{"content":"%"}}],"usage":{"prompt_tokens":%}}"#, END
        => "";
    Of::Events("openai"), "ends again and again": [SAID],
        r#"{"choices":[{"index":0,"delta":{"content":"%"},"finish_reason":"stop","stop_sequence":"x"}]}"#, END => "";
    Of::Events("openai"), "calls in turn": [SAID],
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":%,"id":"c","function":{"name":"f","arguments":"{}"}}]}}]}"#, END
        => "";
    Of::Events("openai"), "calls that stay open": [SAID],
        r#"{"choices":[{"index":0,"delta":{"tool_calls":[{"index":%,"id":"c","function":{"name":"f","arguments":"{"}}]}}]}"#, END
        => "responses";
    Of::Events("openai"), "logprobs of a stream": [SAID],
        r#"{"choices":[{"index":0,"delta":{"content":"%"},"logprobs":{"content":[{"token":"t","logprob":0,"top_logprobs":[]}]}}]}"#, END
        => "";
    Of::Events("openai"), "annotations of a stream": [SAID],
        r#"{"choices":[{"index":0,"delta":{"annotations":[{"type":"url_citation","url_citation":{"url":"%"}}]}}]}"#, END => "";
    Of::Event("openai"), "calls of one event": [DELTA], r#"{"index":%,"id":"c","function":{"name":"f","arguments":"{"}}"#, "]}}]}"
        => "";
    Of::Event("openai"), "choices of one event": [r#"{"choices":["#], r#"{"index":%,"delta":{"content":"x"}}"#, "]}" => "";
    Of::Bytes("openai"), "one event in many reads": [r#"{"choices":[{"index":0,"delta":{"content":""#], "lorem", r#""}}]}"# => "read";
    Of::Events("anthropic"), "calls of a stream": [STARTED],
        r#"{"type":"content_block_start","content_block":{"type":"tool_use","id":"c%","name":"f","input":{}}}"#,
        "{\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\"}}\n{\"type\":\"message_stop\"}" => "";
    Of::Events("anthropic"), "ends of a stream": [STARTED],
        r#"{"type":"message_delta","delta":{"stop_reason":"stop_sequence","stop_sequence":"\u0078"}}"#, r#"{"type":"message_stop"}"# => "messages";
    Of::Events("gemini"), "calls of Gemini in turn": [""],
        r#"{"candidates":[{"content":{"parts":[{"text":"%"},{"functionCall":{"name":"f%","args":{}}}]}}]}"#,
        r#"{"candidates":[{"finishReason":"STOP"}]}"# => "";
    Of::Large("gemini"), "data without an image": [r#"{"candidates":[{"content":{"parts":[{"inlineData":{}},"#], r#"{"data":"","mimeType":"x"}"#,
        r#",{"text":"x"}]},"finishReason":"STOP"}]}"# => "read";
    Of::Events("cohere"), "calls of Cohere in turn": [""],
        r#"{"type":"tool-call-start","index":%,"delta":{"message":{"tool_calls":{"id":"c","function":{"name":"f","arguments":""}}}}}"#,
        r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"# => "";
    Of::Events("cohere"), "arguments of Cohere by turns": [r#"{"type":"tool-call-start","index":0,"delta":{"message":{"tool_calls":{"id":"c"}}}}"#],
        r#"{"type":"tool-call-start","index":1,"delta":{"message":{"tool_calls":{}}}}"#, "",
        r#"{"type":"tool-call-delta","index":0,"delta":{"message":{"tool_calls":{"function":{"arguments":"x"}}}}}"#,
        r#"{"type":"message-end","delta":{"finish_reason":"COMPLETE"}}"# => "read";
};
