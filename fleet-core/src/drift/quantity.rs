//! Kubernetes quantities: `1000m` and `1` are the same amount of CPU.

use serde_json::Value;

/// Fields whose members are quantities.
const MAPS: &[&str] = &[
    "limits",
    "requests",
    "hard",
    "capacity",
    "allocatable",
    "default",
    "defaultRequest",
    "max",
    "min",
    "maxLimitRequestRatio",
    "overhead",
    "podFixed",
];
/// Fields that are quantities.
const FIELDS: &[&str] = &["sizeLimit", "divisor", "averageValue"];

/// Whether a path leads to a quantity.
pub(super) fn is_at(path: &[&str]) -> bool {
    let field = path.last().is_some_and(|field| FIELDS.contains(field));
    field || path.len() > 1 && MAPS.contains(&path[path.len() - 2])
}

/// Whether two values are the same quantity.
pub(super) fn same(left: &Value, right: &Value) -> bool {
    match (amount(left), amount(right)) {
        (Some(left), Some(right)) => (left - right).abs() <= f64::EPSILON * left.abs().max(right.abs()) * 4.0,
        _ => false,
    }
}

fn amount(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => parse(text),
        _ => None,
    }
}

/// The amount that a quantity says (`k8s.io/apimachinery` resource.Quantity).
fn parse(text: &str) -> Option<f64> {
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
        .unwrap_or(text.len());
    let (number, suffix) = text.split_at(digits);
    let number: f64 = number.parse().ok()?;
    let binary = |power: i32| Some(number * 1024f64.powi(power));
    let decimal = |power: i32| Some(number * 10f64.powi(power));
    match suffix {
        "" => Some(number),
        "n" => decimal(-9),
        "u" => decimal(-6),
        "m" => decimal(-3),
        "k" => decimal(3),
        "M" => decimal(6),
        "G" => decimal(9),
        "T" => decimal(12),
        "P" => decimal(15),
        "E" => decimal(18),
        "Ki" => binary(1),
        "Mi" => binary(2),
        "Gi" => binary(3),
        "Ti" => binary(4),
        "Pi" => binary(5),
        "Ei" => binary(6),
        exponent => decimal(exponent.strip_prefix(['e', 'E'])?.parse().ok()?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn spellings_of_one_amount_are_the_same() {
        for (left, right) in [
            (json!("1000m"), json!(1)),
            (json!("0.5"), json!("500m")),
            (json!("1Gi"), json!("1024Mi")),
        ] {
            assert!(same(&left, &right), "{left} {right}");
        }
        assert!(!same(&json!("1G"), &json!("1Gi")));
        assert!(!same(&json!("x"), &json!("x")));
        assert!(is_at(&["resources", "limits", "cpu"]) && !is_at(&["data", "cpu"]));
    }
}
