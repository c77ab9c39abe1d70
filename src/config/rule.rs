//! `rules`: which requests go elsewhere than to the model they name.

use std::rc::Rc;

use super::Model;
use crate::{endpoint::Endpoint, glob::Glob};

/// What to do with the requests that match.
#[derive(Debug)]
pub struct Rule {
    /// Its name; `rules[3]` if none was given.
    pub name: Box<str>,
    /// Which requests it is for.
    pub matches: Match,
    /// What becomes of them.
    pub action: Action,
}

/// Which requests a rule is for: all conditions given have to hold; none given is every request.
#[derive(Debug, Default)]
pub struct Match {
    /// The model as the client wrote it.
    pub model: Option<Glob>,
    /// Request headers, names in lower case.
    pub headers: Vec<(Box<str>, Glob)>,
    /// The name of the client's key.
    pub key: Option<Glob>,
    /// The path, without its query.
    pub path: Option<Glob>,
    /// Whether the request has tools.
    pub tools: Option<bool>,
    /// Whether the request has images.
    pub images: Option<bool>,
    /// The estimated size of the prompt.
    pub prompt_tokens: Option<TokenRange>,
}

/// A number of tokens, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenRange {
    /// At least so many.
    pub min: u64,
    /// At most so many.
    pub max: u64,
}

/// What becomes of a request that matched.
#[derive(Debug)]
pub enum Action {
    /// This model serves it.
    Rename(Rc<Model>),
    /// One of several models serves it, drawn by weight.
    Split(Split),
    /// The best endpoint of several models serves it.
    Select(Select),
}

/// Models and their weights: at least one, none of weight zero.
#[derive(Debug)]
pub struct Split {
    total: u32,
    targets: Vec<(Rc<Model>, u32)>,
}

/// The endpoints to choose from, the cheapest first: at least one, each meeting the requirements.
#[derive(Debug)]
pub struct Select {
    /// The endpoints.
    pub endpoints: Vec<Rc<Endpoint>>,
}

impl TokenRange {
    /// Whether so many tokens are within.
    pub const fn contains(self, tokens: u64) -> bool {
        self.min <= tokens && tokens <= self.max
    }
}

impl Split {
    /// The model for a roll of the dice from 0 up to and without 1.
    pub fn pick(&self, roll: f64) -> &Rc<Model> {
        let _ = roll;
        todo!()
    }
}
