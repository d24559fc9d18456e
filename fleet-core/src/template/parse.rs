//! Tokens into trees, by the grammar and with the error texts of Go's `text/template/parse`.
//!
//! Go finds variables by name when a template runs; here they become slots when it is parsed. Two lists keep the two
//! views apart: `known` is what Go's parser accepts (a name declared in the first branch of an `if` is still known in
//! its `else`), `scope` is what exists when the template runs there.
//!
//! Invariant: nesting is bounded, so that neither parsing, running, printing nor dropping a tree exhausts the stack.

use std::sync::Arc;

use super::builtins::Builtin;
use super::error::TemplateError;
use super::functions::Functions;
use super::lex::{Keyword, Syntax, Token, TokenKind, lex};
use super::number::Number;
use super::quote::{quote, unquote};
use super::set::TemplateOptions;
use super::text::Text;
use super::tree::{Block, Branch, Callee, Command, Invocation, Node, Operand, OperandKind, Pipe, Tree, Variable};

/// How deep control structures and parentheses may nest.
const MAX_DEPTH: usize = 1000;

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
    let mut parser = Parser {
        name: name.into(),
        source: text.into(),
        functions,
        tokens: lex(text, &syntax),
        next: 0,
        furthest: 0,
        action_line: 0,
        depth: 0,
        trees: Vec::new(),
        definition: Definition::default(),
    };
    parser.text().map_err(|message| TemplateError::Parse {
        name: name.to_owned(),
        line: parser.tokens.get(parser.furthest).map_or(0, |token| token.line),
        message,
    })
}

/// What belongs to the template being parsed: the text's own, or that of a `define` or `block`.
struct Definition {
    known: Vec<Arc<str>>,
    scope: Vec<Arc<str>>,
    slots: usize,
    range_depth: usize,
}

impl Default for Definition {
    fn default() -> Self {
        Self {
            known: vec!["$".into()],
            scope: vec!["$".into()],
            slots: 1,
            range_depth: 0,
        }
    }
}

