//! `vars`: `$(NAME)` in the fields that may hold one (kustomize `api/filters/refvar`).

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    super::{
        error::{KustomizeError, Result},
        fields::{self, Create, FieldSpec},
        growth::Growth,
        id::Gvk,
        kustomization::{Var, VarTarget},
        node::{Node, Scalar, Style, Tag},
        resmap::ResMap,
    },
    path,
};

/// The variables of a layer and those below it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Vars(BTreeMap<String, Var>);

impl Vars {
    /// Adds variables and marks the objects that they read.
    pub(crate) fn merge(&mut self, vars: &[Var], resources: &mut ResMap) -> Result<()> {
        for var in vars {
            let target = &var.objref;
            let wanted = super::super::id::Id {
                gvk: gvk(target),
                name: target.name.clone(),
                namespace: target.namespace.clone(),
            };
            let in_namespace = !wanted.namespace.is_empty() || wanted.gvk.is_cluster_scoped();
            let matches = resources.matching_any_id(|id| {
                if in_namespace {
                    wanted.equals(id)
                } else {
                    wanted.gvk == id.gvk && wanted.name == id.name
                }
            });
            match matches.as_slice() {
                [] => {}
                [at] => resources.list_mut()[*at].var_names.push(var.name.clone()),
                several => {
                    return Err(KustomizeError::Transform(format!(
                        "found {} resId matches for var {} (unable to disambiguate)",
                        several.len(),
                        describe(var)
                    )));
                }
            }
        }
        vars.iter().try_for_each(|var| self.add(var.clone()))
    }

    /// Adds the variables of a base.
    pub(crate) fn merge_vars(&mut self, other: Self) -> Result<()> {
        other.0.into_values().try_for_each(|var| self.add(var))
    }

    fn add(&mut self, mut var: Var) -> Result<()> {
        if var.fieldref.field_path.is_empty() {
            "metadata.name".clone_into(&mut var.fieldref.field_path);
        }
        if self.0.contains_key(&var.name) {
            return Err(KustomizeError::Transform(format!(
                "var '{}' already encountered",
                var.name
            )));
        }
        self.0.insert(var.name.clone(), var);
        Ok(())
    }

    /// Puts the values in; lines for the user come back: of values that cannot be put into a text, and of variables that nothing refers to.
    pub(crate) fn resolve(&self, resources: &mut ResMap, specs: &[FieldSpec], growth: &Growth) -> Result<Vec<String>> {
        let mut values = BTreeMap::new();
        for var in self.0.values() {
            values.insert(var.name.as_str(), value(var, resources)?);
        }
        if values.is_empty() {
            return Ok(Vec::new());
        }
        let mut notes = Notes::default();
        for resource in resources.list_mut() {
            for spec in specs {
                fields::apply(resource, spec, Create::Nothing, &mut |node| {
                    set(node, &values, &mut notes, growth)
                })?;
            }
        }
        let Notes { used, mut lines } = notes;
        let unused: Vec<&str> = values.keys().filter(|name| !used.contains(**name)).copied().collect();
        if !unused.is_empty() {
            lines.push(format!(
                "well-defined vars that were never replaced: {}",
                unused.join(",")
            ));
        }
        Ok(lines)
    }
}

fn describe(var: &Var) -> String {
    format!("{{{} {} {{{}}}}}", var.name, gvk(&var.objref), var.fieldref.field_path)
}

/// How errors list variables.
pub(crate) fn describe_all(vars: &[Var]) -> String {
    let short = |var: &Var| {
        let gvk = Gvk {
            kind: var.objref.kind.clone().into(),
            ..Gvk::default()
        };
        format!("{{{} {gvk} {{{}}}}}", var.name, var.fieldref.field_path)
    };
    vars.iter().map(short).collect::<Vec<_>>().join(" ")
}

fn gvk(target: &VarTarget) -> Gvk {
    if target.api_version.is_empty() {
        Gvk {
            group: target.group.clone().into(),
            version: target.version.clone().into(),
            kind: target.kind.clone().into(),
        }
    } else {
        Gvk::new(&target.api_version, &target.kind)
    }
}

fn value(var: &Var, resources: &ResMap) -> Result<Node> {
    for resource in resources.list() {
        if !resource.var_names.contains(&var.name) {
            continue;
        }
        let path = path::field_path(&var.fieldref.field_path);
        return path::lookup_in(&resource.object, &path).cloned().ok_or_else(|| {
            KustomizeError::Transform(format!(
                "field specified in var '{}' not found in corresponding resource",
                describe(var)
            ))
        });
    }
    Err(KustomizeError::Transform(format!(
        "var '{}' cannot be mapped to a field in the set of known resources",
        describe(var)
    )))
}

