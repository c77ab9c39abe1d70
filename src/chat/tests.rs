use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

const OPENAI: Target<'static> = Target {
    model: "gpt-4o-mini",
    openrouter_members: false,
    reasoning_content: false,
    stream_options: true,
    max_tokens: None,
    max_completion_tokens: None,
    supported_parameters: None,
};

fn parse(body: &str) -> Result<Request, ClientError> {
    Request::parse(body.as_bytes().to_vec(), None, 3)
}

fn rewrite(body: &str, target: Target<'_>) -> String {
    String::from_utf8(parse(body).unwrap().rewrite(&target).to_vec()).unwrap()
}

#[test]
fn reads_what_routing_needs() {
    let request = parse(
        r#"{"model":"a/b","messages":[{"role":"user","content":[{"type":"text","text":"four"},{"type":"image_url","image_url":{"url":"x"}}]},
        {"role":"assistant","content":null,"tool_calls":[]},{"role":"user","content":"five5"}],"stream":true,"tools":[{}],"max_tokens":7,
        "models":["a/b","c/d"],"provider":{"only":["x"]},"response_format":{"type":"json_object"}}"#,
    )
    .unwrap();
    assert_eq!(request.models, ["a/b", "c/d"]);
    assert!(request.stream && request.needs.tools && request.needs.images && request.needs.response_format && !request.needs.audio);
    assert_eq!((request.max_tokens, request.prompt_bytes), (Some(7), 11));
    assert_eq!(request.preferences.only, Some(vec!["x".to_owned()]));
    assert_eq!(request.parameters().collect::<Vec<_>>(), ["tools", "max_tokens", "response_format"]);
}

