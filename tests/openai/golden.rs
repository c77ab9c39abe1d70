//! Expected answers, kept in files: `UPDATE_GOLDEN=1 cargo test` writes them anew.

use signalbox::chat::Envelope;
use signalbox::decimal::Decimal;
use signalbox::price::{Cost, FemtoUsd, NanoUsd, Price};
use signalbox::usage::Usage;

pub(crate) fn envelope() -> Envelope {
    Envelope::new("gen-1779474931-w20BCAngQY7SOa9Zs5L4", "Acme \"AI\"", "acme/model", 1_779_474_931)
}

/// A dollar for a million tokens of prompt, two for as many of completion; a cost that the provider reports wins.
pub(crate) fn cost(usage: &Usage) -> Cost {
    let usd = |text: &[u8]| FemtoUsd::per_million_tokens(Decimal::parse(text).unwrap()).unwrap();
    let cost = Price::new(usd(b"1"), usd(b"2")).cost(usage);
    usage.reported_cost.map_or(cost, |total: NanoUsd| cost.at(total))
}

/// `actual` is what is in the golden file `name`, which `golden` was read from.
pub(crate) fn assert_golden(name: &str, golden: &str, actual: &str) {
    #[cfg(not(target_family = "wasm"))]
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        let path = format!("{}/tests/fixtures/openai/{name}", env!("CARGO_MANIFEST_DIR"));
        return std::fs::write(path, actual).unwrap();
    }
    assert!(golden == actual, "{name} differs (UPDATE_GOLDEN=1 rewrites it)\n--- expected\n{golden}\n--- actual\n{actual}");
}
