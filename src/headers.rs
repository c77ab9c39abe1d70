//! The headers that leave: to a provider and to the client only what is listed here, written anew each time.
//!
//! A list of what may pass cannot forget a credential, as a list of what may not could; and where every attempt writes the whole
//! map, nothing of the attempt before it can be left in it.

use crate::chat::Word;
use crate::config::{Format, Provider};
use crate::endpoint::Endpoint;
use crate::error::ClientError;
use crate::exchange::AnswerHead;
use crate::provider::Upstream;

/// A header: name and value.
pub type Header<'a> = (&'a [u8], &'a [u8]);

/// Whether a header of the client's request goes on to a provider as it is.
fn reaches_provider(name: &[u8], provider: &Provider) -> bool {
    match name {
        b":method" | b":scheme" | b"accept" | b"user-agent" | b"idempotency-key" => true,
        // What a mesh traces by.
        b"traceparent" | b"tracestate" | b"b3" | b"x-b3-traceid" | b"x-b3-spanid" | b"x-b3-parentspanid" | b"x-b3-sampled"
        | b"x-b3-flags" => true,
        // How an application presents itself to OpenRouter.
        b"http-referer" | b"x-title" | b"x-openrouter-title" | b"x-openrouter-categories" => provider.quirks.openrouter_members,
        _ => false,
    }
}

/// What a header of the client's request is called on its way to a provider; `None` if it does not go there.
fn name_at_provider<'a>(name: &'a [u8], endpoint: &Endpoint) -> Option<&'a [u8]> {
    match name {
        // The first is Anthropic's own name for it, the second OpenRouter's.
        b"anthropic-beta" | b"x-anthropic-beta" => (endpoint.format == Format::Anthropic).then_some(b"anthropic-beta"),
        _ => reaches_provider(name, &endpoint.provider).then_some(name),
    }
}

/// The headers of `upstream` to the provider of `endpoint`: those of the client's that may go on, the format's, and the provider's own credential.
pub fn for_provider<'a>(
    client: impl Iterator<Item = Header<'a>>,
    endpoint: &'a Endpoint,
    upstream: &'a Upstream<'_>,
    content_length: &'a [u8],
) -> Vec<Header<'a>> {
    let provider = &*endpoint.provider;
    let mut headers: Vec<Header<'a>> = Vec::with_capacity(16);
    headers.extend::<[Header<'a>; 4]>([
        (b":path", upstream.path.as_bytes()),
        (b":authority", provider.host.as_bytes()),
        // The body was read as JSON, whatever the client called it (curl says it is a form).
        (b"content-type", b"application/json"),
        (b"content-length", content_length),
    ]);
    let is_theirs = |name: &[u8]| upstream.headers.iter().any(|(own, _)| own.as_bytes() == name);
    headers
        .extend(client.filter_map(|(name, value)| Some((name_at_provider(name, endpoint)?, value))).filter(|(name, _)| !is_theirs(name)));
    headers.extend(upstream.headers.iter().map(|(name, value)| (name.as_bytes(), &**value)));
    if let Some(credential) = provider.credential.header_value() {
        headers.push((provider.auth_header.as_bytes(), credential.expose().as_bytes()));
    }
    headers
}

/// Whether the client wants to be told of the routing, by OpenRouter's header for that or by the older one.
pub fn asks_for_metadata<'a>(mut client: impl Iterator<Item = Header<'a>>) -> bool {
    client.any(|(name, value)| {
        matches!(name, b"x-openrouter-metadata" | b"x-openrouter-experimental-metadata") && value.eq_ignore_ascii_case(b"enabled")
    })
}

/// What is wrong with a key that nobody has: mostly that a client's library and its user each sent one. Envoy makes one value of them.
pub fn unknown_key<'a>(client: impl Iterator<Item = Header<'a>>) -> ClientError {
    let bearers = client.filter(|(name, _)| *name == b"authorization").flat_map(|(_, value)| value.split(|byte| *byte == b','));
    let are_several = bearers.filter(|part| starts_with_bearer(part.trim_ascii_start())).count() > 1;
    if are_several { ClientError::SeveralKeys } else { ClientError::UnknownKey }
}

fn starts_with_bearer(value: &[u8]) -> bool {
    value.get(..7).is_some_and(|scheme| scheme.eq_ignore_ascii_case(b"bearer "))
}

