//! Free-form objects, such as Helm values.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Number, Value};

/// A free-form object (`GenericMap` upstream), printed with sorted keys.
///
/// Numbers are read as Go reads them into untyped values, as 64-bit floats: an integer that a float cannot hold loses
/// its last digits here as it does upstream, and in the same way.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GenericMap(
    /// The object; `None` is Go's nil map, which prints as `null`.
    pub Option<Map<String, Value>>,
);

impl GenericMap {
    /// An object, its numbers as Go would have them.
    pub fn new(map: Map<String, Value>) -> Self {
        Self(Some(map.into_iter().map(|(key, value)| (key, floats(value))).collect()))
    }

    /// The object, unless it is nil.
    pub fn map(&self) -> Option<&Map<String, Value>> {
        self.0.as_ref()
    }

    /// True where there is no entry.
    pub fn is_empty(&self) -> bool {
        self.0.as_ref().is_none_or(Map::is_empty)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.0.as_ref()?.get(key)
    }

    /// The object as a value, `null` for nil.
    pub fn to_value(&self) -> Value {
        self.0.clone().map_or(Value::Null, Value::Object)
    }
}

impl From<Map<String, Value>> for GenericMap {
    fn from(map: Map<String, Value>) -> Self {
        Self::new(map)
    }
}

/// Numbers as Go has them, in one form each: whole numbers that a float holds exactly are integers, others floats.
fn floats(value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(float(number)),
        Value::Array(items) => Value::Array(items.into_iter().map(floats).collect()),
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, value)| (key, floats(value))).collect()),
        other => other,
    }
}

fn float(number: Number) -> Number {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let Some(float) = number.as_f64() else { return number };
    if float.fract() == 0.0 && float.abs() <= EXACT && !(float == 0.0 && float.is_sign_negative()) {
        return Number::from(float as i64);
    }
    Number::from_f64(float).unwrap_or(number)
}

/// A value whose keys come sorted, whatever the features of `serde_json` are.
struct Sorted<'a>(&'a Value);

impl Serialize for Sorted<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Array(items) => {
                let mut sequence = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    sequence.serialize_element(&Sorted(item))?;
                }
                sequence.end()
            }
            Value::Object(map) => serialize_sorted(map, serializer),
            other => other.serialize(serializer),
        }
    }
}

fn serialize_sorted<S: Serializer>(map: &Map<String, Value>, serializer: S) -> Result<S::Ok, S::Error> {
    let mut entries: Vec<(&String, &Value)> = map.iter().collect();
    entries.sort_unstable_by_key(|(key, _)| *key);
    let mut object = serializer.serialize_map(Some(entries.len()))?;
    for (key, value) in entries {
        object.serialize_entry(key, &Sorted(value))?;
    }
    object.end()
}

impl Serialize for GenericMap {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            None => serializer.serialize_unit(),
            Some(map) => serialize_sorted(map, serializer),
        }
    }
}

impl<'de> Deserialize<'de> for GenericMap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let map = Option::<Map<String, Value>>::deserialize(deserializer)?;
        Ok(map.map_or(Self(None), Self::new))
    }
}

#[cfg(feature = "crd")]
impl schemars::JsonSchema for GenericMap {
    fn inline_schema() -> bool {
        true
    }
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "GenericMap".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "object", "x-kubernetes-preserve-unknown-fields": true})
    }
}
