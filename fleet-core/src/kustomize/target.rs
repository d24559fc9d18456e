//! One kustomization: resources, generators, components, transformers, validators, in kustomize's order.

use std::{
    cell::{Cell, RefCell},
    sync::Arc,
};

use super::{
    BuildOptions, charts,
    config::Config,
    error::{KustomizeError, Result, quote},
    fields::{self, spec},
    generate,
    growth::Growth,
    json_patch::Operation,
    kustomization::{self, Kustomization, Patch},
    loader::Loader,
    node::Keys,
    order,
    origin::Origin,
    plugins::{self, Plugin},
    read, remote,
    resmap::ResMap,
    resource::{ORIGIN, Resource, TRANSFORMATIONS},
    schema::Schemas,
    shown,
    transform::{
        self, End, Namespace, patch, replacement,
        vars::{Vars, describe_all},
    },
};

/// How many files one build may load.
const MAX_LOADS: usize = 100_000;

/// The longest error of a component that is put in quotes.
const MAX_QUOTED: usize = 1 << 16;

/// What all kustomizations of a build share.
pub(super) struct Session<'a> {
    pub(super) options: &'a BuildOptions<'a>,
    pub(super) warnings: RefCell<Vec<String>>,
    pub(super) schemas: Schemas,
    pub(super) keys: RefCell<Keys>,
    pub(super) growth: Growth,
    loads: Cell<usize>,
}

impl<'a> Session<'a> {
    pub(super) fn new(options: &'a BuildOptions<'a>) -> Self {
        Self {
            options,
            warnings: RefCell::default(),
            schemas: Schemas::default(),
            keys: RefCell::default(),
            growth: Growth::default(),
            loads: Cell::new(0),
        }
    }

    /// Loads a file and counts it.
    pub(super) fn load(&self, loader: &Loader<'_>, path: &str) -> Result<Arc<[u8]>> {
        self.loads.set(self.loads.get() + 1);
        if self.loads.get() > MAX_LOADS {
            return Err(KustomizeError::Limit(format!(
                "more than {MAX_LOADS} files in one build"
            )));
        }
        loader.load(path)
    }

    pub(super) fn read(&self, content: &[u8]) -> Result<Vec<Resource>> {
        read::resources(content, &mut self.keys.borrow_mut())
    }
}

/// Resources so far, and the rules for them.
#[derive(Default)]
struct Accumulator {
    resources: ResMap,
    config: Config,
    vars: Vars,
}

/// A kustomization that has been read.
struct Target<'a, 's> {
    session: &'s Session<'a>,
    loader: Loader<'a>,
    kustomization: Kustomization,
    file: &'static str,
    origin: Option<Origin>,
}

const FILES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Reads the kustomization file of a folder.
pub(super) fn kustomization_file(session: &Session<'_>, loader: &Loader<'_>) -> Result<(Kustomization, &'static str)> {
    let mut found = Vec::new();
    for file in FILES {
        match session.load(loader, file) {
            Ok(content) => found.push((content, file)),
            Err(error @ KustomizeError::Limit(_)) => return Err(error),
            Err(_) => {}
        }
    }
    let (content, file) = match found.as_slice() {
        [] => {
            return Err(KustomizeError::Load(format!(
                "unable to find one of 'kustomization.yaml', 'kustomization.yml' or 'Kustomization' in directory '{}'",
                loader.root()
            )));
        }
        [one] => one,
        _ => {
            return Err(KustomizeError::Load(format!(
                "Found multiple kustomization files under: {}\n",
                loader.root()
            )));
        }
    };
    let read = kustomization::read(content, loader.root(), &mut session.warnings.borrow_mut())?;
    Ok((read, file))
}

