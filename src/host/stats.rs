//! Envoy stats: each metric of the configuration, defined once, and records added to them.

use super::calls::{self, MetricKind};
use crate::config::Gateway;
use crate::metrics::{self, Kind, Record};

/// The metrics of one configuration, by their place in its definitions.
pub(super) struct Stats {
    ids: Vec<Option<u32>>,
}

// === impl Stats ===

impl Stats {
    /// Defines every metric of `gateway`, so that each reads 0 before its first use.
    pub(super) fn define(gateway: &Gateway) -> Self {
        let define = |definition: &metrics::Definition| {
            let kind = match definition.kind {
                Kind::Counter => MetricKind::Counter,
                Kind::Gauge => MetricKind::Gauge,
                Kind::Histogram => MetricKind::Histogram,
            };
            let id = calls::define_metric(kind, &definition.name);
            if id.is_none() {
                log::warn!("signalbox: Envoy does not define the stat {}", definition.name);
            }
            id
        };
        Self { ids: metrics::definitions(gateway).iter().map(define).collect() }
    }

    /// Adds `record`.
    pub(super) fn add(&self, record: Record) {
        let Some(Some(id)) = self.ids.get(record.metric) else { return };
        match record.kind {
            Kind::Counter => calls::add_to_metric(*id, record.value),
            Kind::Gauge | Kind::Histogram => calls::record_metric(*id, record.value),
        }
    }
}
