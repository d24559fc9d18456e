//! Helm v4.2.3 as pure functions: what `helm template`, `install` and `upgrade` compute.
//!
//! Nothing here reads a file, a clock or a cluster, and no type of Fleet's appears: files come in as bytes, and time,
//! randomness, DNS and look-ups are arguments, so that the same input gives the same bytes. With
//! `default-features = false, features = ["helm"]` this is all of the crate that is built beside YAML and templates.
//!
//! # Parse once, render many
//!
//! A [`Chart`] is immutable, cheap to clone, `Send` and `Sync`. Its templates are parsed when they are first rendered, and kept: a
//! thousand clusters pay for parsing once, on as many threads as there are.
//!
//! ```
//! use std::sync::Arc;
//! use fleet_core::helm::{Chart, ReleaseInfo, RenderOptions, render, values};
//!
//! let file = |path: &str, text: &str| (path.to_owned(), Arc::from(text.as_bytes()));
//! let chart = Chart::from_files([
//!     file("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
//!     file("values.yaml", "replicas: 1\nimage:\n  tag: stable\n"),
//!     file("templates/web.yaml", "{{ .Release.Name }}: {{ .Values.replicas }} of {{ .Values.image.tag }}\n"),
//! ])?;
//!
//! let texts: Vec<String> = std::thread::scope(|scope| {
//!     let render_for = |cluster: usize| {
//!         let chart = chart.clone();
//!         scope.spawn(move || {
//!             let mut user = values::Values::new();
//!             values::set(&mut user, &format!("replicas={cluster}")).expect("an assignment");
//!             let options = RenderOptions::new(ReleaseInfo::install(format!("web-{cluster}"), "shop"));
//!             render(&chart, &user, &options).expect("it renders").files["web/templates/web.yaml"].clone()
//!         })
//!     };
//!     let threads: Vec<_> = (1..=2).map(render_for).collect();
//!     threads.into_iter().map(|thread| thread.join().expect("no panic")).collect()
//! });
//! assert_eq!(texts, ["web-1: 1 of stable\n", "web-2: 2 of stable\n"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where charts come from
//!
//! [`Chart::from_files`] takes files by path, [`Chart::from_archive`] the bytes of a `.tgz`, [`Chart::from_folder`] a folder that the
//! caller reads, whose `.helmignore` then says what is not read at all. Archives are hostile: sizes, counts and paths are bounded by
//! [`ArchiveLimits`](crate::tree::archive::ArchiveLimits).
//!
//! # Values
//!
//! [`values::read`] reads a values file, [`values::merge`] lays one over another, [`values::set`] and its kin are `--set`,
//! `--set-string`, `--set-file`, `--set-json` and `--set-literal`. [`values::coalesce`] is what a chart and its subcharts then see.
//!
//! ```
//! use fleet_core::helm::values;
//! use serde_json::json;
//!
//! let mut user = values::read("a: {b: 1}\nports: [80]\n")?;
//! user = values::merge(user, values::read("a: {c: yes}\n")?);
//! values::set(&mut user, "ports[1]=443,name=web\\.example")?;
//! values::set_string(&mut user, "a.b=1")?;
//! assert_eq!(serde_json::Value::Object(user), json!({"a": {"b": "1", "c": true}, "name": "web.example", "ports": [80.0, 443]}));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Objects, hooks and notes
//!
//! [`render`] gives texts by file. [`render_manifests`] goes on as `helm install` does: documents are split, hooks taken out, the
//! rest put into install order. [`manifest::hooks_for`] has the hooks of an event in the order in which they run.
//!
//! ```
//! use std::sync::Arc;
//! use fleet_core::helm::{Chart, HookEvent, ReleaseInfo, RenderOptions, Values, manifest, render_manifests};
//!
//! let file = |path: &str, text: &str| (path.to_owned(), Arc::from(text.as_bytes()));
//! let chart = Chart::from_files([
//!     file("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
//!     file("templates/all.yaml", concat!(
//!         "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\n---\n",
//!         "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n---\n",
//!         "apiVersion: batch/v1\nkind: Job\nmetadata: {name: migrate, annotations: {helm.sh/hook: pre-install}}\n",
//!     )),
//! ])?;
//! let (_, set) = render_manifests(&chart, &Values::new(), &RenderOptions::new(ReleaseInfo::install("web", "shop")))?;
//! let kinds: Vec<&str> = set.manifests.iter().map(|manifest| manifest.kind.as_str()).collect();
//! assert_eq!(kinds, ["Namespace", "Deployment"]);
//! let hooks = manifest::hooks_for(&set.hooks, HookEvent::PreInstall);
//! assert_eq!(hooks[0].name, "migrate");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The world outside
//!
//! What a template asks of the world goes through an [`Environment`](crate::template::Environment): the time of `now`, the bytes of
//! `randAlphaNum` and `genCA`, the addresses of `getHostByName`, the objects of `lookup`. The default has a fixed time and seed and
//! nothing else. The cluster's version and APIs are [`Capabilities`]; schemas that a `$ref` names by address come from
//! [`RenderOptions::with_schemas`], and what all of it may cost is bounded by [`Limits`](crate::template::Limits).
//!
//! ```
//! use std::sync::Arc;
//! use fleet_core::helm::{Chart, ReleaseInfo, RenderOptions, Values, render};
//! use fleet_core::template::{Environment, SeededEnvironment};
//! use serde_json::{Value, json};
//!
//! struct Live(SeededEnvironment);
//!
//! impl Environment for Live {
//!     fn now(&self) -> jiff::Timestamp {
//!         self.0.now()
//!     }
//!
//!     fn random(&self, bytes: &mut [u8]) {
//!         self.0.random(bytes);
//!     }
//!
//!     fn lookup(&self, _: &str, kind: &str, namespace: &str, name: &str) -> Result<Value, String> {
//!         Ok(json!({"kind": kind, "metadata": {"namespace": namespace, "name": name, "uid": "1"}}))
//!     }
//! }
//!
//! let file = |path: &str, text: &str| (path.to_owned(), Arc::from(text.as_bytes()));
//! let chart = Chart::from_files([
//!     file("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
//!     file("templates/a.yaml", "uid: {{ (lookup \"v1\" \"Secret\" \"shop\" \"key\").metadata.uid }}\n"),
//! ])?;
//! let live = Live(SeededEnvironment::default());
//! let options = RenderOptions::new(ReleaseInfo::install("web", "shop")).with_environment(&live);
//! assert_eq!(render(&chart, &Values::new(), &options)?.files["web/templates/a.yaml"], "uid: 1\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Errors
//!
//! A [`HelmError`] printed is Helm's text. Those of templates are a [`RenderError`], which has every step between the file and the
//! place that failed, with line and column, for those who point at it.
//!
//! ```
//! use std::sync::Arc;
//! use fleet_core::helm::{Chart, HelmError, ReleaseInfo, RenderOptions, Values, render};
//!
//! let file = |path: &str, text: &str| (path.to_owned(), Arc::from(text.as_bytes()));
//! let chart = Chart::from_files([
//!     file("Chart.yaml", "apiVersion: v2\nname: web\nversion: 1.0.0\n"),
//!     file("templates/_helpers.tpl", "{{ define \"name\" }}{{ required \"a name is needed\" .Values.name }}{{ end }}"),
//!     file("templates/a.yaml", "kind: Pod\nname: {{ include \"name\" . }}\n"),
//! ])?;
//! let options = RenderOptions::new(ReleaseInfo::install("web", "shop"));
//! let Err(HelmError::Render(error)) = render(&chart, &Values::new(), &options) else {
//!     panic!("it has no name");
//! };
//! let places: Vec<_> = error.frames.iter().map(|frame| (frame.file.as_str(), frame.line)).collect();
//! assert_eq!(places, [("web/templates/a.yaml", Some(2)), ("web/templates/_helpers.tpl", Some(1))]);
//! assert!(error.frames[1].message.contains("a name is needed"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Releases
//!
//! [`release`] is the record that Helm keeps of every revision: [`release::encode`] and [`release::decode`] are the bytes of its
//! Secret, so that `helm list`, `history` and `rollback` work on what was written here, and the other way round.

pub mod capabilities;
pub mod chart;
pub mod dependencies;
pub mod dependency_update;
pub mod engine;
mod error;
pub mod manifest;
pub mod metadata;
pub mod release;
pub mod repository;
pub mod schema;
pub mod values;

pub use capabilities::{Capabilities, HelmVersion, KubeVersion};
pub use chart::{Chart, ChartError, Crd};
pub use engine::{ReleaseInfo, RenderError, RenderOptions, Rendered, render};
pub use error::HelmError;
pub use manifest::{Manifest, ManifestSet, render_manifests};
pub use metadata::{Dependency, Lock, Maintainer, Metadata};
pub use release::{ApplyMethod, ChartFile, ChartRecord, Hook, HookEvent, Info, Release, ReleaseStatus};
pub use values::{Values, ValuesError};
