//! Templates that were parsed, kept with the chart that is rendered.
//!
//! A parsed text depends on its path (positions in errors show it) and its bytes; a set of templates on which charts are
//! there and under which names. Both are shared by all renders and threads. Invariant: no lock is held while something is parsed or run.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::super::HelmError;
use super::error::parse_error;
use super::functions::functions;
use super::objects::Renderable;
use crate::template::{self, Functions, MissingKey, TemplateOptions, Templates};

/// Sets of templates kept: one for each combination of subcharts that clusters switch on.
const MAX_SETS: usize = 16;

/// The name of Go's root template in Helm.
const ROOT: &str = "gotpl";

type FileKey = (Arc<str>, usize);

/// What was parsed of a chart and its subcharts.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    files: Mutex<HashMap<FileKey, Arc<template::Parsed>>>,
    sets: Mutex<Vec<(Vec<FileKey>, Arc<Templates>)>>,
}

fn shared_functions() -> &'static Arc<Functions> {
    static FUNCTIONS: OnceLock<Arc<Functions>> = OnceLock::new();
    FUNCTIONS.get_or_init(|| Arc::new(functions()))
}

impl Parsed {
    /// The set of templates for what is to be rendered, in its order.
    pub(super) fn templates(&self, renderables: &[Renderable]) -> Result<Arc<Templates>, HelmError> {
        let key: Vec<FileKey> = renderables
            .iter()
            .map(|it| (Arc::clone(&it.name), it.data.as_ptr().addr()))
            .collect();
        let sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, set)) = sets.iter().find(|(known, _)| *known == key) {
            return Ok(Arc::clone(set));
        }
        drop(sets);
        let options = TemplateOptions::default().with_missing_key(MissingKey::Zero);
        let mut set = Templates::new(ROOT, Arc::clone(shared_functions()), options);
        for (renderable, key) in renderables.iter().zip(&key) {
            let parsed = self.file(&set, renderable, key)?;
            set.add(&parsed);
        }
        let set = Arc::new(set);
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if sets.len() >= MAX_SETS {
            sets.remove(0);
        }
        sets.push((key, Arc::clone(&set)));
        Ok(set)
    }

    fn file(
        &self,
        set: &Templates,
        renderable: &Renderable,
        key: &FileKey,
    ) -> Result<Arc<template::Parsed>, HelmError> {
        let known = self
            .files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .get(key)
            .cloned();
        if let Some(parsed) = known {
            return Ok(parsed);
        }
        let text = String::from_utf8_lossy(&renderable.data);
        let parsed = set
            .parse_only(&renderable.name, &text)
            .map_err(|error| HelmError::Render(Box::new(parse_error(&renderable.name, &error))))?;
        let parsed = Arc::new(parsed);
        self.files
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(key.clone(), Arc::clone(&parsed));
        Ok(parsed)
    }
}
