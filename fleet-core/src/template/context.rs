//! What one run of a template needs from outside: the environment, limits, and the set of templates that functions such
//! as `include` and `tpl` run.

use std::any::Any;
use std::fmt;
use std::rc::Rc;
use std::sync::Arc;

use hashbrown::HashMap;

use super::error::{FunctionError, TemplateError};
use super::execute;
use super::parse::Parsed;
use super::set::Templates;
use super::text::Text;
use super::value::Value;

/// Time, randomness and the world outside: everything that makes two renders of one chart differ.
///
/// Functions ask for it here and nowhere else, so that a render with the same environment gives the same bytes.
pub trait Environment {
    /// The time that `now` gives.
    fn now(&self) -> jiff::Timestamp;

    /// Fills a buffer with random bytes; keys, certificates and passwords come from them.
    fn random(&self, buffer: &mut [u8]);

    /// The zone that times are shown in where a template names none.
    fn time_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::UTC
    }

    /// An address of a host, for `getHostByName`; none if look-ups are not allowed or find nothing.
    fn resolve(&self, _host: &str) -> Option<String> {
        None
    }

    /// Objects of the live cluster, for `lookup`: the object, a list of them if `name` is empty, null if there is none.
    ///
    /// # Errors
    /// The text of the failure; the render fails with it.
    fn lookup(
        &self,
        _api_version: &str,
        _kind: &str,
        _namespace: &str,
        _name: &str,
    ) -> Result<serde_json::Value, String> {
        Ok(serde_json::Value::Null)
    }
}

/// An environment in which nothing changes: a fixed time, and random bytes that follow from a seed.
///
/// Two renders with equal seeds are equal, which is what plans and tests want. The bytes are not secret.
#[derive(Clone, Debug)]
pub struct SeededEnvironment {
    now: jiff::Timestamp,
    seed: [u8; 32],
    drawn: std::cell::Cell<u64>,
}

impl SeededEnvironment {
    /// An environment at a time, with a seed.
    pub fn new(now: jiff::Timestamp, seed: u64) -> Self {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        Self {
            now,
            seed: bytes,
            drawn: std::cell::Cell::new(0),
        }
    }
}

impl Default for SeededEnvironment {
    fn default() -> Self {
        Self::new(jiff::Timestamp::UNIX_EPOCH, 0)
    }
}

impl Environment for SeededEnvironment {
    fn now(&self) -> jiff::Timestamp {
        self.now
    }

    fn random(&self, buffer: &mut [u8]) {
        use sha2::{Digest, Sha256};
        for chunk in buffer.chunks_mut(32) {
            let count = self.drawn.get();
            self.drawn.set(count.wrapping_add(1));
            let block = Sha256::new()
                .chain_update(self.seed)
                .chain_update(count.to_le_bytes())
                .finalize();
            chunk.copy_from_slice(&block[..chunk.len()]);
        }
    }
}

/// What one run may use. Exceeding a limit is an error of the run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Evaluated nodes; expensive functions count for more. A large real chart takes about a million.
    pub steps: u64,
    /// Bytes that all values and outputs made during the run may add up to.
    pub bytes: u64,
    /// Bytes that all files rendered together may have; an honest release fits into a Secret of 1 MiB, compressed.
    pub output: u64,
    /// How deep templates may run templates (`template`, `include`, `tpl`). Go's own limit is 100000.
    pub depth: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 50_000_000,
            bytes: 1 << 30,
            output: 64 << 20,
            depth: 100_000,
        }
    }
}

/// One run: what functions get beside their arguments.
pub struct Context<'a> {
    environment: &'a dyn Environment,
    limits: Limits,
    pub(super) templates: Arc<Templates>,
    steps: u64,
    bytes: u64,
    pub(super) depth: usize,
    /// Levels of recursion that are running: templates, control structures, parentheses.
    pub(super) levels: usize,
    active: HashMap<Text, usize>,
    runs: usize,
    parsed: HashMap<(Text, Text), Arc<Parsed>>,
    remembered: HashMap<String, Rc<dyn Any>>,
    pub(super) variables: Vec<execute::Evaluated>,
}

impl fmt::Debug for Context<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Context")
            .field("limits", &self.limits)
            .field("steps", &self.steps)
            .field("bytes", &self.bytes)
            .field("depth", &self.depth)
            .finish_non_exhaustive()
    }
}

impl<'a> Context<'a> {
    /// A run of templates of a set. Several templates may be executed in one run, and then share its limits.
    pub fn new(templates: Arc<Templates>, environment: &'a dyn Environment, limits: Limits) -> Self {
        Self {
            environment,
            limits,
            templates,
            steps: 0,
            bytes: 0,
            depth: 0,
            levels: 0,
            active: HashMap::new(),
            runs: 0,
            parsed: HashMap::new(),
            remembered: HashMap::new(),
            variables: Vec::new(),
        }
    }

