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
        kube_version: Value::object(KubeVersionObject {
            version: capabilities.kube_version.clone(),
            addressable: true,
        }),
        api_versions: Value::List(List::typed(VERSION_SET, versions)),
        helm_version: Value::object(HelmVersionObject(capabilities.helm_version.clone())),
    })
}

/// The fields of one of these objects as Go's encoder writes them, in its order.
pub(super) fn json_fields(value: &Value) -> Option<Vec<(&'static str, Value)>> {
    if let Some(object) = value.downcast::<CapabilitiesObject>() {
        return Some(object.fields());
    }
    if let Some(object) = value.downcast::<KubeVersionObject>() {
        return Some(object.fields());
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

    fn printed_fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = self.fields();
        if let Some(object) = self.kube_version.downcast::<KubeVersionObject>() {
            fields[0].1 = object.copy();
        }
        fields
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

/// A struct whose `String()` belongs to its pointer: where Go has its address, as in `.Capabilities.KubeVersion`, it is printed as
/// the version; a copy, which is what functions and other structs hold, is printed as its fields.
#[derive(Debug)]
struct KubeVersionObject {
    version: KubeVersion,
    addressable: bool,
}

impl KubeVersionObject {
    fn copy(&self) -> Value {
        Value::object(Self {
            version: self.version.clone(),
            addressable: false,
        })
    }
}

impl Object for KubeVersionObject {
    fn type_name(&self) -> &'static str {
        "common.KubeVersion"
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn fields(&self) -> Vec<(&'static str, Value)> {
        ["Version", "Major", "Minor"]
            .into_iter()
            .filter_map(|name| Some((name, self.field(name)?)))
            .collect()
    }

    fn printed_fields(&self) -> Vec<(&'static str, Value)> {
        let mut fields = self.fields();
        fields.insert(1, ("normalizedVersion", Value::text(self.version.normalized.as_str())));
        fields
    }

    fn passed(&self) -> Option<Value> {
        self.addressable.then(|| self.copy())
    }

    fn field(&self, name: &str) -> Option<Value> {
        let text = match name {
            "Version" => &self.version.version,
            "Major" => &self.version.major,
            "Minor" => &self.version.minor,
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
        self.addressable.then(|| self.version.normalized.clone())
    }

    fn equals(&self, other: &dyn Object) -> bool {
        other
            .as_any()
            .downcast_ref::<Self>()
            .is_some_and(|other| other.version == self.version)
    }
}

fn normalized(_: &mut Context<'_>, receiver: &Value, _: &[Value]) -> Result<Value, FunctionError> {
    let object = receiver.downcast::<KubeVersionObject>();
    Ok(object
        .map(|object| Value::text(object.version.normalized.as_str()))
        .unwrap_or_default())
}

fn git_version(_: &mut Context<'_>, receiver: &Value, _: &[Value]) -> Result<Value, FunctionError> {
    let object = receiver.downcast::<KubeVersionObject>();
    Ok(object
        .map(|object| Value::text(object.version.version.as_str()))
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
