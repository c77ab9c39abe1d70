//! Names of models as OpenRouter writes them: `author/slug[:variant…]`.

mod family;

use std::{borrow::Cow, fmt, str::FromStr};

pub use family::Family;

/// A model's id `author/slug`, with any number of `:variant` suffixes.
///
/// See <https://openrouter.ai/docs/guides/routing/model-variants>. A variant is either part of the
/// catalogued name (`:free`, `:extended`, `:thinking`: a row of its own) or a wish about routing
/// (a [`DynamicVariant`], which any model understands). Letters, digits and `- . _ ~ + @` may occur,
/// so that an id is safe in a stat name, a header and a path.
///
/// ```
/// use signalbox::model::{DynamicVariant, ModelId};
///
/// let id: ModelId = "openai/gpt-oss-20b:free:nitro".parse().unwrap();
/// assert_eq!(id.base(), "openai/gpt-oss-20b");
/// assert_eq!(id.catalogued(), "openai/gpt-oss-20b:free");
/// assert!(id.has(DynamicVariant::Nitro));
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ModelId(Box<str>);

/// A variant that is a wish about routing and no part of the catalogued name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DynamicVariant {
    /// `:nitro`: the fastest endpoint first.
    Nitro,
    /// `:floor`: the cheapest endpoint first.
    Floor,
    /// `:exacto`: the endpoints best at calling tools first.
    Exacto,
    /// `:online`: with web search. Deprecated at OpenRouter.
    Online,
}

/// A text that is no model id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected author/slug, with :variant after it if there is one")]
pub struct InvalidModelId;

// === impl ModelId ===

impl ModelId {
    /// The id as it was written.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What stands before the slash.
    pub fn author(&self) -> &str {
        self.0.split('/').next().unwrap_or_default()
    }

    /// `author/slug` without any variant.
    pub fn base(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// The variants in the order in which they were written, without their colons.
    pub fn variants(&self) -> impl Iterator<Item = &str> {
        self.0.split(':').skip(1)
    }

    /// Those of them that are part of the catalogued name.
    pub fn static_variants(&self) -> impl Iterator<Item = &str> {
        self.variants().filter(|name| DynamicVariant::named(name).is_none())
    }

    /// Whether this wish about routing is among the variants.
    pub fn has(&self, variant: DynamicVariant) -> bool {
        self.variants().any(|name| DynamicVariant::named(name) == Some(variant))
    }

    /// The id to look up in the catalogue: without its dynamic variants.
    pub fn catalogued(&self) -> Cow<'_, str> {
        if self.variants().all(|name| DynamicVariant::named(name).is_none()) {
            return Cow::Borrowed(&self.0);
        }
        let mut id = self.base().to_owned();
        for name in self.static_variants() {
            id.push(':');
            id.push_str(name);
        }
        Cow::Owned(id)
    }
}

impl FromStr for ModelId {
    type Err = InvalidModelId;

    /// Errors: if there is not exactly one slash before the variants, a part is empty, or a
    /// character is not one of those allowed.
    fn from_str(text: &str) -> Result<Self, InvalidModelId> {
        let is_word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+@".contains(&b));
        let mut parts = text.split(':');
        let base = parts.next().and_then(|base| base.split_once('/'));
        match base {
            Some((author, slug)) if is_word(author) && is_word(slug) && parts.all(is_word) => Ok(Self(text.into())),
            _ => Err(InvalidModelId),
        }
    }
}

impl fmt::Display for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for ModelId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ModelId({})", self.0)
    }
}

// === impl DynamicVariant ===

impl DynamicVariant {
    /// The variant of this name, given without its colon.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "nitro" => Self::Nitro,
            "floor" => Self::Floor,
            "exacto" => Self::Exacto,
            "online" => Self::Online,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    use super::*;

    #[test]
    fn an_id_comes_apart_and_prints_as_it_was() {
        let id: ModelId = "openai/gpt-oss-20b:free:online".parse().unwrap();
        assert_eq!((id.author(), id.base()), ("openai", "openai/gpt-oss-20b"));
        assert_eq!(id.variants().collect::<Vec<_>>(), ["free", "online"]);
        assert_eq!(id.to_string(), "openai/gpt-oss-20b:free:online");
    }

    #[test]
    fn only_static_variants_belong_to_the_catalogued_id() {
        for (written, catalogued) in [
            ("meta-llama/llama-3.3-70b-instruct", "meta-llama/llama-3.3-70b-instruct"),
            ("openai/o3:nitro", "openai/o3"),
            ("openai/o3:floor:online", "openai/o3"),
            ("anthropic/claude-3.7-sonnet:thinking", "anthropic/claude-3.7-sonnet:thinking"),
            ("openai/gpt-oss-20b:exacto:free:nitro", "openai/gpt-oss-20b:free"),
            ("acme/own:beta", "acme/own:beta"),
        ] {
            assert_eq!(written.parse::<ModelId>().unwrap().catalogued(), catalogued);
        }
    }

    #[test]
    fn what_is_not_author_slug_is_refused() {
        for text in [
            "",
            "/",
            "gpt-4o",
            "openai/",
            "/gpt-4o",
            "a/b/c",
            "a/b:",
            "a/b::free",
            ":free",
            "a:free/b",
            "a/b c",
            "a/b;x=1",
            "a/b,c/d",
            "a/*",
            "ä/b",
            "a/b\n",
            "a/b\"",
        ] {
            assert_eq!(text.parse::<ModelId>(), Err(InvalidModelId), "{text:?}");
        }
    }
}