#[test]
fn a_comma_list_is_several_models() {
    let request = parse(r#"{"model":"a/b, c/d ,","messages":[{"role":"user","content":""}]}"#).unwrap();
    assert_eq!(request.models, ["a/b", "c/d"]);
}

#[test]
fn the_header_stands_in_for_the_provider_member() {
    let body = r#"{"model":"a/b","messages":[{"role":"user","content":""}]"#;
    let read = |body: String| Request::parse(body.into_bytes(), Some(br#" {"only":["header"]} "#), 3).unwrap().preferences.only;
    assert_eq!(read(format!("{body}}}")), Some(vec!["header".to_owned()]));
    assert_eq!(read(format!(r#"{body},"provider":{{"only":["body"]}}}}"#)), Some(vec!["body".to_owned()]));
    let refused = Request::parse(format!("{body}}}").into_bytes(), Some(b"openai"), 3).unwrap_err();
    assert!(matches!(refused, ClientError::ProviderHeader(_)), "{refused}");
}

#[test]
fn t06_t23_only_owned_bytes_change() {
    let body = "{ \"temperature\" : 1.0,\n\"model\" : \"openai/gpt-4o-mini\", \"big\": 12345678901234567890,\"messages\":[ {\"role\":\"user\",\"content\":\"\\u00e9 \\/ é\"} ], \"x\": 1e-7 , \"seed\":9007199254740993}";
    assert_eq!(rewrite(body, OPENAI), body.replace("\"openai/gpt-4o-mini\"", "\"gpt-4o-mini\""));
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
fn what_is_wrong_is_said() {
    let refuse = |body: &str| parse(body).unwrap_err().to_string();
    let ok = r#"[{"role":"user","content":"x"}]"#;
    for (body, message) in [
        ("".to_owned(), "no body"),
        (" ".into(), "no body"),
        ("{".into(), "unexpected end of JSON at byte 1"),
        ("[]".into(), "not a JSON object"),
        ("nonsense".into(), "not a JSON object"),
        ("{}".into(), "Input required"),
        (format!(r#"{{"messages":{ok}}}"#), "No models provided"),
        (format!(r#"{{"model":"","messages":{ok}}}"#), "No models provided"),
        (format!(r#"{{"model":1,"messages":{ok}}}"#), "Invalid `model`: expected a string"),
        (format!(r#"{{"model":"a/b","model":"a/b","messages":{ok}}}"#), "Duplicate member `model`"),
        (format!(r#"{{"model":"a/b","mod\u0065l":"a/b","messages":{ok}}}"#), "Duplicate member `model`"),
        (
            format!(r#"{{"model":"a/b","service_tier":"flex","messages":{ok},"service_tier":"priority"}}"#),
            "Duplicate member `service_tier`",
        ),
        (format!(r#"{{"model":"a/b","n":1,"messages":{ok},"\u006e":8}}"#), "Duplicate member `n`"),
        (format!(r#"{{"model":"a/b","temperature":1,"messages":{ok},"temperature":2}}"#), "Duplicate member `temperature`"),
        (
            format!(r#"{{"model":"a/b","session_id":7,"messages":{ok}}}"#),
            "Invalid `session_id`: expected a string of at most 256 characters",
        ),
        (format!(r#"{{"model":"a/b","session_id":"{}","messages":{ok}}}"#, "é".repeat(257)), "Invalid `session_id`"),
        (format!(r#"{{"model":"a/b","stream":"yes","messages":{ok}}}"#), "Invalid `stream`: expected true or false"),
        (format!(r#"{{"model":"a/b","models":"a/b","messages":{ok}}}"#), "Invalid `models`: expected an array of model ids"),
        (format!(r#"{{"model":"a/b","models":["a","b","c","d"],"messages":{ok}}}"#), "'models' array must have 3 items or fewer."),
        (format!(r#"{{"model":"a,b,c,d,e","messages":{ok}}}"#), "'models' array must have 3 items or fewer."),
        (format!(r#"{{"model":"a/b","route":"x","messages":{ok}}}"#), "Invalid `route`"),
        (format!(r#"{{"model":"a/b","max_tokens":-1,"messages":{ok}}}"#), "Invalid `max_tokens`: expected a whole number of tokens"),
        (format!(r#"{{"model":"a/b","provider":[],"messages":{ok}}}"#), "Invalid `provider`: expected a preferences object"),
        (format!(r#"{{"model":"a/b","messages":{ok}}} x"#), "invalid JSON at byte"),
        (r#"{"model":"a/b","messages":[]}"#.into(), "Input required"),
        (r#"{"model":"a/b","messages":"hi"}"#.into(), "Invalid `messages`: expected an array of messages"),
        (r#"{"model":"a/b","messages":["hi"]}"#.into(), "Invalid `messages[0]`: expected a message object"),
        (
            r#"{"model":"a/b","messages":[{"role":"user","content":"x"},{"role":"robot"}]}"#.into(),
            "Invalid `messages[1].role`: expected one of system",
        ),
        (r#"{"model":"a/b","messages":[{"content":"x"}]}"#.into(), "Invalid `messages[0].role`"),
        (
            r#"{"model":"a/b","messages":[{"role":"user","content":7}]}"#.into(),
            "Invalid `messages[0].content`: expected a string or an array of parts",
        ),
        (format!(r#"{{"model":"a/b","messages":{ok},"x":{}"#, "[".repeat(200)), "nested more than 128 levels"),
    ] {
        assert!(refuse(&body).contains(message), "{body}: {}", refuse(&body));
    }
    assert!(matches!(Request::parse(b"{\"model\":\"\xff\"}".to_vec(), None, 3), Err(ClientError::Json(_))));
}

#[test]
fn a_part_without_what_its_type_says_is_named() {
    let read =
        |part: &str| parse(&format!(r#"{{"model":"a/b","messages":[{{"role":"user","content":[{{"type":"text","text":""}},{part}]}}]}}"#));
    for (part, expected) in [
        (r#"{"type":"text","text":5}"#, "a `text` that is a string"),
        (r#"{"type":"input_text"}"#, "a `text` that is a string"),
        (r#"{"type":"refusal","refusal":null}"#, "a `refusal` that is a string"),
        (r#"{"type":"image_url"}"#, "an `image_url` with a `url`: a URL, or a data: URI"),
        (r#"{"type":"image_url","image_url":{}}"#, "an `image_url` with a `url`"),
        (r#"{"type":"image_url","image_url":{"url":5}}"#, "an `image_url` with a `url`"),
        (r#"{"type":"image_url","image_url":[]}"#, "an `image_url` with a `url`"),
        (r#"{"type":"image_url","file":{"file_data":"x"}}"#, "an `image_url` with a `url`"),
        (r#"{"type":"video_url","video_url":{}}"#, "a `video_url` with a `url`"),
        (r#"{"type":"file"}"#, "a `file` with `file_data`: a data: URI, or a URL"),
        (r#"{"type":"file","file":"data:text/csv,a"}"#, "a `file` with `file_data`"),
        (r#"{"type":"input_audio","input_audio":{"format":"wav"}}"#, "an `input_audio` with `data` (base64) and `format`"),
        (r#"{"type":"input_audio","input_audio":{"data":"AAAA"}}"#, "an `input_audio` with `data` (base64) and `format`"),
    ] {
        let error = read(part).unwrap_err().to_string();
        assert!(error.starts_with(&format!("Invalid `messages[0].content[1]`: expected {expected}")), "{part}: {error}");
    }
    for part in [
        r#"{"text":"x","type":"output_text"}"#,
        r#"{"type":"refusal","refusal":"no"}"#,
        r#"{"type":"image_url","image_url":"https://a.test/x"}"#,
        r#"{"image_url":{"detail":"low","url":"https://a.test/x"},"type":"image_url","video_url":null}"#,
        r#"{"type":"file","file":{"file_id":"file-abc"}}"#,
    ] {
        assert_eq!(read(part).unwrap().needs.unknown_part, None, "{part}");
    }
    for part in [r#"{"type":"image","source":{}}"#, r#"{"type":"input_image"}"#, r#"{"text":"x"}"#] {
        assert_eq!(read(part).unwrap().needs.unknown_part, Some((0, 1)), "{part}");
    }
}

#[test]
fn every_mutilation_of_a_request_is_refused_or_read_but_never_panics() {
    let body = br#"{"model":"a/b","messages":[{"role":"user","content":[{"type":"text","text":"\u00e9"}]}],"stream":true,"stream_options":{"include_usage":false},"max_tokens":3,"provider":{"order":["x"]},"tools":[]}"#;
    for at in 0..body.len() {
        _ = Request::parse(body[..at].to_vec(), None, 3);
        for byte in [0, b'"', b'{', b'}', b'[', b',', b'\\', 0xff, b'9'] {
            let mut mutated = body.to_vec();
            mutated[at] = byte;
            if let Ok(request) = Request::parse(mutated, None, 3) {
                let rewritten = request.rewrite(&OPENAI).to_vec();
                serde_json::from_slice::<serde_json::Value>(&rewritten)
                    .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&rewritten)));
            }
        }
    }
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
fn odd_values_are_told_before_anybody_is_asked() {
    let refusal = |member: &str| {
        let body = format!(r#"{{"model":"a/b","messages":[{{"role":"user","content":"x"}}],{member}}}"#);
        Request::parse(body.into_bytes(), None, 3).err().map(|error| error.to_string())
    };
    for (member, name) in [
        (r#""reasoning":"high""#, "reasoning"),
        (r#""reasoning":[]"#, "reasoning"),
        (r#""tool_choice":"sometimes""#, "tool_choice"),
        (r#""tool_choice":7"#, "tool_choice"),
        (r#""max_tokens":0"#, "max_tokens"),
        (r#""max_completion_tokens":-1"#, "max_completion_tokens"),
        (r#""max_tokens":1.5"#, "max_tokens"),
    ] {
        assert!(refusal(member).is_some_and(|told| told.starts_with(&format!("Invalid `{name}`"))), "{member}: {:?}", refusal(member));
    }
    for member in [
        r#""reasoning":null,"tool_choice":null,"max_tokens":null"#,
        r#""reasoning":{"effort":"high"},"tool_choice":"required","max_tokens":1"#,
        r#""tool_choice":{"type":"function","function":{"name":"f"}}"#,
        r#""tool_choice":"any""#,
    ] {
        assert_eq!(refusal(member), None, "{member}");
    }
}

#[test]
fn an_image_is_at_a_url_or_is_bytes() {
    let is_taken = |url: &str| {
        let body =
            format!(r#"{{"model":"a/b","messages":[{{"role":"user","content":[{{"type":"image_url","image_url":{{"url":"{url}"}}}}]}}]}}"#);
        Request::parse(body.into_bytes(), None, 3).is_ok()
    };
    for url in ["https://a.test/x.png", r"https:\/\/a.test", "data:image/png;base64,iVBO", "gs://b/x", "iVBORw0KGgo+/w=="] {
        assert!(is_taken(url), "{url}");
    }
    for url in ["", "not a url", "x.png", "/tmp/x", "www.a.test/x.png"] {
        assert!(!is_taken(url), "{url}");
    }
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
fn a_body_of_many_members_is_read_in_the_time_of_its_length() {
    let many: String = (0..200_000).map(|n| format!("\"k{n}\":{n},")).collect();
    let read = |more: &str| {
        Request::parse(
            format!("{{{many}{more}\"model\":\"a/b\",\"messages\":[{{\"role\":\"user\",\"content\":\"x\"}}]}}").into_bytes(),
            None,
            3,
        )
    };
    assert!(read("").is_ok());
    assert!(read("\"k7\":1,").unwrap_err().to_string().contains("Duplicate member `k7`"));
}

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
