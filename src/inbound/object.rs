//! JSON objects and arrays as slices of what they hold.

use crate::error::ClientError;
use crate::json::{Error, ErrorKind, Scanner, Text};

/// The members `names` of the object `value`, as they were written. What is `null` is absent.
///
/// Errors: if it is not an object.
pub(super) fn members<'a, const N: usize>(value: &'a [u8], names: [&str; N]) -> Result<[Option<&'a [u8]>; N], Error> {
    let mut found = [None; N];
    find(value, &names, &mut found)?;
    Ok(found)
}

/// The one copy of it, however many members are asked for: there are many callers, and the module is to be small.
#[inline(never)]
fn find<'a>(value: &'a [u8], names: &[&str], found: &mut [Option<&'a [u8]>]) -> Result<(), Error> {
    Scanner::new(value).object(|scanner, key, _| {
        let (key, value) = (key.bytes(), scanner.raw()?);
        for (name, place) in names.iter().zip(&mut *found) {
            if *key == *name.as_bytes() {
                *place = Some(value).filter(|value| *value != b"null");
            }
        }
        Ok(())
    })
}

/// The same of something that must be an object, which is called `at`.
///
/// Errors: if it is none.
pub(super) fn expect<'a, const N: usize>(value: &'a [u8], at: &str, names: [&str; N]) -> Result<[Option<&'a [u8]>; N], ClientError> {
    members(value, names).map_err(|error| wrong_type(error, at, "an object"))
}

/// Walks the array `value`, which is called `at`.
///
/// Errors: if it is not one, or `element` fails, which gets each element and its place.
pub(super) fn each<'a>(
    value: &'a [u8],
    at: &str,
    mut element: impl FnMut(&'a [u8], usize) -> Result<(), ClientError>,
) -> Result<(), ClientError> {
    walk(value, at, &mut element)
}

#[inline(never)]
fn walk<'a>(value: &'a [u8], at: &str, element: &mut dyn FnMut(&'a [u8], usize) -> Result<(), ClientError>) -> Result<(), ClientError> {
    let mut refused = None;
    let mut place = 0usize;
    let walked = Scanner::new(value).array(|scanner| {
        let value = scanner.raw()?;
        element(value, place).map_err(|error| {
            refused = Some(error);
            // The walk ends here; the reason is in `refused`.
            scanner.error(ErrorKind::Type)
        })?;
        place = place.saturating_add(1);
        Ok(())
    });
    match (refused, walked) {
        (Some(error), _) => Err(error),
        (None, walked) => walked.map_err(|error| wrong_type(error, at, "an array")),
    }
}

#[inline(never)]
fn wrong_type(error: Error, at: &str, expected: &str) -> ClientError {
    if error.kind == ErrorKind::Type { ClientError::invalid(at, expected) } else { error.into() }
}

/// `value` as a string.
#[inline(never)]
pub(super) fn text(value: Option<&[u8]>) -> Option<Text<'_>> {
    Scanner::new(value?).string().ok()
}

/// `value` as a whole number.
#[inline(never)]
pub(super) fn number(value: Option<&[u8]>) -> Option<u64> {
    std::str::from_utf8(value?).ok()?.parse().ok()
}

/// Appends all of `pieces`.
#[inline(never)]
pub(super) fn put(out: &mut Vec<u8>, pieces: &[&[u8]]) {
    pieces.iter().for_each(|piece| out.extend_from_slice(piece));
}

/// Appends `,` if something stands before it in its list or object.
#[inline(never)]
pub(super) fn comma(out: &mut Vec<u8>) {
    if !matches!(out.last(), None | Some(b'[' | b'{')) {
        out.push(b',');
    }
}

/// Appends `,"name":value`; `name` needs no escapes.
#[inline(never)]
pub(super) fn member(name: &str, value: &[u8], out: &mut Vec<u8>) {
    comma(out);
    put(out, &[b"\"", name.as_bytes(), b"\":", value]);
}

/// Appends `number`.
#[inline(never)]
pub(super) fn put_number(out: &mut Vec<u8>, number: u64) {
    out.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
}
