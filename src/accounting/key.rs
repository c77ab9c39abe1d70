//! `GET /key` and `GET /credits`.

use super::Spend;
use super::object::Object;
use crate::calendar::timestamp;
use crate::config::Key;
use crate::price::NanoUsd;

/// The body that answers `GET /key`. The label is the key's name: the key itself is not known here.
pub fn key(key: &Key, spend: &Spend) -> Vec<u8> {
    let mut out = Object::data();
    out.text("label", Some(&key.name));
    limit_and_usage(&mut out, spend);
    out.flag("is_free_tier", false);
    out.flag("is_management_key", key.management);
    out.flag("is_provisioning_key", key.management);
    out.nulls(&["creator_user_id", "organization_id", "workspace_id"]);
    out.text("expires_at", key.expires_at.map(timestamp).as_deref());
    out.raw("rate_limit", r#"{"requests":-1,"interval":"10s","note":"This field is deprecated and safe to ignore."}"#);
    out.raw("allowed_data_regions", r#"["global"]"#);
    // Nobody counts requests to free models here. Clients want three integers.
    out.raw("free_model_daily_requests", r#"{"limit":1000,"remaining":1000,"used":0}"#);
    out.raw("budgets", "[]");
    out.nulls(&["effective_budget"]);
    out.end_data()
}

/// What `GET /key` and `/keys` both tell of a key: its limit and what it has spent.
pub(super) fn limit_and_usage(out: &mut Object, spend: &Spend) {
    // The keys of this configuration have no limits.
    out.nulls(&["limit", "limit_remaining", "limit_reset"]);
    out.flag("include_byok_in_limit", false);
    for (name, amount) in
        [("usage", spend.total), ("usage_daily", spend.daily), ("usage_weekly", spend.weekly), ("usage_monthly", spend.monthly)]
    {
        out.usd(name, amount);
    }
    for name in ["byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly"] {
        out.usd(name, NanoUsd::ZERO);
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
