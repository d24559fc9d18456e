//! Objects between rendering and the release: read, marked as Fleet's, sorted as Helm sorts them.

use std::collections::BTreeMap;

use serde_json::Value;
use sha1::{Digest, Sha1};

use super::RenderError;
use crate::{naming, object, yaml};

/// Label of deployed objects: the hash of [`ID_ANNOTATION`].
pub const HASH_LABEL: &str = "objectset.rio.cattle.io/hash";
/// Annotation of deployed objects: the name of the set that they belong to.
pub const ID_ANNOTATION: &str = "objectset.rio.cattle.io/id";
/// Helm 4 writes the file of a document here while it is post-rendered.
pub(crate) const FILE_ANNOTATION: &str = "postrenderer.helm.sh/postrender-filename";
/// Helm leaves an object with this annotation and `keep` where it is.
const POLICY_ANNOTATION: &str = "helm.sh/resource-policy";

/// The set of a deployment's objects: `default`, its name and the agent's scope; of the agent's own bundle it is another.
///
/// `namespace` is what an agent calls `default`; a dry run has none.
pub fn set_id(namespace: &str, deployment: &str, agent_scope: &str) -> String {
    let mut parts = if deployment.starts_with("fleet-agent") {
        vec!["fleet-agent-bootstrap"]
    } else {
        vec![namespace, deployment]
    };
    if !agent_scope.is_empty() {
        parts.push(agent_scope);
    }
    naming::safe_concat(&parts)
}

/// The hash of a set: SHA-1 of its ID (the set has no other owner).
pub fn set_hash(set_id: &str) -> String {
    Sha1::digest(set_id.as_bytes())
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The objects of a YAML text as Kubernetes' reader gives them: `List` kinds are taken apart, empty documents are nothing. A
/// document without `kind` ends the text without an error, one without `apiVersion` is skipped.
pub(crate) fn read(text: &str) -> Result<Vec<Value>, RenderError> {
    let mut objects = Vec::new();
    for document in yaml::documents(text) {
        let value = yaml::read(document.text).map_err(|error| RenderError::PostRender(error.to_string()))?;
        match value {
            Value::Null => {}
            Value::Object(_) if !has_text(&value, "kind") => return Ok(Vec::new()),
            Value::Object(_) => flatten_into(value, &mut objects),
            _ => {
                let problem =
                    "error unmarshaling JSON: while decoding JSON: json: cannot unmarshal a value that is no object";
                return Err(RenderError::PostRender(problem.to_owned()));
            }
        }
    }
    Ok(objects)
}

fn has_text(object: &Value, key: &str) -> bool {
    object
        .get(key)
        .and_then(Value::as_str)
        .is_some_and(|text| !text.is_empty())
}

/// Adds an object, or those that it lists. What has no API version or kind is skipped.
pub(crate) fn flatten_into(mut object: Value, objects: &mut Vec<Value>) {
    let mut add = |mut object: Value| {
        if has_text(&object, "apiVersion") && has_text(&object, "kind") {
            numbers(&mut object);
            objects.push(object);
        }
    };
    let is_list = object::kind(&object).ends_with("List");
    match object.get_mut("items") {
        Some(Value::Array(items)) if is_list => std::mem::take(items).into_iter().for_each(add),
        _ => add(object),
    }
}

/// Whole floats are integers after JSON, as Kubernetes decodes it.
fn numbers(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => {
            let mut single = Value::Number(number.clone());
            crate::scan::whole_numbers(&mut single);
            if let Value::Number(whole) = single {
                *number = whole;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(numbers),
        Value::Object(map) => map.values_mut().for_each(numbers),
        _ => {}
    }
}

/// How the objects of a deployment are marked and placed.
pub(crate) struct Marking<'a> {
    pub(crate) set_id: &'a str,
    pub(crate) keep_definitions: bool,
    /// Every object's namespace; empty leaves them.
    pub(crate) namespace: &'a str,
    pub(crate) is_cluster_scoped: Option<super::ScopeLookup<'a>>,
}

/// Labels, annotations and namespace of every object.
pub(crate) fn mark(objects: &mut [Value], marking: &Marking<'_>) -> Result<(), RenderError> {
    let hash = set_hash(marking.set_id);
    for object in objects {
        object::set_label(object, HASH_LABEL, &hash);
        object::set_annotation(object, ID_ANNOTATION, marking.set_id);
        if marking.keep_definitions && object::kind(object) == "CustomResourceDefinition" {
            object::set_annotation(object, POLICY_ANNOTATION, "keep");
        }
        if marking.namespace.is_empty() {
            continue;
        }
        let (api_version, kind) = (object::api_version(object), object::kind(object));
        if marking
            .is_cluster_scoped
            .is_some_and(|is_cluster_scoped| is_cluster_scoped(api_version, kind))
        {
            return Err(RenderError::ClusterScoped {
                api_version: api_version.to_owned(),
                kind: kind.to_owned(),
                name: object::name(object).to_owned(),
                namespace: marking.namespace.to_owned(),
            });
        }
        object::set_namespace(object, marking.namespace);
    }
    Ok(())
}

/// The objects by file, the annotation with the file's name taken off; those without one are files of their own, named by their
/// place as Helm 4 names them.
pub(crate) fn by_file(objects: Vec<Value>) -> BTreeMap<String, Vec<Value>> {
    let mut files: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    for (index, mut object) in objects.into_iter().enumerate() {
        let annotations = object
            .pointer_mut("/metadata/annotations")
            .and_then(Value::as_object_mut);
        let file = annotations.and_then(|annotations| annotations.remove(FILE_ANNOTATION));
        let file = match file {
            Some(Value::String(file)) => file,
            _ => format!("generated-by-postrender-{index}.yaml"),
        };
        files.entry(file).or_default().push(object);
    }
    files
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn hashes_the_set() {
        assert_eq!(
            set_hash("default-remove-metadata"),
            "0f3e1d9d146fa8b290c0de403881184751430e59"
        );
        assert_eq!(set_id("default", "web", "scope"), "default-web-scope");
        assert_eq!(set_id("default", "fleet-agent-c", ""), "fleet-agent-bootstrap");
        assert_eq!(set_id("", "test", ""), "-test");
    }

    #[test]
    fn reads_documents_and_lists() {
        let objects = read(
            "apiVersion: v1\nkind: List\nitems:\n- {apiVersion: v1, kind: A, x: 1.0}\n- {kind: B}\n---\n# nothing\n---\n{apiVersion: v1, kind: C}\n",
        );
        assert_eq!(
            objects,
            Ok(vec![
                json!({"apiVersion": "v1", "kind": "A", "x": 1}),
                json!({"apiVersion": "v1", "kind": "C"})
            ])
        );
        assert_eq!(read("a: 1\n---\n{apiVersion: v1, kind: C}\n"), Ok(vec![]));
        assert!(read("[").is_err());
    }

    #[test]
    fn refuses_cluster_scoped_objects_in_a_forced_namespace() {
        let mut objects = [json!({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}})];
        let mut marking = Marking {
            set_id: "s",
            keep_definitions: true,
            namespace: "forced",
            is_cluster_scoped: Some(&|_, kind| kind == "Namespace"),
        };
        let error = mark(&mut objects, &marking).unwrap_err().to_string();
        assert!(error.starts_with("invalid cluster scoped object"), "{error}");
        marking.is_cluster_scoped = None;
        assert_eq!(mark(&mut objects, &marking), Ok(()));
        assert_eq!(objects[0].pointer("/metadata/namespace"), Some(&json!("forced")));
    }
}
