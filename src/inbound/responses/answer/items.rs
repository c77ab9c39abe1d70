//! The items of an answer: how each begins, goes on and ends, and the events that tell of it.

use super::super::item::{Item, Status, What, annotation_into};
use super::{Telling, sequence_into};
use crate::inbound::event;
use crate::inbound::nesting::Nesting;
use crate::inbound::object::{put, put_number};
use crate::inbound::said::{Call, Detail, list};
use crate::inbound::sealed::seal;
use crate::json::Text;

/// Where in an item its one part is.
const CONTENT: &[u8] = b",\"content_index\":0";
const SUMMARY: &[u8] = b",\"summary_index\":0";

// === impl Telling ===

impl Telling {
    /// Appends an event about the open item.
    fn about(&mut self, name: &str, place: &[u8], out: &mut Vec<u8>, write: &dyn Fn(&Item, &mut Vec<u8>)) {
        let sequence = self.number();
        if let Some(item) = &self.open {
            about(item, sequence, name, place, out, write);
        }
    }

    /// A new item, once it is told that it began.
    fn begin(&mut self, kind: &str, what: What, out: &mut Vec<u8>) -> Item {
        self.close(out);
        let [id, ..] = &self.head;
        let id = id.strip_prefix(b"\"").and_then(|id| id.strip_suffix(b"\"")).unwrap_or_default();
        let index = self.output.len();
        let id = [kind.as_bytes(), b"_", id, b"-", index.to_string().as_bytes()].concat();
        self.output.push(Vec::new());
        let item = Item { index, id, what, text: Vec::new(), logprobs: Vec::new() };
        about(&item, self.number(), "response.output_item.added", b"", out, &|item, out| {
            out.extend_from_slice(b",\"item\":");
            item.write(Status::InProgress, out);
        });
        item
    }

    /// Ends what is whole when something else begins: the open message or reasoning, and calls, but for those that are not all there.
    fn close(&mut self, out: &mut Vec<u8>) {
        let whole = self.calls.take_whole();
        self.take_logprobs();
        self.close_all(whole, Status::Completed, out);
    }

    /// Ends what is open where the answer ends.
    pub(super) fn close_last(&mut self, out: &mut Vec<u8>) {
        self.close_as(if self.incomplete.is_some() { Status::Incomplete } else { Status::Completed }, out);
    }

    pub(super) fn close_as(&mut self, status: Status, out: &mut Vec<u8>) {
        self.take_logprobs();
        let calls = self.calls.take_all();
        self.close_all(calls, status, out);
    }

    /// Puts the log probabilities that came since to the text that is being told. Appends them to nothing that is told.
    fn take_logprobs(&mut self) -> Vec<u8> {
        let Some(Item { what: What::Message { .. }, logprobs, .. }) = &mut self.open else { return Vec::new() };
        let new = std::mem::take(&mut self.early_logprobs);
        if !logprobs.is_empty() && !new.is_empty() {
            logprobs.push(b',');
        }
        logprobs.extend_from_slice(&new);
        new
    }

    fn close_all(&mut self, calls: Vec<Item>, status: Status, out: &mut Vec<u8>) {
        for call in calls {
            // What was cut off are others.
            let status = if call.is_closed() { Status::Completed } else { status };
            self.end_item(&call, status, out);
        }
        if let Some(item) = self.open.take() {
            self.end_item(&item, status, out);
        }
    }

