//! Which resources a `target` selects: anchored regular expressions for the ID, Kubernetes selectors for labels and annotations.

use regex::Regex;

use super::{
    error::{KustomizeError, Result},
    id::Id,
    kustomization::Selector,
    resource::Resource,
};

/// A compiled selector.
#[derive(Debug)]
pub(super) struct Matcher {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: Vec<Requirement>,
    annotations: Vec<Requirement>,
}

/// `^(?:…)$`; nothing selects anything.
fn anchored(pattern: &str) -> Result<Option<Regex>> {
    if pattern.is_empty() {
        return Ok(None);
    }
    let compiled = Regex::new(&format!("^(?:{pattern})$"));
    let compiled = compiled
        .map_err(|error| KustomizeError::Kustomization(format!("error parsing regexp: {pattern:?}: {error}")))?;
    Ok(Some(compiled))
}

fn fits(pattern: Option<&Regex>, text: &str) -> bool {
    pattern.is_none_or(|pattern| pattern.is_match(text))
}

impl Matcher {
    pub(super) fn new(selector: &Selector) -> Result<Self> {
        Ok(Self {
            group: anchored(&selector.group)?,
            version: anchored(&selector.version)?,
            kind: anchored(&selector.kind)?,
            name: anchored(&selector.name)?,
            namespace: anchored(&selector.namespace)?,
            labels: parse(&selector.label_selector)?,
            annotations: parse(&selector.annotation_selector)?,
        })
    }

    /// Patches' rule: group, version and kind as they are, name and namespace as they are or were first.
    pub(super) fn selects(&self, resource: &Resource) -> Result<bool> {
        let current = resource.current_id();
        if !self.selects_gvk(&current) {
            return Ok(false);
        }
        if self.name.is_some() || self.namespace.is_some() {
            let original = resource.original_id();
            let namespace = self.namespace.as_ref();
            if !(fits(namespace, original.effective_namespace()) || fits(namespace, current.effective_namespace()))
                || !(fits(self.name.as_ref(), &original.name) || fits(self.name.as_ref(), &current.name))
            {
                return Ok(false);
            }
        }
        Ok(self.selects_metadata(resource))
    }

    fn selects_gvk(&self, id: &Id) -> bool {
        fits(self.group.as_ref(), &id.gvk.group)
            && fits(self.version.as_ref(), &id.gvk.version)
            && fits(self.kind.as_ref(), &id.gvk.kind)
    }

    /// Replacements' rule: one ID fits in all its parts.
    pub(super) fn selects_id(&self, id: &Id) -> bool {
        self.selects_gvk(id)
            && fits(self.name.as_ref(), &id.name)
            && fits(
                self.namespace.as_ref(),
                if id.namespace.is_empty() {
                    "default"
                } else {
                    &id.namespace
                },
            )
    }

    /// True if neither group, version, kind, name nor namespace is given.
    pub(super) fn is_any_id(&self) -> bool {
        [&self.group, &self.version, &self.kind, &self.name, &self.namespace]
            .into_iter()
            .all(Option::is_none)
    }

    /// True if labels or annotations are selected by.
    pub(super) fn has_metadata(&self) -> bool {
        !self.labels.is_empty() || !self.annotations.is_empty()
    }

    pub(super) fn selects_metadata(&self, resource: &Resource) -> bool {
        let fits = |requirements: &[Requirement], field: &str| {
            requirements.is_empty() || {
                let pairs = resource.pairs(field);
                requirements.iter().all(|requirement| requirement.fits(&pairs))
            }
        };
        fits(&self.annotations, "annotations") && fits(&self.labels, "labels")
    }
}

/// One requirement of a Kubernetes selector.
#[derive(Clone, Debug, PartialEq)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    In,
    NotIn,
    Exists,
    DoesNotExist,
    GreaterThan,
    LessThan,
}

impl Requirement {
    fn fits(&self, pairs: &[(String, String)]) -> bool {
        let value = pairs.iter().find(|(key, _)| *key == self.key).map(|(_, value)| value);
        let number = |text: &str| text.parse::<i64>().ok();
        match (self.operator, value) {
            (Operator::In, value) => value.is_some_and(|value| self.values.contains(value)),
            (Operator::NotIn, value) => value.is_none_or(|value| !self.values.contains(value)),
            (Operator::Exists, value) => value.is_some(),
            (Operator::DoesNotExist, value) => value.is_none(),
            (operator, Some(value)) => match (number(value), self.values.first().and_then(|bound| number(bound))) {
                (Some(value), Some(bound)) if operator == Operator::GreaterThan => value > bound,
                (Some(value), Some(bound)) => value < bound,
                _ => false,
            },
            (_, None) => false,
        }
    }
}

