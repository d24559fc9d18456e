//! Sets of templates that can run each other by name.

use std::sync::Arc;

use hashbrown::HashMap;

use super::context::{Context, Environment, Limits};
use super::error::TemplateError;
use super::functions::Functions;
use super::parse::{self, Parsed};
use super::text::Text;
use super::tree::Tree;
use super::value::Value;

/// What a key that a map lacks gives: Go's option `missingkey`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum MissingKey {
    /// `<no value>`; fields of it are missing too. Go's default.
    #[default]
    Invalid,
    /// The zero value of the map's element type. Helm's choice.
    Zero,
    /// An error. Fleet's choice for its own templates.
    Error,
}

/// How templates of a set are read and run.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateOptions {
    /// What opens an action.
    pub left_delimiter: String,
    /// What closes an action.
    pub right_delimiter: String,
    /// What a missing key gives.
    pub missing_key: MissingKey,
}

impl Default for TemplateOptions {
    fn default() -> Self {
        Self {
            left_delimiter: "{{".to_owned(),
            right_delimiter: "}}".to_owned(),
            missing_key: MissingKey::default(),
        }
    }
}

impl TemplateOptions {
    /// Other delimiters.
    #[must_use]
    pub fn with_delimiters(mut self, left: &str, right: &str) -> Self {
        self.left_delimiter = left.to_owned();
        self.right_delimiter = right.to_owned();
        self
    }

    /// Another rule for missing keys.
    #[must_use]
    pub fn with_missing_key(mut self, missing_key: MissingKey) -> Self {
        self.missing_key = missing_key;
        self
    }
}

/// Parsed templates that share one namespace. Immutable once in an `Arc`, and then run by many threads at once.
#[derive(Clone, Debug)]
pub struct Templates {
    name: Arc<str>,
    functions: Arc<Functions>,
    options: Arc<TemplateOptions>,
    trees: HashMap<Text, Arc<Tree>>,
    base: Option<Arc<Templates>>,
}

impl Templates {
    /// An empty set; the name is that of Go's root template, which only error texts show (Helm's is `gotpl`).
    pub fn new(name: &str, functions: Arc<Functions>, options: TemplateOptions) -> Self {
        Self {
            name: name.into(),
            functions,
            options: Arc::new(options),
            trees: HashMap::new(),
            base: None,
        }
    }

    /// Parses a text as the template of a name, and adds it and the templates that it defines. As in Go, later ones
    /// replace earlier ones of the same name, but one that is blank replaces nothing.
    ///
    /// # Errors
    /// The text is no template; nothing is added.
    pub fn parse(&mut self, name: &str, text: &str) -> Result<(), TemplateError> {
        let parsed = self.parse_only(name, text)?;
        self.add(&parsed);
        Ok(())
    }

    /// Parses a text without adding it.
    ///
    /// # Errors
    /// The text is no template.
    pub fn parse_only(&self, name: &str, text: &str) -> Result<Parsed, TemplateError> {
        parse::parse(name, text, &self.functions, &self.options)
    }

    /// Adds what `parse_only` gave.
    pub fn add(&mut self, parsed: &Parsed) {
        for tree in parsed.trees() {
            if tree.is_blank() && self.lookup(&tree.name).is_some() {
                continue;
            }
            self.trees.insert(Text::from(Arc::clone(&tree.name)), Arc::clone(tree));
        }
    }

    /// A set that has all templates of another, and what `parse_only` gave.
    pub(super) fn extending(base: &Arc<Templates>, parsed: &Parsed) -> Self {
        let mut set = Self {
            name: Arc::clone(&base.name),
            functions: Arc::clone(&base.functions),
            options: Arc::clone(&base.options),
            trees: HashMap::new(),
            base: Some(Arc::clone(base)),
        };
        set.add(parsed);
        set
    }

    /// The name of the set.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The functions that its templates may call.
    pub fn functions(&self) -> &Arc<Functions> {
        &self.functions
    }

    /// How its templates are read and run.
    pub fn options(&self) -> &TemplateOptions {
        &self.options
    }

    /// Whether there is a template of this name.
    pub fn contains(&self, name: &str) -> bool {
        self.lookup(name).is_some()
    }

    /// The names of its templates, sorted.
    pub fn names(&self) -> Vec<String> {
        let mut names = self.base.as_ref().map(|base| base.names()).unwrap_or_default();
        names.extend(self.trees.keys().map(|name| name.to_str().into_owned()));
        names.sort_unstable();
        names.dedup();
        names
    }

    pub(crate) fn lookup(&self, name: &str) -> Option<&Arc<Tree>> {
        let mut set = self;
        loop {
            if let Some(tree) = set.trees.get(name.as_bytes()) {
                return Some(tree);
            }
            set = set.base.as_deref()?;
        }
    }
}

/// One parsed template with those that it defines: the whole engine in two calls.
///
/// ```
/// use fleet_core::template::{Functions, Limits, SeededEnvironment, Template, TemplateOptions, Value};
///
/// let template = Template::parse("hello", "Hello, {{ .name }}!", Functions::new().into(), TemplateOptions::default())?;
/// let data = Value::map([("name", Value::from("world"))]);
/// let text = template.execute(&data, &SeededEnvironment::default(), Limits::default())?;
/// assert_eq!(text, "Hello, world!");
/// # Ok::<(), fleet_core::template::TemplateError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Template {
    name: Arc<str>,
    templates: Arc<Templates>,
}

impl Template {
    /// Parses a text.
    ///
    /// # Errors
    /// The text is no template.
    pub fn parse(
        name: &str,
        text: &str,
        functions: Arc<Functions>,
        options: TemplateOptions,
    ) -> Result<Self, TemplateError> {
        let mut templates = Templates::new(name, functions, options);
        templates.parse(name, text)?;
        Ok(Self {
            name: name.into(),
            templates: Arc::new(templates),
        })
    }

    /// Runs it.
    ///
    /// # Errors
    /// A node of it fails, or a limit is exceeded.
    pub fn execute(&self, data: &Value, environment: &dyn Environment, limits: Limits) -> Result<Text, TemplateError> {
        Context::new(Arc::clone(&self.templates), environment, limits).execute(&self.name, data)
    }
}
