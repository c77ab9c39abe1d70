//! `preferred_min_throughput` and `preferred_max_latency`: what an endpoint should reach, lately.

use serde::Deserialize;

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
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(from = "Wire")]
pub struct Preferred(pub Percentiles<Option<f64>>);

#[derive(Deserialize)]
#[serde(untagged, expecting = "expected a number, or an object with p50, p75, p90 or p99")]
enum Wire {
    Median(f64),
    Object { p50: Option<f64>, p75: Option<f64>, p90: Option<f64>, p99: Option<f64> },
}

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

impl From<Wire> for Preferred {
    fn from(wire: Wire) -> Self {
        Self(match wire {
            Wire::Median(median) => Percentiles { p50: Some(median), ..Percentiles::default() },
            Wire::Object { p50, p75, p90, p99 } => Percentiles { p50, p75, p90, p99 },
        })
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
