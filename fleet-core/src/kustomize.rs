//! Kustomize: `kustomization.yaml` builds over an in-memory tree, equal to kustomize v5.8.1 to the byte.
//!
//! [`build`] reads a folder of a [`Tree`] (or of anything else that implements [`Files`]) and gives objects; [`Built::yaml`] prints
//! them as `kubectl kustomize` does. Nothing is fetched: what a kustomization takes from elsewhere is asked for by [`needs`] and
//! supplied in [`BuildOptions::remote`]. Charts are rendered by a function that the caller gives.
//!
//! ```
//! use fleet_core::{kustomize::{BuildOptions, build}, tree::{Entry, Tree}};
//! let mut tree = Tree::new();
//! tree.insert("app/kustomization.yaml", Entry::file("namePrefix: dev-\nresources: [web.yaml]\n")).unwrap();
//! tree.insert("app/web.yaml", Entry::file("apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: web\n")).unwrap();
//! let built = build(&tree, "app", &BuildOptions::default())?;
//! assert_eq!(built.yaml()?, "apiVersion: v1\nkind: ServiceAccount\nmetadata:\n  name: dev-web\n");
//! # Ok::<(), fleet_core::kustomize::KustomizeError>(())
//! ```
//!
//! Invariants: the same input gives the same output; cost is linear in the input, and a schema table is read only for kinds that a
//! strategic merge patch touches; cycles, depth and the number of files are bounded.

mod charts;
mod config;
mod crds;
mod decode;
mod error;
mod fields;
mod files;
mod generate;
mod growth;
mod id;
mod json_patch;
mod kustomization;
mod loader;
mod merge;
mod node;
mod order;
mod origin;
mod pattern;
mod plugins;
mod read;
mod remote;
mod resmap;
mod resource;
mod schema;
mod selector;
mod shown;
mod table;
mod target;
mod transform;

use std::{borrow::Cow, collections::BTreeMap, fmt, rc::Rc, sync::Arc};

use serde_json::Value;

pub use error::KustomizeError;
pub use files::{Files, Found};
pub use kustomization::HelmChart;
pub use remote::{GitAddress, RemoteAddress, RemoteResource};

use crate::tree::Tree;

/// The version of kustomize whose behaviour this is.
pub const VERSION: &str = "v5.8.1";

/// Which files a kustomization may load (kubectl's `--load-restrictor`). Folders may be anywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoadRestrictor {
    /// Those in or below its own folder.
    #[default]
    RootOnly,
    /// Any.
    None,
}

/// The order of the output where the kustomization has no `sortOptions`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Order {
    /// By kind and ID, as `kubectl kustomize` prints.
    #[default]
    Legacy,
    /// As loaded, as Fleet's agent deploys.
    Fifo,
}

/// What stands for a remote entry.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Supplied {
    /// The content of a URL.
    File(Arc<[u8]>),
    /// A repository's files, and the folder in it that the entry names.
    Folder {
        /// The repository.
        tree: Arc<Tree>,
        /// The folder, `""` for the root.
        path: String,
    },
}

/// A chart that a kustomization wants rendered.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HelmRequest {
    /// What the kustomization says of it.
    pub chart: HelmChart,
    /// The chart's folder, which is there when [`HelmCharts::render`] is called.
    pub chart_folder: String,
    /// The folder that a chart is unpacked in by [`HelmCharts::pull`].
    pub chart_home: String,
    /// The folder of Helm's own configuration, if the kustomization names one.
    pub config_home: String,
    /// The kustomization's folder.
    pub folder: String,
    /// The texts of the values, each over the ones before; the first has the inline values in it.
    pub values: Vec<Arc<[u8]>>,
}

