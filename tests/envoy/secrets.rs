//! Credentials and clients' keys stay out of everything that an operator prints.

use serde_json::json;

use super::{
    client::{KEY, Request},
    gateway::Gateway,
    provider::Provider,
    reply::Reply,
    setup::Setup,
    wire,
};

const CREDENTIAL: &str = "sk-never-printed-77f1";
const PROMPT: &str = "a prompt that is nobody's business";

#[test]
fn c24_neither_credentials_nor_prompts_are_printed() {
    let setup = Setup::new()
        .provider(Provider::start("first"), json!({"credential": {"env": "A_CREDENTIAL"}}))
        .providers(&["second"])
        .env("A_CREDENTIAL", CREDENTIAL)
        .models(&["t/model"], &["first", "second"])
        .log_level("trace");
    let gateway = Gateway::start(setup);
    gateway.provider("second").answers("model", wire::completion("an answer for one reader"));
    let messages = json!({"messages": [{"role": "user", "content": PROMPT}]});
    for reply in [wire::completion("an answer for one reader"), Reply::error(500, "no"), Reply::error(401, CREDENTIAL), Reply::raw("?")] {
        gateway.provider("first").answers("model", reply);
        gateway.send(&Request::ask("t/model", messages.clone()));
    }
    gateway.send(&Request::ask("t/model", messages.clone()).header("authorization", "Bearer sk-or-v1-wrong-key"));
    gateway.send(&Request::chat(format!("{{\"model\":\"t/model\",\"messages\":[{{\"content\":\"{PROMPT}")));

    let places = ["/config_dump", "/stats", "/stats/prometheus", "/clusters", "/listeners", "/server_info"];
    let printed = places.map(|path| (path, gateway.admin(path).text()));
    let log = gateway.log();
    for (place, text) in printed.iter().map(|(path, text)| (*path, text)).chain([("the log", &log)]) {
        for secret in [CREDENTIAL, KEY, "sk-or-v1-wrong-key", PROMPT, "an answer for one reader"] {
            assert!(!text.contains(secret), "{secret} stands in {place}");
        }
    }
}
