use super::*;
use crate::config::Config;
use crate::price::FemtoUsd;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The members of a model that OpenRouter's own clients refuse to be without.
const OF_MODEL: [&str; 14] = [
    "id",
    "canonical_slug",
    "name",
    "created",
    "context_length",
    "architecture",
    "pricing",
    "top_provider",
    "per_request_limits",
    "supported_parameters",
    "default_parameters",
    "supported_voices",
    "links",
    "description",
];

/// The same of an endpoint.
const OF_ENDPOINT: [&str; 22] = [
    "name",
    "model_id",
    "model_name",
    "context_length",
    "pricing",
    "provider_name",
    "tag",
    "supported_parameters",
    "supports_implicit_caching",
    "supports_tool_choice",
    "native_tools",
    "supports_diarization",
    "quantization",
    "max_completion_tokens",
    "max_prompt_tokens",
    "uptime_last_5m",
    "uptime_last_30m",
    "uptime_last_1d",
    "latency_last_30m",
    "throughput_last_30m",
    "service_tier",
    "status",
];

/// Nothing has been asked of any endpoint.
fn unseen(_: &Endpoint) -> Report {
    Report::default()
}

fn catalogue() -> Catalogue {
    let configuration = json!({
        "role": "gateway",
        "providers": {
            "dear": {"dialect": "openai", "name": "Dear & Co", "about": {"headquarters": "DE"}},
            "fair": {"dialect": "openai", "zdr": true},
        },
        "models": [
            {"id": "acme/one", "name": "Acme: One", "created": 100, "context_length": 8000, "description": "The first.",
             "supported_parameters": ["tools", "max_tokens"], "input_modalities": ["text", "image"], "endpoints": [
                {"provider": "dear", "model": "one", "price": {"prompt": 2, "completion": 8}},
                {"provider": "fair", "model": "one", "price": {"prompt": 0.15, "completion": 0.6, "input_cache_read": 0.075}, "quantization": "fp8"}]},
            {"id": "acme/two:free", "created": 300, "supported_parameters": [], "endpoints": [
                {"provider": "dear", "model": "two", "price": {"prompt": 0, "completion": 0}, "context_length": 32000}]},
            {"id": "other/vectors", "created": 200, "output_modalities": ["embeddings"], "endpoints": [
                {"provider": "dear", "model": "v", "price": {"prompt": 0.02, "completion": 0}}]},
        ],
        "keys": [
            {"name": "all", "sha256": "0".repeat(64)},
            {"name": "some", "sha256": "1".repeat(64), "models": ["other/*"]},
            {"name": "private", "sha256": "2".repeat(64), "zdr": true},
            {"name": "dear", "sha256": "3".repeat(64), "providers": ["de*"]},
        ],
    });
    match Config::parse(configuration.to_string().as_bytes(), |_| None) {
        Ok(Config::Gateway(gateway)) => Catalogue::new(gateway),
        other => panic!("{other:?}"),
    }
}

fn answer(listing: Listing<'_>, query: &str) -> Value {
    serde_json::from_str(&catalogue().answer(listing, query, None, &unseen).unwrap()).unwrap()
}

