//! What is found, and what is not.

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn pattern(source: &str) -> Option<Pattern> {
    Pattern::new(source, usize::MAX)
}

fn assert_finds(cases: &[(&str, &[&str], &[&str])]) {
    for (source, good, bad) in cases {
        let pattern = pattern(source).unwrap_or_else(|| panic!("{source} is an expression"));
        for text in *good {
            assert!(pattern.is_in(text), "{source} is in {text:?}");
        }
        for text in *bad {
            assert!(!pattern.is_in(text), "{source} is not in {text:?}");
        }
    }
}

#[test]
fn an_expression_is_found_anywhere_unless_it_says_where() {
    assert_finds(&[
        ("", &["", "x"], &[]),
        ("b", &["b", "abc", "a\nb"], &["", "B"]),
        ("^b|c$", &["ba", "ac", "b"], &["ab", "ca"]),
        ("^abc$", &["abc"], &["abc\n", "\nabc", "x\nabc\ny"]),
        ("(a|bc)d(?:e|)f", &["adf", "xbcdefy"], &["abdf", "bdf"]),
        ("(?<year>\\d{4})(?<$m_1>-)x", &["2026-x"], &["202-x"]),
        ("\\bcat\\b", &["a cat!", "cat", "écaté"], &["cats", "_cat"]),
        ("a\\Bb", &["ab"], &["a b"]),
        ("()*x(?:)+(|)?", &["x"], &["y"]),
    ]);
}

#[test]
fn what_is_repeated_is_counted() {
    assert_finds(&[
        ("^a*$", &["", "aaa"], &["ab"]),
        ("^a+?b?$", &["a", "aab"], &["", "b", "abb"]),
        ("^a{3}$", &["aaa"], &["aa", "aaaa"]),
        ("^a{2,}$", &["aa", "aaaaa"], &["a"]),
        ("^(?:ab){1,2}?$", &["ab", "abab"], &["", "ababab"]),
        ("^a{0}b{0,0}c{01}$", &["c"], &["ac", "cc"]),
        ("^(a{0,3}){0,3}$", &["", "aaaaaaaaa"], &["aaaaaaaaaa"]),
        ("^.{1,500}$", &["x", "日本語"], &["", "x\ny"]),
    ]);
}

#[test]
fn sets_are_those_of_ecmascript() {
    assert_finds(&[
        ("^\\d\\D$", &["1x", "1١"], &["١x", "11"]),
        ("^\\w\\W$", &["_é", "A "], &["é ", "a0"]),
        (
            "^\\s+$",
            &[" \t\n\u{b}\u{c}\r", "\u{a0}\u{feff}\u{1680}\u{2000}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}"],
            &["\u{85}", "\u{200b}"],
        ),
        ("^\\S+$", &["x\u{85}\u{200b}😀\u{0}\u{10ffff}"], &["\u{a0}", "a b", "\u{2028}", ""]),
        ("^.$", &["é", "😀", "\u{85}", "\0"], &["\n", "\r", "\u{2028}", "\u{2029}", "ab"]),
        ("^[^]$", &["\n", "x"], &["", "xy"]),
        ("[]", &[], &["", "x"]),
        ("^[^\\s\\S]|[\\s\\S]{2}$", &["\n\n"], &["x"]),
        ("^[a-fé-ü\\d\\-_]+$", &["ad0-_ê"], &["g", "à"]),
        ("^[^a-c]$", &["d", "😀", "\n"], &["b"]),
        ("^[-a]+$", &["-a"], &["b"]),
        ("^[a-]+$", &["-a"], &["b"]),
        ("^[\\w-.]+$", &["a.b-c"], &["+"]),
        ("^[a-\\d]+$", &["a-1"], &["b"]),
        ("^[[&&~~^|]+$", &["[&~^|"], &["]", "-"]),
        ("^[\\]\\\\\\[:alpha:]+$", &["a:]\\[", "l"], &["b"]),
        ("^[\\b]$", &["\u{8}"], &["b"]),
        ("^[\\W\\S_]$", &["a", " ", "_"], &[""]),
        ("^[+--]$", &["+", ",", "-"], &["."]),
        ("^[ #]{2}$", &[" #"], &["x"]),
    ]);
}

