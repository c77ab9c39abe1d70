// Only tests get to see these sums.
#![allow(clippy::arithmetic_side_effects)]

use super::*;
#[cfg(all(target_family = "wasm", target_os = "unknown"))]
use wasm_bindgen_test::wasm_bindgen_test as test;

/// A message with string headers.
fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        encoded.push(u8::try_from(name.len()).unwrap());
        encoded.extend_from_slice(name.as_bytes());
        encoded.push(7);
        encoded.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        encoded.extend_from_slice(value.as_bytes());
    }
    framed(&encoded, payload)
}

fn framed(headers: &[u8], payload: &[u8]) -> Vec<u8> {
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_be_bytes();
    let mut message = [length(headers.len() + payload.len() + 16), length(headers.len())].concat();
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message.extend_from_slice(headers);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32fast::hash(&message).to_be_bytes());
    message
}

/// What comes of `pieces`: event types and payloads, and how it ended.
fn decode(pieces: &[&[u8]]) -> (Vec<(String, String)>, Result<(), InvalidStream>) {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let mut messages = Vec::new();
    let mut decoder = Decoder::new(1000);
    let fed = pieces.iter().try_for_each(|piece| {
        decoder.feed(piece, |message| messages.push((text(message.header(":event-type").unwrap_or_default()), text(message.payload))))
    });
    assert!(fed.is_ok() || fed == decoder.finish());
    (messages, decoder.finish())
}

/// The messages that AWS's own library is tested with: <https://github.com/awslabs/aws-c-event-stream>, `tests`.
#[test]
fn published_messages_are_read() {
    const EMPTY: [u8; 16] = [0, 0, 0, 0x10, 0, 0, 0, 0, 0x05, 0xc2, 0x48, 0xeb, 0x7d, 0x98, 0xc8, 0xff];
    const NO_HEADERS: &[u8] = b"\0\0\0\x1d\0\0\0\0\xfd\x52\x8c\x5a{'foo':'bar'}\xc3\x65\x39\x36";
    let none = String::new();
    assert_eq!(decode(&[&EMPTY, NO_HEADERS]), (vec![(none.clone(), none.clone()), (none, "{'foo':'bar'}".to_owned())], Ok(())));
    assert_eq!(framed(b"", b""), EMPTY);
    assert_eq!(framed(b"", b"{'foo':'bar'}"), NO_HEADERS);
}

#[test]
fn t63_frames_are_read_however_they_are_cut() {
    let stream = [
        message(&[(":event-type", "messageStart"), (":message-type", "event")], br#"{"role":"assistant"}"#),
        message(&[(":event-type", "contentBlockDelta")], "{\"delta\":{\"text\":\"grüß\"}}".as_bytes()),
        message(&[], b""),
    ]
    .concat();
    let whole = decode(&[&stream]);
    assert_eq!(whole.0.len(), 3);
    assert_eq!(whole.0[1], ("contentBlockDelta".to_owned(), "{\"delta\":{\"text\":\"grüß\"}}".to_owned()));
    assert_eq!(whole.1, Ok(()));
    let bytes: Vec<&[u8]> = stream.chunks(1).collect();
    assert_eq!(decode(&bytes), whole);
    for at in 0..stream.len() {
        let (head, tail) = stream.split_at(at);
        assert_eq!(decode(&[head, tail]), whole, "{at}");
    }
}

#[test]
fn t63_every_byte_is_under_a_checksum() {
    let sound = message(&[(":event-type", "x")], b"{}");
    for at in 0..sound.len() {
        let mut damaged = sound.clone();
        damaged[at] ^= 0x10;
        assert_eq!(decode(&[&sound, &damaged]), (vec![("x".into(), "{}".into())], Err(InvalidStream::Checksum)), "{at}");
    }
}

#[test]
fn t63_no_memory_is_taken_for_a_length_that_is_too_large() {
    let length = 0xffff_fff0u32.to_be_bytes();
    let mut prelude = [length, [0; 4]].concat();
    prelude.extend_from_slice(&crc32fast::hash(&prelude).to_be_bytes());
    let mut decoder = Decoder::new(1 << 20);
    assert_eq!(decoder.feed(&prelude, |_| panic!()), Err(InvalidStream::TooLarge));
    assert_eq!(decoder.feed(&message(&[], b"{}"), |_| panic!()), Err(InvalidStream::TooLarge), "what follows cannot be read");
    assert_eq!(decoder.buffer.capacity(), 0);
    assert_eq!(decode(&[&message(&[], &[b'x'; 1000])]).1, Err(InvalidStream::TooLarge));
    assert_eq!(decode(&[&message(&[], &[b'x'; 1000 - 16])]).1, Ok(()));
}

#[test]
fn lengths_that_contradict_each_other_are_refused() {
    for (total, headers) in [(15u32, 0u32), (16, 1), (0, 0), (20, u32::MAX)] {
        let mut prelude = [total.to_be_bytes(), headers.to_be_bytes()].concat();
        prelude.extend_from_slice(&crc32fast::hash(&prelude).to_be_bytes());
        assert_eq!(decode(&[&prelude]).1, Err(InvalidStream::Length), "{total} {headers}");
    }
}

#[test]
fn an_end_within_a_message_is_told() {
    let stream = message(&[], b"{}");
    assert_eq!(decode(&[&stream[..stream.len() - 1]]).1, Err(InvalidStream::CutShort));
}

#[test]
fn headers_of_every_type_are_passed_over() {
    let mut headers = Vec::new();
    for (kind, value) in [
        (0u8, &b""[..]),
        (1, b""),
        (2, b"1"),
        (3, b"12"),
        (4, b"1234"),
        (5, b"12345678"),
        (6, b"\0\x03abc"),
        (8, b"12345678"),
        (9, b"1234567890123456"),
        (7, b"\0\x02ok"),
    ] {
        headers.extend_from_slice(&[1, b'h', kind]);
        headers.extend_from_slice(value);
    }
    let read = |headers: &[u8]| {
        let framed = framed(headers, b"");
        Message::parse(&framed, headers.len()).unwrap().header("h").map(<[u8]>::to_vec)
    };
    assert_eq!(read(&headers), Some(b"ok".to_vec()));
    for end in 0..headers.len() {
        assert_eq!(read(&headers[..end]), None, "{end}");
    }
    assert_eq!(read(&[1, b'h', 10, 0, 0]), None);
}
