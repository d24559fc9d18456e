//! Patches for releases that are not server-side applied.

use serde_json::{Map, Value, json};

use super::merge::{is_builtin, key_of};
use crate::cluster::ClusterPatch;
use crate::object;

/// The patch that makes a live object what is wanted: everything that is wanted, and without what the last revision
/// wanted and this one does not. What only the live object has stays.
///
/// Kinds that Kubernetes has types for get a strategic merge patch, others a JSON merge patch, as Helm's client-side apply.
pub fn client_side_patch(wanted: &Value, old: Option<&Value>) -> ClusterPatch {
    let builtin = is_builtin(object::api_version(wanted));
    let mut patch = wanted.clone();
    if let Some(metadata) = patch.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.remove("creationTimestamp");
    }
    if let Some(patch) = patch.as_object_mut() {
        patch.remove("status");
    }
    if let Some(old) = old {
        remove_dropped(&mut patch, old, "", builtin);
    }
    if builtin {
        ClusterPatch::Strategic(patch)
    } else {
        ClusterPatch::Merge(patch)
    }
}

fn remove_dropped(patch: &mut Value, old: &Value, field: &str, builtin: bool) {
    match (patch, old) {
        (Value::Object(patch), Value::Object(old)) => {
            for (key, old) in old {
                match patch.get_mut(key) {
                    Some(value) => remove_dropped(value, old, key, builtin),
                    None => {
                        patch.insert(key.clone(), Value::Null);
                    }
                }
            }
        }
        (Value::Array(patch), Value::Array(old)) => {
            let Some(key) = key_of(field, &[patch, old]).filter(|_| builtin) else {
                return;
            };
            for element in old {
                match patch.iter_mut().find(|wanted| wanted.get(key) == element.get(key)) {
                    Some(wanted) => remove_dropped(wanted, element, "", builtin),
                    None => {
                        let mut gone = Map::new();
                        gone.insert("$patch".to_owned(), json!("delete"));
                        gone.insert(key.to_owned(), element[key].clone());
                        patch.push(Value::Object(gone));
                    }
                }
            }
        }
        _ => {}
    }
}
