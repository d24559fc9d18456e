//! Kubernetes' protobuf encoding, read: Helm and other Go clients send built-in kinds in it.
//!
//! The envelope is `k8s\0` and a `runtime.Unknown`; field numbers come from `types`. Answers are always JSON, which these
//! clients accept as well. Go writes zero values of non-pointer fields; they are dropped, as its JSON encoder drops them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

use super::error::{ApiError, ApiResult};
use super::types::{Field, StructId, Type, types};

/// Deepest nesting of messages.
const MAX_DEPTH: usize = 64;

/// Reads an object.
pub(super) fn decode(body: &[u8]) -> ApiResult<Value> {
    let malformed = || ApiError::bad_request("the body of the request is not in Kubernetes' protobuf encoding");
    let envelope = body.strip_prefix(b"k8s\0").ok_or_else(malformed)?;
    let (mut type_meta, mut raw): (&[u8], &[u8]) = (&[], &[]);
    for field in Fields(envelope) {
        match field.ok_or_else(malformed)? {
            (1, Wire::Bytes(bytes)) => type_meta = bytes,
            (2, Wire::Bytes(bytes)) => raw = bytes,
            _ => {}
        }
    }
    let (mut api_version, mut kind) = (String::new(), String::new());
    for field in Fields(type_meta) {
        match field.ok_or_else(malformed)? {
            (1, Wire::Bytes(bytes)) => api_version = String::from_utf8_lossy(bytes).into_owned(),
            (2, Wire::Bytes(bytes)) => kind = String::from_utf8_lossy(bytes).into_owned(),
            _ => {}
        }
    }
    let (group, version) = api_version.rsplit_once('/').unwrap_or(("", &api_version));
    let id = match kind.as_str() {
        "DeleteOptions" => types().named("meta.v1.DeleteOptions"),
        _ => types().of_kind(group, version, &kind),
    };
    let id = id.ok_or_else(|| {
        ApiError::bad_request(format!(
            "no kind {kind:?} is registered for version {api_version:?} in protobuf"
        ))
    })?;
    let mut object = message(id, raw, 0).ok_or_else(malformed)?;
    object["apiVersion"] = json!(api_version);
    object["kind"] = json!(kind);
    Ok(object)
}

enum Wire<'a> {
    Number(u64),
    Bytes(&'a [u8]),
}

/// The fields of a message; `None` where it is malformed.
struct Fields<'a>(&'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Option<(u32, Wire<'a>)>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_none() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Option<(u32, Wire<'a>)> {
        let tag = self.varint()?;
        let number = u32::try_from(tag >> 3).ok()?;
        let wire = match tag & 7 {
            0 => Wire::Number(self.varint()?),
            1 => Wire::Number(u64::from_le_bytes(self.take(8)?.try_into().ok()?)),
            2 => {
                let length = usize::try_from(self.varint()?).ok()?;
                Wire::Bytes(self.take(length)?)
            }
            5 => Wire::Number(u64::from(u32::from_le_bytes(self.take(4)?.try_into().ok()?))),
            _ => return None,
        };
        Some((number, wire))
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let (first, rest) = self.0.split_first()?;
            self.0 = rest;
            value |= u64::from(first & 0x7f) << shift;
            if first & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(taken)
    }
}

fn message(id: StructId, bytes: &[u8], depth: usize) -> Option<Value> {
    let mut map = Map::new();
    fields(id, bytes, depth, &mut map)?;
    Some(Value::Object(map))
}

fn fields(id: StructId, bytes: &[u8], depth: usize, map: &mut Map<String, Value>) -> Option<()> {
    if depth > MAX_DEPTH {
        return None;
    }
    for item in Fields(bytes) {
        let (number, wire) = item?;
        let Some(field) = types().get(id).fields.iter().find(|f| f.number == number) else {
            continue;
        };
        if field.embedded {
            if let (Type::Struct(inner), Wire::Bytes(bytes)) = (&field.ty, wire) {
                fields(*inner, bytes, depth + 1, map)?;
            }
            continue;
        }
        put(field, wire, depth, map)?;
    }
    Some(())
}

fn put(field: &Field, wire: Wire<'_>, depth: usize, map: &mut Map<String, Value>) -> Option<()> {
    match &field.ty {
        Type::List(item) => {
            let value = scalar_or_message(item, wire, depth)?;
            if let Value::Array(list) = map.entry(field.name.clone()).or_insert_with(|| json!([])) {
                list.push(value);
            }
        }
        Type::Map(item) => {
            let Wire::Bytes(entry) = wire else { return None };
            let (mut key, mut value) = (String::new(), None);
            for part in Fields(entry) {
                match part? {
                    (1, Wire::Bytes(bytes)) => key = String::from_utf8(bytes.to_vec()).ok()?,
                    (2, wire) => value = Some(scalar_or_message(item, wire, depth)?),
                    _ => {}
                }
            }
            let value = value.unwrap_or_else(|| match **item {
                Type::String | Type::Bytes => json!(""),
                _ => json!({}),
            });
            if let Value::Object(entries) = map.entry(field.name.clone()).or_insert_with(|| json!({})) {
                entries.insert(key, value);
            }
        }
        ty => {
            let value = scalar_or_message(ty, wire, depth)?;
            let zero = value.is_null() || value == "" || value == 0 || value == false || value == 0.0;
            if !zero || (field.pointer && !value.is_null()) {
                map.insert(field.name.clone(), value);
            }
        }
    }
    Some(())
}

