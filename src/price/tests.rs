#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

fn per_million(usd: &str) -> Result<FemtoUsd, InvalidPrice> {
    FemtoUsd::per_million_tokens(Decimal::parse(usd.as_bytes()).unwrap())
}

fn price(prompt: &str, completion: &str) -> Price {
    Price::new(per_million(prompt).unwrap(), per_million(completion).unwrap())
}

#[test]
fn prices_are_exact_up_to_nine_decimals() {
    for (usd, femto) in [
        ("0", 0),
        ("0.15", 150_000_000),
        ("1e-04", 100_000),
        ("0.100000001", 100_000_001),
        ("0.075", 75_000_000),
        ("10000", 10_000_000_000_000),
        ("9999.999999999", 9_999_999_999_999),
    ] {
        assert_eq!(per_million(usd).map(FemtoUsd::get), Ok(femto), "{usd}");
    }
}

#[test]
fn a_price_out_of_range_is_refused() {
    for usd in ["-0.1", "10000.000000001", "150000", "1e30"] {
        assert_eq!(per_million(usd), Err(InvalidPrice::OutOfRange), "{usd}");
    }
    assert_eq!(per_million("0.0000000001"), Err(InvalidPrice::TooPrecise));
    // What a list says per token, and per thousand.
    assert_eq!(per_million("0.00000015"), Err(InvalidPrice::TooLow));
    assert_eq!(per_million("9e-05"), Err(InvalidPrice::TooLow));
    let per_request = |usd: &str| FemtoUsd::per_request(Decimal::parse(usd.as_bytes()).unwrap());
    assert_eq!(per_request("10000").map(FemtoUsd::get), Ok(10_000_000_000_000_000_000));
    assert_eq!(per_request("10000.1"), Err(InvalidPrice::OutOfRange));
}

#[test]
fn money_is_written_without_exponent_and_trailing_zeros() {
    for (nanos, text) in [
        (0, "0"),
        (1, "0.000000001"),
        (20_300, "0.0000203"),
        (100_000_000, "0.1"),
        (1_000_000_000, "1"),
        (12_050_000_000, "12.05"),
        (u64::MAX, "18446744073.709551615"),
    ] {
        assert_eq!(NanoUsd::new(nanos).to_string(), text);
    }
}

#[test]
fn c7_a_cost_is_the_sum_of_its_buckets() {
    let mut price = price("0.1", "0.3");
    let usage = Usage { input: 23, output: 3, reasoning: 57, ..Usage::default() };
    let cost = price.cost(&usage);
    assert_eq!((cost.prompt.get(), cost.completion.get(), cost.total.get()), (2_300, 18_000, 20_300));

    price.input_cache_read = per_million("0.01").unwrap();
    price.input_cache_write = per_million("0.125").unwrap();
    price.input_cache_write_1h = per_million("0.2").unwrap();
    price.audio = per_million("1").unwrap();
    price.internal_reasoning = per_million("2").unwrap();
    price.audio_output = per_million("3").unwrap();
    price.image_output = per_million("4").unwrap();
    price.request = FemtoUsd::per_request(Decimal::parse(b"0.001").unwrap()).unwrap();
    let usage = Usage {
        input: 100,
        cache_read: 100,
        cache_write_5m: 100,
        cache_write_1h: 100,
        audio_input: 100,
        output: 100,
        reasoning: 100,
        audio_output: 100,
        image_output: 100,
        ..Usage::default()
    };
    let cost = price.cost(&usage);
    assert_eq!(cost.prompt.get(), 10_000 + 1_000 + 12_500 + 20_000 + 100_000);
    assert_eq!(cost.completion.get(), 30_000 + 200_000 + 300_000 + 400_000);
    assert_eq!(cost.total.get(), 143_500 + 930_000 + 1_000_000);
}

#[test]
fn the_sum_is_rounded_and_not_its_parts() {
    // A token at 0.0004 USD per million is 0.4 nano-USD.
    let price = price("0.0004", "0.0004");
    let cost = |input, output| price.cost(&Usage { input, output, ..Usage::default() });
    let nanos = |cost: Cost| (cost.prompt.get(), cost.completion.get(), cost.total.get());
    assert_eq!(nanos(cost(1, 0)), (0, 0, 0));
    assert_eq!(nanos(cost(1, 1)), (0, 1, 1));
    assert_eq!(nanos(cost(2, 2)), (1, 1, 2));
    assert_eq!(nanos(cost(5, 0)), (2, 0, 2));
}

#[test]
fn absurd_amounts_saturate() {
    let usage = Usage { input: u64::MAX, output: u64::MAX, ..Usage::default() };
    assert_eq!(price("10000", "10000").cost(&usage).total.get(), u64::MAX);
    assert_eq!(NanoUsd::new(u64::MAX).saturating_add(NanoUsd::new(1)).get(), u64::MAX);
}

#[test]
fn a_reported_total_wins_and_its_parts_still_fit() {
    let cost = price("1", "1").cost(&Usage { input: 10, output: 10, ..Usage::default() });
    let higher = cost.at(NanoUsd::new(50_000));
    assert_eq!((higher.prompt.get(), higher.completion.get()), (10_000, 40_000));
    let lower = cost.at(NanoUsd::new(4_000));
    assert_eq!((lower.prompt.get(), lower.completion.get()), (4_000, 0));
}

#[test]
fn endpoints_rank_by_input_and_output_together() {
    assert!(price("3", "15").ranking() > price("0.15", "0.6").ranking());
    assert_eq!(price("1", "2").ranking(), price("2", "1").ranking());
}
