//! Tokens to events: YAML's grammar as a state machine, with the stack of libyaml's parser instead of recursion.
//!
//! Invariants: every collection that begins ends, every document has one node, every key a value; an absent node is an
//! empty plain scalar.

use super::scanner::{Origin, Place, Problem, Scanner, Token, TokenKind};
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
pub(crate) struct Mark {
    pub(super) line: u32,
    pub(super) column: u32,
}

impl From<Place> for Mark {
    fn from(place: Place) -> Self {
        let count = |number: usize| u32::try_from(number + 1).unwrap_or(u32::MAX);
        Self {
            line: count(place.line),
            column: count(place.column),
        }
    }
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

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    FirstDocumentStart,
    DocumentStart,
    DocumentContent,
    /// The content of a document that has not been announced.
    BlockNode,
    DocumentEnd,
    BlockSequenceFirst,
    BlockSequenceEntry,
    IndentlessSequenceEntry,
    BlockMappingFirst,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequenceEntry,
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

pub(super) struct Events<'a> {
    scanner: Scanner<'a>,
    dialect: Dialect,
    state: State,
    states: Vec<State>,
    /// Where the open collections begin.
    begins: Vec<Place>,
    tags: Vec<(String, String)>,
}

fn empty_scalar(place: Place) -> Event {
    Event::Scalar {
        anchor: None,
        tag: None,
        text: String::new(),
        implicit: true,
        style: ScalarStyle::Plain,
        mark: place.into(),
    }
}

impl<'a> Events<'a> {
    pub(super) fn new(text: &'a str, dialect: Dialect) -> Self {
        Self {
            scanner: Scanner::new(text, dialect),
            dialect,
            state: State::FirstDocumentStart,
            states: Vec::new(),
            begins: Vec::new(),
            tags: Vec::new(),
        }
    }

    pub(super) fn next(&mut self) -> Result<Event, YamlError> {
        self.step().map_err(|problem| self.error(&problem))
    }

    /// go-yaml's line numbers: v2 takes the problem's place, v3 its context's; a place on the first line counts as none; what the
    /// parser says is a line too low.
    fn error(&self, problem: &Problem) -> YamlError {
        let (first, second) = match self.dialect {
            Dialect::GoYaml2 => (problem.place.line, problem.context.line),
            Dialect::GoYaml3 => (problem.context.line, problem.place.line),
        };
        let scanner = usize::from(problem.origin == Origin::Scanner);
        let line = match (first, second) {
            (0, 0) => None,
            (0, second) if self.dialect == Dialect::GoYaml2 => Some(second),
            (0, second) => Some(second + scanner),
            (first, _) => Some(first + scanner),
        };
        YamlError::Syntax {
            problem: problem.text.to_owned(),
            line,
        }
    }

    fn step(&mut self) -> Result<Event, Problem> {
        match self.state {
            State::FirstDocumentStart => self.document_start(true),
            State::DocumentStart => self.document_start(false),
            State::DocumentContent => self.document_content(),
            State::BlockNode => self.node(true, false),
            State::DocumentEnd => self.document_end(),
            State::BlockSequenceFirst => self.block_sequence_entry(true),
            State::BlockSequenceEntry => self.block_sequence_entry(false),
            State::IndentlessSequenceEntry => self.indentless_sequence_entry(),
            State::BlockMappingFirst => self.block_mapping_key(true),
            State::BlockMappingKey => self.block_mapping_key(false),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => self.flow_sequence_entry(true),
            State::FlowSequenceEntry => self.flow_sequence_entry(false),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => {
                self.state = State::FlowSequenceEntry;
                Ok(Event::CollectionEnd)
            }
            State::FlowMappingFirst => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(false),
            State::FlowMappingEmptyValue => self.flow_mapping_value(true),
            State::End => Ok(Event::StreamEnd),
        }
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn peek(&mut self) -> Result<&Token, Problem> {
        self.scanner.peek()
    }

    /// Takes the next token.
    fn skip(&mut self) -> Result<Token, Problem> {
        self.scanner.next()
    }

    /// Takes the token that begins a collection.
    fn begin(&mut self, first: bool) -> Result<(), Problem> {
        if first {
            let token = self.skip()?;
            self.begins.push(token.start);
        }
        Ok(())
    }

    /// Takes the token that ends a collection.
    fn end(&mut self) -> Result<Event, Problem> {
        self.skip()?;
        self.begins.pop();
        self.pop_state();
        Ok(Event::CollectionEnd)
    }

    fn problem(context: Option<Place>, text: &'static str, place: Place) -> Problem {
        Problem {
            origin: Origin::Parser,
            text,
            context: context.unwrap_or_default(),
            place,
        }
    }

    fn document_start(&mut self, first: bool) -> Result<Event, Problem> {
        if !first {
            while self.peek()?.kind == TokenKind::DocumentEnd {
                self.skip()?;
            }
        }
        let token = self.peek()?;
        let explicit = matches!(
            token.kind,
            TokenKind::VersionDirective { .. } | TokenKind::TagDirective { .. } | TokenKind::DocumentStart
        );
        if token.kind == TokenKind::StreamEnd {
            self.state = State::End;
            return Ok(Event::StreamEnd);
        }
        if first && !explicit {
            self.set_default_tags();
            self.states.push(State::DocumentEnd);
            self.state = State::BlockNode;
            return Ok(Event::DocumentStart);
        }
        self.directives()?;
        let token = self.peek()?;
        if token.kind != TokenKind::DocumentStart {
            return Err(Self::problem(
                None,
                "did not find expected <document start>",
                token.start,
            ));
        }
        self.skip()?;
        self.states.push(State::DocumentEnd);
        self.state = State::DocumentContent;
        Ok(Event::DocumentStart)
    }

    fn set_default_tags(&mut self) {
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if !self.tags.iter().any(|(known, _)| known == handle) {
                self.tags.push((handle.to_owned(), prefix.to_owned()));
            }
        }
    }

