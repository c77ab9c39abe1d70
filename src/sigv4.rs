//! AWS Signature Version 4: what proves to AWS who sends a request, and that nothing of it was changed on the way.
//!
//! See <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html>. A signature is good for five
//! minutes around its time, so each attempt makes its own, over the very bytes it sends.

use std::fmt::Write;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

use crate::calendar::Day;
use crate::clock::Millis;
use crate::secret::Secret;

/// Who signs.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// The name of the key; it goes out with each request.
    pub access_key_id: Box<str>,
    /// The key itself, which never does.
    pub secret_access_key: Secret,
    /// What makes temporary credentials valid.
    pub session_token: Option<Secret>,
}

/// What is asked, as it goes out.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The method.
    pub method: &'a str,
    /// The `:authority`.
    pub host: &'a str,
    /// The path as it is on the wire: each segment percent-encoded once, no `.` or `..` among them, no query.
    pub path: &'a str,
    /// The other headers to be signed: lower-case names, each once, and values without space around them.
    pub headers: &'a [(&'a str, &'a str)],
    /// The SHA-256 of the body.
    pub body_hash: [u8; 32],
}

/// The headers that carry a signature.
#[derive(Clone, Debug)]
pub struct Signature {
    /// `x-amz-date`.
    pub date: String,
    /// `authorization`.
    pub authorization: String,
}

const ALGORITHM: &str = "AWS4-HMAC-SHA256";

// === impl Credentials ===

impl Credentials {
    /// Signs a request to `service` in `region` with `host`, `x-amz-date` and, if there is one, `x-amz-security-token`, which has to
    /// go out, too.
    pub fn sign(&self, request: &Request<'_>, region: &str, service: &str, now: Millis) -> Signature {
        let date = timestamp(now);
        let day = date.split('T').next().unwrap_or_default();
        let scope = format!("{day}/{region}/{service}/aws4_request");

        let mut headers = request.headers.to_vec();
        headers.extend([("host", request.host), ("x-amz-date", &date)]);
        headers.extend(self.session_token.as_ref().map(|token| ("x-amz-security-token", token.expose())));
        headers.sort_unstable();
        let names = headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");

        let canonical = canonical_request(request, &headers, &names);
        let to_sign = format!("{ALGORITHM}\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
        let key = [day, region, service, "aws4_request"]
            .iter()
            .fold(format!("AWS4{}", self.secret_access_key.expose()).into_bytes(), |key, part| hmac(&key, part).to_vec());
        let signature = hex(&hmac(&key, &to_sign));
        let authorization = format!("{ALGORITHM} Credential={}/{scope}, SignedHeaders={names}, Signature={signature}", self.access_key_id);
        Signature { date, authorization }
    }
}

/// Percent-encodes all but the characters that RFC 3986 calls unreserved, and those in `kept`.
pub fn percent_encode(text: &str, kept: &[u8]) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) || kept.contains(&byte) {
            encoded.push(byte.into());
        } else {
            // A String takes all that is written.
            _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

/// The request in the one form that both sides hash. The path is encoded once more than it is on the wire (S3 alone does not).
fn canonical_request(request: &Request<'_>, headers: &[(&str, &str)], names: &str) -> String {
    let mut canonical = format!("{}\n{}\n\n", request.method, percent_encode(request.path, b"/"));
    for (name, value) in headers {
        canonical.extend([name, ":", value, "\n"]);
    }
    canonical.extend(["\n", names, "\n", &hex(&request.body_hash)]);
    canonical
}

fn hmac(key: &[u8], text: &str) -> [u8; 32] {
    // HMAC takes keys of every length.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; 32] };
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut hex, byte| {
        _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// `YYYYMMDD'T'HHMMSS'Z'`.
fn timestamp(now: Millis) -> String {
    let (second, (year, month, day)) = (now.as_secs() % 86_400, Day::of(now).civil());
    format!("{year:04}{month:02}{day:02}T{:02}{:02}{:02}Z", second / 3600, second / 60 % 60, second % 60)
}

#[cfg(test)]
mod tests;
