//! A reader of what models write for JSON, which writes what it reads as JSON.
//!
//! It takes comments, trailing and missing commas, single quotes, bare keys, Python's and JavaScript's literals, quotes and line ends
//! within strings, a bracket too few, and an end in the middle of anything. It goes through the text once; anything else that is not
//! JSON ends it.

use crate::json::{self, MAX_DEPTH};

mod literal;
mod string;

/// A value that was found in a text.
#[derive(Debug)]
pub(super) struct Found {
    /// It, as JSON; checked by nobody yet.
    pub(super) json: String,
    /// Whether there is a string in it, or a key: more than the brackets and numbers that prose has, too.
    pub(super) is_meant: bool,
    /// Where it begins in the text.
    start: usize,
    /// Where it ends in the text.
    pub(super) end: usize,
}

impl Found {
    /// How much of the text it is.
    pub(super) fn source_len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }
}

/// What came of reading.
pub(super) enum Read {
    /// A value.
    Found(Found),
    /// No value, and no beginning of one: nothing but a bracket, up to this place.
    Prose(usize),
    /// The beginning of a value, which makes no sense from this place on.
    Broken(usize),
}

impl Read {
    /// How far the text was read.
    pub(super) fn end(&self) -> usize {
        match self {
            Self::Found(found) => found.end,
            Self::Prose(end) | Self::Broken(end) => *end,
        }
    }
}

/// Reads the object or array that begins at `start`. One that is cut off before there is anything in it is none.
pub(super) fn value_at(text: &str, start: usize) -> Read {
    let mut reader = Reader { text, at: start, out: String::new(), open: Vec::new(), leaves: 0, is_meant: false };
    match reader.value() {
        Ok(Wrote::Whole) => {}
        Ok(Wrote::Cut) if reader.leaves > 0 => {}
        Err(Senseless) | Ok(_) if reader.is_meant => return Read::Broken(reader.at),
        _ => return Read::Prose(reader.at),
    }
    Read::Found(Found { json: reader.out, is_meant: reader.is_meant, start, end: reader.at })
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    out: String,
    /// The closing brackets of what is open, the innermost last.
    open: Vec<char>,
    /// How many strings, numbers and words were written.
    leaves: usize,
    /// See [`Found::is_meant`].
    is_meant: bool,
}

/// What became of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wrote {
    Whole,
    /// The text ended within it; what was written is JSON.
    Cut,
    /// The text ended before there was anything of it.
    Nothing,
}

/// What is here is not what a model writes for JSON.
struct Senseless;

// === impl Reader ===

impl<'a> Reader<'a> {
    fn value(&mut self) -> Result<Wrote, Senseless> {
        match self.peek() {
            None => Ok(Wrote::Nothing),
            Some('{') => self.container('{', '}'),
            Some('[') => self.container('[', ']'),
            Some(quote @ ('"' | '\'')) => {
                self.leaves = self.leaves.saturating_add(1);
                self.is_meant = true;
                self.string(quote)
            }
            Some('-' | '+' | '.' | '0'..='9') => self.number(),
            Some(c) if c.is_ascii_alphabetic() => self.word(),
            Some(_) => Err(Senseless),
        }
    }

    fn container(&mut self, opening: char, closing: char) -> Result<Wrote, Senseless> {
        if self.open.len() >= MAX_DEPTH as usize {
            self.is_meant = true;
            return Err(Senseless);
        }
        self.open.push(closing);
        self.take(opening);
        self.out.push(opening);
        let mut is_first = true;
        let wrote = loop {
            // Where the last member ends, to go back to if the next one has no value.
            let mark = self.out.len();
            self.space()?;
            let comma = self.peek() == Some(',');
            if comma {
                if is_first {
                    return Err(Senseless);
                }
                self.take(',');
                self.space()?;
            }
            match self.peek() {
                None => {
                    self.out.truncate(mark);
                    break Wrote::Cut;
                }
                Some(c) if c == closing => {
                    self.take(c);
                    break Wrote::Whole;
                }
                // A bracket is missing: the one that is there closes what is around this.
                Some('}' | ']') if self.closes_outer() => break Wrote::Whole,
                Some('}' | ']' | ',') => return Err(Senseless),
                Some(_) => {}
            }
            if !is_first {
                self.out.insert(mark, ',');
            }
            is_first = false;
            let wrote = if closing == '}' { self.member()? } else { self.value()? };
            match wrote {
                Wrote::Whole => {}
                Wrote::Cut => break Wrote::Cut,
                Wrote::Nothing => {
                    self.out.truncate(mark);
                    break Wrote::Cut;
                }
            }
        };
        self.out.push(closing);
        self.open.pop();
        Ok(wrote)
    }

    /// Whether the bracket that is next closes something that is open.
    fn closes_outer(&self) -> bool {
        self.peek().is_some_and(|bracket| self.open.contains(&bracket))
    }

    fn member(&mut self) -> Result<Wrote, Senseless> {
        match self.peek() {
            Some(quote @ ('"' | '\'')) => {
                if self.string(quote)? == Wrote::Cut {
                    return Ok(Wrote::Nothing);
                }
            }
            _ => self.bare_key()?,
        }
        let mark = self.out.len();
        self.space()?;
        match self.peek() {
            None => return Ok(Wrote::Nothing),
            Some(':') => self.take(':'),
            Some(_) => return Err(Senseless),
        }
        self.is_meant = true;
        // Space before the colon is of no use, behind it stays.
        self.out.truncate(mark);
        self.out.push(':');
        self.space()?;
        self.value()
    }

    fn bare_key(&mut self) -> Result<(), Senseless> {
        let rest = self.rest();
        let end = rest.find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '$' | '-'))).unwrap_or(rest.len());
        let key = rest.get(..end).filter(|key| !key.is_empty()).ok_or(Senseless)?;
        self.at = self.at.saturating_add(end);
        self.out.push('"');
        self.out.push_str(key);
        self.out.push('"');
        Ok(())
    }

    /// Goes over space, which is written, and comments, which are not.
    fn space(&mut self) -> Result<(), Senseless> {
        loop {
            let rest = self.rest();
            let len = rest.len().saturating_sub(rest.trim_start().len());
            // Of the space that there is JSON knows four.
            self.out.extend(rest.get(..len).unwrap_or_default().chars().filter(|c| matches!(c, ' ' | '\t' | '\n' | '\r')));
            self.at = self.at.saturating_add(len);
            let rest = self.rest();
            let len = if rest.starts_with("/*") {
                rest.find("*/").map_or(rest.len(), |end| end.saturating_add(2))
            } else if rest.starts_with("//") || rest.starts_with('#') {
                rest.find('\n').unwrap_or(rest.len())
            } else if rest.starts_with('/') {
                return Err(Senseless);
            } else {
                return Ok(());
            };
            self.at = self.at.saturating_add(len);
        }
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// What comes next; nothing where a fence closes.
    fn peek(&self) -> Option<char> {
        let rest = self.rest();
        if rest.starts_with("```") { None } else { rest.chars().next() }
    }

    fn take(&mut self, c: char) {
        self.at = self.at.saturating_add(c.len_utf8());
    }

    fn push_escaped(&mut self, c: char) {
        match c {
            '"' | '\\' | '\0'..='\x1f' => {
                let mut escaped = Vec::new();
                json::escape_into(&mut escaped, c.encode_utf8(&mut [0; 4]));
                self.out.push_str(&String::from_utf8_lossy(&escaped));
            }
            c => self.out.push(c),
        }
    }
}
