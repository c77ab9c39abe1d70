//! Random preferences against the slowest router there is: every rule of the filters and of the order written out once more.

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

use super::*;

const PROVIDERS: [(&str, u64, bool, bool); 3] = [("alpha", 1, true, false), ("beta", 2, false, false), ("gamma", 3, false, true)];

/// What a client might ask for.
#[derive(Debug, Default)]
struct Wish {
    order: Option<Vec<&'static str>>,
    only: Option<Vec<&'static str>>,
    ignore: Option<Vec<&'static str>>,
    allow_fallbacks: Option<bool>,
    deny: bool,
    zdr: bool,
    max_price: Option<u64>,
    trouble: Vec<&'static str>,
}

impl Wish {
    fn random(random: &mut fastrand::Rng) -> Self {
        fn names(random: &mut fastrand::Rng) -> Vec<&'static str> {
            let mut names: Vec<_> = ["alpha", "beta", "gamma", "none"].into_iter().filter(|_| random.bool()).collect();
            random.shuffle(&mut names);
            names
        }
        let sometimes = |random: &mut fastrand::Rng| (random.u8(..3) == 0).then(|| names(random)).filter(|names| !names.is_empty());
        Self {
            order: sometimes(random),
            only: sometimes(random),
            ignore: sometimes(random),
            allow_fallbacks: [None, Some(true), Some(false)][random.usize(..3)],
            deny: random.u8(..4) == 0,
            zdr: random.u8(..6) == 0,
            max_price: (random.u8(..4) == 0).then(|| random.u64(..4)),
            trouble: sometimes(random).unwrap_or_default(),
        }
    }

    fn preferences(&self) -> Value {
        json!({
            "order": self.order, "only": self.only, "ignore": self.ignore, "allow_fallbacks": self.allow_fallbacks, "sort": "price",
            "data_collection": if self.deny { "deny" } else { "allow" }, "zdr": self.zdr,
            "max_price": self.max_price.map(|price| json!({"prompt": price})),
        })
    }

    /// Takes the best of what is left until nothing is.
    fn plan(&self) -> Vec<&'static str> {
        let named = |names: &Option<Vec<&str>>, provider| names.as_ref().is_some_and(|names| names.contains(provider));
        let mut left: Vec<_> = PROVIDERS
            .iter()
            .filter(|(name, price, collects, zdr)| {
                !(self.only.is_some() && !named(&self.only, name)
                    || named(&self.ignore, name)
                    || self.order.is_some() && self.allow_fallbacks == Some(false) && !named(&self.order, name)
                    || self.deny && *collects
                    || self.zdr && !zdr
                    || self.max_price.is_some_and(|max| *price > max))
            })
            .collect();
        let mut plan = Vec::new();
        for wanted in self.order.iter().flatten() {
            plan.extend(left.extract_if(.., |(name, ..)| name == wanted).map(|(name, ..)| *name));
        }
        for in_trouble in [false, true] {
            for price in 0..4 {
                let next = left.extract_if(.., |(name, at, ..)| *at == price && self.trouble.contains(name) == in_trouble);
                plan.extend(next.map(|(name, ..)| *name));
            }
        }
        if self.order.is_none() && self.allow_fallbacks == Some(false) {
            plan.truncate(1);
        }
        plan
    }
}

#[test]
fn every_wish_gets_the_plan_of_the_slow_router() {
    let mut random = fastrand::Rng::with_seed(7);
    let mut empty = 0;
    let mut asked = ask("acme/all");
    let gateway = asked.gateway();
    for seed in 0..2000 {
        let wish = Wish::random(&mut random);
        let troubles = wish.trouble.iter().map(|provider| ("acme/all", *provider)).collect();
        asked = Asked { seed, troubles, ..asked }.preferring(wish.preferences());
        let expected: Vec<_> = wish.plan().into_iter().map(|provider| format!("acme/all@{provider}")).collect();
        match asked.plan_with(&gateway) {
            Ok(plan) => assert_eq!(plan, expected, "{wish:?}"),
            Err(error) => {
                assert!(expected.is_empty() && error.status() == 404, "{wish:?}: {error}");
                empty += 1;
            }
        }
    }
    assert!((200..1200).contains(&empty), "{empty} of 2000 wishes left nothing");
}
