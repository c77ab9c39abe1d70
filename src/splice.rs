//! Byte-preserving edits: what is not replaced leaves exactly as it came, so provider prompt caches keep hitting.

use std::borrow::Cow;
use std::ops::Range;

/// Edits of a byte string, applied only when it is written out.
///
/// Invariant: the edited ranges do not overlap; [`Splice::finish`] puts them in order.
#[derive(Clone, Debug)]
pub struct Splice<'a> {
    source: &'a [u8],
    edits: Vec<(Range<usize>, Cow<'a, [u8]>)>,
}

/// A splice in order: pieces of the source and of the replacements.
#[derive(Debug)]
pub struct Pieces<'a> {
    pieces: Vec<Cow<'a, [u8]>>,
    len: usize,
}

// === impl Splice ===

impl<'a> Splice<'a> {
    /// No edits of `source`.
    pub fn new(source: &'a [u8]) -> Self {
        Self { source, edits: Vec::new() }
    }

    /// Puts `bytes` in the place of `range`. An empty range inserts, empty bytes remove.
    pub fn replace(&mut self, range: Range<usize>, bytes: impl Into<Cow<'a, [u8]>>) {
        self.edits.push((range, bytes.into()));
    }

    /// Removes those of the members of an object, or of the elements of an array, that do not stay, with the commas that go with
    /// them. `members` are all that there are, in order: where each stands from its first byte to its last, and whether it stays.
    pub fn retain(&mut self, members: &[(Range<usize>, bool)]) {
        // The members at the end that go take the comma before them along; the others the one after them.
        let last_kept = members.iter().rposition(|(_, stays)| *stays);
        let mut rest = members.iter().enumerate().peekable();
        while let Some((index, (place, stays))) = rest.next() {
            let next = rest.peek().map(|(_, (next, _))| next.start);
            if *stays {
                continue;
            }
            if last_kept.is_none_or(|last| index > last) {
                let end = members.last().map_or(place.end, |(last, _)| last.end);
                let start = last_kept.and_then(|last| members.get(last)).map_or(place.start, |(last, _)| last.end);
                return self.replace(start..end, Vec::new());
            }
            self.replace(place.start..next.unwrap_or(place.end), Vec::new());
        }
    }

    /// The pieces that make up the edited bytes.
    pub fn finish(mut self) -> Pieces<'a> {
        self.edits.sort_by_key(|(range, _)| range.start);
        let mut pieces = Vec::with_capacity(self.edits.len().saturating_mul(2).saturating_add(1));
        let mut at = 0;
        for (range, bytes) in self.edits {
            pieces.push(Cow::Borrowed(self.source.get(at..range.start).unwrap_or_default()));
            pieces.push(bytes);
            at = range.end.max(at);
        }
        pieces.push(Cow::Borrowed(self.source.get(at..).unwrap_or_default()));
        pieces.retain(|piece| !piece.is_empty());
        let len = pieces.iter().fold(0usize, |len, piece| len.saturating_add(piece.len()));
        Pieces { pieces, len }
    }
}

// === impl Pieces ===

/// Bytes made anew, in one piece.
impl From<Vec<u8>> for Pieces<'_> {
    fn from(bytes: Vec<u8>) -> Self {
        Self { len: bytes.len(), pieces: if bytes.is_empty() { Vec::new() } else { vec![Cow::Owned(bytes)] } }
    }
}

impl Pieces<'_> {
    /// The bytes, if they were made anew and are in one piece.
    pub fn into_owned(mut self) -> Option<Vec<u8>> {
        match (self.pieces.pop(), self.pieces.is_empty()) {
            (Some(Cow::Owned(bytes)), true) => Some(bytes),
            _ => None,
        }
    }

    /// Bytes in all.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The pieces, in order, none of them empty.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        self.pieces.iter().map(AsRef::as_ref)
    }

    /// The pieces in one.
    pub fn to_vec(&self) -> Vec<u8> {
        self.pieces.concat()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn edits_are_applied_in_order_of_place() {
        let mut splice = Splice::new(b"0123456789");
        splice.replace(8..9, &b""[..]);
        splice.replace(2..4, &b"two-three"[..]);
        splice.replace(10..10, &b"!"[..]);
        splice.replace(0..0, b"^".to_vec());
        let pieces = splice.finish();
        assert_eq!(pieces.to_vec(), b"^01two-three45679!");
        assert_eq!(pieces.len(), 18);
        assert!(pieces.iter().all(|piece| !piece.is_empty()));
    }

    #[test]
    fn what_goes_takes_its_comma_along() {
        let source = b"{\"a\":1, \"b\":2 ,\"c\":3}";
        let places = [1..6, 8..13, 15..20];
        for (stays, expected) in [
            ([true, true, true], "{\"a\":1, \"b\":2 ,\"c\":3}"),
            ([false, true, true], "{\"b\":2 ,\"c\":3}"),
            ([true, false, true], "{\"a\":1, \"c\":3}"),
            ([true, true, false], "{\"a\":1, \"b\":2}"),
            ([true, false, false], "{\"a\":1}"),
            ([false, true, false], "{\"b\":2}"),
            ([false, false, true], "{\"c\":3}"),
            ([false, false, false], "{}"),
        ] {
            let mut splice = Splice::new(source);
            splice.retain(&places.clone().into_iter().zip(stays).collect::<Vec<_>>());
            assert_eq!(String::from_utf8(splice.finish().to_vec()).unwrap(), expected, "{stays:?}");
        }
    }

    #[test]
    fn no_edits_leave_the_source() {
        assert_eq!(Splice::new(b"abc").finish().to_vec(), b"abc");
    }

    #[test]
    fn only_bytes_made_anew_can_be_taken_out() {
        assert_eq!(Pieces::from(b"new".to_vec()).into_owned(), Some(b"new".to_vec()));
        assert_eq!(Splice::new(b"abc").finish().into_owned(), None);
        let mut splice = Splice::new(b"abc");
        splice.replace(0..1, b"new".to_vec());
        assert_eq!(splice.finish().into_owned(), None);
        assert!(Pieces::from(Vec::new()).is_empty());
    }
}