/// Builds the root and gives its objects in their final order.
pub(super) fn build(session: &Session<'_>, loader: Loader<'_>) -> Result<Vec<Resource>> {
    let (kustomization, file) = kustomization_file(session, &loader)?;
    let origin = (!kustomization.build_metadata.is_empty()).then(Origin::default);
    let target = Target {
        session,
        loader,
        kustomization,
        file,
        origin,
    };
    target.set_schema()?;
    let mut accumulated = target.accumulate(Accumulator::default())?;
    let resources = &mut accumulated.resources;
    transform::hashes(resources)?;
    transform::name_reference::name_references(resources, &accumulated.config.name_reference)?;
    let lines = accumulated
        .vars
        .resolve(resources, &accumulated.config.var_reference, &session.growth)?;
    session.warnings.borrow_mut().extend(lines);
    let mut list = accumulated.resources.into_list();
    list.retain(|resource| {
        let local = resource.annotation("config.kubernetes.io/local-config");
        !resource.is_empty() && local.is_none_or(|value| value == "false")
    });
    order::sort(
        &mut list,
        target.kustomization.sort_options.as_ref(),
        session.options.order,
    )?;
    target.finish(&mut list)?;
    Ok(list)
}

impl<'a> Target<'a, '_> {
    fn has_metadata(&self, option: &str) -> bool {
        self.kustomization.build_metadata.iter().any(|found| found == option)
    }

    fn set_schema(&self) -> Result<()> {
        let openapi = &self.kustomization.openapi;
        let content = openapi.get("path").map(|path| self.session.load(&self.loader, path));
        let content = content.transpose()?;
        let schemas = &self.session.schemas;
        let wrong = |text: &str| Err(KustomizeError::Kustomization(text.to_owned()));
        match (content, openapi.get("version").map(String::as_str)) {
            _ if schemas.is_chosen() => Ok(()),
            (Some(_), Some(_)) => wrong("builtin version and custom schema provided, cannot use both"),
            (Some(content), None) => schemas.set_document(&content),
            (None, None | Some("")) => Ok(()),
            (None, Some("v1.21.2")) => {
                schemas.choose_built_in();
                Ok(())
            }
            (None, Some(_)) => wrong("the specified OpenAPI version is not built in"),
        }
    }

    fn accumulate(&self, mut accumulated: Accumulator) -> Result<Accumulator> {
        self.accumulate_resources(&mut accumulated, &self.kustomization.resources)
            .map_err(|error| error.context("accumulating resources"))?;
        // A kustomization's own specs come first: a built-in one with the same path that they cover is left out.
        let mut config = Config::default();
        for path in &self.kustomization.configurations {
            config.merge(&Config::from_file(&self.session.load(&self.loader, path)?)?)?;
        }
        config.merge(&Config::built_in())?;
        accumulated
            .config
            .merge(&config)
            .map_err(|error| error.context("merging config"))?;
        let crds = &self.kustomization.crds;
        for path in crds {
            let from_crd = self
                .session
                .load(&self.loader, path)
                .and_then(|content| Config::from_definitions(&content, path));
            let from_crd = from_crd.map_err(|error| error.context(format!("loading CRDs [{}]", crds.join(" "))))?;
            accumulated
                .config
                .merge(&from_crd)
                .map_err(|error| error.context("merging CRDs"))?;
        }
        self.run_generators(&mut accumulated)?;
        for path in &self.kustomization.components {
            accumulated = self
                .accumulate_component(accumulated, path)
                .map_err(|error| error.context("accumulating components"))?;
        }
        self.run_transformers(&mut accumulated)?;
        self.run_validators(&mut accumulated)?;
        let Accumulator { resources, vars, .. } = &mut accumulated;
        vars.merge(&self.kustomization.vars, resources)
            .map_err(|error| error.context(format!("merging vars [{}]", describe_all(&self.kustomization.vars))))?;
        Ok(accumulated)
    }

    fn accumulate_resources(&self, accumulated: &mut Accumulator, paths: &[String]) -> Result<()> {
        for path in paths {
            let Err(file_error) = self.accumulate_file(accumulated, path) else {
                continue;
            };
            if remote::is_http(path) && matches!(file_error, KustomizeError::Remote(_)) {
                return Err(file_error);
            }
            let malformed = matches!(file_error, KustomizeError::MalformedYaml(_));
            let folder = self
                .loader
                .enter(path)
                .and_then(|loader| self.accumulate_folder(accumulated, loader, path));
            match folder {
                Ok(()) => {}
                Err(KustomizeError::Load(_)) if malformed => return Err(file_error),
                Err(error) => return Err(error.context(format!("accumulation err='{file_error}'"))),
            }
        }
        Ok(())
    }

    fn accumulate_file(&self, accumulated: &mut Accumulator, path: &str) -> Result<()> {
        let read = self.session.load(&self.loader, path).and_then(|content| {
            self.session.read(&content).map_err(|error| match error {
                KustomizeError::MalformedYaml(text) => KustomizeError::MalformedYaml(format!("{text} in File: {path}")),
                other => other,
            })
        });
        // One file's objects have to be unique among themselves before they meet the others.
        let mut from_file = ResMap::default();
        let read = read.and_then(|resources| from_file.append_all(resources));
        read.map_err(|error| error.context(format!("accumulating resources from '{path}'")))?;
        let mut resources = from_file.into_list();
        if let Some(origin) = &self.origin {
            let origin = origin.append(path);
            resources.iter_mut().for_each(|resource| origin.set(resource));
        }
        accumulated
            .resources
            .append_all(resources)
            .map_err(|error| error.context(format!("merging resources from '{path}'")))
    }

    fn child(&self, loader: Loader<'a>, path: &str) -> Result<Target<'a, '_>> {
        let (mut kustomization, file) = kustomization_file(self.session, &loader)
            .map_err(|error| error.context(format!("couldn't make target for path '{}'", loader.root())))?;
        kustomization
            .build_metadata
            .clone_from(&self.kustomization.build_metadata);
        let origin = self.origin.as_ref().map(|origin| origin.append(path));
        let target = Target {
            session: self.session,
            loader,
            kustomization,
            file,
            origin,
        };
        target.set_schema()?;
        Ok(target)
    }

    fn accumulate_folder(&self, accumulated: &mut Accumulator, loader: Loader<'a>, path: &str) -> Result<()> {
        let target = self.child(loader, path)?;
        let root = target.loader.root();
        if target.kustomization.is_component() {
            return Err(KustomizeError::Kustomization(format!(
                "expected kind != 'Component' for path '{root}'"
            )));
        }
        let built = target
            .accumulate(Accumulator::default())
            .map_err(|error| error.context(format!("recursed accumulation of path '{root}'")))?;
        let merged = accumulated
            .resources
            .append_all(built.resources.into_list())
            .and_then(|()| accumulated.config.merge(&built.config))
            .and_then(|()| accumulated.vars.merge_vars(built.vars));
        merged.map_err(|error| error.context(format!("recursed merging from path '{root}'")))
    }

    fn accumulate_component(&self, accumulated: Accumulator, path: &str) -> Result<Accumulator> {
        let quoted = |error: KustomizeError, what: &str| match error {
            // Whoever supplies what is remote has to see that it is missing.
            KustomizeError::Limit(_) | KustomizeError::Remote(_) => error,
            // Quotes within quotes double with each component.
            error if error.to_string().len() > MAX_QUOTED => error,
            error => KustomizeError::Kustomization(format!("{what}{}", quote(&error.to_string()))),
        };
        let loader = self.loader.enter(path).map_err(|error| quoted(error, "loader.New "))?;
        let build = || {
            let target = self.child(loader, path)?;
            let root = target.loader.root();
            if !target.kustomization.is_component() {
                return Err(KustomizeError::Kustomization(format!(
                    "expected kind 'Component' for path '{root}' but got '{}'",
                    target.kustomization.kind
                )));
            }
            target
                .accumulate(accumulated)
                .map_err(|error| error.context(format!("recursed accumulation of path '{root}'")))
        };
        build().map_err(|error| quoted(error, "accumulateDirectory: "))
    }

    fn run_generators(&self, accumulated: &mut Accumulator) -> Result<()> {
        let global = self.kustomization.generator_options.as_ref();
        let kinds = [
            (
                &self.kustomization.config_map_generator,
                generate::Kind::ConfigMap,
                "ConfigMapGenerator",
            ),
            (
                &self.kustomization.secret_generator,
                generate::Kind::Secret,
                "SecretGenerator",
            ),
        ];
        for (generators, kind, name) in kinds {
            for generator in generators {
                let mut generator = generator.clone();
                generator.options = generate::merge_options(generator.options.as_ref(), global);
                let made = generate::generate(&generator, kind, &self.loader)?;
                self.absorb(accumulated, vec![made], self.built_in_origin(name).as_ref())?;
            }
        }
        for chart in &self.kustomization.helm_charts {
            let globals = self.kustomization.helm_globals.as_ref();
            let made = charts::render(chart, globals, &self.loader, self.session)?;
            let origin = self.built_in_origin("HelmChartInflationGenerator");
            self.absorb(accumulated, made, origin.as_ref())?;
        }
        let plugins = self.plugins(&self.kustomization.generators, true);
        for (plugin, origin) in plugins.map_err(|error| error.context("loading generator plugins"))? {
            let made = match plugin {
                Plugin::Generate(generator, kind) => vec![generate::generate(&generator, kind, &self.loader)?],
                Plugin::Chart(chart, globals) => charts::render(&chart, globals.as_ref(), &self.loader, self.session)?,
                Plugin::Made(outcome) => vec![(*outcome)?],
                _ => continue,
            };
            self.absorb(accumulated, made, origin.as_ref())?;
        }
        Ok(())
    }

    fn absorb(&self, accumulated: &mut Accumulator, made: Vec<Resource>, origin: Option<&Origin>) -> Result<()> {
        for mut resource in made {
            if let Some(origin) = origin {
                origin.set_if_none(&mut resource);
            }
            accumulated
                .resources
                .absorb(resource)
                .map_err(|error| error.context("merging from generator"))?;
        }
        Ok(())
    }

    /// What a generator or transformer of this kustomization is noted as; what is not wanted is taken out at the end.
    fn built_in_origin(&self, kind: &str) -> Option<Origin> {
        Some(self.origin.as_ref()?.built_in(self.file, kind))
    }

    /// Reads entries of `generators`, `transformers` or `validators`: inline configurations first, then files and folders.
    fn plugins(&self, entries: &[String], generators: bool) -> Result<Vec<(Plugin, Option<Origin>)>> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        let mut accumulated = Accumulator::default();
        let mut paths = Vec::new();
        for entry in entries {
            match self.session.read(entry.as_bytes()) {
                Ok(mut resources) => {
                    if let Some(origin) = &self.origin {
                        let origin = origin.append(self.file);
                        resources.iter_mut().for_each(|resource| origin.set(resource));
                    }
                    accumulated.resources.append_all(resources)?;
                }
                Err(_) => paths.push(entry.clone()),
            }
        }
        self.accumulate_resources(&mut accumulated, &paths)?;
        let mut found = Vec::new();
        for resource in accumulated.resources.into_list() {
            let plugin = plugins::load(&resource, generators, &self.loader, self.session);
            let plugin = plugin.map_err(|error| {
                if generators {
                    error.context("failed to load generator")
                } else {
                    error
                }
            })?;
            let origin = resource.annotation(ORIGIN);
            let origin = origin.map(|text| Origin::configured(text, &resource.current_id()));
            found.push((plugin, origin));
        }
        Ok(found)
    }

    /// Runs one step, notes it, takes out what it has emptied.
    fn step(&self, resources: &mut ResMap, kind: &str, run: impl FnOnce(&mut ResMap) -> Result<()>) -> Result<()> {
        run(resources)?;
        self.note(resources, self.built_in_origin(kind).as_ref());
        Ok(())
    }

    fn note(&self, resources: &mut ResMap, origin: Option<&Origin>) {
        if let Some(origin) = origin {
            resources
                .list_mut()
                .iter_mut()
                .for_each(|resource| origin.add_transformation(resource));
        }
        resources.drop_empties();
    }

    fn run_transformers(&self, accumulated: &mut Accumulator) -> Result<()> {
        let file = &self.kustomization;
        let Session { schemas, growth, .. } = self.session;
        // Patches and replacements are read before anything is changed.
        let strategic = self.strategic_patches()?;
        let patches = file
            .patches
            .iter()
            .map(|entry| {
                let config = || shown::patch(entry, "patch");
                patch::load(entry, &self.loader, &mut self.session.keys.borrow_mut(), &config)
                    .map_err(|error| shown::in_config(error, "PatchTransformer", &config()))
            })
            .collect::<Result<Vec<_>>>()?;
        let json = file
            .patches_json6902
            .iter()
            .map(|patch| self.json_patch(patch))
            .collect::<Result<Vec<_>>>()?;
        let replacements = plugins::replacements(&file.replacements, &self.loader, self.session).map_err(|error| {
            let config = shown::replacements(&file.replacements);
            shown::in_config(error, "ReplacementTransformer", &config)
        })?;
        let plugins = self.plugins(&file.transformers, false)?;

        let Accumulator { resources, config, .. } = accumulated;
        if let Some(strategic) = &strategic {
            self.step(resources, "PatchStrategicMergeTransformer", |resources| {
                patch::apply_by_id(resources, strategic, schemas)
            })?;
        }
        for patch in &patches {
            self.step(resources, "PatchTransformer", |resources| {
                patch::apply(resources, patch, schemas, growth)
            })?;
        }
        if !file.namespace.is_empty() {
            let namespace = Namespace {
                name: &file.namespace,
                ..Namespace::default()
            };
            self.step(resources, "NamespaceTransformer", |resources| {
                transform::namespace(resources, &namespace, &config.namespace, growth)
            })?;
        }
        if !file.name_prefix.is_empty() {
            self.step(resources, "PrefixTransformer", |resources| {
                transform::affix(resources, &file.name_prefix, End::Prefix, &config.name_prefix, growth)
            })?;
        }
        if !file.name_suffix.is_empty() {
            self.step(resources, "SuffixTransformer", |resources| {
                transform::affix(resources, &file.name_suffix, End::Suffix, &config.name_suffix, growth)
            })?;
        }
        for label in &file.labels {
            let mut specs: fields::FieldSpecs = label.fields.clone().into();
            let merged = if label.include_selectors {
                fields::merge_all(&mut specs, &config.common_labels)
            } else {
                let templates = if label.include_templates {
                    fields::merge_all(&mut specs, &config.template_labels)
                        .map_err(|error| error.context("failed to merge template fieldSpec"))
                } else {
                    Ok(())
                };
                templates.and_then(|()| fields::merge_one(&mut specs, spec("", "", "", "metadata/labels", true)))
            };
            merged
                .and_then(|()| fields::merge_all(&mut specs, &config.labels))
                .map_err(|error| error.context("failed to merge labels"))?;
            self.step(resources, "LabelTransformer", |resources| {
                transform::pairs(resources, &label.pairs, &specs, growth)
            })?;
        }
        if !file.labels.is_empty() || !file.common_labels.is_empty() {
            self.step(resources, "LabelTransformer", |resources| {
                transform::pairs(resources, &file.common_labels, &config.common_labels, growth)
            })?;
        }
        if !file.common_annotations.is_empty() {
            self.step(resources, "AnnotationsTransformer", |resources| {
                transform::pairs(resources, &file.common_annotations, &config.common_annotations, growth)
            })?;
        }
        for (operations, target) in &json {
            self.step(resources, "PatchJson6902Transformer", |resources| {
                patch::apply_json(resources, operations, target, growth)
            })?;
        }
        for replica in &file.replicas {
            self.step(resources, "ReplicaCountTransformer", |resources| {
                transform::replicas(resources, replica, &config.replicas)
            })?;
        }
        for image in &file.images {
            self.step(resources, "ImageTagTransformer", |resources| {
                transform::images(resources, image, &config.images)
            })?;
        }
        if !replacements.is_empty() {
            self.step(resources, "ReplacementTransformer", |resources| {
                replacement::replacements(resources, &replacements, growth)
            })?;
        }
        for (plugin, origin) in &plugins {
            plugin.transform(resources, self.session)?;
            self.note(resources, origin.as_ref());
        }
        Ok(())
    }

    fn strategic_patches(&self) -> Result<Option<Vec<Resource>>> {
        let entries = &self.kustomization.patches_strategic_merge;
        if entries.is_empty() {
            return Ok(None);
        }
        let patches = plugins::strategic_patches(entries, &self.loader, self.session);
        let paths = serde_json::json!({ "paths": entries });
        let patches = patches.map_err(|error| {
            let config = crate::yaml::write(&paths).unwrap_or_default();
            shown::in_config(error, "PatchStrategicMergeTransformer", &config)
        });
        patches.map(Some)
    }

    fn json_patch(&self, entry: &Patch) -> Result<(Vec<Operation>, kustomization::Selector)> {
        plugins::json_patch(entry, &self.loader, self.session)
            .map_err(|error| shown::in_config(error, "PatchJson6902Transformer", &shown::patch(entry, "jsonOp")))
    }

    fn run_validators(&self, accumulated: &mut Accumulator) -> Result<()> {
        const LABEL: &str = "validated-by";
        for (plugin, _) in self.plugins(&self.kustomization.validators, false)? {
            let before = accumulated.resources.clone();
            plugin.transform(&mut accumulated.resources, self.session)?;
            let objects = |resources: &ResMap, strip: bool| {
                let mut found: Vec<_> = resources
                    .list()
                    .iter()
                    .map(|resource| {
                        let mut resource = resource.clone();
                        let mut labels = resource.pairs("labels");
                        if strip && labels.iter().any(|(key, _)| key == LABEL) {
                            labels.retain(|(key, _)| key != LABEL);
                            resource.set_pairs("labels", labels);
                        }
                        (resource.current_id(), resource.object)
                    })
                    .collect();
                found.sort_by_key(|(id, _)| id.to_string());
                found
            };
            let (before, after) = (objects(&before, false), objects(&accumulated.resources, true));
            if before == after {
                continue;
            }
            let missing = before
                .iter()
                .find(|(id, _)| !after.iter().any(|(found, _)| found.equals(id)));
            let what = match missing {
                Some((id, _)) => format!("id in self missing from other; id: {id}"),
                None => "nodes unequal".to_owned(),
            };
            return Err(KustomizeError::Transform(format!(
                "validator shouldn't modify the resource map: {what}"
            )));
        }
        Ok(())
    }

    /// Labels and annotations that the whole build adds or takes away.
    fn finish(&self, list: &mut Vec<Resource>) -> Result<()> {
        if self.has_metadata("managedByLabel") {
            let mut resources = ResMap::default();
            resources.append_all(std::mem::take(list))?;
            let label = (
                String::from("app.kubernetes.io/managed-by"),
                format!("kustomize-{}", super::VERSION),
            );
            let spec = [spec("", "", "", "metadata/labels", true)];
            transform::pairs(
                &mut resources,
                &std::iter::once(label).collect(),
                &spec,
                &self.session.growth,
            )?;
            *list = resources.into_list();
        }
        for resource in list {
            resource.finish_annotations();
            for (annotation, option) in [
                (ORIGIN, "originAnnotations"),
                (TRANSFORMATIONS, "transformerAnnotations"),
            ] {
                if resource.annotation(annotation).is_some() && !self.has_metadata(option) {
                    resource.set_annotation(annotation, None);
                }
            }
        }
        Ok(())
    }
}

