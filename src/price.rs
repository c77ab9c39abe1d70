//! Prices and what they come to: integers of money, rounded once.

use std::fmt;

use crate::{
    decimal::{Decimal, Unrepresentable},
    usage::Usage,
};

/// The highest price a configuration may name, in USD per million tokens (or per request).
///
/// A price above it was most likely meant per token or per thousand.
pub const MAX_PRICE_USD: u64 = 10_000;

/// The lowest price but 0: 0.0001 USD per million tokens, far below any list price.
const LOWEST_PRICE: u64 = 100_000;

/// An amount of 10⁻¹⁵ USD: fine enough for a token at a price of nine decimals per million.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct FemtoUsd(u64);

/// An amount of 10⁻⁹ USD: what an exchange costs, and what counters add up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct NanoUsd(u64);

/// What an endpoint asks for each token of a bucket of [`Usage`], and for each request.
///
/// The names are those of OpenRouter's `pricing` object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Price {
    /// A token of input that was not cached.
    pub prompt: FemtoUsd,
    /// A token of output text.
    pub completion: FemtoUsd,
    /// A request, whatever its tokens.
    pub request: FemtoUsd,
    /// A token of input read from the provider's cache.
    pub input_cache_read: FemtoUsd,
    /// A token of input written to the provider's cache, kept for five minutes.
    pub input_cache_write: FemtoUsd,
    /// A token of input written to the provider's cache, kept for an hour.
    pub input_cache_write_1h: FemtoUsd,
    /// A token of reasoning.
    pub internal_reasoning: FemtoUsd,
    /// A token of audio input.
    pub audio: FemtoUsd,
    /// A token of audio output.
    pub audio_output: FemtoUsd,
    /// A token of image output.
    pub image_output: FemtoUsd,
}

/// What an exchange cost: `usage.cost` and its two parts.
///
/// Invariant: `prompt + completion <= total`; the rest is the price of the request itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cost {
    /// All of it.
    pub total: NanoUsd,
    /// What the input came to.
    pub prompt: NanoUsd,
    /// What the output came to.
    pub completion: NanoUsd,
}

/// Why a number is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPrice {
    /// It is negative or above [`MAX_PRICE_USD`].
    #[error("out of range")]
    OutOfRange,
    /// It is so low that it was most likely meant per token or per thousand.
    #[error("too low")]
    TooLow,
    /// It has more than nine decimals (of USD per million tokens).
    #[error("too many decimals")]
    TooPrecise,
}

// === impl FemtoUsd ===

impl FemtoUsd {
    /// The price of one token, from USD per million tokens.
    ///
    /// Errors: if it is out of range, not 0 but below 0.0001, or has more than nine decimals.
    pub fn per_million_tokens(usd: Decimal) -> Result<Self, InvalidPrice> {
        let price = Self::within_range(usd, 9)?;
        if 0 < price.0 && price.0 < LOWEST_PRICE { Err(InvalidPrice::TooLow) } else { Ok(price) }
    }

    /// The price of one request, from USD.
    ///
    /// Errors: if it is out of range, or has more than fifteen decimals.
    pub fn per_request(usd: Decimal) -> Result<Self, InvalidPrice> {
        Self::within_range(usd, 15)
    }

    /// So many 10⁻¹⁵ USD.
    pub const fn new(femtos: u64) -> Self {
        Self(femtos)
    }

    /// The amount in 10⁻¹⁵ USD.
    pub const fn get(self) -> u64 {
        self.0
    }

    fn within_range(usd: Decimal, places: u32) -> Result<Self, InvalidPrice> {
        let limit = 10u64.checked_pow(places).and_then(|unit| unit.checked_mul(MAX_PRICE_USD));
        match usd.scaled(places) {
            Ok(femto) if Some(femto) <= limit => Ok(Self(femto)),
            Ok(_) | Err(Unrepresentable::OutOfRange) => Err(InvalidPrice::OutOfRange),
            Err(Unrepresentable::TooPrecise) => Err(InvalidPrice::TooPrecise),
        }
    }

    fn times(self, count: u64) -> u128 {
        // The product of two u64 always fits.
        u128::from(self.0).wrapping_mul(u128::from(count))
    }
}

/// USD as a decimal number: `0.00000015`, never an exponent, no trailing zero.
impl fmt::Display for FemtoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const FEMTOS: u64 = 1_000_000_000_000_000;
        let decimals = format!("{:015}", self.0 % FEMTOS);
        match (self.0 / FEMTOS, decimals.trim_end_matches('0')) {
            (whole, "") => write!(f, "{whole}"),
            (whole, decimals) => write!(f, "{whole}.{decimals}"),
        }
    }
}

// === impl NanoUsd ===

impl NanoUsd {
    /// No money.
    pub const ZERO: Self = Self(0);

    /// So many 10⁻⁹ USD.
    pub const fn new(nanos: u64) -> Self {
        Self(nanos)
    }

    /// An amount of USD as an upstream reports it; decimals past the ninth are cut off.
    ///
    /// `None` if it is negative or more than 18 thousand million.
    pub fn from_usd(usd: Decimal) -> Option<Self> {
        usd.truncated(9).map(Self)
    }

    /// The amount in 10⁻⁹ USD.
    pub const fn get(self) -> u64 {
        self.0
    }

