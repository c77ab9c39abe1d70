//! The formats of texts that answers are asked for in, as <https://json-schema.org/draft/2020-12/json-schema-validation#section-7.3> names
//! them. All others say nothing.

use core::net::{Ipv4Addr, Ipv6Addr};

use crate::calendar;

/// Whether `text` is in the format of this name; one that is not known takes every text.
pub(super) fn is_in(text: &str, name: &str) -> bool {
    match name {
        "date-time" => is_date_time(text),
        "date" => text.len() == 10 && is_date_time(&format!("{text}T00:00:00Z")),
        // Without an offset, too: Zod and Pydantic call that a time, and Zod nothing else.
        "time" => is_date_time(&format!("2000-01-01T{text}")) || is_date_time(&format!("2000-01-01T{text}Z")),
        "email" => is_email(text),
        "hostname" => is_hostname(text),
        "ipv4" => text.parse::<Ipv4Addr>().is_ok(),
        "ipv6" => text.parse::<Ipv6Addr>().is_ok(),
        "uri" => is_uri(text),
        "uuid" => is_uuid(text),
        _ => true,
    }
}

/// <https://www.rfc-editor.org/rfc/rfc3339#section-5.6>
fn is_date_time(text: &str) -> bool {
    let Some((year, rest)) = text.split_at_checked(4) else { return false };
    let Some(year) = year.parse::<u16>().ok().filter(|_| made_of(year, b"")) else { return false };
    // The calendar begins in 1970, and is the same again after 400 years.
    let time = calendar::parse_timestamp(&format!("{}{rest}", (year % 400).saturating_add(2000)));
    let is_leap_second = rest.get(12..).is_some_and(|seconds| seconds.starts_with(":60"));
    // There is one at the end of a day only, and it counts as the second after it.
    !rest.contains(' ') && time.is_some_and(|time| !is_leap_second || time.as_secs() % 86_400 == 0)
}

/// `Mailbox` of <https://www.rfc-editor.org/rfc/rfc5321#section-4.1.2>
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let is_local = match within(local, '"', '"') {
        Some(quoted) => is_quoted(quoted),
        None => local.split('.').all(|atom| !atom.is_empty() && made_of(atom, b"!#$%&'*+-/=?^_`{|}~")),
    };
    let is_domain = match within(domain, '[', ']') {
        Some(address) => match address.strip_prefix("IPv6:") {
            Some(address) => address.parse::<Ipv6Addr>().is_ok(),
            None => address.parse::<Ipv4Addr>().is_ok(),
        },
        None => is_hostname(domain),
    };
    local.len() <= 64 && is_local && is_domain
}

/// What may stand between the quotes of a `Quoted-string`.
fn is_quoted(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'"' => return false,
            b'\\' => bytes.next().unwrap_or_default(),
            byte => byte,
        };
        if !matches!(byte, b' '..=b'~') {
            return false;
        }
    }
    true
}

/// <https://www.rfc-editor.org/rfc/rfc1123#section-2.1>
fn is_hostname(text: &str) -> bool {
    let is_label =
        |label: &str| (1..=63).contains(&label.len()) && made_of(label, b"-") && !label.starts_with('-') && !label.ends_with('-');
    text.len() <= 253 && text.split('.').all(is_label)
}

/// <https://www.rfc-editor.org/rfc/rfc3986#appendix-A>
fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else { return false };
    let (rest, fragment) = rest.split_once('#').unwrap_or((rest, ""));
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => rest.split_at(rest.find('/').unwrap_or(rest.len())),
        None => ("", rest),
    };
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    // An address in brackets has colons of its own.
    let (host, port) = host.rsplit_once(':').filter(|(_, port)| !port.contains(']')).unwrap_or((host, ""));
    scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && made_of(scheme, b"+-.")
        && is_escaped(user, b":")
        && within(host, '[', ']').map_or_else(|| is_escaped(host, b""), |address| address.parse::<Ipv6Addr>().is_ok())
        && port.bytes().all(|byte| byte.is_ascii_digit())
        && is_escaped(path, b":@/")
        && is_escaped(query, b":@/?")
        && is_escaped(fragment, b":@/?")
}

/// Whether a part of a URI has but escaped bytes, what may stand in every part, and these.
#[inline(never)]
fn is_escaped(part: &str, more: &[u8]) -> bool {
    let mut bytes = part.bytes();
    while let Some(byte) = bytes.next() {
        let is_allowed = match byte {
            b'%' => (0..2).all(|_| bytes.next().is_some_and(|byte| byte.is_ascii_hexdigit())),
            byte => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=".contains(&byte) || more.contains(&byte),
        };
        if !is_allowed {
            return false;
        }
    }
    true
}

/// <https://www.rfc-editor.org/rfc/rfc9562#section-4>
fn is_uuid(text: &str) -> bool {
    let mut parts = text.split('-');
    [8, 4, 4, 4, 12].iter().all(|len| parts.next().is_some_and(|part| part.len() == *len && part.bytes().all(|b| b.is_ascii_hexdigit())))
        && parts.next().is_none()
}

