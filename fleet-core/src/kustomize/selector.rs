//! Which resources a `target` selects: anchored regular expressions for the ID, Kubernetes selectors for labels and annotations.

mod requirement;

use requirement::{Requirement, parse};

use super::{
    error::{KustomizeError, Result},
    id::Id,
    kustomization::Selector,
    pattern::Pattern,
    resource::Resource,
};

/// A compiled selector.
#[derive(Debug)]
pub(super) struct Matcher {
    group: Option<Pattern>,
    version: Option<Pattern>,
    kind: Option<Pattern>,
    name: Option<Pattern>,
    namespace: Option<Pattern>,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

/// The pattern of a whole field; nothing selects anything.
fn whole(pattern: &str) -> Result<Option<Pattern>> {
    if pattern.is_empty() {
        return Ok(None);
    }
    let compiled = Pattern::whole(pattern)
        .map_err(|error| KustomizeError::Kustomization(format!("error parsing regexp: {pattern:?}: {error}")))?;
    Ok(Some(compiled))
}

fn fits(pattern: Option<&Pattern>, text: &str) -> bool {
    pattern.is_none_or(|pattern| pattern.fits(text))
}

impl Matcher {
    pub(super) fn new(selector: &Selector) -> Result<Self> {
        Ok(Self {
            group: whole(&selector.group)?,
            version: whole(&selector.version)?,
            kind: whole(&selector.kind)?,
            name: whole(&selector.name)?,
            namespace: whole(&selector.namespace)?,
            labels: parse(&selector.label_selector)?,
            annotations: parse(&selector.annotation_selector)?,
        })
    }

    /// Patches' rule: group, version and kind as they are, name and namespace as they are or were first.
    pub(super) fn selects(&self, resource: &Resource) -> Result<bool> {
        let current = resource.current_id();
        if !self.selects_gvk(&current) {
            return Ok(false);
        }
        if self.name.is_some() || self.namespace.is_some() {
            let original = resource.original_id();
            let namespace = self.namespace.as_ref();
            if !(fits(namespace, original.effective_namespace()) || fits(namespace, current.effective_namespace()))
                || !(fits(self.name.as_ref(), &original.name) || fits(self.name.as_ref(), &current.name))
            {
                return Ok(false);
            }
        }
        Ok(self.selects_metadata(resource))
    }

    fn selects_gvk(&self, id: &Id) -> bool {
        fits(self.group.as_ref(), &id.gvk.group)
            && fits(self.version.as_ref(), &id.gvk.version)
            && fits(self.kind.as_ref(), &id.gvk.kind)
    }

    /// Replacements' rule: one ID fits in all its parts.
    pub(super) fn selects_id(&self, id: &Id) -> bool {
        self.selects_gvk(id)
            && fits(self.name.as_ref(), &id.name)
            && fits(
                self.namespace.as_ref(),
                if id.namespace.is_empty() {
                    "default"
                } else {
                    &id.namespace
                },
            )
    }

    /// True if neither group, version, kind, name nor namespace is given.
    pub(super) fn is_any_id(&self) -> bool {
        [&self.group, &self.version, &self.kind, &self.name, &self.namespace]
            .into_iter()
            .all(Option::is_none)
    }

    /// True if labels or annotations are selected by.
    pub(super) fn has_metadata(&self) -> bool {
        !self.labels.is_empty() || !self.annotations.is_empty()
    }

    pub(super) fn selects_metadata(&self, resource: &Resource) -> bool {
        let fits = |requirements: &[Requirement], field: &str| {
            requirements.is_empty() || {
                let pairs = resource.pairs(field);
                requirements.iter().all(|requirement| requirement.fits(&pairs))
            }
        };
        fits(&self.annotations, "annotations") && fits(&self.labels, "labels")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(selector: &str, pairs: &[(&str, &str)]) -> bool {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        parse(selector)
            .unwrap()
            .iter()
            .all(|requirement| requirement.fits(&pairs))
    }

    #[test]
    fn selectors() {
        let pairs = [("app", "web"), ("tier", "2")];
        for selector in [
            "",
            "app",
            "app=web",
            "app==web",
            "app!=db",
            "!other",
            "app in (db, web)",
            "app notin (db)",
            "tier>1",
            "tier<3,app",
        ] {
            assert!(fits(selector, &pairs), "{selector}");
        }
        for selector in ["other", "app=db", "!app", "app notin (web)", "tier>2", "app,other"] {
            assert!(!fits(selector, &pairs), "{selector}");
        }
        for selector in ["a=b c", "a in b", ",", "a,", "=", "a in (b"] {
            assert!(parse(selector).is_err(), "{selector}");
        }
    }
}
