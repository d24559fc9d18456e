//! A read document against the table of keys: lenient where Fleet is, and helpful.
//!
//! The rules are those of `sigs.k8s.io/yaml` over Go's `encoding/json`: unknown keys are ignored, keys match in any case, of
//! several that name one field the last in byte order counts, `null` is nothing, a null element of a list is an empty one, and
//! numbers in free-form maps are floating-point. Along `direct` fields, and only there, a number or boolean becomes text where text
//! is asked for. Whatever else has another type is an error. What comes out has the canonical names and no null outside of
//! free-form maps.
//!
//! Ignored keys are reported with the likely one.

use serde_json::{Map, Number, Value};

use super::schema::{Record, Shape};
use crate::diagnostic::{Severity, likely};

/// One step of the way to a value in a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A key as it was written.
    Key(String),
    /// A place in a list.
    Index(usize),
}

/// A value that has another type than its key's.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Mismatch {
    pub(crate) place: Vec<Step>,
    pub(crate) expected: &'static str,
    pub(crate) found: &'static str,
}

/// A key or value that is read otherwise than it looks.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Remark {
    pub(crate) severity: Severity,
    pub(crate) place: Vec<Step>,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) hint: Option<String>,
}

/// `helm.valuesFiles[2]`, for messages.
pub(crate) fn key_text(place: &[Step]) -> String {
    let mut text = String::new();
    for step in place {
        match step {
            Step::Key(key) => {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(key);
            }
            Step::Index(index) => text.push_str(&format!("[{index}]")),
        }
    }
    text
}

/// Reads a document by a record's fields; `null` is an empty document.
pub(crate) fn decode(document: Value, record: &'static Record) -> Result<(Value, Vec<Remark>), Mismatch> {
    let mut decoder = Decoder {
        place: Vec::new(),
        remarks: Vec::new(),
    };
    let value = match document {
        Value::Null => Value::Object(Map::new()),
        other => decoder.record(other, record, true)?,
    };
    Ok((value, decoder.remarks))
}

struct Decoder {
    place: Vec<Step>,
    remarks: Vec<Remark>,
}

impl Decoder {
    fn mismatch<T>(&self, expected: &'static str, found: &Value) -> Result<T, Mismatch> {
        Err(Mismatch {
            place: self.place.clone(),
            expected,
            found: type_name(found),
        })
    }

