//! Tokens into trees, by the grammar and with the error texts of Go's `text/template/parse`.
//!
//! Go finds variables by name when a template runs; here they become slots when it is parsed. Two lists keep the two
//! views apart: `known` is what Go's parser accepts (a name declared in the first branch of an `if` is still known in
//! its `else`), `scope` is what exists when the template runs there.
//!
//! Invariant: nesting is bounded, so that neither parsing, running, printing nor dropping a tree exhausts the stack.

mod operand;

use std::sync::Arc;

use super::error::TemplateError;
use super::functions::Functions;
use super::lex::{Keyword, Syntax, Token, TokenKind, lex};
use super::quote::{quote, quote_prefix, unquote};
use super::set::TemplateOptions;
use super::text::Text;
use super::tree::{Block, Branch, Command, Invocation, Node, Operand, OperandKind, Pipe, Span, Tree, Variable};

/// How deep control structures and parentheses may nest.
const MAX_DEPTH: usize = 1000;
/// Pieces of a text are numbered by 32 bits.
const MAX_LENGTH: usize = u32::MAX as usize;

/// A parsed text: its own template and those that it defines.
#[derive(Debug)]
pub struct Parsed {
    main: Arc<Tree>,
    trees: Vec<Arc<Tree>>,
}

impl Parsed {
    pub(super) fn main(&self) -> &Arc<Tree> {
        &self.main
    }

    pub(super) fn trees(&self) -> &[Arc<Tree>] {
        &self.trees
    }

    /// Whether the text defines templates besides its own.
    pub fn defines_templates(&self) -> bool {
        self.trees.len() > 1
    }
}

pub(super) fn parse(
    name: &str,
    text: &str,
    functions: &Functions,
    options: &TemplateOptions,
) -> Result<Parsed, TemplateError> {
    let syntax = Syntax {
        left: if options.left_delimiter.is_empty() {
            "{{"
        } else {
            &options.left_delimiter
        },
        right: if options.right_delimiter.is_empty() {
            "}}"
        } else {
            &options.right_delimiter
        },
        break_is_keyword: functions.get("break").is_none(),
        continue_is_keyword: functions.get("continue").is_none(),
    };
    if text.len() >= MAX_LENGTH {
        return Err(TemplateError::Parse {
            name: name.to_owned(),
            line: 1,
            message: format!("text is longer than {MAX_LENGTH} bytes"),
        });
    }
    let (tokens, error) = lex(text, &syntax);
    let mut parser = Parser {
        name: name.into(),
        text,
        source: text.into(),
        functions,
        tokens,
        error: error.unwrap_or_default(),
        next: 0,
        furthest: 0,
        action_start: None,
        depth: 0,
        trees: Vec::new(),
        definition: Definition::default(),
        operands: Vec::new(),
        commands: Vec::new(),
        nodes: Vec::new(),
    };
    parser.parsed().map_err(|message| TemplateError::Parse {
        name: name.to_owned(),
        line: parser
            .tokens
            .get(parser.furthest)
            .map_or(0, |token| parser.line(token.span.start())),
        message,
    })
}

/// What belongs to the template being parsed: the text's own, or that of a `define` or `block`. The variable `$`, in slot 0,
/// is always there and in neither list.
#[derive(Default)]
struct Definition {
    known: Vec<Span>,
    scope: Vec<Span>,
    /// Slots of the scope when it was largest.
    slots: usize,
    range_depth: usize,
}

struct Parser<'a> {
    name: Arc<str>,
    text: &'a str,
    source: Arc<str>,
    functions: &'a Functions,
    tokens: Vec<Token>,
    /// The message of the token that is an error.
    error: String,
    next: usize,
    /// The last token looked at: its line is that of an error.
    furthest: usize,
    /// Where the current action began, for errors of unclosed ones.
    action_start: Option<usize>,
    depth: usize,
    trees: Vec<Arc<Tree>>,
    definition: Definition,
    // Parts of lists that are not complete yet: each list is made at once then, and no larger than it has to be.
    operands: Vec<Operand>,
    commands: Vec<Command>,
    nodes: Vec<Node>,
}

/// What ends a list of nodes.
enum End {
    End,
    /// With the keyword that follows it, `if` or `with`, not yet consumed.
    Else(Option<Keyword>),
}

impl End {
    fn text(&self) -> &'static str {
        match self {
            Self::End => "{{end}}",
            Self::Else(_) => "{{else}}",
        }
    }
}

enum Item {
    Node(Node),
    End(End),
}

type Parse<T> = Result<T, String>;

