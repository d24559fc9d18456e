//! What a plain scalar means: the resolvers of go-yaml v2 (YAML 1.1) and v3 (between 1.1 and 1.2).

use super::YamlError;
use super::number::{Integer, parse_float, parse_integer, parse_radix};
use super::timestamp::Timestamp;

/// Which of Go's YAML libraries to follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// go-yaml v2 under `sigs.k8s.io/yaml`: Helm, Fleet, Kustomize's own files. `yes` is true, `<<` overrides by position.
    #[default]
    GoYaml2,
    /// go-yaml v3 under kyaml: the resources that Kustomize reads. Only `true` and `false` are booleans, timestamps are times,
    /// explicit keys win over `<<`, duplicate keys are errors.
    GoYaml3,
}

/// A resolved scalar.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Scalar {
    /// `null`, `~` or nothing.
    Null,
    /// A boolean.
    Boolean(bool),
    /// A number without point or exponent.
    Integer(Integer),
    /// Any other number.
    Float(f64),
    /// A date or time, by RFC 3339 (go-yaml v3; v2 keeps the text).
    Timestamp(String),
    /// A text.
    String(String),
}

/// The short tags that go-yaml resolves scalars by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    Null,
    Boolean,
    Integer,
    Float,
    Timestamp,
    String,
    Binary,
    Merge,
}

impl Tag {
    pub(super) fn short(self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Boolean => "!!bool",
            Self::Integer => "!!int",
            Self::Float => "!!float",
            Self::Timestamp => "!!timestamp",
            Self::String => "!!str",
            Self::Binary => "!!binary",
            Self::Merge => "!!merge",
        }
    }

    /// The tag of a full tag text; `None` for such as do not concern scalars' types.
    fn of(text: &str) -> Option<Self> {
        let name = text
            .strip_prefix("tag:yaml.org,2002:")
            .or_else(|| text.strip_prefix("!!"))?;
        match name {
            "null" => Some(Self::Null),
            "bool" => Some(Self::Boolean),
            "int" => Some(Self::Integer),
            "float" => Some(Self::Float),
            "timestamp" => Some(Self::Timestamp),
            "str" => Some(Self::String),
            "binary" => Some(Self::Binary),
            "merge" => Some(Self::Merge),
            _ => None,
        }
    }
}

/// Resolves a scalar's text. `implicit`: plain and without a tag. With the tag `!` it is a string.
///
/// # Errors
/// [`YamlError::TagMismatch`] and [`YamlError::InvalidBinary`].
pub fn resolve(text: &str, tag: Option<&str>, implicit: bool, dialect: Dialect) -> Result<Scalar, YamlError> {
    let tag = match tag {
        None if implicit => return Ok(resolve_plain(text, true, dialect).1),
        None => return Ok(Scalar::String(text.to_owned())),
        Some(tag) => Tag::of(tag),
    };
    let (found, value) = match tag {
        // A tag of one's own says nothing about the type: the text stays.
        None | Some(Tag::String | Tag::Merge) => return Ok(Scalar::String(text.to_owned())),
        Some(Tag::Binary) => return decode_binary(text).map(Scalar::String),
        Some(tag) => resolve_plain(text, tag == Tag::Timestamp, dialect),
    };
    match (tag, found, value) {
        (Some(tag), found, value) if tag == found => Ok(value),
        (Some(Tag::Float), Tag::Integer, Scalar::Integer(Integer::Signed(value))) => {
            #[expect(clippy::cast_precision_loss, reason = "as Go's conversion to float64")]
            let float = value as f64;
            Ok(Scalar::Float(float))
        }
        (tag, found, _) => Err(YamlError::TagMismatch {
            found: found.short().to_owned(),
            text: text.to_owned(),
            tag: tag.map_or("", Tag::short).to_owned(),
        }),
    }
}

/// True where the text, written plain, would be read as a string: then it needs no quotes for its type's sake.
pub(super) fn is_string(text: &str, dialect: Dialect) -> bool {
    let plain = match text.as_bytes().first() {
        None => return false,
        Some(first) => !may_be_special(*first),
    };
    plain || resolve_plain(text, true, dialect).0 == Tag::String
}

