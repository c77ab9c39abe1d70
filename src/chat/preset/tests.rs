#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;
use crate::chat::Request;
use crate::json::Text;

const COPYWRITER: &str = r#"{"model":"a/b","temperature":0.7,"provider":{"sort":"price"},"models":["c/d"]}"#;

fn presets() -> Presets {
    let prompt = Text::plain(br#"Write \"well\"."#);
    let mut presets = Presets::default();
    presets.add(Preset::new("copywriter", Some(prompt), COPYWRITER.as_bytes()));
    presets.add(Preset::new("mute", None, br#"{"max_tokens":5,"reasoning":{"effort":"low"},"stop":["\u0021"],"xyz":1}"#));
    presets.add(Preset::new("armed", None, TOOLS.as_bytes()));
    presets.add(Preset::new("empty", None, br#"{"tools":null,"model":null}"#));
    presets.add(Preset::new("twice", None, br#"{"n":2}"#));
    presets
}

const TOOLS: &str = r#"{"model":"a/b","tools":[
    {"type":"function","function":{"name":"f","description":"preset's"}},
    {"type":"openrouter:subagent","parameters":{"name":"one"}},
    {"type":"openrouter:web_search"}, {"type":"function","function":{"name":"g"}}]}"#;

fn parse(api: Api, body: &str) -> Result<Request, ClientError> {
    Request::parse_as(api, body.as_bytes().to_vec(), None, 3, &presets())
}

fn merged(body: &str) -> String {
    String::from_utf8(parse(Api::Chat, body).unwrap().body().to_vec()).unwrap()
}

fn refused(body: &str) -> String {
    parse(Api::Chat, body).unwrap_err().to_string()
}

#[test]
fn a_preset_is_named_in_three_ways() {
    let said = r#""messages":[{"role":"user","content":"x"}]"#;
    let heard = r#""messages":[{"role":"system","content":"Write \"well\"."},{"role":"user","content":"x"}]"#;
    let rest = r#""temperature":0.7,"provider":{"sort":"price"},"models":["c/d"]"#;
    for (body, expected) in [
        (format!(r#"{{"model":"@preset/copywriter",{said}}}"#), format!(r#"{{"model":"a/b",{heard},{rest}}}"#)),
        (format!(r#"{{"model":"e/f@preset/copywriter",{said}}}"#), format!(r#"{{"model":"e/f",{heard},{rest}}}"#)),
        (format!(r#"{{"model":"e/f","preset":"copywriter",{said}}}"#), format!(r#"{{"model":"e/f","preset":null,{heard},{rest}}}"#)),
        (format!(r#"{{{said},"preset":"copywriter"}}"#), format!(r#"{{{heard},"preset":null,"model":"a/b",{rest}}}"#)),
        (format!(r#"{{"preset":"copywriter","model":null, {said}}}"#), format!(r#"{{"preset":null,"model":"a/b", {heard},{rest}}}"#)),
        (
            format!(r#"{{"model":"@preset/copywriter","preset":"copywriter",{said} }}"#),
            format!(r#"{{"model":"a/b","preset":null,{heard},{rest} }}"#),
        ),
    ] {
        assert_eq!(merged(&body), expected, "{body}");
    }
    let request = parse(Api::Chat, &format!(r#"{{"model":"@preset/copywriter",{said}}}"#)).unwrap();
    assert_eq!(request.models, ["a/b", "c/d"]);
    assert!(request.preferences.sort.is_some());
}

#[test]
fn what_the_request_says_wins_member_by_member() {
    let said = r#""messages":[{"role":"developer","content":"own"},{"role":"user","content":"x"}]"#;
    assert_eq!(
        merged(&format!(r#"{{"temperature" : 1e0,"model":"@preset/copywriter",{said},"provider":{{}},"top_p":1}}"#)),
        format!(r#"{{"temperature" : 1e0,"model":"a/b",{said},"provider":{{}},"top_p":1,"models":["c/d"]}}"#),
        "its own system prompt, too"
    );
    assert_eq!(
        merged(&format!(r#"{{"model":"a/b@preset/mute",{said},"max_completion_tokens":9,"reasoning_effort":"high","stop":null}}"#)),
        format!(r#"{{"model":"a/b",{said},"max_completion_tokens":9,"reasoning_effort":"high","stop":["\u0021"],"xyz":1}}"#),
        "by another name, too, and null says nothing"
    );
    assert!(
        merged(&format!(r#"{{"model":"a/b@preset/mute",{said},"xyz":2}}"#))
            .ends_with(r#""xyz":2,"max_tokens":5,"reasoning":{"effort":"low"},"stop":["\u0021"]}"#)
    );
    assert_eq!(merged(&format!(r#"{{"model":"a/b@preset/empty",{said}}}"#)), format!(r#"{{"model":"a/b",{said}}}"#));
    let armed = format!(r#"{{"model":"a/b@preset/empty",{said},"tools":[{{}}]}}"#);
    assert_eq!(merged(&armed), armed.replace("@preset/empty", ""));
    assert_eq!(
        refused(&format!(r#"{{"model":"@preset/empty",{said}}}"#)),
        "Invalid `model`: expected a model, as preset \"empty\" names none: add `model` to the preset, or ask for author/slug@preset/empty"
    );
}

#[test]
fn tools_are_united_and_the_requests_stand_in_the_place_of_their_namesakes() {
    let body = r#"{"model":"@preset/armed","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"new"}},
        {"parameters":{"name":"one","model":"c/d"},"type":"openrouter:subagent"}, {"type":"openrouter:subagent","parameters":{"name":"two"}},
        {"type":"openrouter:web_search","parameters":{"name":"not its name"}}, {"function":{"name":"f"},"type":"function"}, 7]}"#;
    let expected = [
        r#"[{"function":{"name":"f"},"type":"function"}"#,
        r#"{"parameters":{"name":"one","model":"c/d"},"type":"openrouter:subagent"}"#,
        r#"{"type":"openrouter:web_search","parameters":{"name":"not its name"}}"#,
        r#"{"type":"function","function":{"name":"g"}}"#,
        r#"{"type":"function","function":{"name":"new"}}"#,
        r#"{"type":"openrouter:subagent","parameters":{"name":"two"}}"#,
        "7]",
    ]
    .join(",");
    assert!(merged(body).contains(&expected), "{}", merged(body));
    let alone = merged(r#"{"model":"@preset/armed","messages":[{"role":"user","content":"x"}],"tools":[]}"#);
    assert_eq!(alone.matches("\"type\"").count(), 4, "{alone}");
}

#[test]
fn a_prompt_is_what_the_user_says_behind_the_system_prompt() {
    assert_eq!(
        merged(r#"{"model":"a/b@preset/copywriter","prompt":"x","models":[]}"#),
        r#"{"model":"a/b","messages":[{"role":"system","content":"Write \"well\"."},{"role":"user","content":"x"}],"models":[],"temperature":0.7,"provider":{"sort":"price"}}"#
    );
}

#[test]
fn a_preset_that_cannot_be_meant_is_refused() {
    let said = r#""messages":[{"role":"user","content":"x"}]"#;
    assert_eq!(
        refused(&format!(r#"{{"model":"a/b","preset":"no\nne",{said}}}"#)),
        "There is no preset \"no\\nne\" here: presets stand in the gateway's configuration, under `presets`"
    );
    assert_eq!(
        refused(&format!(r#"{{"model":"@preset/mute","preset":"empty",{said}}}"#)),
        "Invalid `preset`: expected the preset that `model` names, or none"
    );
    assert_eq!(refused(&format!(r#"{{"model":"a/b","preset":7,{said}}}"#)), "Invalid `preset`: expected a string, the slug of a preset");
    assert!(refused(&format!(r#"{{"preset":"mute","preset":"mute",{said}}}"#)).starts_with("Duplicate member `preset`"));
    let embeddings = parse(Api::Embeddings, r#"{"model":"a/b","preset":"mute","input":"x"}"#).unwrap_err().to_string();
    assert_eq!(embeddings, "Invalid `preset`: expected none: presets are for completions");
    // A rule may serve the name of a model that is none.
    let unknown = parse(Api::Chat, &format!(r#"{{"model":"@preset/none","preset":"",{said}}}"#)).unwrap();
    assert_eq!(unknown.models, ["@preset/none"]);
}

#[test]
fn a_preset_is_none_of_several_models() {
    let said = r#""messages":[{"role":"user","content":"x"}]"#;
    for list in ["@preset/mute,a/b", "a/b, @preset/mute", "a/b,c/d@preset/mute", "c/d@preset/mute,a/b"] {
        let message = refused(&format!(r#"{{"model":"{list}",{said}}}"#));
        assert_eq!(message, "Invalid `model`: expected one model, or ids of models: ask for preset \"mute\" by `preset`", "{list}");
    }
    for models in [r#"["@preset/mute"]"#, r#"["a/b","c/d@preset/mute"]"#] {
        let message = refused(&format!(r#"{{"model":"a/b","models":{models},{said}}}"#));
        assert_eq!(message, "Invalid `models`: expected ids of models: ask for preset \"mute\" by `preset`, or by `model`", "{models}");
    }
    let by_member = parse(Api::Chat, &format!(r#"{{"model":"a/b,c/d","preset":"mute",{said}}}"#)).unwrap();
    assert_eq!(by_member.models, ["a/b", "c/d"]);
}

#[test]
fn one_answer_is_asked_for_where_an_api_has_no_place_for_more() {
    let body = r#"{"model":"a/b@preset/twice","messages":[{"role":"user","content":"x"}]}"#;
    for (api, several) in [(Api::Chat, true), (Api::Completions, true), (Api::Messages, false), (Api::Responses, false)] {
        assert_eq!(parse(api, body).unwrap().wants_several(), several, "{api:?}");
    }
}

#[test]
fn no_damage_panics_or_makes_anything_but_json() {
    let body = br#"{"model":"a/b@preset/armed","messages":[{"role":"user","content":"x"}],"preset":null,"tools":[{"type":"function","function":{"name":"f"}}],"top_p":null}"#;
    for at in 0..body.len() {
        for byte in [0, b'"', b'{', b'}', b'[', b']', b',', b'\\', 0xff, b'9', b'@', b'/'] {
            let mut mutated = body.to_vec();
            mutated[at] = byte;
            if let Ok(request) = Request::parse_as(Api::Chat, mutated, None, 3, &presets()) {
                serde_json::from_slice::<serde_json::Value>(request.body())
                    .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(request.body())));
            }
        }
    }
}
