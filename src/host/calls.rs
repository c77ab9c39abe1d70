//! Host calls that cannot panic.
//!
//! The SDK's own panic on a status they do not expect, and a panic takes down every stream of the worker. A failure here is
//! `None` or nothing done, which every caller has to live with anyway: Envoy may have ended the stream in between.
//!
//! A call that returns data costs Envoy a way back into the VM for memory, some ten times a call that does not.

use std::ops::Range;
use std::ptr::null_mut;
use std::time::Duration;

use proxy_wasm::hostcalls;
use proxy_wasm::types::Status;

use crate::clock::{Clock, Millis};
use crate::headers::Header;
use crate::oauth::Refusal;

/// The maps that this module reads and writes.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Map {
    Request = 0,
    Response = 2,
    /// Of the HTTP call whose answer is being handled.
    CallResponse = 6,
}

/// The buffers that this module reads and writes.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum Buffer {
    Request = 0,
    Response = 1,
    /// Of the HTTP call whose answer is being handled.
    CallResponse = 4,
    PluginConfiguration = 7,
}

/// What Envoy does with the values of a metric.
#[derive(Clone, Copy)]
#[repr(u32)]
pub(super) enum MetricKind {
    Counter = 0,
    Gauge = 1,
    Histogram = 2,
}

/// A header map as Envoy serialises it.
#[derive(Debug)]
pub(super) struct Headers(Vec<u8>);

const OK: u32 = 0;

#[link(wasm_import_module = "env")]
unsafe extern "C" {
    fn proxy_get_current_time_nanoseconds(time: *mut u64) -> u32;
    fn proxy_get_buffer_bytes(buffer: u32, start: usize, max_size: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_buffer_bytes(buffer: u32, start: usize, size: usize, data: *const u8, data_size: usize) -> u32;
    fn proxy_get_header_map_pairs(map: u32, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_header_map_pairs(map: u32, data: *const u8, size: usize) -> u32;
    fn proxy_get_header_map_value(map: u32, key: *const u8, key_size: usize, value: *mut *mut u8, value_size: *mut usize) -> u32;
    fn proxy_replace_header_map_value(map: u32, key: *const u8, key_size: usize, value: *const u8, value_size: usize) -> u32;
    fn proxy_remove_header_map_value(map: u32, key: *const u8, key_size: usize) -> u32;
    fn proxy_get_property(path: *const u8, path_size: usize, data: *mut *mut u8, size: *mut usize) -> u32;
    fn proxy_set_property(path: *const u8, path_size: usize, data: *const u8, size: usize) -> u32;
    fn proxy_get_shared_data(key: *const u8, key_size: usize, data: *mut *mut u8, size: *mut usize, cas: *mut u32) -> u32;
    fn proxy_set_shared_data(key: *const u8, key_size: usize, data: *const u8, size: usize, cas: u32) -> u32;
    fn proxy_define_metric(kind: u32, name: *const u8, name_size: usize, id: *mut u32) -> u32;
    fn proxy_increment_metric(id: u32, offset: i64) -> u32;
    fn proxy_record_metric(id: u32, value: u64) -> u32;
    fn proxy_set_tick_period_milliseconds(period: u32) -> u32;
    fn proxy_set_effective_context(context: u32) -> u32;
    fn proxy_continue_stream(stream: u32) -> u32;
    fn proxy_call_foreign_function(
        name: *const u8,
        name_size: usize,
        arguments: *const u8,
        arguments_size: usize,
        data: *mut *mut u8,
        size: *mut usize,
    ) -> u32;
    fn proxy_send_local_response(
        status: u32,
        details: *const u8,
        details_size: usize,
        body: *const u8,
        body_size: usize,
        headers: *const u8,
        headers_size: usize,
        grpc_status: i32,
    ) -> u32;
}

/// What the host put into this VM's memory for us.
fn returned(status: u32, data: *mut u8, size: usize) -> Option<Vec<u8>> {
    if status != OK {
        return None;
    }
    if data.is_null() {
        return Some(Vec::new());
    }
    // SAFETY: the host got `data` from this module's allocator with exactly `size` bytes and hands it over.
    Some(unsafe { Vec::from_raw_parts(data, size, size) })
}

/// The clock of the host.
pub(super) struct HostClock;

impl Clock for HostClock {
    fn now(&self) -> Millis {
        let mut nanoseconds = 0;
        // SAFETY: the host writes one u64.
        let status = unsafe { proxy_get_current_time_nanoseconds(&mut nanoseconds) };
        Millis(if status == OK { nanoseconds / 1_000_000 } else { 0 })
    }
}

/// The configuration of the plugin that is being configured.
pub(super) fn plugin_configuration() -> Vec<u8> {
    buffer(Buffer::PluginConfiguration, 0, u32::MAX as usize).unwrap_or_default()
}

/// The bytes of a buffer from `start`, at most `max_size`; `None` if there is no such buffer now.
pub(super) fn buffer(buffer: Buffer, start: usize, max_size: usize) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host writes a pointer and a size.
    let status = unsafe { proxy_get_buffer_bytes(buffer as u32, start, max_size, &mut data, &mut size) };
    returned(status, data, size)
}

/// Puts `bytes` in the place of a whole buffer.
pub(super) fn replace_buffer(buffer: Buffer, bytes: &[u8]) {
    // SAFETY: the host reads `bytes`.
    unsafe { proxy_set_buffer_bytes(buffer as u32, 0, usize::MAX, bytes.as_ptr(), bytes.len()) };
}

/// Puts `bytes` at the end of a buffer.
pub(super) fn append_buffer(buffer: Buffer, bytes: &[u8]) {
    // SAFETY: the host reads `bytes`. A start behind the end appends.
    unsafe { proxy_set_buffer_bytes(buffer as u32, i32::MAX as usize, 0, bytes.as_ptr(), bytes.len()) };
}

/// All headers of a map.
pub(super) fn headers(map: Map) -> Option<Headers> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host writes a pointer and a size.
    let status = unsafe { proxy_get_header_map_pairs(map as u32, &mut data, &mut size) };
    returned(status, data, size).map(Headers)
}

