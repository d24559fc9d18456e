//! What is deployed: a bundle's resources as files, and the Content object that carries them to the clusters.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
};

use super::RenderError;
#[cfg(feature = "kustomize")]
use crate::tree::{Entry, Mode, Tree};
use crate::{
    api::{BundleResource, Bytes, ContentSpec},
    helm::Chart,
    naming,
    scan::pack,
};

/// Most bytes that one resource may unpack to: Helm's limit for a file of a chart is 5 MiB, and Fleet's manifest is not that.
pub const MAXIMUM_RESOURCE_BYTES: u64 = 64 * 1024 * 1024;
/// Most bytes of a Content's manifest, and of all resources of a bundle: Helm's limit for a chart.
pub const MAXIMUM_CONTENT_BYTES: u64 = 100 * 1024 * 1024;

/// A file of a bundle: its path and its bytes.
pub type ContentFile = (String, Arc<[u8]>);

/// The resources of a bundle as files, by name. Copies share the bytes.
#[derive(Clone, Debug, Default)]
pub struct BundleContent {
    files: Arc<Vec<ContentFile>>,
    manifest_id: String,
    /// Charts by their folder, loaded once for all clusters.
    charts: Arc<Mutex<BTreeMap<String, Chart>>>,
}

impl PartialEq for BundleContent {
    fn eq(&self, other: &Self) -> bool {
        self.files == other.files
    }
}

impl BundleContent {
    /// Unpacks resources. A resource without name is called `manifests/file000.yaml` by its place in the list (Fleet).
    ///
    /// # Errors
    /// [`RenderError::Resource`] when one cannot be unpacked, or all of them are more than [`MAXIMUM_CONTENT_BYTES`].
    pub fn from_resources(resources: &[BundleResource]) -> Result<Self, RenderError> {
        let manifest_id = naming::manifest_id(&naming::manifest_json(resources)).id;
        let mut total = 0;
        let mut files = Vec::with_capacity(resources.len());
        for (index, resource) in resources.iter().enumerate() {
            let limit = MAXIMUM_RESOURCE_BYTES.min(MAXIMUM_CONTENT_BYTES - total);
            let content = pack::unpack(resource, limit).map_err(RenderError::Resource)?;
            total += content.len() as u64;
            let name = match resource.name.as_str() {
                "" => format!("manifests/file{index:03}.yaml"),
                name => name.to_owned(),
            };
            files.push((name, content.into()));
        }
        Ok(Self {
            files: Arc::new(files),
            manifest_id,
            charts: Arc::default(),
        })
    }

    /// The files in the order of the resources.
    pub fn files(&self) -> &[ContentFile] {
        &self.files
    }

    /// The files as a tree, which shares their bytes.
    #[cfg(feature = "kustomize")]
    pub(super) fn tree(&self) -> Result<Tree, RenderError> {
        let mut tree = Tree::new();
        for (name, content) in self.files.iter() {
            let entry = Entry {
                content: Arc::clone(content),
                mode: Mode::File,
            };
            tree.insert(name, entry)
                .map_err(|error| RenderError::PostRender(error.to_string()))?;
        }
        Ok(tree)
    }

    /// The chart in a folder of the bundle, which `files` gives the first time.
    pub(super) fn chart(
        &self,
        folder: &str,
        files: impl FnOnce() -> Result<Vec<ContentFile>, RenderError>,
    ) -> Result<Chart, RenderError> {
        let lock = || self.charts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(chart) = lock().get(folder) {
            return Ok(chart.clone());
        }
        let chart = Chart::from_files(files()?).map_err(|error| RenderError::Helm(error.to_string()))?;
        lock().insert(folder.to_owned(), chart.clone());
        Ok(chart)
    }

    /// The ID of the manifest that the resources make: the name of their Content.
    pub fn manifest_id(&self) -> &str {
        &self.manifest_id
    }
}

/// The name and spec of the Content object for resources (Fleet): gzip of the manifest's JSON, and its digest.
pub fn encode(resources: &[BundleResource]) -> (String, ContentSpec) {
    let json = naming::manifest_json(resources);
    let id = naming::manifest_id(&json);
    (
        id.id,
        ContentSpec {
            content: Bytes(pack::gzip(&json)),
            sha256sum: id.digest,
        },
    )
}

/// The resources of a Content.
///
/// # Errors
/// [`RenderError::Content`] when the bytes are no manifest, are too many, or do not have the digest.
pub fn decode(content: &ContentSpec) -> Result<Vec<BundleResource>, RenderError> {
    #[derive(serde::Deserialize)]
    #[serde(default)]
    #[derive(Default)]
    struct Manifest {
        resources: Option<Vec<BundleResource>>,
    }
    let json = pack::gunzip(&content.content.0, MAXIMUM_CONTENT_BYTES).map_err(|error| match error {
        pack::GunzipError::TooLarge => RenderError::Content(format!("more than {MAXIMUM_CONTENT_BYTES} bytes")),
        pack::GunzipError::Broken(problem) => RenderError::Content(problem),
    })?;
    let digest = naming::sha256_hex(&json);
    if digest != content.sha256sum {
        return Err(RenderError::Content(format!(
            "content does not match hash got {digest}, expected {}",
            content.sha256sum
        )));
    }
    let manifest: Manifest = serde_json::from_slice(&json).map_err(|error| RenderError::Content(error.to_string()))?;
    Ok(manifest.resources.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn carries_resources() {
        let resources = vec![
            pack::pack("a.yaml", b"a: <1>\n", false),
            pack::pack("b", b"\xff", false),
        ];
        let (name, mut content) = encode(&resources);
        assert!(name.starts_with("s-") && name.len() == 63);
        assert_eq!(decode(&content), Ok(resources.clone()));
        assert_eq!(BundleContent::from_resources(&resources).unwrap().manifest_id(), name);
        content.sha256sum = "0".repeat(64);
        let error = decode(&content).unwrap_err().to_string();
        assert!(error.contains("content does not match hash got "), "{error}");
        content.content.0.truncate(10);
        assert!(decode(&content).is_err());
    }
}