    fn end_item(&mut self, item: &Item, status: Status, out: &mut Vec<u8>) {
        let text = |item: &Item, out: &mut Vec<u8>| put(out, &[b",\"text\":\"", &item.text, b"\""]);
        let part = |item: &Item, out: &mut Vec<u8>| {
            out.extend_from_slice(b",\"part\":");
            item.part(out);
        };
        match &item.what {
            What::Message { .. } => {
                about(item, self.number(), "response.output_text.done", CONTENT, out, &|item, out| {
                    text(item, out);
                    put(out, &[b",\"logprobs\":[", &item.logprobs, b"]"]);
                });
                about(item, self.number(), "response.content_part.done", CONTENT, out, &part);
                self.output_text.extend_from_slice(&item.text);
            }
            What::Refusal => {
                about(item, self.number(), "response.refusal.done", CONTENT, out, &|item, out| {
                    put(out, &[b",\"refusal\":\"", &item.text, b"\""]);
                });
                about(item, self.number(), "response.content_part.done", CONTENT, out, &part);
            }
            What::Image => {
                about(item, self.number(), "response.image_generation_call.completed", b"", out, &|_, _| {});
            }
            What::Reasoning { .. } if item.text.is_empty() => {}
            What::Reasoning { is_summary: true, .. } => {
                about(item, self.number(), "response.reasoning_summary_text.done", SUMMARY, out, &text);
                about(item, self.number(), "response.reasoning_summary_part.done", SUMMARY, out, &part);
            }
            What::Reasoning { .. } => {
                about(item, self.number(), "response.reasoning_text.done", CONTENT, out, &text);
                about(item, self.number(), "response.content_part.done", CONTENT, out, &part);
            }
            What::Call { name, .. } => {
                about(item, self.number(), "response.function_call_arguments.done", b"", out, &|item, out| {
                    put(out, &[b",\"name\":\"", name, b"\",\"arguments\":\"", &item.text, b"\""]);
                });
            }
        }
        about(item, self.number(), "response.output_item.done", b"", out, &|item, out| {
            out.extend_from_slice(b",\"item\":");
            item.write(status, out);
        });
        if let Some(place) = self.output.get_mut(item.index) {
            item.write(status, place);
        }
    }

    /// More of the open item.
    pub(super) fn more(&mut self, text: Text<'_>, out: &mut Vec<u8>) {
        let logprobs = self.take_logprobs();
        let delta = |_: &Item, out: &mut Vec<u8>| put(out, &[b",\"delta\":\"", text.raw, b"\""]);
        let Some(item) = &mut self.open else { return };
        let is_first = item.text.is_empty();
        match item.what {
            What::Message { .. } => self.about("response.output_text.delta", CONTENT, out, &|item, out| {
                delta(item, out);
                put(out, &[b",\"logprobs\":[", &logprobs, b"]"]);
            }),
            What::Refusal => self.about("response.refusal.delta", CONTENT, out, &delta),
            What::Reasoning { is_summary, .. } => {
                let (added, more, place) = match is_summary {
                    true => ("response.reasoning_summary_part.added", "response.reasoning_summary_text.delta", SUMMARY),
                    false => ("response.content_part.added", "response.reasoning_text.delta", CONTENT),
                };
                if is_first {
                    self.about(added, place, out, &|item, out| {
                        out.extend_from_slice(b",\"part\":");
                        item.part(out);
                    });
                }
                self.about(more, place, out, &delta);
            }
            // Those are in `calls`, and these are whole.
            What::Call { .. } | What::Image => {}
        }
        if let Some(item) = &mut self.open {
            item.text.extend_from_slice(text.raw);
        }
    }

    /// Goes on with the open item if it is `what`, else begins one.
    pub(super) fn message(&mut self, what: What, out: &mut Vec<u8>) {
        if self.open.as_ref().is_some_and(|item| std::mem::discriminant(&item.what) == std::mem::discriminant(&what)) {
            return;
        }
        self.open = Some(self.begin("msg", what, out));
        self.about("response.content_part.added", CONTENT, out, &|item, out| {
            out.extend_from_slice(b",\"part\":");
            item.part(out);
        });
    }