    /// Time, randomness and the world outside.
    pub fn environment(&self) -> &'a dyn Environment {
        self.environment
    }

    /// The set of templates that is in force: that of the run, or what `execute_text` made of it.
    pub fn templates(&self) -> &Arc<Templates> {
        &self.templates
    }

    /// How many executions by `execute` of this name are running at the moment (Helm's `include` bounds them).
    pub fn nesting(&self, name: &str) -> usize {
        self.active.get(name.as_bytes()).copied().unwrap_or(0)
    }

    /// Executes a template of the set in force by its name, as Go's `ExecuteTemplate`.
    ///
    /// # Errors
    /// There is no such template, or running it failed.
    pub fn execute(&mut self, name: &str, data: &Value) -> Result<Text, TemplateError> {
        self.execute_bytes(name, data).map(Text::from_bytes)
    }

    /// [`Context::execute`], with the bytes as they were printed.
    ///
    /// # Errors
    /// There is no such template, or running it failed.
    pub fn execute_bytes(&mut self, name: &str, data: &Value) -> Result<Vec<u8>, TemplateError> {
        let Some(tree) = self.templates.lookup(name).cloned() else {
            let associated = self.templates.name().to_owned();
            return Err(TemplateError::Missing {
                name: name.to_owned(),
                associated,
            });
        };
        let key = Text::from(Arc::clone(&tree.name));
        *self.active.entry(key.clone()).or_insert(0) += 1;
        self.runs += 1;
        let result = execute::run(self, &tree, data);
        self.runs -= 1;
        if let Some(count) = self.active.get_mut(&key) {
            *count -= 1;
        }
        result
    }

    /// Parses a text as a template of a name and executes it; templates that it defines are added to the set in force
    /// while it runs (what Helm's `tpl` does). Texts are parsed once a run.
    ///
    /// # Errors
    /// The text is no template (`Ok(Err)` is not used: see `parse_text` to tell the two apart), or running it failed.
    pub fn execute_text(&mut self, name: &str, text: &Text, data: &Value) -> Result<Text, TemplateError> {
        let parsed = self.parse_text(name, text)?;
        self.execute_parsed(&parsed, data)
    }

    /// Parses a text as a template of a name. Texts are parsed once a run.
    ///
    /// # Errors
    /// The text is no template.
    pub fn parse_text(&mut self, name: &str, text: &Text) -> Result<Arc<Parsed>, TemplateError> {
        let key = (Text::from(name), text.clone());
        if let Some(parsed) = self.parsed.get(&key) {
            return Ok(Arc::clone(parsed));
        }
        let parsed = Arc::new(self.templates.parse_only(name, &text.to_str())?);
        self.parsed.insert(key, Arc::clone(&parsed));
        Ok(parsed)
    }

    /// Executes what `parse_text` gave.
    ///
    /// # Errors
    /// Running it failed.
    pub fn execute_parsed(&mut self, parsed: &Arc<Parsed>, data: &Value) -> Result<Text, TemplateError> {
        let main = Arc::clone(parsed.main());
        self.runs += 1;
        let result = if parsed.defines_templates() {
            let extended = Arc::new(Templates::extending(&self.templates, parsed));
            let outer = std::mem::replace(&mut self.templates, extended);
            let result = execute::run(self, &main, data);
            self.templates = outer;
            result
        } else {
            execute::run(self, &main, data)
        };
        self.runs -= 1;
        result.map(Text::from_bytes)
    }

    /// How many templates are being run by functions, each inside the other.
    pub fn runs(&self) -> usize {
        self.runs
    }

    /// Counts steps; functions that take long count what they are worth before they start.
    ///
    /// # Errors
    /// The run has used up its steps.
    pub fn charge_steps(&mut self, steps: u64) -> Result<(), FunctionError> {
        self.steps = self.steps.saturating_add(steps);
        if self.steps > self.limits.steps {
            return Err(FunctionError::new(format!(
                "rendering takes more than the limit of {} steps",
                self.limits.steps
            )));
        }
        Ok(())
    }

    /// Counts memory; functions whose result can be far larger than their arguments count it before they make it.
    ///
    /// # Errors
    /// The run has used up its memory.
    pub fn charge_bytes(&mut self, bytes: usize) -> Result<(), FunctionError> {
        self.bytes = self.bytes.saturating_add(bytes as u64);
        if self.bytes > self.limits.bytes {
            return Err(FunctionError::new(format!(
                "rendering takes more than the limit of {} bytes",
                self.limits.bytes
            )));
        }
        Ok(())
    }

    /// What `make` makes, made once a run for each key: compiled patterns and the like. The key must say what it is.
    pub fn remembered<T: 'static>(&mut self, key: &str, make: impl FnOnce() -> T) -> Rc<T> {
        if let Some(known) = self.remembered.get(key)
            && let Ok(known) = Rc::clone(known).downcast()
        {
            return known;
        }
        let made = Rc::new(make());
        self.remembered.insert(key.to_owned(), Rc::clone(&made) as Rc<dyn Any>);
        made
    }

    /// Steps used so far.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    pub(super) fn limits(&self) -> &Limits {
        &self.limits
    }
}
