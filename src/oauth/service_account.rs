//! The key of a Google service account, and the assertion that is signed with it: RFC 7523, and
//! <https://developers.google.com/identity/protocols/oauth2/service-account#httprest>.

use super::{Assertion, base64};
use crate::clock::Millis;
use crate::json::{self, Kind, Scanner};
use crate::secret::Secret;

/// A service account's key, as Google hands it out.
#[derive(Clone, Debug)]
pub struct ServiceAccount {
    email: Box<str>,
    key_id: Box<str>,
    /// PEM, or what stands between its first line and its last.
    private_key: Secret,
    /// Where tokens are to be had, which is also who the assertion is for.
    token_uri: Box<str>,
}

/// A text that is no service account's key. It does not repeat the text: that may be a key of another kind.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidServiceAccount {
    /// Not JSON.
    #[error("expected the key of a service account: the JSON file that Google hands out, and not its path")]
    NotJson,
    /// A key of another kind, such as a person's.
    #[error("expected the key of a service account, with \"type\": \"service_account\"")]
    OtherType,
    /// A private key of another kind than Google hands out.
    #[error("expected the key of a service account: its private_key is no RSA key, and nothing else can sign with RS256")]
    NotRsa,
    /// A member that is missing or is not what it should be.
    #[error("expected the key of a service account: its {0} is missing or malformed")]
    Member(&'static str),
}

/// Where Google gives tokens, unless the key says otherwise.
const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";
/// What the tokens are good for: <https://cloud.google.com/vertex-ai/docs/authentication>.
const SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";
/// How long an assertion is good, in seconds: the most that Google allows. So is the token.
const LIFETIME: u64 = 3600;

// === impl ServiceAccount ===

impl ServiceAccount {
    /// Reads a key file.
    ///
    /// Errors: if the text is none.
    pub fn parse(text: &str) -> Result<Self, InvalidServiceAccount> {
        const NAMES: [&str; 5] = ["type", "client_email", "private_key_id", "private_key", "token_uri"];
        let mut values: [Option<String>; 5] = Default::default();
        let mut scanner = Scanner::new(text.as_bytes());
        let walked = scanner.members(&mut |scanner, key, _| {
            match NAMES.iter().position(|name| key.is(name)).and_then(|place| values.get_mut(place)) {
                Some(value) if scanner.kind()? == Kind::String => *value = Some(scanner.string()?.value().into_owned()),
                _ => _ = scanner.skip()?,
            }
            Ok(())
        });
        walked.and_then(|()| scanner.end()).map_err(|_| InvalidServiceAccount::NotJson)?;
        let [kind, email, key_id, private_key, token_uri] = values;
        if kind.as_deref() != Some("service_account") {
            return Err(InvalidServiceAccount::OtherType);
        }
        let required = |name, value: Option<String>| value.filter(|value| !value.is_empty()).ok_or(InvalidServiceAccount::Member(name));
        let account = Self {
            email: required("client_email", email)?.into(),
            key_id: key_id.unwrap_or_default().into(),
            private_key: Secret::new(required("private_key", private_key)?),
            token_uri: token_uri.unwrap_or_else(|| TOKEN_URI.to_owned()).into(),
        };
        match account.private_key() {
            Some(key) if is_of_another_kind(&key) => return Err(InvalidServiceAccount::NotRsa),
            Some(_) => {}
            None if account.private_key.expose().contains("-----BEGIN EC PRIVATE KEY-----") => return Err(InvalidServiceAccount::NotRsa),
            None => return Err(InvalidServiceAccount::Member("private_key")),
        }
        let is_url = account.split().is_some_and(|(host, path)| !host.is_empty() && path.bytes().all(|byte| byte.is_ascii_graphic()));
        if !is_url || !account.token_host().bytes().all(|b| b.is_ascii_alphanumeric() || b"-.:[]".contains(&b)) {
            return Err(InvalidServiceAccount::Member("token_uri"));
        }
        Ok(account)
    }

    /// The private key as PKCS #8 in DER. It is made for each use, once an hour: nobody else need hold it.
    pub fn private_key(&self) -> Option<Vec<u8>> {
        let pem = self.private_key.expose();
        let (_, rest) = pem.split_once("-----BEGIN PRIVATE KEY-----")?;
        let (key, _) = rest.split_once("-----END PRIVATE KEY-----")?;
        base64::decode(key).filter(|key| !key.is_empty())
    }

    /// The `:authority` that tokens are asked of.
    pub fn token_host(&self) -> &str {
        self.split().map_or("", |(host, _)| host)
    }

    /// The path there.
    pub fn token_path(&self) -> &str {
        self.split().map_or("/", |(_, path)| path)
    }

    /// The header and the claims of the assertion, as they are signed.
    pub(super) fn signing_input(&self, now: Millis) -> Vec<u8> {
        let mut header = b"{\"alg\":\"RS256\",\"typ\":\"JWT\"".to_vec();
        if !self.key_id.is_empty() {
            header.extend_from_slice(b",\"kid\":");
            json::string_into(&mut header, &self.key_id);
        }
        header.push(b'}');
        let mut claims = b"{\"iss\":".to_vec();
        json::string_into(&mut claims, &self.email);
        claims.extend_from_slice(b",\"scope\":");
        json::string_into(&mut claims, SCOPE);
        claims.extend_from_slice(b",\"aud\":");
        json::string_into(&mut claims, &self.token_uri);
        let issued = now.as_secs();
        claims.extend_from_slice(format!(",\"iat\":{issued},\"exp\":{}}}", issued.saturating_add(LIFETIME)).as_bytes());
        let mut input = Vec::with_capacity(512);
        base64::url_into(&header, &mut input);
        input.push(b'.');
        base64::url_into(&claims, &mut input);
        input
    }

    /// Host and path of the token URI.
    fn split(&self) -> Option<(&str, &str)> {
        let rest = self.token_uri.strip_prefix("https://")?;
        rest.find('/').map_or(Some((rest, "/")), |slash| rest.split_at_checked(slash))
    }
}

/// Whether a PKCS #8 key says that it is one of an elliptic curve (RFC 5480) or of an Edwards curve (RFC 8410): Envoy would sign with
/// the first, and Google refuse the token without a reason.
fn is_of_another_kind(key: &[u8]) -> bool {
    /// `id-ecPublicKey`, and what `id-Ed25519` and `id-Ed448` begin with, as object identifiers in DER.
    const OTHERS: [&[u8]; 2] = [&[0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01], &[0x06, 0x03, 0x2b, 0x65]];
    /// The algorithm stands behind a sequence, a version and a sequence.
    const HEAD: usize = 32;
    let head = key.get(..HEAD).unwrap_or(key);
    OTHERS.iter().any(|other| memchr::memmem::find(head, other).is_some())
}

/// The body of the request for a token.
pub(super) fn body(assertion: &Assertion) -> Vec<u8> {
    let mut body = b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer&assertion=".to_vec();
    body.extend_from_slice(&assertion.input);
    body.push(b'.');
    base64::url_into(&assertion.signature, &mut body);
    body
}