#[test]
fn escapes_are_those_of_ecmascript() {
    assert_finds(&[
        ("^\\t\\n\\v\\f\\r\\0$", &["\t\n\u{b}\u{c}\r\0"], &["tnvfr0"]),
        ("^\\cA\\cz$", &["\u{1}\u{1a}"], &["cAcz"]),
        ("^\\x41\\u00e9\\u{1F600}\\u{0041}$", &["Aé😀A"], &["x41"]),
        ("^\\ud83d\\uDE00+$", &["😀😀"], &["😀x"]),
        ("^[\\u0041-\\u{5A}\\xe0-\\xff]+$", &["AZé"], &["a"]),
        ("^\\/\\.\\*\\?\\+\\^\\$\\|\\(\\)\\[\\]\\{\\}\\\\$", &["/.*?+^$|()[]{}\\"], &["/"]),
        ("^[\\/\\.\\^\\-\\]]+$", &["/.^-]"], &["x"]),
        ("^\\-\\@\\ \\#\\_]}$", &["-@ #_]}"], &["x"]),
        ("^# <&~>-$", &["# <&~>-"], &["#<&~>-"]),
        ("🐲{2}", &["🐲🐲"], &["🐲"]),
    ]);
}

#[test]
fn what_schemas_ask_for_is_checked() {
    assert_finds(&[
        // Zod's own, as it writes them into a schema.
        (
            "^([0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[1-8][0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}|00000000-0000-0000-0000-000000000000|ffffffff-ffff-ffff-ffff-ffffffffffff)$",
            &["f81d4fae-7dec-11d0-a765-00a0c91e6bf6", "00000000-0000-0000-0000-000000000000"],
            &["f81d4fae-7dec-01d0-a765-00a0c91e6bf6", "f81d4fae7dec11d0a76500a0c91e6bf6"],
        ),
        (
            "^(?:(?:\\d\\d[2468][048]|\\d\\d[13579][26]|\\d\\d0[48]|[02468][048]00|[13579][26]00)-02-29|\\d{4}-(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\\d|30)|(?:02)-(?:0[1-9]|1\\d|2[0-8])))$",
            &["2026-11-21", "2024-02-29"],
            &["2026-02-29", "2026-11-31", "21.11.2026"],
        ),
        (
            "^(?:[A-Za-z0-9_'+\\-]+\\.)*[A-Za-z0-9_'+\\-]*[A-Za-z0-9_+-]@(?:[A-Za-z0-9][A-Za-z0-9\\-]*\\.)+[A-Za-z]{2,}$",
            &["ada.l+x@mail.example.com"],
            &["ada", "ada@localhost", ".a@example.com"],
        ),
        (
            "^(([0-9a-fA-F]{1,4}:){7}[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,7}:|([0-9a-fA-F]{1,4}:){1,6}:[0-9a-fA-F]{1,4}|([0-9a-fA-F]{1,4}:){1,5}(:[0-9a-fA-F]{1,4}){1,2}|([0-9a-fA-F]{1,4}:){1,4}(:[0-9a-fA-F]{1,4}){1,3}|([0-9a-fA-F]{1,4}:){1,3}(:[0-9a-fA-F]{1,4}){1,4}|([0-9a-fA-F]{1,4}:){1,2}(:[0-9a-fA-F]{1,4}){1,5}|[0-9a-fA-F]{1,4}:((:[0-9a-fA-F]{1,4}){1,6})|:((:[0-9a-fA-F]{1,4}){1,7}|:))$",
            &["::1", "2001:db8::ff00:42:8329"],
            &["1::2::3", "127.0.0.1"],
        ),
        ("^[cC][0-9a-z]{6,}$", &["cjld2cjxh0000"], &["cjld", "xjld2cjxh"]),
        ("^[0-7][0-9A-HJKMNP-TV-Za-hjkmnp-tv-z]{25}$", &["01ARZ3NDEKTSV4RRFFQ69G5FAV"], &["01ARZ3NDEKTSV4RRFFQ69G5FAU", "01ARZ"]),
        ("^\\+[1-9]\\d{6,14}$", &["+41441234567"], &["0441234567", "+0441234567"]),
        ("^$|^(?:[0-9a-zA-Z+/]{4})*(?:(?:[0-9a-zA-Z+/]{2}==)|(?:[0-9a-zA-Z+/]{3}=))?$", &["", "YWJj", "YQ=="], &["YQ=", "Y Q="]),
        ("^ab\\/.*", &["ab/c"], &["abc"]),
        // Those that people write.
        ("^[A-Z]{2}-\\d{4}$", &["ZH-8001"], &["ZH-801", "zh-8001", "ZH-8001 "]),
        ("^(\\([0-9]{3}\\))?[0-9]{3}-[0-9]{4}$", &["555-1212", "(888)555-1212"], &["(888)555-1212 ext. 532", "(800)FLOWERS"]),
        ("^#?([a-fA-F0-9]{6}|[a-fA-F0-9]{3})$", &["#ff0000", "abc"], &["#ff00"]),
        ("^https?:\\/\\/.+", &["https://example.com"], &["ftp://example.com"]),
        ("^@[a-zA-Z0-9_]+$", &["@ada_1"], &["ada"]),
        ("^(?:0|[1-9]\\d*)\\.(?:0|[1-9]\\d*)\\.(?:0|[1-9]\\d*)$", &["1.20.0"], &["1.02.0", "1.2"]),
    ]);
}

