//! OpenRouter's `plugins`: which of them a request switches on, and which this gateway does not have.
//!
//! `transforms: ["middle-out"]` is the older spelling of context compression. See
//! <https://openrouter.ai/docs/guides/features/plugins>.

use crate::auto_router;
use crate::error::ClientError;
use crate::json::{Error, ErrorKind, Kind, Scanner, Text};

/// The ids that are had, as a refusal names them.
const HAD: &str = "one of response-healing, context-compression, auto-router, file-parser with the native engine";

/// The plugins that a request switches on or off.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plugins {
    /// Whether a broken JSON answer is to be repaired.
    pub response_healing: bool,
    /// Whether a prompt that is too long may be shortened; `None`: where the endpoint is small, see [`Plugins::compresses`].
    pub context_compression: Option<bool>,
    /// What is said to the auto router; `None` for nothing.
    pub auto_router: Option<Box<auto_router::Settings>>,
}

/// One element of `plugins`.
#[derive(Default)]
struct Plugin<'a> {
    id: Option<Text<'a>>,
    disabled: bool,
    engine: Option<Text<'a>>,
    /// The whole of it.
    raw: &'a [u8],
}

// === impl Plugins ===

impl Plugins {
    /// A context of up to this many tokens has compression on by default.
    pub const SMALL_CONTEXT: u64 = 8192;

    /// Reads the member `plugins`: `null`, or an array of objects with an `id`. Of several settings for the auto
    /// router the first count.
    ///
    /// Errors: if it is neither, if a plugin is not switched off that this gateway does not have, or if one's settings are not right.
    pub fn read(&mut self, value: &[u8]) -> Result<(), ClientError> {
        let mut scanner = Scanner::new(value);
        let expected = "an array of objects with an id";
        if scanner.kind()? == Kind::Null {
            return Ok(());
        }
        let mut refused = None;
        let mut place = 0usize;
        let walked = scanner.elements(&mut |scanner| {
            let plugin = Plugin::read(scanner)?;
            if let Err(error) = self.switch(&plugin, place) {
                refused = Some(error);
                // The walk ends here; the reason is in `refused`.
                return Err(scanner.error(ErrorKind::Type));
            }
            place = place.saturating_add(1);
            Ok(())
        });
        match (walked, refused) {
            (_, Some(error)) => Err(error),
            (Err(_), None) => Err(ClientError::invalid("plugins", expected)),
            (Ok(()), None) => Ok(()),
        }
    }

    /// Reads the member `transforms`: `null`, or an array that is empty or has `middle-out`. What `plugins` say wins over it.
    ///
    /// Errors: if it is something else.
    pub fn read_transforms(&mut self, value: &[u8]) -> Result<(), ClientError> {
        let mut scanner = Scanner::new(value);
        if scanner.kind()? == Kind::Null {
            return Ok(());
        }
        let mut on = false;
        let walked = scanner.elements(&mut |scanner| {
            on = true;
            if scanner.string()?.is("middle-out") { Ok(()) } else { Err(scanner.error(ErrorKind::Type)) }
        });
        walked.map_err(|_| ClientError::invalid("transforms", "[] or [\"middle-out\"]"))?;
        self.context_compression = Some(on);
        Ok(())
    }

    /// These, but for what `over` says.
    pub fn under(self, over: Self) -> Self {
        Self {
            response_healing: self.response_healing || over.response_healing,
            context_compression: over.context_compression.or(self.context_compression),
            auto_router: over.auto_router.or(self.auto_router),
        }
    }

    /// Whether a prompt may be shortened for an endpoint with a context of so many tokens.
    pub fn compresses(&self, context_length: u64) -> bool {
        self.context_compression.unwrap_or(context_length <= Self::SMALL_CONTEXT)
    }

    fn switch(&mut self, plugin: &Plugin<'_>, place: usize) -> Result<(), ClientError> {
        let Some(id) = plugin.id else {
            return Err(ClientError::invalid(format!("plugins[{place}].id"), HAD));
        };
        let engine = |had: &str, what: &str| match plugin.engine {
            Some(engine) if !plugin.disabled && !engine.is(had) => Err(ClientError::invalid(format!("plugins[{place}].{what}"), had)),
            _ => Ok(()),
        };
        match &*id.value() {
            "response-healing" => self.response_healing = !plugin.disabled,
            "context-compression" => {
                engine("middle-out", "engine")?;
                self.context_compression = Some(!plugin.disabled);
            }
            auto_router::PLUGIN if !plugin.disabled && self.auto_router.is_none() => {
                let settings = auto_router::Settings::read(plugin.raw);
                self.auto_router =
                    Some(Box::new(settings.map_err(|_| ClientError::invalid(format!("plugins[{place}]"), auto_router::EXPECTED))?));
            }
            auto_router::PLUGIN => {}
            // Files go to the models that read them, as they are: that is what OpenRouter calls native.
            "file-parser" => engine("native", "pdf.engine")?,
            _ if plugin.disabled => {}
            id => {
                // Of what was sent, no more than can be a name.
                let id: String = id.chars().take(40).collect();
                return Err(ClientError::invalid(
                    format!("plugins[{place}].id"),
                    format!("{HAD}: this gateway has no plugin {id}; remove it, or send it with enabled: false"),
                ));
            }
        }
        Ok(())
    }
}

