//! Why a key's request is turned away: the vocabulary of `signalbox_key_rejections_total`.

use super::{ClientError, Error};

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
    Disabled "disabled" "It is switched off.",
    Expired "expired" "Its time is over.",
    Model "model" "The model is none of its own.",
    Provider "provider" "The providers that serve the model are none of its own.",
    Limit "limit" "What it may spend is spent, or reserved.",
    RequestsPerMinute "requests_per_minute" "It has made its requests of this minute.",
    RequestsPerDay "requests_per_day" "It has made its requests of this day.",
    TokensPerMinute "tokens_per_minute" "It has used its tokens of this minute.",
    FreeRequestsPerMinute "free_requests_per_minute" "It has made its requests to free models of this minute.",
    FreeRequestsPerDay "free_requests_per_day" "It has made its requests to free models of this day.",
}

impl KeyRejection {
    /// The rejection that an error is; `None` if the key is not to blame.
    pub fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Client(ClientError::KeyDisabled) => Some(Self::Disabled),
            Error::Client(ClientError::KeyExpired) => Some(Self::Expired),
            Error::Client(ClientError::ModelNotAllowed(_)) => Some(Self::Model),
            Error::Client(ClientError::ProviderNotAllowed { .. }) => Some(Self::Provider),
            _ => None,
        }
    }

    /// The position in [`KeyRejection::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}
