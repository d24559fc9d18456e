//! Levels of an error that `boon` leaves out: where only one schema of an `allOf`, `anyOf` or `oneOf` fails, it gives that one's
//! error instead of a list of one. Helm prints the level all the same, and the location of the schema tells that it was there.

use boon::ValidationError;

/// A level that was left out.
pub(super) struct Implied {
    /// Where in the values.
    pub(super) location: String,
    /// What Helm says of it.
    pub(super) message: &'static str,
}

/// The levels between the schema at `base` and that of an error, outermost first.
pub(super) fn nodes(base: &str, error: &ValidationError<'_, '_>) -> Vec<Implied> {
    let Some(path) = error.schema_url.strip_prefix(base.trim_end_matches('#')) else {
        return Vec::new();
    };
    let mut tokens = path.trim_start_matches('#').split('/').skip(1).peekable();
    // Each level, with how many steps into the values had been made before it.
    let mut levels = Vec::new();
    let mut steps = 0;
    while let Some(keyword) = tokens.next() {
        match keyword {
            "allOf" => levels.push((steps, "'allOf' failed")),
            "anyOf" => levels.push((steps, "'anyOf' failed")),
            "oneOf" => levels.push((steps, "'oneOf' failed, none matched")),
            "properties"
            | "patternProperties"
            | "prefixItems"
            | "additionalProperties"
            | "additionalItems"
            | "unevaluatedProperties"
            | "unevaluatedItems"
            | "contains"
            | "items" => steps += 1,
            _ => {}
        }
        let is_number = |token: &&str| !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
        match keyword {
            "allOf" | "anyOf" | "oneOf" | "properties" | "patternProperties" | "prefixItems" | "dependentSchemas"
            | "dependencies" => {
                tokens.next();
            }
            "items" => {
                tokens.next_if(is_number);
            }
            _ => {}
        }
    }
    let location = error.instance_location.to_string();
    let parts: Vec<&str> = location.split('/').collect();
    let located = levels.into_iter().map(|(before, message)| {
        let kept = parts.len().saturating_sub(steps - before).max(1);
        Implied {
            location: parts[..kept].join("/"),
            message,
        }
    });
    located.collect()
}
