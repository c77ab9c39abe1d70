//! `provider.sort`: what to sort endpoints by, and across what.

use serde::Deserialize;

/// How to sort endpoints instead of balancing between them.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq, Eq)]
#[serde(try_from = "Wire")]
pub struct Sort {
    /// What by; `None` if the request names a partition only.
    pub by: Option<SortBy>,
    /// Across what.
    pub partition: Partition,
}

/// What endpoints are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SortBy {
    /// The cheapest first.
    Price,
    /// Those with the most output tokens a second first.
    Throughput,
    /// Those with the fastest first token first.
    Latency,
    /// Those of the best quality first.
    Exacto,
}

/// What is sorted together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Partition {
    /// The endpoints of each model.
    #[default]
    Model,
    /// Those of all models asked for.
    None,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected price, throughput, latency or exacto, or {by: …, partition: …}")]
enum Wire {
    Name(String),
    Object { by: Option<String>, partition: Option<String> },
}

// === impl Sort ===

impl TryFrom<Wire> for Sort {
    type Error = String;

    fn try_from(wire: Wire) -> Result<Self, String> {
        let (by, partition) = match wire {
            Wire::Name(by) => (Some(by), None),
            Wire::Object { by, partition } => (by, partition),
        };
        let by = match by {
            Some(by) => Some(SortBy::named(&by).ok_or_else(|| format!("expected price, throughput, latency or exacto, found {by:?}"))?),
            None => None,
        };
        let partition = match partition.as_deref() {
            None | Some("model") => Partition::Model,
            Some("none") => Partition::None,
            Some(other) => return Err(format!("expected partition to be model or none, found {other:?}")),
        };
        Ok(Self { by, partition })
    }
}

// === impl SortBy ===

impl SortBy {
    /// The order of this name.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "price" => Self::Price,
            "throughput" => Self::Throughput,
            "latency" => Self::Latency,
            "exacto" => Self::Exacto,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_sort_is_a_name_or_an_object() {
        for (written, by, partition) in [
            (r#""price""#, Some(SortBy::Price), Partition::Model),
            (r#""throughput""#, Some(SortBy::Throughput), Partition::Model),
            (r#"{"by":"latency"}"#, Some(SortBy::Latency), Partition::Model),
            (r#"{"by":"exacto","partition":"none"}"#, Some(SortBy::Exacto), Partition::None),
            (r#"{"partition":"none"}"#, None, Partition::None),
            (r#"{"by":null,"partition":null}"#, None, Partition::Model),
        ] {
            assert_eq!(serde_json::from_str::<Sort>(written).unwrap(), Sort { by, partition }, "{written}");
        }
    }
}
