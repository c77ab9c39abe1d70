//! Which endpoint a conversation was last served by, so that the provider's prompt cache is hit: what all workers of one Envoy share.
//!
//! See <https://openrouter.ai/docs/guides/best-practices/prompt-caching#provider-sticky-routing>.

use crate::chat::Request;
use crate::clock::Millis;
use crate::config::Key;
use crate::endpoint::Endpoint;
use crate::endpoint::EndpointKey;

/// A conversation of a key with a model: a hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conversation(u64);

/// Where a conversation was, and when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Held {
    /// The endpoint.
    pub endpoint: EndpointKey,
    /// When it last served the conversation, to the minute.
    pub at: Millis,
}

/// A request's conversation, and where it was when the request was planned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sticky {
    /// Which.
    pub conversation: Conversation,
    /// Whether the client named it. One that is only known by its messages is held from the first use of a prompt cache on.
    pub is_named: bool,
    /// Where it was.
    pub held: Option<Held>,
}

/// What a settled exchange changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// The conversation is here now.
    Hold(Conversation, EndpointKey),
    /// It is nowhere.
    Forget(Conversation),
}

/// Some of the conversations. Bounded: the one that was idle for longest gives way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shard(Vec<(Conversation, Held)>);

/// How long a conversation may be idle: ten minutes.
const IDLE: u64 = 600_000;
/// How old a time may be that is not written anew.
const STALE: u64 = 60_000;
/// How many shards there are.
pub const SHARDS: u64 = 1024;
/// The most conversations of a shard.
const MOST: usize = 16;
const ENTRY_BYTES: usize = 24;
/// Of a longer message, this much at its start and at its end counts.
const LOOKED_AT: usize = 1024;

// === impl Conversation ===

impl Conversation {
    /// The conversation that `request` of `key` continues, and whether the client named it: by `session_id`, else by the header
    /// `x-session-id`, else by `prompt_cache_key`. If it did not, the first system message and the first other one say which it is.
    pub fn of(request: &Request, key: &Key, header: Option<&[u8]>) -> (Self, bool) {
        let name = request.session_id().or(header.filter(|header| !header.is_empty())).or_else(|| request.prompt_cache_key());
        let hash = fold(0, key.name.as_bytes());
        let hash = fold(hash, request.models.first().map_or(&[], |model| model.as_bytes()));
        match name {
            Some(name) => (Self(fold(hash, name)), true),
            None => (Self(request.opening().fold(hash, fold)), false),
        }
    }

    /// The shard that it is in.
    pub fn shard(self) -> u64 {
        self.0 % SHARDS
    }
}

/// Adds `bytes` to a hash. It is the same in every build, and no secret: who finds two conversations of his own that collide has them
/// stick together.
fn fold(hash: u64, bytes: &[u8]) -> u64 {
    const PRIME: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(23) ^ word).wrapping_mul(PRIME);
    let mut hash = mix(hash, bytes.len() as u64);
    let (start, rest) = bytes.split_at(bytes.len().min(LOOKED_AT));
    let end = rest.get(rest.len().saturating_sub(LOOKED_AT)..).unwrap_or_default();
    for part in [start, end] {
        let (words, tail) = part.as_chunks::<8>();
        hash = words.iter().fold(hash, |hash, word| mix(hash, u64::from_le_bytes(*word)));
        hash = tail.iter().fold(hash, |hash, byte| mix(hash, u64::from(*byte)));
    }
    hash ^ hash >> 29
}

// === impl Sticky ===

impl Sticky {
    /// Whether it is to stay at `endpoint` once it was there: where the client names it, or where that can pay, as the prompt is cheaper
    /// from the cache.
    pub fn may_stay_at(&self, endpoint: &Endpoint) -> bool {
        self.is_named || endpoint.price.rewards_cache()
    }

    /// What follows from an exchange: `served` by an endpoint, where it made use of a prompt `cache`, or by none; `failed` says of an
    /// endpoint whether it was asked in vain.
    pub fn change(&self, served: Option<&Endpoint>, cache: bool, failed: impl Fn(EndpointKey) -> bool, now: Millis) -> Option<Change> {
        let served = served.filter(|endpoint| self.may_stay_at(endpoint)).map(|endpoint| endpoint.key);
        match (served, self.held) {
            (Some(endpoint), Some(held)) if held.endpoint == endpoint => {
                (now.since(held.at) >= STALE).then_some(Change::Hold(self.conversation, endpoint))
            }
            (Some(endpoint), _) if self.is_named || cache => Some(Change::Hold(self.conversation, endpoint)),
            (_, Some(held)) if failed(held.endpoint) => Some(Change::Forget(self.conversation)),
            _ => None,
        }
    }
}

