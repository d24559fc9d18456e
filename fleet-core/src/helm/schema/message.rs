//! Errors of schemas in the words of `santhosh-tekuri/jsonschema` v6, the library that Helm v4.2.3 uses. The tree of errors is the
//! same; its Rust sister has older words.

mod implied;

use boon::{CompileError, ErrorKind, ValidationError};
use serde_json::{Number, Value};

use crate::template::quote::quote as go_quote;
use crate::yaml::number::format_g;

/// The causes of an error, one a line, each with a newline.
pub(super) fn causes(error: &ValidationError<'_, '_>) -> String {
    let mut out = String::new();
    match error.kind {
        ErrorKind::Schema { url } => below(&mut out, error, url, 0),
        ErrorKind::Group => below(&mut out, error, error.schema_url, 0),
        _ => write(&mut out, error, 0),
    }
    out
}

/// Writes the causes of an error, which come from the schema at `base`.
fn below(out: &mut String, error: &ValidationError<'_, '_>, base: &str, depth: usize) {
    let listed = matches!(error.kind, ErrorKind::AllOf | ErrorKind::AnyOf | ErrorKind::OneOf(_));
    for cause in &error.causes {
        let mut depth = depth;
        for (index, implied) in implied::nodes(base, cause).into_iter().enumerate() {
            // The first is the error itself, where it is one of these.
            if index > 0 || !listed {
                line(out, depth, &implied.location, implied.message);
                depth += 1;
            }
        }
        write(out, cause, depth);
    }
}

fn write(out: &mut String, error: &ValidationError<'_, '_>, depth: usize) {
    if let ErrorKind::Reference { url, .. } = error.kind {
        if error.causes.len() == 1 {
            return below(out, error, url, depth);
        }
        line(out, depth, &error.instance_location.to_string(), "validation failed");
        return below(out, error, url, depth + 1);
    }
    line(out, depth, &error.instance_location.to_string(), &describe(&error.kind));
    below(out, error, error.schema_url, depth + 1);
}

fn line(out: &mut String, depth: usize, location: &str, message: &str) {
    out.push_str(&format!("{}- at {}: {message}\n", "  ".repeat(depth), quote(location)));
}

/// Why a schema cannot be compiled.
pub(super) fn compile_error(error: &CompileError) -> String {
    let text = |url: &str| go_quote(url.as_bytes());
    match error {
        CompileError::ValidationError { url, src } => {
            let metaschema = match &src.kind {
                ErrorKind::Schema { url } => (*url).to_owned(),
                _ => src.schema_url.to_owned(),
            };
            let head = format!("{} is not valid against metaschema:", text(&with_fragment(url)));
            let metaschema = quote(&with_fragment(&metaschema));
            let causes = causes(src);
            format!(
                "{head} jsonschema validation failed with {metaschema}\n{}",
                causes.trim_end_matches('\n')
            )
        }
        CompileError::JsonPointerNotFound(location) => format!("json-pointer in {} not found", text(location)),
        CompileError::AnchorNotFound { url, reference } => {
            format!("anchor in {} not found in schema {}", text(reference), text(url))
        }
        other => format!("{other:#}"),
    }
}

fn with_fragment(url: &str) -> String {
    if url.contains('#') {
        url.to_owned()
    } else {
        format!("{url}#")
    }
}

