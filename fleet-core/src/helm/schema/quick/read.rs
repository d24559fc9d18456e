//! Reading a schema, all or nothing.

use std::collections::HashMap;

use serde_json::{Map, Value};

use super::{Bound, Comparison, MAX_DEPTH, Node, Pattern, Quick, Type};

impl Quick {
    /// Reads a schema; none where anything in it is not known in full.
    pub(in super::super) fn new(schema: &Value) -> Option<Self> {
        let draft = match schema.get("$schema") {
            None => 2020,
            Some(address) => draft(address.as_str()?)?,
        };
        let mut reader = Reader {
            root: schema,
            draft,
            nodes: Vec::new(),
            known: HashMap::new(),
        };
        reader.at("", schema, 0)?;
        Some(Self { nodes: reader.nodes })
    }
}

/// The year or number of a draft, by its address.
fn draft(address: &str) -> Option<u32> {
    let address = address.strip_suffix('#').unwrap_or(address);
    let address = address
        .strip_prefix("https://")
        .or_else(|| address.strip_prefix("http://"))?;
    match address {
        "json-schema.org/draft-04/schema" => Some(4),
        "json-schema.org/draft-06/schema" => Some(6),
        "json-schema.org/draft-07/schema" => Some(7),
        "json-schema.org/draft/2019-09/schema" => Some(2019),
        "json-schema.org/draft/2020-12/schema" => Some(2020),
        _ => None,
    }
}

struct Reader<'a> {
    root: &'a Value,
    draft: u32,
    nodes: Vec<Node>,
    /// Schemas that were read, by their JSON pointer.
    known: HashMap<String, usize>,
}

impl<'a> Reader<'a> {
    /// Reads the schema at a pointer, unless it is read already.
    fn at(&mut self, pointer: &str, schema: &'a Value, depth: usize) -> Option<usize> {
        if let Some(known) = self.known.get(pointer) {
            return Some(*known);
        }
        if depth > MAX_DEPTH {
            return None;
        }
        let index = self.nodes.len();
        self.nodes.push(Node::default());
        self.known.insert(pointer.to_owned(), index);
        let node = match schema {
            Value::Bool(accepts) if self.draft >= 6 => Node {
                never: !accepts,
                ..Node::default()
            },
            Value::Object(map) => self.object(pointer, map, depth)?,
            _ => return None,
        };
        self.nodes[index] = node;
        Some(index)
    }

    fn child(&mut self, pointer: &str, keyword: &str, schema: &'a Value, depth: usize) -> Option<usize> {
        self.at(&format!("{pointer}/{}", escape(keyword)), schema, depth + 1)
    }

    fn list(&mut self, pointer: &str, keyword: &str, schemas: &'a Value, depth: usize) -> Option<Vec<usize>> {
        let schemas = schemas.as_array().filter(|schemas| !schemas.is_empty())?;
        let read = |(at, schema)| self.at(&format!("{pointer}/{keyword}/{at}"), schema, depth + 1);
        schemas.iter().enumerate().map(read).collect()
    }

    fn map(&mut self, pointer: &str, keyword: &str, schemas: &'a Value, depth: usize) -> Option<Vec<(&'a str, usize)>> {
        let pointer = format!("{pointer}/{}", escape(keyword));
        let read =
            |(name, schema): (&'a String, &'a Value)| Some((name.as_str(), self.child(&pointer, name, schema, depth)?));
        schemas.as_object()?.iter().map(read).collect()
    }

