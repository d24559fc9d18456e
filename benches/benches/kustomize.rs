//! A small overlay built in process: from a tree in memory to YAML; the first time in a process, and when all is warm.
//!
//! `cargo bench -p fleet-benches --bench kustomize`. One run with `-- patch` and one with `-- plain` measure the first build with and
//! without a strategic merge patch, which alone asks for the schemas of Kubernetes' kinds.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use fleet_core::kustomize::{BuildOptions, KustomizeError, build};
use fleet_core::tree::{Entry, Tree, TreeError};

const DEPLOYMENT: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  replicas: 1
  selector:
    matchLabels: {app: web}
  template:
    metadata:
      labels: {app: web}
    spec:
      containers:
      - name: web
        image: registry.example/web:1
        ports:
        - containerPort: 80
        envFrom:
        - configMapRef: {name: settings}
      - name: log
        image: registry.example/log:1
";

const SERVICE: &str = "apiVersion: v1
kind: Service
metadata:
  name: web
spec:
  selector: {app: web}
  ports:
  - port: 80
";

const PATCH: &str = "apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
spec:
  template:
    spec:
      containers:
      - name: web
        resources:
          limits: {memory: 64Mi}
";

/// A base of a deployment, a service and a generated config map, and an overlay of it.
fn overlay(patch: bool) -> Result<Tree, TreeError> {
    let mut tree = Tree::new();
    tree.insert("base/deployment.yaml", Entry::file(DEPLOYMENT))?;
    tree.insert("base/service.yaml", Entry::file(SERVICE))?;
    let base =
        "resources: [deployment.yaml, service.yaml]\nconfigMapGenerator:\n- name: settings\n  literals: [a=1, b=2]\n";
    tree.insert("base/kustomization.yaml", Entry::file(base))?;
    let mut overlay = "resources: [../base]\nnamePrefix: test-\nnamespace: test\nlabels:\n- pairs: {stage: test}\n  includeSelectors: true\n\
                       images:\n- name: registry.example/web\n  newTag: \"2\"\nreplicas:\n- name: web\n  count: 3\n"
        .to_owned();
    if patch {
        overlay.push_str("patches:\n- path: patch.yaml\n");
    }
    tree.insert("overlay/patch.yaml", Entry::file(PATCH))?;
    tree.insert("overlay/kustomization.yaml", Entry::file(overlay))?;
    Ok(tree)
}

fn timed(tree: &Tree) -> Result<Duration, KustomizeError> {
    let start = Instant::now();
    let text = build(tree, "overlay", &BuildOptions::default())?.into_yaml()?;
    let elapsed = start.elapsed();
    std::hint::black_box(text);
    Ok(elapsed)
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let only = |word: &str| arguments.iter().any(|argument| argument == word);
    for (name, patch) in [("plain", false), ("patch", true)] {
        if only("plain") != only("patch") && !only(name) {
            continue;
        }
        let tree = overlay(patch)?;
        let first = timed(&tree)?;
        let mut times = (0..1000).map(|_| timed(&tree)).collect::<Result<Vec<_>, _>>()?;
        times.sort_unstable();
        println!(
            "small overlay, {name}: first {first:?}, then {:?} (median of 1000)",
            times[500]
        );
    }
    Ok(())
}
