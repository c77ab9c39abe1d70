use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

fn check(text: &[u8]) -> Result<(), ErrorKind> {
    let mut scanner = Scanner::new(text);
    scanner.skip().and_then(|_| scanner.end()).map_err(|error| error.kind)
}

#[test]
fn agrees_with_serde_json_on_what_is_json() {
    let cases: &[&[u8]] = &[
        b"{}",
        b"[]",
        b" [ ] ",
        b"0",
        b"-0",
        b"01",
        b"1.",
        b".1",
        b"1e5",
        b"1E+5",
        b"1e",
        b"-",
        b"1.5e-7",
        b"true",
        b"tru",
        b"truex",
        b"nul",
        b"null",
        b"\"\"",
        b"\"a\\u00e9\"",
        b"\"\\u00g0\"",
        b"\"\\x\"",
        b"\"\x01\"",
        b"\"\xff\"",
        b"\"\xc3\xa9\"",
        b"\"\xc3",
        b"{\"a\":1,}",
        b"{\"a\":1}",
        b"{\"a\" 1}",
        b"{a:1}",
        b"{\"a\":1 \"b\":2}",
        b"[1,2,]",
        b"[1 2]",
        b"[1}",
        b"{\"a\":1]",
        b"{\"a\":{\"b\":[1,{\"c\":null},[[]]]}}",
        b"",
        b" ",
        b"[",
        b"{",
        b"{\"a\"",
        b"{\"a\":",
        b"1 2",
        b"\xef\xbb\xbf{}",
        b"\"12345678\\n12345678\xe2\x82\xac12345678\"",
        b"[\"abc\",\"\\\\\",\"\\\"\"]",
        b"123456789012345678901234567890",
        b"1e999",
    ];
    for case in cases {
        let serde = serde_json::from_slice::<serde_json::Value>(case);
        let range = serde.as_ref().err().is_some_and(|error| error.to_string().contains("out of range"));
        assert_eq!(check(case).is_ok(), serde.is_ok() || range, "{:?}", String::from_utf8_lossy(case));
    }
}

#[test]
fn every_truncation_is_an_end_of_input() {
    let whole = br#"{"a":[1.5e3,true,null,"x\n\u00e9",{"b":{}}],"c":-2}"#;
    for cut in 0..whole.len() {
        assert_eq!(check(&whole[..cut]), Err(ErrorKind::Eof), "cut at {cut}");
    }
    assert_eq!(check(whole), Ok(()));
}

#[test]
fn nesting_is_limited_and_costs_no_stack() {
    let nested = |depth: usize| [vec![b'['; depth], vec![b']'; depth]].concat();
    assert_eq!(check(&nested(MAX_DEPTH as usize)), Ok(()));
    assert_eq!(check(&nested(MAX_DEPTH as usize + 1)), Err(ErrorKind::Depth));
    assert_eq!(check(&vec![b'['; 1_000_000]), Err(ErrorKind::Depth));
}

#[test]
fn strings_are_found_at_every_alignment() {
    for lead in 0..24 {
        for stop in ["\"", "\\n\"", "é\""] {
            let text = format!("\"{}{stop} ", "x".repeat(lead));
            let mut scanner = Scanner::new(text.as_bytes());
            let found = scanner.string().unwrap();
            assert_eq!(found.value().len(), lead + serde_json::from_str::<String>(&format!("\"{stop}")).unwrap().len());
            assert_eq!(scanner.position(), text.len() - 1);
        }
    }
}

#[test]
fn members_come_with_their_places() {
    let body = br#" {"model" : "a/b", "n":1.0,"list":[1,2]} "#;
    let mut seen = Vec::new();
    let mut scanner = Scanner::new(body);
    scanner
        .object(|scanner, key, start| {
            let value = scanner.skip()?;
            seen.push((key.value().into_owned(), start, String::from_utf8_lossy(scanner.slice(value)).into_owned()));
            Ok(())
        })
        .unwrap();
    scanner.end().unwrap();
    assert_eq!(seen, [("model".into(), 2, "\"a/b\"".into()), ("n".into(), 19, "1.0".into()), ("list".into(), 27, "[1,2]".into())]);
}

#[test]
fn escaping_round_trips() {
    let text = "a\"b\\c\n\r\t\u{1}\u{1f}é€😀 plain text that is longer than a word";
    let mut out = Vec::new();
    string_into(&mut out, text);
    assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
    assert_eq!(Scanner::new(&out).string().unwrap().value(), text);
    assert_eq!(Scanner::new(br#""\ud83d\ude00""#).string().unwrap().value(), "😀");
    assert_eq!(Scanner::new(br#""\n\ud83d""#).string().unwrap().value(), "\\n\\ud83d");
}

#[test]
fn long_strings_full_of_escapes_are_read_as_serde_json_reads_them() {
    const PARTS: [&[u8]; 12] =
        [b"plain text, ", b"\\n", b"\\\"", b"\\\\", b"\\u00e9", b"\\u5927", "é大".as_bytes(), b"u", b"\\", b"\"", b"\\u12g4", b"\x01"];
    let mut random = fastrand::Rng::with_seed(11);
    let mut good = 0;
    for round in 0..20_000 {
        // Most rounds have only parts that a string may hold.
        let kinds = if round % 4 == 0 { PARTS.len() } else { 8 };
        let mut text = b"\"".to_vec();
        while text.len() < round % 400 {
            text.extend_from_slice(PARTS[if random.u8(..) < 250 { random.usize(..8) } else { random.usize(..kinds) }]);
        }
        text.extend_from_slice(b"\" ");
        let serde = serde_json::from_slice::<String>(&text);
        let scanned = Scanner::new(&text).string();
        match &serde {
            Ok(value) => {
                good += 1;
                assert_eq!(scanned.unwrap().value(), *value, "{:?}", String::from_utf8_lossy(&text));
            }
            // Behind a quote in the middle the string ends, and something follows that serde_json does not take.
            Err(_) => assert!(check(&text).is_err(), "{:?}", String::from_utf8_lossy(&text)),
        }
    }
    assert!(good > 10_000, "{good}");
}
