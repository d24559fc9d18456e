//! Errors of templates, as Helm words them, and in parts for those who want to point at the place.

use std::fmt;

use crate::template::{ExecutionError, TemplateError};

/// A template that cannot be parsed or run. Printed, it is Helm v4.2.3's text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RenderError {
    /// Helm's text, which may have several lines.
    pub text: String,
    /// The file that was being rendered.
    pub file: String,
    /// The chain of templates that ran each other, outermost first; the last says what is wrong.
    pub frames: Vec<RenderFrame>,
}

/// A place in a template.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct RenderFrame {
    /// Path of the file, or the name of a text that `tpl` ran.
    pub file: String,
    /// Line, from 1.
    pub line: Option<usize>,
    /// Byte in the line, from 0.
    pub column: Option<usize>,
    /// Name of the template that was running.
    pub template: String,
    /// The part of the template that failed.
    pub node: String,
    /// What is wrong there.
    pub message: String,
}

impl fmt::Display for RenderError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

impl std::error::Error for RenderError {}

/// A text that cannot be parsed (Helm v4.2.3 `cleanupParseError`).
pub(super) fn parse_error(file: &str, error: &TemplateError) -> RenderError {
    let text = error.to_string();
    let tokens: Vec<&str> = text.split(": ").collect();
    let text = match tokens.as_slice() {
        [_] => format!("parse error in ({file}): {text}"),
        [_, location, .., message] => format!("parse error at ({location}): {message}"),
        _ => format!("parse error at ({}): {}", tokens[1], tokens[tokens.len() - 1]),
    };
    let mut frames = Vec::new();
    if let TemplateError::Parse { name, line, message } = error {
        frames.push(RenderFrame {
            file: name.clone(),
            line: Some(*line),
            column: None,
            template: name.clone(),
            node: String::new(),
            message: message.clone(),
        });
    }
    RenderError {
        text,
        file: file.to_owned(),
        frames,
    }
}

/// A template that failed (Helm v4.2.3 `reformatExecErrorMsg`).
pub(super) fn render_error(file: &str, error: &TemplateError) -> RenderError {
    let mut frames = Vec::new();
    let mut current = Some(error);
    while let Some(TemplateError::Execution(execution)) = current {
        frames.push(frame(execution));
        current = execution.cause.as_ref().and_then(|cause| cause.template_error());
    }
    RenderError {
        text: helm_text(file, error),
        file: file.to_owned(),
        frames,
    }
}

fn frame(error: &ExecutionError) -> RenderFrame {
    let mut parts = error.location.rsplitn(3, ':');
    let column = parts.next().and_then(|part| part.parse().ok());
    let line = parts.next().and_then(|part| part.parse().ok());
    let file = parts.next().unwrap_or(&error.location).to_owned();
    let own = error.cause.as_ref().map(|cause| cause.message()).unwrap_or_default();
    RenderFrame {
        file,
        line,
        column,
        template: error.template.clone(),
        node: error.node.clone(),
        message: format!("{}{own}", error.message)
            .trim_end_matches([':', ' '])
            .to_owned(),
    }
}

/// Marks around the text of `fail` and `required`, so that it is found in any chain of errors.
pub(super) const START: &str = "HELM_ERR_START";
/// The mark at the end.
pub(super) const END: &str = "HELM_ERR_END";

/// Longest chain that is printed level by level: `include` allows 1000 levels, and each is read from the text of all below it.
const MAX_LEVELS: usize = 1100;

fn helm_text(file: &str, error: &TemplateError) -> String {
    let text = error.to_string();
    if !matches!(error, TemplateError::Execution(_)) {
        return text;
    }
    let mut tokens = text.splitn(3, ": ");
    let (Some(_), Some(location), Some(rest)) = (tokens.next(), tokens.next(), tokens.next()) else {
        return format!("execution error in ({file}): {text}");
    };
    if let (Some(start), Some(end)) = (rest.find(START), rest.rfind(END))
        && start + START.len() <= end
    {
        return format!("execution error at ({location}): {}", &rest[start + START.len()..end]);
    }
    if is_longer_than(error, MAX_LEVELS) {
        return text;
    }
    let mut levels: Vec<Level> = Vec::new();
    let mut current = Some(error);
    while let Some(error) = current {
        let Some(level) = Level::parse(&error.to_string()) else {
            return text;
        };
        if levels.last() != Some(&level) {
            levels.push(level);
        }
        let TemplateError::Execution(execution) = error else {
            break;
        };
        current = match &execution.cause {
            None => None,
            // The error of a function is a level of its own; only that of `include` has the known shape.
            Some(cause) if !cause.message().is_empty() => return text,
            Some(cause) => match cause.template_error() {
                None => return text,
                next => next,
            },
        };
    }
    let lines: String = levels.iter().map(Level::to_string).collect();
    lines.trim().to_owned()
}

fn is_longer_than(error: &TemplateError, levels: usize) -> bool {
    let mut current = Some(error);
    for _ in 0..=levels {
        let Some(TemplateError::Execution(execution)) = current else {
            return false;
        };
        current = execution.cause.as_ref().and_then(|cause| cause.template_error());
    }
    true
}

/// One level of a chain of errors.
#[derive(PartialEq)]
struct Level {
    location: String,
    executed: String,
    message: String,
}

impl Level {
    /// Reads Go's text of an error, up to where the next level begins.
    fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("template: ")?;
        if rest.starts_with("no template ") {
            return Some(Self {
                location: String::new(),
                executed: String::new(),
                message: text.to_owned(),
            });
        }
        if let Some((location, after)) = rest.split_once(": executing ") {
            let quoted = after.strip_prefix('"')?;
            let (name, after) = quoted.split_once('"')?;
            let after = after.strip_prefix(" at <")?;
            let (node, message) = after.split_once(">: ")?;
            return Some(Self {
                location: location.to_owned(),
                executed: format!("executing \"{name}\" at <{node}>:"),
                message: up_to_next(message).to_owned(),
            });
        }
        let (location, message) = rest.rsplit_once(": ")?;
        let message = up_to_next(message).to_owned();
        Some(Self {
            location: location.to_owned(),
            executed: String::new(),
            message,
        })
    }
}

fn up_to_next(message: &str) -> &str {
    message.find(" template:").map_or(message, |at| &message[..at])
}

impl fmt::Display for Level {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.location.is_empty() {
            write!(formatter, "{}\n  ", self.location)?;
        }
        if !self.executed.is_empty() {
            write!(formatter, "{}\n    ", self.executed)?;
        }
        writeln!(formatter, "{}", self.message)
    }
}
