//! The id by which an answer is known.

use crate::clock::Millis;

/// The letters and digits of ids.
pub const ALPHANUMERIC: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// Letters that a random number of 32 bits is made into: each is as likely as the others, to less than a percent.
const AT_ONCE: usize = 4;

/// A new generation id: `gen-<seconds>-<20 letters and digits>`, the last of which are `suffix`.
pub fn generation_id(now: Millis, random: &mut fastrand::Rng, suffix: &[u8]) -> Box<str> {
    // As long as it becomes, for as long as seconds have ten digits.
    let mut id = String::with_capacity(35);
    id.push_str("gen-");
    id.push_str(itoa::Buffer::new().format(now.as_secs()));
    id.push('-');
    let mut rest = 0;
    for place in 0..20usize.saturating_sub(suffix.len()) {
        if place % AT_ONCE == 0 {
            rest = random.u32(..);
        }
        id.extend(ALPHANUMERIC.get((rest % 62) as usize).copied().map(char::from));
        rest /= 62;
    }
    id.extend(suffix.iter().copied().map(char::from));
    id.into()
}
