//! Requests of other APIs, and what goes back.
