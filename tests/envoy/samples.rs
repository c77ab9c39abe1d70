//! What `/stats/prometheus` says.

use std::collections::BTreeMap;

#[derive(Clone, Debug)]
pub struct Sample {
    pub name: String,
    pub labels: BTreeMap<String, String>,
    pub value: f64,
}

#[derive(Clone, Debug)]
pub struct Samples(pub Vec<Sample>);

impl Samples {
    pub fn parse(text: &str) -> Self {
        Self(text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).map(Sample::parse).collect())
    }

    /// The samples of a metric that carry these labels.
    pub fn of(&self, name: &str, labels: &[(&str, &str)]) -> Vec<&Sample> {
        let fits = |sample: &&Sample| labels.iter().all(|(label, value)| sample.labels.get(*label).is_some_and(|v| v == value));
        self.0.iter().filter(|sample| sample.name == name).filter(fits).collect()
    }

    /// Their sum; 0 also if there is none.
    pub fn sum(&self, name: &str, labels: &[(&str, &str)]) -> u64 {
        self.of(name, labels).iter().map(|sample| sample.value).sum::<f64>() as u64
    }

    pub fn has(&self, name: &str, labels: &[(&str, &str)]) -> bool {
        !self.of(name, labels).is_empty()
    }

    /// The module's own samples: without Envoy's, whose number grows with what Envoy does.
    pub fn of_the_module(&self) -> Vec<&Sample> {
        let own = |sample: &&Sample| sample.name.contains("signalbox") || sample.name.contains("gen_ai");
        self.0.iter().filter(own).filter(|sample| !sample.name.starts_with("envoy_")).collect()
    }
}

impl Sample {
    fn parse(line: &str) -> Self {
        let (series, value) = line.rsplit_once(' ').unwrap_or_else(|| panic!("not a sample: {line}"));
        let (name, labels) = series.split_once('{').unwrap_or((series, "}"));
        let labels = labels.trim_end_matches('}').split("\",").filter_map(|label| label.split_once("=\""));
        let labels = labels.map(|(label, value)| (label.into(), value.trim_end_matches('"').into())).collect();
        Self { name: name.into(), labels, value: value.parse().unwrap_or(f64::NAN) }
    }
}