    fn directives(&mut self) -> Result<(), Problem> {
        let mut version = false;
        self.tags.clear();
        loop {
            let token = self.peek()?;
            let start = token.start;
            match &token.kind {
                TokenKind::VersionDirective { .. } if version => {
                    return Err(Self::problem(None, "found duplicate %YAML directive", start));
                }
                TokenKind::VersionDirective { major, minor } => {
                    if (*major, *minor) != (1, 1) {
                        return Err(Self::problem(None, "found incompatible YAML document", start));
                    }
                    version = true;
                }
                TokenKind::TagDirective { handle, prefix } => {
                    let (handle, prefix) = (handle.clone(), prefix.clone());
                    if self.tags.iter().any(|(known, _)| *known == handle) {
                        return Err(Self::problem(None, "found duplicate %TAG directive", start));
                    }
                    self.tags.push((handle, prefix));
                }
                _ => break,
            }
            self.skip()?;
        }
        self.set_default_tags();
        Ok(())
    }

    fn document_content(&mut self) -> Result<Event, Problem> {
        let token = self.peek()?;
        let place = token.start;
        if matches!(
            token.kind,
            TokenKind::VersionDirective { .. }
                | TokenKind::TagDirective { .. }
                | TokenKind::DocumentStart
                | TokenKind::DocumentEnd
                | TokenKind::StreamEnd
        ) {
            self.pop_state();
            return Ok(empty_scalar(place));
        }
        self.node(true, false)
    }

    fn document_end(&mut self) -> Result<Event, Problem> {
        if self.peek()?.kind == TokenKind::DocumentEnd {
            self.skip()?;
        }
        self.tags.clear();
        self.state = State::DocumentStart;
        Ok(Event::DocumentEnd)
    }