/// Renders charts for `helmCharts`. Values are read and merged by the build, as kustomize does.
pub trait HelmCharts {
    /// Puts a chart that is not there into [`HelmRequest::chart_home`], where the build's [`Files`] find it.
    ///
    /// # Errors
    /// The text of what went wrong; charts are not fetched unless an implementation does it.
    fn pull(&self, request: &HelmRequest) -> std::result::Result<(), String> {
        let HelmChart {
            name, repo, version, ..
        } = &request.chart;
        let version = if version.is_empty() { "" } else { &format!(" {version}") };
        Err(format!(
            "chart '{name}'{version} is not in '{}' and charts are not pulled from '{repo}' here; put it there with \
             'helm pull --untar'",
            request.chart_home
        ))
    }

    /// Renders one chart to a stream of YAML documents.
    ///
    /// # Errors
    /// The text of what went wrong.
    fn render(&self, request: &HelmRequest) -> std::result::Result<String, String>;
}

/// How to build.
#[derive(Clone, Default)]
#[non_exhaustive]
pub struct BuildOptions<'a> {
    /// Which files may be loaded.
    pub load_restrictor: LoadRestrictor,
    /// The order of the output.
    pub order: Order,
    /// Allow `helmCharts`.
    pub enable_helm: bool,
    /// What renders charts.
    pub helm: Option<&'a dyn HelmCharts>,
    /// What remote entries stand for, by the entry as written.
    pub remote: BTreeMap<String, Supplied>,
}

impl fmt::Debug for BuildOptions<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("BuildOptions")
            .field("load_restrictor", &self.load_restrictor)
            .field("order", &self.order)
            .field("enable_helm", &self.enable_helm)
            .field("helm", &self.helm.is_some())
            .field("remote", &self.remote.keys())
            .finish()
    }
}

impl<'a> BuildOptions<'a> {
    /// Sets which files may be loaded.
    pub fn load_restrictor(mut self, load_restrictor: LoadRestrictor) -> Self {
        self.load_restrictor = load_restrictor;
        self
    }

    /// Sets the order.
    pub fn order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// Allows charts, and says what renders them.
    pub fn helm(mut self, helm: &'a dyn HelmCharts) -> Self {
        self.enable_helm = true;
        self.helm = Some(helm);
        self
    }

    /// Supplies a remote entry.
    pub fn supply(mut self, entry: impl Into<String>, supplied: Supplied) -> Self {
        self.remote.insert(entry.into(), supplied);
        self
    }
}

/// What a build gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Built {
    objects: Vec<node::Node>,
    /// Lines for the user: deprecated fields, variables that nothing uses.
    pub warnings: Vec<String>,
}

impl Built {
    /// The objects, in order.
    ///
    /// # Errors
    /// [`KustomizeError::Resource`] for what is no JSON: duplicate keys, keys that are no strings, infinities.
    pub fn objects(&self) -> Result<Vec<Value>, KustomizeError> {
        self.objects.iter().map(node::Node::to_value).collect()
    }

    /// The objects as one text, as `kubectl kustomize` prints it.
    ///
    /// # Errors
    /// As of [`objects`](Self::objects).
    pub fn yaml(&self) -> Result<String, KustomizeError> {
        let mut text = String::new();
        for object in &self.objects {
            write(object, &mut text)?;
        }
        Ok(text)
    }

    /// [`yaml`](Self::yaml), letting go of each object as soon as it is written: half of the memory.
    ///
    /// # Errors
    /// As of [`objects`](Self::objects).
    pub fn into_yaml(self) -> Result<String, KustomizeError> {
        let mut text = String::new();
        for object in self.objects {
            write(&object, &mut text)?;
        }
        Ok(text)
    }

