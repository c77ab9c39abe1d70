//! Credentials of the client's own, which take the place of the operator's: each at its provider alone.
//!
//! An endpoint with such a credential is one of a provider with it. So it is where the operator's would be, and nowhere else.

use std::rc::Rc;

use super::Ask;
use crate::config::{Gateway, Provider};
use crate::endpoint::Endpoint;
use crate::error::ClientError;

/// The providers that a request brings credentials for, with these.
pub(super) struct Own(Vec<Rc<Provider>>);

// === impl Own ===

impl Own {
    /// By the request's headers, and by its key where these say nothing.
    ///
    /// Errors: if a header is there and has what cannot be a credential.
    pub(super) fn of(gateway: &Gateway, ask: &Ask<'_>) -> Result<Self, ClientError> {
        let mut own = Vec::new();
        for provider in &gateway.byok_providers {
            let Some(name) = &provider.byok_header else { continue };
            if let Some(value) = (ask.header)(name) {
                let credential = credential(value).ok_or_else(|| ClientError::OwnCredential(name.to_string()))?;
                own.push(Rc::new(provider.with_own(credential)));
            }
        }
        own.extend(ask.key.byok.iter().cloned());
        Ok(Self(own))
    }

    /// Puts the credentials to the endpoints that they are for.
    pub(super) fn put_to(&self, endpoints: &mut [Rc<Endpoint>]) {
        if self.0.is_empty() {
            return;
        }
        for endpoint in endpoints {
            // The first of a slug counts.
            if let Some(provider) = self.0.iter().find(|own| own.slug == endpoint.provider.slug) {
                *endpoint = Rc::new(Endpoint { provider: provider.clone(), ..Endpoint::clone(endpoint) });
            }
        }
    }
}

/// What a header holds, with or without `Bearer`; `None` if that cannot be a credential. An empty one cannot: where a variable was not
/// set, the operator is not to pay.
fn credential(value: &[u8]) -> Option<String> {
    let bare = match value.split_at_checked(6) {
        Some((scheme, rest)) if scheme.eq_ignore_ascii_case(b"bearer") && rest.first().is_none_or(u8::is_ascii_whitespace) => rest,
        _ => value,
    };
    let bare = bare.trim_ascii();
    let is_one = !bare.is_empty() && bare.iter().all(u8::is_ascii_graphic);
    std::str::from_utf8(bare).ok().filter(|_| is_one).map(str::to_owned)
}