    /// Tells the annotations that are not told yet, if the text that they belong to is being told.
    pub(super) fn annotate(&mut self, out: &mut Vec<u8>) {
        if self.early.is_empty() || !matches!(self.open, Some(Item { what: What::Message { .. }, .. })) {
            return;
        }
        let mut early = std::mem::take(&mut self.early);
        early.push(b']');
        _ = list(&early, &mut |annotation| {
            let Some(Item { what: What::Message { annotations, annotated }, .. }) = &mut self.open else { return Ok(()) };
            let before = annotations.len();
            if annotation_into(annotation, annotations).is_ok_and(|is_told| is_told) {
                let place = *annotated;
                *annotated = place.saturating_add(1);
                self.about("response.output_text.annotation.added", CONTENT, out, &|item, out| {
                    out.extend_from_slice(b",\"annotation_index\":");
                    put_number(out, place);
                    let What::Message { annotations, .. } = &item.what else { return };
                    let annotation = annotations.get(before..).unwrap_or_default();
                    put(out, &[b",\"annotation\":", annotation.strip_prefix(b",").unwrap_or(annotation)]);
                });
            }
            Ok(())
        });
    }

    /// Goes on with the open reasoning if it is the same block, else begins some. OpenRouter tells thoughts as the item's content, and
    /// as its summary only what the provider calls one.
    pub(super) fn reasoning(&mut self, block: Option<u64>, is_summary: bool, format: Option<Text<'_>>, out: &mut Vec<u8>) {
        if matches!(self.open, Some(Item { what: What::Reasoning { block: open, .. }, .. }) if open == block) {
            return;
        }
        let format = format.unwrap_or_default().raw.to_vec();
        self.open = Some(self.begin("rs", What::Reasoning { block, is_summary, format, signature: Vec::new(), sealed: Vec::new() }, out));
    }

    pub(super) fn detail(&mut self, detail: &Detail<'_>, out: &mut Vec<u8>) {
        if detail.data.is_some() {
            // It stands for itself.
            self.close(out);
        }
        self.reasoning(detail.index, detail.kind.is("reasoning.summary"), detail.format, out);
        if let Some(text) = detail.text {
            self.more(text, out);
        }
        if let Some(Item { what: What::Reasoning { signature, sealed, .. }, .. }) = &mut self.open {
            signature.extend_from_slice(detail.signature.unwrap_or_default().raw);
            if detail.data.is_some() {
                *sealed = seal(detail);
            }
        }
        if detail.data.is_some() {
            self.close(out);
        }
    }

    /// Tells an image, of which a data URI holds the bytes and a response has them bare.
    pub(super) fn image(&mut self, url: Text<'_>, out: &mut Vec<u8>) {
        let bytes = url
            .raw
            .strip_prefix(b"data:")
            .and_then(|rest| rest.iter().position(|byte| *byte == b',').and_then(|at| rest.get(at..)?.get(1..)));
        let mut item = self.begin("ig", What::Image, out);
        item.text.extend_from_slice(bytes.unwrap_or(url.raw));
        self.end_item(&item, Status::Completed, out);
    }

    pub(super) fn call(&mut self, call: &Call<'_>, out: &mut Vec<u8>) {
        if !self.calls.has(call.index) {
            let [id, name] = [call.id, call.name].map(|text| text.unwrap_or_default().raw.to_vec());
            let item = self.begin("fc", What::Call { id, name, nesting: Nesting::default() }, out);
            self.calls.begin(call.index, item);
        }
        let Some(arguments) = call.arguments else { return };
        let sequence = self.sequence;
        // Only white space comes behind what is told.
        let Some(item) = self.calls.go_on(call.index, arguments) else { return };
        about(item, sequence, "response.function_call_arguments.delta", b"", out, &|_, out| {
            put(out, &[b",\"delta\":\"", arguments.raw, b"\""]);
        });
        self.number();
    }
}

/// Appends an event about `item`.
fn about(item: &Item, sequence: u64, name: &str, place: &[u8], out: &mut Vec<u8>, write: &dyn Fn(&Item, &mut Vec<u8>)) {
    event::named(name, out, &|out| {
        sequence_into(sequence, out);
        out.extend_from_slice(b",\"output_index\":");
        put_number(out, item.index as u64);
        // Those that are the item hold it, and the others name it.
        if !name.starts_with("response.output_item.") {
            put(out, &[b",\"item_id\":\"", &item.id, b"\"", place]);
        }
        write(item, out);
    });
}
