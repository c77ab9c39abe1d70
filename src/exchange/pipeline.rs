//! `pipeline` of `openrouter_metadata`: which plugins have changed the request or the answer.
//!
//! See <https://openrouter.ai/docs/guides/features/router-metadata#pipeline-stages>. `data` has no schema there.

use super::Exchange;
use crate::chat::{Name, Request};
use crate::json::Scanner;

// === impl Exchange ===

impl Exchange {
    /// Appends `,"pipeline":[…]`, if a plugin has done something: `is_healed` if that was response healing.
    pub(super) fn pipeline_into(&self, is_healed: bool, out: &mut Vec<u8>) {
        let mut stages = Vec::new();
        if let Some(compressed) = &self.compressed {
            let (original, left) = (messages(&self.request), messages(compressed));
            stages.push(format!(
                "{{\"type\":\"context_compression\",\"name\":\"context-compression\",\"data\":{{\"engine\":\"middle-out\",\
                 \"input_type\":\"messages\",\"original_count\":{original},\"compressed_count\":{left}}}}}"
            ));
        }
        if is_healed {
            let mode = if self.request.needs.json_schema { "json_schema" } else { "json_object" };
            stages.push(format!(
                "{{\"type\":\"response_healing\",\"name\":\"response-healing\",\"data\":{{\"mode\":\"{mode}\",\"improved\":true}}}}"
            ));
        }
        if !stages.is_empty() {
            out.extend_from_slice(b",\"pipeline\":[");
            out.extend_from_slice(stages.join(",").as_bytes());
            out.push(b']');
        }
    }
}

/// How many messages a request has.
fn messages(request: &Request) -> usize {
    let mut count = 0usize;
    if let Some(field) = request.fields().find(|field| field.name == Name::Messages) {
        _ = Scanner::new(field.raw).elements(&mut |scanner| {
            count = count.saturating_add(1);
            scanner.skip().map(|_| ())
        });
    }
    count
}
