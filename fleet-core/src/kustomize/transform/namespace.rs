//! `namespace`: of objects, of role bindings' subjects, of the services that some kinds name (kustomize `api/filters/namespace`).

use std::collections::HashMap;

use super::super::{
    error::{KustomizeError, Result},
    fields::{self, Create, FieldSpec},
    growth::Growth,
    id::Id,
    node::{Node, Scalar, Tag},
    resmap::ResMap,
    resource::Resource,
};

/// Which subjects of role bindings follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum SubjectMode {
    /// Those named `default`.
    #[default]
    Default,
    AllServiceAccounts,
    None,
}

/// What to set.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Namespace<'a> {
    pub(crate) name: &'a str,
    pub(crate) subjects: SubjectMode,
    /// Only where none is.
    pub(crate) unset_only: bool,
}

/// Sets the namespace. Two objects with one ID afterwards are an error.
pub(crate) fn namespace(
    resources: &mut ResMap,
    namespace: &Namespace<'_>,
    specs: &[FieldSpec],
    growth: &Growth,
) -> Result<()> {
    if namespace.name.is_empty() {
        return Ok(());
    }
    growth.text(namespace.name.len(), resources.list().len())?;
    let list = resources.list_mut();
    let mut counts: HashMap<Id, usize> = HashMap::with_capacity(list.len());
    for resource in list.iter() {
        *counts.entry(resource.current_id().normalized()).or_default() += 1;
    }
    for resource in list.iter_mut() {
        if resource.is_empty() || resource.from_chart {
            continue;
        }
        let before = resource.current_id().normalized();
        resource.store_previous_id();
        set(resource, namespace, specs)?;
        let id = resource.current_id();
        if let Some(count) = counts.get_mut(&before) {
            *count -= 1;
        }
        let count = counts.entry(id.clone().normalized()).or_default();
        *count += 1;
        if *count > 1 {
            return Err(KustomizeError::Conflict(format!(
                "namespace transformation produces ID conflict: {id}"
            )));
        }
    }
    Ok(())
}

fn set(resource: &mut Resource, namespace: &Namespace<'_>, specs: &[FieldSpec]) -> Result<()> {
    let mut setter = |node: &mut Node| match node {
        Node::Scalar(scalar) => {
            if !namespace.unset_only || scalar.tag == Tag::Null || scalar.text.is_empty() {
                *scalar = Scalar::string(namespace.name);
            }
            Ok(())
        }
        node => Err(KustomizeError::Transform(format!(
            "namespace field specs must target scalar nodes: {}",
            fields::wrong_kind("ScalarNode", node)
        ))),
    };
    let is_core = resource.api_version() == "v1";
    if !resource.gvk().is_cluster_scoped() {
        let spec = fields::spec("", "", "", "metadata/namespace", true);
        fields::apply(resource, &spec, Create::Scalar(Tag::String), &mut setter)?;
    }
    let is_binding = matches!(resource.kind(), "RoleBinding" | "ClusterRoleBinding");
    if is_binding {
        set_subjects(resource, namespace)
            .map_err(|error| error.context("setting namespace on (cluster)role binding subjects"))?;
    }
    for spec in specs {
        let skip = match &*spec.path {
            "metadata/namespace" => true,
            "metadata/name" => !is_core,
            "subjects/namespace" => is_binding,
            _ => false,
        };
        if !skip {
            fields::apply(resource, spec, Create::Scalar(Tag::String), &mut setter)?;
        }
    }
    Ok(())
}

fn set_subjects(resource: &mut Resource, namespace: &Namespace<'_>) -> Result<()> {
    let (field, value) = match namespace.subjects {
        SubjectMode::None => return Ok(()),
        SubjectMode::Default => ("name", "default"),
        SubjectMode::AllServiceAccounts => ("kind", "ServiceAccount"),
    };
    let subjects = match resource.object.get_mut("subjects") {
        None => return Ok(()),
        Some(node) if node.is_null() => return Ok(()),
        Some(Node::Sequence(subjects)) => subjects,
        Some(node) => return Err(KustomizeError::Transform(fields::wrong_kind("SequenceNode", node))),
    };
    for subject in subjects {
        let Node::Mapping(subject) = subject else {
            let error = KustomizeError::Transform(fields::wrong_kind("MappingNode", subject));
            return Err(error.context(format!("looking up {field} on (cluster)role binding subject")));
        };
        if subject.get(field).and_then(Node::text) != Some(value) {
            continue;
        }
        let is_unset = subject.get("namespace").is_none_or(Node::is_nil_or_empty);
        if !namespace.unset_only || is_unset {
            subject.set("namespace", Node::string(namespace.name));
        }
    }
    Ok(())
}
