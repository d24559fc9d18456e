//! Errors with Go's texts and positions.

use std::fmt;

/// Why a template could not be parsed or run. Texts are those of Go's `text/template`.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TemplateError {
    /// The text of a template is wrong.
    #[error("template: {name}:{line}: {message}")]
    Parse {
        /// Name of the template whose text it is.
        name: String,
        /// Line, from 1.
        line: usize,
        /// What is wrong.
        message: String,
    },
    /// A template is executed by a name that no template has.
    #[error("template: no template {} associated with template {}", quoted(.name), quoted(.associated))]
    Missing {
        /// The name asked for.
        name: String,
        /// The name of the set's root.
        associated: String,
    },
    /// Running a template failed at some node.
    #[error("{0}")]
    Execution(Box<ExecutionError>),
}

fn quoted(text: &str) -> String {
    super::quote::quote(text.as_bytes())
}

/// Where and why running a template failed.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExecutionError {
    /// Name of the template that was running.
    pub template: String,
    /// `NAME:LINE:COLUMN` of the node; the name is that of the parsed text, the column counts bytes from 0.
    pub location: String,
    /// The node, printed canonically.
    pub node: String,
    /// What is wrong; if a function failed, `error calling NAME: `, and `cause` says the rest.
    pub message: String,
    /// The error of the function.
    pub cause: Option<FunctionError>,
}

impl fmt::Display for ExecutionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            template,
            location,
            node,
            message,
            cause,
        } = self;
        write!(
            formatter,
            "template: {location}: executing {} at <{node}>: {message}",
            quoted(template)
        )?;
        cause.as_ref().map_or(Ok(()), |cause| cause.fmt(formatter))
    }
}

impl std::error::Error for ExecutionError {}

/// The error of a function, with the error of the template that it ran, if it ran one (`include`, `tpl`).
///
/// Its text is the message followed by that of the template's error, as Go wraps them.
#[derive(Clone, Debug, PartialEq)]
pub struct FunctionError {
    message: String,
    source: Option<Box<TemplateError>>,
}

impl FunctionError {
    /// An error of a function's own.
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            source: None,
        }
    }

    /// An error of a template that a function ran; `prefix` comes before its text.
    pub fn nested(prefix: impl Into<String>, source: TemplateError) -> Self {
        Self {
            message: prefix.into(),
            source: Some(Box::new(source)),
        }
    }

    /// The own message, or the prefix before the template's error.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The error of the template that the function ran.
    pub fn template_error(&self) -> Option<&TemplateError> {
        self.source.as_deref()
    }
}

impl fmt::Display for FunctionError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.message)?;
        let Some(source) = &self.source else { return Ok(()) };
        super::with_stack(usize::MAX, || source.fmt(formatter))
    }
}

impl std::error::Error for FunctionError {}

/// Templates run templates thousands deep, and so do their errors: they are taken apart without recursion.
impl Drop for FunctionError {
    fn drop(&mut self) {
        let mut next = self.source.take();
        while let Some(mut error) = next {
            next = match &mut *error {
                TemplateError::Execution(execution) => execution.cause.as_mut().and_then(|cause| cause.source.take()),
                _ => None,
            };
        }
    }
}

impl From<TemplateError> for FunctionError {
    fn from(source: TemplateError) -> Self {
        Self::nested("", source)
    }
}

impl From<String> for FunctionError {
    fn from(message: String) -> Self {
        Self::new(message)
    }
}

impl From<&str> for FunctionError {
    fn from(message: &str) -> Self {
        Self::new(message)
    }
}
