//! `.Capabilities` as an object of templates.

use std::any::Any;

use super::super::capabilities::{Capabilities, HelmVersion, KubeVersion};
use crate::template::{Context, FunctionError, Kind, List, ListType, Method, Object, Parameter, Signature, Value};

/// `.Capabilities`.
pub(super) fn object(capabilities: &Capabilities) -> Value {
    let versions = capabilities
        .api_versions
        .iter()
        .map(|version| Value::text(version.as_str()))
        .collect();
    Value::object(CapabilitiesObject {
        kube_version: Value::object(KubeVersionObject(capabilities.kube_version.clone())),
        api_versions: Value::List(List::typed(VERSION_SET, versions)),
        helm_version: Value::object(HelmVersionObject(capabilities.helm_version.clone())),
    })
}

/// The fields of one of these objects as Go's encoder writes them, in its order.
pub(super) fn json_fields(value: &Value) -> Option<Vec<(&'static str, Value)>> {
    if let Some(object) = value.downcast::<CapabilitiesObject>() {
        return Some(object.fields());
    }
    if let Some(KubeVersionObject(version)) = value.downcast() {
        let fields = [
            ("Version", &version.version),
            ("Major", &version.major),
            ("Minor", &version.minor),
        ];
        return Some(fields.map(|(name, text)| (name, Value::text(text.as_str()))).to_vec());
    }
    value
        .downcast::<HelmVersionObject>()
        .map(HelmVersionObject::json_fields)
}

const VERSION_SET: &ListType = &ListType::with_methods("common.VersionSet", false, version_set_method);

fn version_set_method(name: &str) -> Option<&'static Method> {
    static HAS: Method = Method {
        signature: Signature::new(&[Parameter::Text]),
        call: has,
    };
    (name == "Has").then_some(&HAS)
}

fn has(_: &mut Context<'_>, receiver: &Value, arguments: &[Value]) -> Result<Value, FunctionError> {
    let wanted = arguments[0].as_text();
    let found = receiver
        .as_list()
        .is_some_and(|list| list.items().iter().any(|item| item.as_text() == wanted));
    Ok(Value::Bool(found))
}

#[derive(Debug)]
struct CapabilitiesObject {
    kube_version: Value,
    api_versions: Value,
    helm_version: Value,
}

impl Object for CapabilitiesObject {
    fn type_name(&self) -> &'static str {
        "*common.Capabilities"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn kind(&self) -> Kind {
        Kind::Pointer
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("KubeVersion", self.kube_version.clone()),
            ("APIVersions", self.api_versions.clone()),
            ("HelmVersion", self.helm_version.clone()),
        ]
    }

    fn field(&self, name: &str) -> Option<Value> {
        match name {
            "KubeVersion" => Some(self.kube_version.clone()),
            "APIVersions" => Some(self.api_versions.clone()),
            "HelmVersion" => Some(self.helm_version.clone()),
            _ => None,
        }
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        static COPY: Method = Method {
            signature: Signature::new(&[]),
            call: |_, receiver, _| Ok(receiver.clone()),
        };
        (name == "Copy").then_some(&COPY)
    }
}

#[derive(Debug)]
struct KubeVersionObject(KubeVersion);

impl Object for KubeVersionObject {
    fn type_name(&self) -> &'static str {
        "common.KubeVersion"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    /// Go prints the field that is not exported too.
    fn fields(&self) -> Vec<(&'static str, Value)> {
        let KubeVersion {
            version,
            normalized,
            major,
            minor,
        } = &self.0;
        let text = |text: &String| Value::text(text.as_str());
        vec![
            ("Version", text(version)),
            ("normalizedVersion", text(normalized)),
            ("Major", text(major)),
            ("Minor", text(minor)),
        ]
    }

    fn field(&self, name: &str) -> Option<Value> {
        let text = match name {
            "Version" => &self.0.version,
            "Major" => &self.0.major,
            "Minor" => &self.0.minor,
            _ => return None,
        };
        Some(Value::text(text.as_str()))
    }

    fn method(&self, name: &str) -> Option<&'static Method> {
        static STRING: Method = Method {
            signature: Signature::new(&[]),
            call: normalized,
        };
        static GIT_VERSION: Method = Method {
            signature: Signature::new(&[]),
            call: git_version,
        };
        match name {
            "String" => Some(&STRING),
            "GitVersion" => Some(&GIT_VERSION),
            _ => None,
        }
    }

    fn text(&self) -> Option<String> {
        Some(self.0.normalized.clone())
    }

    fn json(&self) -> Result<serde_json::Value, String> {
        let KubeVersion {
            version, major, minor, ..
        } = &self.0;
        Ok(serde_json::json!({"Version": version, "Major": major, "Minor": minor}))
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<Self>()
            .is_some_and(|other| other.0 == self.0)
    }
}

fn normalized(_: &mut Context<'_>, receiver: &Value, _: &[Value]) -> Result<Value, FunctionError> {
    let object = receiver.downcast::<KubeVersionObject>();
    Ok(object
        .map(|object| Value::text(object.0.normalized.as_str()))
        .unwrap_or_default())
}

fn git_version(_: &mut Context<'_>, receiver: &Value, _: &[Value]) -> Result<Value, FunctionError> {
    let object = receiver.downcast::<KubeVersionObject>();
    Ok(object
        .map(|object| Value::text(object.0.version.as_str()))
        .unwrap_or_default())
}

#[derive(Debug)]
struct HelmVersionObject(HelmVersion);

impl HelmVersionObject {
    /// What is empty is left out.
    fn json_fields(&self) -> Vec<(&'static str, Value)> {
        let HelmVersion {
            version,
            git_commit,
            git_tree_state,
            go_version,
            kube_client_version,
        } = &self.0;
        let all = [
            ("version", version),
            ("git_commit", git_commit),
            ("git_tree_state", git_tree_state),
            ("go_version", go_version),
            ("kube_client_version", kube_client_version),
        ];
        let filled = all.into_iter().filter(|(_, text)| !text.is_empty());
        filled.map(|(name, text)| (name, Value::text(text.as_str()))).collect()
    }
}

impl Object for HelmVersionObject {
    fn type_name(&self) -> &'static str {
        "version.BuildInfo"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        let HelmVersion {
            version,
            git_commit,
            git_tree_state,
            go_version,
            kube_client_version,
        } = &self.0;
        let text = |text: &String| Value::text(text.as_str());
        vec![
            ("Version", text(version)),
            ("GitCommit", text(git_commit)),
            ("GitTreeState", text(git_tree_state)),
            ("GoVersion", text(go_version)),
            ("KubeClientVersion", text(kube_client_version)),
        ]
    }

    fn json(&self) -> Result<serde_json::Value, String> {
        let fields = self.json_fields().into_iter();
        fields
            .map(|(name, value)| Ok((name.to_owned(), value.to_json()?)))
            .collect()
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<Self>()
            .is_some_and(|other| other.0 == self.0)
    }
}
