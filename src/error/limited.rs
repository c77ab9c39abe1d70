//! A request that its key's money or rates do not allow.

mod money;
mod rate;

pub use money::{MoneyReason, OutOfMoney};
pub use rate::{OutOfRate, Rate};

use super::KeyRejection;
use crate::json;

/// A request that the money or the rates of its key do not allow.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Limited {
    /// Money: 402.
    #[error("{}", .0.message())]
    Money(OutOfMoney),
    /// A rate: 429.
    #[error("{}", .0.message())]
    Rate(OutOfRate),
}

// === impl Limited ===

impl Limited {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::Money(_) => 402,
            Self::Rate(_) => 429,
        }
    }

    /// What counts it.
    pub fn reason(&self) -> KeyRejection {
        match self {
            Self::Money(_) => KeyRejection::Limit,
            Self::Rate(refused) => refused.rate.reason(),
        }
    }

    /// The headers that go with the answer.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        match self {
            // Nobody knows when the requests that are under way will be over, but it is soon.
            Self::Money(OutOfMoney { reason: MoneyReason::Reserved(_), .. }) => vec![("retry-after", "1".into())],
            Self::Money(_) => Vec::new(),
            Self::Rate(refused) => {
                let mut headers = vec![("retry-after", refused.wait.to_string())];
                headers.extend(refused.headers().map(|(name, value)| (name, value.to_string())));
                headers
            }
        }
    }

    /// Appends members of the error's metadata, each with a comma before it.
    pub(super) fn metadata_into(&self, out: &mut Vec<u8>) {
        let (source, hint) = match self {
            Self::Money(refused) => {
                out.extend_from_slice(b",\"provider_name\":null");
                ("key_limit", refused.hint())
            }
            Self::Rate(refused) => {
                out.extend_from_slice(b",\"headers\":{");
                for (index, (name, (_, value))) in HEADERS_IN_BODY.into_iter().zip(refused.headers()).enumerate() {
                    out.extend_from_slice(if index == 0 { b"\"" } else { b",\"" });
                    out.extend_from_slice(format!("{name}\":\"{value}\"").as_bytes());
                }
                out.push(b'}');
                (refused.rate.source(), refused.rate.hint())
            }
        };
        out.extend_from_slice(b",\"limit_source\":");
        json::string_into(out, source);
        out.extend_from_slice(b",\"remedy_hint\":");
        json::string_into(out, hint);
    }
}

/// The names of [`OutOfRate::headers`], as OpenRouter writes them in the body.
const HEADERS_IN_BODY: [&str; 3] = ["X-RateLimit-Limit", "X-RateLimit-Remaining", "X-RateLimit-Reset"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::Period;
    use crate::clock::Millis;
    use crate::error::Error;
    use crate::price::NanoUsd;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn body(limited: Limited) -> serde_json::Value {
        serde_json::from_slice(&Error::from(limited).body()).unwrap()
    }

    #[test]
    fn a_used_up_limit_says_how_much_when_it_resets_and_where_it_stands() {
        let usd = |nanos| NanoUsd::new(nanos);
        let refused = |reason| OutOfMoney {
            key: "search".into(),
            limit: usd(50_000_000_000),
            spent: usd(50_000_012_000),
            reset: Some((Period::Month, Millis(1_796_083_200_000))),
            reason,
        };
        let error = body(Limited::Money(refused(MoneyReason::Spent)))["error"].clone();
        assert_eq!(
            error["message"],
            "Key limit exceeded (monthly limit): 50.000012 of 50 USD are spent, and it resets at 2026-12-01T00:00:00Z. It is the `limit` of \
             the key search in the gateway's configuration."
        );
        assert_eq!((&error["code"], &error["metadata"]["error_type"]), (&402.into(), &"payment_required".into()));
        assert_eq!(error["metadata"]["remedy_hint"], "Wait for the monthly reset");
        let for_ever = Limited::Money(OutOfMoney { reset: None, ..refused(MoneyReason::Spent) });
        assert!(for_ever.to_string().starts_with("Key limit exceeded (total limit): "), "{for_ever}");
        assert_eq!(for_ever.headers(), []);
        let too_long = Limited::Money(refused(MoneyReason::TooLong { asked: 65_536, affordable: 30_104 })).to_string();
        let openrouters =
            "This request requires more credits, or fewer max_tokens. You requested up to 65536 tokens, but can only afford 30104.";
        assert!(too_long.starts_with(openrouters), "{too_long}");
        let reserved = Limited::Money(refused(MoneyReason::Reserved(usd(1_000_000))));
        assert!(reserved.to_string().contains("0.001 USD are reserved"), "{reserved}");
        assert_eq!(reserved.headers(), [("retry-after", "1".into())]);
    }

    #[test]
    fn a_used_up_rate_says_when_it_begins_anew() {
        let refused =
            |rate| Limited::Rate(OutOfRate { key: "search".into(), rate, limit: 20, resets: Millis(1_788_825_600_000), wait: 17 });
        let free = refused(Rate::FreeRequestsPerDay);
        let error = body(free.clone())["error"].clone();
        assert_eq!(
            error,
            serde_json::json!({"code": 429, "error_type": "rate_limit_exceeded", "http_status": 429,
                "message": "Rate limit exceeded: free-models-per-day. This key is limited to 20 requests per day to free models. Please retry in 17 s.",
                "metadata": {"error_type": "rate_limit_exceeded",
                    "headers": {"X-RateLimit-Limit": "20", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "1788825600000"},
                    "limit_source": "openrouter_free_tier_daily", "remedy_hint": "Wait for the daily reset"}})
        );
        assert_eq!(free.headers().len(), 4);
        assert!(free.headers().contains(&("retry-after", "17".into())));
        assert!(refused(Rate::TokensPerMinute).to_string().starts_with("Rate limit exceeded: limit_tpm/search. "));
    }
}