/// Puts `headers` in the place of all headers of a map.
pub(super) fn replace_headers(map: Map, headers: &[Header<'_>]) {
    let data = serialize(headers);
    // SAFETY: the host reads `data`.
    unsafe { proxy_set_header_map_pairs(map as u32, data.as_ptr(), data.len()) };
}

/// The value of one header.
pub(super) fn header(map: Map, name: &str) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host reads `name` and writes a pointer and a size.
    let status = unsafe { proxy_get_header_map_value(map as u32, name.as_ptr(), name.len(), &mut data, &mut size) };
    returned(status, data, size)
}

/// Sets a header, in the place of all of that name.
pub(super) fn set_header(map: Map, name: &str, value: &[u8]) {
    // SAFETY: the host reads `name` and `value`.
    unsafe { proxy_replace_header_map_value(map as u32, name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
}

/// Removes all headers of a name.
pub(super) fn remove_header(map: Map, name: &[u8]) {
    // SAFETY: the host reads `name`.
    unsafe { proxy_remove_header_map_value(map as u32, name.as_ptr(), name.len()) };
}

/// The filter state `wasm.<name>` of the stream, which both roles share, or an attribute of Envoy's, its path joined by zero bytes
/// (<https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/advanced/attributes>).
pub(super) fn property(path: &str) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host reads `path` and writes a pointer and a size.
    let status = unsafe { proxy_get_property(path.as_ptr(), path.len(), &mut data, &mut size) };
    returned(status, data, size)
}

/// Sets the filter state `wasm.<name>` of the stream.
pub(super) fn set_filter_state(name: &str, value: &[u8]) {
    // SAFETY: the host reads `name` and `value`.
    unsafe { proxy_set_property(name.as_ptr(), name.len(), value.as_ptr(), value.len()) };
}

/// What all workers share under `key`, with the number that a change has to name.
pub(super) fn shared(key: &str) -> Option<(Vec<u8>, u32)> {
    let (mut data, mut size, mut cas) = (null_mut(), 0, 0);
    // SAFETY: the host reads `key` and writes a pointer, a size and a number.
    let status = unsafe { proxy_get_shared_data(key.as_ptr(), key.len(), &mut data, &mut size, &mut cas) };
    returned(status, data, size).map(|data| (data, cas))
}

/// Shares `data` with all workers; `false` if another worker changed it since `cas` was read (0: whatever it was).
pub(super) fn set_shared(key: &str, data: &[u8], cas: u32) -> bool {
    // SAFETY: the host reads `key` and `data`.
    let status = unsafe { proxy_set_shared_data(key.as_ptr(), key.len(), data.as_ptr(), data.len(), cas) };
    status == OK
}

/// Defines a metric.
pub(super) fn define_metric(kind: MetricKind, name: &str) -> Option<u32> {
    let mut id = 0;
    // SAFETY: the host reads `name` and writes a number.
    let status = unsafe { proxy_define_metric(kind as u32, name.as_ptr(), name.len(), &mut id) };
    (status == OK).then_some(id)
}

/// Adds to a counter.
pub(super) fn add_to_metric(id: u32, value: u64) {
    // SAFETY: no memory is involved.
    unsafe { proxy_increment_metric(id, i64::try_from(value).unwrap_or(i64::MAX)) };
}

/// Records a value of a histogram, or sets a gauge.
pub(super) fn record_metric(id: u32, value: u64) {
    // SAFETY: no memory is involved.
    unsafe { proxy_record_metric(id, value) };
}

/// Has Envoy call this plugin's `on_tick` each `period`, in the place of the period before.
pub(super) fn set_tick_period(period: Duration) {
    let period = u32::try_from(period.as_millis()).unwrap_or(u32::MAX).max(1);
    // SAFETY: no memory is involved.
    unsafe { proxy_set_tick_period_milliseconds(period) };
}

/// Lets the calls that follow be about the stream with this context, until the current callback is over; `false` if it has ended.
pub(super) fn act_for(context: u32) -> bool {
    // SAFETY: no memory is involved.
    unsafe { proxy_set_effective_context(context) == OK }
}

/// Lets a request that was held go on.
pub(super) fn resume_request() {
    const REQUEST: u32 = 0;
    // SAFETY: no memory is involved.
    unsafe { proxy_continue_stream(REQUEST) };
}

/// Calls a function that Envoy has beyond the ABI; `None` if it has none of this name, or if the function fails.
pub(super) fn foreign(name: &str, arguments: &[u8]) -> Option<Vec<u8>> {
    let (mut data, mut size) = (null_mut(), 0);
    // SAFETY: the host reads `name` and `arguments` and writes a pointer and a size.
    let status =
        unsafe { proxy_call_foreign_function(name.as_ptr(), name.len(), arguments.as_ptr(), arguments.len(), &mut data, &mut size) };
    returned(status, data, size)
}

/// Makes an HTTP call, whose number is what `on_http_call_response` says. The SDK has to know about it, so it is made by the SDK,
/// which panics on statuses that Envoy does not give here: of one that is not made Envoy says BadArgument or InternalFailure.
///
/// Errors: if it is not made.
pub(super) fn http_call(cluster: &str, headers: &[(&str, String)], body: Option<&[u8]>, timeout: Duration) -> Result<u32, Refusal> {
    let headers = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
    hostcalls::dispatch_http_call(cluster, headers, body, Vec::new(), timeout).map_err(|status| match status {
        Status::BadArgument => Refusal::NoCluster,
        _ => Refusal::Unreachable,
    })
}

/// Answers the request here. `details` is for Envoy's own logs.
pub(super) fn respond(status: u16, details: &str, headers: &[Header<'_>], body: &[u8]) {
    let headers = serialize(headers);
    // SAFETY: the host reads all of it.
    unsafe {
        proxy_send_local_response(
            u32::from(status),
            details.as_ptr(),
            details.len(),
            body.as_ptr(),
            body.len(),
            headers.as_ptr(),
            headers.len(),
            -1,
        )
    };
}

/// The host's form of a header map: the number of headers, the sizes of each name and value, then each with a zero byte behind.
fn serialize(headers: &[Header<'_>]) -> Vec<u8> {
    let size = |bytes: &[u8]| u32::try_from(bytes.len()).unwrap_or_default().to_le_bytes();
    let mut out = Vec::with_capacity(512);
    out.extend_from_slice(&u32::try_from(headers.len()).unwrap_or_default().to_le_bytes());
    for (name, value) in headers {
        out.extend_from_slice(&size(name));
        out.extend_from_slice(&size(value));
    }
    for (name, value) in headers {
        for bytes in [*name, *value] {
            out.extend_from_slice(bytes);
            out.push(0);
        }
    }
    out
}

// === impl Headers ===

impl Headers {
    /// Names and values.
    pub(super) fn iter(&self) -> impl Iterator<Item = Header<'_>> {
        self.places().map_while(|(name, value)| Some((self.0.get(name)?, self.0.get(value)?)))
    }

    /// The value of the first header called `name`.
    pub(super) fn find(&self, name: &[u8]) -> Option<&[u8]> {
        // By its size alone, most are known to be others.
        let is_it = |found: &Range<usize>| found.len() == name.len() && self.0.get(found.clone()) == Some(name);
        let (_, value) = self.places().find(|(found, _)| is_it(found))?;
        self.0.get(value)
    }

    /// Where each name and its value stand, by their sizes, which stand before all of them.
    fn places(&self) -> impl Iterator<Item = (Range<usize>, Range<usize>)> {
        let (count, rest) = self.0.split_first_chunk().unwrap_or((&[0; 4], &[]));
        let sizes = rest.as_chunks::<8>().0.iter().take(u32::from_le_bytes(*count) as usize);
        let mut at = sizes.len().saturating_mul(8).saturating_add(4);
        sizes.map(move |sizes| {
            let [a, b, c, d, e, f, g, h] = *sizes;
            let (name_size, value_size) = (u32::from_le_bytes([a, b, c, d]) as usize, u32::from_le_bytes([e, f, g, h]) as usize);
            let name = at..at.saturating_add(name_size);
            let value_at = name.end.saturating_add(1);
            let value = value_at..value_at.saturating_add(value_size);
            at = value.end.saturating_add(1);
            (name, value)
        })
    }
}
