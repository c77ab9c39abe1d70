//! Regular expressions of ECMA-262, written as `regex_lite` wants them.
//!
//! They are read as with the `u` flag, <https://tc39.es/ecma262/#sec-patterns>. What that refuses, and others read in one way, is let through:
//! an escape that was not needed (`\@`), a bracket or brace that closes nothing, and a `-` beside a set (`[\w-.]`).

use std::fmt::Write;

/// `\s`, for between brackets. `regex_lite` has that of ASCII; `\d`, `\w` and `\b` are alike.
const SPACES: &str = r"\t-\r \x{a0}\x{1680}\x{2000}-\x{200a}\x{2028}\x{2029}\x{202f}\x{205f}\x{3000}\x{feff}";

/// `\S`.
const NO_SPACES: &str = concat!(
    r"\x{0}-\x{8}\x{e}-\x{1f}\x{21}-\x{9f}\x{a1}-\x{167f}\x{1681}-\x{1fff}\x{200b}-\x{2027}\x{202a}-\x{202e}",
    r"\x{2030}-\x{205e}\x{2060}-\x{2fff}\x{3001}-\x{fefe}\x{ff00}-\x{10ffff}",
);

/// What `.` is not.
const LINE_ENDS: &str = r"\n\r\x{2028}\x{2029}";

/// An expression for `regex_lite`.
pub(super) struct Translation {
    pub(super) written: String,
    /// How many states it has, at most.
    pub(super) size: usize,
}

struct Translator<'a> {
    rest: &'a str,
    written: String,
    /// Of the innermost group, as far as it is written.
    size: usize,
    /// Of what was written last, if it can be repeated.
    last: Option<usize>,
    /// Of what is around the groups that are open.
    around: Vec<usize>,
}

/// A character or a set of them, the latter as it is written between brackets.
enum Item {
    Char(char),
    Set(&'static str),
}

/// What `source` means. `None` if it is no expression, has what `regex_lite` has not, or has more states than `most`.
pub(super) fn translate(source: &str, most: usize) -> Option<Translation> {
    let mut translator = Translator { rest: source, written: String::new(), size: 0, last: None, around: Vec::new() };
    while let Some(c) = translator.next() {
        translator.term(c)?;
        if translator.size > most {
            return None;
        }
    }
    let Translator { written, size, around, .. } = translator;
    around.is_empty().then_some(Translation { written, size })
}

// === impl Translator ===

impl Translator<'_> {
    /// The term that begins with `c`.
    fn term(&mut self, c: char) -> Option<()> {
        match c {
            '(' => self.open()?,
            ')' => {
                let inside = self.size.saturating_add(1);
                self.size = self.around.pop()?.saturating_add(inside);
                self.last = Some(inside);
                self.written.push(')');
            }
            '|' => self.mark("|"),
            '^' => self.mark("^"),
            '$' => self.mark("$"),
            '*' => self.repeat("*", 1)?,
            '+' => self.repeat("+", 1)?,
            '?' => self.repeat("?", 1)?,
            '{' => self.repeat_counted()?,
            '[' => self.class()?,
            '.' => self.set("^", LINE_ENDS),
            '\\' if self.eat("b") => self.mark(r"\b"),
            '\\' if self.eat("B") => self.mark(r"\B"),
            '\\' => match self.escaped()? {
                Item::Char(c) => self.char(c),
                Item::Set(set) => self.set("", set),
            },
            c => self.char(c),
        }
        Some(())
    }