    fn node(&mut self, block: bool, indentless: bool) -> Result<Event, Problem> {
        let first = self.peek()?;
        let start = first.start;
        if let TokenKind::Alias(_) = first.kind {
            self.pop_state();
            let TokenKind::Alias(anchor) = self.skip()?.kind else {
                return Ok(empty_scalar(start));
            };
            return Ok(Event::Alias {
                anchor,
                mark: start.into(),
            });
        }
        let (anchor, tag) = self.properties(start)?;
        let token = self.peek()?;
        let place = token.start;
        match &token.kind {
            TokenKind::BlockEntry if indentless => {
                self.state = State::IndentlessSequenceEntry;
                Ok(Event::SequenceStart {
                    anchor,
                    tag,
                    flow: false,
                    mark: start.into(),
                })
            }
            TokenKind::Scalar { .. } => {
                self.pop_state();
                let TokenKind::Scalar { text, style } = self.skip()?.kind else {
                    return Ok(empty_scalar(start));
                };
                // What `!` means: a text in v2, nothing in v3.
                let tag = tag.filter(|tag| tag != "!" || self.dialect == Dialect::GoYaml2);
                let implicit = tag.is_none() && style == ScalarStyle::Plain;
                Ok(Event::Scalar {
                    anchor,
                    tag,
                    text,
                    implicit,
                    style,
                    mark: start.into(),
                })
            }
            TokenKind::FlowSequenceStart => {
                self.state = State::FlowSequenceFirst;
                Ok(Event::SequenceStart {
                    anchor,
                    tag,
                    flow: true,
                    mark: start.into(),
                })
            }
            TokenKind::FlowMappingStart => {
                self.state = State::FlowMappingFirst;
                Ok(Event::MappingStart {
                    anchor,
                    tag,
                    flow: true,
                    mark: start.into(),
                })
            }
            TokenKind::BlockSequenceStart if block => {
                self.state = State::BlockSequenceFirst;
                Ok(Event::SequenceStart {
                    anchor,
                    tag,
                    flow: false,
                    mark: start.into(),
                })
            }
            TokenKind::BlockMappingStart if block => {
                self.state = State::BlockMappingFirst;
                Ok(Event::MappingStart {
                    anchor,
                    tag,
                    flow: false,
                    mark: start.into(),
                })
            }
            _ if anchor.is_some() || tag.is_some() => {
                self.pop_state();
                Ok(Event::Scalar {
                    anchor,
                    implicit: tag.is_none(),
                    tag,
                    text: String::new(),
                    style: ScalarStyle::Plain,
                    mark: start.into(),
                })
            }
            _ => Err(Self::problem(Some(start), "did not find expected node content", place)),
        }
    }

    /// Anchor and tag, in either order.
    fn properties(&mut self, start: Place) -> Result<(Option<String>, Option<String>), Problem> {
        let (mut anchor, mut tag) = (None, None);
        // go-yaml looks at what follows before it resolves the tag.
        for _ in 0..3 {
            match &self.peek()?.kind {
                TokenKind::Anchor(_) if anchor.is_none() => {
                    if let TokenKind::Anchor(name) = self.skip()?.kind {
                        anchor = Some(name);
                    }
                }
                TokenKind::Tag { .. } if tag.is_none() => {
                    let token = self.skip()?;
                    if let TokenKind::Tag { handle, suffix } = token.kind {
                        tag = Some((handle, suffix, token.start));
                    }
                }
                _ => break,
            }
        }
        let tag = match tag {
            Some((handle, suffix, place)) => Some(self.resolve_tag(handle, suffix, start, place)?),
            None => None,
        };
        Ok((anchor, tag))
    }

    fn resolve_tag(&self, handle: String, suffix: String, start: Place, place: Place) -> Result<String, Problem> {
        if handle.is_empty() {
            return Ok(suffix);
        }
        match self.tags.iter().find(|(known, _)| *known == handle) {
            Some((_, prefix)) => Ok(format!("{prefix}{suffix}")),
            None => Err(Self::problem(Some(start), "found undefined tag handle", place)),
        }
    }

    fn block_sequence_entry(&mut self, first: bool) -> Result<Event, Problem> {
        self.begin(first)?;
        let token = self.peek()?;
        let place = token.start;
        match token.kind {
            TokenKind::BlockEntry => {
                let end = self.skip()?.end;
                if matches!(self.peek()?.kind, TokenKind::BlockEntry | TokenKind::BlockEnd) {
                    self.state = State::BlockSequenceEntry;
                    return Ok(empty_scalar(end));
                }
                self.states.push(State::BlockSequenceEntry);
                self.node(true, false)
            }
            TokenKind::BlockEnd => self.end(),
            _ => Err(Self::problem(
                self.begins.pop(),
                "did not find expected '-' indicator",
                place,
            )),
        }
    }

    fn indentless_sequence_entry(&mut self) -> Result<Event, Problem> {
        if self.peek()?.kind != TokenKind::BlockEntry {
            self.pop_state();
            return Ok(Event::CollectionEnd);
        }
        let end = self.skip()?.end;
        if matches!(
            self.peek()?.kind,
            TokenKind::BlockEntry | TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd
        ) {
            self.state = State::IndentlessSequenceEntry;
            return Ok(empty_scalar(end));
        }
        self.states.push(State::IndentlessSequenceEntry);
        self.node(true, false)
    }

