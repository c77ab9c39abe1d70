//! Strings, whatever quotes they are in and whatever stands between them.

use super::{Reader, Senseless, Wrote};

// === impl Reader ===

impl Reader<'_> {
    /// Reads a string that opens with `quote`.
    pub(super) fn string(&mut self, quote: char) -> Result<Wrote, Senseless> {
        self.take(quote);
        self.out.push('"');
        loop {
            let rest = self.rest();
            let Some(stop) = rest.find(|c: char| c == quote || matches!(c, '\\' | '"' | '\0'..='\x1f')) else {
                self.out.push_str(rest);
                return Ok(self.cut());
            };
            self.out.push_str(rest.get(..stop).unwrap_or_default());
            self.at = self.at.saturating_add(stop);
            match self.rest().chars().next() {
                Some('\\') if self.escape() => {}
                Some('\\') => return Ok(self.cut()),
                Some(c) if c == quote && self.closes(quote) => {
                    self.take(quote);
                    self.out.push('"');
                    return Ok(Wrote::Whole);
                }
                Some(c) => {
                    self.take(c);
                    self.push_escaped(c);
                }
                None => {}
            }
        }
    }

    /// Ends a string that has no end.
    fn cut(&mut self) -> Wrote {
        self.at = self.text.len();
        self.out.push('"');
        Wrote::Cut
    }

    /// Whether the quote that is here closes its string: what can follow a string follows it. A quote that somebody forgot to escape is
    /// followed by the rest of a sentence.
    fn closes(&self, quote: char) -> bool {
        let behind = self.rest().get(quote.len_utf8()..).unwrap_or_default();
        let next = behind.trim_start();
        let is_apart = next.len() < behind.len();
        match next.chars().next() {
            None | Some(',' | ':' | '}' | ']') => true,
            // A comma is missing.
            Some('"' | '\'' | '{' | '[') => is_apart,
            Some('/') => next.starts_with("//") || next.starts_with("/*"),
            Some('#') => is_apart,
            Some('`') => next.starts_with("```"),
            // A line of its own: a bare key, without a comma before it.
            Some(c) => {
                let line = behind.get(..behind.len().saturating_sub(next.len())).unwrap_or_default();
                line.contains('\n') && (c.is_alphanumeric() || matches!(c, '_' | '$' | '-'))
            }
        }
    }

    /// Reads an escape, JSON's or Python's; `false` if the text ends within it.
    fn escape(&mut self) -> bool {
        let rest = self.rest();
        let Some(c) = rest.chars().nth(1) else { return false };
        let mut len = c.len_utf8().saturating_add(1);
        match c {
            '"' | '\\' | '/' | 'b' | 'f' | 'n' | 'r' | 't' => self.out.push_str(rest.get(..2).unwrap_or_default()),
            '\'' | '`' => self.out.push(c),
            // A line that goes on.
            '\n' => {}
            'u' | 'x' | 'U' => {
                let digits = match c {
                    'x' => 2usize,
                    'u' => 4,
                    _ => 8,
                };
                len = digits.saturating_add(2);
                let Some(hex) = rest.get(2..len) else {
                    // Nothing but digits up to the end: it is cut off. Else it is no escape.
                    if rest.get(2..).is_some_and(|rest| rest.len() < digits && rest.bytes().all(|byte| byte.is_ascii_hexdigit())) {
                        return false;
                    }
                    self.out.push_str("\\\\");
                    self.take('\\');
                    return true;
                };
                let code = Some(hex)
                    .filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()))
                    .and_then(|hex| u32::from_str_radix(hex, 16).ok());
                match (c, code, code.and_then(char::from_u32)) {
                    // As it is: it may be half of a pair.
                    ('u', Some(_), _) => self.out.push_str(rest.get(..len).unwrap_or_default()),
                    (_, _, Some(meant)) => self.push_escaped(meant),
                    _ => {
                        self.out.push_str("\\\\");
                        len = 1;
                    }
                }
            }
            // No escape at all: a path of Windows, a regular expression.
            _ => {
                self.out.push_str("\\\\");
                len = 1;
            }
        }
        self.at = self.at.saturating_add(len);
        true
    }
}
