//! Why a request is refused for the sake of the key that it came with.

use super::{ClientError, Error};

/// Why a key is refused: closed, so it can label stats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The model is none of the key's.
    Model,
    /// The providers that serve the model are none of the key's.
    Provider,
    /// The key is switched off.
    Disabled,
    /// The key's time is over.
    Expired,
}

impl Reason {
    /// Every reason.
    pub const ALL: &[Self] = &[Self::Model, Self::Provider, Self::Disabled, Self::Expired];

    /// The reason of an error; `None` if the key is not to blame.
    pub fn of(error: &Error) -> Option<Self> {
        match error {
            Error::Client(ClientError::ModelNotAllowed(_)) => Some(Self::Model),
            Error::Client(ClientError::ProviderNotAllowed { .. }) => Some(Self::Provider),
            Error::Client(ClientError::KeyDisabled) => Some(Self::Disabled),
            Error::Client(ClientError::KeyExpired) => Some(Self::Expired),
            _ => None,
        }
    }

    /// The name in stats.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Provider => "provider",
            Self::Disabled => "disabled",
            Self::Expired => "expired",
        }
    }

    /// The position in [`Reason::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }
}
