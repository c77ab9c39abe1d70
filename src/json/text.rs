//! JSON strings: found and checked a block at a time, and written.

use std::borrow::Cow;

use super::block::{self, BLOCK};
use super::{Error, ErrorKind};

/// A scanned string: the bytes between its quotes, escapes as sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Text<'a> {
    /// The bytes between the quotes.
    pub raw: &'a [u8],
    escaped: bool,
}

// === impl Text ===

impl<'a> Text<'a> {
    /// The text `raw`, which needs no escapes.
    pub const fn plain(raw: &'a [u8]) -> Self {
        Self { raw, escaped: false }
    }

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

    /// The bytes of the value, to be compared with many: escapes are resolved once.
    pub fn bytes(&self) -> Cow<'a, [u8]> {
        if self.escaped { Cow::Owned(self.value().into_owned().into_bytes()) } else { Cow::Borrowed(self.raw) }
    }

    /// Whether the value equals `text`.
    pub fn is(&self, text: &str) -> bool {
        /// Bytes of the longest escape of a byte: `\u0061`.
        const LONGEST: usize = 6;
        match self.escaped {
            false => self.raw == text.as_bytes(),
            // What is longer is not read: a key may be asked for each of many names.
            true => self.raw.len() <= text.len().saturating_mul(LONGEST) && self.value() == text,
        }
    }

    /// Whether the string has no characters.
    pub fn is_empty(&self) -> bool {
        self.raw.is_empty()
    }
}

/// The string whose first byte behind the opening quote is at `start`, and the offset behind its closing quote. On real prompts
/// this loop is most of the work.
///
/// Errors: if the string is cut off, has a control character, a bad escape or is not UTF-8.
// Positions never exceed `bytes.len()`, which never exceeds `isize::MAX`: adding a small constant to one cannot overflow.
#[allow(clippy::arithmetic_side_effects)]
pub(super) fn scan(bytes: &[u8], start: usize) -> Result<(Text<'_>, usize), Error> {
    // Keys and most values are short and plain: they end in the first block, and nothing else has to be known.
    if let Some(block) = bytes.get(start..).and_then(|rest| rest.first_chunk()) {
        let (stops, tops) = block::masks(block);
        let end = start + stops.trailing_zeros() as usize;
        if bytes.get(end) == Some(&b'"') && stops != 0 && tops & (stops ^ (stops - 1)) == 0 {
            return Ok((Text { raw: bytes.get(start..end).unwrap_or_default(), escaped: false }, end + 1));
        }
    }
    let mut at = start;
    let mut escaped = false;
    let mut high = false;
    // Bytes at the start of the block that an escape in the block before has taken.
    let mut taken = 0u32;
    loop {
        if taken == 0 {
            at += block::plain(bytes.get(at..).unwrap_or_default(), &mut high);
        }
        let rest = bytes.get(at..).unwrap_or_default();
        let (stops, tops) = match rest.first_chunk() {
            Some(block) => block::masks(block),
            None if rest.is_empty() => return Err(Error { kind: ErrorKind::Eof, at }),
            None => block::masks(&padded(rest)),
        };
        let mut stops = stops & !taken;
        // Where one escape is, there are more.
        if taken == 0 && bytes.get(at + stops.trailing_zeros() as usize) == Some(&b'\\') {
            let (length, takes) = block::escaped(rest, &mut high);
            if length > 0 {
                (escaped, taken) = (true, u32::from(takes));
                at += length;
                if takes {
                    check_escape(bytes, at - 1)?;
                }
                continue;
            }
        }
        taken = 0;
        while stops != 0 {
            let place = stops.trailing_zeros();
            let stop = at + place as usize;
            match bytes.get(stop) {
                Some(b'"') => {
                    high |= tops & ((1 << place) - 1) != 0;
                    let raw = bytes.get(start..stop).unwrap_or_default();
                    if high && simdutf8::basic::from_utf8(raw).is_err() {
                        return Err(Error { kind: ErrorKind::Utf8, at: start });
                    }
                    return Ok((Text { raw, escaped }, stop + 1));
                }
                Some(b'\\') => {
                    escaped = true;
                    check_escape(bytes, stop)?;
                    taken = 2 << place >> BLOCK;
                    stops &= !(3 << place);
                }
                _ => return Err(Error { kind: ErrorKind::Syntax, at: stop }),
            }
        }
        high |= tops != 0;
        at = (at + BLOCK).min(bytes.len());
    }
}

/// Checks the escape whose backslash is at `at`.
fn check_escape(bytes: &[u8], at: usize) -> Result<(), Error> {
    let fault = |kind| Err(Error { kind, at });
    match bytes.get(at..).unwrap_or_default() {
        [_, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => Ok(()),
        [_, b'u', digits @ ..] => match digits.get(..4) {
            Some(digits) if block::is_hex(digits) => Ok(()),
            Some(_) => fault(ErrorKind::Syntax),
            None => fault(ErrorKind::Eof),
        },
        [_, _, ..] => fault(ErrorKind::Syntax),
        _ => fault(ErrorKind::Eof),
    }
}

/// `rest`, which is shorter than a block, with spaces behind.
fn padded(rest: &[u8]) -> [u8; BLOCK] {
    let mut block = [b' '; BLOCK];
    block.iter_mut().zip(rest).for_each(|(place, byte)| *place = *byte);
    block
}

/// Appends `text` as the inside of a JSON string: quotes, backslashes and control characters escaped.
pub fn escape_into(out: &mut Vec<u8>, text: &str) {
    let mut rest = text.as_bytes();
    loop {
        let (plain, stop) = rest.split_at(plain(rest));
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

/// How many bytes of `text` need no escapes before the first that does.
fn plain(text: &[u8]) -> usize {
    let blocks = block::plain(text, &mut false);
    let mut rest = text.get(blocks..).unwrap_or_default().iter();
    rest.position(|byte| matches!(byte, b'"' | b'\\' | 0..0x20)).map_or(text.len(), |place| blocks.saturating_add(place))
}

/// Appends a scanned string as it was sent, quotes included.
pub fn text_into(out: &mut Vec<u8>, text: Text<'_>) {
    out.push(b'"');
    out.extend_from_slice(text.raw);
    out.push(b'"');
}

/// Appends `text` as a JSON string, quotes included.
pub fn string_into(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    escape_into(out, text);
    out.push(b'"');
}
