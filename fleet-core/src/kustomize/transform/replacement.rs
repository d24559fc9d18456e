//! `replacements`: a value of one object, or a fixed one, into fields of others (kustomize `api/filters/replacement`).

use serde_json::Value;

use super::{
    super::{
        error::{KustomizeError, Result, quote},
        growth::Growth,
        id::{Gvk, Id},
        kustomization::{FieldOptions, Replacement, Source, Target},
        node::{Keys, Node, Scalar},
        resmap::ResMap,
        selector::Matcher,
    },
    path::{self, Make},
};
use crate::yaml::{Dialect, Limits, node as yaml_node};

/// Carries all replacements out, one after the other.
pub(crate) fn replacements(resources: &mut ResMap, replacements: &[Replacement], growth: &Growth) -> Result<()> {
    for replacement in replacements {
        let targets = replacement.targets.as_deref();
        let value = match (&replacement.source, &replacement.source_value) {
            (Some(_), Some(_)) => {
                return Err(failure("value and resource selectors are mutually exclusive"));
            }
            (None, None) => {
                return Err(failure("replacements must specify a source and at least one target"));
            }
            (None, Some(value)) => Node::Scalar(Scalar::plain(value.as_str())),
            (Some(source), None) => {
                if targets.is_none() {
                    return Err(failure("replacements must specify a source and at least one target"));
                }
                source_value(resources, source)?
            }
        };
        let targets = targets.ok_or_else(|| failure("replacements must specify a source and at least one target"))?;
        for target in targets {
            apply(resources, &value, target, growth)?;
        }
    }
    Ok(())
}

fn failure(text: &str) -> KustomizeError {
    KustomizeError::Transform(text.to_owned())
}

fn source_value(resources: &ResMap, source: &Source) -> Result<Node> {
    let wanted = Id {
        gvk: Gvk {
            group: source.group.clone().into(),
            version: source.version.clone().into(),
            kind: source.kind.clone().into(),
        },
        name: source.name.clone(),
        namespace: source.namespace.clone(),
    };
    let selects = |id: &Id| {
        (wanted.namespace.is_empty() || wanted.namespace == id.namespace)
            && (wanted.name.is_empty() || wanted.name == id.name)
            && id.gvk.is_selected(&wanted.gvk)
    };
    let describe = || {
        let path = if source.field_path.is_empty() { "" } else { ":" };
        format!("{wanted}{path}{}", source.field_path)
    };
    let mut found = None;
    for resource in resources.list() {
        if resource.previous_ids().any(|id| selects(&id)) || selects(&resource.current_id()) {
            if found.is_some() {
                return Err(failure(&format!("multiple matches for selector {}", describe())));
            }
            found = Some(resource);
        }
    }
    let resource = found.ok_or_else(|| failure(&format!("nothing selected by {}", describe())))?;
    let field = if source.field_path.is_empty() {
        "metadata.name"
    } else {
        &source.field_path
    };
    let value = path::find_in(&resource.object, &path::split(field))
        .map_err(|error| error.context("error looking up replacement source"))?;
    // An empty text is a value.
    let is_empty = |node: &Node| node.is_nil_or_empty() && !node.is_string();
    let value = value.filter(|node| !is_empty(node)).ok_or_else(|| {
        failure(&format!(
            "fieldPath `{field}` is missing for replacement source {wanted}"
        ))
    })?;
    let Some(options) = source.options.as_ref().filter(|options| !options.delimiter.is_empty()) else {
        return Ok(value.clone());
    };
    let Node::Scalar(scalar) = value else {
        return Err(failure("delimiter option can only be used with scalar nodes"));
    };
    let parts: Vec<&str> = scalar.text.split(options.delimiter.as_str()).collect();
    let part = usize::try_from(options.index)
        .ok()
        .and_then(|at| parts.get(at))
        .ok_or_else(|| {
            failure(&format!(
                "options.index {} is out of bounds for value {}",
                options.index, scalar.text
            ))
        })?;
    Ok(Node::Scalar(Scalar {
        text: (*part).into(),
        ..scalar.clone()
    }))
}

