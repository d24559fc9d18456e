//! The tree of a document: kinds, tags, anchors, styles and positions, before anything is resolved. Kustomize works on it, and
//! diagnostics take their lines from it.
//!
//! Invariants: a tree is never deeper than [`Limits::depth`], so that recursion over it is safe; an alias knows its anchor by
//! number, since a name can be given again.

use std::collections::HashMap;

pub use super::event::ScalarStyle;
use super::event::{Event, Events, Mark};
use super::limits::AliasGuard;
use super::{Dialect, Limits, YamlError, quick};

/// One document.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Tree {
    /// Its only node.
    pub root: Node,
    /// Whether any alias stands in it.
    pub has_aliases: bool,
}

/// A node of the tree.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// What it is.
    pub kind: NodeKind,
    /// Its tag as resolved by the document's directives (`tag:yaml.org,2002:int`, `!mine`), if it has one.
    pub tag: Option<String>,
    /// Its anchor, if it has one.
    pub anchor: Option<Anchor>,
    /// Where it begins, from 1; 0 for nodes made by a program.
    pub line: u32,
    /// Column, from 1; 0 for nodes made by a program.
    pub column: u32,
}

/// An anchor (`&name`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Anchor {
    /// Its name.
    pub name: String,
    /// Its number within the document, by which aliases refer to it.
    pub number: u32,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeKind {
    /// A scalar.
    Scalar {
        /// Its text, without quotes, escapes undone.
        text: String,
        /// How it is written.
        style: ScalarStyle,
        /// Plain without a tag: its type is found from the text.
        implicit: bool,
    },
    /// A list.
    Sequence {
        /// Its elements.
        items: Vec<Node>,
        /// `[…]`
        flow: bool,
    },
    /// A map: keys and values in the order of the text, duplicates and `<<` included.
    Mapping {
        /// Its entries.
        entries: Vec<(Node, Node)>,
        /// `{…}`
        flow: bool,
    },
    /// An alias (`*name`).
    Alias {
        /// The anchor it refers to.
        anchor: Anchor,
        /// True if it stands inside of what it refers to, which cannot be expanded.
        recursive: bool,
    },
}

impl Node {
    /// A node made by a program.
    pub fn new(kind: NodeKind) -> Self {
        Self {
            kind,
            tag: None,
            anchor: None,
            line: 0,
            column: 0,
        }
    }

    /// True for the plain key `<<`, or one tagged `!!merge`.
    pub fn is_merge_key(&self) -> bool {
        match &self.kind {
            NodeKind::Scalar { text, implicit, .. } => {
                text == "<<" && (*implicit || matches!(self.tag.as_deref(), Some("!" | "tag:yaml.org,2002:merge")))
            }
            _ => false,
        }
    }
}

impl Tree {
    /// The anchored nodes by number.
    pub(super) fn anchors(&self) -> HashMap<u32, &Node> {
        fn collect<'a>(node: &'a Node, anchors: &mut HashMap<u32, &'a Node>) {
            if let Some(anchor) = &node.anchor {
                anchors.insert(anchor.number, node);
            }
            match &node.kind {
                NodeKind::Sequence { items, .. } => items.iter().for_each(|item| collect(item, anchors)),
                NodeKind::Mapping { entries, .. } => entries.iter().for_each(|(key, value)| {
                    collect(key, anchors);
                    collect(value, anchors);
                }),
                NodeKind::Scalar { .. } | NodeKind::Alias { .. } => {}
            }
        }
        let mut anchors = HashMap::new();
        if self.has_aliases {
            collect(&self.root, &mut anchors);
        }
        anchors
    }

    /// The root with every alias replaced by what it stands for, as kyaml does right after reading. `<<` stays.
    ///
    /// # Errors
    /// [`YamlError::RecursiveAnchor`], and limits on depth, nodes and bytes.
    pub fn expand(self, limits: &Limits) -> Result<Node, YamlError> {
        if !self.has_aliases {
            return Ok(self.root);
        }
        let anchors = self.anchors();
        expand(&self.root, &anchors, 0, &mut AliasGuard::default(), limits)
    }
}

