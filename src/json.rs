//! A one-pass JSON scanner (RFC 8259): it checks every byte, copies none and builds no tree.
//!
//! A caller walks objects and arrays with closures and takes the slices it wants; everything else is skipped, and checked,
//! at the speed of the string scan. Nesting is limited to [`MAX_DEPTH`], so hostile input costs no stack.

mod block;
mod path;
mod text;

use std::ops::Range;

pub use path::path_of;
pub use text::{Text, escape_into, string_into, text_into};

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

/// A cursor over JSON bytes.
#[derive(Clone, Debug)]
pub struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    depth: u32,
}

// === impl Scanner ===

// Positions never exceed `bytes.len()`, which never exceeds `isize::MAX`: adding a small constant to one cannot overflow.
#[allow(clippy::arithmetic_side_effects)]
impl<'a> Scanner<'a> {
    /// A scanner at the first byte of `bytes`.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, depth: 0 }
    }

    /// A scanner at the byte of `bytes` that has this offset.
    pub fn at(bytes: &'a [u8], at: usize) -> Self {
        Self { bytes, at: at.min(bytes.len()), depth: 0 }
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

    /// As [`Scanner::object`], which is made anew for each caller: this is there once, for those where the module's size counts for more
    /// than speed.
    ///
    /// Errors: as [`Scanner::object`].
    #[inline(never)]
    pub fn members(&mut self, member: &mut dyn FnMut(&mut Self, Text<'a>, usize) -> Result<(), Error>) -> Result<(), Error> {
        self.object(member)
    }

    /// As [`Scanner::array`], there once, as [`Scanner::members`] is.
    ///
    /// Errors: as [`Scanner::array`].
    #[inline(never)]
    pub fn elements(&mut self, element: &mut dyn FnMut(&mut Self) -> Result<(), Error>) -> Result<(), Error> {
        self.array(element)
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

    fn rest_of_string(&mut self) -> Result<Text<'a>, Error> {
        let (text, end) = text::scan(self.bytes, self.at)?;
        self.at = end;
        Ok(text)
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

#[cfg(test)]
mod tests;