/// What lets a browser show an answer to the page that asked (<https://fetch.spec.whatwg.org/#http-cors-protocol>). Keys are sent in a
/// header and not as a cookie, so any page may ask that has one. OpenRouter's answers have the first always, and so has every answer here.
pub const FOR_PAGES: [Header<'_>; 2] = [
    (b"access-control-allow-origin", b"*"),
    (
        b"access-control-expose-headers",
        b"x-generation-id, x-openrouter-cost, retry-after, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset",
    ),
];

/// The headers that answer a browser's question whether its page may send a request with the headers `asked`.
pub fn for_preflight(asked: Option<&[u8]>) -> Vec<Header<'_>> {
    vec![
        (b"access-control-allow-origin", b"*"),
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", asked.unwrap_or(b"authorization, content-type")),
        (b"access-control-max-age", b"86400"),
    ]
}

/// The headers of an answer to the client, `for_page` if a page in a browser asks. `numbers` are the texts of its status, length and cost;
/// `generation_id` is empty if there is none yet.
pub fn for_client<'a>(head: &AnswerHead, numbers: &'a Numbers, generation_id: &'a str, for_page: bool) -> Vec<Header<'a>> {
    let mut headers: Vec<Header<'a>> = Vec::with_capacity(10);
    headers.push((b":status", numbers.status.as_bytes()));
    if !generation_id.is_empty() {
        headers.push((b"x-generation-id", generation_id.as_bytes()));
    }
    if head.stream {
        headers.extend([(&b"content-type"[..], &b"text/event-stream"[..]), (b"cache-control", b"no-cache")]);
    } else {
        headers.extend([(&b"content-type"[..], &b"application/json"[..]), (b"content-length", numbers.content_length.as_bytes())]);
    }
    if head.cost.is_some() {
        headers.push((b"x-openrouter-cost", numbers.cost.as_bytes()));
    }
    if head.retry_after.is_some() {
        headers.push((b"retry-after", numbers.retry_after.as_bytes()));
    }
    // A header is work for Envoy, and who is no browser has no use for the second.
    headers.extend(FOR_PAGES.iter().take(if for_page { FOR_PAGES.len() } else { 1 }));
    headers
}

/// The headers of an answer of Envoy's own that stay when its body is replaced: how long to wait, and what is left of a limit.
pub fn of_envoys_refusal<'a>(envoy: impl Iterator<Item = Header<'a>>) -> Vec<Header<'a>> {
    envoy.filter(|(name, _)| *name == b"retry-after" || name.starts_with(b"x-ratelimit-") || name.starts_with(b"ratelimit-")).collect()
}

