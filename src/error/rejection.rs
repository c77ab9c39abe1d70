//! Why a key's request is turned away: the vocabulary of `signalbox_key_rejections_total`.

macro_rules! rejections {
    ($($variant:ident $name:literal $doc:literal,)+) => {
        /// Why a request of a known key is turned away: closed, so it can label stats.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum KeyRejection { $(#[doc = $doc] $variant,)+ }

        impl KeyRejection {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name in stats.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

rejections! {
    Limit "limit" "What it may spend is spent, or reserved.",
    RequestsPerMinute "requests_per_minute" "It has made its requests of this minute.",
    RequestsPerDay "requests_per_day" "It has made its requests of this day.",
    TokensPerMinute "tokens_per_minute" "It has used its tokens of this minute.",
    FreeRequestsPerMinute "free_requests_per_minute" "It has made its requests to free models of this minute.",
    FreeRequestsPerDay "free_requests_per_day" "It has made its requests to free models of this day.",
}

impl KeyRejection {
    /// The position in [`KeyRejection::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}
