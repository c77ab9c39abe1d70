//! A piece of reasoning in an answer.

/// A piece of reasoning as `reasoning_details` has it. `index` counts the blocks of reasoning of an answer.
///
/// See <https://openrouter.ai/docs/use-cases/reasoning-tokens>.
#[derive(Clone, Copy, Debug)]
pub struct Detail<'a> {
    /// Which block.
    pub index: usize,
    /// Whose: by it the provider knows its own again.
    pub format: &'static str,
    /// What.
    pub piece: Piece<'a>,
}

/// What a piece of reasoning is.
#[derive(Clone, Copy, Debug)]
pub enum Piece<'a> {
    /// Text.
    Text(&'a [u8]),
    /// What vouches for the text of the same block.
    Signature(&'a [u8]),
    /// A whole block: text, and what vouches for it.
    Signed(&'a [u8], &'a [u8]),
    /// Something that only the provider can read.
    Encrypted(&'a [u8]),
    /// The same, and the id of the tool call that it belongs to.
    Sealed(&'a [u8], &'a [u8]),
}

// === impl Detail ===

impl Detail<'_> {
    /// What a client sees of it as `reasoning`.
    pub(super) fn text(&self) -> &[u8] {
        match self.piece {
            Piece::Text(text) | Piece::Signed(text, _) => text,
            Piece::Signature(_) | Piece::Encrypted(_) | Piece::Sealed(..) => b"",
        }
    }

    /// Appends it.
    pub fn write(&self, out: &mut Vec<u8>) {
        let member = |name: &[u8], text: &[u8], out: &mut Vec<u8>| {
            out.extend_from_slice(name);
            out.extend_from_slice(text);
            out.push(b'"');
        };
        match self.piece {
            Piece::Text(text) => member(b"{\"type\":\"reasoning.text\",\"text\":\"", text, out),
            Piece::Signature(signature) => member(b"{\"type\":\"reasoning.text\",\"signature\":\"", signature, out),
            Piece::Signed(text, signature) => {
                member(b"{\"type\":\"reasoning.text\",\"text\":\"", text, out);
                member(b",\"signature\":\"", signature, out);
            }
            Piece::Encrypted(data) => member(b"{\"type\":\"reasoning.encrypted\",\"data\":\"", data, out),
            Piece::Sealed(data, id) => {
                member(b"{\"type\":\"reasoning.encrypted\",\"data\":\"", data, out);
                member(b",\"id\":\"", id, out);
            }
        }
        member(b",\"format\":\"", self.format.as_bytes(), out);
        out.extend_from_slice(b",\"index\":");
        out.extend_from_slice(itoa::Buffer::new().format(self.index).as_bytes());
        out.push(b'}');
    }
}
