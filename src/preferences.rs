//! OpenRouter's `provider` object: what the client wants of the providers.
//!
//! It comes in the body's `provider` member or as JSON in an `X-Provider` header; the body wins, member by member.
//! See <https://openrouter.ai/docs/features/provider-routing>.

mod performance;
mod sort;

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::json::{Scanner, path_of};

pub use performance::{Percentiles, Preferred};
pub use sort::{Partition, Sort, SortBy};

/// The client's wishes about providers. Every member is optional; unknown ones are ignored, as OpenRouter does.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub struct Preferences {
    /// Providers to try first, in this order; never empty.
    pub order: Option<Vec<String>>,
    /// The only providers allowed.
    pub only: Option<Vec<String>>,
    /// Providers not to use.
    pub ignore: Option<Vec<String>>,
    /// `false`: only the first choice, or only those of `order`.
    pub allow_fallbacks: Option<bool>,
    /// `true`: only endpoints that support every parameter of the request.
    pub require_parameters: Option<bool>,
    /// `deny`: only providers that do not keep data.
    pub data_collection: Option<DataCollection>,
    /// `true`: only providers with zero data retention.
    pub zdr: Option<bool>,
    /// `true`: only models whose author allows their answers to be trained on.
    pub enforce_distillable_text: Option<bool>,
    /// The only quantizations allowed.
    pub quantizations: Option<Vec<String>>,
    /// Sort instead of balancing.
    pub sort: Option<Sort>,
    /// The most that an endpoint may ask.
    pub max_price: Option<MaxPrice>,
    /// Output tokens a second that an endpoint should reach; those that do not are asked last.
    pub preferred_min_throughput: Option<Preferred>,
    /// Seconds to the first token that an endpoint should keep within; those that do not are asked last.
    pub preferred_max_latency: Option<Preferred>,
    /// By provider, members that its requests get over those of the body.
    pub options: Option<Box<RawValue>>,
}

/// Whether a provider may keep what it is sent.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
pub enum DataCollection {
    /// It may.
    Allow,
    /// It does not, or must not.
    Deny,
}

/// The most that an endpoint may ask, in USD per million tokens, or per request or image; numbers and strings alike.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
#[serde(default, expecting = "an object of prices")]
pub struct MaxPrice {
    /// For the prompt.
    pub prompt: Option<Usd>,
    /// For the completion.
    pub completion: Option<Usd>,
    /// For the request itself.
    pub request: Option<Usd>,
    /// For an image. No endpoint here has such a price.
    pub image: Option<Usd>,
    /// For a million tokens of audio input.
    pub audio: Option<Usd>,
}

/// An amount that clients send as a number or as a string.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Usd(pub f64);

struct UsdVisitor;

// === impl Preferences ===

impl Preferences {
    /// Reads the object, or `null`.
    ///
    /// Errors: if it is not an object of this shape; the message says which member.
    pub fn parse(bytes: &[u8]) -> Result<Self, String> {
        if bytes == b"null" {
            return Ok(Self::default());
        }
        if !bytes.starts_with(b"{") {
            return Err("expected an object".into());
        }
        let mut reader = serde_json::Deserializer::from_slice(bytes);
        let mut parsed = Self::deserialize(&mut reader).map_err(|error| {
            let (path, message) = (path_of(&error, bytes), error.to_string());
            // The place in the text says nothing that the path does not.
            let message = message.split(" at line ").next().unwrap_or_default();
            let message = message.find(", expected ").and_then(|at| message.get(at.saturating_add(2)..)).unwrap_or(message);
            match expected(&path) {
                Some(expected) if error.is_data() => format!("{path}: expected {expected}"),
                _ if path.is_empty() => message.to_owned(),
                _ => format!("{path}: {message}"),
            }
        })?;
        reader.end().map_err(|error| error.to_string())?;
        // Wrappers send an empty list where they mean none.
        for list in [&mut parsed.order, &mut parsed.only, &mut parsed.quantizations] {
            *list = list.take().filter(|list| !list.is_empty());
        }
        if let Some(options) = &parsed.options {
            let read = Scanner::new(options.get().as_bytes())
                .members(&mut |scanner, _, _| scanner.object(|scanner, _, _| scanner.skip().map(|_| ())));
            read.map_err(|_| "options: expected an object of objects, by provider")?;
        }
        Ok(parsed)
    }

    /// These over `base`, member by member. What `base` forbids for privacy's sake stays forbidden.
    #[must_use]
    pub fn over(self, base: Self) -> Self {
        let deny = [self.data_collection, base.data_collection].contains(&Some(DataCollection::Deny));
        let zdr = [self.zdr, base.zdr].contains(&Some(true));
        Self {
            order: self.order.or(base.order),
            only: self.only.or(base.only),
            ignore: self.ignore.or(base.ignore),
            allow_fallbacks: self.allow_fallbacks.or(base.allow_fallbacks),
            require_parameters: self.require_parameters.or(base.require_parameters),
            data_collection: if deny { Some(DataCollection::Deny) } else { self.data_collection.or(base.data_collection) },
            zdr: if zdr { Some(true) } else { self.zdr.or(base.zdr) },
            enforce_distillable_text: self.enforce_distillable_text.or(base.enforce_distillable_text),
            quantizations: self.quantizations.or(base.quantizations),
            sort: self.sort.or(base.sort),
            max_price: self.max_price.or(base.max_price),
            preferred_min_throughput: self.preferred_min_throughput.or(base.preferred_min_throughput),
            preferred_max_latency: self.preferred_max_latency.or(base.preferred_max_latency),
            options: self.options.or(base.options),
        }
    }
}

