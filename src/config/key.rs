//! `keys`: who may ask, and for which models.

use std::rc::Rc;

use crate::glob::Glob;

/// Who asks. The key itself is known by its hash alone.
#[derive(Debug)]
pub struct Key {
    /// The name in stats and rules.
    pub name: Rc<str>,
    /// The models it may use; `None` for all.
    pub models: Option<Vec<Glob>>,
}

impl Key {
    /// Whether it may use the model of this catalogued id.
    pub fn allows(&self, model: &str) -> bool {
        self.models.as_ref().is_none_or(|globs| globs.iter().any(|glob| glob.matches(model)))
    }
}