fn may_be_special(first: u8) -> bool {
    matches!(first, b'0'..=b'9' | b'+' | b'-' | b'.' | b'~')
        || matches!(
            first,
            b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O'
        )
}

fn resolve_plain(text: &str, timestamps: bool, dialect: Dialect) -> (Tag, Scalar) {
    let string = || (Tag::String, Scalar::String(text.to_owned()));
    let Some(&first) = text.as_bytes().first() else {
        return (Tag::Null, Scalar::Null);
    };
    if !may_be_special(first) {
        return string();
    }
    if let Some(found) = resolve_word(text, dialect) {
        return found;
    }
    match first {
        b'.' => match parse_dotted(text) {
            Some(float) => (Tag::Float, Scalar::Float(float)),
            None => string(),
        },
        b'0'..=b'9' | b'+' | b'-' => resolve_number(text, timestamps, dialect).unwrap_or_else(string),
        _ => string(),
    }
}

/// The words that go-yaml has in a table.
fn resolve_word(text: &str, dialect: Dialect) -> Option<(Tag, Scalar)> {
    let boolean = |value| Some((Tag::Boolean, Scalar::Boolean(value)));
    match text {
        "~" | "null" | "Null" | "NULL" => Some((Tag::Null, Scalar::Null)),
        "true" | "True" | "TRUE" => boolean(true),
        "false" | "False" | "FALSE" => boolean(false),
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" if dialect == Dialect::GoYaml2 => boolean(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" if dialect == Dialect::GoYaml2 => boolean(false),
        ".nan" | ".NaN" | ".NAN" => Some((Tag::Float, Scalar::Float(f64::NAN))),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Some((Tag::Float, Scalar::Float(f64::INFINITY))),
        "-.inf" | "-.Inf" | "-.INF" => Some((Tag::Float, Scalar::Float(f64::NEG_INFINITY))),
        _ => None,
    }
}

/// `.5`: Go's own `ParseFloat`, which allows single underscores between digits.
fn parse_dotted(text: &str) -> Option<f64> {
    let mut previous = '_';
    for (index, c) in text.char_indices() {
        let next = text[index + c.len_utf8()..].chars().next();
        if c == '_' && !(previous.is_ascii_digit() && next.is_some_and(|next| next.is_ascii_digit())) {
            return None;
        }
        previous = c;
    }
    parse_float(&text.replace('_', ""))
}

fn resolve_number(text: &str, timestamps: bool, dialect: Dialect) -> Option<(Tag, Scalar)> {
    if timestamps && let Some(time) = Timestamp::parse(text) {
        let value = match dialect {
            Dialect::GoYaml2 => Scalar::String(text.to_owned()),
            Dialect::GoYaml3 => Scalar::Timestamp(time.to_rfc3339()),
        };
        return Some((Tag::Timestamp, value));
    }
    let stripped;
    let plain = if text.contains('_') {
        stripped = text.replace('_', "");
        &stripped
    } else {
        text
    };
    let integer = |value| Some((Tag::Integer, Scalar::Integer(value)));
    if let Some(value) = parse_integer(plain) {
        return integer(value);
    }
    if is_float(plain)
        && let Some(float) = parse_float(plain)
    {
        return Some((Tag::Float, Scalar::Float(float)));
    }
    // go-yaml tries binary numbers once more on its own, where a sign may follow the prefix.
    if let Some(digits) = plain.strip_prefix("0b") {
        let (negative, signed, digits) = match digits.as_bytes().first() {
            Some(b'-') => (true, true, &digits[1..]),
            Some(b'+') => (false, true, &digits[1..]),
            _ => (false, false, digits),
        };
        return parse_radix(digits, 2, negative, signed).and_then(integer);
    }
    None
}

