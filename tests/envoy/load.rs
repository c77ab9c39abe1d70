//! Many at a time: every one is answered, although the first provider fails them all.

use std::thread;

use serde_json::json;

use super::{
    client::{self, Request},
    gateway::{Gateway, Shared, Use},
    reply::{Ending, Reply},
    setup::Setup,
    wire,
};

const CLIENTS: usize = 200;

static GATEWAY: Shared = Shared::new(|| {
    Gateway::start(Setup::new().providers(&["first", "second"]).models(&["t/busy", "t/reset", "t/mixed"], &["first", "second"]))
});

fn storm(gateway: &Gateway, model: &str) {
    thread::scope(|scope| {
        for n in 0..CLIENTS {
            scope.spawn(move || {
                let stream = n % 2 == 0;
                let order = json!({"stream": stream, "user": format!("user-{n}"), "provider": {"order": ["first", "second"]}});
                let answer = gateway.open(&Request::ask(&format!("t/{model}"), order));
                assert_eq!(answer.status, 200, "client {n}");
                let text = if stream { client::text(&client::chunks(&answer.events())) } else { answer.finish().content() };
                assert_eq!(text, format!("for user-{n}"));
            });
        }
    });
}

/// The second provider answers each user by name, so that no answer can reach the wrong client unnoticed.
fn answer_by_name(gateway: &Gateway, model: &str) {
    gateway.provider("second").answers_by(model, |request| {
        let body = request.json();
        let text = format!("for {}", body["user"].as_str().unwrap());
        if body["stream"] == true { wire::stream(&["for ", &text[4..]]) } else { wire::completion(&text) }
    });
}

#[test]
fn two_hundred_clients_fail_over_at_the_same_time() {
    let gateway = Use::of(&GATEWAY);
    for (model, failure) in
        [("busy", Reply::error(429, "busy")), ("reset", Reply::reset()), ("mixed", Reply::error(503, "down").ending(Ending::Close))]
    {
        answer_by_name(&gateway, model);
        gateway.provider("first").answers(model, failure);
        storm(&gateway, model);
        let id = format!("t/{model}");
        let of_model =
            |outcome: &str| gateway.samples().sum("signalbox_attempts_total", &[("gen_ai_request_model", &id), ("outcome", outcome)]);
        gateway.samples_when(|samples| {
            samples.sum("signalbox_attempts_total", &[("gen_ai_request_model", &id), ("outcome", "accepted")]) >= 200
        });
        assert_eq!(of_model("accepted"), CLIENTS as u64, "{model}");
        assert_eq!(of_model("fallback"), gateway.provider("first").received(model).len() as u64, "{model}");
        assert_eq!(of_model("failed"), 0, "{model}");
    }
}
