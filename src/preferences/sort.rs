//! `provider.sort`: what to sort endpoints by, and across what.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// How to sort endpoints instead of balancing between them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
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
struct Wire {
    by: Option<String>,
    partition: Option<String>,
}

struct SortVisitor;

// === impl Sort ===

impl<'de> Deserialize<'de> for Sort {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SortVisitor)
    }
}

// === impl SortVisitor ===

impl<'de> Visitor<'de> for SortVisitor {
    type Value = Sort;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("price, throughput, latency or exacto, or {by: …, partition: …}")
    }

    fn visit_str<E: Error>(self, by: &str) -> Result<Sort, E> {
        let named = SortBy::named(by).ok_or_else(|| E::custom(format!("expected price, throughput, latency or exacto, found {by:?}")))?;
        Ok(Sort { by: Some(named), partition: Partition::Model })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Sort, A::Error> {
        let wire = Wire::deserialize(MapAccessDeserializer::new(map))?;
        let by = wire.by.map_or(Ok(None), |by| self.visit_str(&by).map(|sort| sort.by))?;
        let partition = match wire.partition.as_deref() {
            None | Some("model") => Partition::Model,
            Some("none") => Partition::None,
            Some(other) => return Err(A::Error::custom(format!("expected partition to be model or none, found {other:?}"))),
        };
        Ok(Sort { by, partition })
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
