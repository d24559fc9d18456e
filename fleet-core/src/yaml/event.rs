//! The events of a text: what stands between the parser and the tree.

use libyaml_safer::{EventData, Parser, ScalarStyle as Style};

use super::{Dialect, YamlError};

/// How a scalar is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScalarStyle {
    /// Without quotes.
    Plain,
    /// `'…'`
    SingleQuoted,
    /// `"…"`
    DoubleQuoted,
    /// `|`
    Literal,
    /// `>`
    Folded,
}

/// Where something begins, counted from 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    pub(super) line: u32,
    pub(super) column: u32,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Event {
    DocumentStart,
    DocumentEnd,
    StreamEnd,
    Alias {
        anchor: String,
        mark: Mark,
    },
    Scalar {
        anchor: Option<String>,
        tag: Option<String>,
        text: String,
        implicit: bool,
        style: ScalarStyle,
        mark: Mark,
    },
    SequenceStart {
        anchor: Option<String>,
        tag: Option<String>,
        flow: bool,
        mark: Mark,
    },
    MappingStart {
        anchor: Option<String>,
        tag: Option<String>,
        flow: bool,
        mark: Mark,
    },
    CollectionEnd,
}

pub(super) struct Events<'a> {
    parser: Parser<&'a [u8]>,
    dialect: Dialect,
}

impl<'a> Events<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut parser = Parser::new();
        parser.set_encoding(libyaml_safer::Encoding::Utf8);
        parser.set_input(text.as_bytes());
        Self { parser, dialect }
    }

    pub(super) fn next(&mut self) -> Result<Event, YamlError> {
        loop {
            let event = self.parser.parse().map_err(|error| self.error(&error))?;
            let mark = Mark {
                line: u32::try_from(event.start_mark.line + 1).unwrap_or(u32::MAX),
                column: u32::try_from(event.start_mark.column + 1).unwrap_or(u32::MAX),
            };
            return Ok(match event.data {
                EventData::StreamStart { .. } => continue,
                EventData::StreamEnd => Event::StreamEnd,
                EventData::DocumentStart { .. } => Event::DocumentStart,
                EventData::DocumentEnd { .. } => Event::DocumentEnd,
                EventData::Alias { anchor } => Event::Alias { anchor, mark },
                EventData::Scalar {
                    anchor,
                    tag,
                    value,
                    plain_implicit,
                    style,
                    ..
                } => Event::Scalar {
                    anchor,
                    tag,
                    text: value,
                    implicit: plain_implicit,
                    style: match style {
                        Style::SingleQuoted => ScalarStyle::SingleQuoted,
                        Style::DoubleQuoted => ScalarStyle::DoubleQuoted,
                        Style::Literal => ScalarStyle::Literal,
                        Style::Folded => ScalarStyle::Folded,
                        _ => ScalarStyle::Plain,
                    },
                    mark,
                },
                EventData::SequenceStart { anchor, tag, style, .. } => Event::SequenceStart {
                    anchor,
                    tag,
                    flow: style == libyaml_safer::SequenceStyle::Flow,
                    mark,
                },
                EventData::MappingStart { anchor, tag, style, .. } => Event::MappingStart {
                    anchor,
                    tag,
                    flow: style == libyaml_safer::MappingStyle::Flow,
                    mark,
                },
                EventData::SequenceEnd | EventData::MappingEnd => Event::CollectionEnd,
            });
        }
    }

    fn error(&self, error: &libyaml_safer::Error) -> YamlError {
        let line = |mark: Option<libyaml_safer::Mark>| mark.map_or(0, |mark| mark.line);
        let (first, second) = match self.dialect {
            Dialect::GoYaml2 => (line(error.problem_mark()), line(error.context_mark())),
            Dialect::GoYaml3 => (line(error.context_mark()), line(error.problem_mark())),
        };
        let mut named = first;
        if named == 0 {
            named = second;
        } else if error.kind() == libyaml_safer::ErrorKind::Scanner {
            named += 1;
        }
        YamlError::Syntax {
            problem: error.problem().to_owned(),
            line: usize::try_from(named).ok().filter(|line| *line > 0),
        }
    }
}
