//! fleet.yaml: what a folder says about its bundle.

use std::{borrow::Cow, collections::BTreeMap};

use serde::Deserialize;
use serde_json::Value;

use super::{
    ScanError,
    decode::{self, Step, key_text},
    schema,
};
use crate::{
    api::{BundleSpec, BundleTarget, GitTarget, ImageScanSpec},
    diagnostic::Diagnostic,
    yaml,
};

/// A read fleet.yaml: the bundle's spec, and what only a repository says.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[cfg_attr(feature = "crd", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct FleetYaml {
    /// The bundle's name; empty is the name that the folder gives.
    pub name: String,
    /// Labels of the bundle, which win over those of the GitRepo.
    pub labels: BTreeMap<String, String>,
    /// Annotations of the bundle: undocumented upstream, and kept.
    pub annotations: BTreeMap<String, String>,
    /// Targets with options of their own, after `targets`.
    pub target_customizations: Vec<BundleTarget>,
    /// Images whose new tags are committed.
    pub image_scans: Vec<ImageScanSpec>,
    /// Targets in place of the GitRepo's; an empty list counts, `None` does not.
    pub override_targets: Option<Vec<GitTarget>>,
    /// Everything else.
    #[serde(flatten)]
    pub spec: BundleSpec,
}

/// Reads a fleet.yaml.
///
/// `path` names the file in reports and errors.
///
/// ```
/// use fleet_core::scan::FleetYaml;
/// let (file, reports) = FleetYaml::read("app/fleet.yaml", b"namespce: web\nhelm: {releaseName: web}\n")?;
/// assert_eq!(file.spec.options.helm.unwrap().release_name, "web");
/// assert_eq!(reports[0].to_string(), "app/fleet.yaml:1: warning: unknown key \"namespce\" is ignored (did you mean \"namespace\"?)");
/// # Ok::<(), fleet_core::scan::ScanError>(())
/// ```
impl FleetYaml {
    /// Reads the first document of the text; nothing is an empty file.
    ///
    /// # Errors
    /// [`ScanError::Yaml`], [`ScanError::Type`], [`ScanError::Invalid`], each with file, line and key.
    pub fn read(path: &str, content: &[u8]) -> Result<(Self, Vec<Diagnostic>), ScanError> {
        let source = Source::new(path, content)?;
        let (file, diagnostics) = source.read::<Self>(&schema::FLEET_YAML)?;
        file.validate(&source)?;
        Ok((file, diagnostics))
    }

    fn validate(&self, source: &Source<'_>) -> Result<(), ScanError> {
        let invalid = |place: &[Step], problem: String| {
            Err(ScanError::Invalid {
                path: source.path.to_owned(),
                line: source.line_of(place),
                key: key_text(place),
                problem,
            })
        };
        for (index, dependency) in self.spec.depends_on.iter().enumerate() {
            let mut place = vec![Step::Key("dependsOn".to_owned()), Step::Index(index)];
            if dependency.name.is_empty() && dependency.selector.is_none() {
                return invalid(&place, "must specify either 'name' or 'selector'".to_owned());
            }
            for (index, state) in dependency.accepted_states.iter().enumerate() {
                if !schema::STATES.contains(&state.as_str()) {
                    place.extend([Step::Key("acceptedStates".to_owned()), Step::Index(index)]);
                    let valid = schema::STATES.join(" ");
                    return invalid(&place, format!("invalid state {state:?}, valid values are: [{valid}]"));
                }
            }
        }
        Ok(())
    }

    /// The name that a fleet.yaml gives which cannot be read as a whole, so that the bundle it made before is found.
    pub(crate) fn name_of_broken(content: &[u8]) -> Option<String> {
        let text = String::from_utf8_lossy(content);
        let line = text.lines().find(|line| line.starts_with("name:"))?;
        let name = yaml::read(line).ok()?.get("name")?.as_str()?.to_owned();
        (!name.is_empty()).then_some(name)
    }
}

/// The targets that a scan gives every bundle: a file of a bundle's spec, of which only `targets` and `targetRestrictions` count.
///
/// # Errors
/// As [`FleetYaml::read`].
pub fn read_targets(path: &str, content: &[u8]) -> Result<(super::ScanTargets, Vec<Diagnostic>), ScanError> {
    let (spec, diagnostics) = Source::new(path, content)?.read::<BundleSpec>(&schema::BUNDLE_SPEC)?;
    // `targetRestrictions` is the point of this file, and a warning where a person writes fleet.yaml.
    let diagnostics = diagnostics
        .into_iter()
        .filter(|report| report.code != "internal-key")
        .collect();
    let targets = super::ScanTargets {
        targets: spec.targets,
        target_restrictions: spec.target_restrictions,
    };
    Ok((targets, diagnostics))
}