    /// `coerced`: whether scalars become text where text is asked for.
    fn value(&mut self, value: Value, shape: &'static Shape, coerced: bool) -> Result<Value, Mismatch> {
        match (shape, value) {
            (Shape::Text | Shape::Duration, Value::String(text)) => Ok(Value::String(text)),
            (Shape::Choice(words), Value::String(text)) => {
                self.choice(&text, words);
                Ok(Value::String(text))
            }
            (Shape::Choice(_), other) => self.value(other, &Shape::Text, coerced),
            (Shape::Text, Value::Bool(truth)) if coerced => Ok(Value::String(truth.to_string())),
            (Shape::Text, Value::Number(number)) if coerced => Ok(Value::String(number_text(&number))),
            (Shape::Text, other) => self.mismatch("a string", &other),
            (Shape::Duration, other) => self.mismatch("a duration such as \"5m\"", &other),
            (Shape::Boolean, Value::Bool(truth)) => Ok(Value::Bool(truth)),
            (Shape::Boolean, other) => self.mismatch("a boolean", &other),
            (Shape::Integer, other) => match integer(&other) {
                Some(number) => Ok(number.into()),
                None => self.mismatch("a whole number", &other),
            },
            (Shape::IntegerOrText, Value::String(text)) => Ok(Value::String(text)),
            (Shape::IntegerOrText, other) => match integer(&other).and_then(|number| i32::try_from(number).ok()) {
                Some(number) => Ok(number.into()),
                None => self.mismatch("a whole number or a percentage", &other),
            },
            (Shape::Free, Value::Object(map)) => {
                let mut value = Value::Object(map);
                go_numbers(&mut value);
                Ok(value)
            }
            (Shape::Free, other) => self.mismatch("a map", &other),
            (Shape::Texts, Value::Object(map)) => {
                let mut texts = Map::new();
                for (key, value) in map {
                    self.place.push(Step::Key(key.clone()));
                    let text = if value.is_null() {
                        Value::String(String::new())
                    } else {
                        self.value(value, &Shape::Text, coerced)?
                    };
                    self.place.pop();
                    texts.insert(key, text);
                }
                Ok(Value::Object(texts))
            }
            (Shape::Texts, other) => self.mismatch("a map of strings", &other),
            (Shape::List(element), Value::Array(items)) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    self.place.push(Step::Index(index));
                    list.push(if item.is_null() {
                        nothing(element)
                    } else {
                        self.value(item, element, coerced)?
                    });
                    self.place.pop();
                }
                Ok(Value::Array(list))
            }
            (Shape::Records(record), Value::Array(items)) => {
                let mut list = Vec::with_capacity(items.len());
                for (index, item) in items.into_iter().enumerate() {
                    self.place.push(Step::Index(index));
                    let item = if item.is_null() {
                        Value::Object(Map::new())
                    } else {
                        item
                    };
                    list.push(self.record(item, record, coerced)?);
                    self.place.pop();
                }
                Ok(Value::Array(list))
            }
            (Shape::List(_) | Shape::Records(_), other) => self.mismatch("a list", &other),
            (Shape::Record(record), other) => self.record(other, record, coerced),
        }
    }

    fn record(&mut self, value: Value, record: &'static Record, coerced: bool) -> Result<Value, Mismatch> {
        let Value::Object(map) = value else {
            return self.mismatch("a map", &value);
        };
        let mut entries: Vec<(String, Value)> = map.into_iter().collect();
        entries.sort_unstable_by(|left, right| left.0.cmp(&right.0));
        let mut fields = Map::new();
        for (key, value) in entries {
            self.place.push(Step::Key(key.clone()));
            match record.field(&key) {
                None => self.unknown(&key, record),
                Some(_) if value.is_null() => {}
                Some(field) => {
                    if field.internal {
                        let message = format!("key \"{}\" is for Fleet's own use", key_text(&self.place));
                        self.remark(Severity::Warning, "internal-key", message, None);
                    }
                    if field.name != key {
                        let message = format!("key \"{}\" is read as \"{}\"", key_text(&self.place), field.name);
                        self.remark(Severity::Information, "key-case", message, None);
                    }
                    let value = self.value(value, &field.shape, coerced && record.is_direct(field))?;
                    let earlier = fields.remove(field.name);
                    fields.insert(field.name.to_owned(), merged(earlier, value, &field.shape));
                }
            }
            self.place.pop();
        }
        Ok(Value::Object(fields))
    }

    fn unknown(&mut self, key: &str, record: &'static Record) {
        let hint =
            likely(key, record.all().map(|field| field.name)).map(|likely| format!("did you mean \"{likely}\"?"));
        let message = format!("unknown key \"{}\" is ignored", key_text(&self.place));
        self.remark(Severity::Warning, "unknown-key", message, hint);
    }

    /// Fleet reads whatever is there; most words then have no effect, or fail much later.
    fn choice(&mut self, word: &str, words: &'static [&'static str]) {
        if word.is_empty() || words.contains(&word) {
            return;
        }
        let hint = likely(word, words.iter().copied()).map(|likely| format!("did you mean \"{likely}\"?"));
        let message = format!("\"{}\" is none of {}", key_text(&self.place), words.join(", "));
        self.remark(Severity::Warning, "unknown-value", message, hint);
    }

    fn remark(&mut self, severity: Severity, code: &'static str, message: String, hint: Option<String>) {
        self.remarks.push(Remark {
            severity,
            place: self.place.clone(),
            code,
            message,
            hint,
        });
    }
}

/// Two keys that name one field: structs and maps are filled twice, everything else is replaced, as `encoding/json` does.
fn merged(earlier: Option<Value>, later: Value, shape: &Shape) -> Value {
    match (earlier, later, shape) {
        (Some(Value::Object(mut all)), Value::Object(more), Shape::Record(record)) => {
            for (key, value) in more {
                let shape = record.field(&key).map_or(&Shape::Text, |field| &field.shape);
                let earlier = all.remove(&key);
                all.insert(key, merged(earlier, value, shape));
            }
            Value::Object(all)
        }
        (Some(Value::Object(mut all)), Value::Object(more), Shape::Texts) => {
            all.extend(more);
            Value::Object(all)
        }
        (_, later, _) => later,
    }
}

/// The zero value, which a null in a list stands for.
fn nothing(shape: &Shape) -> Value {
    match shape {
        Shape::Text | Shape::Choice(_) | Shape::Duration => Value::String(String::new()),
        Shape::Boolean => Value::Bool(false),
        Shape::Integer | Shape::IntegerOrText => Value::from(0),
        Shape::List(_) | Shape::Records(_) => Value::Array(Vec::new()),
        Shape::Free | Shape::Texts | Shape::Record(_) => Value::Object(Map::new()),
    }
}

fn type_name(value: &Value) -> &'static str {
    match value {
        Value::Null => "nothing",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "a list",
        Value::Object(_) => "a map",
    }
}

