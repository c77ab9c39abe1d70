//! A connection to a stub provider: requests are read and answered as scripted.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{Shutdown, TcpStream},
    sync::atomic::Ordering,
    thread,
    time::Duration,
};

use super::{Received, State};
use crate::envoy::reply::{Ending, Reply};

pub fn serve(connection: TcpStream, state: &State) {
    connection.set_nodelay(true).unwrap();
    while let Some(request) = read_request(&connection) {
        let script = state.scripts.lock().unwrap().get(&request.model()).cloned();
        let reply = match script {
            Some(script) => script(&request),
            None => Reply::error(500, &format!("no script for the model {:?}", request.model())),
        };
        state.received.lock().unwrap().push(request);
        if write_reply(&connection, &reply).is_err() {
            state.cut_off.fetch_add(1, Ordering::Relaxed);
            return;
        }
        if reply.ending == Ending::Reset {
            return; // One byte of the request is still unread, and a socket closed so answers with RST.
        }
        (&connection).read_exact(&mut [0]).ok();
        match reply.ending {
            Ending::KeepAlive => {}
            Ending::Close | Ending::Reset => break,
            Ending::HalfClose | Ending::Silence => {
                if reply.ending == Ending::HalfClose {
                    connection.shutdown(Shutdown::Write).ok();
                }
                while (&connection).read(&mut [0; 64]).is_ok_and(|n| n > 0) {}
                state.cut_off.fetch_add(1, Ordering::Relaxed);
                break;
            }
        }
    }
    connection.shutdown(Shutdown::Both).ok();
}

pub fn write_reply(mut connection: &TcpStream, reply: &Reply) -> std::io::Result<()> {
    for (pause, bytes) in reply.on_the_wire() {
        thread::sleep(pause);
        connection.write_all(&bytes)?;
    }
    Ok(())
}

/// Reads a request but leaves its last byte in the socket: see `Ending::Reset`.
fn read_request(mut connection: &TcpStream) -> Option<Received> {
    let mut head = vec![0; head_length(connection)?];
    connection.read_exact(&mut head).ok()?;
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.split("\r\n");
    let path = lines.next()?.split(' ').nth(1)?.to_owned();
    let headers: Vec<(String, String)> =
        lines.filter_map(|line| line.split_once(':')).map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    let header = |name: &str| headers.iter().find(|(n, _)| n == name).map(|(_, value)| value.clone());
    let mut body = Vec::new();
    if header("transfer-encoding").is_some() {
        let mut reader = BufReader::with_capacity(1, connection);
        while let Some(piece) = read_chunk(&mut reader) {
            body.extend(piece);
        }
        connection.read_exact(&mut [0]).ok()?; // the CR that ends the body, not its LF
    } else if let Some(length) = header("content-length") {
        body.resize(length.parse().ok()?, 0);
        let last = body.len().checked_sub(1)?;
        connection.read_exact(&mut body[..last]).ok()?;
        connection.peek(&mut body[last..]).ok()?;
    }
    Some(Received { path, headers, body, head })
}

pub fn head_length(connection: &TcpStream) -> Option<usize> {
    let mut seen = vec![0; 65536];
    loop {
        let n = connection.peek(&mut seen).ok().filter(|n| *n > 0)?;
        if let Some(end) = seen[..n].windows(4).position(|window| window == b"\r\n\r\n") {
            return Some(end + 4);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// The next piece of a chunked body; `None` at its end, before the empty line.
pub fn read_chunk(reader: &mut impl BufRead) -> Option<Vec<u8>> {
    let mut line = String::new();
    reader.read_line(&mut line).ok()?;
    let length = usize::from_str_radix(line.trim(), 16).ok().filter(|length| *length > 0)?;
    let mut piece = vec![0; length + 2];
    reader.read_exact(&mut piece).ok()?;
    piece.truncate(length);
    Some(piece)
}