/// Parses a selector: `a=b, c!=d, e in (f, g), h notin (i), j, !k, l>1, m<2`.
fn parse(text: &str) -> Result<Vec<Requirement>> {
    let failure =
        |what: &str| KustomizeError::Kustomization(format!("unable to parse requirement: {what} in selector {text:?}"));
    let mut tokens = tokens(text).into_iter().peekable();
    let mut requirements = Vec::new();
    while let Some(token) = tokens.next() {
        let negated = token == "!";
        let key = if negated {
            tokens.next().ok_or_else(|| failure("missing key"))?
        } else {
            token
        };
        if !is_word(&key) {
            return Err(failure(&format!("found '{key}', expected: identifier")));
        }
        let operator = match tokens.peek().map(String::as_str) {
            None | Some(",") if negated => Some(Operator::DoesNotExist),
            None | Some(",") => Some(Operator::Exists),
            Some("=" | "==") => Some(Operator::In),
            Some("!=") => Some(Operator::NotIn),
            Some(">") => Some(Operator::GreaterThan),
            Some("<") => Some(Operator::LessThan),
            _ => None,
        };
        let requirement = match operator {
            Some(operator @ (Operator::Exists | Operator::DoesNotExist)) => Requirement {
                key,
                operator,
                values: Vec::new(),
            },
            Some(operator) if !negated => {
                tokens.next();
                let value = match tokens.peek().map(String::as_str) {
                    None | Some(",") => String::new(),
                    Some(_) => tokens.next().unwrap_or_default(),
                };
                if !value.is_empty() && !is_word(&value) {
                    return Err(failure(&format!("found '{value}', expected: identifier")));
                }
                if matches!(operator, Operator::GreaterThan | Operator::LessThan) && value.parse::<i64>().is_err() {
                    return Err(failure("for 'Gt', 'Lt' operators, the value must be an integer"));
                }
                Requirement {
                    key,
                    operator,
                    values: vec![value],
                }
            }
            None if !negated => {
                let operator = match tokens.next().as_deref() {
                    Some("in") => Operator::In,
                    Some("notin") => Operator::NotIn,
                    found => {
                        return Err(failure(&format!(
                            "found '{}', expected: in, notin, =, ==, !=, gt, lt",
                            found.unwrap_or_default()
                        )));
                    }
                };
                if tokens.next().as_deref() != Some("(") {
                    return Err(failure("expected: '('"));
                }
                let mut values = Vec::new();
                let mut last = String::new();
                loop {
                    match tokens.next() {
                        None => return Err(failure("expected: ')'")),
                        Some(token) if token == ")" => {
                            values.push(last);
                            break;
                        }
                        Some(token) if token == "," => values.push(std::mem::take(&mut last)),
                        Some(token) => last = token,
                    }
                }
                Requirement { key, operator, values }
            }
            _ => return Err(failure("a negated key stands alone")),
        };
        requirements.push(requirement);
        match tokens.next().as_deref() {
            None => break,
            Some(",") if tokens.peek().is_some() => {}
            Some(",") => return Err(failure("found '', expected: identifier after ','")),
            Some(found) => return Err(failure(&format!("found '{found}', expected: ',' or 'end of string'"))),
        }
    }
    Ok(requirements)
}

fn is_word(token: &str) -> bool {
    token
        .chars()
        .all(|character| character.is_alphanumeric() || matches!(character, '-' | '_' | '.' | '/'))
}

fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character.is_whitespace() {
            continue;
        }
        let mut token = character.to_string();
        match character {
            '=' | '!' => {
                if characters.next_if_eq(&'=').is_some() {
                    token.push('=');
                }
            }
            '(' | ')' | ',' | '<' | '>' => {}
            _ => {
                while let Some(next) = characters
                    .next_if(|next| !next.is_whitespace() && !matches!(next, '=' | '!' | '(' | ')' | ',' | '<' | '>'))
                {
                    token.push(next);
                }
            }
        }
        found.push(token);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(selector: &str, pairs: &[(&str, &str)]) -> bool {
        let pairs: Vec<_> = pairs
            .iter()
            .map(|(key, value)| ((*key).to_owned(), (*value).to_owned()))
            .collect();
        parse(selector)
            .unwrap()
            .iter()
            .all(|requirement| requirement.fits(&pairs))
    }

    #[test]
    fn selectors() {
        let pairs = [("app", "web"), ("tier", "2")];
        for selector in [
            "",
            "app",
            "app=web",
            "app==web",
            "app!=db",
            "!other",
            "app in (db, web)",
            "app notin (db)",
            "tier>1",
            "tier<3,app",
        ] {
            assert!(fits(selector, &pairs), "{selector}");
        }
        for selector in ["other", "app=db", "!app", "app notin (web)", "tier>2", "app,other"] {
            assert!(!fits(selector, &pairs), "{selector}");
        }
        for selector in ["a=b c", "a in b", ",", "a,", "=", "a in (b"] {
            assert!(parse(selector).is_err(), "{selector}");
        }
    }
}
