use super::*;
use crate::config::Config;
use crate::price::FemtoUsd;
use crate::required::Contract;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// Ten days after the epoch.
const NOW: Millis = Millis(864_000_000);

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
             "supported_parameters": ["tools", "max_tokens"], "input_modalities": ["text", "image"], "tokenizer": "Llama3", "distillable": true, "endpoints": [
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
    serde_json::from_str(&catalogue().answer(listing, query, None, &unseen, NOW).unwrap()).unwrap()
}

fn ids(query: &str) -> Vec<String> {
    let models = answer(Listing::Models, query);
    models["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_model_has_every_member_that_clients_demand() {
    let models = answer(Listing::Models, "output_modalities=all");
    assert_eq!((&models["total_count"], &models["links"]), (&json!(3), &json!({"next": null})));
    Contract::read().assert_kept("GET /models", &models);
    let one = &models["data"][0];
    assert_eq!(
        one["architecture"],
        json!({"modality": "text+image->text", "input_modalities": ["text", "image"],
        "output_modalities": ["text"], "tokenizer": "Llama3", "instruct_type": null})
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
        serde_json::from_str(&catalogue.answer(listing, "", key, &unseen, NOW).unwrap()).unwrap()
    };
    assert_eq!(told(Listing::Model("~other/vectors-latest"), None)["data"]["id"], "other/vectors");
    assert_eq!(told(Listing::Model("~acme%2Ftwo-latest:free"), Some(0))["id"], "acme/two:free");
    assert_eq!(told(Listing::Endpoints("~Acme/one-latest"), None)["data"]["id"], "acme/one");
    assert_eq!(catalogue.answer(Listing::Model("~acme/none-latest"), "", None, &unseen, NOW).unwrap_err().status(), 404);
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
        let models: Value = serde_json::from_str(&catalogue().answer(Listing::Models, &query, None, &seen, NOW).unwrap()).unwrap();
        models["data"].as_array().unwrap().iter().map(|model| model["id"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(sorted("throughput-high-to-low"), ["acme/one", "other/vectors", "acme/two:free"]);
    assert_eq!(sorted("latency-low-to-high"), ["other/vectors", "acme/one", "acme/two:free"]);
}

#[test]
fn what_endpoints_have_done_is_asked_once_in_a_quarter_of_a_second() {
    let catalogue = catalogue();
    let asked = std::cell::Cell::new(0);
    let report = |_: &Endpoint| {
        asked.set(asked.get() + 1);
        Report::default()
    };
    let endpoints = catalogue.gateway.endpoints().count();
    for (later, times) in [(0, 1), (1, 1), (249, 1), (250, 2), (499, 2), (500, 3)] {
        for sort in ["throughput-high-to-low", "latency-low-to-high"] {
            let query = format!("output_modalities=all&sort={sort}");
            catalogue.answer(Listing::Models, &query, None, &report, Millis(NOW.0 + later)).unwrap();
        }
        catalogue.answer(Listing::ZeroDataRetention, "", None, &report, Millis(NOW.0 + later)).unwrap();
        assert_eq!(asked.get(), endpoints * times, "{later} ms later");
    }
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
    let mut contract = Contract::read();
    contract.assert_kept("GET /models/{author}/{slug}/endpoints", &model);
    assert_eq!((&endpoints[0]["provider_name"], &endpoints[0]["tag"]), (&json!("Dear & Co"), &json!("dear")));
    assert_eq!((&endpoints[1]["quantization"], &endpoints[1]["context_length"]), (&json!("fp8"), &json!(8000)));
    let private = answer(Listing::ZeroDataRetention, "");
    contract.assert_kept("GET /endpoints/zdr", &private);
    assert_eq!(private["data"], json!([endpoints[1]]));
    let providers = answer(Listing::Providers, "");
    contract.assert_kept("GET /providers", &providers);
    assert_eq!((&providers["data"][0]["name"], &providers["data"][0]["headquarters"]), (&json!("Dear & Co"), &json!("DE")));
    assert_eq!(providers["data"][1].get("privacy_policy_url"), Some(&Value::Null));
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
    assert_eq!((ids("distillable=true"), ids("distillable=false")), (vec!["acme/one".into()], vec!["acme/two:free".into()]));
    for (arch, found) in [("llama", "acme/one"), ("Llama3", "acme/one"), ("Other", "acme/two:free"), ("GPT,other", "acme/two:free")] {
        assert_eq!(ids(&format!("arch={arch}")), [found], "{arch}");
    }
    assert_eq!(ids("arch=llama4"), [""; 0]);
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

/// Three models came out on the first day, ten days ago.
#[test]
fn a_list_is_filtered_by_age_in_whole_days() {
    for (query, count) in [
        ("min_age_days=0", 3),
        ("min_age_days=9", 3),
        ("min_age_days=10", 0),
        ("max_age_days=9", 3),
        ("max_age_days=8", 0),
        ("min_age_days=9&max_age_days=9", 3),
    ] {
        assert_eq!(answer(Listing::Count, &format!("output_modalities=all&{query}")), json!({"data": {"count": count}}), "{query}");
    }
    for query in ["min_age_days=-1", "max_age_days=1.5", "max_age_days=soon"] {
        assert_eq!(catalogue().answer(Listing::Models, query, None, &unseen, NOW).unwrap_err().status(), 400, "{query}");
    }
}

/// Who asks for nothing else gets no tier of its own, and so does not pay its price.
#[test]
fn a_price_is_what_a_plain_request_may_come_to() {
    let endpoint = |tier: Value, price: f64| {
        let mut endpoint = json!({"provider": "p", "model": "m", "price": {"prompt": price, "completion": price}, "context_length": 1000});
        if !tier.is_null() {
            endpoint["service_tier"] = tier;
        }
        endpoint
    };
    let (flex, usual, priority) = (endpoint("flex".into(), 0.5), endpoint(Value::Null, 1.0), endpoint("priority".into(), 2.0));
    let configuration = json!({
        "role": "gateway", "anonymous": true, "providers": {"p": {"dialect": "openai"}},
        "models": [{"id": "a/tiers", "endpoints": [flex, usual, priority]}, {"id": "a/flex", "endpoints": [priority, flex]},
            {"id": "a/usual", "endpoints": [endpoint(Value::Null, 0.75)]}],
    });
    let Ok(Config::Gateway(gateway)) = Config::parse(configuration.to_string().as_bytes(), |_| None) else { panic!() };
    let catalogue = Catalogue::new(gateway);
    let prices = |query: &str| {
        let models: Value = serde_json::from_str(&catalogue.answer(Listing::Models, query, None, &unseen, NOW).unwrap()).unwrap();
        let models = models["data"].as_array().unwrap().iter();
        models
            .map(|model| format!("{} {}", model["id"].as_str().unwrap(), model["pricing"]["prompt"].as_str().unwrap()))
            .collect::<Vec<_>>()
    };
    assert_eq!(prices("sort=pricing-low-to-high"), ["a/flex 0.0000005", "a/usual 0.00000075", "a/tiers 0.000001"]);
    assert_eq!(prices("max_price=0.8"), ["a/flex 0.0000005", "a/usual 0.00000075"]);
    assert_eq!(prices("min_price=1"), ["a/tiers 0.000001"]);
}

#[test]
fn a_model_is_found_with_the_variants_that_every_model_understands() {
    for id in ["acme/one:floor", "ACME%2FOne:nitro", "acme/one:exacto:floor", "~acme/one-latest:floor"] {
        assert_eq!(answer(Listing::Model(id), "")["data"]["id"], "acme/one", "{id}");
        assert_eq!(answer(Listing::Endpoints(id), "")["data"]["id"], "acme/one", "{id}");
    }
    assert_eq!(answer(Listing::Model("acme/two:nitro:free"), "")["data"]["id"], "acme/two:free");
    for id in ["acme/one:online", "acme/two:floor", "acme/one:none", "acme/one:"] {
        assert_eq!(catalogue().answer(Listing::Model(id), "", None, &unseen, NOW).unwrap_err().status(), 404, "{id}");
    }
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
        let error = catalogue().answer(Listing::Models, query, None, &unseen, NOW).unwrap_err();
        assert_eq!(error.status(), 400, "{query}");
        assert!(error.to_string().contains(query.split_once('=').unwrap().0), "{error}");
    }
}

#[test]
fn a_key_sees_the_models_it_may_use() {
    let catalogue = catalogue();
    let seen = |key: usize| {
        let key = &catalogue.gateway.keys()[key];
        serde_json::from_str::<Value>(&catalogue.answer(Listing::OfUser, "", Some(key), &unseen, NOW).unwrap()).unwrap()["total_count"]
            .clone()
    };
    assert_eq!((seen(0), seen(1)), (json!(3), json!(1)));
}

#[test]
fn a_key_sees_models_as_the_endpoints_that_it_may_use_make_them() {
    let catalogue = catalogue();
    let answer = |listing, key: usize| -> Value {
        serde_json::from_str(&catalogue.answer(listing, "", Some(&catalogue.gateway.keys()[key]), &unseen, NOW).unwrap()).unwrap()
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
        assert_eq!(catalogue().answer(listing, "", None, &unseen, NOW).unwrap_err().status(), 404, "{listing:?}");
    }
}

#[test]
fn prices_are_texts_without_exponents() {
    for (femto, text) in [(0, "0"), (1, "0.000000000000001"), (150_000_000, "0.00000015"), (2_500_000_000_000_000, "2.5")] {
        assert_eq!(FemtoUsd::new(femto).to_string(), text);
    }
}
