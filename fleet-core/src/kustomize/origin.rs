//! `buildMetadata`: where an object comes from and what changed it, as annotations.

use super::{
    id::Id,
    remote::GitAddress,
    resource::{ORIGIN, Resource, TRANSFORMATIONS},
};

/// Where something is, and what configured it.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Origin {
    path: String,
    repository: String,
    reference: String,
    configured_in: String,
    /// `apiVersion`, `kind`, name, namespace.
    configured_by: Option<(String, String, String, String)>,
}

impl Origin {
    /// The place of an entry, seen from this one.
    pub(super) fn append(&self, entry: &str) -> Self {
        let mut origin = self.clone();
        let path = match GitAddress::parse(entry) {
            Some(address) => {
                origin.path.clear();
                origin.repository = address.repository;
                origin.reference = address.reference.unwrap_or_default();
                address.path
            }
            None => entry.to_owned(),
        };
        origin.path = join(&origin.path, &path);
        origin
    }

    /// Of what a built-in generator or transformer did that stands in a kustomization.
    pub(super) fn built_in(&self, file: &str, kind: &str) -> Self {
        let place = self.append(file);
        Self {
            configured_in: place.path,
            path: String::new(),
            configured_by: Some(("builtin".to_owned(), kind.to_owned(), String::new(), String::new())),
            ..place
        }
    }

    /// Of what a generator or transformer did that is configured by a resource, given that one's own origin.
    pub(super) fn configured(text: &str, id: &Id) -> Self {
        let field = |name: &str| {
            let line = text
                .lines()
                .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
            line.unwrap_or_default().to_owned()
        };
        Self {
            path: String::new(),
            repository: field("repo"),
            reference: field("ref"),
            configured_in: field("path"),
            configured_by: Some((
                id.gvk.api_version(),
                id.gvk.kind.to_string(),
                id.name.clone(),
                id.namespace.clone(),
            )),
        }
    }

    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        let mut add = |indent: &str, name: &str, value: &str| {
            if !value.is_empty() {
                lines.push(format!("{indent}{name}: {value}"));
            }
        };
        add("", "path", &self.path);
        add("", "repo", &self.repository);
        add("", "ref", &self.reference);
        add("", "configuredIn", &self.configured_in);
        if let Some((api_version, kind, name, namespace)) = &self.configured_by {
            lines.push("configuredBy:".to_owned());
            let mut add = |name: &str, value: &str| {
                if !value.is_empty() {
                    lines.push(format!("  {name}: {value}"));
                }
            };
            add("apiVersion", api_version);
            add("kind", kind);
            add("name", name);
            add("namespace", namespace);
        }
        lines
    }

    fn text(&self) -> String {
        self.lines().iter().map(|line| format!("{line}\n")).collect()
    }

    /// Notes that an object comes from here.
    pub(super) fn set(&self, resource: &mut Resource) {
        resource.set_annotation(ORIGIN, Some(&self.text()));
    }

    /// Notes it unless something is noted already.
    pub(super) fn set_if_none(&self, resource: &mut Resource) {
        if resource.annotation(ORIGIN).is_none() {
            self.set(resource);
        }
    }

    /// Notes that this has transformed an object; one without origin was made by it.
    pub(super) fn add_transformation(&self, resource: &mut Resource) {
        if resource.annotation(ORIGIN).is_none() {
            self.set(resource);
            return;
        }
        let mut text = resource.annotation(TRANSFORMATIONS).unwrap_or_default().to_owned();
        for (at, line) in self.lines().iter().enumerate() {
            text.push_str(if at == 0 { "- " } else { "  " });
            text.push_str(line);
            text.push('\n');
        }
        resource.set_annotation(TRANSFORMATIONS, Some(&text));
    }
}

/// Go's `filepath.Join` of relative paths.
fn join(base: &str, path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}
