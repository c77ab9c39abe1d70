//! OpenRouter's routers: names in the place of a model's that leave the choice of one to the gateway.

/// A router that this gateway has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Router {
    /// `openrouter/auto`: the cheapest model that can do what the request needs.
    ///
    /// See <https://openrouter.ai/docs/guides/routing/routers/auto-router>.
    Auto,
    /// `openrouter/free`: one of those that cost nothing, at random.
    ///
    /// See <https://openrouter.ai/docs/guides/routing/routers/free-router>.
    Free,
}

/// Those of OpenRouter's that judge a prompt or put several answers together, for which a gateway would have to ask models itself.
const OTHERS: [&str; 5] =
    ["openrouter/auto-beta", "openrouter/bodybuilder", "openrouter/fusion", "openrouter/fusion-flash", "openrouter/pareto-code"];

// === impl Router ===

impl Router {
    /// The router of this name, in any case.
    pub fn named(name: &str) -> Option<Self> {
        [Self::Auto, Self::Free].into_iter().find(|router| router.as_str().eq_ignore_ascii_case(name))
    }

    /// Its name.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Auto => "openrouter/auto",
            Self::Free => "openrouter/free",
        }
    }

    /// Whether OpenRouter has a router of this name, in any case, and this gateway has not.
    pub fn is_another(name: &str) -> bool {
        OTHERS.iter().any(|other| other.eq_ignore_ascii_case(name))
    }
}
