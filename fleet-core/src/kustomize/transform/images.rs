//! `images`: names, tags and digests (kustomize `api/filters/imagetag`, `api/image`).

use super::super::{
    error::{KustomizeError, Result},
    fields::{self, Create, FieldSpec},
    kustomization::Image,
    node::{Mapping, Node, Scalar},
    pattern::ImagePattern,
    resmap::ResMap,
};

/// Changes an image in all containers, at whatever depth, and then once more where the specs lead.
pub(crate) fn images(resources: &mut ResMap, image: &Image, specs: &[FieldSpec]) -> Result<()> {
    // The name is an expression, dots included.
    let pattern = ImagePattern::new(&image.name).map_err(|error| {
        KustomizeError::Kustomization(format!("images: name {:?} is no expression: {error}", image.name))
    })?;
    let update = |node: &mut Node| match node {
        Node::Scalar(scalar) => {
            if pattern.fits(&scalar.text) {
                scalar.replace(Scalar::plain(changed(&scalar.text, image)));
            }
            Ok(())
        }
        node => Err(KustomizeError::Transform(fields::wrong_kind("ScalarNode", node))),
    };
    for resource in resources.list_mut() {
        if resource.kind() != "CustomResourceDefinition" {
            in_containers(&mut resource.object, &update)?;
        }
    }
    for resource in resources.list_mut() {
        if resource.kind() == "CustomResourceDefinition" {
            continue;
        }
        for spec in specs {
            // Nothing is made: a path that is not there has no image.
            fields::apply(resource, spec, Create::Nothing, &mut |node| update(node))?;
        }
    }
    Ok(())
}

fn in_containers(mapping: &mut Mapping, update: &impl Fn(&mut Node) -> Result<()>) -> Result<()> {
    for (key, value) in &mut mapping.entries {
        in_node(value, update)?;
        if !matches!(key.text(), "containers" | "initContainers") {
            continue;
        }
        if let Node::Sequence(items) = value {
            for item in items {
                match item {
                    Node::Mapping(container) => {
                        if let Some(image) = container.get_mut("image") {
                            update(image)?;
                        }
                    }
                    item if item.is_null() => {}
                    item => return Err(KustomizeError::Transform(fields::wrong_kind("MappingNode", item))),
                }
            }
        }
    }
    Ok(())
}

fn in_node(node: &mut Node, update: &impl Fn(&mut Node) -> Result<()>) -> Result<()> {
    match node {
        Node::Mapping(mapping) => in_containers(mapping, update),
        Node::Sequence(items) => items.iter_mut().try_for_each(|item| in_node(item, update)),
        Node::Scalar(_) => Ok(()),
    }
}

fn changed(text: &str, image: &Image) -> String {
    let (name, tag, digest) = split(text);
    let name = if image.new_name.is_empty() {
        name
    } else {
        &image.new_name
    };
    let suffixed = format!("{tag}{}", image.tag_suffix);
    let (tag, digest) = match (&*image.new_tag, &*image.digest) {
        ("", "") if image.tag_suffix.is_empty() => (tag, digest),
        ("", "") => (suffixed.as_str(), ""),
        (tag, digest) => (tag, digest),
    };
    let mut changed = name.to_owned();
    for (separator, part) in [(':', tag), ('@', digest)] {
        if !part.is_empty() {
            changed.push(separator);
            changed.push_str(part);
        }
    }
    changed
}

/// Name, tag and digest. A colon before the first slash belongs to the registry's port.
fn split(image: &str) -> (&str, &str, &str) {
    let begin = image.find('/').unwrap_or(0);
    let at = |separator: char| image[begin..].find(separator).map(|at| begin + at);
    match (at(':'), at('@')) {
        (None, None) => (image, "", ""),
        (Some(colon), None) => (&image[..colon], &image[colon + 1..], ""),
        (Some(colon), Some(digest)) if colon < digest => {
            (&image[..colon], &image[colon + 1..digest], &image[digest + 1..])
        }
        (_, Some(digest)) => (&image[..digest], "", &image[digest + 1..]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tags_and_digests() {
        assert_eq!(split("host:5000/a:1@sha256:ab"), ("host:5000/a", "1", "sha256:ab"));
        assert_eq!(split("a"), ("a", "", ""));
        assert_eq!(split("a@sha256:ab"), ("a", "", "sha256:ab"));
        let image = |name: &str, tag: &str, digest: &str, suffix: &str| Image {
            new_name: name.into(),
            new_tag: tag.into(),
            digest: digest.into(),
            tag_suffix: suffix.into(),
            ..Image::default()
        };
        assert_eq!(changed("a:1", &image("b", "", "", "")), "b:1");
        assert_eq!(changed("a:1@sha256:ab", &image("", "2", "", "")), "a:2");
        assert_eq!(changed("a:1", &image("", "", "sha256:cd", "")), "a@sha256:cd");
        assert_eq!(changed("a:1@sha256:ab", &image("", "", "", "-x")), "a:1-x");
    }
}
