mod rewriting;

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn parse(body: &str) -> Result<Request, ClientError> {
    Request::parse(body.as_bytes().to_vec(), None, 3)
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
                let rewritten = request.rewrite(&rewriting::OPENAI).to_vec();
                serde_json::from_slice::<serde_json::Value>(&rewritten)
                    .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&rewritten)));
            }
        }
    }
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