// === impl Change ===

impl Change {
    /// What it is about.
    pub fn conversation(&self) -> Conversation {
        match self {
            Self::Hold(conversation, _) | Self::Forget(conversation) => *conversation,
        }
    }
}

// === impl Shard ===

impl Shard {
    /// Reads what [`Shard::to_bytes`] wrote; bytes of any other shape are no conversations.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let (entries, _) = bytes.as_chunks::<ENTRY_BYTES>();
        let word = |entry: &[u8; ENTRY_BYTES], at: usize| {
            entry.get(at..).and_then(|bytes| bytes.first_chunk().copied()).map(u64::from_le_bytes).unwrap_or_default()
        };
        let entries = entries.iter().take(MOST);
        Self(
            entries
                .map(|entry| {
                    let held = Held { endpoint: EndpointKey::of_hash(word(entry, 8)), at: Millis(word(entry, 16)) };
                    (Conversation(word(entry, 0)), held)
                })
                .collect(),
        )
    }

    /// The bytes to share.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0
            .iter()
            .flat_map(|(conversation, held)| [conversation.0, held.endpoint.hash(), held.at.0])
            .flat_map(u64::to_le_bytes)
            .collect()
    }

    /// Where `conversation` is at `now`.
    pub fn held(&self, conversation: Conversation, now: Millis) -> Option<Held> {
        let found = self.0.iter().find(|(known, held)| *known == conversation && now.since(held.at) < IDLE);
        found.map(|(_, held)| *held)
    }

    /// Changes it at `now`, and forgets what has been idle for too long.
    pub fn apply(&mut self, change: Change, now: Millis) {
        self.0.retain(|(known, held)| *known != change.conversation() && now.since(held.at) < IDLE);
        if let Change::Hold(conversation, endpoint) = change {
            if self.0.len() >= MOST {
                // The oldest stands first.
                self.0.remove(0);
            }
            self.0.push((conversation, Held { endpoint, at: now }));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    fn key(name: &str) -> Key {
        Key { name: name.into(), ..Key::default() }
    }

    fn conversation(key_name: &str, body: &str, header: Option<&[u8]>) -> (Conversation, bool) {
        let request = Request::parse(body.as_bytes().to_vec(), None, 3).unwrap();
        Conversation::of(&request, &key(key_name), header)
    }

    #[test]
    fn a_conversation_is_known_by_its_first_messages() {
        let opening = r#"{"role":"system","content":"Be kind."},{"role":"user","content":"Hi"}"#;
        let ask = |messages: &str| conversation("a", &format!(r#"{{"model":"m/a","messages":[{messages}]}}"#), None);
        let first = ask(opening);
        assert!(!first.1);
        assert_eq!(ask(&format!(r#"{opening},{{"role":"assistant","content":"Hello"}},{{"role":"user","content":"More"}}"#)), first);
        for other in [
            r#"{"role":"system","content":"Be kind!"},{"role":"user","content":"Hi"}"#,
            r#"{"role":"system","content":"Be kind."},{"role":"user","content":"Hi!"}"#,
            r#"{"role":"user","content":"Hi"}"#,
        ] {
            assert_ne!(ask(other).0, first.0, "{other}");
        }
        let body = format!(r#"{{"model":"m/a","messages":[{opening}]}}"#);
        assert_ne!(conversation("b", &body, None).0, first.0, "of another key");
        assert_ne!(conversation("a", &body.replace("m/a", "m/b"), None).0, first.0, "with another model");
        let long = |end: char| format!(r#"{{"role":"user","content":"{}{end}"}}"#, "x".repeat(10_000));
        assert_ne!(ask(&long('a')).0, ask(&long('b')).0);
    }

    #[test]
    fn a_name_says_it_too_and_the_body_wins() {
        let named = |more: &str, header: Option<&[u8]>| {
            conversation("a", &format!(r#"{{"model":"m/a",{more}"messages":[{{"role":"user","content":"{}"}}]}}"#, more.len()), header)
        };
        let body = named(r#""session_id":"s-1","#, Some(b"other"));
        assert!(body.1);
        assert_eq!(named("", Some(b"s-1")), body);
        assert_eq!(named(r#""session_id":null,"prompt_cache_key":"s-1","#, None), body);
        assert_eq!(named(r#""session_id":"","#, Some(b"s-1")), body);
        assert_ne!(named("", Some(b"s-2")).0, body.0);
    }

    #[test]
    fn conversations_are_held_for_ten_minutes_and_not_without_end() {
        let (now, endpoint) = (Millis(1_000_000), EndpointKey::of_hash(7));
        let mut shard = Shard::default();
        for n in 0..40 {
            shard.apply(Change::Hold(Conversation(n), endpoint), Millis(now.0 + n));
        }
        let shared = Shard::from_bytes(&shard.to_bytes());
        assert_eq!((shared.0.len(), &shared), (MOST, &shard));
        assert_eq!(shared.held(Conversation(3), now), None, "the oldest has given way");
        let last = shared.held(Conversation(39), Millis(now.0 + IDLE)).unwrap();
        assert_eq!((last.endpoint, last.at), (endpoint, Millis(now.0 + 39)));
        assert_eq!(shared.held(Conversation(39), Millis(now.0 + 39 + IDLE)), None);
        shard.apply(Change::Forget(Conversation(39)), now);
        assert_eq!((shard.held(Conversation(39), now), shard.0.len()), (None, MOST - 1));
        assert_eq!(Shard::from_bytes(&[1; 1000]).0.len(), MOST);
        assert_eq!(Shard::from_bytes(&[1; 23]), Shard::default());
    }

    fn endpoint(price: &str) -> std::rc::Rc<Endpoint> {
        let configuration = r#"{"role":"gateway","anonymous":true,"providers":{"p":{"dialect":"vllm","host":"h"}},
            "models":[{"id":"a/b","endpoints":[{"provider":"p","model":"b","price":PRICE}]}]}"#;
        let configuration = configuration.replace("PRICE", price);
        let Config::Gateway(gateway) = Config::parse(configuration.as_bytes(), |_| None).unwrap() else { panic!() };
        gateway.models[0].endpoints[0].clone()
    }

    #[test]
    fn what_nobody_has_named_is_not_held_where_the_cache_is_no_cheaper() {
        for (price, holds) in [
            (r#"{"prompt":1,"completion":1}"#, false),
            (r#"{"prompt":1,"completion":1,"input_cache_read":1}"#, false),
            (r#"{"prompt":1,"completion":1,"input_cache_read":0.5}"#, true),
        ] {
            for is_named in [false, true] {
                let sticky = Sticky { conversation: Conversation(5), is_named, held: None };
                let change = sticky.change(Some(&endpoint(price)), true, |_| false, Millis(10_000_000));
                assert_eq!(change.is_some(), holds || is_named, "{price} {is_named}");
            }
        }
    }

    #[test]
    fn a_place_is_held_by_use_and_lost_by_an_error() {
        let endpoint = &*endpoint(r#"{"prompt":1,"completion":1,"input_cache_read":0.1}"#);
        let (here, elsewhere) = (endpoint.key, EndpointKey::of_hash(1));
        let (now, conversation) = (Millis(10_000_000), Conversation(5));
        let held = |endpoint, ago| Some(Held { endpoint, at: Millis(now.0 - ago) });
        let (hold, forget) = (Some(Change::Hold(conversation, here)), Some(Change::Forget(conversation)));
        for (is_named, held, served, cache, failed, expected) in [
            (false, None, true, false, false, None),
            (false, None, true, true, false, hold),
            (true, None, true, false, false, hold),
            (true, None, false, false, true, None),
            (true, held(here, 1000), true, true, false, None),
            (false, held(here, 61_000), true, false, false, hold),
            (false, held(elsewhere, 0), true, false, true, forget),
            (false, held(elsewhere, 0), true, false, false, None),
            (true, held(elsewhere, 0), true, false, true, hold),
            (false, held(here, 0), false, false, true, forget),
        ] {
            let sticky = Sticky { conversation, is_named, held };
            let change = sticky.change(served.then_some(endpoint), cache, |_| failed, now);
            assert_eq!(change, expected, "{is_named} {held:?} {served} {cache} {failed}");
        }
    }
}
