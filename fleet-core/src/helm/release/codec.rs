//! A record as the bytes of a Secret's `release` key: base64 of gzip (level 9) of JSON (Helm v4.2.3 `storage/driver`).
//!
//! The decoder takes any compression level, and JSON that was never compressed, as Helm's does. It stops at
//! [`MAX_RECORD_BYTES`], whatever a record claims to hold.

use std::io::{Read, Write};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};

use super::Release;

/// Largest JSON that [`decode`] unpacks. A Secret holds 1 MiB, which honest records fill to a few tens of MiB of JSON.
pub const MAX_RECORD_BYTES: u64 = 256 * 1024 * 1024;

/// Why a record cannot be written or read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// The bytes are not base64.
    #[error("release record is not base64")]
    Base64(#[from] base64::DecodeError),
    /// The bytes are not gzip.
    #[error("release record cannot be decompressed")]
    Gzip(#[from] std::io::Error),
    /// The record is not a release.
    #[error("release record is not a release")]
    Json(#[from] serde_json::Error),
    /// The record is too large to be honest.
    #[error("release record is larger than {0} bytes")]
    TooLarge(u64),
}

/// Encodes a release as Helm v4.2.3 stores it under the Secret's key `release`. Kubernetes encodes these bytes in base64
/// once more on the wire.
///
/// # Errors
/// [`ReleaseError::Json`] if a value cannot be written as JSON.
pub fn encode(release: &Release) -> Result<Vec<u8>, ReleaseError> {
    let json = serde_json::to_vec(release)?;
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(&json)?;
    Ok(STANDARD.encode(encoder.finish()?).into_bytes())
}

/// Decodes the bytes of a Secret's key `release`, written by Helm 3 or Helm 4.
///
/// # Errors
/// If the bytes are not base64, not gzip, not JSON of a release, or larger than [`MAX_RECORD_BYTES`] unpacked.
pub fn decode(data: &[u8]) -> Result<Release, ReleaseError> {
    let packed = STANDARD.decode(data.trim_ascii())?;
    if !packed.starts_with(&[0x1f, 0x8b, 0x08]) {
        return Ok(serde_json::from_slice(&packed)?);
    }
    let mut json = Vec::new();
    MultiGzDecoder::new(packed.as_slice())
        .take(MAX_RECORD_BYTES + 1)
        .read_to_end(&mut json)?;
    if json.len() as u64 > MAX_RECORD_BYTES {
        return Err(ReleaseError::TooLarge(MAX_RECORD_BYTES));
    }
    Ok(serde_json::from_slice(&json)?)
}
