//! Members that one provider's body gets over those of the request: the client's `provider.options`, and the tier of the endpoint.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::api::Api;
use crate::chat::Request;
use crate::config::Format;
use crate::endpoint::{Endpoint, ServiceTier};
use crate::json::Scanner;
use crate::splice::{Pieces, Splice};

/// What the gateway answers for, and an option must not change: the model that is paid for, how the answer comes, and where else it
/// might come from.
const NOT_FOR_OPTIONS: [&str; 20] = [
    "model",
    "models",
    "fallback_models",
    "messages",
    "contents",
    "input",
    "requests",
    "instances",
    "content",
    "texts",
    "inputText",
    "system",
    "stream",
    "stream_options",
    "provider",
    "route",
    "routing_preference",
    "preset",
    "plugins",
    "transforms",
];

/// Members by their names: a value, as JSON, or `None` if the body is to have none.
#[derive(Debug, Default)]
pub(super) struct Overrides<'a>(Vec<(Cow<'a, str>, Option<&'a [u8]>)>);

// === impl Overrides ===

impl<'a> Overrides<'a> {
    /// What the body of `request` for `endpoint` gets.
    pub(super) fn of(request: &'a Request, endpoint: &'a Endpoint) -> Self {
        let mut members = Vec::new();
        // What is fast at Anthropic costs several times as much, and what, only an endpoint of that tier says.
        let is_unpriced = endpoint.format == Format::Anthropic && endpoint.service_tier != Some(ServiceTier::Priority);
        if is_unpriced && (endpoint.is_tiered || request.api == Api::Messages) && request.speed().is_some() {
            members.push(("speed".into(), None));
        }
        if let Some(options) = &request.preferences.options {
            // Those of the full slug come last, and win.
            for is_wanted in [Endpoint::is_of, is_full] {
                // The preferences have been read, so they are an object of objects.
                _ = Scanner::new(options.get().as_bytes()).members(&mut |scanner, provider, _| {
                    if !is_wanted(endpoint, &provider.value()) {
                        return scanner.skip().map(|_| ());
                    }
                    scanner.members(&mut |scanner, name, _| {
                        let (name, value) = (name.value(), scanner.raw()?);
                        let tiered = endpoint.is_tiered && matches!(&*name, "service_tier" | "serviceTier" | "speed");
                        if !tiered && !NOT_FOR_OPTIONS.contains(&&*name) {
                            members.push((name, Some(value)));
                        }
                        Ok(())
                    })
                });
            }
        }
        // Which tier answers has been decided, and with it the price.
        if endpoint.is_tiered {
            match (endpoint.format, endpoint.service_tier) {
                (Format::OpenAi, Some(ServiceTier::Flex)) => members.push(("service_tier".into(), Some(b"\"flex\""))),
                (Format::OpenAi, Some(ServiceTier::Priority)) => members.push(("service_tier".into(), Some(b"\"priority\""))),
                (Format::OpenAi, None) if asks_for_tier(request) => members.push(("service_tier".into(), None)),
                (Format::Bedrock, Some(ServiceTier::Flex)) => members.push(("serviceTier".into(), Some(br#"{"type":"flex"}"#))),
                (Format::Bedrock, Some(ServiceTier::Priority)) => members.push(("serviceTier".into(), Some(br#"{"type":"priority"}"#))),
                (Format::Bedrock, None) if asks_for_tier(request) => members.push(("serviceTier".into(), None)),
                // The others have no such tiers, or none that a request chooses.
                _ => {}
            }
        }
        Self(members)
    }

    /// Whether there are none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts them into a body that is one JSON object.
    pub(super) fn apply(&self, body: &[u8]) -> Vec<u8> {
        // The last of each name is the one that counts.
        let mut places: BTreeMap<&[u8], usize> = BTreeMap::new();
        self.0.iter().enumerate().for_each(|(place, (name, _))| *places.entry(name.as_bytes()).or_insert(place) = place);
        let mut splice = Splice::new(body);
        let mut members = Vec::new();
        let mut missing: Vec<bool> = (0..).zip(&self.0).map(|(place, (name, _))| places.get(name.as_bytes()) == Some(&place)).collect();
        let read = Scanner::new(body).members(&mut |scanner, key, start| {
            let value = scanner.skip()?;
            let place = places.get(key.value().as_bytes()).copied();
            place.and_then(|place| missing.get_mut(place)).into_iter().for_each(|missing| *missing = false);
            let stays = match place.and_then(|place| self.0.get(place)) {
                Some((_, Some(bytes))) => {
                    splice.replace(value.clone(), *bytes);
                    true
                }
                Some((_, None)) => false,
                None => true,
            };
            members.push((start..value.end, stays));
            Ok(())
        });
        if read.is_err() {
            return body.to_vec();
        }
        splice.retain(&members);
        let mut inserts = Vec::new();
        for ((name, value), missing) in self.0.iter().zip(missing) {
            if let Some(value) = value.filter(|_| missing) {
                inserts.push(b',');
                crate::json::string_into(&mut inserts, name);
                inserts.push(b':');
                inserts.extend_from_slice(value);
            }
        }
        // Every body keeps its messages, under whatever name.
        if let Some((last, _)) = members.iter().rfind(|(_, stays)| *stays).filter(|_| !inserts.is_empty()) {
            splice.replace(last.end..last.end, inserts);
        }
        splice.finish().to_vec()
    }

    /// The same for a body in pieces, which stays in pieces where nothing is to be changed.
    pub(super) fn apply_to<'b>(&self, body: Pieces<'b>) -> Pieces<'b> {
        if self.is_empty() { body } else { self.apply(&body.to_vec()).into() }
    }
}

/// Whether `name` is the endpoint's full slug.
fn is_full(endpoint: &Endpoint, name: &str) -> bool {
    name.eq_ignore_ascii_case(&endpoint.tag)
}

fn asks_for_tier(request: &Request) -> bool {
    let tier = request.service_tier().and_then(|tier| std::str::from_utf8(tier).ok());
    tier.and_then(ServiceTier::named).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn members_are_replaced_removed_and_added() {
        let apply = |members: &[(&'static str, Option<&'static [u8]>)], body: &str| {
            let members = members.iter().map(|(name, value)| ((*name).into(), *value)).collect();
            String::from_utf8(Overrides(members).apply(body.as_bytes())).unwrap()
        };
        let body = r#"{"a": 1, "b":[{"a":2}], "c":null}"#;
        assert_eq!(apply(&[("a", Some(b"7"))], body), r#"{"a": 7, "b":[{"a":2}], "c":null}"#);
        assert_eq!(apply(&[("a", None)], body), r#"{"b":[{"a":2}], "c":null}"#);
        assert_eq!(apply(&[("c", None), ("d", Some(b"{}"))], body), r#"{"a": 1, "b":[{"a":2}],"d":{}}"#);
        assert_eq!(apply(&[("d", Some(b"1")), ("d", Some(b"2"))], body), r#"{"a": 1, "b":[{"a":2}], "c":null,"d":2}"#);
        assert_eq!(apply(&[("a", Some(b"1")), ("a", None)], r#"{"a":0,"b":1}"#), r#"{"b":1}"#);
        assert_eq!(apply(&[("e", None)], body), body);
    }
}
