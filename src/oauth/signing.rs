//! Envoy's foreign function `sign`, which signs where this module has no RSA of its own.
//!
//! See `SignArguments` and `SignResult` in
//! <https://github.com/envoyproxy/envoy/blob/main/source/extensions/common/wasm/ext/sign.proto>.

use crate::protobuf::{Field, bytes_into, next_field};

/// Envoy's name for the function.
pub const FUNCTION: &str = "sign";

/// What is signed could not be. Envoy's reason is not repeated: it was made from a private key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Envoy cannot sign with this private key")]
pub struct Unsigned;

/// The arguments to sign `text` by RSASSA-PKCS1-v1_5 with SHA-256; `key` is PKCS #8 in DER.
pub fn arguments(key: &[u8], text: &[u8]) -> Vec<u8> {
    let mut arguments = Vec::with_capacity(key.len().saturating_add(text.len()).saturating_add(32));
    bytes_into(1, b"sha256", &mut arguments);
    bytes_into(2, key, &mut arguments);
    bytes_into(3, text, &mut arguments);
    arguments
}

/// The signature in what the function returned.
///
/// Errors: if there is none.
pub fn signature(mut result: &[u8]) -> Result<Vec<u8>, Unsigned> {
    let (mut is_signed, mut signature) = (false, None);
    while let Some((field, rest)) = next_field(result).ok_or(Unsigned)? {
        match field {
            Field::Varint(1, truth) => is_signed = truth == 1,
            Field::Bytes(2, bytes) => signature = Some(bytes.to_vec()),
            _ => {}
        }
        result = rest;
    }
    signature.filter(|signature| is_signed && !signature.is_empty()).ok_or(Unsigned)
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn arguments_and_result_are_envoys() {
        assert_eq!(arguments(b"key", b"text"), b"\x0a\x06sha256\x12\x03key\x1a\x04text");
        assert_eq!(signature(b"\x08\x01\x12\x03sig"), Ok(b"sig".to_vec()));
        for unsigned in [&b""[..], b"\x1a\x03why", b"\x12\x03sig", b"\x08\x01", b"\x08\x01\x12\x03si", b"\xff"] {
            assert_eq!(signature(unsigned), Err(Unsigned));
        }
    }
}
