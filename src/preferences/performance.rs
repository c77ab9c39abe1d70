//! `preferred_min_throughput` and `preferred_max_latency`: what an endpoint should reach, lately.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

/// Four percentiles: that of `p90` is what 90% of the requests keep to or do better.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Percentiles<T> {
    /// The median.
    pub p50: T,
    /// What three quarters keep to.
    pub p75: T,
    /// What nine tenths keep to.
    pub p90: T,
    /// What 99 of a hundred keep to.
    pub p99: T,
}

/// The percentiles that an endpoint should keep to: a number is the median.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Preferred(pub Percentiles<Option<f64>>);

#[derive(Deserialize)]
struct Wire {
    p50: Option<f64>,
    p75: Option<f64>,
    p90: Option<f64>,
    p99: Option<f64>,
}

struct PreferredVisitor;

// === impl Preferred ===

impl Preferred {
    /// Whether `measured` keeps to all of them; `keeps` says whether one number keeps to another.
    pub fn is_met(&self, measured: &Percentiles<f64>, keeps: impl Fn(f64, f64) -> bool) -> bool {
        let (wanted, is) = (&self.0, measured);
        [(wanted.p50, is.p50), (wanted.p75, is.p75), (wanted.p90, is.p90), (wanted.p99, is.p99)]
            .into_iter()
            .all(|(wanted, is)| wanted.is_none_or(|wanted| keeps(is, wanted)))
    }
}

impl<'de> Deserialize<'de> for Preferred {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PreferredVisitor)
    }
}

// === impl PreferredVisitor ===

impl<'de> Visitor<'de> for PreferredVisitor {
    type Value = Preferred;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, or an object with p50, p75, p90 or p99")
    }

    fn visit_f64<E: Error>(self, median: f64) -> Result<Preferred, E> {
        Ok(Preferred(Percentiles { p50: Some(median), ..Percentiles::default() }))
    }

    fn visit_u64<E: Error>(self, median: u64) -> Result<Preferred, E> {
        self.visit_f64(median as f64)
    }

    fn visit_i64<E: Error>(self, median: i64) -> Result<Preferred, E> {
        self.visit_f64(median as f64)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Preferred, A::Error> {
        let Wire { p50, p75, p90, p99 } = Wire::deserialize(MapAccessDeserializer::new(map))?;
        Ok(Preferred(Percentiles { p50, p75, p90, p99 }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_number_is_the_median_and_all_percentiles_have_to_hold() {
        let read = |text: &str| serde_json::from_str::<Preferred>(text).unwrap();
        let measured = Percentiles { p50: 1.0, p75: 2.0, p90: 3.0, p99: 9.0 };
        let at_most = |is: f64, most: f64| is <= most;
        for (preferred, met) in
            [("1", true), ("0.9", false), (r#"{"p50":1,"p90":3}"#, true), (r#"{"p50":1,"p99":8.5}"#, false), ("{}", true)]
        {
            assert_eq!(read(preferred).is_met(&measured, at_most), met, "{preferred}");
        }
    }
}