fn ids(query: &str) -> Vec<String> {
    let models = answer(Listing::Models, query);
    models["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_model_has_every_member_that_clients_demand() {
    let models = answer(Listing::Models, "output_modalities=all");
    assert_eq!((&models["total_count"], &models["links"]), (&json!(3), &json!({"next": null})));
    for model in models["data"].as_array().unwrap() {
        for member in OF_MODEL {
            assert!(model.get(member).is_some(), "{member} of {model}");
        }
        for member in ["id", "canonical_slug", "name", "description"] {
            assert!(model[member].is_string(), "{member} of {model}");
        }
        for price in ["prompt", "completion"] {
            assert!(model["pricing"][price].is_string(), "{price} of {model}");
        }
        assert!(model["created"].is_u64() && model["top_provider"]["is_moderated"].is_boolean());
    }
    let one = &models["data"][0];
    assert_eq!(
        one["architecture"],
        json!({"modality": "text+image->text", "input_modalities": ["text", "image"],
        "output_modalities": ["text"], "tokenizer": "Other", "instruct_type": null})
    );
    assert_eq!(
        one["pricing"],
        json!({"prompt": "0.00000015", "completion": "0.0000006", "request": "0",
        "input_cache_read": "0.000000075", "discount": 0}),
        "the cheapest endpoint's"
    );
    assert_eq!(one["supported_parameters"], json!(["max_completion_tokens", "max_tokens", "tools"]), "either name of the limit is heeded");
    assert_eq!(one["links"]["details"], "/api/v1/models/acme/one/endpoints");
    assert_eq!(answer(Listing::Model("ACME/one"), "")["data"], *one);
    for id in ["acme/two%3Afree", "acme%2Ftwo%3afree", "acme%2ftwo:free", "%61cme/two:free"] {
        assert_eq!(answer(Listing::Model(id), "")["data"]["context_length"], 32000, "{id}");
        assert_eq!(answer(Listing::Endpoints(id), "")["data"]["id"], "acme/two:free", "{id}");
    }
}

#[test]
fn a_model_is_openais_object_as_well() {
    let model = answer(Listing::Model("acme%2Ftwo:free"), "");
    let openai = json!({"id": "acme/two:free", "object": "model", "created": 300, "owned_by": "acme", "data": model["data"]});
    assert_eq!(model, openai);
}

#[test]
fn an_alias_is_told_as_the_newest_of_its_family() {
    let catalogue = catalogue();
    let told = |listing, key: Option<usize>| -> Value {
        let key = key.map(|key| &*catalogue.gateway.keys()[key]);
        serde_json::from_str(&catalogue.answer(listing, "", key, &unseen).unwrap()).unwrap()
    };
    assert_eq!(told(Listing::Model("~other/vectors-latest"), None)["data"]["id"], "other/vectors");
    assert_eq!(told(Listing::Model("~acme%2Ftwo-latest:free"), Some(0))["id"], "acme/two:free");
    assert_eq!(told(Listing::Endpoints("~Acme/one-latest"), None)["data"]["id"], "acme/one");
    assert_eq!(catalogue.answer(Listing::Model("~acme/none-latest"), "", None, &unseen).unwrap_err().status(), 404);
}

/// By the best of a model's endpoints: a request goes there if it asks for speed.
#[test]
fn a_list_is_sorted_by_what_endpoints_have_done() {
    let same = |p50: f64| Some(crate::performance::Percentiles { p50, p75: p50, p90: p50, p99: p50 });
    let seen = |endpoint: &Endpoint| match (&*endpoint.catalogue_id, &*endpoint.tag) {
        ("acme/one", "fair") => Report { throughput_last_30m: same(50.5), latency_last_30m: same(900.0), ..Report::default() },
        ("acme/one", _) => Report { throughput_last_30m: same(20.0), latency_last_30m: same(300.0), ..Report::default() },
        ("other/vectors", _) => Report { throughput_last_30m: same(50.0), latency_last_30m: same(200.0), ..Report::default() },
        _ => Report::default(),
    };
    let sorted = |sort: &str| {
        let query = format!("output_modalities=all&sort={sort}");
        let models: Value = serde_json::from_str(&catalogue().answer(Listing::Models, &query, None, &seen).unwrap()).unwrap();
        models["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(sorted("throughput-high-to-low"), ["acme/one", "other/vectors", "acme/two:free"]);
    assert_eq!(sorted("latency-low-to-high"), ["other/vectors", "acme/one", "acme/two:free"]);
}

#[test]
fn a_model_that_only_embeds_has_none_of_an_answers_parameters() {
    let models = answer(Listing::Embeddings, "");
    assert_eq!(models["data"][0]["supported_parameters"], json!([]));
    let endpoint = answer(Listing::Endpoints("other/vectors"), "")["data"]["endpoints"][0].clone();
    assert_eq!((&endpoint["supported_parameters"], &endpoint["supports_tool_choice"]["auto"]), (&json!([]), &json!(false)));
}

#[test]
fn an_endpoint_has_every_member_that_clients_demand() {
    let model = answer(Listing::Endpoints("acme/one"), "");
    let endpoints = model["data"]["endpoints"].as_array().unwrap();
    assert_eq!(endpoints.len(), 2);
    for endpoint in endpoints {
        for member in OF_ENDPOINT {
            assert!(endpoint.get(member).is_some(), "{member} of {endpoint}");
        }
    }
    assert_eq!((&endpoints[0]["provider_name"], &endpoints[0]["tag"]), (&json!("Dear & Co"), &json!("dear")));
    assert_eq!((&endpoints[1]["quantization"], &endpoints[1]["context_length"]), (&json!("fp8"), &json!(8000)));
    let private = answer(Listing::ZeroDataRetention, "");
    assert_eq!(private["data"], json!([endpoints[1]]));
    let providers = answer(Listing::Providers, "");
    assert_eq!((&providers["data"][0]["name"], &providers["data"][0]["headquarters"]), (&json!("Dear & Co"), &json!("DE")));
    assert_eq!(providers["data"][1]["privacy_policy_url"], Value::Null);
}

#[test]
fn a_list_is_filtered_and_sorted() {
    assert_eq!(ids(""), ["acme/one", "acme/two:free"], "text is meant unless another output is named");
    assert_eq!(ids("output_modalities=embeddings"), ["other/vectors"]);
    assert_eq!(ids("supported_parameters=tools,max_tokens"), ["acme/one"]);
    assert_eq!(ids("supported_parameters=bogus&output_modalities=all"), [""; 0], "what no model lists");
    assert_eq!(ids("supported_parameters=tools&output_modalities=all"), ["acme/one"]);
    assert_eq!(ids("q=TWO"), ["acme/two:free"]);
    assert_eq!(ids("q=Acme%3A+One"), ["acme/one"]);
    assert_eq!(ids("input_modalities=image&output_modalities=all&model_authors=acme"), ["acme/one", "acme/two:free"]);
    assert_eq!(ids("providers=fair"), ["acme/one"]);
    assert_eq!(ids("zdr=true"), ["acme/one"]);
    assert_eq!(ids("context=10000"), ["acme/two:free"]);
    assert_eq!(ids("max_price=0.1"), ["acme/two:free"]);
    assert_eq!(ids("min_output_price=0.6"), ["acme/one"]);
    let sorted = |sort| ids(&format!("output_modalities=all&sort={sort}"));
    assert_eq!(sorted("newest"), ["acme/two:free", "other/vectors", "acme/one"]);
    assert_eq!(sorted("pricing-low-to-high"), ["acme/two:free", "other/vectors", "acme/one"]);
    assert_eq!(sorted("pricing-high-to-low"), ["acme/one", "other/vectors", "acme/two:free"]);
    assert_eq!(sorted("context-high-to-low"), ["acme/two:free", "acme/one", "other/vectors"]);
    assert_eq!(sorted("most-popular"), ["acme/one", "acme/two:free", "other/vectors"]);
    assert_eq!(ids("category=programming&region=eu&nonsense=%ff"), ["acme/one", "acme/two:free"]);
    assert_eq!(answer(Listing::Count, "output_modalities=all"), json!({"data": {"count": 3}}));
    assert_eq!(answer(Listing::Count, ""), json!({"data": {"count": 2}}));
    assert_eq!(answer(Listing::Embeddings, "")["total_count"], 1);
}

/// The official SDKs ask for page after page until one has fewer entries than its limit.
#[test]
fn pages_come_to_an_end() {
    let page = |query: &str| answer(Listing::Models, query);
    let first = page("limit=1&sort=newest");
    assert_eq!((&first["data"][0]["id"], &first["total_count"]), (&json!("acme/two:free"), &json!(2)));
    let next = first["links"]["next"].as_str().unwrap();
    assert_eq!(next, "/api/v1/models?sort=newest&offset=1&limit=1");
    let second = page(next.split_once('?').unwrap().1);
    assert_eq!((&second["data"][0]["id"], &second["links"]["next"]), (&json!("acme/one"), &Value::Null));
    assert_eq!(page("offset=0&limit=500")["data"].as_array().unwrap().len(), 2);
    assert_eq!(page("offset=500")["data"], json!([]));
    for query in ["offset=-1", "limit=0", "sort=cheapest", "limit=1001", "limit=x", "context=1.5", "max_price=cheap"] {
        let error = catalogue().answer(Listing::Models, query, None, &unseen).unwrap_err();
        assert_eq!(error.status(), 400, "{query}");
        assert!(error.to_string().contains(query.split_once('=').unwrap().0), "{error}");
    }
}

#[test]
fn a_key_sees_the_models_it_may_use() {
    let catalogue = catalogue();
    let seen = |key: usize| {
        let key = &catalogue.gateway.keys()[key];
        serde_json::from_str::<Value>(&catalogue.answer(Listing::OfUser, "", Some(key), &unseen).unwrap()).unwrap()["total_count"].clone()
    };
    assert_eq!((seen(0), seen(1)), (json!(3), json!(1)));
}

#[test]
fn a_key_sees_models_as_the_endpoints_that_it_may_use_make_them() {
    let catalogue = catalogue();
    let answer = |listing, key: usize| -> Value {
        serde_json::from_str(&catalogue.answer(listing, "", Some(&catalogue.gateway.keys()[key]), &unseen).unwrap()).unwrap()
    };
    let prices = |key| {
        let models = answer(Listing::OfUser, key);
        let models = models["data"].as_array().unwrap();
        models.iter().map(|model| (model["id"].clone(), model["pricing"]["prompt"].clone())).collect::<Vec<_>>()
    };
    assert_eq!(prices(2), [(json!("acme/one"), json!("0.00000015"))], "only one provider keeps nothing");
    let dear = [("acme/one", "0.000002"), ("acme/two:free", "0"), ("other/vectors", "0.00000002")];
    assert_eq!(prices(3), dear.map(|(id, price)| (json!(id), json!(price))));
    let tags = |key| {
        let model = answer(Listing::Endpoints("acme/one"), key);
        model["data"]["endpoints"].as_array().unwrap().iter().map(|endpoint| endpoint["tag"].clone()).collect::<Vec<_>>()
    };
    assert_eq!(
        [tags(0), tags(1), tags(2), tags(3)],
        [vec![json!("dear"), json!("fair")], vec![], vec![json!("fair")], vec![json!("dear")]]
    );
}

#[test]
fn a_model_that_is_not_there_is_told() {
    for listing in [
        Listing::Model("acme/none"),
        Listing::Endpoints("acme"),
        Listing::Endpoints(""),
        Listing::Model("acme%2"),
        Listing::Model("acme%zzone%"),
    ] {
        assert_eq!(catalogue().answer(listing, "", None, &unseen).unwrap_err().status(), 404, "{listing:?}");
    }
}

#[test]
fn prices_are_texts_without_exponents() {
    for (femto, text) in [(0, "0"), (1, "0.000000000000001"), (150_000_000, "0.00000015"), (2_500_000_000_000_000, "2.5")] {
        assert_eq!(FemtoUsd::new(femto).to_string(), text);
    }
}
