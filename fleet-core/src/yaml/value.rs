//! From the tree to a JSON value: go-yaml's decoding into untyped values, then `sigs.k8s.io/yaml`'s conversion to JSON.
//!
//! Go does one after the other for the whole document, so an error of decoding counts before one of conversion, wherever
//! they stand; the first of each is kept.

use std::collections::HashMap;

use serde_json::{Map, Number, Value};

use super::limits::AliasGuard;
use super::node::{Node, NodeKind, Tree};
use super::number::{Integer, format_g, format_g32};
use super::scalar::{self, Scalar};
use super::{Dialect, ReadOptions, RepeatedKey, YamlError, go_syntax};

/// Converts a tree.
pub(super) fn convert(tree: &Tree, options: &ReadOptions) -> Result<Value, YamlError> {
    let mut converter = Converter {
        options,
        anchors: tree.anchors(),
        guard: AliasGuard::default(),
        duplicates: Vec::new(),
        repeated: Vec::new(),
        unsupported_key: None,
        unsupported_value: None,
    };
    let value = converter.value(&tree.root, 0)?;
    if !converter.duplicates.is_empty() {
        return Err(YamlError::DuplicateKeys(converter.duplicates));
    }
    if !converter.repeated.is_empty() {
        return Err(YamlError::RepeatedKeys(converter.repeated));
    }
    match converter.unsupported_key.or(converter.unsupported_value) {
        Some(error) => Err(error),
        None => Ok(value),
    }
}

/// Pairs of repeated keys that are listed; a text of nothing else would give a list of its length squared.
const MAX_REPEATED: usize = 100;

struct Converter<'a> {
    options: &'a ReadOptions,
    anchors: HashMap<u32, &'a Node>,
    guard: AliasGuard,
    duplicates: Vec<(usize, String)>,
    repeated: Vec<RepeatedKey>,
    unsupported_key: Option<YamlError>,
    unsupported_value: Option<YamlError>,
}

impl<'a> Converter<'a> {
    fn count(&mut self, node: &Node) -> Result<(), YamlError> {
        let bytes = if let NodeKind::Scalar { text, .. } = &node.kind {
            text.len()
        } else {
            0
        };
        self.guard.count(bytes, &self.options.limits)
    }

    fn value(&mut self, node: &'a Node, depth: usize) -> Result<Value, YamlError> {
        self.count(node)?;
        if depth > self.options.limits.depth {
            return Err(YamlError::Limit {
                what: "levels of nesting",
                limit: self.options.limits.depth,
            });
        }
        match &node.kind {
            NodeKind::Scalar { text, implicit, .. } => self.scalar(node, text, *implicit),
            NodeKind::Sequence { items, .. } => items
                .iter()
                .map(|item| self.value(item, depth + 1))
                .collect::<Result<_, _>>()
                .map(Value::Array),
            NodeKind::Mapping { .. } => {
                let mut map = Map::new();
                match self.options.dialect {
                    Dialect::GoYaml2 => self.mapping(node, depth, &mut map)?,
                    Dialect::GoYaml3 => self.mapping_v3(node, depth, &mut map, false)?,
                }
                Ok(Value::Object(map))
            }
            NodeKind::Alias { .. } => self.follow(node, |this, target| this.value(target, depth + 1)),
        }
    }

