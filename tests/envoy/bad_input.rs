//! Nothing that a client sends kills the VM: it gets a clear JSON error, and the next request works.

use serde_json::{Value, json};

use super::{
    bad_bodies::{GATEWAY, assert_answered, assert_well},
    client::Request,
    gateway::Use,
};

/// Whether the provider takes these is its own business.
#[test]
fn odd_but_legal_bodies_are_passed_on_or_refused() {
    let gateway = Use::of(&GATEWAY);
    let message = json!([{"role": "user", "content": "hi"}]);
    for more in [
        json!({"messages": [{"role": "wizard", "content": "hi"}]}),
        json!({"messages": [{"role": 5, "content": {"a": 1}}]}),
        json!({"messages": [{}]}),
        json!({"messages": [[]]}),
        json!({"messages": [null, 5, "x"]}),
        json!({"max_tokens": -1}),
        json!({"max_tokens": "many"}),
        json!({"max_tokens": 1e300}),
        json!({"max_tokens": null, "max_completion_tokens": null}),
        json!({"max_tokens": 5, "max_completion_tokens": 6}),
        json!({"temperature": "hot", "top_p": [], "stop": null, "seed": u64::MAX}),
        json!({"stream": null}),
        json!({"stream_options": "x"}),
        json!({"stream_options": []}),
        json!({"tools": {}, "tool_choice": 7}),
        json!({"tools": [null, 1, {"function": 5}]}),
        json!({"response_format": "json"}),
        json!({"usage": 5, "plugins": {}, "transforms": "x", "preset": 1}),
        json!({"provider": {"max_price": {"prompt": -1e308, "completion": "abc"}}}),
        json!({"provider": {"sort": {"by": 5}}}),
        json!({"": "", "\u{0}": "\u{1f600}", "a\"b": 1}),
    ] {
        let mut body = json!({"model": "t/m", "messages": message});
        body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        assert_answered(&gateway, &more.to_string(), &Request::chat(body.to_string()), &[200, 400]);
    }
    for number in ["1e999", "-1e-999", "9".repeat(500).as_str(), "0.1e+0000000000000000000001", "-0"] {
        let body = format!("{{\"model\":\"t/m\",\"max_tokens\":{number},\"n\":{number},\"messages\":{message}}}");
        assert_answered(&gateway, number, &Request::chat(body), &[200, 400]);
    }
    let members: String = (0..50_000).map(|n| format!("\"k{n}\":{n},")).collect();
    assert_answered(
        &gateway,
        "many members",
        &Request::chat(format!("{{{members}\"model\":\"t/m\",\"messages\":{message}}}")),
        &[200, 400],
    );
    let long = "m".repeat(1_000_000);
    assert_answered(&gateway, "a long name", &Request::ask(&long, json!({})), &[400, 404]);
    assert_answered(&gateway, "a long slug", &Request::ask(&format!("t/{long}"), json!({})), &[400, 404]);
}

#[test]
fn s18_other_methods_and_paths_are_told_so() {
    let gateway = Use::of(&GATEWAY);
    for method in ["GET", "PUT", "DELETE", "PATCH"] {
        let request = Request::new(method, "/api/v1/chat/completions");
        assert_answered(&gateway, method, &request, &[405]);
        assert_eq!(gateway.send(&request).header("allow"), Some("POST"), "{method}");
    }
    let good = Request::ask("t/m", json!({}));
    for path in [
        "/",
        "/api/v1",
        "/api/v1/chat/completions/",
        "/api/v1/chat/completionsx",
        "/v1/chat",
        "/../etc/passwd",
        "/api/v1/%20",
        "/?x=/v1/chat/completions",
    ] {
        assert_answered(&gateway, path, &good.clone().path(path), &[404]);
    }
    // Envoy itself refuses this one before it asks any filter.
    assert_eq!(gateway.send(&good.clone().path("/api/v1/%00")).status, 400);
    assert_well(&gateway, "a null in the path");
    let long = format!("/{}", "a".repeat(8000));
    assert_answered(&gateway, "a long path", &Request::new("GET", &long), &[404]);
    let no_body = Request::new("POST", "/api/v1/chat/completions");
    assert_answered(&gateway, "no body", &no_body, &[400]);
    assert_answered(&gateway, "another type", &good.header("content-type", "text/plain"), &[200, 400, 415]);
}

#[test]
fn odd_headers_do_no_harm() {
    let gateway = Use::of(&GATEWAY);
    for (name, value) in [
        ("x-provider", "\u{e9}\u{1f600}"),
        ("authorization", "Bearer \u{e9}"),
        ("content-encoding", "gzip"),
        ("x-provider", ""),
        ("x-team", "\u{e9}"),
        ("accept", "nothing/known"),
        ("te", "trailers"),
    ] {
        let response = gateway.send(&Request::ask("t/m", json!({})).header(name, value));
        assert!([200, 400, 401, 415].contains(&response.status), "{name}: {value}: {}", response.status);
        assert_well(&gateway, name);
    }
    let many = (0..80).fold(Request::ask("t/m", json!({})), |request, n| request.header(&format!("x-h{n}"), &"v".repeat(300)));
    assert_eq!(gateway.send(&many).status, 200);
    assert_eq!(gateway.send(&Request::ask("t/m", json!({}))).json()["choices"][0]["error"], Value::Null);
}
