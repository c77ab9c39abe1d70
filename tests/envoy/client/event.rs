//! The events of a stream, and what a client makes of them.

use std::time::Duration;

use serde_json::Value;

#[derive(Clone, Debug)]
pub struct Event {
    /// The event without its empty line.
    pub text: String,
    /// Since the request was sent.
    pub at: Duration,
}

impl Event {
    pub fn data(&self) -> Option<&str> {
        let mut rest = &*self.text;
        while let Some((line, after)) = rest.split_once('\n')
            && ["id: ", "event: ", "retry: "].iter().any(|field| line.starts_with(field))
        {
            rest = after;
        }
        rest.strip_prefix("data: ")
    }

    pub fn is_done(&self) -> bool {
        self.data() == Some("[DONE]")
    }

    pub fn json(&self) -> Option<Value> {
        let data = self.data().filter(|data| *data != "[DONE]")?;
        Some(serde_json::from_str(data).unwrap_or_else(|e| panic!("{e} in the event {data}")))
    }
}

/// The chunks among the events of a stream, which must end with `[DONE]`.
pub fn chunks(events: &[Event]) -> Vec<Value> {
    let done: Vec<usize> = (0..events.len()).filter(|i| events[*i].is_done()).collect();
    assert_eq!(done, [events.len() - 1], "one [DONE], at the end of {events:#?}");
    events.iter().filter_map(Event::json).collect()
}

/// The text that the chunks of a stream carry.
pub fn text(chunks: &[Value]) -> String {
    chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect()
}

/// The usage of a stream, which must come once, in the last chunk.
pub fn usage(chunks: &[Value]) -> Value {
    let with_usage: Vec<usize> = (0..chunks.len()).filter(|i| chunks[*i].get("usage").is_some()).collect();
    assert_eq!(with_usage, [chunks.len() - 1], "usage once, in the last of {chunks:#?}");
    chunks[chunks.len() - 1]["usage"].clone()
}
