//! What is odd about a configuration, told by whichever worker loads it first: all of them load it, and then it would stand in the log
//! once for each.

use std::hash::BuildHasher;

use rustc_hash::FxBuildHasher;

use super::calls;
use crate::config::Warning;

/// Tells `warnings`, unless they were told before by this Envoy.
pub(super) fn tell(warnings: &[Warning]) {
    let lines: Vec<String> = warnings.iter().map(ToString::to_string).collect();
    let told = format!("signalbox.warned.{:016x}", FxBuildHasher.hash_one(&lines));
    if lines.is_empty() || calls::shared(&told).is_some() {
        return;
    }
    calls::set_shared(&told, b"", 0);
    lines.iter().for_each(|line| log::warn!("signalbox: the configuration is odd: {line}"));
}
