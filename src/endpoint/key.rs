//! What endpoints are known by across configurations and Envoys: hashes of their names, so that a reload forgets nothing.

/// What all workers know an endpoint by: a hash of provider, tier and model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EndpointKey(u64);

// === impl EndpointKey ===

impl EndpointKey {
    /// The key of the endpoint with this full slug and this name for its model.
    pub fn of(tag: &str, model: &str) -> Self {
        Self(hash(&[tag, model]))
    }

    /// The key that [`EndpointKey::hash`] gave.
    pub fn of_hash(hash: u64) -> Self {
        Self(hash)
    }

    /// The hash that it is.
    pub fn hash(self) -> u64 {
        self.0
    }
}

/// What clients know an endpoint by, whatever its tier: a hash of the model in the catalogue, the provider's slug and its name for the
/// model. Never 0.
pub fn public_id(catalogue_id: &str, provider: &str, model: &str) -> u64 {
    hash(&[catalogue_id, provider, model]).max(1)
}

/// FNV-1a: the same in every build, which a hasher of the standard library does not promise.
fn hash(names: &[&str]) -> u64 {
    let add = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    let (first, rest) = names.split_first().unwrap_or((&"", &[]));
    let first = first.bytes().fold(0xcbf2_9ce4_8422_2325, add);
    rest.iter().fold(first, |hash, name| name.bytes().fold(add(hash, 0), add))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn names_are_told_apart_and_known_again() {
        // By the reference: https://datatracker.ietf.org/doc/html/rfc9923
        assert_eq!(hash(&["foobar"]), 0x8594_4171_f739_67e8);
        assert_eq!(EndpointKey::of("a/flex", "m"), EndpointKey::of("a/flex", "m"));
        assert_ne!(EndpointKey::of("a", "bc"), EndpointKey::of("ab", "c"));
        assert_ne!(public_id("a", "b", "c"), public_id("a", "c", "b"));
        assert_eq!(EndpointKey::of_hash(EndpointKey::of("a", "b").hash()), EndpointKey::of("a", "b"));
    }
}
