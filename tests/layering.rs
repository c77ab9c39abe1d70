//! The walls of the house: which module may use which, and what the core may not ask for.
#![cfg(not(target_family = "wasm"))]
// A failing test panics; clippy.toml allows that in test functions, and not in what they call.
#![allow(clippy::unwrap_used, clippy::panic, clippy::arithmetic_side_effects)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// The modules from the ground up: each may use those of its own layer and of the layers below.
const LAYERS: [(&str, &[&str]); 8] = [
    (
        "vocabulary",
        &[
            "api",
            "calendar",
            "auto_router",
            "chat",
            "clock",
            "decimal",
            "duration",
            "error",
            "eventstream",
            "glob",
            "healing",
            "json",
            "middle_out",
            "model",
            "oauth",
            "plugins",
            "preferences",
            "preset",
            "price",
            "protobuf",
            "retry_after",
            "router",
            "secret",
            "sigv4",
            "splice",
            "sse",
            "usage",
        ],
    ),
    ("configuration", &["config", "endpoint"]),
    ("decisions", &["catalogue", "health", "performance", "route", "sticky"]),
    ("provider formats", &["provider"]),
    ("verdicts on what providers say", &["fallback"]),
    ("the machine", &["exchange"]),
    ("what leaves it", &["accounting", "filter_state", "headers", "inbound", "metrics"]),
    ("the host shell", &["host"]),
];

/// What stands outside of `src`, for tests in there.
const OF_TESTS: &str = "required";

/// What only the shell may name: the host, time, luck, files, other threads.
const NOT_IN_THE_CORE: [&str; 11] = [
    "proxy_wasm",
    "SystemTime::now",
    "Instant",
    "std::env",
    "std::fs",
    "std::io",
    "std::net",
    "std::process",
    "std::thread",
    "Rng::new",
    "unsafe",
];

struct Source {
    path: PathBuf,
    /// The module of the crate's root that it belongs to; empty for `lib.rs`.
    module: String,
    /// Without comments.
    code: String,
}

fn sources() -> Vec<Source> {
    fn walk(folder: &Path, files: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, files);
            } else {
                files.push(path);
            }
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    walk(&root, &mut files);
    let source = |path: PathBuf| {
        let inside = path.strip_prefix(&root).unwrap();
        let module = inside.iter().next().unwrap().to_str().unwrap().trim_end_matches(".rs");
        let module = if module == "lib" { String::new() } else { module.to_owned() };
        let text = fs::read_to_string(&path).unwrap();
        let code = text.lines().map(|line| line.split("//").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
        Source { module, code, path }
    };
    files.into_iter().map(source).collect()
}

fn layer(module: &str) -> usize {
    LAYERS.iter().position(|(_, modules)| modules.contains(&module)).unwrap_or_else(|| panic!("{module} has no layer: give it one"))
}

/// The modules that follow each `crate::`, be it one path or a list in braces.
fn used(code: &str) -> BTreeSet<String> {
    let mut modules = BTreeSet::new();
    for path in code.split("crate::").skip(1) {
        let Some(list) = path.strip_prefix('{') else {
            modules.insert(word(path));
            continue;
        };
        let mut depth = 0;
        for (at, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' if depth == 0 => break,
                '}' => depth -= 1,
                _ => {}
            }
            let before = list.get(..at).unwrap_or_default().trim_end();
            if depth == 0 && c.is_ascii_lowercase() && (before.is_empty() || before.ends_with(',')) {
                modules.insert(word(list.get(at..).unwrap_or_default()));
            }
        }
    }
    modules
}

fn word(text: &str) -> String {
    text.chars().take_while(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '_').collect()
}

#[test]
fn a_list_of_uses_is_read_to_its_end() {
    let code = "use crate::{\n config::{Modalities, Provider},\n price::Cost, usage::{self, x::Y},\n};\nlet a = crate::chat::DONE;";
    assert_eq!(used(code).into_iter().collect::<Vec<_>>(), ["chat", "config", "price", "usage"]);
}

#[test]
fn arrows_point_downward_only() {
    let mut arrows = 0;
    for source in sources().iter().filter(|source| !source.module.is_empty()) {
        for target in used(&source.code).into_iter().filter(|target| target != OF_TESTS) {
            let (from, to) = (layer(&source.module), layer(&target));
            assert!(to <= from, "{}: {} must not use {target}", source.path.display(), source.module);
            arrows = arrows.max(from);
        }
    }
    assert_eq!(LAYERS.get(arrows).map(|(name, _)| *name), Some("the host shell"), "the shell's uses were seen");
}

#[test]
fn every_module_has_its_layer() {
    let layered: BTreeSet<String> = LAYERS.iter().flat_map(|(_, modules)| *modules).map(|module| (*module).to_owned()).collect();
    let there: BTreeSet<String> = sources().into_iter().map(|source| source.module).filter(|module| !module.is_empty()).collect();
    assert_eq!(layered, there);
}

#[test]
fn the_core_asks_the_system_for_nothing() {
    for source in sources().iter().filter(|source| source.module != "host") {
        for name in NOT_IN_THE_CORE {
            assert!(!source.code.contains(name), "{} names {name}", source.path.display());
        }
    }
}