struct Parser<'a> {
    name: Arc<str>,
    source: Arc<str>,
    functions: &'a Functions,
    tokens: Vec<Token<'a>>,
    next: usize,
    /// The last token looked at: its line is that of an error.
    furthest: usize,
    /// The line where the current action began, for errors of unclosed ones; 0 outside of actions.
    action_line: usize,
    depth: usize,
    trees: Vec<Arc<Tree>>,
    definition: Definition,
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
    fn peek(&mut self) -> &Token<'a> {
        let last = self.tokens.len() - 1;
        let index = self.next.min(last);
        self.furthest = self.furthest.max(index);
        &self.tokens[index]
    }

    fn take(&mut self) -> Token<'a> {
        let token = self.peek().clone();
        self.next += 1;
        token
    }

    fn skip_space(&mut self) {
        while self.peek().kind == TokenKind::Space {
            self.next += 1;
        }
    }

    fn take_after_space(&mut self) -> Token<'a> {
        self.skip_space();
        self.take()
    }

    fn peek_after_space(&mut self) -> TokenKind {
        self.skip_space();
        self.peek().kind
    }

    fn unexpected<T>(&self, token: &Token<'_>, context: &str) -> Parse<T> {
        if token.kind != TokenKind::Error {
            return Err(format!("unexpected {} in {context}", token.describe()));
        }
        let mut extra = String::new();
        if self.action_line != 0 && self.action_line != token.line {
            extra = format!(" in action started at {}:{}", self.name, self.action_line);
            if token.text.ends_with(" action") {
                extra.drain(.." in action".len());
            }
        }
        Err(format!("{}{extra}", token.text))
    }

    fn expect(&mut self, kind: TokenKind, context: &str) -> Parse<Token<'a>> {
        let token = self.take_after_space();
        if token.kind == kind {
            Ok(token)
        } else {
            self.unexpected(&token, context)
        }
    }

    fn string(&self, token: &Token<'_>) -> Parse<Text> {
        unquote(&token.text).ok_or_else(|| "invalid syntax".to_owned())
    }

    fn template_name(&mut self, context: &str) -> Parse<(usize, Arc<str>)> {
        let token = self.take_after_space();
        if !matches!(token.kind, TokenKind::String | TokenKind::RawString) {
            return self.unexpected(&token, context);
        }
        Ok((token.position, self.string(&token)?.to_str().into()))
    }

    fn nested<T>(&mut self, parse: impl FnOnce(&mut Self) -> Parse<T>) -> Parse<T> {
        if self.depth >= MAX_DEPTH {
            return Err("max expression depth exceeded".to_owned());
        }
        self.depth += 1;
        let result = super::execute::with_stack(|| parse(self));
        self.depth -= 1;
        result
    }

    fn text(&mut self) -> Parse<Parsed> {
        let mut root = Block::new();
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
                Item::Node(node) => root.push(node),
                Item::End(end) => return Err(format!("unexpected {}", end.text())),
            }
        }
        let definition = std::mem::take(&mut self.definition);
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
            slots: definition.slots,
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
        let mut list = Block::new();
        while self.peek_after_space() != TokenKind::Eof {
            match self.item()? {
                Item::Node(node) => list.push(node),
                Item::End(end) => return Ok((list, end)),
            }
        }
        Err("unexpected EOF".to_owned())
    }

    fn item(&mut self) -> Parse<Item> {
        let token = self.take_after_space();
        match token.kind {
            TokenKind::Text => Ok(Item::Node(Node::Text(Text::from(token.text.as_ref())))),
            TokenKind::LeftDelimiter => {
                self.action_line = token.line;
                let item = self.action();
                self.action_line = 0;
                item
            }
            _ => self.unexpected(&token, "input"),
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
            return self.unexpected(&token, &format!("{{{{{name}}}}}"));
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
                Some(vec![self.nested(|parser| parser.control(keyword))?])
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
        let branch = Branch { pipe, then, otherwise };
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
        Ok(Node::Template(Invocation {
            position,
            name,
            pipe: Some(pipe),
        }))
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
        Ok(Node::Template(Invocation { position, name, pipe }))
    }

    fn pipeline(&mut self, context: &str, end: TokenKind) -> Parse<Pipe> {
        self.skip_space();
        let mut pipe = Pipe {
            position: self.peek().position,
            assign: false,
            variables: Vec::new(),
            commands: Vec::new(),
        };
        self.declarations(&mut pipe, context)?;
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
                    pipe.commands.push(command);
                }
                _ => {
                    let token = self.take();
                    return self.unexpected(&token, context);
                }
            }
        }
        if pipe.commands.is_empty() {
            return Err(format!("missing value for {context}"));
        }
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
                variable.slot = self.definition.scope.iter().rposition(|name| *name == variable.name);
            } else {
                variable.slot = Some(self.definition.scope.len());
                self.definition.scope.push(Arc::clone(&variable.name));
                self.definition.slots = self.definition.slots.max(self.definition.scope.len());
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
            let name: Arc<str> = self.take().text.as_ref().into();
            self.skip_space();
            let follower = self.peek();
            let is_comma = follower.kind == TokenKind::Character && follower.text == ",";
            let kind = follower.kind;
            if !is_comma && !matches!(kind, TokenKind::Assign | TokenKind::Declare) {
                self.next = before;
                return Ok(());
            }
            self.next += 1;
            self.definition.known.push(Arc::clone(&name));
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
        let mut command = Command {
            position: self.peek().position,
            operands: Vec::new(),
        };
        loop {
            self.skip_space();
            if let Some(operand) = self.operand()? {
                command.operands.push(operand);
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
                    return self.unexpected(&token, "operand");
                }
            }
        }
        if command.operands.is_empty() {
            return Err("empty command".to_owned());
        }
        Ok(command)
    }

    fn operand(&mut self) -> Parse<Option<Operand>> {
        let Some(mut operand) = self.term()? else {
            return Ok(None);
        };
        if self.peek().kind != TokenKind::Field {
            return Ok(Some(operand));
        }
        let position = self.peek().position;
        let mut further: Vec<Arc<str>> = Vec::new();
        while self.peek().kind == TokenKind::Field {
            further.push(self.take().text[1..].into());
        }
        match &mut operand.kind {
            OperandKind::Field(names) => names.append(&mut further),
            OperandKind::Variable { fields, .. } => fields.append(&mut further),
            OperandKind::Bool(_)
            | OperandKind::Text { .. }
            | OperandKind::Number(_)
            | OperandKind::Nil
            | OperandKind::Dot => {
                return Err(format!(
                    "unexpected . after term {}",
                    quote(operand.to_string().as_bytes())
                ));
            }
            OperandKind::Function(_) | OperandKind::Pipe(_) | OperandKind::Chain { .. } => {
                let kind = OperandKind::Chain {
                    base: Box::new(operand),
                    fields: further,
                };
                return Ok(Some(Operand { position, kind }));
            }
        }
        operand.position = position;
        Ok(Some(operand))
    }

    fn term(&mut self) -> Parse<Option<Operand>> {
        let token = self.take_after_space();
        let kind = match token.kind {
            TokenKind::Identifier => OperandKind::Function(self.function(&token.text)?),
            TokenKind::Dot => OperandKind::Dot,
            TokenKind::Nil => OperandKind::Nil,
            TokenKind::Variable => OperandKind::Variable {
                variable: self.variable(&token.text)?,
                fields: Vec::new(),
            },
            TokenKind::Field => OperandKind::Field(vec![token.text[1..].into()]),
            TokenKind::Bool => OperandKind::Bool(token.text == "true"),
            TokenKind::CharacterConstant => OperandKind::Number(Number::character(&token.text)?),
            TokenKind::Complex => OperandKind::Number(Number::complex(&token.text)?),
            TokenKind::Number => OperandKind::Number(Number::parse(&token.text)?),
            TokenKind::LeftParenthesis => {
                let pipe = |parser: &mut Self| parser.pipeline("parenthesized pipeline", TokenKind::RightParenthesis);
                OperandKind::Pipe(self.nested(pipe)?)
            }
            TokenKind::String | TokenKind::RawString => OperandKind::Text {
                text: self.string(&token)?,
                quoted: token.text.as_ref().into(),
            },
            _ => {
                self.next -= 1;
                return Ok(None);
            }
        };
        // A parenthesised pipeline is where its first operand is, as in Go.
        let position = match &kind {
            OperandKind::Pipe(pipe) => pipe.position,
            _ => token.position,
        };
        Ok(Some(Operand { position, kind }))
    }

    fn function(&self, name: &str) -> Parse<Callee> {
        let builtin = Builtin::find(name);
        if let Some(builtin) = builtin.filter(|builtin| !builtin.can_be_hidden()) {
            return Ok(Callee::Builtin(builtin));
        }
        if let Some(function) = self.functions.get(name) {
            return Ok(Callee::Function(Arc::clone(function)));
        }
        builtin
            .map(Callee::Builtin)
            .ok_or_else(|| format!("function {} not defined", quote(name.as_bytes())))
    }

    fn variable(&self, name: &str) -> Parse<Variable> {
        let Definition { known, scope, .. } = &self.definition;
        if !known.iter().any(|other| **other == *name) {
            return Err(format!("undefined variable {}", quote(name.as_bytes())));
        }
        Ok(Variable {
            name: name.into(),
            slot: scope.iter().rposition(|other| **other == *name),
        })
    }
}
