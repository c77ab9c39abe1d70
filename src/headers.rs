//! Which headers go on: a provider sees of the client's, and the client of the provider's, only what is on a list.
//!
//! A list of what may pass cannot forget a credential, as a list of what may not could.

/// Whether a header of the client's request may reach a provider. Everything else stays here: keys, cookies, addresses, what
/// an SDK tells about its machine, and what Envoy tells itself.
pub fn reaches_provider(name: &[u8]) -> bool {
    matches!(
        name,
        b":method"
            | b":scheme"
            | b":path"
            | b":authority"
            | b"accept"
            | b"content-type"
            | b"content-length"
            | b"user-agent"
            | b"idempotency-key"
            | b"x-request-id"
            // Envoy's tracing writes these.
            | b"traceparent"
            | b"tracestate"
            | b"b3"
            | b"x-b3-traceid"
            | b"x-b3-spanid"
            | b"x-b3-parentspanid"
            | b"x-b3-sampled"
            | b"x-b3-flags"
    )
}

/// Whether a header of a provider's response may reach the client. Cookies, organisations and the limits of the operator's
/// account do not.
pub fn reaches_client(name: &[u8]) -> bool {
    matches!(
        name,
        b":status"
            | b"content-type"
            | b"content-length"
            | b"content-encoding"
            | b"transfer-encoding"
            | b"date"
            | b"server"
            | b"trailer"
            | b"connection"
    )
}
