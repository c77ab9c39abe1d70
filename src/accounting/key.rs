//! `GET /key` and `GET /credits`.

use super::object::Object;
use super::{Account, Spend};
use crate::calendar::{Day, Period, instant};
use crate::clock::Millis;
use crate::config::{FreeModels, Key};
use crate::price::NanoUsd;

/// What stands for a number without end, as clients want an integer: the largest that JavaScript has.
const UNLIMITED: u64 = (1 << 53) - 1;

/// The body that answers `GET /key`. The label is the key's name: the key itself is not known here.
pub fn key(key: &Key, account: &Account, free_models: &FreeModels, now: Millis) -> Vec<u8> {
    let mut out = Object::data();
    out.text("label", Some(&key.name));
    limit_and_usage(&mut out, key, account, now);
    out.flag("is_free_tier", false);
    out.flag("is_management_key", key.management);
    out.flag("is_provisioning_key", key.management);
    out.nulls(&["creator_user_id", "organization_id", "workspace_id", "expires_at"]);
    out.raw("rate_limit", r#"{"requests":-1,"interval":"10s","note":"This field is deprecated and safe to ignore."}"#);
    out.raw("allowed_data_regions", r#"["global"]"#);
    let used = account.free_requests_of_day(now);
    out.object("free_model_daily_requests", |out| {
        let limit = free_models.requests_per_day.unwrap_or(UNLIMITED);
        out.number("limit", Some(limit));
        out.number("remaining", Some(limit.saturating_sub(used)));
        out.number("used", Some(used));
    });
    match account.balance(key, now) {
        Some(balance) => {
            let reset = key.limit.and_then(|limit| limit.reset);
            let resets_at = reset.map(|period| instant(period.next(Day::of(now)).begin()));
            let budget = |out: &mut Object| {
                out.nulls(&["budget_id", "guardrail_id"]);
                out.flag("include_byok", key.include_byok_in_limit);
                out.usd("limit_usd", balance.limit);
                out.usd("remaining_usd", balance.remaining());
                out.text("reset_interval", reset.map(Period::as_str));
                out.text("resets_at", resets_at.as_deref());
                out.text("scope", Some("key_limit"));
                out.usd("spend_usd", balance.spent);
            };
            out.list("budgets", [()], |out, ()| budget(out));
            out.object("effective_budget", budget);
        }
        None => {
            out.raw("budgets", "[]");
            out.nulls(&["effective_budget"]);
        }
    }
    out.end_data()
}

/// What `GET /key` and `/keys` both tell of a key: its limit and what it has spent.
pub(super) fn limit_and_usage(out: &mut Object, key: &Key, account: &Account, now: Millis) {
    match account.balance(key, now) {
        Some(balance) => {
            out.usd("limit", balance.limit);
            out.usd("limit_remaining", balance.remaining());
            out.text("limit_reset", key.limit.and_then(|limit| limit.reset).map(Period::as_str));
        }
        None => out.nulls(&["limit", "limit_remaining", "limit_reset"]),
    }
    out.flag("include_byok_in_limit", key.include_byok_in_limit);
    for (prefix, spend) in [("", account.spend(now)), ("byok_", account.byok(now))] {
        let Spend { total, daily, weekly, monthly } = spend;
        for (window, amount) in [("", total), ("_daily", daily), ("_weekly", weekly), ("_monthly", monthly)] {
            out.usd(&[prefix, "usage", window].concat(), amount);
        }
    }
}

/// The body that answers `GET /credits`: nobody buys any here, so there is only what was used.
pub fn credits(spends: impl Iterator<Item = Spend>) -> Vec<u8> {
    let used = spends.fold(NanoUsd::ZERO, |sum, spend| sum.saturating_add(spend.total));
    let mut out = Object::data();
    out.usd("total_credits", NanoUsd::ZERO);
    out.usd("total_usage", used);
    out.end_data()
}
