//! A client's JSON schema as a provider wants it: copied, with something changed in each of the schemas that it consists of.

use crate::json::{Error, Kind, Scanner};

/// What is changed in a schema.
pub(super) trait Rule {
    /// Looks at a member of the schema. All are looked at before any is copied.
    fn look(&mut self, key: &[u8], value: &[u8]);

    /// What becomes of a member.
    fn member(&self, _key: &[u8], _value: Kind) -> Member {
        Member::Copied
    }

    /// A member that the schema has to have besides: `"key":value`.
    fn added(&self) -> Option<&'static [u8]> {
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

/// Makes the rule that looks at one schema. There is one copy of the walk, not one for each rule.
type Make = fn() -> Box<dyn Rule>;

/// Appends `schema`, a whole JSON value, with each schema in it changed by a rule of its own; as it was written if it is malformed.
pub(super) fn copy_into<R: Rule + Default + 'static>(schema: &[u8], out: &mut Vec<u8>) {
    changed_into(schema, || Box::new(R::default()), out);
}

fn changed_into(schema: &[u8], rule: Make, out: &mut Vec<u8>) {
    let start = out.len();
    let mut scanner = Scanner::new(schema);
    if copy(&mut scanner, rule, out).and_then(|()| scanner.end()).is_err() {
        out.truncate(start);
        out.extend_from_slice(schema);
    }
}

/// Copies the schema at `scanner`; what is no object says nothing more than yes or no.
fn copy(scanner: &mut Scanner<'_>, make: Make, out: &mut Vec<u8>) -> Result<(), Error> {
    if scanner.kind()? != Kind::Object {
        out.extend_from_slice(scanner.raw()?);
        return Ok(());
    }
    let mut rule = make();
    scanner.clone().members(&mut |scanner, key, _| {
        rule.look(key.raw, scanner.raw()?);
        Ok(())
    })?;
    let mut list = List::new(b'{', out);
    scanner.members(&mut |scanner, key, _| {
        let kind = scanner.kind()?;
        match rule.member(key.raw, kind) {
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
                value(key.raw, kind, scanner, make, out)?;
            }
        }
        Ok(())
    })?;
    if let Some(added) = rule.added() {
        list.next().extend_from_slice(added);
    }
    list.end(b'}');
    Ok(())
}

/// Copies the value of a member, which may hold schemas.
fn value(key: &[u8], kind: Kind, scanner: &mut Scanner<'_>, make: Make, out: &mut Vec<u8>) -> Result<(), Error> {
    match (key, kind) {
        (b"properties" | b"$defs" | b"definitions" | b"patternProperties" | b"dependentSchemas", Kind::Object) => {
            let mut list = List::new(b'{', out);
            scanner.members(&mut |scanner, key, _| {
                let out = list.next();
                key_into(key.raw, out);
                copy(scanner, make, out)
            })?;
            list.end(b'}');
        }
        (b"anyOf" | b"oneOf" | b"allOf" | b"prefixItems" | b"items", Kind::Array) => {
            let mut list = List::new(b'[', out);
            scanner.elements(&mut |scanner| copy(scanner, make, list.next()))?;
            list.end(b']');
        }
        (b"items" | b"additionalProperties" | b"not" | b"contains" | b"propertyNames" | b"if" | b"then" | b"else", _) => {
            copy(scanner, make, out)?;
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
