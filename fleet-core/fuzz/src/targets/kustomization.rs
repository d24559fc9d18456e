//! A small tree of files as a kustomization: built or refused. The same tree gives the same outcome again, what is built can be written
//! and read back, and files by name hold all of it.
//!
//! Before each file of an input stands a line `%% PATH` (`%% PATH -> TARGET` for a link). The folder `o` is built, or the root
//! if `o` is not there.

use fleet_core::kustomize::{BuildOptions, HelmCharts, HelmRequest, LoadRestrictor, Order, build, needs};
use fleet_core::tree::{Entry, Tree};
use fleet_core::yaml::{self, Dialect, ReadOptions};

use crate::Target;

/// The target.
pub const TARGET: Target = Target {
    name: "kustomization",
    run,
    words: &[
        "\n%% o/kustomization.yaml\n",
        "\n%% b/kustomization.yml\n",
        "\n%% c/Kustomization\n",
        "\n%% o/r.yaml\n",
        "\n%% b/r.yaml\n",
        "\n%% o/l -> ../b\n",
        "resources: [r.yaml]\n",
        "- ../b\n",
        "- ../c\n",
        "- ..\n",
        "- .\n",
        "components: [../c]\n",
        "kind: Component\napiVersion: kustomize.config.k8s.io/v1alpha1\n",
        "namePrefix: p-\n",
        "nameSuffix: -s\n",
        "namespace: ns\n",
        "commonLabels: {a: b}\n",
        "labels: [{pairs: {a: b}, includeSelectors: true, fields: [{path: spec/x, create: true}]}]\n",
        "commonAnnotations: {a: b}\n",
        "images: [{name: nginx, newName: n, newTag: t}]\n",
        "replicas: [{name: a, count: 3}]\n",
        "configMapGenerator: [{name: a, literals: [a=b], files: [r.yaml], envs: [e.env], behavior: merge}]\n",
        "secretGenerator: [{name: a, literals: [a=b], type: t, options: {immutable: true}}]\n",
        "generatorOptions: {disableNameSuffixHash: true, labels: {a: b}}\n",
        "vars: [{name: V, objref: {apiVersion: v1, kind: ConfigMap, name: a}}]\n",
        "replacements: [{path: r.yaml}]\n",
        "configurations: [r.yaml]\n",
        "crds: [r.yaml]\n",
        "openapi: {path: r.yaml}\n",
        "openapi: {version: v1.21.2}\n",
        "transformers: [r.yaml]\n",
        "generators: [r.yaml]\n",
        "validators: [r.yaml]\n",
        "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [A], orderLast: [B]}}\n",
        "buildMetadata: [originAnnotations, transformerAnnotations, managedByLabel]\n",
        "helmCharts: [{name: c, valuesInline: {a: b}}]\n",
        "bases: [../b]\n",
        "apiVersion: builtin\n",
        "kind: LabelTransformer\n",
        "kind: ConfigMap\n",
        "kind: List\nitems:\n- ",
        "metadata: {name: a}\n",
        "---\n",
        "$(V)",
        "&a ",
        "*a",
        "<<: *a",
        "{",
        "}",
        "[",
        "]",
        "~",
        "https://example.com/a.yaml",
        "github.com/a/b//c?ref=d",
    ],
};

/// A chart that is its request.
struct Echo;

impl HelmCharts for Echo {
    fn pull(&self, _request: &HelmRequest) -> Result<(), String> {
        Ok(())
    }

    fn render(&self, request: &HelmRequest) -> Result<String, String> {
        let texts = request.values.iter().map(|values| String::from_utf8_lossy(values));
        Ok(texts.collect::<Vec<_>>().join("\n---\n"))
    }
}

/// Makes the tree and builds it.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let mut tree = Tree::new();
    for file in format!("\n{text}").split("\n%% ").skip(1) {
        let (path, content) = file.split_once('\n').unwrap_or((file, ""));
        let _ = match path.split_once(" -> ") {
            Some((path, target)) => tree.insert(path, Entry::symlink(target)),
            None => tree.insert(path, Entry::file(content)),
        };
    }
    let folder = if tree.is_folder("o") { "o" } else { "" };
    let _ = needs(&tree, folder, &BuildOptions::default());
    check(&tree, folder, &BuildOptions::default());
    let options = BuildOptions::default()
        .load_restrictor(LoadRestrictor::None)
        .order(Order::Fifo)
        .helm(&Echo);
    check(&tree, folder, &options);
}

/// Builds, and looks at what came out.
pub(super) fn check(tree: &Tree, folder: &str, options: &BuildOptions<'_>) {
    let Ok(built) = build(tree, folder, options) else {
        return;
    };
    let Ok(text) = built.yaml() else { return };
    let again = build(tree, folder, options).and_then(|built| built.into_yaml());
    assert_eq!(again.as_ref(), Ok(&text), "a second build differs");
    let files = built.files().expect("because the same objects could be written");
    assert!(files.len() <= built.len());
    let objects = built.objects().expect("because the objects could be written");
    assert_eq!(objects.len(), built.len());
    for object in &objects {
        assert!(object.is_object(), "an object is none: {object}");
        let written = yaml::write(object).expect("because the objects could be written");
        let read = yaml::read_with(&written, &ReadOptions::dialect(Dialect::GoYaml2));
        assert!(read.is_ok(), "cannot be read back: {read:?}\n{written}");
    }
}