    /// A group. None is ever asked what it took: a name does not matter.
    fn open(&mut self) -> Option<()> {
        if self.eat("?<") {
            let (name, rest) = self.rest.split_once('>')?;
            // Else it looks behind.
            if name.is_empty() || !name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '$') {
                return None;
            }
            self.rest = rest;
        } else if self.eat("?") && !self.eat(":") {
            return None;
        }
        self.around.push(std::mem::take(&mut self.size));
        self.last = None;
        self.written.push_str("(?:");
        Some(())
    }

    fn repeat_counted(&mut self) -> Option<()> {
        let (counts, rest) = self.rest.split_once('}')?;
        let (least, most) = match counts.split_once(',') {
            None => (counts, counts),
            Some((least, "")) => (least, least),
            Some(both) => both,
        };
        if !(is_number(least) && is_number(most)) {
            return None;
        }
        self.rest = rest;
        self.repeat(&format!("{{{counts}}}"), most.parse().ok()?)
    }

    /// Repeats what was written last, which so is written out so many times.
    fn repeat(&mut self, quantifier: &str, times: usize) -> Option<()> {
        let last = self.last.take()?;
        // Greedy or not, it is found where it is.
        self.eat("?");
        self.written.push_str(quantifier);
        // It is there once, and between any two is a fork.
        let more = last.saturating_mul(times.saturating_sub(1)).saturating_add(times.saturating_mul(2));
        self.size = self.size.saturating_add(more).saturating_add(2);
        Some(())
    }

    fn class(&mut self) -> Option<()> {
        let not = if self.eat("^") { "^" } else { "" };
        let mut class = String::new();
        while !self.eat("]") {
            let first = self.class_item()?;
            let is_range = self.rest.starts_with('-') && !self.rest.starts_with("-]");
            if !is_range {
                first.write(&mut class);
                continue;
            }
            self.eat("-");
            let last = self.class_item()?;
            first.write(&mut class);
            // Beside a set it is itself.
            let is_range = matches!((&first, &last), (Item::Char(_), Item::Char(_)));
            class.push_str(if is_range { "-" } else { r"\-" });
            last.write(&mut class);
        }
        match (class.is_empty(), not) {
            // Nothing, and everything.
            (true, "") => self.set("^", r"\d\D"),
            (true, _) => self.set("", r"\d\D"),
            _ => self.set(not, &class),
        }
        Some(())
    }

    fn class_item(&mut self) -> Option<Item> {
        match self.next()? {
            '\\' if self.eat("b") => Some(Item::Char('\u{8}')),
            '\\' => self.escaped(),
            c => Some(Item::Char(c)),
        }
    }

    /// What follows a backslash, but where it asserts something.
    fn escaped(&mut self) -> Option<Item> {
        let c = match self.next()? {
            'd' => return Some(Item::Set(r"\d")),
            'D' => return Some(Item::Set(r"\D")),
            'w' => return Some(Item::Set(r"\w")),
            'W' => return Some(Item::Set(r"\W")),
            's' => return Some(Item::Set(SPACES)),
            'S' => return Some(Item::Set(NO_SPACES)),
            't' => '\t',
            'n' => '\n',
            'v' => '\u{b}',
            'f' => '\u{c}',
            'r' => '\r',
            '0' if !self.rest.starts_with(|c: char| c.is_ascii_digit()) => '\0',
            'c' => char::from_u32(u32::from(self.next().filter(char::is_ascii_alphabetic)?) & 0x1f)?,
            'x' => char::from_u32(self.hex(2)?)?,
            'u' if self.eat("{") => {
                let (digits, rest) = self.rest.split_once('}')?;
                self.rest = rest;
                char::from_u32(number(digits)?)?
            }
            'u' => match self.hex(4)? {
                high @ 0xd800..0xdc00 if self.eat(r"\u") => {
                    let low = self.hex(4).filter(|low| (0xdc00..0xe000).contains(low))?;
                    char::from_u32((((high & 0x3ff) << 10) | (low & 0x3ff)).saturating_add(0x1_0000))?
                }
                code => char::from_u32(code)?,
            },
            // Back-references, `\p`, and what other dialects have.
            c if c.is_alphanumeric() => return None,
            c => c,
        };
        Some(Item::Char(c))
    }

    fn hex(&mut self, digits: usize) -> Option<u32> {
        let (digits, rest) = self.rest.split_at_checked(digits)?;
        self.rest = rest;
        number(digits)
    }

    /// Writes what takes no character, and cannot be repeated.
    fn mark(&mut self, mark: &str) {
        self.written.push_str(mark);
        self.size = self.size.saturating_add(2);
        self.last = None;
    }

    fn char(&mut self, c: char) {
        Item::Char(c).write(&mut self.written);
        self.take(1);
    }

    fn set(&mut self, not: &str, set: &str) {
        _ = write!(self.written, "[{not}{set}]");
        // Eight ranges are looked through while a state is entered.
        self.take((set.len() / 128).saturating_add(1));
    }

    /// Notes what takes a character.
    fn take(&mut self, size: usize) {
        self.size = self.size.saturating_add(size);
        self.last = Some(size);
    }

    fn next(&mut self) -> Option<char> {
        let mut chars = self.rest.chars();
        let c = chars.next()?;
        self.rest = chars.as_str();
        Some(c)
    }

    fn eat(&mut self, prefix: &str) -> bool {
        self.rest.strip_prefix(prefix).is_some_and(|rest| {
            self.rest = rest;
            true
        })
    }
}

// === impl Item ===

impl Item {
    fn write(&self, to: &mut String) {
        match self {
            // So nothing means more than itself.
            Self::Char(c) => _ = write!(to, "\\x{{{:x}}}", u32::from(*c)),
            Self::Set(set) => to.push_str(set),
        }
    }
}

/// The number that is written in hexadecimal digits.
fn number(digits: &str) -> Option<u32> {
    // A sign would be read, too.
    digits.bytes().all(|byte| byte.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
