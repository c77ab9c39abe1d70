//! A one-pass JSON scanner (RFC 8259): it checks every byte, copies none and builds no tree.
//!
//! A caller walks objects and arrays with closures and takes the slices it wants; everything else is skipped, and checked,
//! at the speed of the string scan. Nesting is limited to [`MAX_DEPTH`], so hostile input costs no stack.

use std::borrow::Cow;
use std::ops::Range;

/// Deepest nesting of objects and arrays that is accepted.
pub const MAX_DEPTH: u32 = 128;

/// Why bytes are not the JSON that was asked for, and at which byte offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {at}")]
pub struct Error {
    /// What is wrong.
    pub kind: ErrorKind,
    /// Byte offset into the input.
    pub at: usize,
}

/// What is wrong with the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ErrorKind {
    /// The input ended inside a value: more bytes could make it whole.
    #[error("unexpected end of JSON")]
    Eof,
    /// A byte that JSON does not allow here.
    #[error("invalid JSON")]
    Syntax,
    /// A value of another type than the one asked for.
    #[error("a JSON value of the wrong type")]
    Type,
    /// Nested deeper than [`MAX_DEPTH`].
    #[error("JSON nested more than {MAX_DEPTH} levels deep")]
    Depth,
    /// A string that is not UTF-8.
    #[error("a JSON string that is not valid UTF-8")]
    Utf8,
}

/// The type of the value that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number.
    Number,
    /// `true` or `false`.
    Bool,
    /// `null`
    Null,
}

/// A scanned string: the bytes between its quotes, escapes as sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Text<'a> {
    /// The bytes between the quotes.
    pub raw: &'a [u8],
    escaped: bool,
}

/// A cursor over JSON bytes.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
}

// === impl Text ===

impl<'a> Text<'a> {
    /// The string's value, with escapes resolved; borrowed where there are none. With a lone surrogate in it, which no text can hold,
    /// all of it stays as it was sent.
    pub fn value(&self) -> Cow<'a, str> {
        if !self.escaped {
            return String::from_utf8_lossy(self.raw);
        }
        let mut quoted = Vec::with_capacity(self.raw.len().saturating_add(2));
        quoted.push(b'"');
        quoted.extend_from_slice(self.raw);
        quoted.push(b'"');
        Cow::Owned(serde_json::from_slice(&quoted).unwrap_or_else(|_| String::from_utf8_lossy(self.raw).into_owned()))
    }

    /// Whether the value equals `text`.
    pub fn is(&self, text: &str) -> bool {
        if self.escaped { self.value() == text } else { self.raw == text.as_bytes() }
    }

    /// Whether the string has no characters.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }
}

// === impl Scanner ===

// Positions never exceed `bytes.len()`, which never exceeds `isize::MAX`: adding a small constant to one cannot overflow.
#[allow(clippy::arithmetic_side_effects)]
impl<'a> Scanner<'a> {
    /// A scanner at the first byte of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    /// The offset of the next byte.
    pub fn position(&self) -> usize {
        self.at
    }

