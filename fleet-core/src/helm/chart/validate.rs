//! What Helm refuses in a `Chart.yaml` (Helm v4.2.3 `chart/v2.Metadata.Validate`).

use std::collections::BTreeSet;

use super::super::metadata::Metadata;
use super::decode::Decoded;
use super::load::ChartError;
use crate::semver;
use crate::template::quote::quote;

/// Checks and cleans what was decoded.
pub(super) fn validate(decoded: Decoded) -> Result<Metadata, ChartError> {
    let Decoded {
        value: mut metadata,
        null_maintainer,
        null_dependency,
    } = decoded;
    sanitize(&mut metadata);
    let fail = |message: String| Err(ChartError::Validation(message));
    let quoted = |text: &str| quote(text.as_bytes());
    if metadata.api_version.is_empty() {
        return fail("chart.metadata.apiVersion is required".into());
    }
    if metadata.name.is_empty() {
        return fail("chart.metadata.name is required".into());
    }
    if metadata.name != crate::tree::path::base(&metadata.name) || metadata.name == "." || metadata.name == ".." {
        return fail(format!("chart.metadata.name {} is invalid", quoted(&metadata.name)));
    }
    if metadata.version.is_empty() {
        return fail("chart.metadata.version is required".into());
    }
    if semver::Version::parse(&metadata.version).is_err() {
        return fail(format!(
            "chart.metadata.version {} is invalid",
            quoted(&metadata.version)
        ));
    }
    if !matches!(metadata.chart_type.as_str(), "" | "application" | "library") {
        return fail("chart.metadata.type must be application or library".into());
    }
    if null_maintainer {
        return fail("maintainers must not contain empty or null nodes".into());
    }
    let mut names = BTreeSet::new();
    for (index, dependency) in metadata.dependencies.iter().enumerate() {
        if null_dependency == Some(index) {
            return fail("dependencies must not contain empty or null nodes".into());
        }
        let characters = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        if !dependency.alias.chars().all(characters) {
            let name = quoted(&dependency.name);
            return fail(format!("dependency {name} has disallowed characters in the alias"));
        }
        let name = if dependency.alias.is_empty() {
            &dependency.name
        } else {
            &dependency.alias
        };
        if !names.insert(name.clone()) {
            return fail(format!("more than one dependency with name or alias {}", quoted(name)));
        }
    }
    Ok(metadata)
}

/// Makes every kind of white space a space and drops what cannot be printed.
fn sanitize(metadata: &mut Metadata) {
    let clean = |text: &mut String| {
        if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
            return;
        }
        let characters = text.chars().filter_map(|character| match character {
            _ if character.is_whitespace() => Some(' '),
            // What Go quotes without an escape is what it can print.
            _ if quote(character.encode_utf8(&mut [0; 4]).as_bytes()).chars().nth(1) == Some(character) => {
                Some(character)
            }
            _ => None,
        });
        *text = characters.collect();
    };
    let Metadata {
        name,
        description,
        home,
        icon,
        condition,
        tags,
        app_version,
        kube_version,
        ..
    } = metadata;
    [
        name,
        description,
        home,
        icon,
        condition,
        tags,
        app_version,
        kube_version,
    ]
    .into_iter()
    .for_each(clean);
    metadata
        .sources
        .iter_mut()
        .chain(&mut metadata.keywords)
        .for_each(clean);
    for maintainer in &mut metadata.maintainers {
        [&mut maintainer.name, &mut maintainer.email, &mut maintainer.url]
            .into_iter()
            .for_each(clean);
    }
    for dependency in &mut metadata.dependencies {
        [
            &mut dependency.name,
            &mut dependency.version,
            &mut dependency.repository,
        ]
        .into_iter()
        .for_each(clean);
        clean(&mut dependency.condition);
        dependency.tags.iter_mut().for_each(clean);
    }
}
