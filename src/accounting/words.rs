//! Numbers as they are shared: 64 bits each, one after the other.

/// What is left of the numbers to be read; zeros after the last.
pub(super) struct Words<'a>(std::slice::Iter<'a, [u8; 8]>);

// === impl Words ===

impl<'a> Words<'a> {
    pub(super) fn of(bytes: &'a [u8]) -> Self {
        Self(bytes.as_chunks::<8>().0.iter())
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0.next().map(|word| u64::from_le_bytes(*word)).unwrap_or_default()
    }
}
