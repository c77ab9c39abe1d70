//! Bedrock on both sides of a translation: endpoints with their signer, transcripts as the frames that Bedrock would send, goldens.

use signalbox::chat::Request;
use signalbox::config::{Config, Gateway};
use signalbox::endpoint::Endpoint;
use std::rc::Rc;

pub(crate) const CLAUDE: &str = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";

/// An endpoint with this model, signed for with AWS's example credentials.
pub(crate) fn endpoint(model: &str) -> Rc<Endpoint> {
    let credential = r#"{"aws":{"access_key_id":"ID","secret_access_key":"SECRET","session_token":"TOKEN"}}"#;
    endpoint_of(model, credential)
}

pub(crate) fn endpoint_of(model: &str, credential: &str) -> Rc<Endpoint> {
    let configuration = format!(
        r#"{{"role":"gateway","anonymous":true,
            "providers":{{"bedrock":{{"dialect":"bedrock","region":"us-east-1","credential":{credential}}}}},
            "models":[{{"id":"acme/model","endpoints":[{{"provider":"bedrock","model":"{model}","price":{{"prompt":1,"completion":2}}}}]}}]}}"#
    );
    let env = |name: &str| match name {
        "ID" => Some("AKIDEXAMPLE".to_owned()),
        "SECRET" => Some("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".to_owned()),
        "TOKEN" => Some("session".to_owned()),
        _ => None,
    };
    let Config::Gateway(gateway) = Config::parse(configuration.as_bytes(), env).unwrap() else { panic!() };
    let gateway: &Gateway = &gateway;
    gateway.endpoints().next().unwrap().clone()
}

/// A request whose messages and other members are these.
pub(crate) fn request(body: &str) -> Request {
    Request::parse(body.as_bytes().to_vec(), None, 3).unwrap_or_else(|error| panic!("{error}: {body}"))
}

/// The frames of a transcript: each line an event type and its payload, an exception with a `!` before it, an error that the service
/// does not model with a `?`.
pub(crate) fn frames(transcript: &str) -> Vec<u8> {
    transcript.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).flat_map(frame).collect()
}

fn frame(line: &str) -> Vec<u8> {
    let (kind, payload) = line.split_once(' ').unwrap();
    match (kind.strip_prefix('!'), kind.strip_prefix('?')) {
        (Some(exception), _) => message(
            &[(":exception-type", exception), (":content-type", "application/json"), (":message-type", "exception")],
            payload.as_bytes(),
        ),
        (_, Some(code)) => message(&[(":error-code", code), (":error-message", payload), (":message-type", "error")], b""),
        _ => message(&[(":event-type", kind), (":content-type", "application/json"), (":message-type", "event")], payload.as_bytes()),
    }
}

fn message(headers: &[(&str, &str)], payload: &[u8]) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (name, value) in headers {
        encoded.push(u8::try_from(name.len()).unwrap());
        encoded.extend_from_slice(name.as_bytes());
        encoded.push(7);
        encoded.extend_from_slice(&u16::try_from(value.len()).unwrap().to_be_bytes());
        encoded.extend_from_slice(value.as_bytes());
    }
    let length = |bytes: usize| u32::try_from(bytes).unwrap().to_be_bytes();
    let mut message = [length(encoded.len() + payload.len() + 16), length(encoded.len())].concat();
    message.extend_from_slice(&crc32(&message).to_be_bytes());
    message.extend_from_slice(&encoded);
    message.extend_from_slice(payload);
    message.extend_from_slice(&crc32(&message).to_be_bytes());
    message
}

/// Bit by bit, so that the module's own is not what it is tested with.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    let step = |crc: u32| if crc & 1 == 1 { crc >> 1 ^ 0xedb8_8320 } else { crc >> 1 };
    !bytes.iter().fold(!0u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), |crc, _| step(crc)))
}