fn scalar_or_message(ty: &Type, wire: Wire<'_>, depth: usize) -> Option<Value> {
    Some(match (ty, wire) {
        (Type::String | Type::Duration, Wire::Bytes(bytes)) => json!(String::from_utf8(bytes.to_vec()).ok()?),
        (Type::Bytes, Wire::Bytes(bytes)) => json!(STANDARD.encode(bytes)),
        (Type::Integer { long: true }, Wire::Number(n)) => json!(n as i64),
        (Type::Integer { long: false }, Wire::Number(n)) => json!(n as i32),
        (Type::Boolean, Wire::Number(n)) => json!(n != 0),
        (Type::Float, Wire::Number(n)) => json!(f64::from_bits(n)),
        (Type::Struct(id), Wire::Bytes(bytes)) => message(*id, bytes, depth + 1)?,
        (Type::Quantity, Wire::Bytes(bytes)) => inner_text(bytes)?,
        (Type::Time, Wire::Bytes(bytes)) => time(bytes, "%Y-%m-%dT%H:%M:%SZ")?,
        (Type::MicroTime, Wire::Bytes(bytes)) => time(bytes, "%Y-%m-%dT%H:%M:%S.%6fZ")?,
        (Type::IntOrString, Wire::Bytes(bytes)) => {
            let (mut kind, mut number, mut text) = (0, 0, String::new());
            for part in Fields(bytes) {
                match part? {
                    (1, Wire::Number(n)) => kind = n,
                    (2, Wire::Number(n)) => number = n as i32,
                    (3, Wire::Bytes(bytes)) => text = String::from_utf8(bytes.to_vec()).ok()?,
                    _ => {}
                }
            }
            if kind == 1 { json!(text) } else { json!(number) }
        }
        (Type::Raw, Wire::Bytes(bytes)) => {
            let mut value = Value::Null;
            for part in Fields(bytes) {
                if let (1, Wire::Bytes(raw)) = part? {
                    value = serde_json::from_slice(raw).ok()?;
                }
            }
            value
        }
        (Type::Wrapped(item), Wire::Bytes(bytes)) => {
            let mut list = Vec::new();
            for part in Fields(bytes) {
                if let (1, wire) = part? {
                    list.push(scalar_or_message(item, wire, depth + 1)?);
                }
            }
            json!(list)
        }
        _ => return None,
    })
}

fn inner_text(bytes: &[u8]) -> Option<Value> {
    let mut text = Value::Null;
    for part in Fields(bytes) {
        if let (1, Wire::Bytes(bytes)) = part? {
            text = json!(String::from_utf8(bytes.to_vec()).ok()?);
        }
    }
    Some(text)
}

fn time(bytes: &[u8], format: &str) -> Option<Value> {
    let (mut seconds, mut nanoseconds) = (None, 0);
    for part in Fields(bytes) {
        match part? {
            (1, Wire::Number(n)) => seconds = Some(n as i64),
            (2, Wire::Number(n)) => nanoseconds = n as i32,
            _ => {}
        }
    }
    let Some(seconds) = seconds else {
        return Some(Value::Null);
    };
    let time = jiff::Timestamp::new(seconds, nanoseconds).ok()?;
    Some(json!(time.strftime(format).to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(number: u8, inner: &[u8]) -> Vec<u8> {
        let mut out = vec![number << 3 | 2, inner.len() as u8];
        out.extend_from_slice(inner);
        out
    }

    #[test]
    fn a_secret() {
        let metadata = [bytes(1, b"s"), bytes(2, b""), bytes(8, b"")].concat();
        let entry = [bytes(1, b"k"), bytes(2, b"v")].concat();
        let secret = [bytes(1, &metadata), bytes(2, &entry), bytes(3, b"helm.sh/release.v1")].concat();
        let type_meta = [bytes(1, b"v1"), bytes(2, b"Secret")].concat();
        let body = [b"k8s\0".to_vec(), bytes(1, &type_meta), bytes(2, &secret)].concat();
        assert_eq!(
            decode(&body).unwrap(),
            json!({ "apiVersion": "v1", "kind": "Secret", "metadata": { "name": "s" }, "data": { "k": "dg==" }, "type": "helm.sh/release.v1" })
        );
        for end in 0..body.len() {
            let _ = decode(&body[..end]);
        }
    }
}
