//! After names have changed: the fields that refer to them (kustomize `api/filters/nameref`).
//!
//! Candidates are found by an index over the names that objects had, so the cost follows the references, not the square of the
//! objects.

use std::collections::{HashMap, HashSet};

use super::super::{
    config::BackReference,
    error::{KustomizeError, Result},
    fields::{self, Create, FieldSpec},
    id::{Gvk, Id, NOT_A_NAMESPACE},
    node::{Node, Scalar},
    resmap::ResMap,
    resource::Resource,
};

/// What is looked at in an object that may be referred to.
struct Candidate {
    name: String,
    namespace: String,
    is_service_account: bool,
    effective_namespace: String,
    original_namespace: String,
    previous: Vec<Id>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

struct Index {
    candidates: Vec<Candidate>,
    by_previous_name: HashMap<String, Vec<usize>>,
}

/// The object whose field is looked at.
struct Referrer {
    id: Id,
    namespaces: HashSet<String>,
    role: Option<Gvk>,
    prefixes: Vec<String>,
    suffixes: Vec<String>,
}

/// Updates all references.
pub(crate) fn name_references(resources: &mut ResMap, references: &[BackReference]) -> Result<()> {
    let index = Index::new(resources.list());
    let mut by_kind: HashMap<&str, Vec<(&Gvk, &FieldSpec)>> = HashMap::new();
    for reference in references {
        for spec in reference.referrers.iter() {
            by_kind
                .entry(&spec.gvk.kind)
                .or_default()
                .push((&reference.target, spec));
        }
    }
    for resource in resources.list_mut() {
        let original = resource.original_gvk();
        let specs = |kind: &str| by_kind.get(kind).into_iter().flatten();
        let specs: Vec<_> = specs(&original.kind)
            .chain(specs(""))
            .filter(|(_, spec)| original.is_selected(&spec.gvk))
            .collect();
        if specs.is_empty() {
            continue;
        }
        let referrer = Referrer::new(resource)?;
        for (target, spec) in specs {
            let is_role = spec.path.ends_with("roleRef/name");
            // The spec has selected the original kind; the field is looked for in what the object is now.
            let here = FieldSpec {
                gvk: Gvk::default(),
                path: spec.path.clone(),
                create: false,
            };
            let mut set = |node: &mut Node| set_node(node, &index, &referrer, target, is_role);
            fields::apply(resource, &here, Create::Nothing, &mut set).map_err(|error| {
                error.context(format!(
                    "updating name reference in '{}' field of '{}'",
                    spec.path, referrer.id
                ))
            })?;
        }
    }
    Ok(())
}

impl Index {
    fn new(resources: &[Resource]) -> Self {
        let mut by_previous_name: HashMap<String, Vec<usize>> = HashMap::new();
        let mut candidates = Vec::with_capacity(resources.len());
        for (at, resource) in resources.iter().enumerate() {
            let id = resource.current_id();
            let previous: Vec<Id> = resource.previous_ids().collect();
            for name in previous.iter().map(|id| &id.name) {
                let found = by_previous_name.entry(name.clone()).or_default();
                if found.last() != Some(&at) {
                    found.push(at);
                }
            }
            let original = previous.first().unwrap_or(&id).effective_namespace().to_owned();
            candidates.push(Candidate {
                is_service_account: id.gvk.kind == "ServiceAccount",
                effective_namespace: id.effective_namespace().to_owned(),
                original_namespace: original,
                previous,
                prefixes: resource.prefixes.clone(),
                suffixes: resource.suffixes.clone(),
                name: id.name,
                namespace: id.namespace,
            });
        }
        Self {
            candidates,
            by_previous_name,
        }
    }
}

impl Referrer {
    fn new(resource: &Resource) -> Result<Self> {
        let mut namespaces = HashSet::new();
        if let ("RoleBinding", Some(Node::Sequence(subjects))) = (resource.kind(), resource.object.get("subjects")) {
            for subject in subjects {
                if subject.get("kind").and_then(Node::text) != Some("ServiceAccount") {
                    continue;
                }
                match subject.get("namespace") {
                    None => {}
                    Some(node) if node.is_string() => {
                        namespaces.extend(node.text().map(str::to_owned));
                    }
                    Some(_) => {
                        return Err(KustomizeError::Transform(format!(
                            "Invalid Input: namespace is blank for resource {}\n",
                            super::super::error::quote(&resource.current_id().to_string())
                        )));
                    }
                }
            }
        }
        let role = resource.object.get("roleRef").and_then(|role| {
            let text = |key: &str| role.get(key).map(|node| node.text().unwrap_or_default().to_owned());
            Some(Gvk {
                group: text("apiGroup")?.into(),
                version: "".into(),
                kind: text("kind")?.into(),
            })
        });
        Ok(Self {
            id: resource.current_id(),
            namespaces,
            role,
            prefixes: resource.prefixes.clone(),
            suffixes: resource.suffixes.clone(),
        })
    }

