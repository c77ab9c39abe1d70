//! The files of `envoy/fleet`: what they have in common with others.

use std::{fs, process::Command};

use serde_json::{Value, json};

use crate::envoy::gateway::{needed, root};

fn read(file: &str) -> String {
    fs::read_to_string(root().join(file)).unwrap()
}

fn yaml(file: &str) -> Value {
    let script = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
    let python = needed(root().join(".tools/venv/bin/python"), "make test-envoy");
    let output = Command::new(python).current_dir(root()).args(["-c", script, file]).output().unwrap();
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{file}: {error}"))
}

/// Or a correction of one of them would not reach the other.
#[test]
fn the_fleets_bootstrap_has_every_line_of_the_one_envoys() {
    let fleet = read("envoy/fleet/envoy.yaml");
    let mut lines = fleet.lines();
    for line in read("envoy/envoy.yaml").lines() {
        assert!(
            lines.any(|other| other == line),
            "envoy/fleet/envoy.yaml lacks this line of envoy/envoy.yaml, or has it elsewhere:\n{line}"
        );
    }
}

#[test]
fn both_services_have_the_same_limits() {
    let mut limits = Vec::new();
    for of_unit in yaml("envoy/fleet/ratelimit.yaml")["descriptors"].as_array().unwrap() {
        for limit in of_unit["descriptors"].as_array().unwrap() {
            let seconds = match limit["rate_limit"]["unit"].as_str().unwrap() {
                "minute" => 60,
                "month" => 30 * 86400,
                unit => panic!("{unit}"),
            };
            let limited = &limit["rate_limit"];
            let most = (limited["name"].clone(), limited["requests_per_unit"].clone());
            limits.push((of_unit["value"].clone(), limit["key"].clone(), most, json!(seconds)));
        }
    }
    for (limit, (unit, key, most, seconds)) in yaml("envoy/fleet/limitador.yaml").as_array().unwrap().iter().zip(&limits) {
        assert_eq!((&limit["name"], &limit["max_value"], &limit["seconds"]), (&most.0, &most.1, seconds));
        assert_eq!(limit["conditions"][0], format!("descriptors[0].unit == '{}'", unit.as_str().unwrap()));
        assert_eq!(limit["variables"], json!([format!("descriptors[0].{}", key.as_str().unwrap())]));
    }
    assert_eq!(limits.len(), yaml("envoy/fleet/limitador.yaml").as_array().unwrap().len());
}