    fn follow<T>(
        &mut self,
        alias: &'a Node,
        decode: impl FnOnce(&mut Self, &'a Node) -> Result<T, YamlError>,
    ) -> Result<T, YamlError> {
        let target = self.target(alias)?;
        self.guard.depth += 1;
        let result = decode(self, target);
        self.guard.depth -= 1;
        result
    }

    fn target(&self, node: &'a Node) -> Result<&'a Node, YamlError> {
        match &node.kind {
            NodeKind::Alias {
                anchor,
                recursive: true,
            } => Err(YamlError::RecursiveAnchor(anchor.name.clone())),
            NodeKind::Alias { anchor, .. } => self
                .anchors
                .get(&anchor.number)
                .copied()
                .ok_or_else(|| YamlError::UnknownAnchor(anchor.name.clone())),
            _ => Ok(node),
        }
    }

    fn scalar(&mut self, node: &Node, text: &str, implicit: bool) -> Result<Value, YamlError> {
        if !implicit && node.tag.is_none() {
            return Ok(Value::String(text.to_owned()));
        }
        Ok(
            match scalar::resolve(text, node.tag.as_deref(), implicit, self.options.dialect)? {
                Scalar::Null => Value::Null,
                Scalar::Boolean(value) => Value::Bool(value),
                Scalar::Integer(Integer::Signed(value)) => Value::Number(value.into()),
                Scalar::Integer(Integer::Unsigned(value)) => Value::Number(value.into()),
                Scalar::Float(value) => match Number::from_f64(value) {
                    Some(number) => Value::Number(number),
                    None => {
                        self.unsupported_value
                            .get_or_insert_with(|| YamlError::UnsupportedValue(format_g(value)));
                        Value::Null
                    }
                },
                Scalar::Timestamp(text) | Scalar::String(text) => Value::String(text),
            },
        )
    }

    /// go-yaml v2: keys and merges take effect in their order.
    fn mapping(&mut self, node: &'a Node, depth: usize, map: &mut Map<String, Value>) -> Result<(), YamlError> {
        let NodeKind::Mapping { entries, .. } = &node.kind else {
            return Ok(());
        };
        for (key, value) in entries {
            if key.is_merge_key() {
                self.merge(value, depth, map)?;
                continue;
            }
            let name = self.key(key, value, depth)?;
            let converted = self.value(value, depth + 1)?;
            if let Some(name) = name
                && map.insert(name, converted).is_some()
                && self.options.strict
            {
                let target = self.target(key)?;
                let shown = go_syntax::show(target, &self.anchors, self.options.dialect);
                self.duplicates.push((value.line as usize, shown));
            }
        }
        Ok(())
    }

    fn merge(&mut self, source: &'a Node, depth: usize, map: &mut Map<String, Value>) -> Result<(), YamlError> {
        match &source.kind {
            NodeKind::Sequence { items, .. } => {
                // From the last to the first, so that the first wins.
                items.iter().rev().try_for_each(|item| self.merge_one(item, depth, map))
            }
            _ => self.merge_one(source, depth, map),
        }
    }

    fn merge_one(&mut self, source: &'a Node, depth: usize, map: &mut Map<String, Value>) -> Result<(), YamlError> {
        let alias = matches!(source.kind, NodeKind::Alias { .. });
        let known = match &source.kind {
            NodeKind::Alias { anchor, .. } => self.anchors.get(&anchor.number).copied(),
            _ => Some(source),
        };
        if known.is_some_and(|node| !matches!(node.kind, NodeKind::Mapping { .. })) {
            return Err(YamlError::InvalidMerge);
        }
        let target = self.target(source)?;
        if depth > self.options.limits.depth {
            return Err(YamlError::Limit {
                what: "levels of nesting",
                limit: self.options.limits.depth,
            });
        }
        self.count(source)?;
        self.guard.depth += usize::from(alias);
        let result = match self.options.dialect {
            Dialect::GoYaml2 => self.mapping(target, depth + 1, map),
            Dialect::GoYaml3 => self.mapping_v3(target, depth + 1, map, true),
        };
        self.guard.depth -= usize::from(alias);
        result
    }

    /// go-yaml v3: explicit keys win over merged ones, and may not occur twice.
    fn mapping_v3(
        &mut self,
        node: &'a Node,
        depth: usize,
        map: &mut Map<String, Value>,
        merging: bool,
    ) -> Result<(), YamlError> {
        let NodeKind::Mapping { entries, .. } = &node.kind else {
            return Ok(());
        };
        let mut own: HashMap<String, Vec<usize>> = HashMap::new();
        let mut repeated = Vec::new();
        for (key, value) in entries {
            if key.is_merge_key() {
                continue;
            }
            let name = self.key(key, value, depth)?;
            let converted = self.value(value, depth + 1)?;
            let Some(name) = name else { continue };
            let before = own.entry(name.clone()).or_default();
            if !before.is_empty() && repeated.len() < MAX_REPEATED {
                let shown = go_syntax::show(self.target(key)?, &self.anchors, self.options.dialect);
                repeated.extend(before.iter().take(MAX_REPEATED).map(|first| RepeatedKey {
                    key: shown.clone(),
                    line: key.line as usize,
                    first: *first,
                }));
            }
            before.push(key.line as usize);
            if !(merging && map.contains_key(&name)) {
                map.insert(name, converted);
            }
        }
        // Each key is compared with all after it.
        repeated.sort_by_key(|key| (key.first, key.line));
        self.repeated.extend(repeated);
        for (_, source) in entries.iter().filter(|(key, _)| key.is_merge_key()) {
            match &source.kind {
                NodeKind::Sequence { items, .. } => {
                    items.iter().try_for_each(|item| self.merge_one(item, depth, map))?;
                }
                _ => self.merge_one(source, depth, map)?,
            }
        }
        Ok(())
    }

    /// A key as text; `None` if JSON has no form for it, which is remembered.
    fn key(&mut self, key: &'a Node, value: &'a Node, depth: usize) -> Result<Option<String>, YamlError> {
        self.count(key)?;
        let target = self.target(key)?;
        let NodeKind::Scalar { text, implicit, .. } = &target.kind else {
            // Decoding comes before the complaint, and may have its own.
            self.value(key, depth + 1)?;
            return Err(YamlError::InvalidMapKey(go_syntax::show(
                target,
                &self.anchors,
                self.options.dialect,
            )));
        };
        if !implicit && target.tag.is_none() {
            return Ok(Some(text.clone()));
        }
        let resolved = scalar::resolve(text, target.tag.as_deref(), *implicit, self.options.dialect)?;
        if self.options.dialect == Dialect::GoYaml3 && !matches!(resolved, Scalar::String(_)) {
            self.unsupported_key.get_or_insert(YamlError::KeyIsNoText);
        }
        let unsupported = match resolved {
            Scalar::String(text) | Scalar::Timestamp(text) => return Ok(Some(text)),
            Scalar::Boolean(value) => return Ok(Some(value.to_string())),
            Scalar::Integer(Integer::Signed(value)) => return Ok(Some(value.to_string())),
            Scalar::Float(value) => {
                return Ok(Some(match format_g32(value).as_str() {
                    "+Inf" => ".inf".to_owned(),
                    "-Inf" => "-.inf".to_owned(),
                    "NaN" => ".nan".to_owned(),
                    text => text.to_owned(),
                }));
            }
            Scalar::Null => ("%!s(<nil>)", "<nil>".to_owned()),
            Scalar::Integer(Integer::Unsigned(value)) => ("uint64", format!("{value:#x}")),
        };
        if self.unsupported_key.is_none() {
            self.unsupported_key = Some(YamlError::UnsupportedKey {
                kind: unsupported.0.to_owned(),
                key: unsupported.1,
                value: go_syntax::show(self.target(value)?, &self.anchors, self.options.dialect),
            });
        }
        Ok(None)
    }
}