    fn object(&mut self, pointer: &str, map: &'a Map<String, Value>, depth: usize) -> Option<Node> {
        let mut node = Node::default();
        let (mut condition, mut then, mut otherwise) = (None, None, None);
        for (keyword, value) in map {
            match keyword.as_str() {
                "$schema" if pointer.is_empty() => {}
                "$id" if pointer.is_empty() && self.draft >= 6 && is_plain_address(value.as_str()?) => {}
                "title" | "description" | "$comment" if value.is_string() => {}
                "default" => {}
                "examples" if value.is_array() => {}
                "deprecated" | "readOnly" | "writeOnly" if value.is_boolean() => {}
                "definitions" | "$defs" => drop(self.map(pointer, keyword, value, depth)?),
                "$ref" => node.reference = Some(self.reference(value.as_str()?, depth)?),
                "type" => node.types = types(value)?,
                "enum" => {
                    let allowed = value.as_array().filter(|allowed| !allowed.is_empty())?;
                    let repeated = |at: usize| allowed[..at].contains(&allowed[at]);
                    if self.draft < 7 && (0..allowed.len()).any(repeated) {
                        return None;
                    }
                    node.allowed = Some(allowed.clone());
                }
                "const" if self.draft >= 6 && !map.contains_key("enum") => node.allowed = Some(vec![value.clone()]),
                "format" if value.is_string() => node.format = true,
                "pattern" => node.pattern = Some(Pattern::new(value.as_str()?)?),
                "required" => node.required = names(value, self.draft == 4)?,
                "properties" => {
                    let read = self.map(pointer, keyword, value, depth)?;
                    node.properties = read
                        .into_iter()
                        .map(|(name, schema)| (name.to_owned(), schema))
                        .collect();
                }
                "patternProperties" => {
                    for (pattern, schema) in self.map(pointer, keyword, value, depth)? {
                        node.patterns.push((Pattern::new(pattern)?, schema));
                    }
                }
                "additionalProperties" => match value {
                    Value::Bool(true) => {}
                    Value::Bool(false) => {
                        node.additional = Some(self.nodes.len());
                        self.nodes.push(Node {
                            never: true,
                            ..Node::default()
                        });
                    }
                    schema => node.additional = Some(self.child(pointer, keyword, schema, depth)?),
                },
                "propertyNames" if self.draft >= 6 => node.names = Some(self.child(pointer, keyword, value, depth)?),
                "items" if !map.contains_key("prefixItems") && !map.contains_key("additionalItems") => {
                    node.items = Some(self.child(pointer, keyword, value, depth)?);
                }
                "uniqueItems" if value.is_boolean() => node.unique = value == &Value::Bool(true),
                "minLength" => node.bounds.push((Bound::MinLength, value.as_u64()?)),
                "maxLength" => node.bounds.push((Bound::MaxLength, value.as_u64()?)),
                "minItems" => node.bounds.push((Bound::MinItems, value.as_u64()?)),
                "maxItems" => node.bounds.push((Bound::MaxItems, value.as_u64()?)),
                "minProperties" => node.bounds.push((Bound::MinProperties, value.as_u64()?)),
                "maxProperties" => node.bounds.push((Bound::MaxProperties, value.as_u64()?)),
                "minimum" => node.numbers.push((Comparison::Minimum, small(value)?)),
                "maximum" => node.numbers.push((Comparison::Maximum, small(value)?)),
                "exclusiveMinimum" if self.draft >= 6 => {
                    node.numbers.push((Comparison::ExclusiveMinimum, small(value)?))
                }
                "exclusiveMaximum" if self.draft >= 6 => {
                    node.numbers.push((Comparison::ExclusiveMaximum, small(value)?))
                }
                "allOf" => node.all = self.list(pointer, keyword, value, depth)?,
                "anyOf" => node.any = self.list(pointer, keyword, value, depth)?,
                "oneOf" => node.one = self.list(pointer, keyword, value, depth)?,
                "not" => node.not = Some(self.child(pointer, keyword, value, depth)?),
                "if" if self.draft >= 7 => condition = Some(self.child(pointer, keyword, value, depth)?),
                "then" if self.draft >= 7 => then = Some(self.child(pointer, keyword, value, depth)?),
                "else" if self.draft >= 7 => otherwise = Some(self.child(pointer, keyword, value, depth)?),
                // Keywords of the drafts that are not known here, and what has another meaning in some draft.
                "id"
                | "$id"
                | "$anchor"
                | "$dynamicRef"
                | "$dynamicAnchor"
                | "$recursiveRef"
                | "$recursiveAnchor"
                | "$vocabulary"
                | "$schema"
                | "title"
                | "description"
                | "$comment"
                | "examples"
                | "deprecated"
                | "readOnly"
                | "writeOnly"
                | "const"
                | "format"
                | "propertyNames"
                | "items"
                | "additionalItems"
                | "prefixItems"
                | "unevaluatedItems"
                | "unevaluatedProperties"
                | "contains"
                | "minContains"
                | "maxContains"
                | "uniqueItems"
                | "multipleOf"
                | "exclusiveMinimum"
                | "exclusiveMaximum"
                | "dependencies"
                | "dependentRequired"
                | "dependentSchemas"
                | "contentEncoding"
                | "contentMediaType"
                | "contentSchema"
                | "if"
                | "then"
                | "else" => return None,
                // Others mean nothing to any draft.
                _ => {}
            }
        }
        node.condition = condition.map(|condition| (condition, then, otherwise));
        if self.draft < 2019 && node.reference.is_some() {
            // All beside a reference is ignored there.
            return Some(Node {
                reference: node.reference,
                ..Node::default()
            });
        }
        Some(node)
    }

    /// The schema that a reference within the document names.
    fn reference(&mut self, reference: &str, depth: usize) -> Option<usize> {
        let pointer = reference.strip_prefix('#')?;
        if !pointer.is_empty() && !pointer.starts_with("/definitions/") && !pointer.starts_with("/$defs/") {
            return None;
        }
        if pointer.contains('%') {
            return None;
        }
        let root = self.root;
        self.at(pointer, root.pointer(pointer)?, depth + 1)
    }
}

/// An address whose reading nobody doubts, without a fragment.
fn is_plain_address(text: &str) -> bool {
    let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "./-_".contains(c);
    rest.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_alphabetic()) && rest.chars().all(is_plain))
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn small(value: &Value) -> Option<i64> {
    value.as_i64().filter(|number| number.unsigned_abs() < 1 << 53)
}

/// Texts that are all different.
fn names(value: &Value, at_least_one: bool) -> Option<Vec<String>> {
    let list = value.as_array().filter(|list| !at_least_one || !list.is_empty())?;
    let mut names: Vec<String> = Vec::with_capacity(list.len());
    for name in list {
        names.push(name.as_str()?.to_owned());
    }
    let mut sorted: Vec<&String> = names.iter().collect();
    sorted.sort_unstable();
    let unique = sorted.windows(2).all(|pair| pair[0] != pair[1]);
    unique.then_some(names)
}

fn types(value: &Value) -> Option<Vec<Type>> {
    let kind = |name: &str| {
        Some(match name {
            "array" => Type::Array,
            "boolean" => Type::Boolean,
            "integer" => Type::Integer,
            "null" => Type::Null,
            "number" => Type::Number,
            "object" => Type::Object,
            "string" => Type::String,
            _ => return None,
        })
    };
    match value {
        Value::String(name) => Some(vec![kind(name)?]),
        list => {
            let names = names(list, true)?;
            names.iter().map(|name| kind(name)).collect()
        }
    }
}
