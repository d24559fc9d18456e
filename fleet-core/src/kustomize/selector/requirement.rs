//! Kubernetes selectors of labels and annotations, in the grammar and with the errors of kustomize's own copy of that parser, which
//! are not those of [`crate::labels`].

use std::{iter::Peekable, vec::IntoIter};

use super::super::error::{KustomizeError, Result};
use crate::labels::{validate_key, validate_value};

/// One requirement of a selector.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Requirement {
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
    pub(super) fn fits(&self, pairs: &[(String, String)]) -> bool {
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
pub(super) fn parse(text: &str) -> Result<Vec<Requirement>> {
    let mut tokens = tokens(text).into_iter().peekable();
    let mut requirements = Vec::new();
    while let Some(token) = tokens.peek() {
        if !is_word(token) && token != "!" {
            return Err(found(token, ", expected: !, identifier, or 'end of string'"));
        }
        let requirement = requirement(&mut tokens).map_err(|error| error.context("unable to parse requirement"))?;
        requirements.push(requirement);
        match tokens.next().as_deref() {
            None => break,
            Some(",") => {
                let next = tokens.peek().map_or("", String::as_str);
                if next != "!" && !is_word(next) {
                    return Err(found(next, ", expected: identifier after ','"));
                }
            }
            Some(other) => return Err(found(other, ", expected: ',' or 'end of string'")),
        }
    }
    Ok(requirements)
}

type Tokens = Peekable<IntoIter<String>>;

fn found(token: &str, expected: &str) -> KustomizeError {
    KustomizeError::Kustomization(format!("found '{token}'{expected}"))
}

fn requirement(tokens: &mut Tokens) -> Result<Requirement> {
    let negated = tokens.next_if(|token| token == "!").is_some();
    let key = tokens.next().unwrap_or_default();
    if !is_word(&key) {
        return Err(found(&key, ", expected: identifier"));
    }
    if let Some(problem) = validate_key(&key).first() {
        // The older name of what Kubernetes calls so by now.
        let problem = problem.replace("a lowercase RFC 1123 subdomain", "a DNS-1123 subdomain");
        return Err(KustomizeError::Kustomization(format!(
            "invalid label key {key:?}: {problem}"
        )));
    }
    let is_last = matches!(tokens.peek().map(String::as_str), None | Some(","));
    let (operator, values) = match negated {
        true => (Operator::DoesNotExist, Vec::new()),
        false if is_last => (Operator::Exists, Vec::new()),
        false => {
            let token = tokens.next().unwrap_or_default();
            let operator = match token.as_str() {
                "=" | "==" | "in" => Operator::In,
                "!=" | "notin" => Operator::NotIn,
                ">" => Operator::GreaterThan,
                "<" => Operator::LessThan,
                other => return Err(found(other, ", expected: '=', '!=', '==', 'in', notin'")),
            };
            let values = if matches!(token.as_str(), "in" | "notin") {
                set(tokens)?
            } else {
                vec![value(tokens)?]
            };
            (operator, values)
        }
    };
    let is_bound = matches!(operator, Operator::GreaterThan | Operator::LessThan);
    if is_bound && values.iter().any(|value| value.parse::<i64>().is_err()) {
        return Err(KustomizeError::Kustomization(
            "for 'Gt', 'Lt' operators, the value must be an integer".to_owned(),
        ));
    }
    for value in &values {
        if let Some(problem) = validate_value(value).first() {
            return Err(KustomizeError::Kustomization(format!(
                "invalid label value: {value:?}: at key: {key:?}: {problem}"
            )));
        }
    }
    Ok(Requirement { key, operator, values })
}

fn value(tokens: &mut Tokens) -> Result<String> {
    match tokens.peek().map(String::as_str) {
        None | Some(",") => Ok(String::new()),
        Some(other) if !is_word(other) => Err(found(other, ", expected: identifier")),
        Some(_) => Ok(tokens.next().unwrap_or_default()),
    }
}

/// `(a, b)`; what is left out is an empty value.
fn set(tokens: &mut Tokens) -> Result<Vec<String>> {
    let open = tokens.next().unwrap_or_default();
    if open != "(" {
        return Err(found(&open, " expected: '('"));
    }
    let mut values = Vec::new();
    let mut after_comma = false;
    loop {
        let token = tokens.next().unwrap_or_default();
        let is_value = is_word(&token);
        values.push(if is_value { token.clone() } else { String::new() });
        let token = if is_value {
            tokens.next().unwrap_or_default()
        } else {
            token
        };
        match token.as_str() {
            ")" => return Ok(values),
            "," => after_comma = true,
            other if is_value => return Err(found(other, ", expected: ',' or ')'")),
            other if after_comma => return Err(found(other, ", expected: ',', or identifier")),
            other => return Err(found(other, ", expected: ',', ')' or identifier")),
        }
    }
}

fn is_word(token: &str) -> bool {
    !token.is_empty() && !token.starts_with(is_special)
}

fn is_special(character: char) -> bool {
    matches!(character, '=' | '!' | '(' | ')' | ',' | '<' | '>')
}

fn tokens(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut characters = text.chars().peekable();
    while let Some(character) = characters.next() {
        if character.is_ascii_whitespace() {
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
                while let Some(next) = characters.next_if(|next| !next.is_ascii_whitespace() && !is_special(*next)) {
                    token.push(next);
                }
            }
        }
        found.push(token);
    }
    found
}