/// Everything from elsewhere that a folder's kustomization and those below it name.
pub(super) fn needs(session: &Session<'_>, loader: &Loader<'_>, missing: &mut remote::Missing) -> Result<()> {
    let (kustomization, _) = kustomization_file(session, loader)?;
    let file = &kustomization;
    let folders = file.resources.iter().chain(&file.components).chain(&file.generators);
    for entry in folders.chain(&file.transformers).chain(&file.validators) {
        match remote::RemoteResource::of(entry) {
            Some(resource) if !session.options.remote.contains_key(entry) => {
                missing.0.insert(resource);
            }
            _ => {
                if let Ok(loader) = loader.enter(entry) {
                    needs(session, &loader, missing)?;
                }
            }
        }
    }
    let patches = file
        .patches
        .iter()
        .chain(&file.patches_json6902)
        .map(|patch| &patch.path);
    let generators = file.config_map_generator.iter().chain(&file.secret_generator);
    let sources = generators.flat_map(|generator| generator.files.iter().chain(&generator.envs));
    let sources = sources.map(|source| source.split_once('=').map_or(source.as_str(), |(_, path)| path));
    let files = patches
        .chain(&file.patches_strategic_merge)
        .chain(&file.configurations)
        .chain(&file.crds)
        .chain(file.openapi.get("path"))
        .chain(file.replacements.iter().map(|replacement| &replacement.path))
        .map(String::as_str);
    for entry in files.chain(sources) {
        if remote::is_http(entry) && !session.options.remote.contains_key(entry) {
            missing.0.extend(remote::RemoteResource::of(entry));
        }
    }
    Ok(())
}
