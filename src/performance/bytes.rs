//! The form in which workers share what they count: little-endian numbers, one after the other.

/// What can be shared.
pub(super) trait Bytes {
    /// Reads what [`Bytes::write`] wrote; what is missing is nothing.
    fn read(reader: &mut Reader<'_>) -> Self;

    /// Appends it.
    fn write(&self, out: &mut Vec<u8>);
}

/// Bytes that are read from their start; behind their end there are zeros.
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

// === impl Reader ===

impl Reader<'_> {
    pub(super) fn u8(&mut self) -> u8 {
        let [byte] = self.take();
        byte
    }

    pub(super) fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    pub(super) fn u32(&mut self) -> u32 {
        u32::from_le_bytes(self.take())
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        match self.0.split_first_chunk() {
            Some((bytes, rest)) => {
                self.0 = rest;
                *bytes
            }
            None => {
                self.0 = &[];
                [0; N]
            }
        }
    }
}