    /// The bytes of `range`; empty if it is not within the input.
    pub fn slice(&self, range: Range<usize>) -> &'a [u8] {
        self.bytes.get(range).unwrap_or_default()
    }

    /// The type of the next value, which is not consumed.
    ///
    /// Errors: if the input ends here or no value starts here.
    pub fn kind(&mut self) -> Result<Kind, Error> {
        match self.peek()? {
            b'{' => Ok(Kind::Object),
            b'[' => Ok(Kind::Array),
            b'"' => Ok(Kind::String),
            b'-' | b'0'..=b'9' => Ok(Kind::Number),
            b't' | b'f' => Ok(Kind::Bool),
            b'n' => Ok(Kind::Null),
            _ => Err(self.error(ErrorKind::Syntax)),
        }
    }

    /// Walks an object: `member` gets each key with the offset of its opening quote, and must consume the value.
    ///
    /// Errors: if the next value is not an object or is malformed, or if `member` fails.
    pub fn object(&mut self, mut member: impl FnMut(&mut Self, Text<'a>, usize) -> Result<(), Error>) -> Result<(), Error> {
        self.expect_kind(Kind::Object)?;
        self.enter()?;
        if self.peek()? == b'}' {
            self.leave();
            return Ok(());
        }
        loop {
            self.peek()?;
            let start = self.at;
            let key = self.string()?;
            if self.peek()? != b':' {
                return Err(self.error(ErrorKind::Syntax));
            }
            self.at += 1;
            member(self, key, start)?;
            match self.peek()? {
                b',' => self.at += 1,
                b'}' => {
                    self.leave();
                    return Ok(());
                }
                _ => return Err(self.error(ErrorKind::Syntax)),
            }
        }
    }

    /// Walks an array: `element` is called at the start of each element and must consume it.
    ///
    /// Errors: if the next value is not an array or is malformed, or if `element` fails.
    pub fn array(&mut self, mut element: impl FnMut(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.expect_kind(Kind::Array)?;
        self.enter()?;
        if self.peek()? == b']' {
            self.leave();
            return Ok(());
        }
        loop {
            element(self)?;
            match self.peek()? {
                b',' => self.at += 1,
                b']' => {
                    self.leave();
                    return Ok(());
                }
                _ => return Err(self.error(ErrorKind::Syntax)),
            }
        }
    }

    /// Consumes a string.
    ///
    /// Errors: if the next value is not a string, is cut off, has a control character, a bad escape or is not UTF-8.
    pub fn string(&mut self) -> Result<Text<'a>, Error> {
        self.expect_kind(Kind::String)?;
        self.at += 1;
        self.rest_of_string()
    }

    /// Consumes a string, or `null` as `None`.
    ///
    /// Errors: if the next value is neither.
    pub fn optional_string(&mut self) -> Result<Option<Text<'a>>, Error> {
        if self.kind()? == Kind::Null {
            self.skip()?;
            return Ok(None);
        }
        self.string().map(Some)
    }

    /// Consumes `true` or `false`, or `null` as `None`.
    ///
    /// Errors: if the next value is none of them.
    pub fn optional_bool(&mut self) -> Result<Option<bool>, Error> {
        match self.kind()? {
            Kind::Null => self.skip().map(|_| None),
            Kind::Bool => self.skip().map(|range| Some(self.slice(range) == b"true")),
            _ => Err(self.error(ErrorKind::Type)),
        }
    }

    /// Consumes any value and returns where it stands, without the space around it.
    ///
    /// Errors: if it is malformed, nested too deep, or the input ends in it.
    pub fn skip(&mut self) -> Result<Range<usize>, Error> {
        let kind = self.kind()?;
        let start = self.at;
        match kind {
            Kind::String => {
                self.at += 1;
                self.rest_of_string()?;
            }
            Kind::Number => self.number()?,
            Kind::Bool | Kind::Null => self.literal()?,
            Kind::Object | Kind::Array => self.skip_nested()?,
        }
        Ok(start..self.at)
    }

    /// Consumes any value and returns its bytes.
    ///
    /// Errors: as [`Scanner::skip`].
    pub fn raw(&mut self) -> Result<&'a [u8], Error> {
        self.skip().map(|range| self.slice(range))
    }

    /// Checks that nothing but space is left.
    ///
    /// Errors: if something is.
    pub fn end(&mut self) -> Result<(), Error> {
        self.space();
        if self.at < self.bytes.len() { Err(self.error(ErrorKind::Syntax)) } else { Ok(()) }
    }

    /// The error of `kind` at this position.
    pub fn error(&self, kind: ErrorKind) -> Error {
        Error { kind, at: self.at }
    }

    // Containers are tracked as bits (1 = object) of a word that `MAX_DEPTH` fits in, not on the call stack.
    fn skip_nested(&mut self) -> Result<(), Error> {
        let outer = self.depth;
        let mut objects: u128 = 0;
        loop {
            // At the start of a value.
            match self.kind()? {
                Kind::Object => {
                    self.enter()?;
                    if self.peek()? == b'}' {
                        self.leave();
                    } else {
                        objects = objects << 1 | 1;
                        self.key()?;
                        continue;
                    }
                }
                Kind::Array => {
                    self.enter()?;
                    if self.peek()? == b']' {
                        self.leave();
                    } else {
                        objects <<= 1;
                        continue;
                    }
                }
                Kind::String => {
                    self.at += 1;
                    self.rest_of_string()?;
                }
                Kind::Number => self.number()?,
                Kind::Bool | Kind::Null => self.literal()?,
            }
            // After a value: close what ends here, or go on to the next.
            loop {
                if self.depth == outer {
                    return Ok(());
                }
                let in_object = objects & 1 == 1;
                match self.peek()? {
                    b',' => {
                        self.at += 1;
                        if in_object {
                            self.key()?;
                        }
                        break;
                    }
                    b'}' if in_object => {
                        objects >>= 1;
                        self.leave();
                    }
                    b']' if !in_object => {
                        objects >>= 1;
                        self.leave();
                    }
                    _ => return Err(self.error(ErrorKind::Syntax)),
                }
            }
        }
    }

    fn key(&mut self) -> Result<(), Error> {
        if self.peek()? != b'"' {
            return Err(self.error(ErrorKind::Syntax));
        }
        self.at += 1;
        self.rest_of_string()?;
        if self.peek()? != b':' {
            return Err(self.error(ErrorKind::Syntax));
        }
        self.at += 1;
        Ok(())
    }

    /// Consumes a string from behind its opening quote, a block at a time: on real prompts this loop is most of the work.
    fn rest_of_string(&mut self) -> Result<Text<'a>, Error> {
        let start = self.at;
        let mut escaped = false;
        let mut high = 0;
        // Bytes at the start of the block that an escape in the block before has taken.
        let mut taken = 0u32;
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            if taken == 0 {
                let plain = plain_blocks(rest, &mut high);
                self.at += plain;
            }
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            let (stops, tops) = match rest.first_chunk() {
                Some(block) => block_masks(block),
                None if rest.is_empty() => return Err(self.error(ErrorKind::Eof)),
                None => block_masks(&padded(rest)),
            };
            let mut stops = stops & !taken;
            taken = 0;
            while stops != 0 {
                let place = stops.trailing_zeros();
                let stop = self.at + place as usize;
                match self.bytes.get(stop) {
                    Some(b'"') => {
                        high |= tops & ((1 << place) - 1);
                        self.at = stop + 1;
                        return self.text(start..stop, escaped, high != 0);
                    }
                    Some(b'\\') => {
                        escaped = true;
                        self.check_escape(stop)?;
                        taken = 2 << place >> BLOCK;
                        stops &= !(3 << place);
                    }
                    _ => return Err(Error { kind: ErrorKind::Syntax, at: stop }),
                }
            }
            high |= tops;
            self.at = (self.at + BLOCK).min(self.bytes.len());
        }
    }

    fn text(&self, range: Range<usize>, escaped: bool, high: bool) -> Result<Text<'a>, Error> {
        let raw = self.slice(range.clone());
        if high && simdutf8::basic::from_utf8(raw).is_err() {
            return Err(Error { kind: ErrorKind::Utf8, at: range.start });
        }
        Ok(Text { raw, escaped })
    }

    fn check_escape(&self, at: usize) -> Result<(), Error> {
        let fault = |kind| Err(Error { kind, at });
        match self.bytes.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(()),
            Some(b'u') => match self.bytes.get(at + 2..at + 6) {
                Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(()),
                Some(_) => fault(ErrorKind::Syntax),
                None => fault(ErrorKind::Eof),
            },
            Some(_) => fault(ErrorKind::Syntax),
            None => fault(ErrorKind::Eof),
        }
    }

    fn number(&mut self) -> Result<(), Error> {
        if self.byte() == Some(b'-') {
            self.at += 1;
        }
        if self.byte() == Some(b'0') {
            self.at += 1;
        } else {
            self.digits()?;
        }
        if self.byte() == Some(b'.') {
            self.at += 1;
            self.digits()?;
        }
        if matches!(self.byte(), Some(b'e' | b'E')) {
            self.at += 1;
            if matches!(self.byte(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Error> {
        let start = self.at;
        while self.byte().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        if self.at > start {
            return Ok(());
        }
        Err(self.error(if self.byte().is_none() { ErrorKind::Eof } else { ErrorKind::Syntax }))
    }

    fn literal(&mut self) -> Result<(), Error> {
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        for word in [&b"true"[..], b"false", b"null"] {
            if rest.starts_with(word) {
                self.at += word.len();
                return Ok(());
            }
            if word.starts_with(rest) {
                return Err(self.error(ErrorKind::Eof));
            }
        }
        Err(self.error(ErrorKind::Syntax))
    }

    fn expect_kind(&mut self, kind: Kind) -> Result<(), Error> {
        if self.kind()? == kind { Ok(()) } else { Err(self.error(ErrorKind::Type)) }
    }

    fn enter(&mut self) -> Result<(), Error> {
        if self.depth == MAX_DEPTH {
            return Err(self.error(ErrorKind::Depth));
        }
        self.depth += 1;
        self.at += 1;
        Ok(())
    }

    fn leave(&mut self) {
        self.depth = self.depth.saturating_sub(1);
        self.at += 1;
    }

    fn peek(&mut self) -> Result<u8, Error> {
        self.space();
        self.byte().ok_or(self.error(ErrorKind::Eof))
    }

    fn space(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\n' | b'\r' | b'\t')) {
            self.at += 1;
        }
    }

    fn byte(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }
}

/// How many bytes of `bytes` are in whole blocks before the first in which a string stops or turns. Sets bits of `high` when any
/// of them is not ASCII.
fn plain_blocks(bytes: &[u8], high: &mut u32) -> usize {
    let mut plain = 0usize;
    for block in bytes.as_chunks::<BLOCK>().0 {
        let (stops, tops) = block_masks(block);
        if stops != 0 {
            break;
        }
        *high |= tops;
        plain = plain.wrapping_add(BLOCK);
    }
    plain
}

/// `rest`, which is shorter than a block, with spaces behind.
fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut block = [b' '; BLOCK];
    block.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
    block
}

/// Bytes that are looked at together.
const BLOCK: usize = 16;

/// A bit for each byte of a block: whether a string stops or turns there, and whether it is not ASCII.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
fn block_masks(block: &[u8; BLOCK]) -> (u32, u32) {
    use core::arch::wasm32::{i8x16_bitmask, i8x16_eq, u8x16_lt, u8x16_splat, u64x2, v128_or};
    let word = |half: &[u8]| half.try_into().map(u64::from_le_bytes).unwrap_or_default();
    let (low, top) = block.split_at(8);
    let bytes = u64x2(word(low), word(top));
    let quotes = i8x16_eq(bytes, u8x16_splat(b'"'));
    let backslashes = i8x16_eq(bytes, u8x16_splat(b'\\'));
    let controls = u8x16_lt(bytes, u8x16_splat(b' '));
    (u32::from(i8x16_bitmask(v128_or(v128_or(quotes, backslashes), controls))), u32::from(i8x16_bitmask(bytes)))
}

/// A bit for each byte of a block: whether a string stops or turns there, and whether it is not ASCII.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
fn block_masks(block: &[u8; BLOCK]) -> (u32, u32) {
    block.iter().rev().fold((0, 0), |(stops, tops), byte| {
        let stop = matches!(byte, b'"' | b'\\' | 0..0x20);
        (stops << 1 | u32::from(stop), tops << 1 | u32::from(byte >> 7))
    })
}

/// Appends `text` as the inside of a JSON string: quotes, backslashes and control characters escaped.
pub fn escape_into(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    loop {
        let plain = rest.iter().position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
        let (plain, stop) = rest.split_at(plain);
        out.extend_from_slice(plain);
        let Some((&byte, after)) = stop.split_first() else { return };
        match byte {
            b'"' => out.extend_from_slice(b"\\\""),
            b'\\' => out.extend_from_slice(b"\\\\"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            b'\t' => out.extend_from_slice(b"\\t"),
            _ => {
                let hex = |nibble: u8| char::from_digit(u32::from(nibble), 16).map_or(b'0', |digit| digit as u8);
                out.extend_from_slice(&[b'\\', b'u', b'0', b'0', hex(byte >> 4), hex(byte & 0xf)]);
            }
        }
        rest = after;
    }
}

/// Appends `text` as a JSON string, quotes included.
pub fn string_into(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape_into(out, text);
    out.push(b'"');
}

#[cfg(test)]
mod tests {
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
}
