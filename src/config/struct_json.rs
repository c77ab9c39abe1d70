//! `google.protobuf.Struct`, the form in which Envoy hands an inline configuration over, as the JSON that it was written as.
//!
//! <https://protobuf.dev/reference/protobuf/google.protobuf/#struct>. Istio and `google.protobuf.StringValue` hand over JSON text.

use crate::protobuf::{Field, next_field};

/// How deep mappings and lists may nest.
const MAX_DEPTH: u8 = 32;

/// The JSON of a serialized `Struct`; `None` if the bytes are none, which JSON text never is.
///
/// Numbers are doubles on the way; each is written with the fewest digits that make it, so `0.15` is `0.15` again.
pub(super) fn to_json(bytes: &[u8]) -> Option<String> {
    let mut json = String::new();
    write_struct(bytes, MAX_DEPTH, &mut json)?;
    Some(json)
}

fn write_struct(mut bytes: &[u8], depth: u8, json: &mut String) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    json.push('{');
    let mut first = true;
    while let Some((field, rest)) = next_field(bytes)? {
        let Field::Bytes(1, mut entry) = field else { return None };
        bytes = rest;
        let (mut key, mut value) = (&b""[..], &b""[..]);
        while let Some((field, rest)) = next_field(entry)? {
            match field {
                Field::Bytes(1, bytes) => key = bytes,
                Field::Bytes(2, bytes) => value = bytes,
                _ => return None,
            }
            entry = rest;
        }
        if !std::mem::take(&mut first) {
            json.push(',');
        }
        write_string(key, json)?;
        json.push(':');
        write_value(value, depth, json)?;
    }
    json.push('}');
    Some(())
}

fn write_list(mut bytes: &[u8], depth: u8, json: &mut String) -> Option<()> {
    let depth = depth.checked_sub(1)?;
    json.push('[');
    let mut first = true;
    while let Some((field, rest)) = next_field(bytes)? {
        let Field::Bytes(1, value) = field else { return None };
        bytes = rest;
        if !std::mem::take(&mut first) {
            json.push(',');
        }
        write_value(value, depth, json)?;
    }
    json.push(']');
    Some(())
}

fn write_value(bytes: &[u8], depth: u8, json: &mut String) -> Option<()> {
    match next_field(bytes)? {
        None | Some((Field::Varint(1, _), [])) => json.push_str("null"),
        Some((Field::Fixed64(2, number), [])) => json.push_str(&number_text(f64::from_le_bytes(number))?),
        Some((Field::Bytes(3, text), [])) => write_string(text, json)?,
        Some((Field::Varint(4, truth), [])) => json.push_str(if truth == 0 { "false" } else { "true" }),
        Some((Field::Bytes(5, members), [])) => write_struct(members, depth, json)?,
        Some((Field::Bytes(6, values), [])) => write_list(values, depth, json)?,
        Some(_) => return None,
    }
    Some(())
}

/// `Display` of a float never uses an exponent and writes whole numbers without a point, as JSON's integers are.
fn number_text(number: f64) -> Option<String> {
    number.is_finite().then(|| number.to_string())
}

fn write_string(bytes: &[u8], json: &mut String) -> Option<()> {
    json.push_str(&serde_json::to_string(std::str::from_utf8(bytes).ok()?).ok()?);
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    use wasm_bindgen_test::wasm_bindgen_test as test;

    #[test]
    fn a_struct_is_the_json_that_it_was_written_as() {
        // role: gateway, price: {prompt: 0.15}, list: [1, true, null], none: {}
        let bytes = b"\x0a\x11\x0a\x04role\x12\x09\x1a\x07gateway\
            \x0a\x20\x0a\x05price\x12\x17\x2a\x15\x0a\x13\x0a\x06prompt\x12\x09\x11\x33\x33\x33\x33\x33\x33\xc3\x3f\
            \x0a\x1d\x0a\x04list\x12\x15\x32\x13\x0a\x09\x11\x00\x00\x00\x00\x00\x00\xf0\x3f\x0a\x02\x20\x01\x0a\x02\x08\x00\
            \x0a\x0a\x0a\x04none\x12\x02\x2a\x00";
        assert_eq!(to_json(bytes).as_deref(), Some(r#"{"role":"gateway","price":{"prompt":0.15},"list":[1,true,null],"none":{}}"#));
        for end in 1..bytes.len() {
            let _ = to_json(&bytes[..end]);
        }
    }

    #[test]
    fn numbers_come_back_as_they_were_written() {
        for text in ["0.15", "128000", "33554432", "0.075", "10000", "-1", "0.0000203", "0", "2.5"] {
            assert_eq!(number_text(text.parse().unwrap()).as_deref(), Some(text));
        }
        assert_eq!(number_text(f64::NAN), None);
    }

    #[test]
    fn what_is_no_struct_is_none() {
        for text in ["{}", "{\"role\": \"attempt\"}", "\n{\"role\": \"attempt\"}", "\n\n{\n}", " ", "[]", "role: attempt"] {
            assert_eq!(to_json(text.as_bytes()), None, "{text:?}");
        }
        let mut deep = Vec::new();
        for _ in 0..40 {
            let mut entry = vec![0x0a, 0, 0x12, u8::try_from(deep.len() + 2).unwrap(), 0x2a, u8::try_from(deep.len()).unwrap()];
            entry.extend(&deep);
            deep = [vec![0x0a, u8::try_from(entry.len()).unwrap()], entry].concat();
            if deep.len() > 100 {
                break;
            }
        }
        assert!(to_json(&deep).is_some());
    }
}