    fn block_mapping_key(&mut self, first: bool) -> Result<Event, Problem> {
        self.begin(first)?;
        let token = self.peek()?;
        let place = token.start;
        match token.kind {
            TokenKind::Key => {
                let end = self.skip()?.end;
                if matches!(
                    self.peek()?.kind,
                    TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd
                ) {
                    self.state = State::BlockMappingValue;
                    return Ok(empty_scalar(end));
                }
                self.states.push(State::BlockMappingValue);
                self.node(true, true)
            }
            TokenKind::BlockEnd => self.end(),
            _ => Err(Self::problem(self.begins.pop(), "did not find expected key", place)),
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event, Problem> {
        let token = self.peek()?;
        if token.kind != TokenKind::Value {
            let place = token.start;
            self.state = State::BlockMappingKey;
            return Ok(empty_scalar(place));
        }
        let end = self.skip()?.end;
        if matches!(
            self.peek()?.kind,
            TokenKind::Key | TokenKind::Value | TokenKind::BlockEnd
        ) {
            self.state = State::BlockMappingKey;
            return Ok(empty_scalar(end));
        }
        self.states.push(State::BlockMappingKey);
        self.node(true, true)
    }

    fn flow_sequence_entry(&mut self, first: bool) -> Result<Event, Problem> {
        self.begin(first)?;
        if !first && self.peek()?.kind != TokenKind::FlowSequenceEnd {
            let token = self.peek()?;
            if token.kind != TokenKind::FlowEntry {
                let place = token.start;
                return Err(Self::problem(
                    self.begins.pop(),
                    "did not find expected ',' or ']'",
                    place,
                ));
            }
            self.skip()?;
        }
        let token = self.peek()?;
        let place = token.start;
        match token.kind {
            TokenKind::FlowSequenceEnd => self.end(),
            TokenKind::Key => {
                self.skip()?;
                self.state = State::FlowPairKey;
                Ok(Event::MappingStart {
                    anchor: None,
                    tag: None,
                    flow: true,
                    mark: place.into(),
                })
            }
            _ => {
                self.states.push(State::FlowSequenceEntry);
                self.node(false, false)
            }
        }
    }

    fn flow_pair_key(&mut self) -> Result<Event, Problem> {
        let token = self.peek()?;
        if matches!(
            token.kind,
            TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowSequenceEnd
        ) {
            // libyaml takes the token here, which loses the `:` after an absent key; so do its descendants.
            let end = self.skip()?.end;
            self.state = State::FlowPairValue;
            return Ok(empty_scalar(end));
        }
        self.states.push(State::FlowPairValue);
        self.node(false, false)
    }

    fn flow_pair_value(&mut self) -> Result<Event, Problem> {
        let mut place = self.peek()?.start;
        if self.peek()?.kind == TokenKind::Value {
            self.skip()?;
            let token = self.peek()?;
            if !matches!(token.kind, TokenKind::FlowEntry | TokenKind::FlowSequenceEnd) {
                self.states.push(State::FlowPairEnd);
                return self.node(false, false);
            }
            place = token.start;
        }
        self.state = State::FlowPairEnd;
        Ok(empty_scalar(place))
    }

    fn flow_mapping_key(&mut self, first: bool) -> Result<Event, Problem> {
        self.begin(first)?;
        if !first && self.peek()?.kind != TokenKind::FlowMappingEnd {
            let token = self.peek()?;
            if token.kind != TokenKind::FlowEntry {
                let place = token.start;
                return Err(Self::problem(
                    self.begins.pop(),
                    "did not find expected ',' or '}'",
                    place,
                ));
            }
            self.skip()?;
        }
        match self.peek()?.kind {
            TokenKind::FlowMappingEnd => self.end(),
            TokenKind::Key => {
                self.skip()?;
                let token = self.peek()?;
                if matches!(
                    token.kind,
                    TokenKind::Value | TokenKind::FlowEntry | TokenKind::FlowMappingEnd
                ) {
                    let place = token.start;
                    self.state = State::FlowMappingValue;
                    return Ok(empty_scalar(place));
                }
                self.states.push(State::FlowMappingValue);
                self.node(false, false)
            }
            _ => {
                self.states.push(State::FlowMappingEmptyValue);
                self.node(false, false)
            }
        }
    }

    fn flow_mapping_value(&mut self, empty: bool) -> Result<Event, Problem> {
        let mut place = self.peek()?.start;
        if !empty && self.peek()?.kind == TokenKind::Value {
            self.skip()?;
            let token = self.peek()?;
            if !matches!(token.kind, TokenKind::FlowEntry | TokenKind::FlowMappingEnd) {
                self.states.push(State::FlowMappingKey);
                return self.node(false, false);
            }
            place = token.start;
        }
        self.state = State::FlowMappingKey;
        Ok(empty_scalar(place))
    }
}
