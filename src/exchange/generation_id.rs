//! The id by which an answer is known.

use crate::clock::Millis;

/// A new generation id: `gen-<seconds>-<20 letters and digits>`, the last of which are `suffix`.
pub fn generation_id(now: Millis, random: &mut fastrand::Rng, suffix: &str) -> Box<str> {
    // As long as it becomes, for as long as seconds have ten digits.
    let mut id = String::with_capacity(35);
    id.push_str("gen-");
    id.push_str(itoa::Buffer::new().format(now.as_secs()));
    id.push('-');
    id.extend(std::iter::repeat_with(|| random.alphanumeric()).take(20usize.saturating_sub(suffix.len())));
    id.push_str(suffix);
    id.into()
}
