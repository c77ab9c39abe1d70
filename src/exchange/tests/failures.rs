//! Attempts that fail: who is asked next, who rests, and what the client is told in the end.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

#[test]
fn what_may_go_better_elsewhere_is_tried_elsewhere() {
    for status in [401, 402, 403, 404, 408, 424, 429, 500, 502, 503, 504, 529, 302, 204] {
        let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        let step = exchange.handle_response_head(head(status, Media::Json), status == 204, &NOW);
        assert_eq!(step, Step::Retry, "{status}");
        assert_eq!(exchange.next_cluster(), Some("second"));
        assert_eq!(troubles(&mut exchange, NOW), [(ONE_AT_FIRST, 20_000)], "{status}");
        assert!(!exchange.is_released());
        assert_eq!(&*exchange.begin_attempt(&NOW).unwrap().provider.slug, "second");
        let (head, json) = released(answered(&mut exchange, 200, COMPLETION));
        assert_eq!((head.status, &json["provider"]), (200, &"Second".into()));
        let settled = exchange.settle(NOW);
        assert_eq!(outcomes(&settled)[1], ("second", "accepted".into()));
        // The price of the one that answered.
        assert_eq!(settled.spent.unwrap().cost.total.get(), 3_000_000);
    }
}

#[test]
fn c18_a_provider_rests_as_long_as_it_asks() {
    for (status, rest) in [(429, 7_000), (503, 7_000), (529, 7_000), (500, 7_000), (401, 20_000)] {
        let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        let limited = ResponseHead { retry_after: Some(Duration::from_secs(7)), ..head(status, Media::Json) };
        assert_eq!(exchange.handle_response_head(limited, false, &NOW), Step::Retry);
        assert_eq!(troubles(&mut exchange, NOW), [(ONE_AT_FIRST, rest)], "{status}");
        assert_eq!(troubles(&mut exchange, NOW), [], "each once");
    }
}

#[test]
fn t80_google_asks_for_it_in_the_body() {
    const BODY: &str = r#"{"error":{"code":429,"details":[{"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"39.5s"}]}}"#;
    let mut exchange = asked(false, &[TWO_AT_GOOGLE, ONE_AT_SECOND]);
    assert_eq!(answered(&mut exchange, 429, BODY), Step::Retry);
    assert_eq!(troubles(&mut exchange, NOW), [(TWO_AT_GOOGLE, 39_500)]);
    // The last one tells the client.
    exchange.begin_attempt(&NOW).unwrap();
    let (last, _) = released(answered(&mut exchange, 429, BODY));
    assert_eq!(last.retry_after, Some(40));
    // In a stream, too.
    let mut exchange = streaming(&[TWO_AT_GOOGLE, ONE_AT_SECOND]);
    assert_eq!(exchange.handle_body(format!("data: {BODY}\r\n\r\n").as_bytes(), false, &NOW), Step::Retry);
    assert_eq!(troubles(&mut exchange, NOW), [(TWO_AT_GOOGLE, 39_500)]);
    // Nobody waits for a body where the header says it, or where there is nothing to read.
    for told in [
        ResponseHead { retry_after: Some(Duration::from_secs(7)), ..head(429, Media::Json) },
        ResponseHead { encoded: true, ..head(429, Media::Json) },
        head(500, Media::Json),
    ] {
        let mut exchange = asked(false, &[TWO_AT_GOOGLE, ONE_AT_SECOND]);
        assert_eq!(exchange.handle_response_head(told, false, &NOW), Step::Retry);
    }
}