/// `[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?`
fn is_float(text: &str) -> bool {
    fn digits(bytes: &[u8]) -> usize {
        bytes.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }
    let mut rest = text.as_bytes();
    if let [b'+' | b'-', tail @ ..] = rest {
        rest = tail;
    }
    let whole = digits(rest);
    rest = &rest[whole..];
    if let [b'.', tail @ ..] = rest {
        let fraction = digits(tail);
        if whole == 0 && fraction == 0 {
            return false;
        }
        rest = &tail[fraction..];
    } else if whole == 0 {
        return false;
    }
    if let [b'e' | b'E', tail @ ..] = rest {
        let tail = if let [b'+' | b'-', tail @ ..] = tail {
            tail
        } else {
            tail
        };
        let exponent = digits(tail);
        return exponent > 0 && exponent == tail.len();
    }
    rest.is_empty()
}

/// Base 64 as Go's `StdEncoding` reads it: line breaks are skipped, padding is required. What is no UTF-8 becomes U+FFFD, as
/// Go's JSON makes it.
fn decode_binary(text: &str) -> Result<String, YamlError> {
    use base64::Engine as _;
    let bytes: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b'\n' | b'\r')).collect();
    // Go ignores what is left over in the last digit's bits.
    let engine = base64::engine::GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        base64::engine::GeneralPurposeConfig::new().with_decode_allow_trailing_bits(true),
    );
    let decoded = engine.decode(bytes).map_err(|_| YamlError::InvalidBinary)?;
    Ok(String::from_utf8_lossy(&decoded).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str, dialect: Dialect) -> Scalar {
        resolve(text, None, true, dialect).expect("because a plain scalar always resolves")
    }

    #[test]
    fn yaml_1_1_oddities() {
        let v2 = |text| plain(text, Dialect::GoYaml2);
        let integer = |value| Scalar::Integer(Integer::Signed(value));
        let string = |text: &str| Scalar::String(text.to_owned());
        assert_eq!(v2("yes"), Scalar::Boolean(true));
        assert_eq!(v2("N"), Scalar::Boolean(false));
        assert_eq!(v2("tRUE"), string("tRUE"));
        assert_eq!(v2("0644"), integer(420));
        assert_eq!(v2("08"), Scalar::Float(8.0));
        assert_eq!(v2("1_000"), integer(1000));
        assert_eq!(v2(".50_0"), Scalar::Float(0.5));
        assert_eq!(v2(".5__0"), string(".5__0"));
        assert_eq!(v2("._1"), string("._1"));
        assert_eq!(v2("0b-1"), integer(-1));
        assert_eq!(v2("1e400"), string("1e400"));
        assert_eq!(v2("1:30"), string("1:30"));
        assert_eq!(v2("2001-01-01"), string("2001-01-01"));
        assert_eq!(v2(""), Scalar::Null);
        assert_eq!(v2("."), string("."));
        assert_eq!(v2("-"), string("-"));
    }

    #[test]
    fn kyaml_differs() {
        let v3 = |text| plain(text, Dialect::GoYaml3);
        assert_eq!(v3("yes"), Scalar::String("yes".to_owned()));
        assert_eq!(v3("TRUE"), Scalar::Boolean(true));
        assert_eq!(v3("010"), Scalar::Integer(Integer::Signed(8)));
        assert_eq!(v3("2001-01-01"), Scalar::Timestamp("2001-01-01T00:00:00Z".to_owned()));
    }

    #[test]
    fn tags_force_or_fail() {
        let tagged = |text, tag| resolve(text, Some(tag), false, Dialect::GoYaml2);
        assert_eq!(tagged("5", "!!str"), Ok(Scalar::String("5".to_owned())));
        assert_eq!(tagged("5", "tag:yaml.org,2002:float"), Ok(Scalar::Float(5.0)));
        let error = tagged("x", "!!int").expect_err("x is no integer");
        assert_eq!(error.to_string(), "yaml: cannot decode !!str `x` as a !!int");
        assert_eq!(tagged("aGVsbG8=", "!!binary"), Ok(Scalar::String("hello".to_owned())));
    }
}
