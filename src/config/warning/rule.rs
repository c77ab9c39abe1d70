//! Rules that no request ever comes to.

use super::Warning;
use crate::config::{Match, Rule};
use crate::glob::Glob;
use crate::preset::{self, Presets};

/// The rules that match only what one before them matches, as far as that is certain.
pub(super) fn shadowed(rules: &[Rule]) -> impl Iterator<Item = Warning> {
    rules.iter().enumerate().filter_map(|(index, rule)| {
        let before = rules.iter().take(index).find(|before| covers(&before.matches, &rule.matches))?;
        Some(Warning {
            path: format!("rules[{index}]"),
            message: format!(
                "it never matches, as {} matches all that it does and comes first: put it before that one, or remove it",
                before.name
            ),
        })
    })
}

/// The rules for a preset's name, which no request has any more when rules are asked.
pub(super) fn of_presets(rules: &[Rule], presets: &Presets, warnings: &mut Vec<Warning>) {
    for (index, rule) in rules.iter().enumerate() {
        let named = rule.matches.model.as_ref().and_then(|model| preset::in_model(model.as_str()));
        if let Some((_, slug)) = named.filter(|(_, slug)| presets.named(slug).is_some()) {
            let message = format!("it never matches, as rules see the model that preset {slug:?} comes to: match that one");
            warnings.push(Warning { path: format!("rules[{index}].match.model"), message });
        }
    }
}

/// Whether `one` matches whatever `other` does.
fn covers(one: &Match, other: &Match) -> bool {
    glob(one.model.as_ref(), other.model.as_ref())
        && glob(one.key.as_ref(), other.key.as_ref())
        && glob(one.path.as_ref(), other.path.as_ref())
        && one.headers.iter().all(|(name, pattern)| {
            let of_other = other.headers.iter().find(|(other, _)| other == name);
            of_other.is_some_and(|(_, other)| glob(Some(pattern), Some(other)))
        })
        && (one.tools.is_none() || one.tools == other.tools)
        && (one.images.is_none() || one.images == other.images)
        && one.prompt_tokens.is_none_or(|one| other.prompt_tokens.is_some_and(|other| one.min <= other.min && other.max <= one.max))
}

/// A star of `other` is a character that only a star of `one` matches, and that would match as well whatever the other stands for.
fn glob(one: Option<&Glob>, other: Option<&Glob>) -> bool {
    one.is_none_or(|one| other.is_some_and(|other| one.matches(other.as_str())))
}
