//! Names, hashes and IDs, byte for byte as Fleet makes them: an estate that is taken over keeps its objects.
//!
//! Source: Fleet's `internal/names`, `internal/manifest`, `internal/helmvalues` and Wrangler's name helpers.
//!
//! ```
//! use fleet_core::naming;
//! assert_eq!(naming::helm_release_name("Sample/Simple"), "sample-simple-44bc6e57");
//! assert_eq!(naming::cluster_namespace("fleet-local", "local"), "cluster-fleet-local-local-1a3d67d0a899");
//! ```

use std::collections::BTreeMap;
use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest, Sha224, Sha256};

use crate::api::{BundleDeploymentOptions, BundleResource, Bytes};
use crate::yaml::json;

/// Longest name of a Helm release.
const RELEASE_NAME_LENGTH: usize = 53;
/// Longest label value and DNS label.
const LABEL_LENGTH: usize = 63;

fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("because writing to a String cannot fail");
            text
        })
}

fn md5_hex(text: &str) -> String {
    hex(&Md5::digest(text.as_bytes()))
}

/// SHA-256 in lower-case hexadecimal digits.
pub fn sha256_hex(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

/// SHA-224 in lower-case hexadecimal digits, of the agent's settings in a Cluster's status.
pub fn sha224_hex(bytes: &[u8]) -> String {
    hex(&Sha224::digest(bytes))
}

/// The first bytes of a text, none of them part of a character that is cut.
fn prefix(text: &str, length: usize) -> &str {
    let mut end = length.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// A text of at most `length` bytes: the beginning, `-` and five digits of a hash where it is too long.
///
/// Source: Fleet `names.Limit`. Up to 6 bytes it is cut without a hash.
pub fn limit(text: &str, length: usize) -> String {
    if text.len() <= length {
        return text.to_owned();
    }
    if length <= 6 {
        return prefix(text, length).to_owned();
    }
    let kept = prefix(text, length - 6);
    let dash = if kept.ends_with('-') { "" } else { "-" };
    format!("{kept}{dash}{}", &md5_hex(text)[..5])
}

/// A legal name for a Helm release, and thereby for a bundle, made of any text; `/` becomes `-`.
///
/// Source: Fleet `names.HelmReleaseName`.
pub fn helm_release_name(text: &str) -> String {
    let mut name = text.replace('/', "-");
    if name
        .chars()
        .any(|c| !(c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'))
    {
        let hash = md5_hex(&name);
        name = format!("{name}-{}", &hash[..8]);
    }
    let mut dashed = String::with_capacity(name.len());
    for c in name.to_lowercase().chars() {
        let allowed = c.is_ascii_lowercase() || c.is_ascii_digit();
        if allowed {
            dashed.push(c);
        } else if !dashed.ends_with('-') {
            dashed.push('-');
        }
    }
    match dashed.trim_matches('-') {
        "" => md5_hex(text)[..24].to_owned(),
        name => limit(name, RELEASE_NAME_LENGTH),
    }
}

/// Parts joined with `-`; shortened with a hash to 63 bytes where they are longer.
///
/// Source: Wrangler `name.SafeConcatName`.
pub fn safe_concat(parts: &[&str]) -> String {
    let full = parts.join("-");
    if full.len() <= LABEL_LENGTH {
        return full;
    }
    let hash = sha256_hex(full.as_bytes());
    let last = full.as_bytes()[56];
    if last.is_ascii_lowercase() || last.is_ascii_digit() {
        format!("{}-{}", prefix(&full, 57), &hash[..5])
    } else {
        format!("{}-{}", prefix(&full, 56), &hash[..6])
    }
}

/// Twelve digits of a hash of the first 100 bytes.
///
/// Source: Fleet `names.KeyHash`.
pub fn key_hash(text: &str) -> String {
    let bytes = text.as_bytes();
    sha256_hex(&bytes[..bytes.len().min(100)])[..12].to_owned()
}

/// Namespace of a cluster's deployments on the management cluster.
pub fn cluster_namespace(namespace: &str, name: &str) -> String {
    safe_concat(&["cluster", namespace, name, &key_hash(&format!("{namespace}::{name}"))])
}

/// Name of the Cluster that an agent's registration makes.
pub fn registered_cluster_name(client_id: &str) -> String {
    safe_concat(&["cluster", &key_hash(client_id)])
}

/// Name of the Secret with an agent's credentials.
pub fn credential_secret_name(client_id: &str, client_random: &str) -> String {
    prefix(
        &format!("c-{}", sha256_hex(format!("{client_id}{client_random}").as_bytes())),
        LABEL_LENGTH,
    )
    .to_owned()
}

/// Namespace that agents find their credentials in.
pub fn system_registration_namespace(system_namespace: &str) -> String {
    let replaced = system_namespace.replace("-system", "-clusters-system");
    if replaced == system_namespace {
        format!("{system_namespace}-clusters-system")
    } else {
        replaced
    }
}

/// Name of the bundle with a cluster's agent.
pub fn agent_bundle_name(cluster: &str) -> String {
    safe_concat(&["fleet-agent", cluster])
}

/// Name of the git job of a GitRepo at a commit.
pub fn git_job_name(git_repo: &str, repository: &str, commit: &str) -> String {
    safe_concat(&[git_repo, &md5_hex(&format!("{repository}{commit}"))[..5]])
}

/// Go's JSON of resources, as a Content and an OCI artifact hold it: `{"resources":[…]}` and a line break.
pub fn manifest_json(resources: &[BundleResource]) -> Vec<u8> {
    #[derive(serde::Serialize)]
    struct Manifest<'a> {
        #[serde(skip_serializing_if = "<[_]>::is_empty")]
        resources: &'a [BundleResource],
    }
    go_json_line(&Manifest { resources })
}

/// What Go's JSON encoder writes: the value and a line break.
fn go_json_line<T: serde::Serialize>(value: &T) -> Vec<u8> {
    let mut bytes = json::to_vec(value).expect("because these types have text keys and no floats but those of JSON");
    bytes.push(b'\n');
    bytes
}

/// Digest and ID of a manifest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
pub struct ManifestId {
    /// SHA-256 of the manifest's JSON.
    pub digest: String,
    /// `s-` and the digest, cut to 63 bytes: name of the Content.
    pub id: String,
}

/// Digest and ID of a manifest's JSON, see [`manifest_json`].
pub fn manifest_id(json: &[u8]) -> ManifestId {
    let digest = sha256_hex(json);
    let id = prefix(&format!("s-{digest}"), LABEL_LENGTH).to_owned();
    ManifestId { digest, id }
}

/// The hash of options in a deployment ID: `diff` and `correctDrift` do not count.
///
/// Source: Fleet `options.DeploymentID`.
pub fn options_hash(options: &BundleDeploymentOptions) -> String {
    if options.diff.is_none() && options.correct_drift.is_none() {
        return sha256_hex(&go_json_line(options));
    }
    let counted = BundleDeploymentOptions {
        diff: None,
        correct_drift: None,
        ..options.clone()
    };
    sha256_hex(&go_json_line(&counted))
}

/// ID of a deployment: what changes it deploys again. The manifest ID is empty for HelmOps.
///
/// Source: Fleet `options.DeploymentID`.
pub fn deployment_id(manifest_id: &str, options: &BundleDeploymentOptions) -> String {
    format!("{manifest_id}:{}", options_hash(options))
}

/// The part of a deployment ID that names the contents; empty for HelmOps.
pub fn manifest_of_deployment(deployment_id: &str) -> &str {
    deployment_id
        .split_once(':')
        .map_or(deployment_id, |(manifest, _)| manifest)
}

/// `valuesHash` of a Bundle, over the data of its Secret (`values.yaml` and one key for each target).
///
/// Source: Fleet `helmvalues.HashValuesSecret`.
pub fn bundle_values_hash(data: &BTreeMap<String, Bytes>) -> String {
    sha256_hex(&json::to_vec(data).expect("because keys are texts"))
}

/// `valuesHash` of a BundleDeployment, over the values and staged values in its Secret.
///
/// Source: Fleet `helmvalues.HashOptions`.
pub fn deployment_values_hash(values: &[u8], staged_values: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(values);
    hash.update(staged_values);
    hex(&hash.finalize())
}

/// Hash of the data of a Secret, as annotations of a GitRepo hold it.
///
/// Source: Fleet: for each key in order the length, the key, the length, the value; lengths are 8 bytes, little end first.
pub fn secret_data_hash(data: &BTreeMap<String, Bytes>) -> String {
    let mut hash = Sha256::new();
    for (key, value) in data {
        for part in [key.as_bytes(), value.as_ref()] {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
    }
    hex(&hash.finalize())
}

#[cfg(test)]
mod tests;
