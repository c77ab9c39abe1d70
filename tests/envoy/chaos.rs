//! Providers that send broken bytes and clients that leave at any moment, drawn at random from a fixed seed: the VM survives them
//! all, every client gets an answer in order or a cut connection, and no exchange stays behind.

use std::{
    io::{Read, Write},
    net::TcpStream,
    thread,
    time::Duration,
};

use serde_json::json;

use super::{
    client::{KEY, Request},
    gateway::{Gateway, Shared, Use},
    reply::{Ending, Reply},
    setup::Setup,
    wire,
};

static GATEWAY: Shared = Shared::new(|| {
    let setup = Setup::new()
        .with("defaults", json!({"first_token_timeout": "300ms", "response_timeout": "300ms", "cooldown": "1s", "max_event_bytes": 2000}))
        .providers(&["first", "second"])
        .models(&["t/broken", "t/left", "t/well"], &["first", "second"]);
    let gateway = Gateway::start(setup);
    gateway.provider("first").answers("well", wire::completion("well"));
    gateway
});

/// https://en.wikipedia.org/wiki/Xorshift
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % sides as u64) as usize
    }

    /// Cut, flipped, repeated, or with something strange in it.
    fn mutilate(&mut self, mut bytes: Vec<u8>) -> Vec<u8> {
        const STRANGE: [&[u8]; 10] =
            [b"\0", b"\xff\xfe", b"\"", b"{", b"}]", b"\n\n", b"data: ", b"\\u", b"1e999999", b"\"usage\":{\"prompt_tokens\":-1}"];
        for _ in 0..=self.roll(4) {
            let at = self.roll(bytes.len().max(1));
            match self.roll(5) {
                0 => bytes.truncate(at),
                1 if !bytes.is_empty() => bytes[at] ^= 1 << self.roll(8),
                2 => drop(bytes.splice(at..at, STRANGE[self.roll(STRANGE.len())].iter().copied())),
                3 => {
                    let end = (at + self.roll(300)).min(bytes.len());
                    let piece = bytes[at..end].to_vec();
                    drop(bytes.splice(at..at, piece));
                }
                _ => drop(bytes.drain(at..(at + self.roll(50)).min(bytes.len()))),
            }
        }
        bytes
    }

    fn reply(&mut self) -> Reply {
        let events = wire::stream_events(&["Once ", "upon ", "a time"]).concat().into_bytes();
        let body = wire::completion_body("Once upon a time").to_string().into_bytes();
        let error = json!({"error": {"message": "no", "code": 7}}).to_string().into_bytes();
        let types = ["application/json", "text/event-stream", "text/event-stream", "", "text/html"];
        let whole = [events, body, error][self.roll(3)].clone();
        let mutilated = self.mutilate(whole);
        let status = [200, 200, 200, 200, 429, 500, 400, 299][self.roll(8)];
        let reply = Reply::new(status, types[self.roll(types.len())], mutilated);
        let reply =
            if self.roll(2) == 0 { reply } else { reply.in_pieces_of(1 + self.roll(200), Duration::from_millis(self.roll(2) as u64)) };
        match self.roll(8) {
            0 => reply.broken_off(Ending::Reset),
            1 => reply.broken_off(Ending::Close),
            2 => reply.until_closed(),
            3 => reply.header("retry-after", ["1", "-1", "\u{e9}", "1e99"][self.roll(4)]),
            _ => reply,
        }
    }
}

fn assert_well(gateway: &Gateway) {
    assert_eq!(gateway.ask("t/well").content(), "well");
}

#[test]
fn c12_broken_answers_never_break_the_gateway() {
    let gateway = Use::of(&GATEWAY);
    let mut dice = Dice(0x5eed_0001);
    for n in 0..700 {
        let reply = dice.reply();
        gateway.provider("first").answers("broken", reply.clone());
        gateway.provider("second").answers("broken", dice.reply());
        let order = json!({"stream": n % 2 == 0, "provider": {"order": ["first", "second"]}});
        let response = gateway.send(&Request::ask("t/broken", order));
        let text = response.text();
        assert!((200..600).contains(&response.status), "case {n}: {reply:?}");
        match response.header("content-type") {
            Some("application/json") if response.complete => drop(response.json()),
            Some(kind) if kind.starts_with("text/event-stream") && response.complete => {
                assert!(text.ends_with("data: [DONE]\n\n"), "case {n}: {text} for {reply:?}");
            }
            _ => assert!(!response.complete || response.status != 200, "case {n}: {} {text} for {reply:?}", response.status),
        }
        if n % 50 == 0 {
            assert_well(&gateway);
        }
    }
    assert_well(&gateway);
}

/// Leaves before, in the middle of or after the answer, while the provider does whatever it does.
fn visit(gateway: &Gateway, dice: &mut Dice) {
    let body =
        json!({"model": "t/left", "stream": dice.roll(2) == 0, "messages": [{"role": "user", "content": "hi ".repeat(dice.roll(3000))}]})
            .to_string();
    let head = format!(
        "POST /api/v1/chat/completions HTTP/1.1\r\nhost: h\r\nauthorization: Bearer {KEY}\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let mut connection = TcpStream::connect(gateway.address).unwrap();
    let mut request = (head + &body).into_bytes();
    if dice.roll(6) == 0 {
        request.truncate(dice.roll(request.len()));
    }
    connection.write_all(&request).unwrap();
    connection.set_read_timeout(Some(Duration::from_millis(1 + dice.roll(40) as u64))).unwrap();
    for _ in 0..dice.roll(4) {
        let _ = connection.read(&mut [0; 500]);
    }
}

#[test]
fn clients_that_leave_at_any_moment_leave_nothing_behind() {
    let gateway = Use::of(&GATEWAY);
    let mut dice = Dice(0x5eed_0002);
    let first: Vec<Reply> = (0..200).map(|_| dice.reply()).chain((0..40).map(|_| Reply::silence())).collect();
    let second = (0..200).map(|_| dice.reply()).collect();
    gateway.provider("first").answers_in_turn("left", first);
    gateway.provider("second").answers_in_turn("left", second);
    thread::scope(|scope| {
        for seed in 1..=6 {
            let gateway = &gateway;
            scope.spawn(move || {
                let mut dice = Dice(0x1234_5678 * seed);
                (0..80).for_each(|_| visit(gateway, &mut dice));
            });
        }
    });
    assert_well(&gateway);
    gateway.assert_idle();
}
