//! A repository to scan: 60 % manifests, 20 % charts, 20 % kustomizations, 5.2 files a bundle.

use fleet_core::tree::{Entry, Tree};

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

/// The files of so many bundles, each in a folder of its own.
pub fn repository(bundles: usize) -> Tree {
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
