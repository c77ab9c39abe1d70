//! The configuration and the stub providers that a test's gateway starts with.

use serde_json::{Map, Value, json};

use super::provider::Provider;

/// SHA-256 of `client::KEY`.
const KEY_SHA256: &str = "ea3c6d86042520298bfbda076e3abd13fc98b17835dd1dabd43f83bcff4f9971";

pub struct Setup {
    /// The shipped file that everything is put into.
    pub bootstrap: &'static str,
    pub configuration: Value,
    pub providers: Vec<Provider>,
    /// Clusters with addresses of their own: name and port.
    pub clusters: Vec<(String, u16)>,
    /// Clusters that are spoken to in HTTP/2.
    pub http2: Vec<String>,
    /// The listener stands in a file that Envoy watches.
    pub reloadable: bool,
    /// A request with trailers takes down the VM that it meets.
    pub frail: bool,
    /// A last change to what Envoy starts with.
    pub patch: Option<fn(&mut Value)>,
    pub environment: Vec<(String, String)>,
    pub concurrency: usize,
    pub log_level: &'static str,
}

impl Setup {
    pub fn new() -> Self {
        Self {
            bootstrap: "envoy/envoy.yaml",
            configuration: json!({
                "role": "gateway", "providers": {}, "models": [], "keys": [{"name": "test", "sha256": KEY_SHA256}]
            }),
            providers: Vec::new(),
            clusters: Vec::new(),
            http2: Vec::new(),
            reloadable: false,
            frail: false,
            patch: None,
            environment: Vec::new(),
            concurrency: 2,
            log_level: "info",
        }
    }

    /// Stub providers in the OpenAI dialect, each with its slug as display name, cluster and host.
    pub fn providers(mut self, names: &[&str]) -> Self {
        for name in names {
            self = self.provider(Provider::start(name), json!({}));
        }
        self
    }

    /// A provider with `more` members in its configuration.
    pub fn provider(mut self, provider: Provider, more: Value) -> Self {
        let name = provider.name.clone();
        let mut members = json!({"name": name, "dialect": "openai", "host": format!("{name}.test"), "path_prefix": "/v1"});
        extend(members.as_object_mut().unwrap(), more);
        self.configuration["providers"][&name] = members;
        self.clusters.push((name, provider.port));
        self.providers.push(provider);
        self
    }

    /// Models that are served by these providers, the first of them first: the next is 10,000 times as expensive, so that the draw
    /// by 1/price² prefers it once in 10⁸ times. A provider's name for a model is what follows the slash.
    pub fn models(mut self, ids: &[&str], providers: &[&str]) -> Self {
        for id in ids {
            let endpoints: Vec<Value> = ["0.001", "10", "10000", "10000"]
                .iter()
                .zip(providers)
                .map(|(price, provider)| {
                    let price: Value = serde_json::from_str(price).unwrap();
                    json!({"provider": provider, "model": upstream_name(id), "price": {"prompt": price, "completion": price}})
                })
                .collect();
            self = self.model(json!({"id": id, "endpoints": endpoints}));
        }
        self
    }

    /// A model at one provider for these prices of a million tokens.
    pub fn priced(self, id: &str, provider: &str, price: Value) -> Self {
        self.model(json!({"id": id, "endpoints": [{"provider": provider, "model": upstream_name(id), "price": price}]}))
    }

    /// Models as [`Setup::models`] has them, that embed.
    pub fn embedding(mut self, ids: &[&str], providers: &[&str]) -> Self {
        let before = self.configuration["models"].as_array().unwrap().len();
        self = self.models(ids, providers);
        for model in self.configuration["models"].as_array_mut().unwrap().iter_mut().skip(before) {
            model["output_modalities"] = json!(["embeddings"]);
        }
        self
    }

    pub fn model(mut self, model: Value) -> Self {
        self.configuration["models"].as_array_mut().unwrap().push(model);
        self
    }

    pub fn key(mut self, key: Value) -> Self {
        self.configuration["keys"].as_array_mut().unwrap().push(key);
        self
    }

    /// Sets a member at the top of the configuration.
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.configuration[name] = value;
        self
    }

    pub fn bootstrap(mut self, file: &'static str) -> Self {
        self.bootstrap = file;
        self
    }

    /// A cluster that is no provider's: where it is.
    pub fn service(mut self, cluster: &str, port: u16) -> Self {
        self.clusters.push((cluster.into(), port));
        self
    }

    pub fn patched(mut self, patch: fn(&mut Value)) -> Self {
        self.patch = Some(patch);
        self
    }

    pub fn reloadable(mut self) -> Self {
        self.reloadable = true;
        self
    }

    pub fn frail(mut self) -> Self {
        self.frail = true;
        self
    }

    pub fn http2(mut self, cluster: &str) -> Self {
        self.http2.push(cluster.into());
        self
    }

    pub fn configured(mut self, configuration: Value) -> Self {
        self.configuration = configuration;
        self
    }

    /// A variable of Envoy's environment, for a provider's credential.
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.into(), value.into()));
        self
    }

    pub fn log_level(mut self, level: &'static str) -> Self {
        self.log_level = level;
        self
    }

    pub fn concurrency(mut self, workers: usize) -> Self {
        self.concurrency = workers;
        self
    }
}

pub fn upstream_name(id: &str) -> &str {
    id.split_once('/').map_or(id, |(_, name)| name)
}

fn extend(members: &mut Map<String, Value>, more: Value) {
    let Value::Object(more) = more else { panic!("{more} is not an object") };
    for (name, value) in more {
        if value.is_null() {
            members.remove(&name);
        } else {
            members.insert(name, value);
        }
    }
}