/// A file whose lines are looked up when something is to be said about it.
struct Source<'a> {
    path: &'a str,
    text: Cow<'a, str>,
}

impl<'a> Source<'a> {
    fn new(path: &'a str, content: &'a [u8]) -> Result<Self, ScanError> {
        match yaml::decode(content) {
            Ok(text) => Ok(Self { path, text }),
            Err(cause) => Err(yaml_error(path, cause)),
        }
    }

    fn read<T: for<'de> Deserialize<'de>>(
        &self,
        record: &'static schema::Record,
    ) -> Result<(T, Vec<Diagnostic>), ScanError> {
        let document = yaml::read(&self.text).map_err(|cause| yaml_error(self.path, cause))?;
        let mismatch = |place: &[Step], expected: String, found: String| ScanError::Type {
            path: self.path.to_owned(),
            line: self.line_of(place),
            key: key_text(place),
            expected,
            found,
        };
        let (value, remarks) = decode::decode(document, record)
            .map_err(|error| mismatch(&error.place, error.expected.to_owned(), error.found.to_owned()))?;
        let typed: T = serde_json::from_value(value)
            .map_err(|error| mismatch(&[], error.to_string(), "something else".to_owned()))?;
        let diagnostics = remarks
            .into_iter()
            .map(|remark| {
                let line = self.line_of(&remark.place);
                let report = Diagnostic::new(remark.severity, remark.code, remark.message).at(self.path, line);
                match remark.hint {
                    Some(hint) => report.with_hint(hint),
                    None => report,
                }
            })
            .collect();
        Ok((typed, diagnostics))
    }

    /// The line of the value, or of the nearest one above it.
    fn line_of(&self, place: &[Step]) -> Option<usize> {
        let (_, positions) = yaml::read_with_positions(&self.text).ok()?;
        let mut pointer = String::new();
        for step in place {
            match step {
                Step::Key(key) => pointer.push_str(&format!("/{}", key.replace('~', "~0").replace('/', "~1"))),
                Step::Index(index) => pointer.push_str(&format!("/{index}")),
            }
        }
        positions.nearest(&pointer).map(|position| position.line)
    }
}

fn yaml_error(path: &str, cause: yaml::YamlError) -> ScanError {
    ScanError::Yaml {
        path: path.to_owned(),
        line: cause.line(),
        cause: Box::new(cause),
    }
}

/// Values of a file merged over those that are there: maps by key, everything else replaced; `null` is kept.
pub(crate) fn merge_values(base: &mut serde_json::Map<String, Value>, over: serde_json::Map<String, Value>) {
    for (key, value) in over {
        match (base.get_mut(&key), value) {
            (Some(Value::Object(base)), Value::Object(over)) => merge_values(base, over),
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_file_line_and_key() {
        for (text, expected) in [
            (
                "helm:\n  version: 1.0\n",
                "reading f:2: helm.version: expected a string, found a number",
            ),
            (
                "a: b\nkeepResources: maybe\n",
                "reading f:2: keepResources: expected a boolean, found a string",
            ),
            ("- a\n", "reading f:1: expected a map, found a list"),
            ("a: [\n", "reading f:1: "),
            (
                "dependsOn:\n- {}\n",
                "validating f:2: dependsOn[0]: must specify either 'name' or 'selector'",
            ),
            (
                "dependsOn:\n- name: a\n  acceptedStates: [Ready, Bogus]\n",
                "validating f:3: dependsOn[0].acceptedStates[1]: invalid state \"Bogus\", valid values are: \
                 [Ready NotReady Pending OutOfSync Modified WaitApplied ErrApplied]",
            ),
        ] {
            let error = FleetYaml::read("f", text.as_bytes()).unwrap_err().to_string();
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn finds_the_name_of_a_broken_file() {
        assert_eq!(
            FleetYaml::name_of_broken(b"name: 'web'\nhelm: [\n").as_deref(),
            Some("web")
        );
        assert_eq!(FleetYaml::name_of_broken(b"helm: [\n"), None);
    }
}