/// A number that JSON prints without fraction and exponent: `1.0` and `1e1` are whole, `1.5` is not.
fn integer(value: &Value) -> Option<i64> {
    let Value::Number(number) = value else { return None };
    number.as_i64().or_else(|| number.as_f64().and_then(whole)).or(None)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked; -2^63 and 2^63 are exact as f64"
)]
fn whole(float: f64) -> Option<i64> {
    let range = -9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0;
    (float.fract() == 0.0 && range.contains(&float)).then_some(float as i64)
}

/// Numbers as they are after a way through Go's `float64`: what is whole prints without a fraction, and loses digits above 2^53.
pub(crate) fn go_numbers(value: &mut Value) {
    match value {
        Value::Number(number) => {
            if let Some(float) = number.as_f64() {
                let same = whole(float).map(Number::from).or_else(|| Number::from_f64(float));
                if let Some(same) = same {
                    *number = same;
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(go_numbers),
        Value::Object(map) => map.values_mut().for_each(go_numbers),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

/// A number as text, as Go's `strconv` prints it for `sigs.k8s.io/yaml`: `%g` with as few digits as needed.
fn number_text(number: &Number) -> String {
    if let Some(integer) = number.as_i64() {
        return integer.to_string();
    }
    if let Some(integer) = number.as_u64() {
        return integer.to_string();
    }
    let float = number.as_f64().unwrap_or_default();
    let scientific = format!("{float:e}");
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or_default();
    if (-4..21).contains(&exponent) {
        return float.to_string();
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{digits}e{sign}{:02}", exponent.abs())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::schema::FLEET_YAML, *};

    fn decoded(document: Value) -> Result<Value, String> {
        decode(document, &FLEET_YAML).map(|(value, _)| value).map_err(|error| {
            format!(
                "{}: expected {}, found {}",
                key_text(&error.place),
                error.expected,
                error.found
            )
        })
    }

    #[test]
    fn reads_as_go() {
        for (document, expected) in [
            (json!(null), Ok(json!({}))),
            (
                json!({"DefaultNamespace": "one", "defaultNamespace": "two", "DEFAULTNAMESPACE": "three"}),
                Ok(json!({"defaultNamespace": "two"})),
            ),
            (
                json!({"HELM": {"force": true}, "helm": {"atomic": true}}),
                Ok(json!({"helm": {"atomic": true, "force": true}})),
            ),
            (
                json!({"targetCustomizations": [null], "labels": null}),
                Ok(json!({"targetCustomizations": [{}]})),
            ),
            (
                json!({"name": 1.5, "overrideTargets": []}),
                Ok(json!({"name": "1.5", "overrideTargets": []})),
            ),
            (
                json!({"helm": {"timeoutSeconds": 1e1, "values": {"a": 1.0, "b": 1.5}}}),
                Ok(json!({"helm": {"timeoutSeconds": 10, "values": {"a": 1, "b": 1.5}}})),
            ),
            (
                json!({"helm": {"timeoutSeconds": 1.5}}),
                Err("helm.timeoutSeconds: expected a whole number, found a number"),
            ),
            (
                json!({"defaultNamespace": 1}),
                Err("defaultNamespace: expected a string, found a number"),
            ),
            (
                json!({"labels": {"a": 1}}),
                Err("labels.a: expected a string, found a number"),
            ),
            (
                json!({"targets": [{"clusterName": 1}]}),
                Err("targets[0].clusterName: expected a string, found a number"),
            ),
            (
                json!({"targetCustomizations": [{"clusterName": 1, "doNotDeploy": true, "namespaceLabels": {"a": true}}]}),
                Ok(
                    json!({"targetCustomizations": [{"clusterName": "1", "doNotDeploy": true, "namespaceLabels": {"a": "true"}}]}),
                ),
            ),
            (
                json!({"targetCustomizations": [{"defaultNamespace": 1}]}),
                Err("targetCustomizations[0].defaultNamespace: expected a string, found a number"),
            ),
            (json!([]), Err(": expected a map, found a list")),
        ] {
            assert_eq!(decoded(document), expected.map_err(str::to_owned));
        }
    }

    #[test]
    fn reports_unknown_keys() {
        let document = json!({"namespce": "x", "helm": {"vlues": {}}, "targetRestrictions": [], "zzz": 1});
        let (_, remarks) = decode(document, &FLEET_YAML).unwrap();
        let texts: Vec<String> = remarks
            .iter()
            .map(|remark| format!("{} {}", remark.message, remark.hint.as_deref().unwrap_or("-")))
            .collect();
        assert_eq!(
            texts,
            [
                "unknown key \"helm.vlues\" is ignored did you mean \"values\"?",
                "unknown key \"namespce\" is ignored did you mean \"namespace\"?",
                "key \"targetRestrictions\" is for Fleet's own use -",
                "unknown key \"zzz\" is ignored -",
            ]
        );
    }
}
