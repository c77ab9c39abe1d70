//! The inside of a string, a block of bytes at a time: where it stops, turns or leaves ASCII.

/// Bytes that are looked at together.
pub(super) const BLOCK: usize = 16;

/// Bytes that are looked at together where there are escapes.
const WIDE: usize = 64;

/// What the bytes of a wide block are, a bit for each, the first byte's the lowest.
#[derive(Default)]
struct Wide {
    quotes: u64,
    backslashes: u64,
    /// The bytes that may follow a backslash and end the escape.
    escapes: u64,
    /// Whether there is a control character.
    controls: bool,
    /// Whether there is a byte that is not ASCII.
    high: bool,
}

/// How many bytes of `bytes` are in whole blocks before the first in which a string stops or turns. Sets `high` when any of them is
/// not ASCII.
pub(super) fn plain(bytes: &[u8], high: &mut bool) -> usize {
    let mut length = 0usize;
    for block in bytes.as_chunks::<BLOCK>().0 {
        let (stops, tops) = masks(block);
        if stops != 0 {
            break;
        }
        *high |= tops != 0;
        length = length.wrapping_add(BLOCK);
    }
    length
}

/// How many bytes of `bytes` are in whole wide blocks that hold text and valid escapes and nothing else, and whether a backslash at
/// their end takes the byte behind them. Sets `high` when any of them is not ASCII.
///
/// No branch depends on where escapes of one character are: a document full of them is read nearly as fast as one without.
pub(super) fn escaped(bytes: &[u8], high: &mut bool) -> (usize, bool) {
    let mut length = 0usize;
    let mut taken = false;
    for block in bytes.as_chunks::<WIDE>().0 {
        let found = wide(block);
        let (escaped, next) = escaped_bytes(found.backslashes, taken);
        if found.controls || found.quotes & !escaped != 0 || !are_units(bytes, length, escaped & !found.escapes) {
            break;
        }
        *high |= found.high;
        taken = next;
        length = length.wrapping_add(WIDE);
    }
    (length, taken)
}

/// Whether each of these bytes of the wide block at `at` is the `u` of an escape, with its four digits.
fn are_units(bytes: &[u8], at: usize, mut escaped: u64) -> bool {
    while escaped != 0 {
        let unit = bytes.get(at.saturating_add(escaped.trailing_zeros() as usize)..).unwrap_or_default();
        if !matches!(unit, [b'u', digits @ ..] if digits.get(..4).is_some_and(is_hex)) {
            return false;
        }
        escaped &= escaped.wrapping_sub(1);
    }
    true
}

/// Whether `digits` are hexadecimal.
pub(super) fn is_hex(digits: &[u8]) -> bool {
    digits.iter().all(u8::is_ascii_hexdigit)
}

/// The bytes that have an active backslash before them, and whether the last byte of the block is an active backslash. `taken`:
/// whether one stands before the block.
///
/// In a run of backslashes every other one is active. Subtracting the run from its shifted self over a background of odd bits lets the
/// borrow alternate along the run (Langdale and Lemire, "Parsing gigabytes of JSON per second", 2019, section 3.1.1, in fewer steps).
fn escaped_bytes(backslashes: u64, taken: bool) -> (u64, bool) {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    let taken = u64::from(taken);
    let run = backslashes & !taken;
    let alternating = (run << 1 | ODD).wrapping_sub(run) ^ ODD;
    (alternating ^ (run | taken), (alternating & run) >> 63 == 1)
}