#[test]
fn what_cannot_be_searched_for_or_read_is_no_pattern() {
    for source in [
        // Zod's durations and host names, and Pydantic's decimals, look ahead.
        "^(?!^[-+.]*$)[+-]?0*\\d*\\.?\\d*$",
        "^(?=.{1,253}\\.?$)[a-z]",
        "(?<=a)b",
        "(?<!a)b",
        "(a)\\1",
        "(?<n>a)\\k<n>",
        "^\\p{Lu}",
        "[\\P{L}]",
        "(?i)a",
        "(?i:a)",
        "(?P<n>a)",
        "a{2001}",
        "((a{40}){40}){40}",
        "a{2,1}",
        "a{,2}",
        "a{ 2 }",
        "a{99999999999999999999}",
        "a{",
        "a{+2}",
        "a**",
        "a+??",
        "*a",
        "^*",
        "\\b+",
        "(?:|*)",
        "(",
        ")",
        "(a",
        "a)",
        "(?",
        "(?<",
        "(?<>a)",
        "(?<n",
        "[",
        "[a",
        "[^",
        "[a-",
        "[z-a]",
        "[\\B]",
        "\\",
        "[\\",
        "\\a\\Z",
        "\\q",
        "\\é",
        "\\00",
        "\\c1",
        "\\xg0",
        "\\x+1",
        "\\x4",
        "\\u12",
        "\\u{}",
        "\\u{110000}",
        "\\u{+41}",
        "\\ud800",
        "\\ud83dx",
        "\\ud83d\\u0041",
        "\\udc00",
        "[\\ud800-\\udfff]",
    ] {
        assert!(pattern(source).is_none(), "{source}");
    }
    assert!(pattern(&"(".repeat(100_000)).is_none());
    assert!(pattern(&format!("{}{}", "(".repeat(60), ")".repeat(60))).is_none(), "deeper than anybody writes");
    assert!(Pattern::new("aaa", 2).is_none(), "larger than asked for");
}

#[test]
fn no_source_makes_it_panic() {
    let mut random = fastrand::Rng::with_seed(21);
    let pieces = [
        "a", "b", "-", "^", "$", "|", "(", "(?:", "(?<n>", "(?=", ")", "[", "[^", "]", "\\", "*", "+", "?", "{", "}", ",", "1", "2", "99",
        "{2}", "{0,3}", "\\d", "\\S", "\\b", "\\u", "\\x4", "\\c", "\\0", "{41}", ".", "&&", "~", " ", "#", "é", "😀", "\0", "<", ">", ":",
        "[a-",
    ];
    let mut compiled = 0;
    for _ in 0..10_000 {
        let source: String = (0..random.usize(1..12)).map(|_| pieces[random.usize(..pieces.len())]).collect();
        if let Some(pattern) = pattern(&source) {
            compiled += 1;
            for text in ["", "a", "ab-1", "é😀\0\n", &source] {
                _ = pattern.is_in(text);
            }
        }
    }
    assert!(compiled > 1_000, "{compiled}");
}