fn describe(kind: &ErrorKind<'_, '_>) -> String {
    let counts = |word: &str, got: &usize, want: &usize| {
        format!(
            "{word}: got {}, want {}",
            grouped(&got.to_string()),
            grouped(&want.to_string())
        )
    };
    let numbers =
        |word: &str, got: &Number, want: &Number| format!("{word}: got {}, want {}", number(got), number(want));
    let at = |indices: &[usize]| indices.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    match kind {
        ErrorKind::Group | ErrorKind::Reference { .. } => "validation failed".to_owned(),
        ErrorKind::Schema { url } => format!("validation failed with {}", quote(url)),
        ErrorKind::PropertyName { prop } => format!("invalid propertyName {}", quote(prop)),
        ErrorKind::FalseSchema => "false schema".to_owned(),
        ErrorKind::Type { got, want } => {
            let want: Vec<String> = want.iter().map(|kind| kind.to_string()).collect();
            format!("got {got}, want {}", want.join(" or "))
        }
        ErrorKind::Enum { want } => match want.as_slice() {
            list if list.iter().any(|value| value.is_array() || value.is_object()) => "'enum' failed".to_owned(),
            [only] => format!("value must be {}", display(only)),
            list => format!(
                "value must be one of {}",
                list.iter().map(display).collect::<Vec<_>>().join(", ")
            ),
        },
        ErrorKind::Const { want } if want.is_array() || want.is_object() => "'const' failed".to_owned(),
        ErrorKind::Const { want } => format!("value must be {}", display(want)),
        ErrorKind::Format { got, want: "regex", .. } if got.is_string() => {
            let source = got.as_str().unwrap_or_default();
            let reason = crate::sprig::regex_error(source).unwrap_or_default();
            format!("{} is not valid regex: error parsing regexp: {reason}", display(got))
        }
        ErrorKind::Format { got, want, err } => {
            let reason = super::formats::reworded(want, got.as_str().unwrap_or_default(), err.to_string());
            format!("{} is not valid {want}: {reason}", display(got))
        }
        ErrorKind::MinProperties { got, want } => counts("minProperties", got, want),
        ErrorKind::MaxProperties { got, want } => counts("maxProperties", got, want),
        ErrorKind::AdditionalProperties { got } => {
            format!(
                "additional properties {} not allowed",
                quoted(got.iter().map(AsRef::as_ref))
            )
        }
        ErrorKind::Required { want } => match want.as_slice() {
            [only] => format!("missing property {}", quote(only)),
            list => format!("missing properties {}", quoted(list.iter().copied())),
        },
        ErrorKind::Dependency { prop, missing } | ErrorKind::DependentRequired { prop, missing } => {
            format!(
                "properties {} required, if {} exists",
                quoted(missing.iter().copied()),
                quote(prop)
            )
        }
        ErrorKind::MinItems { got, want } => counts("minItems", got, want),
        ErrorKind::MaxItems { got, want } => counts("maxItems", got, want),
        ErrorKind::Contains => "no items match contains schema".to_owned(),
        ErrorKind::MinContains { got, want } if got.is_empty() => {
            format!("min {want} items required to match contains schema, but none matched")
        }
        ErrorKind::MinContains { got, want } => {
            let count = got.len();
            format!(
                "min {want} items required to match contains schema, but matched {count} items at {}",
                at(got)
            )
        }
        ErrorKind::MaxContains { got, want } => {
            let count = got.len();
            format!(
                "max {want} items required to match contains schema, but matched {count} items at {}",
                at(got)
            )
        }
        ErrorKind::UniqueItems { got: [first, second] } => format!("items at {first} and {second} are equal"),
        ErrorKind::AdditionalItems { got } => format!("last {got} additionalItem(s) not allowed"),
        ErrorKind::MinLength { got, want } => counts("minLength", got, want),
        ErrorKind::MaxLength { got, want } => counts("maxLength", got, want),
        ErrorKind::Pattern { got, want } => format!("{} does not match pattern {}", quote(got), quote(want)),
        ErrorKind::Minimum { got, want } => numbers("minimum", got, want),
        ErrorKind::Maximum { got, want } => numbers("maximum", got, want),
        ErrorKind::ExclusiveMinimum { got, want } => numbers("exclusiveMinimum", got, want),
        ErrorKind::ExclusiveMaximum { got, want } => numbers("exclusiveMaximum", got, want),
        ErrorKind::MultipleOf { got, want } => numbers("multipleOf", got, want),
        ErrorKind::Not => "'not' failed".to_owned(),
        ErrorKind::AllOf => "'allOf' failed".to_owned(),
        ErrorKind::AnyOf => "'anyOf' failed".to_owned(),
        ErrorKind::OneOf(None) => "'oneOf' failed, none matched".to_owned(),
        ErrorKind::OneOf(Some((first, second))) => format!("'oneOf' failed, subschemas {first}, {second} matched"),
        other => other.to_string(),
    }
}

/// Text in single quotes, escaped as Go's `%q` does.
fn quote(text: &str) -> String {
    let quoted = go_quote(text.as_bytes()).replace("\\\"", "\"").replace('\'', "\\'");
    format!("'{}'", &quoted[1..quoted.len() - 1])
}

fn quoted<'a>(items: impl Iterator<Item = &'a str>) -> String {
    items.map(quote).collect::<Vec<_>>().join(", ")
}

fn display(value: &Value) -> String {
    match value {
        Value::String(text) => quote(text),
        Value::Null => "<nil>".to_owned(),
        other => other.to_string(),
    }
}

/// A number as Go's `x/text/message` prints it in English: groups of three digits, powers of ten in superscript.
fn number(number: &Number) -> String {
    let text = number.as_f64().map_or_else(|| number.to_string(), plain);
    match text.split_once('e') {
        None => grouped(&text),
        Some((digits, exponent)) => {
            let superscript = |digit: char| match digit {
                '-' => Some('⁻'),
                '0'..='9' => "⁰¹²³⁴⁵⁶⁷⁸⁹".chars().nth(usize::from(digit as u8 - b'0')),
                _ => None,
            };
            let power = exponent.trim_start_matches('+');
            format!(
                "{digits}×10{}",
                power.chars().filter_map(superscript).collect::<String>()
            )
        }
    }
}

/// The shortest digits of a float; unlike elsewhere in Go, with an exponent from 10^6 on.
fn plain(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude != 0.0 && !(1e-4..1e6).contains(&magnitude) {
        format_g(value)
    } else {
        value.to_string()
    }
}

fn grouped(text: &str) -> String {
    let (sign, unsigned) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = unsigned
        .split_once('.')
        .map_or((unsigned, None), |(whole, rest)| (whole, Some(rest)));
    let mut out = String::from(sign);
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            out.push(',');
        }
        out.push(digit);
    }
    if let Some(fraction) = fraction {
        out.push('.');
        out.push_str(fraction);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_printed_for_people() {
        let print = |value: f64| Number::from_f64(value).map(|it| number(&it)).unwrap_or_default();
        assert_eq!(print(1.0), "1");
        assert_eq!(print(-123_456.25), "-123,456.25");
        assert_eq!(print(-1_234_567.25), "-1.23456725×10⁰⁶");
        assert_eq!(print(1e-5), "1×10⁻⁰⁵");
        assert_eq!(print(1e21), "1×10²¹");
        assert_eq!(quote("it's \"q\""), "'it\\'s \"q\"'");
    }
}