impl<'a> Parser<'a> {
    fn peek(&mut self) -> Token {
        let last = self.tokens.len() - 1;
        let index = self.next.min(last);
        self.furthest = self.furthest.max(index);
        self.tokens[index]
    }

    fn take(&mut self) -> Token {
        let token = self.peek();
        self.next += 1;
        token
    }

    fn piece(&self, span: Span) -> &'a str {
        span.of(self.text)
    }

    /// The line of a byte position, from 1.
    fn line(&self, position: usize) -> usize {
        let before = &self.text.as_bytes()[..position.min(self.text.len())];
        1 + memchr::memchr_iter(b'\n', before).count()
    }

    /// How error texts name a token.
    fn describe(&self, token: Token) -> String {
        let text = self.piece(token.span);
        match token.kind {
            TokenKind::Eof => "EOF".to_owned(),
            TokenKind::Keyword(_) | TokenKind::Dot | TokenKind::Nil => format!("<{text}>"),
            _ => quote_prefix(text, 10),
        }
    }

    fn skip_space(&mut self) {
        while self.peek().kind == TokenKind::Space {
            self.next += 1;
        }
    }

    fn take_after_space(&mut self) -> Token {
        self.skip_space();
        self.take()
    }

    fn peek_after_space(&mut self) -> TokenKind {
        self.skip_space();
        self.peek().kind
    }

    fn unexpected<T>(&self, token: Token, context: &str) -> Parse<T> {
        if token.kind != TokenKind::Error {
            return Err(format!("unexpected {} in {context}", self.describe(token)));
        }
        let mut extra = String::new();
        if let Some(start) = self.action_start.map(|start| self.line(start))
            && start != self.line(token.span.start())
        {
            extra = format!(" in action started at {}:{start}", self.name);
            if self.error.ends_with(" action") {
                extra.drain(.." in action".len());
            }
        }
        Err(format!("{}{extra}", self.error))
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Parse<Token> {
        let token = self.take_after_space();
        if token.kind == kind {
            Ok(token)
        } else {
            self.unexpected(token, context)
        }
    }

    fn string(&self, token: Token) -> Parse<Text> {
        unquote(self.piece(token.span)).ok_or_else(|| "invalid syntax".to_owned())
    }

    fn template_name(&mut self, context: &str) -> Parse<(usize, Arc<str>)> {
        let token = self.take_after_space();
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return self.unexpected(token, context);
        }
        Ok((token.span.start(), self.string(token)?.to_str().into()))
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= MAX_DEPTH {
            return Err("max expression depth exceeded".to_owned());
        }
        self.depth += 1;
        let result = super::with_stack(self.depth, || parse(self));
        self.depth -= 1;
        result
    }

    fn parsed(&mut self) -> Parse<Parsed> {
        let begin = self.nodes.len();
        while self.peek().kind != TokenKind::Eof {
            if self.peek().kind == TokenKind::LeftDelimiter {
                let before = self.next;
                self.next += 1;
                if self.take_after_space().kind == TokenKind::Keyword(Keyword::Define) {
                    self.define()?;
                    continue;
                }
                self.next = before;
            }
            match self.item()? {
                Item::Node(node) => self.nodes.push(node),
                Item::End(end) => return Err(format!("unexpected {}", end.text())),
            }
        }
        let definition = std::mem::take(&mut self.definition);
        let root = self.nodes.drain(begin..).collect();
        let main = self.tree(Arc::clone(&self.name), root, &definition);
        self.add(Arc::clone(&main))?;
        Ok(Parsed {
            main,
            trees: std::mem::take(&mut self.trees),
        })
    }

    fn tree(&self, name: Arc<str>, root: Block, definition: &Definition) -> Arc<Tree> {
        Arc::new(Tree {
            name,
            parse_name: Arc::clone(&self.name),
            source: Arc::clone(&self.source),
            root,
            slots: 1 + definition.slots,
        })
    }

    fn add(&mut self, tree: Arc<Tree>) -> Parse<()> {
        match self.trees.iter_mut().find(|other| other.name == tree.name) {
            None => self.trees.push(tree),
            Some(other) if other.is_blank() => *other = tree,
            Some(_) if tree.is_blank() => {}
            Some(_) => {
                return Err(format!(
                    "template: multiple definition of template {}",
                    quote(tree.name.as_bytes())
                ));
            }
        }
        Ok(())
    }

    fn define(&mut self) -> Parse<()> {
        const CONTEXT: &str = "define clause";
        let (_, name) = self.template_name(CONTEXT)?;
        self.expect(TokenKind::RightDelimiter, CONTEXT)?;
        self.body(name, CONTEXT)
    }

    /// The body of a `define` or `block`, which has its own variables.
    fn body(&mut self, name: Arc<str>, context: &str) -> Parse<()> {
        let outer = std::mem::take(&mut self.definition);
        let (root, end) = self.list()?;
        if !matches!(end, End::End) {
            return Err(format!("unexpected {} in {context}", end.text()));
        }
        let definition = std::mem::replace(&mut self.definition, outer);
        let tree = self.tree(name, root, &definition);
        self.add(tree)
    }

    fn list(&mut self) -> Parse<(Block, End)> {
        let begin = self.nodes.len();
        while self.peek_after_space() != TokenKind::Eof {
            match self.item()? {
                Item::Node(node) => self.nodes.push(node),
                Item::End(end) => return Ok((self.nodes.drain(begin..).collect(), end)),
            }
        }
        Err("unexpected EOF".to_owned())
    }

    fn item(&mut self) -> Parse<Item> {
        let token = self.take_after_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Node(Node::Text(token.span))),
            TokenKind::LeftDelimiter => {
                self.action_start = Some(token.span.start());
                let item = self.action();
                self.action_start = None;
                item
            }
            _ => self.unexpected(token, "input"),
        }
    }

    fn action(&mut self) -> Parse<Item> {
        self.skip_space();
        let TokenKind::Keyword(keyword) = self.peek().kind else {
            return Ok(Item::Node(Node::Action(
                self.pipeline("command", TokenKind::RightDelimiter)?,
            )));
        };
        if keyword == Keyword::Define {
            return Ok(Item::Node(Node::Action(
                self.pipeline("command", TokenKind::RightDelimiter)?,
            )));
        }
        self.next += 1;
        Ok(Item::Node(match keyword {
            Keyword::Block => self.block()?,
            Keyword::Break => self.loop_control("break", Node::Break)?,
            Keyword::Continue => self.loop_control("continue", Node::Continue)?,
            Keyword::Else => return Ok(Item::End(End::Else(self.after_else()?))),
            Keyword::End => {
                self.expect(TokenKind::RightDelimiter, "end")?;
                return Ok(Item::End(End::End));
            }
            Keyword::If | Keyword::With | Keyword::Range => self.nested(|parser| parser.control(keyword))?,
            Keyword::Template | Keyword::Define => self.invocation()?,
        }))
    }

    fn loop_control(&mut self, name: &str, node: Node) -> Parse<Node> {
        let token = self.take_after_space();
        if token.kind != TokenKind::RightDelimiter {
            return self.unexpected(token, &format!("{{{{{name}}}}}"));
        }
        if self.definition.range_depth == 0 {
            return Err(format!("{{{{{name}}}}} outside {{{{range}}}}"));
        }
        Ok(node)
    }

    fn after_else(&mut self) -> Parse<Option<Keyword>> {
        if let TokenKind::Keyword(keyword @ (Keyword::If | Keyword::With)) = self.peek_after_space() {
            return Ok(Some(keyword));
        }
        self.expect(TokenKind::RightDelimiter, "else")?;
        Ok(None)
    }

    fn control(&mut self, keyword: Keyword) -> Parse<Node> {
        let context = match keyword {
            Keyword::With => "with",
            Keyword::Range => "range",
            _ => "if",
        };
        let known = self.definition.known.len();
        let scope = self.definition.scope.len();
        let pipe = self.pipeline(context, TokenKind::RightDelimiter)?;
        let inner = self.definition.scope.len();
        if keyword == Keyword::Range {
            self.definition.range_depth += 1;
        }
        let (then, end) = self.list()?;
        if keyword == Keyword::Range {
            self.definition.range_depth -= 1;
        }
        self.definition.scope.truncate(inner);
        let otherwise = match end {
            End::End => None,
            End::Else(Some(next)) if next == keyword => {
                self.next += 1;
                Some(vec![self.nested(|parser| parser.control(keyword))?].into())
            }
            End::Else(_) => {
                let (list, end) = self.list()?;
                if !matches!(end, End::End) {
                    return Err(format!("expected end; found {}", end.text()));
                }
                Some(list)
            }
        };
        self.definition.known.truncate(known);
        self.definition.scope.truncate(scope);
        let branch = Box::new(Branch { pipe, then, otherwise });
        Ok(match keyword {
            Keyword::With => Node::With(branch),
            Keyword::Range => Node::Range(branch),
            _ => Node::If(branch),
        })
    }

    fn block(&mut self) -> Parse<Node> {
        const CONTEXT: &str = "block clause";
        let (position, name) = self.template_name(CONTEXT)?;
        let pipe = self.pipeline(CONTEXT, TokenKind::RightDelimiter)?;
        self.nested(|parser| parser.body(Arc::clone(&name), CONTEXT))?;
        let pipe = Some(pipe);
        Ok(Node::Template(Box::new(Invocation { position, name, pipe })))
    }

    fn invocation(&mut self) -> Parse<Node> {
        const CONTEXT: &str = "template clause";
        let (position, name) = self.template_name(CONTEXT)?;
        let pipe = if self.peek_after_space() == TokenKind::RightDelimiter {
            self.next += 1;
            None
        } else {
            Some(self.pipeline(CONTEXT, TokenKind::RightDelimiter)?)
        };
        Ok(Node::Template(Box::new(Invocation { position, name, pipe })))
    }

    fn pipeline(&mut self, context: &str, end: TokenKind) -> Parse<Pipe> {
        self.skip_space();
        let mut pipe = Pipe {
            position: self.peek().span.start(),
            assign: false,
            variables: Vec::new(),
            commands: Box::default(),
        };
        self.declarations(&mut pipe, context)?;
        let begin = self.commands.len();
        loop {
            self.skip_space();
            match self.peek().kind {
                kind if kind == end => {
                    self.next += 1;
                    break;
                }
                TokenKind::Bool
                | TokenKind::CharacterConstant
                | TokenKind::Complex
                | TokenKind::Dot
                | TokenKind::Field
                | TokenKind::Identifier
                | TokenKind::Number
                | TokenKind::Nil
                | TokenKind::RawString
                | TokenKind::String
                | TokenKind::Variable
                | TokenKind::LeftParenthesis => {
                    let command = self.command()?;
                    self.commands.push(command);
                }
                _ => {
                    let token = self.take();
                    return self.unexpected(token, context);
                }
            }
        }
        if self.commands.len() == begin {
            return Err(format!("missing value for {context}"));
        }
        pipe.commands = self.commands.drain(begin..).collect();
        for (index, command) in pipe.commands.iter().enumerate().skip(1) {
            if matches!(
                command.operands[0].kind,
                OperandKind::Bool(_)
                    | OperandKind::Dot
                    | OperandKind::Nil
                    | OperandKind::Number(_)
                    | OperandKind::Text { .. }
            ) {
                return Err(format!("non executable command in pipeline stage {}", index + 1));
            }
        }
        for variable in &mut pipe.variables {
            if pipe.assign {
                variable.slot = self.slot(self.piece(variable.name));
            } else {
                self.definition.scope.push(variable.name);
                self.definition.slots = self.definition.slots.max(self.definition.scope.len());
                variable.slot = u32::try_from(self.definition.scope.len()).ok();
            }
        }
        Ok(pipe)
    }

    /// `$a :=`, `$a =`, and in a range `$a, $b :=`; if none is there, nothing is consumed.
    fn declarations(&mut self, pipe: &mut Pipe, context: &str) -> Parse<()> {
        loop {
            self.skip_space();
            if self.peek().kind != TokenKind::Variable {
                return Ok(());
            }
            let before = self.next;
            let name = self.take().span;
            self.skip_space();
            let follower = self.peek();
            let is_comma = follower.kind == TokenKind::Character && self.piece(follower.span) == ",";
            let kind = follower.kind;
            if !is_comma && !matches!(kind, TokenKind::Assign | TokenKind::Declare) {
                self.next = before;
                return Ok(());
            }
            self.next += 1;
            self.definition.known.push(name);
            pipe.variables.push(Variable { name, slot: None });
            if !is_comma {
                pipe.assign = kind == TokenKind::Assign;
                return Ok(());
            }
            if context != "range" || pipe.variables.len() >= 2 {
                return Err(format!("too many declarations in {context}"));
            }
            if !matches!(
                self.peek_after_space(),
                TokenKind::Variable | TokenKind::RightDelimiter | TokenKind::RightParenthesis
            ) {
                return Err("range can only initialize variables".to_owned());
            }
        }
    }

    fn command(&mut self) -> Parse<Command> {
        self.skip_space();
        let position = self.peek().span.start();
        let begin = self.operands.len();
        loop {
            self.skip_space();
            if let Some(operand) = self.operand()? {
                self.operands.push(operand);
            }
            match self.peek().kind {
                TokenKind::Space => self.next += 1,
                TokenKind::RightDelimiter | TokenKind::RightParenthesis => break,
                TokenKind::Pipe => {
                    self.next += 1;
                    break;
                }
                _ => {
                    let token = self.take();
                    return self.unexpected(token, "operand");
                }
            }
        }
        if self.operands.len() == begin {
            return Err("empty command".to_owned());
        }
        let operands = self.operands.drain(begin..).collect();
        Ok(Command { position, operands })
    }
}
