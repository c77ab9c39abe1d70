//! The five loads: what the client asks, what the provider answers, and how to tell that an answer is whole.

use std::fmt::Write;
use std::time::Duration;

use memchr::memmem;

/// The key that every request carries.
pub(crate) const KEY: &str = "sk-or-v1-bench";
/// The model that every request asks for.
pub(crate) const MODEL: &str = "openai/gpt-4o-mini";
/// The model of the load whose provider speaks Anthropic's format, and that provider's name for it.
pub(crate) const TRANSLATED_MODEL: &str = "anthropic/claude-sonnet-4.5";
/// What the body of such a request holds, as the client or as Signalbox wrote it.
pub(crate) const TRANSLATED_MARK: &[u8] = b"claude-sonnet";
/// Events of the stream, without its `[DONE]`: one with the role, the text, one with the finish reason, one with the usage.
pub(crate) const EVENTS: usize = 300;
/// Events of the stream that carry text; in Anthropic's format five others stand around as many.
pub(crate) const TEXT_EVENTS: usize = EVENTS - 3;
/// The provider's pause between two events: long enough that Envoy has read the one before, so that each event is a read of its own as
/// it is with a real provider.
pub(crate) const PAUSE: Duration = Duration::from_micros(200);
/// What the text of each event begins with, whatever its member is called; three digits, its number, follow.
pub(crate) const TEXT_MARK: &[u8] = b"\":\" w";
/// The end of each large prompt: a provider that sees it got all of the prompt.
pub(crate) const PROMPT_END: &[u8] = b"-- end of the document";

/// One kind of request, and how many of them a sample takes.
pub(crate) struct Load {
    /// What the table calls it.
    pub(crate) name: &'static str,
    /// The complete request, head and body.
    pub(crate) request: Vec<u8>,
    /// Whether the answer is a stream.
    pub(crate) streamed: bool,
    /// Whether the provider speaks Anthropic's format, which the client gets as it is but from Signalbox.
    pub(crate) translated: bool,
    /// Requests on each connection, for a sample of CPU time.
    pub(crate) cpu_requests: usize,
    /// Requests, one at a time, for a sample of latency.
    pub(crate) latency_requests: usize,
}

/// All five. A `quick` run takes small samples.
pub(crate) fn all(quick: bool) -> Vec<Load> {
    let size = |full: usize, small: usize| if quick { small } else { full };
    vec![
        Load {
            name: "100 B chat",
            request: request(&format!(
                r#"{{"model":"{MODEL}","messages":[{{"role":"user","content":"Say hello in one word, please."}}]}}"#
            )),
            streamed: false,
            translated: false,
            cpu_requests: size(1500, 600),
            latency_requests: size(500, 300),
        },
        Load {
            name: "300-event stream",
            request: request(&format!(
                r#"{{"model":"{MODEL}","stream":true,"messages":[{{"role":"user","content":"Tell me about signal boxes."}}]}}"#
            )),
            streamed: true,
            translated: false,
            cpu_requests: size(8, 3),
            latency_requests: size(4, 2),
        },
        Load {
            name: "300-event Anthropic stream",
            request: with_header(
                "x-bench-answer: anthropic",
                &request(&format!(
                    r#"{{"model":"{TRANSLATED_MODEL}","stream":true,"max_tokens":400,"messages":[{{"role":"user","content":"Tell me about signal boxes."}}]}}"#
                )),
            ),
            streamed: true,
            translated: true,
            cpu_requests: size(8, 3),
            latency_requests: size(4, 2),
        },
        Load {
            name: "100 KB prompt",
            request: request(&prompt(100_000)),
            streamed: false,
            translated: false,
            cpu_requests: size(400, 150),
            latency_requests: size(200, 80),
        },
        Load {
            name: "1 MB prompt",
            request: request(&prompt(1_000_000)),
            streamed: false,
            translated: false,
            cpu_requests: size(75, 30),
            latency_requests: size(40, 20),
        },
    ]
}

impl Load {
    /// Says what is wrong with an answer, if anything is: a broken run must not look fast.
    pub(crate) fn fault(&self, start_line: &str, body: &[u8]) -> Option<String> {
        let holds = |needle: &[u8]| memmem::find(body, needle).is_some();
        // A target that does not translate passes Anthropic's own events.
        let as_sent = self.translated && body.starts_with(b"event: message_start");
        let counted: &[u8] = if as_sent { b"\"output_tokens\":297" } else { b"\"total_tokens\":" };
        let end: &[u8] = if as_sent { b"{\"type\":\"message_stop\"}\n\n" } else { b"data: [DONE]\n\n" };
        let fault = if !start_line.starts_with("HTTP/1.1 200 ") {
            "the status is not 200"
        } else if !holds(b"\"usage\":{") || !holds(counted) {
            "the answer has no usage"
        } else if self.streamed && !body.ends_with(end) {
            "the stream does not end as it has to"
        } else if self.streamed && memmem::find_iter(body, TEXT_MARK).count() != TEXT_EVENTS {
            "the stream lost events"
        } else {
            return None;
        };
        let shown = String::from_utf8_lossy(&body[..body.len().min(600)]);
        Some(format!("{}: {fault}: {start_line}\n{shown}", self.name))
    }
}