/// A bit for each byte of a block: whether a string stops or turns there, and whether it is not ASCII.
#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
pub(super) fn masks(block: &[u8; BLOCK]) -> (u32, u32) {
    use core::arch::wasm32::{i8x16_bitmask, i8x16_eq, u8x16_lt, u8x16_splat, v128_or};
    let bytes = vector(block);
    let quotes = i8x16_eq(bytes, u8x16_splat(b'"'));
    let backslashes = i8x16_eq(bytes, u8x16_splat(b'\\'));
    let controls = u8x16_lt(bytes, u8x16_splat(b' '));
    (u32::from(i8x16_bitmask(v128_or(v128_or(quotes, backslashes), controls))), u32::from(i8x16_bitmask(bytes)))
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
fn wide(block: &[u8; WIDE]) -> Wide {
    use core::arch::wasm32::{
        i8x16_bitmask, i8x16_eq, i8x16_swizzle, u8x16, u8x16_lt, u8x16_shr, u8x16_splat, v128_and, v128_any_true, v128_or,
    };
    // Which of `"/`, `\`, `bf`, `nrt` (in ASCII's rows 2, 5, 6 and 7) have this low half, and which row has this high half: 1, 2, 4, 8.
    let low = u8x16(0, 0, 0b1101, 0, 0b1000, 0, 0b0100, 0, 0, 0, 0, 0, 0b0010, 0, 0b0100, 0b0001);
    let row = u8x16(0, 0, 0b0001, 0, 0, 0b0010, 0b0100, 0b1000, 0, 0, 0, 0, 0, 0, 0, 0);
    let zero = u8x16_splat(0);
    let (mut found, mut controls, mut high) = (Wide::default(), zero, zero);
    for block in block.as_chunks::<BLOCK>().0.iter().rev() {
        let bytes = vector(block);
        let mask = |vector| u64::from(i8x16_bitmask(vector));
        found.quotes = found.quotes << BLOCK | mask(i8x16_eq(bytes, u8x16_splat(b'"')));
        found.backslashes = found.backslashes << BLOCK | mask(i8x16_eq(bytes, u8x16_splat(b'\\')));
        let of_row = v128_and(i8x16_swizzle(low, v128_and(bytes, u8x16_splat(0x0f))), i8x16_swizzle(row, u8x16_shr(bytes, 4)));
        found.escapes = found.escapes << BLOCK | mask(i8x16_eq(of_row, zero)) ^ 0xffff;
        controls = v128_or(controls, u8x16_lt(bytes, u8x16_splat(b' ')));
        high = v128_or(high, bytes);
    }
    found.controls = v128_any_true(controls);
    found.high = i8x16_bitmask(high) != 0;
    found
}

#[cfg(all(target_arch = "wasm32", target_feature = "simd128"))]
fn vector(block: &[u8; BLOCK]) -> core::arch::wasm32::v128 {
    let word = |half: &[u8]| half.try_into().map(u64::from_le_bytes).unwrap_or_default();
    let (low, top) = block.split_at(8);
    core::arch::wasm32::u64x2(word(low), word(top))
}

/// A bit for each byte of a block: whether a string stops or turns there, and whether it is not ASCII.
#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
pub(super) fn masks(block: &[u8; BLOCK]) -> (u32, u32) {
    block.iter().rev().fold((0, 0), |(stops, tops), byte| {
        let stop = matches!(byte, b'"' | b'\\' | 0..0x20);
        (stops << 1 | u32::from(stop), tops << 1 | u32::from(byte >> 7))
    })
}

#[cfg(not(all(target_arch = "wasm32", target_feature = "simd128")))]
fn wide(block: &[u8; WIDE]) -> Wide {
    block.iter().rev().fold(Wide::default(), |found, byte| Wide {
        quotes: found.quotes << 1 | u64::from(*byte == b'"'),
        backslashes: found.backslashes << 1 | u64::from(*byte == b'\\'),
        escapes: found.escapes << 1 | u64::from(matches!(byte, b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't')),
        controls: found.controls | (*byte < b' '),
        high: found.high | !byte.is_ascii(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    /// The bytes taken by an escape, one after the other.
    fn one_by_one(backslashes: u64, mut taken: bool) -> (u64, bool) {
        let mut escaped = 0;
        for bit in 0..u64::BITS {
            escaped |= u64::from(taken) << bit;
            taken = !taken && backslashes >> bit & 1 == 1;
        }
        (escaped, taken)
    }

    #[test]
    fn runs_of_backslashes_are_told_apart() {
        let mut random = fastrand::Rng::with_seed(7);
        for round in 0..20_000 {
            let sparse = random.u64(..) & random.u64(..);
            let backslashes = if round % 2 == 0 { sparse } else { !sparse };
            for taken in [false, true] {
                assert_eq!(escaped_bytes(backslashes, taken), one_by_one(backslashes, taken), "{backslashes:#x} {taken}");
            }
        }
    }

    #[test]
    fn every_byte_is_seen_for_what_it_is_in_every_place() {
        for byte in 0..=u8::MAX {
            for place in 0..WIDE {
                let mut block = [b'x'; WIDE];
                block[place] = byte;
                let found = wide(&block);
                let bit = |is: bool| u64::from(is) << place;
                assert_eq!(found.quotes, bit(byte == b'"'), "{byte} at {place}");
                assert_eq!(found.backslashes, bit(byte == b'\\'), "{byte} at {place}");
                assert_eq!(found.escapes, bit(b"\"\\/bfnrt".contains(&byte)), "{byte} at {place}");
                assert_eq!((found.controls, found.high), (byte < 0x20, byte > 0x7f), "{byte} at {place}");
            }
        }
    }
}
