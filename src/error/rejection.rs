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
