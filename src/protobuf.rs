//! Protocol Buffers on the wire, as far as what Envoy hands over and takes needs it.
//!
//! See <https://protobuf.dev/programming-guides/encoding/>.

/// A field with its number.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field<'a> {
    /// A number, a truth or an enumeration.
    Varint(u64, u64),
    /// Eight bytes, such as a double.
    Fixed64(u64, [u8; 8]),
    /// A string, bytes or another message.
    Bytes(u64, &'a [u8]),
}

/// The next field and what follows it; `Some(None)` at the end, `None` if there is no field.
pub fn next_field(bytes: &[u8]) -> Option<Option<(Field<'_>, &[u8])>> {
    if bytes.is_empty() {
        return Some(None);
    }
    let (tag, bytes) = varint(bytes)?;
    let number = tag >> 3;
    Some(Some(match tag & 7 {
        0 => {
            let (value, rest) = varint(bytes)?;
            (Field::Varint(number, value), rest)
        }
        1 => {
            let (value, rest) = bytes.split_first_chunk()?;
            (Field::Fixed64(number, *value), rest)
        }
        2 => {
            let (length, rest) = varint(bytes)?;
            let (value, rest) = rest.split_at_checked(usize::try_from(length).ok()?)?;
            (Field::Bytes(number, value), rest)
        }
        _ => return None,
    }))
}

/// Appends the string or bytes `value` as field `number`.
pub fn bytes_into(number: u64, value: &[u8], out: &mut Vec<u8>) {
    varint_into(number << 3 | 2, out);
    varint_into(value.len() as u64, out);
    out.extend_from_slice(value);
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (index, byte) in bytes.iter().enumerate().take(10) {
        let shift = u32::try_from(index).ok()?.checked_mul(7)?;
        value |= u64::from(byte & 0x7f).checked_shl(shift)?;
        if byte & 0x80 == 0 {
            return Some((value, bytes.get(index.checked_add(1)?..)?));
        }
    }
    None
}

fn varint_into(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push((value & 0x7f) as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn what_is_written_is_read() {
        for length in [0, 1, 127, 128, 300, 70_000] {
            let value = vec![7; length];
            let mut bytes = Vec::new();
            bytes_into(3, &value, &mut bytes);
            bytes_into(4, b"next", &mut bytes);
            let Some(Some((field, rest))) = next_field(&bytes) else { panic!() };
            assert_eq!(field, Field::Bytes(3, &value));
            assert_eq!(next_field(rest), Some(Some((Field::Bytes(4, b"next"), &b""[..]))));
            assert!(next_field(&bytes[..length]).flatten().is_none(), "cut off");
        }
    }
}