fn expand(
    node: &Node,
    anchors: &HashMap<u32, &Node>,
    depth: usize,
    guard: &mut AliasGuard,
    limits: &Limits,
) -> Result<Node, YamlError> {
    if depth > limits.depth {
        return Err(YamlError::Limit {
            what: "levels of nesting",
            limit: limits.depth,
        });
    }
    let mut below = |node: &Node| expand(node, anchors, depth + 1, guard, limits);
    let kind = match &node.kind {
        NodeKind::Scalar { text, style, implicit } => {
            guard.count(text.len(), limits)?;
            NodeKind::Scalar {
                text: text.clone(),
                style: *style,
                implicit: *implicit,
            }
        }
        NodeKind::Sequence { items, flow } => {
            let items = items.iter().map(below).collect::<Result<_, _>>()?;
            guard.count(0, limits)?;
            NodeKind::Sequence { items, flow: *flow }
        }
        NodeKind::Mapping { entries, flow } => {
            let entries = entries
                .iter()
                .map(|(key, value)| Ok((below(key)?, below(value)?)))
                .collect::<Result<_, YamlError>>()?;
            guard.count(0, limits)?;
            NodeKind::Mapping { entries, flow: *flow }
        }
        NodeKind::Alias {
            anchor,
            recursive: true,
        } => return Err(YamlError::RecursiveAnchor(anchor.name.clone())),
        NodeKind::Alias { anchor, .. } => {
            let target = anchors
                .get(&anchor.number)
                .ok_or_else(|| YamlError::UnknownAnchor(anchor.name.clone()))?;
            guard.depth += 1;
            let copy = expand(target, anchors, depth + 1, guard, limits);
            guard.depth -= 1;
            return copy;
        }
    };
    Ok(Node {
        kind,
        tag: node.tag.clone(),
        anchor: None,
        line: node.line,
        column: node.column,
    })
}

/// Reads the first document of a text; `None` if there is none. Later documents are not looked at.
///
/// # Errors
/// What is no YAML, in go-yaml's words; exceeded limits.
pub fn parse(text: &str, dialect: Dialect, limits: &Limits) -> Result<Option<Tree>, YamlError> {
    if let Some(root) = parse_plain(text, limits, &mut quick::Nodes)? {
        let has_aliases = false;
        return Ok(Some(Tree { root, has_aliases }));
    }
    compose(text, dialect, limits)
}

/// Reads a text that is plain enough for it into what a builder makes of it. `None` says nothing about the text: it has to be
/// read by [`compose`].
pub(crate) fn parse_plain<B: quick::Builder>(
    text: &str,
    limits: &Limits,
    builder: &mut B,
) -> Result<Option<B::Node>, YamlError> {
    check_length(text, limits)?;
    Ok(quick::read(text, limits, builder))
}

pub(super) fn check_length(text: &str, limits: &Limits) -> Result<(), YamlError> {
    if text.len() <= limits.bytes {
        return Ok(());
    }
    Err(YamlError::Limit {
        what: "bytes",
        limit: limits.bytes,
    })
}

/// [`parse`] by the scanner, whatever the text is.
pub(crate) fn compose(text: &str, dialect: Dialect, limits: &Limits) -> Result<Option<Tree>, YamlError> {
    let mut composer = Composer {
        events: Events::new(text, dialect),
        dialect,
        limits,
        nodes: 0,
        anchors: HashMap::new(),
        anchor_count: 0,
        has_aliases: false,
    };
    match composer.events.next()? {
        Event::DocumentStart => {}
        _ => return Ok(None),
    }
    let root = composer.document()?;
    // go-yaml reads the document's end too, and complains about what follows it.
    composer.events.next()?;
    Ok(Some(Tree {
        root,
        has_aliases: composer.has_aliases,
    }))
}

struct Composer<'a> {
    events: Events<'a>,
    dialect: Dialect,
    limits: &'a Limits,
    nodes: usize,
    /// Anchors so far: number, and whether the node is complete.
    anchors: HashMap<String, (u32, bool)>,
    anchor_count: u32,
    has_aliases: bool,
}

/// A collection that is not complete yet.
struct Open {
    node: Node,
    /// The key whose value comes next.
    key: Option<Node>,
}

impl Open {
    fn add(&mut self, node: Node) {
        match &mut self.node.kind {
            NodeKind::Sequence { items, .. } => items.push(node),
            NodeKind::Mapping { entries, .. } => match self.key.take() {
                Some(key) => entries.push((key, node)),
                None => self.key = Some(node),
            },
            NodeKind::Scalar { .. } | NodeKind::Alias { .. } => {}
        }
    }
}