fn request(body: &str) -> Vec<u8> {
    format!(
        "POST /api/v1/chat/completions HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {KEY}\r\nuser-agent: signalbox-bench\r\n\
         accept: */*\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    )
    .into_bytes()
}

/// By which a filter is told what to read.
fn with_header(line: &str, request: &[u8]) -> Vec<u8> {
    let end = memmem::find(request, b"\r\n").expect("a request has lines");
    [&request[..end], b"\r\n", line.as_bytes(), &request[end..]].concat()
}

/// A request of about `size` bytes: a short instruction and one long document, escaped as clients escape text, with a quotation and a
/// line end about every 80 characters and some letters beyond ASCII.
fn prompt(size: usize) -> String {
    const LINES: [&str; 5] = [
        r#"the signaller at Zürich wrote \"line clear\" into the book before the express was due"#,
        r#"a lever frame of forty-two levers, each with a plate that reads \"do not pull twice\""#,
        r#"what the guard called \"naïve\" was a block working rule of 1889 that nobody repealed"#,
        r#"in the museum at Ōmiya (大宮) the board says \"interlocking\" under every one of them"#,
        r#"points first, then signals: \"no road, no train\" – and the bell code is given back"#,
    ];
    let mut body = format!(
        r#"{{"model":"{MODEL}","temperature":0.2,"messages":[{{"role":"system","content":"Answer from the document."}},{{"role":"user","content":""#
    );
    for (number, line) in LINES.iter().cycle().enumerate() {
        if body.len() + line.len() >= size {
            break;
        }
        write!(body, r"{number}: {line}\n").expect("a String takes every write");
    }
    body.push_str(std::str::from_utf8(PROMPT_END).expect("the mark is ASCII"));
    body.push_str(r#""}]}"#);
    body
}

/// The provider's answer to a request that is not streamed, as OpenAI words it.
pub(crate) fn answer() -> Vec<u8> {
    let body = concat!(
        r#"{"id":"chatcmpl-BENCHBENCHBENCHBENCHBENCHBENC","object":"chat.completion","created":1763683200,"model":"gpt-4o-mini-2024-07-18","#,
        r#""choices":[{"index":0,"message":{"role":"assistant","content":"Hello!","refusal":null},"logprobs":null,"finish_reason":"stop"}],"#,
        r#""usage":{"prompt_tokens":14,"completion_tokens":3,"total_tokens":17,"prompt_tokens_details":{"cached_tokens":0}},"#,
        r#""system_fingerprint":"fp_0123456789"}"#
    );
    format!("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// The provider's streamed answer: the writes it is made of. The head goes with the first event.
pub(crate) fn stream() -> Vec<Vec<u8>> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n";
    let event = |rest: &str| {
        format!(
            "data: {{\"id\":\"chatcmpl-BENCHBENCHBENCHBENCHBENCHBENC\",\"object\":\"chat.completion.chunk\",\"created\":1763683200,\
             \"model\":\"gpt-4o-mini-2024-07-18\",\"service_tier\":\"default\",\"system_fingerprint\":\"fp_0123456789\",{rest}}}\n\n"
        )
    };
    let choice = |delta: &str, finish_reason: &str| {
        event(&format!(r#""choices":[{{"index":0,"delta":{{{delta}}},"logprobs":null,"finish_reason":{finish_reason}}}],"usage":null"#))
    };
    let chunk = |data: &str| format!("{:x}\r\n{data}\r\n", data.len());

    let mut writes = vec![format!("{head}{}", chunk(&choice(r#""role":"assistant","content":"","refusal":null"#, "null")))];
    writes.extend((0..TEXT_EVENTS).map(|number| chunk(&choice(&format!(r#""content":" w{number:03}""#), "null"))));
    writes.push(chunk(&choice("", r#""stop""#)));
    writes.push(chunk(&event(
        r#""choices":[],"usage":{"prompt_tokens":14,"completion_tokens":297,"total_tokens":311,"prompt_tokens_details":{"cached_tokens":0}}"#,
    )));
    writes.push(format!("{}0\r\n\r\n", chunk("data: [DONE]\n\n")));
    writes.into_iter().map(String::into_bytes).collect()
}

/// The streamed answer of a provider that speaks Anthropic's format, with as many texts.
pub(crate) fn translated_stream() -> Vec<Vec<u8>> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream; charset=utf-8\r\ntransfer-encoding: chunked\r\n\r\n";
    let event = |kind: &str, rest: &str| format!("event: {kind}\ndata: {{\"type\":\"{kind}\"{rest}}}\n\n");
    let chunk = |data: &str| format!("{:x}\r\n{data}\r\n", data.len());
    let start = event(
        "message_start",
        concat!(
            r#","message":{"model":"claude-sonnet-4-5-20250929","id":"msg_01BENCHBENCHBENCHBENCHBE","type":"message","role":"assistant","#,
            r#""content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":14,"cache_creation_input_tokens":0,"#,
            r#""cache_read_input_tokens":0,"cache_creation":{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"#,
            r#""output_tokens":1,"service_tier":"standard"}}"#
        ),
    );
    let block = event("content_block_start", r#","index":0,"content_block":{"type":"text","text":""}"#);
    let mut writes = vec![format!("{head}{}", chunk(&format!("{start}{block}")))];
    writes.extend((0..TEXT_EVENTS).map(|number| {
        chunk(&event("content_block_delta", &format!(r#","index":0,"delta":{{"type":"text_delta","text":" w{number:03}"}}"#)))
    }));
    let stop = event("content_block_stop", r#","index":0"#);
    let delta = event(
        "message_delta",
        concat!(
            r#","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"input_tokens":14,"cache_creation_input_tokens":0,"#,
            r#""cache_read_input_tokens":0,"output_tokens":297}"#
        ),
    );
    writes.push(chunk(&stop));
    writes.push(chunk(&delta));
    writes.push(format!("{}0\r\n\r\n", chunk(&event("message_stop", ""))));
    writes.into_iter().map(String::into_bytes).collect()
}
