//! AWS's event stream encoding, `application/vnd.amazon.eventstream`: binary messages with checksums, decoded as they come in.
//!
//! See <https://smithy.io/2.0/aws/amazon-eventstream.html>. A message is a prelude of 12 bytes (its length, that of its headers,
//! a checksum of the two), then headers, payload, and a checksum of all before. Numbers are big-endian, checksums CRC-32.

/// Cuts a byte stream into messages, whatever pieces the bytes come in.
#[derive(Debug)]
pub struct Decoder {
    max_message_bytes: usize,
    /// The beginning of a message that is not whole yet.
    buffer: Vec<u8>,
    broken: Option<InvalidStream>,
}

/// One message, its checksums already checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Message<'a> {
    headers: &'a [u8],
    /// The payload.
    pub payload: &'a [u8],
}

/// Why bytes are not a stream of messages. Nothing can be read behind it: the lengths are lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidStream {
    /// A checksum that is not that of the bytes.
    #[error("a message of the event stream has a wrong checksum")]
    Checksum,
    /// A message shorter than its own parts.
    #[error("a message of the event stream has an impossible length")]
    Length,
    /// A message larger than is taken.
    #[error("a message of the event stream is larger than the gateway takes")]
    TooLarge,
    /// An end within a message.
    #[error("the event stream ends within a message")]
    CutShort,
}

const PRELUDE: usize = 12;
/// Prelude and checksum, which every message has.
const LEAST: usize = PRELUDE + 4;

// === impl Decoder ===

impl Decoder {
    /// A decoder at the start of a stream, for messages of at most `max_message_bytes`.
    pub fn new(max_message_bytes: usize) -> Self {
        Self { max_message_bytes, buffer: Vec::new(), broken: None }
    }

    /// Takes the next bytes and calls `sink` with each message that they complete.
    ///
    /// Errors: if they are no messages, now or before. Messages in front of the fault have reached `sink`.
    pub fn feed(&mut self, bytes: &[u8], mut sink: impl FnMut(Message<'_>)) -> Result<(), InvalidStream> {
        if let Some(broken) = self.broken {
            return Err(broken);
        }
        let read = if self.buffer.is_empty() {
            self.drain(bytes, &mut sink).map(|rest| self.buffer.extend_from_slice(rest))
        } else {
            let mut buffer = std::mem::take(&mut self.buffer);
            buffer.extend_from_slice(bytes);
            self.drain(&buffer, &mut sink).map(<[u8]>::len).map(|rest| {
                buffer.drain(..buffer.len().saturating_sub(rest));
                self.buffer = buffer;
            })
        };
        self.broken = read.err();
        read
    }

    /// Ends the stream.
    ///
    /// Errors: if it was broken, or ends within a message.
    pub fn finish(&self) -> Result<(), InvalidStream> {
        match self.broken {
            Some(broken) => Err(broken),
            None if self.buffer.is_empty() => Ok(()),
            None => Err(InvalidStream::CutShort),
        }
    }

    /// Gives the messages that are whole in `bytes` and returns the rest, which is not.
    fn drain<'a>(&self, bytes: &'a [u8], sink: &mut impl FnMut(Message<'_>)) -> Result<&'a [u8], InvalidStream> {
        let mut rest = bytes;
        while let Some(prelude) = rest.first_chunk::<PRELUDE>() {
            let (message_bytes, header_bytes) = self.lengths(prelude)?;
            let Some((message, after)) = rest.split_at_checked(message_bytes) else { break };
            sink(Message::parse(message, header_bytes)?);
            rest = after;
        }
        Ok(rest)
    }

    /// The lengths that a prelude states: of the whole message and of its headers. Believed only after the checksum and the
    /// limit, so that no length from the network decides how much memory is taken.
    fn lengths(&self, prelude: &[u8; PRELUDE]) -> Result<(usize, usize), InvalidStream> {
        let (stated, checksum) = prelude.split_at(8);
        if crc32fast::hash(stated) != number(checksum) {
            return Err(InvalidStream::Checksum);
        }
        let (message, headers) = stated.split_at(4);
        let (message, headers) = (number(message) as usize, number(headers) as usize);
        if message < headers.saturating_add(LEAST) {
            return Err(InvalidStream::Length);
        }
        if message > self.max_message_bytes {
            return Err(InvalidStream::TooLarge);
        }
        Ok((message, headers))
    }
}

// === impl Message ===

impl<'a> Message<'a> {
    fn parse(message: &'a [u8], header_bytes: usize) -> Result<Self, InvalidStream> {
        let (checked, checksum) = message.split_last_chunk::<4>().ok_or(InvalidStream::Length)?;
        if crc32fast::hash(checked) != number(checksum) {
            return Err(InvalidStream::Checksum);
        }
        let (headers, payload) = checked.get(PRELUDE..).unwrap_or_default().split_at_checked(header_bytes).ok_or(InvalidStream::Length)?;
        Ok(Self { headers, payload })
    }

    /// The value of a header that is a string. `None` if there is none of this name, or headers before it cannot be read.
    pub fn header(&self, name: &str) -> Option<&'a [u8]> {
        let mut rest = self.headers;
        while !rest.is_empty() {
            let (length, after) = rest.split_first()?;
            let (key, after) = after.split_at_checked((*length).into())?;
            let (kind, after) = after.split_first()?;
            // https://smithy.io/2.0/aws/amazon-eventstream.html#headers: the types by number.
            let (is_string, (value, after)) = match kind {
                0 | 1 => (false, after.split_at_checked(0)?),
                2 => (false, after.split_at_checked(1)?),
                3 => (false, after.split_at_checked(2)?),
                4 => (false, after.split_at_checked(4)?),
                5 | 8 => (false, after.split_at_checked(8)?),
                9 => (false, after.split_at_checked(16)?),
                6 | 7 => {
                    let (length, after) = after.split_at_checked(2)?;
                    (*kind == 7, after.split_at_checked(number(length) as usize)?)
                }
                _ => return None,
            };
            if is_string && key == name.as_bytes() {
                return Some(value);
            }
            rest = after;
        }
        None
    }
}

/// A big-endian number of up to four bytes.
fn number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0, |number, byte| number << 8 | u32::from(*byte))
}

#[cfg(test)]
mod tests;