fn apply(resources: &mut ResMap, value: &Node, target: &Target, growth: &Growth) -> Result<()> {
    let select = target
        .select
        .as_ref()
        .ok_or_else(|| failure("target must specify resources to select"))?;
    let select = Matcher::new(select)?;
    let rejects = target.reject.iter().map(Matcher::new).collect::<Result<Vec<_>>>()?;
    let default = [String::from("metadata.name")];
    let paths = if target.field_paths.is_empty() {
        &default[..]
    } else {
        &target.field_paths
    };
    for resource in resources.list_mut() {
        if resource.is_empty()
            || !select.selects_metadata(resource)
            || rejects
                .iter()
                .any(|reject| reject.has_metadata() && reject.selects_metadata(resource))
        {
            continue;
        }
        let mut ids: Vec<Id> = resource.previous_ids().collect();
        ids.push(resource.current_id());
        let rejected = || {
            rejects
                .iter()
                .any(|reject| !reject.is_any_id() && ids.iter().any(|id| reject.selects_id(id)))
        };
        if !ids.iter().any(|id| select.selects_id(id)) || rejected() {
            continue;
        }
        let mut root = Node::Mapping(std::mem::take(&mut resource.object));
        let outcome = paths
            .iter()
            .try_for_each(|path| set_field(&mut root, path, value, target.options.as_ref(), growth));
        if let Node::Mapping(object) = root {
            resource.object = object;
        }
        outcome?;
    }
    Ok(())
}

fn set_field(
    root: &mut Node,
    field: &str,
    value: &Node,
    options: Option<&FieldOptions>,
    growth: &Growth,
) -> Result<()> {
    let make = if options.is_some_and(|options| options.create) {
        Make::like(value)
    } else {
        Make::Nothing
    };
    let parts = path::split(field);
    if set_structured(root, &parts, value, make, growth)? {
        return Ok(());
    }
    let or_create = if make == Make::Nothing { "" } else { "or create " };
    let missing = format!("unable to find {or_create}field {} in replacement target", quote(field));
    // Errors of the setter itself are not about finding the field.
    let mut setting = Ok(());
    let found = path::visit(root, &parts, make, &mut |node| {
        if setting.is_ok() {
            setting = growth
                .node(value, parts.len())
                .and_then(|()| set_value(node, value, options, growth));
        }
        Ok(())
    });
    setting?;
    match found {
        Ok(0) => Err(failure(&missing)),
        Ok(_) => Ok(()),
        Err(error) => Err(error.context(missing)),
    }
}

/// Into a scalar only the text is copied: its type stays.
fn set_value(node: &mut Node, value: &Node, options: Option<&FieldOptions>, growth: &Growth) -> Result<()> {
    let delimiter = options.map(|options| (options.delimiter.as_str(), options.index));
    let joined = match delimiter {
        Some((delimiter, index)) if !delimiter.is_empty() => {
            let Node::Scalar(old) = &*node else {
                return Err(failure("delimiter option can only be used with scalar nodes"));
            };
            let text = value.text().unwrap_or_default();
            let mut parts: Vec<&str> = old.text.split(delimiter).collect();
            match usize::try_from(index) {
                Err(_) => parts.insert(0, text),
                Ok(index) => match parts.get_mut(index) {
                    Some(part) => *part = text,
                    None => parts.push(text),
                },
            }
            let joined = parts.join(delimiter);
            growth.text(joined.len(), 1)?;
            Some(joined)
        }
        _ => None,
    };
    match node {
        Node::Scalar(scalar) => {
            scalar.text = match joined {
                Some(text) => text.into(),
                None => value.text().unwrap_or_default().into(),
            };
        }
        node => *node = value.clone(),
    }
    Ok(())
}

