//! Label and field selectors in the form of a query string.
//!
//! Grammar: `k8s.io/apimachinery/pkg/labels` Parse (`=`, `==`, `!=`, `in`, `notin`, existence, `!key`, `<`, `>`) and
//! `pkg/fields` ParseSelector (`=`, `==`, `!=`, with `\` escapes).

use serde_json::Value;

use super::error::{ApiError, ApiResult};
use super::registry::Kind;

#[derive(Debug, Clone, PartialEq)]
enum Operator {
    In(Vec<String>),
    NotIn(Vec<String>),
    Exists,
    Missing,
    Greater(i64),
    Less(i64),
}

/// A parsed label selector.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct LabelSelector(Vec<(String, Operator)>);

impl LabelSelector {
    pub(super) fn parse(text: &str) -> ApiResult<Self> {
        let mut requirements = Vec::new();
        for part in split_outside_parentheses(text) {
            let part = part.trim();
            if !part.is_empty() {
                requirements.push(requirement(part).ok_or_else(|| {
                    ApiError::bad_request(format!(
                        "unable to parse requirement: found {part:?} in label selector {text:?}"
                    ))
                })?);
            }
        }
        Ok(LabelSelector(requirements))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.0.iter().all(|(key, operator)| {
            let value = labels[key].as_str();
            match operator {
                Operator::In(values) => value.is_some_and(|v| values.iter().any(|w| w == v)),
                Operator::NotIn(values) => value.is_none_or(|v| values.iter().all(|w| w != v)),
                Operator::Exists => value.is_some(),
                Operator::Missing => value.is_none(),
                Operator::Greater(n) => value.and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v > *n),
                Operator::Less(n) => value.and_then(|v| v.parse::<i64>().ok()).is_some_and(|v| v < *n),
            }
        })
    }
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let (mut parts, mut depth, mut start) = (Vec::new(), 0u32, 0);
    for (at, c) in text.char_indices() {
        match c {
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    parts.push(&text[start..]);
    parts
}

fn requirement(text: &str) -> Option<(String, Operator)> {
    if let Some(key) = text.strip_prefix('!') {
        return Some((label_key(key)?, Operator::Missing));
    }
    for (sign, equal) in [("!=", false), ("==", true), ("=", true)] {
        if let Some((key, value)) = text.split_once(sign) {
            let values = vec![label_value(value)?];
            return Some((
                label_key(key)?,
                if equal {
                    Operator::In(values)
                } else {
                    Operator::NotIn(values)
                },
            ));
        }
    }
    if let Some((key, value)) = text.split_once('>') {
        return Some((label_key(key)?, Operator::Greater(value.trim().parse().ok()?)));
    }
    if let Some((key, value)) = text.split_once('<') {
        return Some((label_key(key)?, Operator::Less(value.trim().parse().ok()?)));
    }
    let Some((head, values)) = text.split_once('(') else {
        return Some((label_key(text)?, Operator::Exists));
    };
    let values = values.trim_end().strip_suffix(')')?;
    let values: Vec<String> = values.split(',').map(label_value).collect::<Option<_>>()?;
    let mut words = head.split_whitespace();
    let key = label_key(words.next()?)?;
    let operator = match words.next()? {
        "in" => Operator::In(values),
        "notin" => Operator::NotIn(values),
        _ => return None,
    };
    words.next().is_none().then_some((key, operator))
}

fn label_key(text: &str) -> Option<String> {
    let key = text.trim();
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    (!key.is_empty() && key.chars().all(fine)).then(|| key.to_owned())
}

fn label_value(text: &str) -> Option<String> {
    let value = text.trim();
    let fine = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    (value.len() <= 63 && value.chars().all(fine)).then(|| value.to_owned())
}

/// A parsed field selector.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct FieldSelector(Vec<(Vec<String>, bool, String)>);

impl FieldSelector {
    /// Parses and checks that `kind` can be selected by the fields, as each kind's registry does in Kubernetes.
    pub(super) fn parse(text: &str, kind: &Kind) -> ApiResult<Self> {
        let mut terms = Vec::new();
        for part in text.split(',').filter(|p| !p.is_empty()) {
            let (path, equal, value) = [("!=", false), ("==", true), ("=", true)]
                .iter()
                .find_map(|(sign, equal)| part.split_once(sign).map(|(path, value)| (path, *equal, value)))
                .ok_or_else(|| {
                    ApiError::bad_request(format!("invalid selector: {text:?}; can't understand {part:?}"))
                })?;
            if !selectable(kind, path) {
                let message = format!("field label not supported: {path}");
                return Err(ApiError::bad_request(message));
            }
            let path = path.split('.').map(str::to_owned).collect();
            terms.push((
                path,
                equal,
                value.replace("\\,", ",").replace("\\=", "=").replace("\\\\", "\\"),
            ));
        }
        Ok(FieldSelector(terms))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The only name that can match.
    pub(super) fn name(&self) -> Option<&str> {
        self.0
            .iter()
            .find(|(path, equal, _)| *equal && path[..] == ["metadata", "name"])
            .map(|(_, _, value)| value.as_str())
    }

    pub(super) fn matches(&self, object: &Value) -> bool {
        self.0.iter().all(|(path, equal, wanted)| {
            let found = path
                .iter()
                .try_fold(object, |value, key| value.get(key))
                .unwrap_or(&Value::Null);
            let same = match found {
                Value::String(text) => text == wanted,
                Value::Null => {
                    wanted.is_empty() || (wanted == "false" && path.last().is_some_and(|p| p == "unschedulable"))
                }
                Value::Bool(found) => *wanted == if *found { "true" } else { "false" },
                Value::Number(found) => wanted.parse::<serde_json::Number>().is_ok_and(|n| n == *found),
                _ => false,
            };
            same == *equal
        })
    }
}

/// Kubernetes v1.36's selectable fields; `metadata.name` and `metadata.namespace` always are.
fn selectable(kind: &Kind, path: &str) -> bool {
    if path == "metadata.name" || (path == "metadata.namespace" && kind.namespaced) {
        return true;
    }
    if let Some(custom) = kind.custom() {
        return custom
            .selectable_fields
            .iter()
            .any(|f| f.trim_start_matches('.') == path);
    }
    let fields: &[&str] = match &*kind.table {
        "pods" => &[
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.schedulerName",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
            "status.nominatedNodeName",
        ],
        "secrets" => &["type"],
        "namespaces" => &["status.phase"],
        "nodes" => &["spec.unschedulable"],
        "services" => &["spec.clusterIP", "spec.type"],
        "replicasets.apps" | "replicationcontrollers" => &["status.replicas"],
        "jobs.batch" => &["status.successful"],
        "events" => &[
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.apiVersion",
            "involvedObject.resourceVersion",
            "involvedObject.fieldPath",
            "reason",
            "reportingComponent",
            "source",
            "type",
        ],
        "certificatesigningrequests.certificates.k8s.io" => &["spec.signerName"],
        _ => &[],
    };
    fields.contains(&path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn label_selectors() {
        let object = json!({ "metadata": { "labels": { "app": "web", "tier": "1" } } });
        for (text, want) in [
            ("", true),
            ("app=web", true),
            ("app==web,tier", true),
            ("app!=web", false),
            ("app in (web, db),tier notin (2)", true),
            ("!app", false),
            ("!other", true),
            ("tier>0", true),
            ("tier<1", false),
            ("x notin (a)", true),
        ] {
            assert_eq!(LabelSelector::parse(text).unwrap().matches(&object), want, "{text}");
        }
        for bad in ["a b", "in (x)", "a in x", "=", "a=b c", "a in (b"] {
            assert!(LabelSelector::parse(bad).is_err(), "{bad}");
        }
    }
}