/// What the member at `path` should have been. Members that say so themselves, in finer words, are not here.
fn expected(path: &str) -> Option<&'static str> {
    Some(match path.split_once('[') {
        Some(("order" | "only" | "ignore", _)) => "a provider's name",
        Some(("quantizations", _)) => "the name of a quantization, such as \"fp8\"",
        Some(_) => return None,
        None => match path {
            "order" | "only" | "ignore" => "a list of providers' names",
            "quantizations" => "a list of quantizations, such as [\"fp8\"]",
            "allow_fallbacks" | "require_parameters" | "zdr" | "enforce_distillable_text" => "true or false",
            "data_collection" => "\"allow\" or \"deny\"",
            "max_price" => "an object of prices",
            _ => return None,
        },
    })
}

// === impl Usd ===

impl<'de> Deserialize<'de> for Usd {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(UsdVisitor)
    }
}

// === impl UsdVisitor ===

impl Visitor<'_> for UsdVisitor {
    type Value = Usd;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number of USD")
    }

    fn visit_f64<E: Error>(self, amount: f64) -> Result<Usd, E> {
        if amount.is_finite() && amount >= 0.0 { Ok(Usd(amount)) } else { Err(E::custom("expected a number of USD of at least 0")) }
    }

    fn visit_u64<E: Error>(self, amount: u64) -> Result<Usd, E> {
        self.visit_f64(amount as f64)
    }

    fn visit_i64<E: Error>(self, amount: i64) -> Result<Usd, E> {
        self.visit_f64(amount as f64)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Usd, E> {
        self.visit_f64(text.parse().map_err(|_| E::custom(format!("expected a number of USD, found {text:?}")))?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn reads_what_clients_send() {
        let read = |text: &str| Preferences::parse(text.as_bytes()).unwrap();
        assert_eq!(read("null").order, None);
        assert_eq!(read(r#"{"order":["OpenAI"],"only":null,"new_member":1}"#).order, Some(vec!["OpenAI".into()]));
        let max = read(r#"{"max_price":{"prompt":1,"completion":"2.5","request":null,"image":"0.01"}}"#).max_price.unwrap();
        assert_eq!((max.prompt, max.completion, max.request, max.image), (Some(Usd(1.0)), Some(Usd(2.5)), None, Some(Usd(0.01))));
        let options = read(r#"{"options":{"openai":{"seed":1,"user":"x"},"groq":{}}}"#).options.unwrap();
        assert_eq!(options.get(), r#"{"openai":{"seed":1,"user":"x"},"groq":{}}"#);
    }

    #[test]
    fn the_body_wins_but_for_privacy() {
        let read = |text: &str| Preferences::parse(text.as_bytes()).unwrap();
        let base = read(r#"{"zdr":true,"data_collection":"deny","only":["a"],"sort":"price"}"#);
        let both = read(r#"{"zdr":false,"data_collection":"allow","only":["b"]}"#).over(base.clone());
        assert_eq!((both.zdr, both.data_collection), (Some(true), Some(DataCollection::Deny)));
        assert_eq!((both.only, both.sort.and_then(|sort| sort.by)), (Some(vec!["b".into()]), Some(SortBy::Price)));
        assert_eq!(read(r#"{"only":[]}"#).over(base).only, Some(vec!["a".into()]));
    }

    #[test]
    fn says_which_member_is_wrong() {
        let refuse = |text: &str| Preferences::parse(text.as_bytes()).unwrap_err();
        assert_eq!(refuse(r#"{"order":"openai"}"#), "order: expected a list of providers' names");
        assert_eq!(refuse(r#"{"only":["a",1]}"#), "only[1]: expected a provider's name");
        assert_eq!(refuse(r#"{"quantizations":8}"#), "quantizations: expected a list of quantizations, such as [\"fp8\"]");
        assert_eq!(refuse(r#"{"allow_fallbacks":"no"}"#), "allow_fallbacks: expected true or false");
        assert_eq!(refuse(r#"{"data_collection":"maybe"}"#), "data_collection: expected \"allow\" or \"deny\"");
        assert_eq!(refuse(r#"{"max_price":{"prompt":[]}}"#), "max_price.prompt: expected a number of USD");
        assert!(refuse("{}{").contains("trailing"));
        assert_eq!(refuse("[]"), "expected an object");
        assert_eq!(refuse(r#"{"sort":5}"#), "sort: expected price, throughput, latency or exacto, or {by: …, partition: …}");
        assert_eq!(refuse(r#"{"sort":"speed"}"#), "sort: expected price, throughput, latency or exacto, found \"speed\"");
        assert_eq!(refuse(r#"{"sort":{"partition":"all"}}"#), "sort: expected partition to be model or none, found \"all\"");
        assert_eq!(refuse(r#"{"options":{"openai":[]}}"#), "options: expected an object of objects, by provider");
        assert_eq!(
            refuse(r#"{"preferred_max_latency":"2"}"#),
            "preferred_max_latency: expected a number, or an object with p50, p75, p90 or p99"
        );
        assert_eq!(refuse(r#"{"max_price":5}"#), "max_price: expected an object of prices");
        assert_eq!(refuse("{"), "EOF while parsing an object");
    }
}
