//! An object within the body, and where its members stand.

use std::ops::Range;

use crate::json::{Error, Kind, Scanner, Text};
use crate::splice::Splice;

/// An object within the body.
#[derive(Debug)]
pub(super) struct Object<'a> {
    /// From brace to brace.
    pub(super) place: Range<usize>,
    members: Vec<Member<'a>>,
}

/// One of its members.
#[derive(Debug)]
pub(super) struct Member<'a> {
    key: Text<'a>,
    /// Offset of the key's opening quote.
    pub(super) start: usize,
    /// Where the value stands.
    pub(super) value: Range<usize>,
    /// The value.
    pub(super) raw: &'a [u8],
}

// === impl Object ===

impl<'a> Object<'a> {
    /// Reads the object at `scanner`; `None` if something else is there, which is passed over.
    pub(super) fn read(scanner: &mut Scanner<'a>) -> Result<Option<Self>, Error> {
        if scanner.kind()? != Kind::Object {
            return scanner.skip().map(|_| None);
        }
        let start = scanner.position();
        let mut members = Vec::new();
        scanner.members(&mut |scanner, key, start| {
            let value = scanner.skip()?;
            members.push(Member { key, start, raw: scanner.slice(value.clone()), value });
            Ok(())
        })?;
        Ok(Some(Self { place: start..scanner.position(), members }))
    }

    /// The object at this offset of `body`.
    pub(super) fn at(body: &'a [u8], offset: usize) -> Option<Self> {
        Self::read(&mut Scanner::at(body, offset)).ok().flatten()
    }

    /// The last member of this name, `null` being none.
    pub(super) fn get(&self, name: &str) -> Option<&Member<'a>> {
        self.members.iter().rfind(|member| member.key.is(name) && member.raw != b"null")
    }

    /// Whether one of its members is this one and says so.
    pub(super) fn says(&self, name: &str, text: &str) -> bool {
        self.get(name).and_then(Member::text).is_some_and(|own| own.is(text))
    }

    /// Removes all members but those that `stay`, which are never `null`, and appends others: `,"name":value`, once or more often.
    pub(super) fn rewrite(&self, stay: &dyn Fn(&Member<'a>) -> bool, mut others: Vec<u8>, splice: &mut Splice<'a>) {
        let stays = |member: &Member<'a>| member.raw != b"null" && stay(member);
        let places: Vec<_> = self.members.iter().map(|member| (member.start..member.value.end, stays(member))).collect();
        splice.retain(&places);
        if others.is_empty() {
            return;
        }
        if !places.iter().any(|(_, stays)| *stays) {
            others.remove(0);
        }
        let end = self.members.last().map_or(self.place.end.saturating_sub(1), |member| member.value.end);
        splice.replace(end..end, others);
    }
}

// === impl Member ===

impl<'a> Member<'a> {
    /// Whether its key is one of these.
    pub(super) fn is_one_of(&self, names: &[&str]) -> bool {
        names.iter().any(|name| self.key.is(name))
    }

    /// Its value, if that is a string.
    pub(super) fn text(&self) -> Option<Text<'a>> {
        Scanner::new(self.raw).string().ok()
    }
}
