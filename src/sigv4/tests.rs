use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// 2015-08-30T12:36:00Z, when all of the suite was signed.
const SUITE_TIME: Millis = Millis(1_440_938_160_000);
const FORM: &[u8] = b"Param1=value1";

fn credentials(session_token: Option<&str>) -> Credentials {
    Credentials {
        access_key_id: "AKIDEXAMPLE".into(),
        secret_access_key: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        session_token: session_token.map(Secret::new),
    }
}

/// Signs as the suite does and returns the signature alone.
fn signed(method: &str, path: &str, headers: &[(&str, &str)], body: &[u8], session_token: Option<&str>) -> String {
    let request = Request { method, host: "example.amazonaws.com", path, headers, body_hash: Sha256::digest(body).into() };
    let signature = credentials(session_token).sign(&request, "us-east-1", "service", SUITE_TIME);
    assert_eq!(signature.date, "20150830T123600Z");
    signature.authorization.rsplit_once("Signature=").unwrap().1.to_owned()
}

/// AWS's published test suite, as the `aws-sigv4` crate ships it (`aws-signing-test-suite/v4`): every case whose parts we have. What we
/// have not: queries, headers given twice or folded, and dot segments.
#[test]
fn the_published_vectors_are_signed_as_published() {
    const TOKEN: &str = "6e86291e8372ff2a2260956d9b8aae1d763fbf315fa00fa31553b73ebf194267";
    let form_headers = |content_type| {
        [
            ("content-type", content_type),
            ("content-length", "13"),
            ("x-amz-content-sha256", "9095672bbd1f56dfc5b65f3e153adc8731a4a654192329106275f4c7b24d0b6e"),
        ]
    };
    let unreserved = "/-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let form = form_headers("application/x-www-form-urlencoded");
    let form_parameters = form_headers("application/x-www-form-urlencoded; charset=utf-8");
    for (name, signature, expected) in [
        ("get-vanilla", signed("GET", "/", &[], b"", None), "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
        ("get-unreserved", signed("GET", unreserved, &[], b"", None), "07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f"),
        ("get-utf8", signed("GET", "/ሴ", &[], b"", None), "8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85"),
        (
            "get-space-unnormalized",
            signed("GET", "/example space/", &[], b"", None),
            "652487583200325589f1fba4c7e578f72c47cb61beeca81406b39ddec1366741",
        ),
        (
            "get-slashes-unnormalized",
            signed("GET", "//example//", &[], b"", None),
            "87cca117541a147f6df867677d98a7d80dff226d2bfca9e4ffa899665623c7e5",
        ),
        (
            "get-vanilla-with-session-token",
            signed("GET", "/", &[], b"", Some(TOKEN)),
            "07ec1639c89043aa0e3e2de82b96708f198cceab042d4a97044c66dd9f74e7f8",
        ),
        ("post-vanilla", signed("POST", "/", &[], b"", None), "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        (
            "post-header-key-sort",
            signed("POST", "/", &[("my-header1", "value1")], b"", None),
            "c5410059b04c1ee005303aed430f6e6645f61f4dc9e1461ec8f8916fdf18852c",
        ),
        (
            "post-header-value-case",
            signed("POST", "/", &[("my-header1", "VALUE1")], b"", None),
            "cdbc9802e29d2942e5e10b5bccfdd67c5f22c7c4e8ae67b53629efa58b974b7d",
        ),
        (
            "post-sts-header-before",
            signed(
                "POST",
                "/",
                &[],
                b"",
                Some(concat!(
                    "AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/",
                    "qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT",
                    "38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==",
                )),
            ),
            "85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead",
        ),
        (
            "post-x-www-form-urlencoded",
            signed("POST", "/", &form, FORM, None),
            "d3875051da38690788ef43de4db0d8f280229d82040bfac253562e56c3f20e0b",
        ),
        (
            "post-x-www-form-urlencoded-parameters",
            signed("POST", "/", &form_parameters, FORM, None),
            "328d1b9eaadca9f5818ef05e8392801e091653bafec24fcab71e7344e7f51422",
        ),
    ] {
        assert_eq!(signature, expected, "{name}");
    }
}

/// `double-url-encode` and `double-encode-path` of the same suite, which publishes the canonical request for them and no signature.
#[test]
fn t62_path_segments_are_encoded_twice() {
    let path = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-west-2%3A892717189312%3Afunction%3Amy-rusty-fun/invocations";
    let request =
        Request { method: "POST", host: "lambda.us-east-2.amazonaws.com", path, headers: &[], body_hash: Sha256::digest(b"").into() };
    let headers = [("host", request.host), ("x-amz-date", "20210511T154045Z")];
    assert_eq!(
        canonical_request(&request, &headers, "host;x-amz-date"),
        concat!(
            "POST\n",
            "/2015-03-31/functions/arn%253Aaws%253Alambda%253Aus-west-2%253A892717189312%253Afunction%253Amy-rusty-fun/invocations\n",
            "\n",
            "host:lambda.us-east-2.amazonaws.com\n",
            "x-amz-date:20210511T154045Z\n",
            "\n",
            "host;x-amz-date\n",
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        )
    );
    let path = "/test/@connections/JBDvjfGEIAMCERw%3D";
    let canonical = canonical_request(&Request { path, ..request }, &headers, "host;x-amz-date");
    assert_eq!(canonical.lines().nth(1), Some("/test/%40connections/JBDvjfGEIAMCERw%253D"));
}

#[test]
fn a_signature_names_its_scope_and_its_headers() {
    let request = Request { method: "POST", host: "h", path: "/", headers: &[("content-type", "application/json")], body_hash: [0; 32] };
    let signature = credentials(Some("token")).sign(&request, "eu-central-1", "bedrock", SUITE_TIME);
    let (head, _) = signature.authorization.rsplit_once("Signature=").unwrap();
    assert_eq!(
        head,
        concat!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/eu-central-1/bedrock/aws4_request, ",
            "SignedHeaders=content-type;host;x-amz-date;x-amz-security-token, ",
        )
    );
}

#[test]
fn credentials_print_nothing_of_themselves() {
    let text = format!("{:?}", credentials(Some("session-token")));
    assert!(!text.contains("wJalr") && !text.contains("session-token"), "{text}");
}

#[test]
fn times_are_those_of_the_calendar() {
    for (seconds, expected) in [
        (0, "19700101T000000Z"),
        (951_782_399, "20000228T235959Z"),
        (951_782_400, "20000229T000000Z"),
        (951_868_800, "20000301T000000Z"),
        (1_609_459_199, "20201231T235959Z"),
        (1_795_224_600, "20261121T013000Z"),
        (4_107_542_400, "21000301T000000Z"),
    ] {
        assert_eq!(timestamp(Millis(seconds * 1000 + 999)), expected);
    }
    assert!(timestamp(Millis(u64::MAX)).ends_with('Z'));
}
