//! What a release may be called (Helm v4.2.3 `chart/v2/util.ValidateReleaseName`).

/// Longest name of a release.
pub const MAX_NAME_LENGTH: usize = 53;

/// Why a name is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// There is none.
    #[error("no name provided")]
    Missing,
    /// It is no DNS name, or too long.
    #[error(
        "invalid release name, must match regex ^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$ and the \
         length must not be longer than 53"
    )]
    Invalid,
}

/// Checks the name of a release: a DNS subdomain of at most 53 characters.
///
/// # Errors
/// The name is empty, too long or no such name.
pub fn validate_name(name: &str) -> Result<(), NameError> {
    if name.is_empty() {
        return Err(NameError::Missing);
    }
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let label = |part: &str| {
        let bytes = part.as_bytes();
        let ends = bytes.first().is_some_and(|byte| letter(*byte)) && bytes.last().is_some_and(|byte| letter(*byte));
        ends && bytes.iter().all(|byte| letter(*byte) || *byte == b'-')
    };
    if name.len() > MAX_NAME_LENGTH || !name.split('.').all(label) {
        return Err(NameError::Invalid);
    }
    Ok(())
}
