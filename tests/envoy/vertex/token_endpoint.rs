//! A stub of Google's token endpoint, which gives a token for an assertion that is signed with the right key and says the right things.

use std::{
    io::Write,
    process::{Command, Stdio},
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use serde_json::{Value, json};

use crate::envoy::{
    provider::{Provider, Received},
    reply::Reply,
    setup::Setup,
};

/// Prints a new RSA key pair.
const MAKE_KEYS: &str = r#"
const pem = type => ({type, format: "pem"});
const keys = require("crypto").generateKeyPairSync("rsa", {modulusLength: 2048, publicKeyEncoding: pem("spki"), privateKeyEncoding: pem("pkcs8")});
console.log(JSON.stringify(keys));"#;

/// Reads a public key and an assertion, and prints its header and its claims if it is signed with the private key.
const VERIFY: &str = r#"
const {publicKey, assertion} = JSON.parse(require("fs").readFileSync(0));
const [head, claims, signature] = assertion.split(".");
const read = part => JSON.parse(Buffer.from(part, "base64url"));
const signed = require("crypto").verify("RSA-SHA256", Buffer.from(head + "." + claims), publicKey, Buffer.from(signature, "base64url"));
console.log(JSON.stringify({signed, head: read(head), claims: read(claims)}));"#;

static KEYS: LazyLock<Value> = LazyLock::new(|| node(MAKE_KEYS, &Value::Null));

/// The key of a service account as Google hands it out.
pub static KEY_FILE: LazyLock<String> = LazyLock::new(|| {
    json!({
        "type": "service_account", "project_id": "my-project", "private_key_id": "5ac0", "private_key": KEYS["privateKey"],
        "client_email": "signalbox@my-project.iam.gserviceaccount.com", "token_uri": "https://oauth2.googleapis.com/token"
    })
    .to_string()
});

pub struct TokenEndpoint {
    port: u16,
    state: Arc<State>,
}

struct State {
    expires_in: u64,
    fetches: AtomicUsize,
    delay: Mutex<Duration>,
    failure: Mutex<Option<Reply>>,
}

impl TokenEndpoint {
    /// Gives tokens that are good for so many seconds: `ya29.token-1`, `ya29.token-2` …
    pub fn start(expires_in: u64) -> Self {
        let provider = Provider::start("google-oauth");
        let state = State { expires_in, fetches: AtomicUsize::new(0), delay: Mutex::default(), failure: Mutex::default() };
        let state = Arc::new(state);
        let shared = state.clone();
        provider.answers_by("", move |request| shared.answer(request));
        Self { port: provider.port, state }
    }

    /// A gateway whose provider `vertex` has its tokens from here.
    pub fn setup(&self) -> Setup {
        let credential = json!({"service_account": {"env": "GOOGLE_SERVICE_ACCOUNT_KEY"}, "token_cluster": "google-oauth"});
        let mut setup =
            Setup::new().env("GOOGLE_SERVICE_ACCOUNT_KEY", &KEY_FILE).provider(Provider::start("vertex"), vertex_with(&credential));
        setup.clusters.push(("google-oauth".into(), self.port));
        setup
    }

    /// Lets each answer take so long.
    pub fn delay(&self, delay: Duration) {
        *self.state.delay.lock().unwrap() = delay;
    }

    pub fn fail_with(&self, failure: Reply) {
        *self.state.failure.lock().unwrap() = Some(failure);
    }

    pub fn recover(&self) {
        *self.state.failure.lock().unwrap() = None;
    }

    pub fn fetches(&self) -> usize {
        self.state.fetches.load(Ordering::Relaxed)
    }
}

impl State {
    fn answer(&self, request: &Received) -> Reply {
        let number = self.fetches.fetch_add(1, Ordering::Relaxed) + 1;
        std::thread::sleep(*self.delay.lock().unwrap());
        if let Some(failure) = &*self.failure.lock().unwrap() {
            return failure.clone();
        }
        match refusal(request) {
            Some(reason) => Reply::json(400, &json!({"error": "invalid_grant", "error_description": reason})),
            None => Reply::json(
                200,
                &json!({"access_token": format!("ya29.token-{number}"), "expires_in": self.expires_in, "token_type": "Bearer"}),
            ),
        }
    }
}

/// What Google would find wrong with a request.
fn refusal(request: &Received) -> Option<&'static str> {
    if request.path != "/token" || !request.head.starts_with("POST ") || request.header("host") != Some("oauth2.googleapis.com") {
        return Some("wrong place");
    }
    let body = request.text();
    let grant = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=";
    let (Some(assertion), Some("application/x-www-form-urlencoded")) = (body.strip_prefix(grant), request.header("content-type")) else {
        return Some("wrong form");
    };
    let read = node(VERIFY, &json!({"publicKey": KEYS["publicKey"], "assertion": assertion}));
    let (claims, now) = (&read["claims"], SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs());
    let (issued, expires) = (claims["iat"].as_u64().unwrap_or(0), claims["exp"].as_u64().unwrap_or(0));
    match () {
        () if read["signed"] != true => Some("Invalid JWT Signature."),
        () if read["head"] != json!({"alg": "RS256", "typ": "JWT", "kid": "5ac0"}) => Some("wrong header"),
        () if claims["iss"] != "signalbox@my-project.iam.gserviceaccount.com" => Some("wrong issuer"),
        () if claims["aud"] != "https://oauth2.googleapis.com/token" => Some("wrong audience"),
        () if claims["scope"] != "https://www.googleapis.com/auth/cloud-platform" => Some("wrong scope"),
        () if now.abs_diff(issued) > 30 || expires != issued + 3600 => Some("wrong times"),
        () => None,
    }
}

/// A provider of the dialect vertex with this credential.
pub fn vertex_with(credential: &Value) -> Value {
    json!({"dialect": "vertex", "project": "my-project", "region": "europe-west1", "host": null, "path_prefix": null, "credential": credential})
}

fn node(script: &str, input: &Value) -> Value {
    let mut process =
        Command::new("node").args(["-e", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("node is on the path");
    process.stdin.take().unwrap().write_all(input.to_string().as_bytes()).ok();
    let output = process.wait_with_output().unwrap();
    serde_json::from_slice(&output.stdout).expect("node prints JSON")
}
