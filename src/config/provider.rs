//! `providers`: who serves models, through which cluster, with which credential.

use super::dialect::{Dialect, Quirks};
use crate::secret::Secret;

/// A company or server that serves models.
#[derive(Debug)]
pub struct Provider {
    /// What requests and stats call it.
    pub slug: Box<str>,
    /// What answers call it: `provider`.
    pub name: Box<str>,
    /// The Envoy cluster that reaches it.
    pub cluster: Box<str>,
    /// How it speaks.
    pub dialect: Dialect,
    /// The `:authority` it is asked by.
    pub host: Box<str>,
    /// What stands before `/chat/completions`; empty or with a slash first and none last.
    pub path_prefix: Box<str>,
    /// The header that carries the credential, in lower case.
    pub auth_header: Box<str>,
    /// The whole value of that header, `Bearer ` included; `None` if no credential is sent.
    pub credential: Option<Secret>,
    /// Whether it may keep or train on what it is sent.
    pub collects_data: bool,
    /// Whether it keeps nothing at all (zero data retention).
    pub zdr: bool,
    /// What it does in its own way.
    pub quirks: Quirks,
}
