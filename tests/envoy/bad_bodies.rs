//! A body that is no request is refused, and the VM survives it.

use serde_json::json;

use super::{
    client::Request,
    gateway::{Gateway, Shared, Use},
    setup::Setup,
    wire,
};

pub static GATEWAY: Shared = Shared::new(|| {
    let gateway = Gateway::start(Setup::new().concurrency(1).providers(&["first"]).models(&["t/m"], &["first"]));
    gateway.provider("first").answers("m", wire::completion("well"));
    gateway
});

pub fn assert_well(gateway: &Gateway, after: &str) {
    assert_eq!(gateway.ask("t/m").content(), "well", "after {after}");
}

/// The request is answered with one of these statuses, as an error if it is none of success; and the next request works.
pub fn assert_answered(gateway: &Gateway, what: &str, request: &Request, statuses: &[u16]) {
    let response = gateway.send(request);
    assert!(statuses.contains(&response.status), "{what}: {} {}", response.status, response.text());
    if response.status != 200 {
        response.error(response.status);
    }
    assert_well(gateway, what);
}

#[test]
fn a_body_that_is_no_request_is_a_400() {
    let gateway = Use::of(&GATEWAY);
    let deep = |open: &str, n: usize| format!("{{\"model\":\"t/m\",\"messages\":{}", open.repeat(n));
    let (arrays, objects) = (deep("[", 200_000), deep("{\"a\":", 100_000));
    let closed = format!("{{\"model\":\"t/m\",\"messages\":[],\"x\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    let bodies: Vec<Vec<u8>> = [
        "",
        " ",
        "\0",
        "x",
        "null",
        "true",
        "5",
        "\"model\"",
        "[]",
        "[{}]",
        "{",
        "}",
        "{}",
        "{}{}",
        "{\"model\"}",
        "{\"model\":}",
        "{,}",
        "{\"model\":\"t/m\",}",
        "{\"model\":\"t/m\" \"messages\":[]}",
        "{\"model\":\"t/m\",\"messages\":[}",
        "{'model':'t/m'}",
        "{\"model\":\"t/m\",\"messages\":[{\"role\":\"user\",\"content\":\"unterminated}]}",
        "{\"model\":\"t/m\",\"messages\":[{\"role\":\"user\",\"content\":\"a\nb\"}]}",
        "{\"model\":\"t/m\",\"messages\":[{\"role\":\"user\",\"content\":\"\\x\"}]}",
        "{\"model\":\"t/m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]} trailing",
        "{\"model\":5,\"messages\":[]}",
        "{\"model\":[\"t/m\"],\"messages\":[]}",
        "{\"model\":{},\"messages\":[]}",
        "{\"model\":true}",
        "{\"model\":\"t/m\"}",
        "{\"model\":\"t/m\",\"messages\":null}",
        "{\"model\":\"t/m\",\"messages\":5}",
        "{\"model\":\"t/m\",\"messages\":\"hi\"}",
        "{\"model\":\"t/m\",\"messages\":{}}",
        "{\"model\":\"t/m\",\"messages\":[]}",
        "{\"model\":\"t/m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":\"yes\"}",
        "{\"model\":\"t/m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"stream\":1}",
        "{\"model\":\"t/m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"route\":5}",
        "{\"model\":\"t/m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"n\":01}",
        "{\"model\":\"t/m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"n\":1.}",
        "{\"model\":\"t/m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}],\"n\":NaN}",
        "\u{feff}x",
        &arrays,
        &objects,
        "model=t/m&messages=hi",
        "--boundary\r\ncontent-disposition: form-data; name=\"model\"\r\n\r\nt/m",
    ]
    .iter()
    .map(|body| body.as_bytes().to_vec())
    .chain([
        b"{\"model\":\"t/m\",\"messages\":[{\"role\":\"user\",\"content\":\"\xff\xfe\"}]}".to_vec(),
        b"{\"model\":\"t/\xc3\x28\",\"messages\":[]}".to_vec(),
        b"\x1f\x8b\x08\x00\x00\x00\x00\x00".to_vec(),
    ])
    .collect();
    for body in bodies {
        let what = String::from_utf8_lossy(&body[..body.len().min(90)]).into_owned();
        assert_answered(&gateway, &what, &Request::chat(body), &[400]);
    }
    assert_answered(&gateway, "closed nesting", &Request::chat(closed), &[200, 400]);
}

#[test]
fn a_body_cut_anywhere_is_a_400() {
    let gateway = Use::of(&GATEWAY);
    let body = json!({
        "model": "t/m", "stream": false, "provider": {"order": ["first"]}, "temperature": 1.5e-3,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "h\u{e9} \\ \" \u{1f600}"}]}], "tools": null
    })
    .to_string();
    for end in 0..body.len() {
        let response = gateway.send(&Request::chat(&body.as_bytes()[..end]));
        assert_eq!(response.status, 400, "{:?}: {}", String::from_utf8_lossy(&body.as_bytes()[..end]), response.text());
    }
    for bit in 0..body.len() {
        let mut flipped = body.clone().into_bytes();
        flipped[bit] ^= 1 << (bit % 8);
        let response = gateway.send(&Request::chat(flipped.clone()));
        assert!([200, 400, 404].contains(&response.status), "{} {}", response.status, String::from_utf8_lossy(&flipped));
    }
    assert_well(&gateway, "cuts and flips");
}

#[test]
fn no_body_is_told_in_the_words_of_its_api() {
    let gateway = Use::of(&GATEWAY);
    for (path, member) in [
        ("chat/completions", "messages"),
        ("completions", "prompt"),
        ("embeddings", "input"),
        ("messages", "messages"),
        ("messages/count_tokens", "messages"),
        ("responses", "input"),
    ] {
        for body in ["", "[]"] {
            let response = gateway.send(&Request::chat(body).path(&format!("/api/v1/{path}")));
            assert_eq!(response.status, 400, "{path} {body}");
            assert!(response.text().contains(&format!("`model` and `{member}`")), "{path} {body}: {}", response.text());
        }
    }
}