// === impl Plugin ===

impl<'a> Plugin<'a> {
    fn read(scanner: &mut Scanner<'a>) -> Result<Self, Error> {
        let mut plugin = Self::default();
        scanner.kind()?;
        let start = scanner.position();
        scanner.members(&mut |scanner, key, _| {
            match key.raw {
                b"id" => plugin.id = Some(scanner.string()?),
                b"enabled" => plugin.disabled = scanner.optional_bool()? == Some(false),
                b"engine" if scanner.kind()? == Kind::String => plugin.engine = Some(scanner.string()?),
                b"pdf" if scanner.kind()? == Kind::Object => scanner.members(&mut |scanner, key, _| {
                    if key.is("engine") && scanner.kind()? == Kind::String {
                        plugin.engine = Some(scanner.string()?);
                        return Ok(());
                    }
                    scanner.skip().map(|_| ())
                })?,
                _ => _ = scanner.skip()?,
            }
            Ok(())
        })?;
        plugin.raw = scanner.slice(start..scanner.position());
        Ok(plugin)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn read(value: &str) -> Result<Plugins, String> {
        let mut plugins = Plugins::default();
        plugins.read(value.as_bytes()).map(|()| plugins).map_err(|error| error.to_string())
    }

    #[test]
    fn plugins_are_switched_on_and_off() {
        let on = |response_healing, context_compression| Ok(Plugins { response_healing, context_compression, auto_router: None });
        for (value, expected) in [
            ("null", on(false, None)),
            ("[]", on(false, None)),
            (r#"[{"id":"response-healing"}]"#, on(true, None)),
            (r#"[{"id":"response-healing","enabled":null}]"#, on(true, None)),
            (r#"[{"enabled":false,"id":"response-healing"}]"#, on(false, None)),
            (r#"[{"id":"context-compression"},{"id":"response-healing","enabled":true}]"#, on(true, Some(true))),
            (r#"[{"id":"context-compression","engine":"middle-out"}]"#, on(false, Some(true))),
            (r#"[{"id":"context-compression","enabled":false}]"#, on(false, Some(false))),
            (r#"[{"id":"auto-router","enabled":false,"cost_tier":7},{"id":"web","enabled":false,"max_results":3}]"#, on(false, None)),
            (r#"[{"id":"file-parser"},{"id":"file-parser","pdf":{"engine":"native"}}]"#, on(false, None)),
        ] {
            assert_eq!(read(value), expected, "{value}");
        }
    }

    #[test]
    fn what_is_not_there_is_refused_by_name() {
        for (value, message) in [
            (r#"[{"id":"auto-router"},{"id":"web","max_results":3}]"#, "plugins[1].id"),
            (r#"[{"id":"web"}]"#, "response-healing, context-compression, auto-router"),
            (r#"[{"id":"web"}]"#, "this gateway has no plugin web"),
            (r#"[{"id":"context-compression","engine":"zip"}]"#, "Invalid `plugins[0].engine`: expected middle-out"),
            (r#"[{"id":"file-parser","pdf":{"engine":"mistral-ocr"}}]"#, "Invalid `plugins[0].pdf.engine`: expected native"),
            (r#"[{"enabled":true}]"#, "plugins[0].id"),
            (r#"[{"id":"web","enabled":false},{"id":"auto-router","cost_tier":"cheap"}]"#, "Invalid `plugins[1]`: expected allowed_models"),
            (r#"[{"id":7}]"#, "Invalid `plugins`"),
            (r#"{"id":"web"}"#, "Invalid `plugins`"),
            (r#"["web"]"#, "Invalid `plugins`"),
        ] {
            let error = read(value).unwrap_err();
            assert!(error.contains(message), "{value}: {error}");
        }
        assert!(read(&format!(r#"[{{"id":"{}"}}]"#, "é".repeat(10_000))).unwrap_err().len() < 400);
    }

    #[test]
    fn transforms_are_the_older_spelling() {
        for (value, expected) in
            [("null", Ok(None)), ("[]", Ok(Some(false))), (r#"["middle-out"]"#, Ok(Some(true))), (r#"["x"]"#, Err(())), ("7", Err(()))]
        {
            let mut plugins = Plugins::default();
            let read = plugins.read_transforms(value.as_bytes());
            assert_eq!(read.map(|()| plugins.context_compression).map_err(|_| ()), expected, "{value}");
        }
        let old = Plugins { context_compression: Some(true), ..Plugins::default() };
        let new = Plugins { context_compression: Some(false), ..Plugins::default() };
        assert_eq!((old.clone().under(new.clone()), old.clone().under(Plugins::default())), (new, old));
    }

    #[test]
    fn small_contexts_are_compressed_unless_it_is_switched_off() {
        let said = |context_compression| Plugins { context_compression, ..Plugins::default() };
        assert!(said(None).compresses(8192) && !said(None).compresses(8193));
        assert!(said(Some(true)).compresses(1_000_000) && !said(Some(false)).compresses(10));
    }
}
