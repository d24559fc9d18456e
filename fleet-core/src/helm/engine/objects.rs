//! What templates find at their dot: `.Chart`, `.Release`, `.Values`, `.Files`, `.Capabilities`, `.Subcharts`,
//! `.Template` (Helm v4.2.3 `recAllTpls`).

use std::collections::BTreeMap;
use std::sync::Arc;

use super::super::dependencies::Node;
use super::super::metadata::{Dependency, Metadata};
use super::super::values::table_at;
use super::RenderOptions;
use super::values_methods::VALUES;
use super::{capabilities, files};
use crate::template::{Map, MapType, Value};

/// A template with what it is executed on.
pub(super) struct Renderable {
    /// Path from the root chart.
    pub(super) name: Arc<str>,
    /// The text.
    pub(super) data: Arc<[u8]>,
    /// The dot, shared by all templates of a chart.
    pub(super) dot: Map,
    base_path: Arc<str>,
}

impl Renderable {
    /// Partials are there to be included.
    pub(super) fn is_partial(&self) -> bool {
        crate::tree::path::base(&self.name).starts_with('_')
    }

    /// `.Template`.
    pub(super) fn template_object(&self) -> Value {
        let entries = [
            ("Name", Value::text(Arc::clone(&self.name))),
            ("BasePath", Value::text(Arc::clone(&self.base_path))),
        ];
        Value::Map(Map::from_entries(entries).with_type(VALUES))
    }
}

/// All templates of a chart and its subcharts in the order in which Helm parses and executes them: deepest path first,
/// then by name from the end (Helm v4.2.3 `sortTemplates`).
pub(super) fn renderables(root: &Node, values: Map, options: &RenderOptions<'_>) -> Vec<Renderable> {
    let release = &options.release;
    let release = Value::map([
        ("Name", Value::text(release.name.as_str())),
        ("Namespace", Value::text(release.namespace.as_str())),
        ("IsUpgrade", Value::Bool(release.is_upgrade)),
        ("IsInstall", Value::Bool(release.is_install)),
        ("Revision", Value::Int(release.revision)),
        ("Service", Value::text(release.service.as_str())),
    ]);
    let shared = Shared {
        release,
        capabilities: capabilities::object(&options.capabilities),
    };
    let mut found = BTreeMap::new();
    shared.chart(root, root.name(), true, values.with_type(VALUES), &mut found);
    let mut renderables: Vec<Renderable> = found.into_values().collect();
    renderables.sort_by(|a, b| {
        let depth = |it: &Renderable| it.name.bytes().filter(|byte| *byte == b'/').count();
        depth(b).cmp(&depth(a)).then_with(|| b.name.cmp(&a.name))
    });
    renderables
}

/// What all charts of a render have in common.
struct Shared {
    release: Value,
    capabilities: Value,
}

impl Shared {
    /// Collects the templates of a chart and its subcharts; gives the chart's dot.
    fn chart(
        &self,
        node: &Node,
        path: &str,
        is_root: bool,
        values: Map,
        found: &mut BTreeMap<Arc<str>, Renderable>,
    ) -> Map {
        let subcharts = Map::new();
        let dot = Map::from_entries([
            ("Chart", chart_object(node.metadata(), is_root)),
            ("Files", files::object(&node.parts.files)),
            ("Release", self.release.clone()),
            ("Capabilities", self.capabilities.clone()),
            ("Values", Value::Map(values.clone())),
            ("Subcharts", Value::Map(subcharts.clone())),
        ])
        .with_type(VALUES);
        for child in node.dependencies() {
            let values = table_at(&values, child.name()).unwrap_or_default().with_type(VALUES);
            let path = format!("{path}/charts/{}", child.name());
            let inner = self.chart(child, &path, false, values, found);
            subcharts.insert(child.name(), Value::Map(inner.with_type(MapType::ANY)));
        }
        let base_path: Arc<str> = format!("{path}/templates").into();
        for file in &node.parts.templates {
            let is_partial = crate::tree::path::base(&file.name).starts_with('_');
            if node.is_library() && !is_partial {
                continue;
            }
            let name: Arc<str> = crate::tree::path::clean(&format!("{path}/{}", file.name)).into();
            let (data, dot, base_path) = (Arc::clone(&file.data), dot.clone(), Arc::clone(&base_path));
            found.insert(
                Arc::clone(&name),
                Renderable {
                    name,
                    data,
                    dot,
                    base_path,
                },
            );
        }
        dot
    }
}

fn texts(items: &[String]) -> Value {
    Value::list(items.iter().map(|item| Value::text(item.as_str())).collect::<Vec<_>>())
}

/// `.Chart`: the metadata by the names that Go's fields have.
fn chart_object(metadata: &Metadata, is_root: bool) -> Value {
    let text = |text: &String| Value::text(text.as_str());
    let maintainers = metadata.maintainers.iter().map(|maintainer| {
        let (name, email, url) = (&maintainer.name, &maintainer.email, &maintainer.url);
        Value::map([("Name", text(name)), ("Email", text(email)), ("URL", text(url))])
    });
    let annotations = Map::texts(
        metadata
            .annotations
            .iter()
            .map(|(key, value)| (key.as_str(), value.as_str())),
    );
    let annotations = if annotations.is_empty() {
        annotations.with_type(MapType::NIL_TEXTS)
    } else {
        annotations
    };
    Value::map([
        ("Name", text(&metadata.name)),
        ("Home", text(&metadata.home)),
        ("Sources", texts(&metadata.sources)),
        ("Version", text(&metadata.version)),
        ("Description", text(&metadata.description)),
        ("Keywords", texts(&metadata.keywords)),
        ("Maintainers", Value::list(maintainers.collect::<Vec<_>>())),
        ("Icon", text(&metadata.icon)),
        ("APIVersion", text(&metadata.api_version)),
        ("Condition", text(&metadata.condition)),
        ("Tags", text(&metadata.tags)),
        ("AppVersion", text(&metadata.app_version)),
        ("Deprecated", Value::Bool(metadata.deprecated)),
        ("Annotations", Value::Map(annotations)),
        ("KubeVersion", text(&metadata.kube_version)),
        (
            "Dependencies",
            Value::list(metadata.dependencies.iter().map(dependency_object).collect::<Vec<_>>()),
        ),
        ("Type", text(&metadata.chart_type)),
        ("IsRoot", Value::Bool(is_root)),
    ])
}

fn dependency_object(dependency: &Dependency) -> Value {
    let text = |text: &String| Value::text(text.as_str());
    let imports = dependency.import_values.iter().map(|import| match import {
        serde_json::Value::Object(map) => {
            let part = |key: &str| {
                map.get(key)
                    .and_then(serde_json::Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            Value::Map(Map::texts([("child", part("child")), ("parent", part("parent"))]))
        }
        other => Value::from_json(other),
    });
    Value::map([
        ("Name", text(&dependency.name)),
        ("Version", text(&dependency.version)),
        ("Repository", text(&dependency.repository)),
        ("Condition", text(&dependency.condition)),
        ("Tags", texts(&dependency.tags)),
        ("Enabled", Value::Bool(dependency.enabled)),
        ("ImportValues", Value::list(imports.collect::<Vec<_>>())),
        ("Alias", text(&dependency.alias)),
    ])
}
