//! The Secret around a record: its name, type and labels (Helm v4.2.3 `storage/driver/secrets`).
//!
//! The Secret itself is built by whoever speaks to Kubernetes; this module knows only names and strings.

use std::collections::BTreeMap;

use super::Release;

/// Type of the Secret.
pub const SECRET_TYPE: &str = "helm.sh/release.v1";
/// Key of the Secret's data that holds the record.
pub const SECRET_KEY: &str = "release";
/// Selects every release of a namespace.
pub const OWNER_SELECTOR: &str = "owner=helm";

/// Name of the Secret of a revision: `sh.helm.release.v1.NAME.vREVISION`.
pub fn secret_name(release: &str, revision: i64) -> String {
    format!("sh.helm.release.v1.{release}.v{revision}")
}

/// Selects all revisions of a release, as Helm's history query writes it.
pub fn history_selector(release: &str) -> String {
    format!("name={release},owner=helm")
}

/// Which label tells the time of a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Write {
    /// The first write: `createdAt`.
    Create,
    /// Any later write: `modifiedAt`.
    Update,
}

/// Labels of a revision's Secret: the release's own, then Helm's, which win. `unix_seconds` is the time of the write.
pub fn labels(release: &Release, write: Write, unix_seconds: i64) -> BTreeMap<String, String> {
    let time = match write {
        Write::Create => "createdAt",
        Write::Update => "modifiedAt",
    };
    let mut labels = release.labels.clone();
    labels.insert(time.to_owned(), unix_seconds.to_string());
    labels.insert("name".to_owned(), release.name.clone());
    labels.insert("owner".to_owned(), "helm".to_owned());
    labels.insert("status".to_owned(), release.info.status.as_str().to_owned());
    labels.insert("version".to_owned(), release.version.to_string());
    labels
}

/// The labels of a Secret that are not Helm's own, which is what [`Release::labels`] holds after reading.
pub fn custom_labels(labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    const OWN: [&str; 6] = ["createdAt", "modifiedAt", "name", "owner", "status", "version"];
    labels
        .iter()
        .filter(|(key, _)| !OWN.contains(&key.as_str()))
        .map(|(k, v)| (k.clone(), v.clone()))
        .collect()
}