/// The `Retry-After` of `refusal`, which has the limits of a request and none itself: Envoy says in how many seconds the limit that
/// is used up begins anew (<https://datatracker.ietf.org/doc/html/draft-polli-ratelimit-headers-03#section-3.3>).
pub fn retry_after_of(refusal: &[Header<'_>]) -> Option<u64> {
    let find = |wanted: &[u8]| refusal.iter().find(|(name, _)| *name == wanted).map(|(_, value)| *value);
    let reset = find(b"x-ratelimit-reset").or(find(b"ratelimit-reset")).filter(|_| find(b"retry-after").is_none())?;
    std::str::from_utf8(reset).ok()?.parse().ok()
}

/// The headers of an answer that passes as it is, because it is compressed: what is needed to read it.
pub fn for_client_as_is<'a>(provider: impl Iterator<Item = Header<'a>>, generation_id: &'a str) -> Vec<Header<'a>> {
    let mut headers: Vec<Header<'a>> = vec![(b"x-generation-id", generation_id.as_bytes())];
    headers.extend(provider.filter(|(name, _)| matches!(*name, b":status" | b"content-type" | b"content-length" | b"content-encoding")));
    headers.extend(FOR_PAGES);
    headers
}

/// The texts of an answer's numbers.
#[derive(Debug)]
pub struct Numbers {
    status: Word,
    content_length: Word,
    cost: Word,
    retry_after: Word,
}

// === impl Numbers ===

impl Numbers {
    /// The texts for `head` and a body of `content_length` bytes.
    pub fn of(head: &AnswerHead, content_length: usize) -> Self {
        let text = |number: u64| Word::of(itoa::Buffer::new().format(number).as_bytes());
        let cost = head.cost.map(|nanos| {
            let mut usd = Vec::with_capacity(32);
            nanos.write_usd(&mut usd);
            Word::of(&usd)
        });
        Self {
            status: text(head.status.into()),
            content_length: text(content_length as u64),
            cost: cost.unwrap_or_default(),
            retry_after: head.retry_after.map(text).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::borrow::Cow;

    use super::*;
    use crate::config::Config;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn sent_to(dialect: &str, client: &[Header<'_>], headers: Vec<(&'static str, Cow<'static, [u8]>)>) -> Vec<String> {
        let configuration = format!(
            r#"{{"role":"gateway","anonymous":true,"providers":{{"p":{{"dialect":"{dialect}","host":"provider.test","credential":{{"env":"KEY"}}}}}},
            "models":[{{"id":"a/b","endpoints":[{{"provider":"p","model":"b","price":{{"prompt":1,"completion":1}}}}]}}]}}"#
        );
        let Config::Gateway(gateway) = Config::parse(configuration.as_bytes(), |_| Some("secret".into())).unwrap() else { panic!() };
        let upstream = Upstream { path: "/v1/chat/completions".into(), headers, body: Vec::new().into() };
        let headers = for_provider(client.iter().copied(), &gateway.models[0].endpoints[0], &upstream, b"7");
        headers.iter().map(|(name, value)| format!("{}: {}", String::from_utf8_lossy(name), String::from_utf8_lossy(value))).collect()
    }

    #[test]
    fn s17_a_provider_gets_its_own_credential_and_nothing_private() {
        let client: [Header<'_>; 15] = [
            (b":method", b"POST"),
            (b":path", b"/api/v1/chat/completions?x"),
            (b":authority", b"gateway.internal"),
            (b"authorization", b"Bearer sk-or-v1-client"),
            (b"x-api-key", b"client"),
            (b"cookie", b"session"),
            (b"accept-encoding", b"gzip"),
            (b"openai-organization", b"org-client"),
            (b"x-stainless-os", b"Linux"),
            (b"x-forwarded-for", b"10.0.0.1"),
            (b"x-envoy-max-retries", b"3"),
            (b"transfer-encoding", b"chunked"),
            (b"http-referer", b"https://app.test"),
            (b"content-type", b"text/plain"),
            (b"traceparent", b"00-1-2-01"),
        ];
        let common = [
            ":path: /v1/chat/completions",
            ":authority: provider.test",
            "content-type: application/json",
            "content-length: 7",
            ":method: POST",
        ];
        let rest = ["traceparent: 00-1-2-01", "authorization: Bearer secret"];
        assert_eq!(sent_to("openai", &client, Vec::new()), [&common[..], &rest[..]].concat());
        assert_eq!(sent_to("openrouter", &client, Vec::new()), [&common[..], &["http-referer: https://app.test"], &rest[..]].concat());
    }

    #[test]
    fn of_envoys_refusal_stays_what_says_when_to_ask_again() {
        let envoy: [Header<'_>; 5] = [
            (b":status", b"429"),
            (b"content-type", b"text/plain"),
            (b"x-envoy-ratelimited", b"true"),
            (b"x-ratelimit-limit", b"5, 5;w=60"),
            (b"x-ratelimit-reset", b"42"),
        ];
        let mut kept = of_envoys_refusal(envoy.into_iter());
        assert_eq!(kept, envoy[3..]);
        assert_eq!(retry_after_of(&kept), Some(42));
        kept.push((b"retry-after", b"7"));
        assert_eq!(retry_after_of(&kept), None, "it says so itself");
        assert_eq!(retry_after_of(&[(b"x-ratelimit-reset", b"soon")]), None);
    }

    #[test]
    fn t39_anthropics_beta_features_reach_anthropic_alone() {
        let client: [Header<'_>; 3] = [(b"anthropic-beta", b"a"), (b"x-anthropic-beta", b"b"), (b"x-api-key", b"client")];
        assert_eq!(sent_to("anthropic", &client, Vec::new()).split_off(4), ["anthropic-beta: a", "anthropic-beta: b", "x-api-key: secret"]);
        assert_eq!(sent_to("openai", &client, Vec::new()).split_off(4), ["authorization: Bearer secret"]);
    }

    #[test]
    fn a_formats_own_headers_win_over_the_clients() {
        let client: [Header<'_>; 2] = [(b":method", b"POST"), (b"accept", b"*/*")];
        let own = vec![("accept", Cow::from(&b"application/json"[..])), ("x-version", Cow::from(b"7".to_vec()))];
        let sent = sent_to("openai", &client, own).split_off(4);
        assert_eq!(sent, [":method: POST", "accept: application/json", "x-version: 7", "authorization: Bearer secret"]);
    }
}