type Values<'a> = BTreeMap<&'a str, Node>;

/// What happened while values were put in.
#[derive(Default)]
struct Notes<'a> {
    used: BTreeSet<&'a str>,
    lines: Vec<String>,
}

/// A list or a map as Go's `%v` prints it, with its type.
fn describe_collection(node: &Node) -> String {
    fn print(value: &Value) -> String {
        match value {
            Value::Null => "<nil>".to_owned(),
            Value::String(text) => text.clone(),
            Value::Array(items) => format!("[{}]", items.iter().map(print).collect::<Vec<_>>().join(" ")),
            Value::Object(map) => {
                let sorted: BTreeMap<&String, &Value> = map.iter().collect();
                let entries = sorted.into_iter().map(|(key, value)| format!("{key}:{}", print(value)));
                format!("map[{}]", entries.collect::<Vec<_>>().join(" "))
            }
            other => other.to_string(),
        }
    }
    let kind = match node {
        Node::Sequence(_) => "[]interface {}",
        _ => "map[string]interface {}",
    };
    format!(
        "type={kind} val={}",
        node.to_value().map_or_else(|_| String::new(), |value| print(&value))
    )
}

fn set<'a>(node: &mut Node, values: &Values<'a>, notes: &mut Notes<'a>, growth: &Growth) -> Result<()> {
    match node {
        Node::Scalar(scalar) => {
            if scalar.tag == Tag::String {
                expand(scalar, values, notes, growth)?;
            }
        }
        Node::Mapping(mapping) => {
            for (key, value) in &mut mapping.entries {
                if key.tag() != Tag::String {
                    return Err(KustomizeError::Transform(format!(
                        "invalid map key: value='{}', tag='{}'",
                        key.text(),
                        key.tag().short()
                    )));
                }
                if let Node::Scalar(scalar @ Scalar { tag: Tag::String, .. }) = value {
                    expand(scalar, values, notes, growth)?;
                }
            }
        }
        Node::Sequence(items) => {
            for item in items {
                match item {
                    Node::Scalar(scalar @ Scalar { tag: Tag::String, .. }) => expand(scalar, values, notes, growth)?,
                    _ => {
                        return Err(KustomizeError::Transform(
                            "invalid value type expect a string".to_owned(),
                        ));
                    }
                }
            }
        }
    }
    Ok(())
}

/// Replaces `$(NAME)`; `$$` is a dollar, what is unknown stays. A reference alone takes the type of its value.
fn expand<'a>(scalar: &mut Scalar, values: &Values<'a>, notes: &mut Notes<'a>, growth: &Growth) -> Result<()> {
    if !scalar.text.contains('$') {
        return Ok(());
    }
    let mut find = |name: &str| {
        let (name, value) = values.get_key_value(name)?;
        if let Node::Scalar(value) = value {
            notes.used.insert(name);
            return Some(value);
        }
        notes.lines.push(format!(
            "MakePrimitiveReplacer: bad replacement {}",
            describe_collection(value)
        ));
        None
    };
    let text = scalar.text.to_string();
    let mut expanded = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find('$') {
        expanded.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let reference = after.strip_prefix('(').and_then(|after| after.split_once(')'));
        if let Some((name, after)) = reference {
            match find(name) {
                Some(value) if text == format!("$({name})") => {
                    *scalar = Scalar {
                        style: Style::Plain,
                        ..value.clone()
                    };
                    // Null goes as the text that it is written by.
                    if matches!(scalar.tag, Tag::Timestamp | Tag::Binary | Tag::Null) {
                        scalar.tag = Tag::String;
                    }
                    return growth.text(scalar.text.len(), 1);
                }
                Some(value) => {
                    growth.text(value.text.len(), 1)?;
                    expanded.push_str(&value.text);
                }
                None => {
                    expanded.push_str(&format!("$({name})"));
                }
            }
            rest = after;
        } else if let Some(after) = after.strip_prefix('$') {
            expanded.push('$');
            rest = after;
        } else {
            expanded.push('$');
            rest = after;
        }
    }
    expanded.push_str(rest);
    *scalar = Scalar::string(expanded);
    Ok(())
}