impl Composer<'_> {
    /// Builds the document's tree without recursion: how deep a text nests is not known before.
    fn document(&mut self) -> Result<Node, YamlError> {
        let mut open: Vec<Open> = Vec::new();
        loop {
            let node = match self.events.next()? {
                Event::Scalar {
                    anchor,
                    tag,
                    text,
                    implicit,
                    style,
                    mark,
                } => {
                    let anchor = self.declare(anchor);
                    self.complete(anchor.as_ref());
                    let quoted = implicit && text.is_empty() && self.quotes_nothing(open.last());
                    let (style, implicit) = if quoted {
                        (ScalarStyle::SingleQuoted, false)
                    } else {
                        (style, implicit)
                    };
                    self.node(NodeKind::Scalar { text, style, implicit }, tag, anchor, mark)?
                }
                Event::Alias { anchor, mark } => {
                    let Some(&(number, complete)) = self.anchors.get(&anchor) else {
                        return Err(YamlError::UnknownAnchor(anchor));
                    };
                    self.has_aliases = true;
                    let anchor = Anchor { name: anchor, number };
                    self.node(
                        NodeKind::Alias {
                            anchor,
                            recursive: !complete,
                        },
                        None,
                        None,
                        mark,
                    )?
                }
                Event::SequenceStart {
                    anchor,
                    tag,
                    flow,
                    mark,
                } => {
                    self.check_depth(open.len())?;
                    let anchor = self.declare(anchor);
                    let kind = NodeKind::Sequence {
                        items: Vec::new(),
                        flow,
                    };
                    open.push(Open {
                        node: self.node(kind, tag, anchor, mark)?,
                        key: None,
                    });
                    continue;
                }
                Event::MappingStart {
                    anchor,
                    tag,
                    flow,
                    mark,
                } => {
                    self.check_depth(open.len())?;
                    let anchor = self.declare(anchor);
                    let kind = NodeKind::Mapping {
                        entries: Vec::new(),
                        flow,
                    };
                    open.push(Open {
                        node: self.node(kind, tag, anchor, mark)?,
                        key: None,
                    });
                    continue;
                }
                Event::CollectionEnd => match open.pop() {
                    Some(Open { node, .. }) => {
                        self.complete(node.anchor.as_ref());
                        node
                    }
                    None => continue,
                },
                // The parser balances its events and gives every document a node, so this cannot be.
                Event::DocumentStart | Event::DocumentEnd | Event::StreamEnd => {
                    let kind = NodeKind::Scalar {
                        text: String::new(),
                        style: ScalarStyle::Plain,
                        implicit: true,
                    };
                    return Ok(Node::new(kind));
                }
            };
            match open.last_mut() {
                Some(parent) => parent.add(node),
                None => return Ok(node),
            }
        }
    }

    /// kyaml writes what it has read and reads it again; nothing becomes an empty text so, in flow collections and as a key.
    fn quotes_nothing(&self, parent: Option<&Open>) -> bool {
        self.dialect == Dialect::GoYaml3
            && match parent {
                Some(Open {
                    node:
                        Node {
                            kind: NodeKind::Mapping { flow, .. },
                            ..
                        },
                    key,
                }) => *flow || key.is_none(),
                Some(Open {
                    node:
                        Node {
                            kind: NodeKind::Sequence { flow, .. },
                            ..
                        },
                    ..
                }) => *flow,
                _ => false,
            }
    }

    fn node(
        &mut self,
        kind: NodeKind,
        tag: Option<String>,
        anchor: Option<Anchor>,
        mark: Mark,
    ) -> Result<Node, YamlError> {
        self.nodes += 1;
        if self.nodes > self.limits.nodes {
            return Err(YamlError::Limit {
                what: "nodes",
                limit: self.limits.nodes,
            });
        }
        Ok(Node {
            kind,
            tag,
            anchor,
            line: mark.line,
            column: mark.column,
        })
    }

    /// Our own bound keeps recursion safe; where go-yaml fails too, which the scanner sees to, its words are used.
    fn check_depth(&mut self, depth: usize) -> Result<(), YamlError> {
        if depth < self.limits.depth {
            return Ok(());
        }
        while !matches!(self.events.next()?, Event::DocumentEnd | Event::StreamEnd) {}
        Err(YamlError::Limit {
            what: "levels of nesting",
            limit: self.limits.depth,
        })
    }

    fn declare(&mut self, name: Option<String>) -> Option<Anchor> {
        let name = name?;
        self.anchor_count += 1;
        self.anchors.insert(name.clone(), (self.anchor_count, false));
        Some(Anchor {
            name,
            number: self.anchor_count,
        })
    }

    fn complete(&mut self, anchor: Option<&Anchor>) {
        if let Some(anchor) = anchor
            && let Some(entry) = self.anchors.get_mut(&anchor.name)
            && entry.0 == anchor.number
        {
            entry.1 = true;
        }
    }
}
