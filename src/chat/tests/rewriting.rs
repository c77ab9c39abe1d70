//! What becomes of a request for a provider of OpenAI's format.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

pub(super) const OPENAI: Target<'static> = Target {
    model: "gpt-4o-mini",
    openrouter_members: false,
    reasoning_content: false,
    stream_options: true,
    max_tokens: None,
    max_completion_tokens: None,
    supported_parameters: None,
};

fn rewrite(body: &str, target: Target<'_>) -> String {
    String::from_utf8(parse(body).unwrap().rewrite(&target).to_vec()).unwrap()
}

#[test]
fn t06_t23_only_owned_bytes_change() {
    let body = "{ \"temperature\" : 1.0,\n\"model\" : \"openai/gpt-4o-mini\", \"big\": 12345678901234567890,\"messages\":[ {\"role\":\"user\",\"content\":\"\\u00e9 \\/ é\"} ], \"x\": 1e-7 , \"seed\":9007199254740993}";
    assert_eq!(rewrite(body, OPENAI), body.replace("\"openai/gpt-4o-mini\"", "\"gpt-4o-mini\""));
}

#[test]
fn embeddings_are_no_stream_whatever_is_asked() {
    let body = r#"{"stream":true,"model":"a/b","input":"x","stream_options":{"include_usage":true},"dimensions":5}"#;
    let request = Request::parse_embeddings(body.into(), None, 3).unwrap();
    assert!(!request.stream);
    for openrouter_members in [false, true] {
        let sent = request.rewrite(&Target { openrouter_members, ..OPENAI }).to_vec();
        assert_eq!(String::from_utf8(sent).unwrap(), r#"{"model":"gpt-4o-mini","input":"x","dimensions":5}"#);
    }
}

#[test]
fn openrouters_members_do_not_reach_a_provider_that_would_refuse_them() {
    let messages = r#""messages":[{"role":"user","content":"x"}]"#;
    for (sent, expected) in [
        (format!(r#"{{"models":["a/b"],"model":"a/b",{messages}}}"#), format!(r#"{{"model":"gpt-4o-mini",{messages}}}"#)),
        (format!(r#"{{"model":"a/b", "provider":{{}} , {messages}}}"#), format!(r#"{{"model":"gpt-4o-mini", {messages}}}"#)),
        (
            format!(r#"{{"model":"a/b",{messages} , "usage":{{"include":true}}, "route":"fallback" }}"#),
            format!(r#"{{"model":"gpt-4o-mini",{messages} }}"#),
        ),
        (format!(r#"{{"plugins":[],"transforms":[],{messages},"models":["a/b"]}}"#), format!(r#"{{{messages},"model":"gpt-4o-mini"}}"#)),
        (
            format!(r#"{{"model":"a/b","preset":"","a":1,"trace":{{}},{messages},"session_id":"s"}}"#),
            format!(r#"{{"model":"gpt-4o-mini","a":1,{messages}}}"#),
        ),
    ] {
        let rewritten = rewrite(&sent, OPENAI);
        assert_eq!(rewritten, expected);
        serde_json::from_str::<serde_json::Value>(&rewritten).unwrap();
    }
    let openrouter = Target { openrouter_members: true, ..OPENAI };
    assert_eq!(
        rewrite(&format!(r#"{{"model":"a/b","transforms":[],"models":["c/d"],"reasoning":{{"effort":"high"}},{messages}}}"#), openrouter),
        format!(r#"{{"model":"gpt-4o-mini","transforms":[],"reasoning":{{"effort":"high"}},{messages}}}"#)
    );
}

#[test]
fn t13_c1_usage_is_always_asked_of_a_stream_and_of_nothing_else() {
    let with = |options: &str| format!(r#"{{"model":"a/b","messages":[{{"role":"user","content":"x"}}],"stream":true{options}}}"#);
    let told = |options: &str| with(options).replace("a/b", "gpt-4o-mini");
    for (sent, expected) in [
        ("", r#","stream_options":{"include_usage":true}"#),
        (r#","stream_options":null"#, r#","stream_options":{"include_usage":true}"#),
        (r#","stream_options":{}"#, r#","stream_options":{"include_usage":true}"#),
        (r#","stream_options":{"include_usage": false}"#, r#","stream_options":{"include_usage": true}"#),
        (r#","stream_options":{ "x":1}"#, r#","stream_options":{"include_usage":true, "x":1}"#),
    ] {
        assert_eq!(rewrite(&with(sent), OPENAI), told(expected));
    }
    let refuses = Target { stream_options: false, ..OPENAI };
    assert_eq!(rewrite(&with(r#","stream_options":{"include_usage":true}"#), refuses), told(""));
    let plain = r#"{"model":"a/b","messages":[{"role":"user","content":"x"}],"stream_options":{"include_usage":true}}"#;
    assert!(!rewrite(plain, OPENAI).contains("stream_options"), "T13: refused where stream is false");
}

#[test]
fn the_output_limit_gets_the_name_the_provider_wants() {
    let body = |name: &str| format!(r#"{{"model":"gpt-4o-mini","{name}":5,"messages":[{{"role":"user","content":"x"}}]}}"#);
    let wants = |name| Target { max_tokens: Some(name), ..OPENAI };
    assert_eq!(rewrite(&body("max_tokens"), wants(Name::MaxCompletionTokens)), body("max_completion_tokens"));
    assert_eq!(rewrite(&body("max_completion_tokens"), wants(Name::MaxTokens)), body("max_tokens"));
    assert_eq!(rewrite(&body("max_tokens"), OPENAI), body("max_tokens"));
}

#[test]
fn reasoning_effort_becomes_openais_member() {
    let sent = r#"{"model":"a/b","reasoning":{"effort":"low"},"messages":[{"role":"user","content":"x"}]}"#;
    let told =
        |effort: &str| format!(r#"{{"model":"gpt-4o-mini","messages":[{{"role":"user","content":"x"}}],"reasoning_effort":"{effort}"}}"#);
    assert_eq!(rewrite(sent, OPENAI), told("low"));
    assert_eq!(rewrite(&sent.replace(r#""effort":"low""#, r#""enabled":true"#), OPENAI), told("medium"));
}

#[test]
fn a_reasoning_budget_becomes_an_effort_where_there_are_no_budgets() {
    let told = |more: &str, target: Target<'_>| {
        let sent = format!(r#"{{"model":"a/b",{more}"messages":[{{"role":"user","content":"x"}}]}}"#);
        let told: serde_json::Value = serde_json::from_str(&rewrite(&sent, target)).unwrap();
        (told["reasoning_effort"].as_str().map(str::to_owned), told.get("reasoning").is_some())
    };
    let budget = r#""reasoning":{"max_tokens":4000},"#;
    let effort = |effort: &str| (Some(effort.to_owned()), false);
    assert_eq!(told(&format!(r#"{budget}"max_tokens":5000,"#), OPENAI), effort("high"));
    assert_eq!(told(&format!(r#"{budget}"max_completion_tokens":20000,"#), OPENAI), effort("low"));
    assert_eq!(told(budget, Target { max_completion_tokens: Some(8000), ..OPENAI }), effort("medium"));
    assert_eq!(told(budget, OPENAI), effort("medium"));
    assert_eq!(told(r#""reasoning":{"max_tokens":4000,"effort":"minimal"},"#, OPENAI), effort("minimal"));
    assert_eq!(told(r#""reasoning":{"max_tokens":0},"#, OPENAI), (None, false));
    assert_eq!(told(budget, Target { supported_parameters: Some(&["tools".into()]), ..OPENAI }), (None, false));
    assert_eq!(told(budget, Target { openrouter_members: true, ..OPENAI }), (None, true), "OpenRouter knows by itself");
}

#[test]
fn t37_signed_reasoning_and_cache_marks_do_not_reach_a_provider_that_would_refuse_them() {
    let body = r#"{"model":"a/b","messages":[{"role":"user","content":[{"type":"text","text":"x","cache_control":{"type":"ephemeral"}}]},
        {"role":"assistant","content":"y","reasoning":"z","reasoning_details":[{"signature":"s"}],"annotations":[]}],
        "tools":[{"type":"function","function":{"name":"f"},"cache_control":{"type":"ephemeral"}}]}"#;
    let expected = r#"{"model":"gpt-4o-mini","messages":[{"role":"user","content":[{"type":"text","text":"x"}]},
        {"role":"assistant","content":"y","annotations":[]}],
        "tools":[{"type":"function","function":{"name":"f"}}]}"#;
    assert_eq!(rewrite(body, OPENAI), expected);
    let to_openrouter = Target { model: "a/b", openrouter_members: true, ..OPENAI };
    assert_eq!(rewrite(body, to_openrouter), body, "OpenRouter gets all of it");
}

#[test]
fn deepseek_gets_its_thoughts_back_where_there_are_tools_and_nobody_elses() {
    let deepseek = Target { reasoning_content: true, ..OPENAI };
    let unknown = |text: &str| format!(r#"{{"type":"reasoning.text","text":"{text}","format":"unknown","index":0}}"#);
    let signed = r#"{"type":"reasoning.text","text":"z","signature":"s","format":"anthropic-claude-v1"}"#;
    let sealed = r#"{"type":"reasoning.encrypted","data":"z","format":"google-gemini-v1"}"#;
    for (given, expected) in [
        (r#""reasoning":"\u00e9 \"z\"","content":null"#.to_owned(), r#""reasoning_content":"\u00e9 \"z\"","content":null"#),
        (r#""content":null,"reasoning":"z""#.to_owned(), r#""reasoning_content":"z","content":null"#),
        (r#""content":null,"reasoning_content":"z""#.to_owned(), r#""content":null,"reasoning_content":"z""#),
        (r#""content":null,"reasoning_content":null,"reasoning":"z""#.to_owned(), r#""content":null,"reasoning_content":"z""#),
        (
            format!(r#""content":"","reasoning_details":[{},{}]"#, unknown("a\\n"), unknown("b")),
            r#""reasoning_content":"a\nb","content":"""#,
        ),
        (format!(r#""content":"","reasoning":"ab","reasoning_details":[{}]"#, unknown("ab")), r#""reasoning_content":"ab","content":"""#),
        (format!(r#""content":"","reasoning":"z","reasoning_details":[{signed}]"#), r#""reasoning_content":"","content":"""#),
        (format!(r#""content":"","reasoning_details":[{sealed}]"#), r#""reasoning_content":"","content":"""#),
        (r#""content":"y","reasoning":null"#.to_owned(), r#""reasoning_content":"","content":"y""#),
    ] {
        let body = |message: &str, tools: &str, model: &str| {
            format!(
                r#"{{"model":"{model}","messages":[{{"role":"user","content":"x","reasoning_content":7}},{{{message},"role":"assistant"}}]{tools}}}"#
            )
        };
        let tools = r#","tools":[{"type":"function","function":{"name":"f"}}]"#;
        assert_eq!(rewrite(&body(&given, tools, "a/b"), deepseek), body(expected, tools, "gpt-4o-mini"), "{given}");
        let plain = rewrite(&body(&given, "", "a/b"), deepseek);
        assert_eq!(plain, rewrite(&body(&given, "", "a/b"), OPENAI), "without tools it wants none: {given}");
    }
}

#[test]
fn t05_parameters_that_an_endpoint_does_not_heed_are_left_out() {
    let messages = r#""messages":[{"role":"user","content":"x"}]"#;
    let sampling = r#""temperature":1.0,"top_p":0.9,"frequency_penalty":0,"top_k":4"#;
    let body = format!(
        r#"{{"model":"a/b",{sampling},{messages},"max_tokens":9,"seed":7,"tools":[],"reasoning":{{"effort":"low"}},"new":1,"response_format":{{}}}}"#
    );
    let known: [Box<str>; 3] = ["seed".into(), "reasoning".into(), "structured_outputs".into()];
    let thinks = Target { supported_parameters: Some(&known), max_tokens: Some(Name::MaxCompletionTokens), ..OPENAI };
    assert_eq!(
        rewrite(&body, thinks),
        format!(
            r#"{{"model":"gpt-4o-mini",{messages},"max_completion_tokens":9,"seed":7,"tools":[],"new":1,"response_format":{{}},"reasoning_effort":"low"}}"#
        )
    );
    let knows_nothing = Target { supported_parameters: Some(&[]), ..OPENAI };
    assert_eq!(rewrite(&body, knows_nothing), format!(r#"{{"model":"gpt-4o-mini",{messages},"max_tokens":9,"tools":[],"new":1}}"#));
}

#[test]
fn reasoning_that_is_switched_on_or_off_says_how_much_where_there_is_an_effort_alone() {
    let told = |members: &str, known: Option<&[Box<str>]>| {
        let body = format!(r#"{{"model":"a/b",{members},"messages":[{{"role":"user","content":"x"}}]}}"#);
        let told: serde_json::Value = serde_json::from_str(&rewrite(&body, Target { supported_parameters: known, ..OPENAI })).unwrap();
        assert!(told.get("reasoning").is_none(), "{told}");
        told["reasoning_effort"].as_str().map(str::to_owned)
    };
    let listed: [Box<str>; 1] = ["reasoning".into()];
    for (members, effort, effort_of_listed) in [
        (r#""reasoning":{"enabled":true}"#, Some("medium"), Some("medium")),
        (r#""reasoning":{"enabled":true,"effort":"low"}"#, Some("low"), Some("low")),
        (r#""reasoning":{"enabled":false}"#, None, Some("none")),
        (r#""reasoning":{"enabled":false,"effort":"high"}"#, None, Some("none")),
        (r#""reasoning":{"enabled":false},"reasoning_effort":"high""#, None, Some("none")),
        (r#""reasoning_effort":"high","reasoning":{"effort":"low"}"#, Some("low"), Some("low")),
        (r#""reasoning_effort":"high","reasoning":{"exclude":true}"#, Some("high"), Some("high")),
        (r#""reasoning":{"effort":"none"}"#, Some("none"), Some("none")),
        (r#""reasoning":{"exclude":true}"#, None, None),
        (r#""reasoning_effort":"high""#, Some("high"), Some("high")),
    ] {
        assert_eq!(told(members, None).as_deref(), effort, "{members}");
        assert_eq!(told(members, Some(&listed)).as_deref(), effort_of_listed, "{members}, listed");
    }
}

/// A quadratic search would take minutes.
#[test]
fn a_prompt_beside_messages_reaches_nobody_and_one_in_the_place_of_null_is_a_message() {
    let messages = r#""messages":[{"role":"user","content":"x"}]"#;
    assert_eq!(
        rewrite(&format!(r#"{{"model":"a/b",{messages},"prompt":"y"}}"#), OPENAI),
        format!(r#"{{"model":"gpt-4o-mini",{messages}}}"#)
    );
    for body in [r#"{"messages":null,"prompt":"x","model":"a/b"}"#, r#"{"prompt":"x","messages":null,"model":"a/b"}"#] {
        assert_eq!(rewrite(body, OPENAI), format!(r#"{{{messages},"model":"gpt-4o-mini"}}"#));
    }
}

#[test]
fn a_prompt_is_a_message_of_the_user_and_every_other_byte_stays() {
    let body = "{ \"seed\":9007199254740993, \"prompt\" : \"\\u00e9 \\/ é\" ,\n\"model\": \"a/b\", \"x\": 1e-7 }";
    let message = "\"messages\":[{\"role\":\"user\",\"content\":\"\\u00e9 \\/ é\"}]";
    let expected = body.replace("\"prompt\" : \"\\u00e9 \\/ é\"", message).replace("a/b", "gpt-4o-mini");
    assert_eq!(rewrite(body, OPENAI), expected);
    let request = parse(body).unwrap();
    assert_eq!((request.prompt_bytes, request.opening().count()), (12, 2));
    let both = r#"{"model":"a/b","prompt":"x","messages":[{"role":"user","content":"y"}]}"#;
    assert_eq!(parse(both).unwrap().body(), both.as_bytes(), "messages are what is asked");
    for (prompt, expected) in [
        (r#""prompt":null"#, "Input required: specify \"prompt\" or \"messages\""),
        (r#""prompt":["x"]"#, "Invalid `prompt`: expected a string"),
        (r#""prompt":7"#, "Invalid `prompt`: expected a string"),
    ] {
        let refused = parse(&format!(r#"{{"model":"a/b",{prompt}}}"#)).unwrap_err();
        assert_eq!(refused.to_string(), expected);
    }
}

#[test]
fn an_output_limit_may_be_written_as_a_float() {
    let body =
        |name: &str, number: &str| format!(r#"{{"model":"gpt-4o-mini","{name}":{number},"messages":[{{"role":"user","content":"x"}}]}}"#);
    for (written, tokens) in [("100.0", "100"), ("1e2", "100"), ("4096.00", "4096"), ("100", "100")] {
        assert_eq!(parse(&body("max_tokens", written)).unwrap().max_tokens, tokens.parse().ok(), "{written}");
        assert_eq!(rewrite(&body("max_tokens", written), OPENAI), body("max_tokens", tokens), "{written}");
        let renamed = Target { max_tokens: Some(Name::MaxCompletionTokens), ..OPENAI };
        assert_eq!(rewrite(&body("max_tokens", written), renamed), body("max_completion_tokens", tokens), "{written}");
    }
    for written in ["100.5", "0.0", "-1.0", "1e300", "\"100\"", "true"] {
        assert!(parse(&body("max_tokens", written)).is_err(), "{written}");
    }
}
