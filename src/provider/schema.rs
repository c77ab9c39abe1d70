//! A client's JSON schema as a provider wants it: copied, with something changed in each of the schemas that it consists of.

use crate::json::{Error, Kind, Scanner};

/// What is changed in a schema.
pub(super) trait Rule {
    /// What a member tells of the schema that it is in, as bits; `value` is its value and all that follows.
    fn look(&self, key: &[u8], value: &[u8]) -> u8;

    /// What becomes of a member, by what all of them tell.
    fn member(&self, _told: u8, _key: &[u8], _value: Kind) -> Member {
        Member::Copied
    }

    /// A member that the schema has to have besides: `"key":value`.
    fn added(&self, _told: u8) -> Option<&'static [u8]> {
        None
    }
}

/// What becomes of a member of a schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Member {
    /// It is copied, with the schemas in it changed.
    Copied,
    /// It is left out.
    Dropped,
    /// It gets this name, and its value becomes the only element of a list.
    Listed(&'static [u8]),
}

/// A walk along a schema. There is one copy of it, not one for each rule.
struct Walk<'r> {
    rule: &'r dyn Rule,
    /// What each object tells, and where it begins, in order.
    told: Vec<(usize, u8)>,
    /// Those that are behind.
    passed: usize,
}

/// Appends `schema`, a whole JSON value, with each schema in it changed by `rule`; as it was written if it is malformed.
pub(super) fn copy_into(schema: &[u8], rule: &dyn Rule, out: &mut Vec<u8>) {
    let start = out.len();
    let mut walk = Walk { rule, told: Vec::new(), passed: 0 };
    let mut scanner = Scanner::new(schema);
    // All is looked at before anything is copied: to look at each object for itself would be to read the innermost once for each around it.
    let looked = walk.look(&mut scanner.clone(), schema);
    if looked.and_then(|()| copy(&mut scanner, &mut walk, out)).and_then(|()| scanner.end()).is_err() {
        out.truncate(start);
        out.extend_from_slice(schema);
    }
}

// === impl Walk ===

impl Walk<'_> {
    fn look(&mut self, scanner: &mut Scanner<'_>, all: &[u8]) -> Result<(), Error> {
        match scanner.kind()? {
            Kind::Object => {
                let place = self.told.len();
                self.told.push((scanner.position(), 0));
                scanner.members(&mut |scanner, key, _| {
                    scanner.kind()?;
                    let more = self.rule.look(key.raw, all.get(scanner.position()..).unwrap_or_default());
                    self.told.get_mut(place).into_iter().for_each(|(_, told)| *told |= more);
                    self.look(scanner, all)
                })
            }
            Kind::Array => scanner.elements(&mut |scanner| self.look(scanner, all)),
            _ => scanner.skip().map(|_| ()),
        }
    }

    /// What the object that begins at `start` tells.
    fn told(&mut self, start: usize) -> u8 {
        let rest = self.told.get(self.passed..).unwrap_or_default();
        self.passed = self.passed.saturating_add(rest.iter().take_while(|(place, _)| *place < start).count());
        self.told.get(self.passed).map_or(0, |(_, told)| *told)
    }
}

/// Copies the schema at `scanner`; what is no object says nothing more than yes or no.
fn copy(scanner: &mut Scanner<'_>, walk: &mut Walk<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    if scanner.kind()? != Kind::Object {
        out.extend_from_slice(scanner.raw()?);
        return Ok(());
    }
    let rule = walk.rule;
    let told = walk.told(scanner.position());
    let mut list = List::new(b'{', out);
    scanner.members(&mut |scanner, key, _| {
        let kind = scanner.kind()?;
        match rule.member(told, key.raw, kind) {
            Member::Dropped => _ = scanner.skip()?,
            Member::Listed(name) => {
                let out = list.next();
                key_into(name, out);
                out.push(b'[');
                out.extend_from_slice(scanner.raw()?);
                out.push(b']');
            }
            Member::Copied => {
                let out = list.next();
                key_into(key.raw, out);
                value(key.raw, kind, scanner, walk, out)?;
            }
        }
        Ok(())
    })?;
    if let Some(added) = rule.added(told) {
        list.next().extend_from_slice(added);
    }
    list.end(b'}');
    Ok(())
}

/// Copies the value of a member, which may hold schemas.
fn value(key: &[u8], kind: Kind, scanner: &mut Scanner<'_>, walk: &mut Walk<'_>, out: &mut Vec<u8>) -> Result<(), Error> {
    match (key, kind) {
        (b"properties" | b"$defs" | b"definitions" | b"patternProperties" | b"dependentSchemas", Kind::Object) => {
            let mut list = List::new(b'{', out);
            scanner.members(&mut |scanner, key, _| {
                let out = list.next();
                key_into(key.raw, out);
                copy(scanner, walk, out)
            })?;
            list.end(b'}');
        }
        (b"anyOf" | b"oneOf" | b"allOf" | b"prefixItems" | b"items", Kind::Array) => {
            let mut list = List::new(b'[', out);
            scanner.elements(&mut |scanner| copy(scanner, walk, list.next()))?;
            list.end(b']');
        }
        (b"items" | b"additionalProperties" | b"not" | b"contains" | b"propertyNames" | b"if" | b"then" | b"else", _) => {
            copy(scanner, walk, out)?;
        }
        _ => out.extend_from_slice(scanner.raw()?),
    }
    Ok(())
}

/// An object or an array that is being written.
struct List<'o> {
    out: &'o mut Vec<u8>,
    is_empty: bool,
}

// === impl List ===

impl<'o> List<'o> {
    fn new(bracket: u8, out: &'o mut Vec<u8>) -> Self {
        out.push(bracket);
        Self { out, is_empty: true }
    }

    /// Where the next element is to be written.
    fn next(&mut self) -> &mut Vec<u8> {
        if !std::mem::take(&mut self.is_empty) {
            self.out.push(b',');
        }
        self.out
    }

    fn end(self, bracket: u8) {
        self.out.push(bracket);
    }
}

fn key_into(key: &[u8], out: &mut Vec<u8>) {
    out.push(b'"');
    out.extend_from_slice(key);
    out.extend_from_slice(b"\":");
}
