//! `ValueAddTransformer`: one value into fields, or into a part of the paths that they hold.

use super::{
    super::{
        error::{KustomizeError, Result},
        fields::{split_path, wrong_kind},
        kustomization::Selector,
        node::{Node, Scalar},
        resmap::ResMap,
    },
    path::{self, Make},
};

/// Where the value goes.
#[derive(Clone, Debug, Default)]
pub(crate) struct ValueTarget {
    pub(crate) selector: Option<Selector>,
    pub(crate) field_path: String,
    /// From 1: the place within a path; 0 replaces the whole value.
    pub(crate) file_path_position: i64,
}

/// Adds the value.
pub(crate) fn value_add(resources: &mut ResMap, value: &str, targets: &[ValueTarget]) -> Result<()> {
    for target in targets {
        let selected = match &target.selector {
            Some(selector) => resources.select(selector)?,
            None => (0..resources.list().len()).collect(),
        };
        let path = split_path(&target.field_path, '/');
        for at in selected {
            let resource = &mut resources.list_mut()[at];
            let mut root = Node::Mapping(std::mem::take(&mut resource.object));
            let outcome = path::visit(&mut root, &path, Make::Scalar, &mut |node| match node {
                Node::Scalar(scalar) => {
                    let text = match usize::try_from(target.file_path_position) {
                        Ok(position) if position > 0 => inserted(&scalar.text, position - 1, value),
                        _ => value.to_owned(),
                    };
                    *scalar = Scalar::plain(text);
                    Ok(())
                }
                node => Err(KustomizeError::Transform(wrong_kind("ScalarNode", node))),
            });
            if let Node::Mapping(object) = root {
                resource.object = object;
            }
            outcome?;
        }
    }
    Ok(())
}

/// A path with one more part; a leading slash stays where it is.
fn inserted(path: &str, position: usize, part: &str) -> String {
    let absolute = if path.starts_with('/') { "/" } else { "" };
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(position.min(parts.len()), part);
    format!("{absolute}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::inserted;

    #[test]
    fn parts_are_inserted() {
        for (path, position, want) in [
            ("", 0, "P"),
            ("/pie", 0, "/P/pie"),
            ("raw", 9, "raw/P"),
            ("a/b/c", 1, "a/P/b/c"),
            ("/", 0, "/P"),
        ] {
            assert_eq!(inserted(path, position, "P"), want);
        }
    }
}