    /// The sum, at most `u64::MAX`.
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The difference, at least zero.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }

    /// Appends the amount as a JSON number of USD: `0.0000203`, never an exponent, no trailing zero.
    pub fn write_usd(self, out: &mut Vec<u8>) {
        const NANOS: u64 = 1_000_000_000;
        let (whole, nanos) = (self.0 / NANOS, self.0 % NANOS);
        let mut number = itoa::Buffer::new();
        // As almost always.
        let whole = if whole == 0 { b"0" } else { number.format(whole).as_bytes() };
        out.extend_from_slice(whole);
        if nanos > 0 {
            // A one before the nine decimals keeps their leading zeros; it stands where the point belongs.
            let point = out.len();
            out.extend_from_slice(number.format(nanos.saturating_add(NANOS)).as_bytes());
            out.get_mut(point).into_iter().for_each(|one| *one = b'.');
            while out.pop_if(|last| *last == b'0').is_some() {}
        }
    }

    fn rounded_up(femto: u128) -> Self {
        Self(femto.div_ceil(1_000_000).try_into().unwrap_or(u64::MAX))
    }

    /// Rounds to the nearest; a half goes up.
    fn rounded(femto: u128) -> Self {
        const FEMTOS: u64 = 1_000_000;
        let femto = femto.saturating_add(u128::from(FEMTOS / 2));
        // All but absurd sums fit in 64 bits, which divide much faster.
        match u64::try_from(femto) {
            Ok(femto) => Self(femto / FEMTOS),
            Err(_) => Self(femto.checked_div(FEMTOS.into()).and_then(|nano| nano.try_into().ok()).unwrap_or(u64::MAX)),
        }
    }
}

impl fmt::Display for NanoUsd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = Vec::new();
        self.write_usd(&mut out);
        f.write_str(&String::from_utf8_lossy(&out))
    }
}

// === impl Price ===

impl Price {
    /// A price for input and output, from which every other one follows.
    ///
    /// Input of any kind costs `prompt`, output of any kind `completion`, and a request nothing;
    /// the caller then sets what differs.
    pub const fn new(prompt: FemtoUsd, completion: FemtoUsd) -> Self {
        Self {
            prompt,
            completion,
            request: FemtoUsd(0),
            input_cache_read: prompt,
            input_cache_write: prompt,
            input_cache_write_1h: prompt,
            internal_reasoning: completion,
            audio: prompt,
            audio_output: completion,
            image_output: completion,
        }
    }

    /// What endpoints are compared by: a token of input and one of output together.
    pub const fn ranking(&self) -> u64 {
        self.prompt.0.saturating_add(self.completion.0)
    }

    /// Whether nothing of it costs anything.
    pub fn is_zero(&self) -> bool {
        self.dearest_input() == FemtoUsd(0) && self.dearest_output() == FemtoUsd(0) && self.request == FemtoUsd(0)
    }

    /// The most that a request with so many tokens of input and output can cost, in whatever buckets they turn out to be. Rounded up.
    pub fn at_most(&self, input: u64, output: u64) -> NanoUsd {
        NanoUsd::rounded_up(self.input_at_most(input).saturating_add(self.dearest_output().times(output)))
    }

    /// How many tokens of output can be paid with `left` after so many tokens of input, in whatever buckets they turn out to be.
    pub fn affordable_output(&self, left: NanoUsd, input: u64) -> u64 {
        let left = u128::from(left.0).saturating_mul(1_000_000).saturating_sub(self.input_at_most(input));
        left.checked_div(u128::from(self.dearest_output().0)).and_then(|tokens| tokens.try_into().ok()).unwrap_or(u64::MAX)
    }

    fn input_at_most(&self, tokens: u64) -> u128 {
        self.dearest_input().times(tokens).saturating_add(self.request.times(1))
    }

    fn dearest_input(&self) -> FemtoUsd {
        self.prompt.max(self.input_cache_read).max(self.input_cache_write).max(self.input_cache_write_1h).max(self.audio)
    }

    fn dearest_output(&self) -> FemtoUsd {
        self.completion.max(self.internal_reasoning).max(self.audio_output).max(self.image_output)
    }

    /// Whether a prompt is cheaper where the provider has it in its cache.
    pub fn rewards_cache(&self) -> bool {
        self.input_cache_read < self.prompt
    }

    /// What this usage costs. The exact sum is rounded, not its parts, so that the parts
    /// never come to more than the whole.
    pub fn cost(&self, usage: &Usage) -> Cost {
        let sum = |parts: &[(FemtoUsd, u64)]| {
            parts.iter().fold(0u128, |sum, (price, count)| if *count == 0 { sum } else { sum.saturating_add(price.times(*count)) })
        };
        let prompt = sum(&[
            (self.prompt, usage.input),
            (self.input_cache_read, usage.cache_read),
            (self.input_cache_write, usage.cache_write_5m),
            (self.input_cache_write_1h, usage.cache_write_1h),
            (self.audio, usage.audio_input),
        ]);
        let tokens = prompt.saturating_add(sum(&[
            (self.completion, usage.output),
            (self.internal_reasoning, usage.reasoning),
            (self.audio_output, usage.audio_output),
            (self.image_output, usage.image_output),
        ]));
        let total = NanoUsd::rounded(tokens.saturating_add(self.request.times(1)));
        let prompt = NanoUsd::rounded(prompt);
        Cost { total, prompt, completion: NanoUsd::rounded(tokens).saturating_sub(prompt) }
    }
}

// === impl Cost ===

impl Cost {
    /// The same exchange at the total that its provider reported, which wins over a computed one.
    pub fn at(self, total: NanoUsd) -> Self {
        let prompt = self.prompt.min(total);
        Self { total, prompt, completion: total.saturating_sub(prompt) }
    }
}

#[cfg(test)]
mod tests;
