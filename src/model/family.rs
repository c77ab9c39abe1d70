//! Families of models, of which `~author/family-latest` is the newest.

use super::ModelId;

/// A family: the models of an author whose slugs differ in their versions alone.
///
/// See <https://openrouter.ai/docs/guides/routing/routers/latest-resolution>. OpenRouter keeps lists of its families; here a slug without
/// its versions is the family's name, so that `claude-3.7-sonnet` and `claude-sonnet-4.5` are both of `claude-sonnet`, `gpt-4o-mini`
/// is of `gpt-mini`, and `gemini-3-pro-preview` of `gemini-pro`.
///
/// ```
/// use signalbox::model::{Family, ModelId};
///
/// let alias: ModelId = "~anthropic/claude-sonnet-latest".parse().unwrap();
/// let family = Family::of_alias(&alias).unwrap();
/// assert!(family.has(&"anthropic/claude-sonnet-4.5".parse().unwrap()));
/// assert!(!family.has(&"anthropic/claude-opus-4.5".parse().unwrap()));
/// ```
#[derive(Debug)]
pub struct Family<'a> {
    alias: &'a ModelId,
    author: &'a str,
    name: &'a str,
}

/// What a release is called before it is one.
const STAGES: [&str; 4] = ["beta", "exp", "experimental", "preview"];

// === impl Family ===

impl<'a> Family<'a> {
    /// The family that `alias` is the newest of; `None` if it is no such alias.
    pub fn of_alias(alias: &'a ModelId) -> Option<Self> {
        let (author, slug) = alias.base().strip_prefix('~')?.split_once('/')?;
        Some(Self { alias, author, name: strip_suffix(slug, "-latest")? })
    }

    /// Whether `model` is of this family, in any case. What is of another static variant (`:free`) is a model of its own, and an alias
    /// of none.
    pub fn has(&self, model: &ModelId) -> bool {
        let Some((author, slug)) = model.base().split_once('/') else { return false };
        author.eq_ignore_ascii_case(self.author)
            && words(slug).eq(self.name.split('-').map(str::to_ascii_lowercase))
            && model.static_variants().eq(self.alias.static_variants())
    }
}

/// The words of a slug that are no versions, in lower case.
fn words(slug: &str) -> impl Iterator<Item = String> {
    let words = slug.split('-').map(str::to_ascii_lowercase).filter(|word| !is_version(word));
    // `qwen3`
    words.map(|word| word.trim_end_matches(|c: char| c.is_ascii_digit() || c == '.').to_owned())
}

/// Whether it is a version, a date or a size: `4.5`, `4o`, `20250929`, `70b`, `k2.5`, `v3`, `preview`.
fn is_version(word: &str) -> bool {
    let is_digit = |at: usize| word.as_bytes().get(at).is_some_and(u8::is_ascii_digit);
    is_digit(0) || is_digit(1) || STAGES.contains(&word)
}

fn strip_suffix<'a>(text: &'a str, suffix: &str) -> Option<&'a str> {
    let (rest, end) = text.split_at_checked(text.len().checked_sub(suffix.len())?)?;
    Some(rest).filter(|rest| !rest.is_empty() && end.eq_ignore_ascii_case(suffix))
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    fn is_of(model: &str, alias: &str) -> bool {
        let alias = alias.parse().unwrap();
        Family::of_alias(&alias).unwrap().has(&model.parse().unwrap())
    }

    #[test]
    fn a_model_is_of_the_family_that_its_slug_names_without_versions() {
        for (model, alias) in [
            ("anthropic/claude-sonnet-4.5", "~anthropic/claude-sonnet-latest"),
            ("anthropic/claude-3.7-sonnet", "~Anthropic/Claude-Sonnet-Latest"),
            ("anthropic/claude-opus-4-20250514", "~anthropic/claude-opus-latest"),
            ("openai/gpt-5.4", "~openai/gpt-latest"),
            ("openai/gpt-4o-2024-08-06", "~openai/gpt-latest"),
            ("openai/gpt-4o-mini", "~openai/gpt-mini-latest"),
            ("google/gemini-3.1-pro-preview", "~google/gemini-pro-latest"),
            ("google/gemini-2.5-flash-lite", "~google/gemini-flash-lite-latest"),
            ("moonshotai/kimi-k2.5", "~moonshotai/kimi-latest"),
            ("qwen/qwen3-235b-a22b", "~qwen/qwen-latest"),
            ("deepseek/deepseek-v3.2:free", "~deepseek/deepseek-latest:free"),
            ("openai/gpt-5", "~openai/gpt-latest:nitro"),
        ] {
            assert!(is_of(model, alias), "{model} {alias}");
        }
    }

    #[test]
    fn another_author_word_or_variant_is_another_family() {
        for (model, alias) in [
            ("anthropic/claude-haiku-4.5", "~anthropic/claude-sonnet-latest"),
            ("acme/claude-sonnet-4.5", "~anthropic/claude-sonnet-latest"),
            ("openai/gpt-5-mini", "~openai/gpt-latest"),
            ("openai/gpt-oss-20b", "~openai/gpt-latest"),
            ("openai/gpt-5", "~openai/gpt-mini-latest"),
            ("openai/gpt-5", "~openai/gpt-5-latest"),
            ("google/gemini-2.5-flash-image", "~google/gemini-flash-latest"),
            ("anthropic/claude-3.7-sonnet:thinking", "~anthropic/claude-sonnet-latest"),
            ("deepseek/deepseek-v3.2", "~deepseek/deepseek-latest:free"),
            ("~openai/gpt-latest", "~openai/gpt-latest"),
            ("openai/o3", "~openai/x-latest"),
        ] {
            assert!(!is_of(model, alias), "{model} {alias}");
        }
    }

    #[test]
    fn what_is_no_alias_has_no_family() {
        for id in ["openai/gpt-latest", "~openai/gpt-5", "~openai/latest", "~openai/-latest", "~a/b:latest"] {
            assert!(Family::of_alias(&id.parse().unwrap()).is_none(), "{id}");
        }
    }
}
