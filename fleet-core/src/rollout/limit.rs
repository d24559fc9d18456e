//! Numbers and percentages of a count.

use crate::api::IntOrString;

/// A text that is neither number nor percentage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid maxUnavailable, must be int or percentage (ending with %): {0}")]
pub struct LimitError(
    /// The text.
    pub String,
);

/// How many of `count` the first candidate that is there allows; 100% where none is.
///
/// Upstream's rules, whose edges are worth knowing: of nothing, and of a percentage that comes to nothing, it is 1, so `0`
/// means none and `0%` means one; a number is cut to the count, a number given as text is not.
///
/// # Errors
/// A text that is neither number nor percentage.
pub fn limit(count: i64, candidates: &[Option<&IntOrString>]) -> Result<usize, LimitError> {
    let unsigned = |number: i64| usize::try_from(number).unwrap_or(0);
    if count <= 0 {
        return Ok(1);
    }
    let text = match candidates.iter().flatten().next() {
        None => return Ok(unsigned(count)),
        Some(IntOrString::Int(number)) => return Ok(unsigned(i64::from(*number).min(count))),
        Some(IntOrString::String(text)) => text,
    };
    if let Ok(number) = text.parse::<i64>()
        && number > 0
    {
        return Ok(unsigned(number));
    }
    let error = || LimitError(text.clone());
    let percent: f64 = text.strip_suffix('%').ok_or_else(error)?.parse().map_err(|_| error())?;
    if !percent.is_finite() {
        return Err(error());
    }
    if percent <= 0.0 {
        return Ok(1);
    }
    // Both divisions cut, as Go's conversions and integers do.
    let part = (count as f64 * percent) as i64 / 100;
    Ok(unsigned(part.clamp(1, count)))
}