    /// Whether it can refer to the object at all.
    fn reaches(&self, candidate: &Candidate) -> bool {
        self.id.gvk.is_cluster_scoped()
            || candidate.effective_namespace == NOT_A_NAMESPACE
            || candidate.effective_namespace == self.id.effective_namespace()
            || self.namespaces.contains(&candidate.namespace)
    }
}

fn set_node(node: &mut Node, index: &Index, referrer: &Referrer, target: &Gvk, is_role: bool) -> Result<()> {
    match node {
        node if node.is_null() => Ok(()),
        Node::Scalar(scalar) => set_scalar(scalar, index, referrer, target, is_role),
        Node::Mapping(_) => set_mapping(node, index, referrer, target, is_role),
        Node::Sequence(items) => items.iter_mut().try_for_each(|item| match item {
            item if item.is_null() => Ok(()),
            Node::Scalar(scalar) => set_scalar(scalar, index, referrer, target, is_role),
            Node::Mapping(_) => set_mapping(item, index, referrer, target, is_role),
            Node::Sequence(_) => Err(KustomizeError::Transform(
                "elements in a sequence must be scalars or mappings".to_owned(),
            )),
        }),
    }
}

fn set_scalar(scalar: &mut Scalar, index: &Index, referrer: &Referrer, target: &Gvk, is_role: bool) -> Result<()> {
    let is_same = |one: &Candidate, other: &Candidate| one.name == other.name;
    let found = select(index, referrer, target, is_role, &scalar.text, &|_| true, &is_same)?;
    if let Some(found) = found
        && *found.name != *scalar.text
    {
        *scalar = Scalar::string(found.name.as_str());
    }
    Ok(())
}

fn set_mapping(node: &mut Node, index: &Index, referrer: &Referrer, target: &Gvk, is_role: bool) -> Result<()> {
    let Some(name) = node.get("name") else {
        return Err(KustomizeError::Transform(
            "path config error; no 'name' field in node".to_owned(),
        ));
    };
    let old = name.text().unwrap_or_default().to_owned();
    let is_same = |one: &Candidate, other: &Candidate| one.name == other.name && one.namespace == other.namespace;
    let namespace = node
        .get("namespace")
        .map(|node| node.text().unwrap_or_default().to_owned());
    let found = match namespace {
        None => select(index, referrer, target, is_role, &old, &|_| true, &is_same)?,
        Some(namespace) => {
            let is_cluster_scoped = |candidate: &Candidate| candidate.effective_namespace == NOT_A_NAMESPACE;
            let was_there = |candidate: &Candidate| {
                candidate.original_namespace == namespace && candidate.original_namespace != NOT_A_NAMESPACE
            };
            if index
                .candidates
                .iter()
                .any(|candidate| referrer.reaches(candidate) && was_there(candidate))
            {
                select(index, referrer, target, is_role, &old, &was_there, &is_same)?
            } else {
                let is_there =
                    |candidate: &Candidate| candidate.effective_namespace == namespace && !is_cluster_scoped(candidate);
                select(index, referrer, target, is_role, &old, &is_there, &is_same)?
            }
        }
    };
    let Some(found) = found else { return Ok(()) };
    if found.name == old && found.namespace.is_empty() {
        return Ok(());
    }
    if let Node::Mapping(mapping) = node {
        mapping.set("name", Node::string(found.name.as_str()));
        if !found.namespace.is_empty() {
            mapping.set("namespace", Node::string(found.namespace.as_str()));
        }
    }
    Ok(())
}

/// Sieves the candidates until one is left.
fn select<'a>(
    index: &'a Index,
    referrer: &Referrer,
    target: &Gvk,
    is_role: bool,
    old: &str,
    is_candidate: &dyn Fn(&Candidate) -> bool,
    is_same: &dyn Fn(&Candidate, &Candidate) -> bool,
) -> Result<Option<&'a Candidate>> {
    let role = referrer.role.as_ref().filter(|_| is_role);
    let selected = |candidate: &Candidate, gvk: &Gvk| candidate.previous.iter().any(|id| id.gvk.is_selected(gvk));
    let by_name = index
        .by_previous_name
        .get(old)
        .into_iter()
        .flatten()
        .map(|at| &index.candidates[*at]);
    let mut found: Vec<&Candidate> = by_name
        .filter(|candidate| referrer.reaches(candidate) && is_candidate(candidate))
        .filter(|candidate| selected(candidate, target))
        .filter(|candidate| role.is_none_or(|role| selected(candidate, role)))
        .filter(|candidate| {
            referrer.id.gvk.is_cluster_scoped()
                || candidate.effective_namespace == NOT_A_NAMESPACE
                || candidate.is_service_account
                || candidate.effective_namespace == referrer.id.effective_namespace()
        })
        .collect();
    if let [one] = found.as_slice() {
        return Ok(Some(one));
    }
    for allow_empty in [true, false] {
        found.retain(|candidate| {
            ends_alike(&candidate.prefixes, &referrer.prefixes, allow_empty)
                && ends_alike(&candidate.suffixes, &referrer.suffixes, allow_empty)
        });
        if let [one] = found.as_slice() {
            return Ok(Some(one));
        }
    }
    let Some(first) = found.first() else { return Ok(None) };
    if found.iter().all(|candidate| is_same(first, candidate)) {
        return Ok(Some(first));
    }
    let names: Vec<String> = found
        .iter()
        .map(|candidate| {
            let gvk = candidate.previous.first().map(|id| id.gvk.clone()).unwrap_or_default();
            Id {
                gvk,
                name: candidate.name.clone(),
                namespace: candidate.namespace.clone(),
            }
            .to_string()
        })
        .collect();
    Err(KustomizeError::Transform(format!(
        "found multiple possible referrals: {}",
        names.join(", ")
    )))
}

/// Whether the shorter list is the other one's end; an empty list is so only if allowed, or if both are.
fn ends_alike(one: &[String], other: &[String], allow_empty: bool) -> bool {
    if one.is_empty() || other.is_empty() {
        return allow_empty || one.len() == other.len();
    }
    let length = one.len().min(other.len());
    one[one.len() - length..] == other[other.len() - length..]
}
