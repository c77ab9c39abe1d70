use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// The items as text, for comparing: `event|data|id|retry`, `:comment`, `?unread`.
fn decode_pieces<'a>(pieces: impl IntoIterator<Item = &'a [u8]>, limit: usize) -> Vec<String> {
    let mut items: Vec<String> = Vec::new();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let mut sink = |item: Item<'_>| match item {
        Item::Comment(comment) => items.push(format!(":{}", text(comment))),
        Item::Unread(bytes) => match items.last_mut() {
            Some(last) if last.starts_with('?') => last.push_str(&text(bytes)),
            _ => items.push(format!("?{}", text(bytes))),
        },
        Item::Event(event) => {
            let optional = |field: Option<&[u8]>| field.map_or("-".to_owned(), text);
            items.push(format!(
                "{}|{}|{}|{}",
                text(event.name),
                optional(event.data.as_deref()),
                optional(event.id),
                optional(event.retry)
            ));
        }
    };
    let mut decoder = Decoder::new(limit);
    for piece in pieces {
        decoder.feed(piece, &mut sink);
    }
    decoder.finish(&mut sink);
    items
}

/// Decodes `stream` whole, byte by byte and cut at every offset, and demands the same of each.
fn decode(stream: &[u8]) -> Vec<String> {
    let whole = decode_pieces([stream], 1 << 20);
    assert_eq!(decode_pieces(stream.chunks(1), 1 << 20), whole, "byte by byte");
    for cut in 0..=stream.len() {
        let (head, tail) = stream.split_at(cut);
        assert_eq!(decode_pieces([head, tail], 1 << 20), whole, "cut at {cut}");
        assert_eq!(decode_pieces([head, b"", tail], 1 << 20), whole, "cut at {cut}, with nothing between");
    }
    whole
}

#[test]
fn s1_line_ends_are_lf_cr_and_crlf() {
    for end in ["\n", "\r", "\r\n"] {
        let stream = "data: a\nevent: e\n\ndata: b\n\n".replace('\n', end);
        assert_eq!(decode(stream.as_bytes()), ["e|a|-|-", "|b|-|-"], "{end:?}");
    }
    assert_eq!(decode(b"data: a\r\n\ndata: b\n\r\ndata: c\r\r\ndata: d\r\n\r\n"), ["|a|-|-", "|b|-|-", "|c|-|-", "|d|-|-"]);
}

#[test]
fn s2_a_character_may_be_split() {
    assert_eq!(decode("data: é€😀\n\n".as_bytes()), ["|é€😀|-|-"]);
}

#[test]
fn s3_s8_the_space_and_the_colon_are_optional() {
    assert_eq!(decode(b"data:a\ndata:  b\ndata\n\n"), ["|a\n b\n|-|-"]);
}

#[test]
fn s4_data_lines_are_joined() {
    assert_eq!(decode(b"data: {\ndata: \"a\": 1\ndata: }\n\n"), ["|{\n\"a\": 1\n}|-|-"]);
}

#[test]
fn s5_comments_are_kept_apart() {
    assert_eq!(decode(b": OPENROUTER PROCESSING\n\n:\n\ndata: a\n: inside\n\n"), [": OPENROUTER PROCESSING", ":", ": inside", "|a|-|-"]);
}

#[test]
fn s6_the_last_event_needs_no_blank_line() {
    assert_eq!(decode(b"data: a\n\ndata: [DONE]"), ["|a|-|-", "|[DONE]|-|-"]);
    assert_eq!(decode(b"data: a\n\ndata: b\n"), ["|a|-|-", "|b|-|-"]);
}

#[test]
fn s7_a_byte_order_mark_is_dropped() {
    assert_eq!(decode(b"\xef\xbb\xbfdata: a\n\n"), ["|a|-|-"]);
    assert!(decode(b"\xef\xbb").is_empty());
    assert!(decode(b"").is_empty());
}

#[test]
fn s9_the_other_fields_are_kept() {
    assert_eq!(decode(b"id: 7\nretry: 10\nevent: ping\nunknown: x\n\n"), ["ping|-|7|10"]);
}

#[test]
fn s10_an_event_that_is_too_large_passes_unread() {
    let large = format!("data: {}\n", "x".repeat(200));
    for end in ["\n", "\r\n"] {
        let stream = format!("data: a\n\n{large}\ndata: b\n\n: c\n\n").replace('\n', end);
        for size in 1..stream.len() {
            let items = decode_pieces(stream.as_bytes().chunks(size), 64);
            if size > 64 {
                // An event that comes whole is read whatever its size: nothing has to be held for it.
                continue;
            }
            assert_eq!(items.len(), 4, "{size} {items:?}");
            assert_eq!(items[0], "|a|-|-");
            // A CR that came alone has ended the line already: its LF is not passed on.
            assert_eq!(items[1].trim_end(), format!("?{}", large.trim_end()), "{size}");
            assert!(["\n\n", "\r\n\r\n", "\r\n\r"].iter().any(|blank| items[1].ends_with(blank)), "{size}");
            assert_eq!(items[2..], ["|b|-|-", ": c"], "{size}");
        }
    }
}

#[test]
fn s10_an_event_that_is_too_large_ends_with_the_stream() {
    let stream = format!("data: {}", "x".repeat(200));
    for end in ["", "\n", "\n\n"] {
        let items = decode_pieces(format!("{stream}{end}").as_bytes().chunks(64), 64);
        assert_eq!(items.len(), 1, "{items:?}");
        assert!(items[0].starts_with(&format!("?{stream}")) && items[0].ends_with("\n\n"), "{items:?}");
    }
}

#[test]
fn blank_lines_are_not_events() {
    assert_eq!(decode(b"\n\n\ndata: a\n\n\n\n"), ["|a|-|-"]);
}
