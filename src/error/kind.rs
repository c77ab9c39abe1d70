//! OpenRouter's `error_type` vocabulary.

macro_rules! error_types {
    ($($variant:ident $name:literal $doc:literal,)+) => {
        /// OpenRouter's `error_type`: closed, so it can label stats.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum ErrorType { $(#[doc = $doc] $variant,)+ }

        impl ErrorType {
            /// Every value.
            pub const ALL: &[Self] = &[$(Self::$variant,)+];

            /// The name on the wire and in stats.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)+ }
            }
        }
    };
}

error_types! {
    Authentication "authentication" "The key, the client's or the provider's, was refused.",
    ContentPolicyViolation "content_policy_violation" "A content filter refused.",
    ContextLengthExceeded "context_length_exceeded" "The prompt is too long for the model.",
    InvalidRequest "invalid_request" "A request that cannot be served as it is.",
    NotFound "not_found" "No such path, model or endpoint.",
    PayloadTooLarge "payload_too_large" "A body above a limit.",
    PaymentRequired "payment_required" "Out of credit.",
    PermissionDenied "permission_denied" "Not allowed for this key.",
    PreconditionFailed "precondition_failed" "A condition of the request's headers does not hold.",
    ProviderOverloaded "provider_overloaded" "The provider has too much to do.",
    ProviderUnavailable "provider_unavailable" "The provider cannot be reached or gave no valid answer.",
    RateLimitExceeded "rate_limit_exceeded" "Too many requests or tokens.",
    Server "server" "A failure inside the gateway or the provider.",
    Timeout "timeout" "No answer in time.",
    Unprocessable "unprocessable" "Well-formed but refused for its meaning.",
}

impl ErrorType {
    /// The position in [`ErrorType::ALL`].
    pub fn index(self) -> usize {
        self as usize
    }

    /// The type that goes with an HTTP status.
    pub fn of_status(status: u16) -> Self {
        match status {
            401 => Self::Authentication,
            402 => Self::PaymentRequired,
            403 => Self::PermissionDenied,
            404 => Self::NotFound,
            408 | 504 | 524 => Self::Timeout,
            412 => Self::PreconditionFailed,
            413 => Self::PayloadTooLarge,
            422 => Self::Unprocessable,
            429 => Self::RateLimitExceeded,
            503 | 529 => Self::ProviderOverloaded,
            424 => Self::ProviderUnavailable,
            400..=499 => Self::InvalidRequest,
            500 => Self::Server,
            _ => Self::ProviderUnavailable,
        }
    }
}
