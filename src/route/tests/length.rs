//! Which endpoints a long request goes to.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

/// `acme/all` at three providers with contexts of so many tokens, asked with a prompt of `tokens`.
fn asked(contexts: [Option<u64>; 3], tokens: usize) -> Asked {
    let mut asked = ask("acme/all").with("messages", json!([{"role": "user", "content": "word".repeat(tokens)}]));
    for (place, context) in contexts.iter().enumerate() {
        asked.configuration["models"][0]["endpoints"][place]["context_length"] = json!(context);
    }
    asked
}

fn left(asked: &Asked) -> Vec<String> {
    asked.endpoints().into_iter().map(|endpoint| endpoint.replace("acme/all@", "")).collect()
}

#[test]
fn an_endpoint_that_is_too_short_is_not_asked_while_another_is_long_enough() {
    let contexts = [Some(1000), Some(2000), None];
    assert_eq!(left(&asked(contexts, 1000)), ["alpha", "beta", "gamma"], "to the last token");
    assert_eq!(left(&asked(contexts, 1001)), ["beta", "gamma"]);
    assert_eq!(left(&asked(contexts, 5000)), ["gamma"], "of which nobody knows how long it is");
    assert_eq!(left(&asked(contexts, 950).with("max_tokens", 60.into())), ["beta", "gamma"], "the answer has to fit, too");
    let tools = json!([{"type": "function", "function": {"name": "f", "description": "word".repeat(2000)}}]);
    assert_eq!(left(&asked(contexts, 900).with("tools", tools)), ["gamma"], "and so have the tools");
}

#[test]
fn where_none_is_long_enough_it_is_compressed_for_those_that_hold_half_of_it() {
    let contexts = [Some(1000), Some(2000), Some(3000)];
    let long = |tokens: usize| asked(contexts, tokens).with("transforms", json!(["middle-out"]));
    assert_eq!(left(&long(3500)), ["beta", "gamma"]);
    assert_eq!(left(&long(4100)), ["gamma"]);
    assert_eq!(left(&long(50_000)), ["gamma"], "or else for the longest");
    assert_eq!(left(&long(3500).with("max_tokens", 2500.into())), ["gamma"], "the answer's length is not cut");
    assert_eq!(left(&asked(contexts, 3500)), ["beta", "gamma"], "small ones compress by themselves");
}

#[test]
fn what_may_not_be_compressed_is_refused_with_the_longest_context() {
    let switched_off = asked([Some(1000), Some(2000), Some(3000)], 4000).with("transforms", json!([]));
    let (status, told) = switched_off.refused();
    assert_eq!(status, 400);
    assert!(told.contains("maximum context length is 3000 tokens") && told.contains("about 4000 tokens"), "{told}");
    let (status, _) = asked([Some(20_000), Some(20_000), Some(20_000)], 30_000).refused();
    assert_eq!(status, 400, "large ones do not compress by themselves");
    let (_, told) = asked([Some(1000), Some(2000), Some(3000)], 100).with("max_tokens", 9000.into()).refused();
    assert!(told.contains("9000 in the output"), "{told}");
}