/// A path that runs into a scalar's text: the text is read as YAML or JSON, changed, and written back. False if it is no such path.
fn set_structured(root: &mut Node, parts: &[String], value: &Node, make: Make, growth: &Growth) -> Result<bool> {
    let Node::Mapping(object) = &*root else {
        return Ok(false);
    };
    let split = (1..parts.len()).find(|at| {
        matches!(path::lookup_in(object, &parts[..*at]), Some(Node::Scalar(scalar)) if parse(&scalar.text).is_some())
    });
    let Some(at) = split else { return Ok(false) };
    let Some(Node::Scalar(scalar)) = path::lookup_in(object, &parts[..at]) else {
        return Ok(false);
    };
    growth.text(scalar.text.len(), 1)?;
    growth.node(value, parts.len())?;
    let Some(mut data) = parse(&scalar.text) else {
        return Ok(false);
    };
    let found = path::visit(&mut data, &parts[at..], make, &mut |node| {
        match (&mut *node, value) {
            (Node::Scalar(old), value) => old.text = value.text().unwrap_or_default().into(),
            (node, value) => *node = value.clone(),
        }
        Ok(())
    });
    if !found.is_ok_and(|count| count > 0) {
        return Ok(false);
    }
    // What cannot be written any more (a word in the place of a number) leaves the text as it was.
    let Some(text) = write(&data, &scalar.text) else {
        return Ok(true);
    };
    growth.text(text.len(), 1)?;
    let set = path::visit(root, &parts[..at], Make::Nothing, &mut |node| {
        if let Node::Scalar(scalar) = node {
            scalar.text = text.as_str().into();
        }
        Ok(())
    });
    Ok(set.is_ok_and(|count| count > 0))
}

fn parse(text: &str) -> Option<Node> {
    let limits = Limits::default();
    let root = yaml_node::parse(text, Dialect::GoYaml3, &limits)
        .ok()??
        .expand(&limits)
        .ok()?;
    Node::from_yaml(root, &mut Keys::default()).ok()
}

/// In the form that it had: JSON on one line or several, or YAML in the order that it had.
fn write(data: &Node, old: &str) -> Option<String> {
    let value: Value = data.to_value().ok()?;
    match old.trim().chars().next()? {
        '{' | '[' if old.contains('\n') && old.contains("  ") => Some(crate::yaml::json::to_string_pretty(&value)),
        '{' | '[' => Some(crate::yaml::json::to_string(&value)),
        _ => {
            let mut text = String::new();
            write_yaml(data, 0, &mut text)?;
            Some(text.trim().to_owned())
        }
    }
}

/// Block style, keys in their order, lists under keys not indented.
fn write_yaml(node: &Node, indent: usize, text: &mut String) -> Option<()> {
    let mut first = true;
    let mut begin = |text: &mut String| {
        // The first entry stands where its parent has led to.
        if !std::mem::take(&mut first) || text.ends_with('\n') {
            text.push_str(&" ".repeat(indent));
        }
    };
    match node {
        Node::Mapping(mapping) if !mapping.entries.is_empty() => {
            for (key, value) in &mapping.entries {
                begin(text);
                text.push_str(scalar_text(&Value::String(key.text().to_owned()), indent)?.trim_end());
                text.push(':');
                match value {
                    Node::Mapping(mapping) if !mapping.entries.is_empty() => {
                        text.push('\n');
                        write_yaml(value, indent + 2, text)?;
                    }
                    Node::Sequence(items) if !items.is_empty() => {
                        text.push('\n');
                        write_yaml(value, indent, text)?;
                    }
                    value => {
                        text.push(' ');
                        write_yaml(value, indent + 2, text)?;
                    }
                }
            }
        }
        Node::Sequence(items) if !items.is_empty() => {
            for item in items {
                begin(text);
                text.push_str("- ");
                write_yaml(item, indent + 2, text)?;
            }
        }
        node => text.push_str(&scalar_text(&node.to_value().ok()?, indent)?),
    }
    Some(())
}

/// A scalar or an empty collection, with its newline; the lines of a block are indented.
fn scalar_text(value: &Value, indent: usize) -> Option<String> {
    let old_boolean = |text: &str| {
        ["y", "n", "yes", "no", "on", "off"]
            .iter()
            .any(|word| text.eq_ignore_ascii_case(word))
    };
    let text = match value {
        // Only Go strings are kept from being read as YAML 1.1 booleans, not what comes from a text.
        Value::String(text) if old_boolean(text) => format!("{text}\n"),
        value => crate::yaml::write(value).ok()?,
    };
    let mut lines = text.split_inclusive('\n');
    let mut indented = lines.next()?.to_owned();
    for line in lines {
        if line != "\n" {
            indented.push_str(&" ".repeat(indent));
        }
        indented.push_str(line.trim_start_matches("  "));
    }
    Some(indented)
}