/// What is between these.
fn within(text: &str, opening: char, closing: char) -> Option<&str> {
    text.strip_prefix(opening)?.strip_suffix(closing)
}

/// Whether there are but letters, digits and these in it.
#[inline(never)]
fn made_of(text: &str, more: &[u8]) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || more.contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// Each format with what is in it and what is not.
    const FORMATS: [(&str, &[&str], &[&str]); 10] = [
        (
            "date-time",
            &["2026-11-21T13:30:00Z", "1815-12-10t00:00:00.123456789+05:30", "1998-12-31T23:59:60Z", "1998-12-31T15:59:60.5-08:00"],
            &[
                "",
                "2026-11-21",
                "2026-11-21T13:30:00",
                "2026-11-21 13:30:00Z",
                "2026-02-29T00:00:00Z",
                "2026-11-21T24:00:00Z",
                "1998-12-31T22:59:60Z",
                "yesterday",
            ],
        ),
        (
            "date",
            &["2026-11-21", "2024-02-29", "1600-02-29", "0001-01-01", "9999-12-31"],
            &[
                "2026-11-31",
                "1900-02-29",
                "26-11-21",
                "2026-1-1",
                "+026-11-21",
                "21.11.2026",
                "2026-11-21Z",
                "２０２６-11-21",
                "2026-1１-1",
            ],
        ),
        ("time", &["13:30:00", "13:30:00Z", "13:30:00.5+01:00"], &["24:00:00", "13:30", "1:30:00", "13:30:00+1", "13:30:00ZZ", "noon"]),
        (
            "email",
            &["ada@example.com", "a.b+c@x-y.example", "\"a@ \\\"b\"@example.com", "a@[127.0.0.1]", "a@[IPv6:::1]", "a@localhost"],
            &[
                "",
                "@",
                "ada",
                "ada@",
                "@example.com",
                "a..b@example.com",
                ".a@example.com",
                "a b@example.com",
                "\"a\\\"@example.com",
                "a@[x]",
                "a@-x.com",
                "Ada <ada@example.com>",
                "ä@example.com",
            ],
        ),
        (
            "hostname",
            &["localhost", "example.com", "a-1.EXAMPLE", "xn--bcher-kva.example"],
            &[
                "",
                ".",
                "example.com.",
                "-a.com",
                "a-.com",
                "a_b.com",
                "a..b",
                "bücher.example",
                "a b",
                "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            ],
        ),
        ("ipv4", &["127.0.0.1", "255.255.255.255"], &["", "1.2.3", "1.2.3.256", "01.2.3.4", "1.2.3.4/8", "::1"]),
        ("ipv6", &["::", "::1", "2001:db8::ff00:42:8329", "::ffff:1.2.3.4"], &["", ":", "1::2::3", "12345::", "::1%eth0", "1.2.3.4"]),
        (
            "uri",
            &[
                "https://example.com",
                "http://a:b@x.example:8080/p/q;r?s=t&u=/v?#w",
                "http://[::1]:80/",
                "mailto:ada@example.com",
                "urn:isbn:0",
                "file:///etc/hosts",
                "a:%C3%A9",
            ],
            &[
                "",
                "example.com",
                "/p",
                "//x/y",
                ":x",
                "1a:b",
                "http://a b",
                "http://x/<y>",
                "http://x/é",
                "http://x/%4",
                "http://x/%4é",
                "http://x/#a#b",
                "http://x:y/",
                "http://[::1",
                "http://[x]/",
                "a:\\b",
            ],
        ),
        (
            "uuid",
            &["f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "00000000-0000-0000-0000-000000000000", "F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6"],
            &[
                "",
                "f81d4fae7dec11d0a76500a0c91e6bf6",
                "f81d4fae-7dec-11d0-a765-00a0c91e6bf",
                "f81d4fae-7dec-11d0-a765-00a0c91e6bg6",
                "f81d4fae-7dec-11d0-a765-00a0c91e6bf6-",
                "{f81d4fae-7dec-11d0-a765-00a0c91e6bf6}",
            ],
        ),
        // Said by nobody here.
        ("duration", &["P1D", "two hours"], &[]),
    ];

    #[test]
    fn a_text_is_in_a_format_as_its_specification_has_it() {
        for (name, good, bad) in FORMATS {
            for text in good {
                assert!(is_in(text, name), "{text:?} is of the format {name}");
            }
            for text in bad {
                assert!(!is_in(text, name), "{text:?} is not of the format {name}");
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic() {
        let mut random = fastrand::Rng::with_seed(7);
        let alphabet: Vec<char> = "0129:.-+TZ%@[]/#?\"\\aé😀 \u{0}".chars().collect();
        for _ in 0..2_000 {
            for (name, good, _) in FORMATS {
                let mut text: Vec<char> = good[random.usize(..good.len())].chars().collect();
                let at = random.usize(..text.len());
                text.splice(at..(at + random.usize(0..2)), (0..random.usize(0..3)).map(|_| alphabet[random.usize(..alphabet.len())]));
                _ = is_in(&text.iter().collect::<String>(), name);
            }
        }
    }
}
