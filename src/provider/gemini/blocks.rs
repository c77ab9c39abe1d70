//! How the blocks of an answer's reasoning are counted.

/// The number of the block that is being told: thoughts in a row are one, and so is each signature.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    next: usize,
    is_open: bool,
}

impl Blocks {
    /// The block of a thought.
    pub(super) fn open(&mut self) -> usize {
        self.is_open = true;
        self.next
    }

    /// Something else than a thought came.
    pub(super) fn close(&mut self) {
        if std::mem::take(&mut self.is_open) {
            self.next = self.next.saturating_add(1);
        }
    }

    /// A block of its own.
    pub(super) fn single(&mut self) -> usize {
        self.close();
        let block = self.next;
        self.next = self.next.saturating_add(1);
        block
    }
}