    /// The objects as files, by name: what `kubectl kustomize -o FOLDER` writes. A namespace stands in a name only if there are
    /// several.
    ///
    /// # Errors
    /// As of [`objects`](Self::objects).
    pub fn files(&self) -> Result<BTreeMap<String, String>, KustomizeError> {
        let resources: Vec<resource::Resource> = self
            .objects
            .iter()
            .filter_map(|object| object.as_mapping().cloned().map(resource::Resource::new))
            .collect();
        let namespaces: std::collections::BTreeSet<String> = resources
            .iter()
            .map(resource::Resource::current_id)
            .filter(|id| !id.gvk.is_cluster_scoped())
            .map(|id| id.effective_namespace().to_owned())
            .collect();
        let mut files = BTreeMap::new();
        for resource in resources {
            let id = resource.current_id();
            let parts = [&*id.gvk.group, &*id.gvk.version, &*id.gvk.kind, &*id.name];
            let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
            let mut name = format!("{}.yaml", parts.join("_").to_lowercase());
            if namespaces.len() > 1 && !id.gvk.is_cluster_scoped() {
                name = format!("{}_{name}", id.effective_namespace().to_lowercase());
            }
            let mut text = String::new();
            write(&node::Node::Mapping(resource.object), &mut text)?;
            files.insert(name.replace('/', "_"), text);
        }
        Ok(files)
    }

    /// The number of objects.
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// True if there is none.
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}

fn write(object: &node::Node, text: &mut String) -> Result<(), KustomizeError> {
    if !text.is_empty() {
        text.push_str("---\n");
    }
    if !crate::yaml::append(object, crate::yaml::WriteStyle::Kubernetes, text) {
        let value = object.to_value()?;
        text.push_str(&crate::yaml::write(&value).map_err(|error| KustomizeError::Resource(error.to_string()))?);
    }
    Ok(())
}

/// Builds the kustomization in a folder of a tree. The tree's root counts as `/`.
///
/// # Errors
/// [`KustomizeError`], in kustomize's words.
pub fn build(tree: &Tree, folder: &str, options: &BuildOptions<'_>) -> Result<Built, KustomizeError> {
    build_from(&files::TreeFiles(Cow::Borrowed(tree)), &format!("/{folder}"), options)
}

/// Builds the kustomization in a folder of any source of files; the path is absolute.
///
/// # Errors
/// [`KustomizeError`], in kustomize's words.
pub fn build_from(files: &dyn Files, folder: &str, options: &BuildOptions<'_>) -> Result<Built, KustomizeError> {
    let (built, warnings) = build_with_warnings(files, folder, options);
    built.map(|built| Built { warnings, ..built })
}

/// [`build_from`], with the warnings of a build that fails too, for programs that print them.
pub fn build_with_warnings(
    files: &dyn Files,
    folder: &str,
    options: &BuildOptions<'_>,
) -> (Result<Built, KustomizeError>, Vec<String>) {
    let session = target::Session::new(options);
    let files: Rc<dyn Files + '_> = Rc::new(files::Remembered::new(files));
    let built = loader::Loader::new(files, folder, options).and_then(|loader| target::build(&session, loader));
    let built = built.map(|list| Built {
        objects: list
            .into_iter()
            .map(|resource| node::Node::Mapping(resource.object))
            .collect(),
        warnings: Vec::new(),
    });
    (built, session.warnings.into_inner())
}

/// What a build needs from elsewhere and the options do not supply. What is supplied may need more: ask again until nothing is
/// missing.
///
/// # Errors
/// [`KustomizeError`] where a kustomization file cannot be read.
pub fn needs(tree: &Tree, folder: &str, options: &BuildOptions<'_>) -> Result<Vec<RemoteResource>, KustomizeError> {
    needs_from(&files::TreeFiles(Cow::Borrowed(tree)), &format!("/{folder}"), options)
}

/// [`needs`] for any source of files.
///
/// # Errors
/// [`KustomizeError`] where a kustomization file cannot be read.
pub fn needs_from(
    files: &dyn Files,
    folder: &str,
    options: &BuildOptions<'_>,
) -> Result<Vec<RemoteResource>, KustomizeError> {
    let session = target::Session::new(options);
    let files: Rc<dyn Files + '_> = Rc::new(files::Remembered::new(files));
    let loader = loader::Loader::new(files, folder, options)?;
    let mut missing = remote::Missing::default();
    target::needs(&session, &loader, &mut missing)?;
    Ok(missing.0.into_iter().collect())
}
