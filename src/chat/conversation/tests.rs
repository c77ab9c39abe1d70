use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn request(members: &str) -> Request {
    Request::parse(format!(r#"{{"model":"a/b",{members}}}"#).into_bytes(), None, 3).unwrap()
}

fn messages(messages: &str) -> Request {
    request(&format!(r#""messages":{messages}"#))
}

fn with(members: &str) -> Request {
    request(&format!(r#"{members},"messages":[{{"role":"user","content":"x"}}]"#))
}

#[test]
fn t02_t03_t04_every_role_and_every_content() {
    let request = messages(
        r#"[{"role":"system","content":"a\n"},{"role":"developer","content":[{"type":"text","text":"b","cache_control":{"type":"ephemeral"}}]},
        {"role":"user","name":"Ann","content":[{"type":"image_url","image_url":{"url":"data:image\/png;base64,AAAA"}},{"type":"file","file":{"filename":"f.pdf","file_data":"https://x/f.pdf"}},
          {"type":"input_audio","input_audio":{"data":"BBBB","format":"wav"}}]},
        {"role":"assistant","content":null,"refusal":"no"},{"role":"function","name":"f","content":"7"}]"#,
    );
    let conversation = request.conversation().unwrap();
    let roles: Vec<_> = conversation.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::System, Role::Developer, Role::User, Role::Assistant, Role::Tool]);
    assert!(matches!(conversation.messages[0].content[0].content, Content::Text(text) if text.raw == b"a\\n"));
    assert_eq!(conversation.messages[1].content[0].cache_control, Some(&br#"{"type":"ephemeral"}"#[..]));
    let user = &conversation.messages[2];
    assert!(user.name.is_some_and(|name| name.is("Ann")));
    assert_eq!(user.content.len(), 3);
    assert!(
        matches!(&user.content[0].content, Content::Image(Source::Inline { media_type, data }) if media_type == "image/png" && data == "AAAA")
    );
    assert!(
        matches!(&user.content[1].content, Content::File { source: Some(Source::Url(url)), name: Some(_) } if url == "https://x/f.pdf")
    );
    assert!(matches!(&user.content[2].content, Content::Audio { data, format } if data.is("BBBB") && format.is("wav")));
    assert!(matches!(conversation.messages[3].content[0].content, Content::Text(text) if text.is("no")));
    assert!(conversation.messages[4].tool_call_id.is_some_and(|id| id.is("f")));
}

#[test]
fn a_part_that_nobody_knows_is_not_left_out_in_silence() {
    for part in [r#"{"type":"hologram","hologram":{}}"#, r#"{"type":"text","text":"a","type":"image"}"#, "{}"] {
        let request = messages(&format!(r#"[{{"role":"user","content":[{{"type":"text","text":"x"}},{part}]}}]"#));
        let error = request.conversation().unwrap_err().to_string();
        assert!(error.starts_with("Invalid `messages[0].content[1]`: expected text, image_url"), "{error}");
    }
}

#[test]
fn t30_arguments_are_an_object_in_a_string() {
    let call = |arguments: &str| {
        messages(&format!(
            r#"[{{"role":"user","content":"x"}},{{"role":"assistant","tool_calls":[{{"id":"1","type":"function","function":{{"name":"f","arguments":{arguments}}}}}]}}]"#
        ))
    };
    let input = |arguments: &str| {
        let request = call(arguments);
        let conversation = request.conversation().unwrap();
        conversation.messages[1].tool_calls[0].input().map(<[u8]>::to_vec).map_err(|error| error.to_string())
    };
    assert_eq!(input(r#""""#).unwrap(), b"{}");
    assert_eq!(input("null").unwrap(), b"{}");
    assert_eq!(input(r#"" {\"a\": \"\\u00e9\"} ""#).unwrap(), br#"{"a": "\u00e9"}"#);
    assert_eq!(input(r#"{"a":1}"#).unwrap(), br#"{"a":1}"#);
    for wrong in [r#""{""#, r#""[]""#, r#""{} {}""#, "7"] {
        assert_eq!(
            input(wrong).unwrap_err(),
            "Invalid `messages[1].tool_calls[0].function.arguments`: expected a JSON object, as a string",
            "{wrong}"
        );
    }
    let nameless = messages(r#"[{"role":"assistant","tool_calls":[{"id":"1"}]}]"#);
    assert!(nameless.conversation().unwrap_err().to_string().starts_with("Invalid `messages[0].tool_calls[0]`"));
}

#[test]
fn t07_tools_in_both_forms_and_choices() {
    let request = with(
        r#""tools":[{"type":"function","function":{"name":"a"},"cache_control":{}},{"type":"function","name":"b","parameters":{"x":1.0},"strict":true},{"type":"web_search"}]"#,
    );
    let conversation = request.conversation().unwrap();
    let names: Vec<_> = conversation.tools.iter().map(|tool| tool.name.raw).collect();
    assert_eq!(names, [b"a", b"b"]);
    assert_eq!((conversation.tools[0].parameters, conversation.tools[0].cache_control), (None, Some(&b"{}"[..])));
    assert_eq!((conversation.tools[1].parameters, conversation.tools[1].strict), (Some(&br#"{"x":1.0}"#[..]), Some(true)));
    for (choice, expected) in [
        (r#""auto""#, Some(ToolChoice::Auto)),
        (r#""required""#, Some(ToolChoice::Required)),
        (r#"{"type":"none"}"#, Some(ToolChoice::None)),
        (
            r#"{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","name":"a"}]}}"#,
            Some(ToolChoice::Required),
        ),
        ("null", None),
    ] {
        assert_eq!(with(&format!(r#""tool_choice":{choice}"#)).conversation().unwrap().parameters.tool_choice, expected, "{choice}");
    }
    let request = with(r#""tool_choice":{"type":"function","function":{"name":"a"}}"#);
    assert!(matches!(request.conversation().unwrap().parameters.tool_choice, Some(ToolChoice::Function(name)) if name.is("a")));
}

#[test]
fn t06_t23_parameters_stay_as_they_were_written() {
    let request = with(
        r#""temperature":1.0,"seed":9007199254740993,"top_p":null,"stop":"\n","user":"u","x_y":[1],"response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"z":1,"a":2},"strict":true}}"#,
    );
    let parameters = request.conversation().unwrap().parameters;
    assert_eq!((parameters.temperature, parameters.seed, parameters.top_p), (Some(&b"1.0"[..]), Some(&b"9007199254740993"[..]), None));
    assert_eq!(parameters.stop.iter().map(|stop| stop.raw).collect::<Vec<_>>(), [b"\\n"]);
    assert!(parameters.user.is_some_and(|user| user.is("u")));
    assert!(matches!(parameters.others[..], [(name, b"[1]")] if name.is("x_y")));
    assert!(matches!(parameters.response_format, Some(ResponseFormat::JsonSchema { schema: br#"{"z":1,"a":2}"#, strict: true, .. })));
    for (member, expected) in [
        (r#""temperature":"hot""#, "Invalid `temperature`: expected a number"),
        (r#""stop":7"#, "Invalid `stop`: expected a string or an array of strings"),
        (r#""stop":[7]"#, "Invalid `stop`: expected a string or an array of strings"),
        (r#""response_format":{"type":"json_schema"}"#, "Invalid `response_format.json_schema.schema`: expected a JSON schema"),
    ] {
        assert_eq!(with(member).conversation().unwrap_err().to_string(), expected);
    }
}

#[test]
fn reasoning_is_measured_as_openrouter_does() {
    let reasoning = |members: &str| with(members).reasoning();
    assert_eq!(reasoning(r#""a":1"#).is_wanted(), None);
    assert_eq!(reasoning(r#""a":1"#).budget(10_000), None);
    for (members, budget) in [
        (r#""reasoning":{"effort":"xhigh"}"#, 9_500),
        (r#""reasoning":{"effort":"high"}"#, 8_000),
        (r#""reasoning_effort":"medium""#, 5_000),
        (r#""reasoning":{"effort":"low"},"reasoning_effort":"high""#, 2_000),
        (r#""reasoning_effort":"high","reasoning":{"effort":"low"}"#, 2_000),
        (r#""reasoning":{"effort":"minimal"}"#, 1_024),
        (r#""reasoning":{"enabled":true}"#, 5_000),
        (r#""reasoning":{"max_tokens":3000}"#, 3_000),
        (r#""reasoning":{"max_tokens":1}"#, 1_024),
    ] {
        assert_eq!(reasoning(members).budget(10_000), Some(budget), "{members}");
    }
    assert_eq!(reasoning(r#""reasoning":{"effort":"high"}"#).budget(1 << 40), Some(128_000));
    for members in
        [r#""reasoning":{"effort":"none"}"#, r#""reasoning":{"enabled":false,"effort":"high"}"#, r#""reasoning":{"max_tokens":0}"#]
    {
        assert_eq!((reasoning(members).is_wanted(), reasoning(members).budget(10_000)), (Some(false), None), "{members}");
    }
    assert!(reasoning(r#""reasoning":{"exclude":true}"#).exclude && reasoning(r#""include_reasoning":false"#).exclude);
}

#[test]
fn a_budget_is_the_effort_with_the_nearest_share() {
    let effort = |members: &str, limit| with(members).reasoning().effort_within(limit).map(Effort::as_str);
    for (tokens, within, without) in [
        (1, "low", "low"),
        (1024, "low", "low"),
        (3500, "low", "medium"),
        (3501, "medium", "medium"),
        (6500, "medium", "medium"),
        (6501, "high", "medium"),
        (8193, "high", "high"),
        (1_u64 << 60, "high", "high"),
    ] {
        let said = format!(r#""reasoning":{{"max_tokens":{tokens}}}"#);
        assert_eq!((effort(&said, Some(10_000)), effort(&said, None)), (Some(within), Some(without)), "{tokens}");
    }
    assert_eq!(effort(r#""reasoning":{"effort":"minimal","max_tokens":9000}"#, Some(10_000)), Some("minimal"));
    assert_eq!(effort(r#""reasoning":{"enabled":true}"#, Some(10_000)), Some("medium"), "OpenRouter's default");
    for none in [r#""a":1"#, r#""reasoning":{}"#, r#""reasoning":{"enabled":false,"max_tokens":9}"#, r#""reasoning":{"max_tokens":0}"#] {
        assert_eq!(effort(none, Some(10_000)), None, "{none}");
    }
}

#[test]
fn t37_reasoning_goes_back_to_whom_it_came_from_and_in_whole_blocks() {
    let request = messages(
        r#"[{"role":"assistant","content":"x","reasoning_details":[
        {"type":"reasoning.text","text":"a","format":"own","index":0},{"type":"reasoning.text","text":"\n","format":"own","index":0},
        {"type":"reasoning.text","signature":"s","format":"own","index":0},{"type":"reasoning.encrypted","data":"d","format":"own","index":1},
        {"type":"reasoning.text","text":"b","signature":"t","format":"own","index":2},{"type":"reasoning.text","text":"c","format":"other","index":2}, null]}]"#,
    );
    let conversation = request.conversation().unwrap();
    let blocks = conversation.messages[0].signed_reasoning("own");
    let [SignedReasoning::Text { text, signature }, SignedReasoning::Encrypted(data), SignedReasoning::Text { text: last, .. }] =
        &blocks[..]
    else {
        panic!("{blocks:?}")
    };
    assert_eq!((&**text, signature.map(|s| s.raw), data.raw, &**last), (&b"a\\n"[..], Some(&b"s"[..]), &b"d"[..], &b"b"[..]));
    assert_eq!(conversation.messages[0].signed_reasoning("third"), []);
}

#[test]
fn reasoning_whose_format_a_client_repeated_or_lost_goes_back_all_the_same() {
    for format in [r#","format":"anthropic-claude-v1anthropic-claude-v1anthropic-claude-v1""#, r#","format":null"#, ""] {
        let detail = format!(r#"{{"type":"reasoning.text","text":"ab","signature":"s","index":0{format}}}"#);
        let request = messages(&format!(r#"[{{"role":"assistant","content":"x","reasoning_details":[{detail}]}}]"#));
        let conversation = request.conversation().unwrap();
        let blocks = conversation.messages[0].signed_reasoning("anthropic-claude-v1");
        let [SignedReasoning::Text { text, signature }] = &blocks[..] else { panic!("{blocks:?}") };
        assert_eq!((&**text, signature.map(|s| s.raw)), (&b"ab"[..], Some(&b"s"[..])), "{format}");
        assert_eq!(conversation.messages[0].signed_reasoning("google-gemini-v1"), []);
    }
}