#[test]
fn the_last_failure_is_told_with_those_before_it() {
    let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND, TWO_AT_THIRD]);
    assert_eq!(answered(&mut exchange, 500, "{}"), Step::Retry);
    exchange.begin_attempt(&NOW).unwrap();
    // Refused by the network: Envoy asks the next.
    exchange.begin_attempt(&NOW).unwrap();
    let limited = ResponseHead { retry_after: Some(Duration::from_millis(1500)), ..head(429, Media::Json) };
    assert_eq!(exchange.handle_response_head(limited, false, &NOW), Step::Hold);
    let (head, json) = released(exchange.handle_whole_body(br#"{"error":{"message":"slow down"}}"#, &NOW));
    assert_eq!((head.status, head.retry_after, head.cost), (429, Some(2), None));
    let metadata = json!({"error_type": "rate_limit_exceeded", "provider_name": "Third", "raw": "{\"error\":{\"message\":\"slow down\"}}",
        "is_byok": false, "limit_source": "upstream_provider_shared_pool", "remedy_hint": "Try again shortly, or name other `models`",
        "previous_errors": [{"provider": "first", "code": "temporarily_unavailable", "status": 500},
            {"provider": "second", "code": "temporarily_unavailable", "status": null}]});
    let error = &json["error"];
    assert_eq!((&error["code"], &error["message"], &error["metadata"]), (&json!(429), &json!("Provider returned error"), &metadata));
    let availability = &error["availability"];
    assert_eq!((&availability["requested_models"], &availability["retryable"]), (&json!(["m/one"]), &json!(true)));
    assert_eq!((&availability["affected_providers"], &availability["retry_after"]), (&json!(["first", "second", "third"]), &json!(2)));
    assert_eq!(exchange.handle_response_to_client(429, &NOW), None);
    assert_eq!(exchange.begin_attempt(&NOW).map(|endpoint| endpoint.id), None);

    let settled = exchange.settle(NOW);
    let expected =
        [("first", "failed 500".into()), ("second", "unanswered provider_unavailable".into()), ("third", "failed 429".to_owned())];
    assert_eq!(outcomes(&settled), expected);
    assert!(settled.spent.is_none() && !settled.cancelled);
}

/// As the statistics have it.
#[test]
fn the_failure_that_is_told_is_the_one_that_counts() {
    for (first, second, told) in [
        (429, 404, Some(ErrorType::RateLimitExceeded)),
        (503, 401, Some(ErrorType::ProviderOverloaded)),
        (401, 404, Some(ErrorType::Authentication)),
        (500, 429, Some(ErrorType::RateLimitExceeded)),
        (500, 200, None),
    ] {
        let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        assert_eq!(answered(&mut exchange, first, "{}"), Step::Retry);
        exchange.begin_attempt(&NOW).unwrap();
        answered(&mut exchange, second, if second == 200 { COMPLETION } else { "{}" });
        assert_eq!(exchange.settle(NOW).failure, told, "{first}, {second}");
    }
    // What had begun has failed for itself.
    let mut exchange = asked(true, &[ONE_AT_FIRST, ONE_AT_SECOND]);
    assert_eq!(answered(&mut exchange, 429, "{}"), Step::Retry);
    exchange.begin_attempt(&NOW).unwrap();
    assert_eq!(exchange.handle_response_head(head(200, Media::EventStream), false, &NOW), Step::Hold);
    assert!(matches!(exchange.handle_body(text("x").as_bytes(), false, &NOW), Step::Release(..)));
    exchange.handle_body(b"data: {\"error\":{\"code\":400}}\n\n", false, &NOW);
    assert_eq!(exchange.settle(NOW).failure, Some(ErrorType::InvalidRequest));
    // Nobody was told.
    let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
    assert_eq!(answered(&mut exchange, 503, "{}"), Step::Retry);
    assert_eq!(exchange.settle(NOW).failure, None);
}

#[test]
fn a_credential_is_never_quoted() {
    let quoting = format!(r#"{{"error":{{"message":"Incorrect API key provided: {CREDENTIAL}"}}}}"#);
    for (status, body, raw) in [
        (401, r#"{"error":"no"}"#, false),
        (403, r#"{"error":"no"}"#, false),
        (404, r#"{"error":"no"}"#, true),
        (500, &quoting, false),
        (400, &quoting, false),
        (200, &quoting, false),
    ] {
        let mut exchange = asked(false, &[ONE_AT_FIRST]);
        let (_, json) = released(answered(&mut exchange, status, body));
        assert_eq!(json["error"]["metadata"].get("raw").is_some(), raw, "{status}");
        assert!(!json.to_string().contains(CREDENTIAL));
    }
    // In a stream, too.
    let mut exchange = streaming(&[ONE_AT_FIRST]);
    assert!(matches!(exchange.handle_body(text("x").as_bytes(), false, &NOW), Step::Release(..)));
    let failed = body(exchange.handle_body(format!("data: {quoting}\n\n").as_bytes(), false, &NOW));
    assert!(failed.contains("\"error\":{") && !failed.contains(CREDENTIAL), "{failed}");
}

#[test]
fn what_is_the_clients_fault_is_told_at_once() {
    for (status, told) in [(400, 400), (413, 413), (422, 422), (405, 400), (418, 400)] {
        let mut exchange = asked(true, &[ONE_AT_FIRST, TWO_AT_THIRD]);
        let (head, json) = released(answered(&mut exchange, status, r#"{"error":{"message":"bad tool"}}"#));
        assert_eq!((head.status, &json["error"]["code"]), (told, &told.into()));
        assert!(json["error"]["metadata"]["raw"].as_str().unwrap().contains("bad tool"), "{status}");
        assert_eq!(troubles(&mut exchange, NOW), [], "the provider has none");
        assert_eq!(outcomes(&exchange.settle(NOW)), [("first", format!("failed {status}"))]);
    }
}

#[test]
fn t73_a_prompt_that_one_model_refuses_goes_to_the_next_model() {
    for code in ["context_length_exceeded", "content_filter"] {
        let refusal = json!({"error": {"code": code}}).to_string();
        let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND, TWO_AT_THIRD]);
        assert_eq!(answered(&mut exchange, 400, &refusal), Step::Retry);
        assert_eq!(exchange.next_cluster(), Some("third"));
        assert_eq!(troubles(&mut exchange, NOW), []);

        let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        let (head, json) = released(answered(&mut exchange, 400, &refusal));
        assert_eq!(head.status, 400);
        assert!(json["error"]["metadata"]["raw"].as_str().unwrap().contains(code));
    }
}

#[test]
fn a_model_that_refused_is_not_asked_again_wherever_it_stands_in_the_plan() {
    let refusal = r#"{"error":{"code":"context_length_exceeded"}}"#;
    let mut exchange = asked(false, &[ONE_AT_FIRST, TWO_AT_THIRD, ONE_AT_SECOND, TWO_AT_UPSTREAM]);
    assert_eq!(answered(&mut exchange, 400, refusal), Step::Retry);
    assert_eq!(exchange.next_cluster(), Some("third"));
    exchange.begin_attempt(&NOW).unwrap();
    assert_eq!(exchange.next_cluster(), Some("upstream"));
}

#[test]
fn t19_an_error_within_a_200_is_a_failure() {
    let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
    assert_eq!(answered(&mut exchange, 200, r#"{"error":{"message":"x","code":429}}"#), Step::Retry);
    assert_eq!(outcomes(&exchange.settle(NOW)), [("first", "failed 429".into())]);
    for stream in [ERROR.to_owned(), [": keep-alive\n\n", ROLE, ERROR].concat()] {
        let mut exchange = streaming(&[ONE_AT_FIRST, ONE_AT_SECOND]);
        assert_eq!(exchange.handle_body(stream.as_bytes(), false, &NOW), Step::Retry);
        assert_eq!(troubles(&mut exchange, NOW), [(ONE_AT_FIRST, 20_000)]);
    }
}

#[test]
fn nothing_of_a_failed_attempt_reaches_the_client() {
    let mut exchange = streaming(&[ONE_AT_FIRST, ONE_AT_SECOND]);
    assert_eq!(exchange.handle_body([": first\n\n", ROLE].concat().as_bytes(), false, &NOW), Step::Hold);
    // Content and error in one piece: nothing has been released.
    assert_eq!(exchange.handle_body([&text("wrong"), ERROR].concat().as_bytes(), false, &NOW), Step::Retry);
    exchange.begin_attempt(&NOW).unwrap();
    assert_eq!(exchange.handle_response_head(head(200, Media::EventStream), false, &NOW), Step::Hold);
    let answer = body(exchange.handle_body(text("right").as_bytes(), false, &NOW));
    assert!(answer.contains("right") && answer.contains("Second") && !answer.contains("wrong") && !answer.contains("first"), "{answer}");
}

#[test]
fn a_stream_that_ends_before_it_begins_is_a_failure() {
    for stream in ["", ": keep-alive\n\n", ROLE, "<html></html>", &[ROLE, DONE].concat()] {
        let mut exchange = streaming(&[ONE_AT_FIRST, ONE_AT_SECOND]);
        assert_eq!(exchange.handle_body(stream.as_bytes(), true, &NOW), Step::Retry, "{stream}");
    }
}

#[test]
fn s13_s14_an_answer_of_another_kind_is_a_failure_that_tells_what_it_was() {
    for (stream, media, answer, status) in [
        (true, Media::Json, "[]", 502),
        (true, Media::Json, r#"{"error":{"message":"busy","code":503}}"#, 503),
        (true, Media::Other, "<html>Log in</html>", 502),
        (false, Media::Other, "<html>Log in</html>", 502),
        (false, Media::EventStream, "data: [DONE]", 502),
        (false, Media::Json, "<html>Log in</html>", 502),
    ] {
        let mut exchange = asked(stream, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        for last in [false, true] {
            assert_eq!(exchange.handle_response_head(head(200, media), false, &NOW), Step::Hold);
            assert!(exchange.wants_whole_body());
            let step = exchange.handle_whole_body(answer.as_bytes(), &NOW);
            if !last {
                assert_eq!(step, Step::Retry, "{answer}");
                exchange.begin_attempt(&NOW).unwrap();
                continue;
            }
            let (head, json) = released(step);
            assert_eq!(head.status, status, "{answer}");
            assert!(!json["error"]["metadata"]["raw"].as_str().unwrap().is_empty());
        }
    }
}

#[test]
fn a_success_without_a_body_is_a_failure() {
    for stream in [false, true] {
        let mut exchange = asked(stream, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        assert_eq!(exchange.handle_response_head(head(200, Media::Json), true, &NOW), Step::Retry);
    }
}

#[test]
fn a_compressed_error_is_judged_by_its_status() {
    let compressed = |status| ResponseHead { encoded: true, ..head(status, Media::Json) };
    let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
    assert_eq!(exchange.handle_response_head(compressed(500), false, &NOW), Step::Retry);
    exchange.begin_attempt(&NOW).unwrap();
    assert_eq!(exchange.handle_response_head(compressed(400), false, &NOW), Step::Hold);
    let (head, json) = released(exchange.handle_whole_body(b"\x1f\x8b", &NOW));
    assert_eq!(head.status, 400);
    assert_eq!(json["error"]["metadata"].get("raw"), None);
}

#[test]
fn s11_a_compressed_answer_in_another_format_is_a_failure() {
    let compressed = || ResponseHead { encoded: true, ..head(200, Media::Json) };
    for stream in [false, true] {
        let mut exchange = asked(stream, &[TWO_AT_GOOGLE, TWO_AT_THIRD]);
        assert_eq!(exchange.handle_response_head(compressed(), false, &NOW), Step::Retry);
        assert_eq!(troubles(&mut exchange, NOW).len(), 1);
        let mut exchange = asked(stream, &[TWO_AT_GOOGLE]);
        assert_eq!(exchange.handle_response_head(compressed(), false, &NOW), Step::Hold);
        assert!(exchange.wants_whole_body() && !exchange.is_released());
        let (head, json) = released(exchange.handle_whole_body(b"\x1f\x8b", &NOW));
        assert_eq!(head.status, 502);
        assert!(json["error"]["metadata"]["raw"].as_str().unwrap().starts_with("The answer is compressed"), "{json}");
        assert!(exchange.settle(NOW).spent.is_none());
    }
}

#[test]
fn a_failure_without_a_body_is_left_to_the_gateway_role() {
    for (status, told, wait) in
        [(503, 503, Some(2)), (405, 400, None), (404, 404, None), (429, 429, Some(2)), (200, 502, Some(2)), (304, 502, Some(2))]
    {
        let mut exchange = asked(false, &[ONE_AT_FIRST]);
        let bare = ResponseHead { retry_after: Some(Duration::from_millis(1500)), ..head(status, Media::Unknown) };
        assert_eq!(exchange.handle_response_head(bare, true, &NOW), Step::Leave, "{status}");
        assert!(!exchange.is_released());
        let error = exchange.handle_response_to_client(status, &NOW).unwrap();
        assert_eq!((error.status(), exchange.retry_after()), (told, wait), "{status}");
        assert_eq!(outcomes(&exchange.settle(NOW)).len(), 1);
    }
    let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
    assert_eq!(exchange.handle_response_head(head(503, Media::Unknown), true, &NOW), Step::Retry);
}

/// Feeds these failures, each an HTTP status with a `Retry-After` in milliseconds, and gives what the client is told.
fn failed(failures: &[(u16, Option<u64>, &str)]) -> (AnswerHead, Value) {
    let all = [ONE_AT_FIRST, ONE_AT_SECOND, TWO_AT_THIRD];
    let mut exchange = planned(false, &all[..failures.len()]);
    let mut last = Step::Hold;
    for (status, wait, body) in failures {
        exchange.begin_attempt(&NOW).unwrap();
        let head = ResponseHead { retry_after: wait.map(Duration::from_millis), ..head(*status, Media::Json) };
        last = exchange.handle_response_head(head, false, &NOW);
        if last == Step::Hold {
            last = exchange.handle_whole_body(body.as_bytes(), &NOW);
        }
    }
    released(last)
}

#[test]
fn what_no_retry_mends_is_told_as_such() {
    const KEY: &str = r#"{"error":{"message":"no","code":"invalid_api_key"}}"#;
    const LENGTH: &str = r#"{"error":{"code":"context_length_exceeded"}}"#;
    let gone = (404, json!({"code": "model_unavailable_upstream", "retryable": false}));
    let refused = (502, json!({"code": "no_endpoints", "retryable": false}));
    let later = |status| (status, json!({"code": "temporarily_unavailable", "retryable": true}));
    let none = |status| (status, json!({"code": null, "retryable": null}));
    for (failures, (status, availability), provider) in [
        (vec![(404, KEY)], gone.clone(), "First"),
        (vec![(404, KEY), (404, KEY), (404, KEY)], gone, "Third"),
        (vec![(401, KEY)], refused.clone(), "First"),
        (vec![(402, KEY)], refused.clone(), "First"),
        (vec![(403, KEY)], refused.clone(), "First"),
        (vec![(401, KEY), (404, KEY)], refused, "First"),
        // What could be retried decides, and of that the last.
        (vec![(503, KEY), (401, KEY)], later(503), "First"),
        (vec![(404, KEY), (500, KEY), (404, KEY)], later(502), "Second"),
        (vec![(503, KEY), (500, KEY)], later(502), "Second"),
        (vec![(503, KEY), (403, KEY), (400, LENGTH)], later(503), "First"),
        (vec![(401, KEY), (400, LENGTH)], none(400), "Second"),
        // Nobody would take it.
        (vec![(503, KEY), (400, "{}")], none(400), "Second"),
    ] {
        let statuses: Vec<_> = failures.iter().map(|(status, _)| *status).collect();
        let failures: Vec<_> = failures.into_iter().map(|(status, body)| (status, None, body)).collect();
        let (head, json) = failed(&failures);
        let error = &json["error"];
        assert_eq!((head.status, &error["metadata"]["provider_name"]), (status, &json!(provider)), "{statuses:?}: {json:#}");
        let told = json!({"code": error["availability"]["code"], "retryable": error["availability"]["retryable"]});
        assert_eq!(told, availability, "{statuses:?}");
        // The client must not take it for its own key's.
        assert_ne!(error["metadata"]["error_type"], "authentication");
        assert_eq!(error["metadata"]["previous_errors"].as_array().map_or(0, Vec::len), failures.len() - 1, "{statuses:?}");
    }
    let (_, json) = failed(&[(401, None, KEY)]);
    assert!(json["error"]["message"].as_str().unwrap().starts_with("Provider returned error: First refuses this gateway"), "{json}");
    assert_eq!((json["error"]["metadata"].get("raw"), json["error"]["metadata"].get("provider_code")), (None, None));
    let (_, json) = failed(&[(404, None, KEY)]);
    assert_eq!(json["error"]["message"], "No endpoints found for m/one: First does not know the model");
    assert_eq!(json["error"]["metadata"]["provider_code"], "invalid_api_key");
}

/// See <https://openrouter.ai/docs/api/reference/errors-and-debugging>.
#[test]
fn the_shortest_wait_is_told() {
    for (failures, told) in [
        (vec![(429, Some(9_000)), (429, Some(20_000))], Some(9)),
        (vec![(429, Some(20_000)), (503, Some(8_001))], Some(9)),
        (vec![(429, Some(9_000)), (429, None)], Some(9)),
        (vec![(429, None), (429, Some(9_000))], Some(9)),
        (vec![(429, None)], None),
        // Who does not have the model need not be waited for.
        (vec![(429, Some(9_000)), (404, None)], Some(9)),
        (vec![(404, Some(9_000))], None),
        (vec![(429, Some(9_000)), (400, Some(9_000))], None),
    ] {
        let failures: Vec<_> = failures.into_iter().map(|(status, wait)| (status, wait, "{}")).collect();
        let (head, json) = failed(&failures);
        assert_eq!((head.retry_after, json["error"]["availability"]["retry_after"].as_u64()), (told, told), "{failures:?}");
    }
}

#[test]
fn a_providers_own_word_is_told() {
    let (head, json) = failed(&[(412, None, r#"{"error":{"code":"etag_mismatch"}}"#)]);
    assert_eq!((head.status, &json["error"]["metadata"]["error_type"]), (412, &json!("precondition_failed")));
    assert_eq!(json["error"]["metadata"]["provider_code"], "etag_mismatch");
}

#[test]
fn a_completion_by_another_name_of_json_is_one() {
    for media in [Media::Json, Media::Text] {
        let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        exchange.handle_response_head(head(200, media), false, &NOW);
        assert_eq!(released(exchange.handle_whole_body(COMPLETION.as_bytes(), &NOW)).0.status, 200);
        let mut exchange = asked(false, &[ONE_AT_FIRST, ONE_AT_SECOND]);
        exchange.handle_response_head(head(200, media), false, &NOW);
        assert_eq!(exchange.handle_whole_body(b"Service is starting", &NOW), Step::Retry);
    }
    let mut exchange = asked(true, &[ONE_AT_FIRST, ONE_AT_SECOND]);
    exchange.handle_response_head(head(200, Media::Text), false, &NOW);
    assert_eq!(exchange.handle_whole_body(COMPLETION.as_bytes(), &NOW), Step::Retry, "no stream");
}

#[test]
fn c16_a_failure_after_the_beginning_is_told_within_the_stream() {
    let broken = "data: {\"choices\":[{\"delta\":{\"con\n\n";
    for (failure, end, code) in [(ERROR, false, 429), (broken, false, 502), ("", true, 502)] {
        let mut exchange = streaming(&[ONE_AT_FIRST, ONE_AT_SECOND]);
        assert!(matches!(exchange.handle_body([&text("Once"), USAGE].concat().as_bytes(), false, &NOW), Step::Release(..)));
        let last = body(exchange.handle_body([&text(" upon"), failure].concat().as_bytes(), end, &NOW));
        let (chunk, rest) = last.split_once("\n\n").unwrap();
        assert!(chunk.contains(" upon"));
        let failed = rest.strip_suffix("\n\ndata: [DONE]\n\n").unwrap();
        let failed: Value = serde_json::from_str(failed.strip_prefix("data: ").unwrap()).unwrap();
        assert_eq!((&failed["error"]["code"], &failed["error"]["availability"]["retryable"]), (&json!(code), &json!(true)));
        assert_eq!((&failed["id"], &failed["provider"], &failed["model"]), (&"gen-1".into(), &"First".into(), &"m/one".into()));
        assert_eq!(failed["choices"][0]["finish_reason"], "error");
        assert_eq!(troubles(&mut exchange, NOW), [(ONE_AT_FIRST, 20_000)]);
        assert_eq!(body(exchange.handle_body(text("late").as_bytes(), true, &NOW)), "");
        assert_eq!(exchange.handle_response_to_client(200, &NOW), None);

        let settled = exchange.settle(NOW);
        assert_eq!(outcomes(&settled), [("first", format!("failed {code}"))]);
        assert!(settled.spent.is_none(), "a failed attempt is never charged");
        assert!(!settled.cancelled);
    }
}
