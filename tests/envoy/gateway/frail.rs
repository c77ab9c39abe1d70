//! The module with a flaw put into it, so that a VM can be lost as a bug would lose it: a request with trailers traps.

use std::{fs, path::Path};

/// The callback that no other test needs, and what it is in the place of.
const CALLBACK: &[u8] = b"proxy_on_request_trailers";

/// Writes a copy of `module` whose callback for the trailers of a request is `unreachable`.
///
/// See <https://webassembly.github.io/spec/core/binary/modules.html>.
pub fn copy(module: &Path, to: &Path) {
    let mut bytes = fs::read(module).unwrap();
    let (mut imports, mut function) = (0, None);
    let mut at = 8;
    while at < bytes.len() {
        let section = bytes[at];
        let (length, content) = number(&bytes, at + 1);
        match section {
            2 => imports = number(&bytes, content).0,
            7 => function = exported(&bytes, content),
            10 => trap(&mut bytes, content, function.expect("the callback is exported") - imports),
            _ => {}
        }
        at = content + length;
    }
    fs::write(to, bytes).unwrap();
}

/// The number of the function that is exported by the callback's name. (All that is imported are functions.)
fn exported(bytes: &[u8], section: usize) -> Option<usize> {
    let (count, mut at) = number(bytes, section);
    (0..count).find_map(|_| {
        let (length, name) = number(bytes, at);
        let (index, next) = number(bytes, name + length + 1);
        at = next;
        (&bytes[name..name + length] == CALLBACK).then_some(index)
    })
}

/// Puts `unreachable` in the place of a function's body, which stays as long as it is: no locals, the trap, and `nop` to the end.
fn trap(bytes: &mut [u8], section: usize, place: usize) {
    let (_, mut at) = number(bytes, section);
    for _ in 0..place {
        let (length, body) = number(bytes, at);
        at = body + length;
    }
    let (length, body) = number(bytes, at);
    bytes[body..body + length].fill(0x01);
    bytes[body..body + 2].fill(0x00);
    bytes[body + length - 1] = 0x0b;
}

/// A number in LEB128, and what follows it.
fn number(bytes: &[u8], mut at: usize) -> (usize, usize) {
    let (mut number, mut shift) = (0, 0);
    loop {
        let byte = bytes[at];
        number |= usize::from(byte & 0x7f) << shift;
        at += 1;
        shift += 7;
        if byte < 0x80 {
            return (number, at);
        }
    }
}
