//! Scanning a repository: from a tree in memory to bundles as YAML, whole and with one changed folder.
//!
//! `cargo bench -p fleet-benches --bench scan`: 60 % manifests, 20 % charts, 20 % kustomizations.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use fleet_core::{
    scan::{Bundle, ScanCache, ScanOptions, Scanned, rescan, scan},
    tree::{Entry, Tree},
    yaml,
};

fn deployment(name: &str, image: &str, replicas: &str) -> String {
    format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {name}\nspec:\n  replicas: {replicas}\n  selector:\n    \
         matchLabels: {{app: {name}}}\n  template:\n    metadata:\n      labels: {{app: {name}}}\n    spec:\n      \
         containers:\n      - name: main\n        image: {image}\n        ports: [{{containerPort: 80}}]\n"
    )
}

fn service(name: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Service\nmetadata:\n  name: {name}\nspec:\n  selector: {{app: {name}}}\n  ports: \
         [{{port: 80, targetPort: 80}}]\n"
    )
}

fn repository(bundles: usize) -> Tree {
    let mut tree = Tree::new();
    for i in 0..bundles {
        let folder = format!("apps/a{i:05}");
        let targets = "targetCustomizations:\n- name: prod\n  clusterSelector: {matchLabels: {env: prod}}\n";
        let namespace = format!("defaultNamespace: ns-{}\n", i % 50);
        let app = format!("app-{i}");
        let files: Vec<(&str, String)> = match i % 5 {
            0..3 => {
                let keys: String = (0..20).map(|k| format!("  key{k}: value {k} of {i}\n")).collect();
                vec![
                    (
                        "fleet.yaml",
                        format!(
                            "{namespace}labels: {{team: t{}}}\n{targets}  yaml: {{overlays: [prod]}}\n",
                            i % 20
                        ),
                    ),
                    ("deployment.yaml", deployment(&app, "nginx:1.27", "2")),
                    ("service.yaml", service(&app)),
                    (
                        "config.yaml",
                        format!("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {app}\ndata:\n{keys}"),
                    ),
                    (
                        "overlays/prod/deployment_patch.yaml",
                        format!(
                            "apiVersion: apps/v1\nkind: Deployment\nmetadata:\n  name: {app}\nspec:\n  replicas: 5\n"
                        ),
                    ),
                ]
            }
            3 => vec![
                (
                    "fleet.yaml",
                    format!(
                        "{namespace}helm:\n  releaseName: {app}\n  values: {{replicas: 2}}\n{targets}  helm: {{values: {{replicas: 5}}}}\n"
                    ),
                ),
                ("Chart.yaml", format!("apiVersion: v2\nname: {app}\nversion: 0.1.{i}\n")),
                ("values.yaml", "replicas: 1\nimage: nginx:1.27\n".to_owned()),
                (
                    "templates/deployment.yaml",
                    deployment("{{ .Release.Name }}", "{{ .Values.image }}", "{{ .Values.replicas }}"),
                ),
                ("templates/service.yaml", service("{{ .Release.Name }}")),
                (
                    "templates/_helpers.tpl",
                    "{{- define \"name\" -}}{{ .Chart.Name | trunc 63 }}{{- end -}}\n".to_owned(),
                ),
            ],
            _ => vec![
                (
                    "fleet.yaml",
                    format!("{namespace}kustomize: {{dir: base}}\n{targets}  kustomize: {{dir: overlays/prod}}\n"),
                ),
                (
                    "base/kustomization.yaml",
                    "resources: [deployment.yaml, service.yaml]\n".to_owned(),
                ),
                ("base/deployment.yaml", deployment(&app, "nginx:1.27", "2")),
                ("base/service.yaml", service(&app)),
                (
                    "overlays/prod/kustomization.yaml",
                    format!("resources: [../../base]\nnamePrefix: prod-\nreplicas: [{{name: {app}, count: 5}}]\n"),
                ),
            ],
        };
        for (path, content) in files {
            tree.insert(&format!("{folder}/{path}"), Entry::file(content))
                .expect("because the paths are clean");
        }
    }
    tree
}

fn options(commit: usize) -> ScanOptions {
    let mut options = ScanOptions::default();
    options.commit = format!("{commit:040}");
    options
}

fn encode(bundles: &[Bundle]) -> usize {
    let length = |bundle: &Bundle| yaml::write(&bundle.to_object()).map_or(0, |text| text.len());
    bundles.iter().map(length).sum()
}

/// The bundles as YAML, by each processor its share; the number of bytes.
fn print(scanned: &Scanned, threads: usize) -> usize {
    let share = scanned.bundles.len().div_ceil(threads).max(1);
    std::thread::scope(|scope| {
        let workers: Vec<_> = scanned
            .bundles
            .chunks(share)
            .map(|bundles| scope.spawn(move || encode(bundles)))
            .collect();
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap_or_default())
            .sum()
    })
}

/// Time that this thread had a processor: what counts on a machine that does other things too. Wall time where it is not known.
fn processor_time(since: Instant) -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse().ok());
    nanoseconds.map_or_else(|| since.elapsed(), Duration::from_nanos)
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times[times.len() / 2]
}

/// Only the changes, for a profiler: `-- changes`.
fn changes() {
    let mut tree = repository(1_000);
    let mut cache = ScanCache::default();
    for round in 0..500 {
        let content = format!("defaultNamespace: changed-{round}\n");
        tree.insert(&format!("apps/a{round:05}/fleet.yaml"), Entry::file(content))
            .expect("because the path is clean");
        cache = rescan(&cache, &tree, "repo", &options(round)).finish().cache;
    }
}

fn main() {
    if std::env::args().any(|argument| argument == "changes") {
        return changes();
    }
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let program = Instant::now();
    for bundles in [100, 1_000, 10_000] {
        let mut tree = repository(bundles);
        let rounds = if bundles > 1_000 { 3 } else { 21 };
        let (mut scans, mut prints, mut changes) = (Vec::new(), Vec::new(), Vec::new());
        let (mut scans_alone, mut prints_alone) = (Vec::new(), Vec::new());
        let mut cache = ScanCache::default();
        let mut bytes = 0;
        for round in 0..rounds {
            let (start, processor) = (Instant::now(), processor_time(program));
            let scanned = scan(&tree, "repo", &options(round)).finish();
            scans_alone.push(processor_time(program).saturating_sub(processor));
            scans.push(start.elapsed());
            assert_eq!(scanned.bundles.len(), bundles);
            let start = Instant::now();
            bytes = print(&scanned, threads);
            prints.push(start.elapsed());
            let processor = processor_time(program);
            encode(&scanned.bundles);
            prints_alone.push(processor_time(program).saturating_sub(processor));
            cache = scanned.cache;
        }
        for round in 0..rounds {
            let path = format!("apps/a{:05}/fleet.yaml", round * 5);
            let content = format!("defaultNamespace: changed-{round}\n");
            tree.insert(&path, Entry::file(content))
                .expect("because the path is clean");
            let start = Instant::now();
            let scanned = rescan(&cache, &tree, "repo", &options(rounds + round)).finish();
            changes.push(start.elapsed());
            cache = scanned.cache;
        }
        println!(
            "{bundles} bundles: scan {:?} ({:?} of processor time), print {bytes} bytes of YAML with {threads} threads {:?} \
             ({:?} of processor time with one), one changed folder {:?}",
            median(scans),
            median(scans_alone),
            median(prints),
            median(prints_alone),
            median(changes)
        );
    }
}
