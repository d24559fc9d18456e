//! The embedded API server through `kube`: requests, watches, rights, faults.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use fleet_kube::embedded::{ApiServer, Fault, Identity, Workloads};
use futures::{StreamExt, TryStreamExt};
use k8s_openapi::api::apps::v1::Deployment;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace, Pod, Secret};
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, ListParams, ObjectMeta, Patch, PatchParams, PostParams,
    PropagationPolicy, WatchEvent, WatchParams,
};
use kube::runtime::{WatchStreamExt, watcher};
use serde_json::{Value, json};

fn config_map(name: &str, value: &str) -> ConfigMap {
    ConfigMap {
        metadata: ObjectMeta {
            name: Some(name.into()),
            ..ObjectMeta::default()
        },
        data: Some([("key".to_owned(), value.to_owned())].into()),
        ..ConfigMap::default()
    }
}

fn code(result: Result<impl std::fmt::Debug, kube::Error>) -> (u16, String) {
    match result {
        Err(kube::Error::Api(status)) => (status.code, status.message.clone()),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn create_read_update_delete() {
    let server = ApiServer::new();
    let api: Api<ConfigMap> = Api::default_namespaced(server.client());
    let made = api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    assert!(made.metadata.uid.is_some() && made.metadata.creation_timestamp.is_some());
    let again = api.create(&PostParams::default(), &config_map("a", "1")).await;
    assert_eq!(code(again), (409, "configmaps \"a\" already exists".into()));
    let mut next = made.clone();
    next.data = Some([("key".to_owned(), "2".to_owned())].into());
    let updated = api.replace("a", &PostParams::default(), &next).await.unwrap();
    assert_ne!(made.metadata.resource_version, updated.metadata.resource_version);
    let same = api.replace("a", &PostParams::default(), &updated).await.unwrap();
    assert_eq!(
        same.metadata.resource_version, updated.metadata.resource_version,
        "no difference, no write"
    );
    assert_eq!(code(api.replace("a", &PostParams::default(), &next).await).0, 409);
    let dry = PatchParams {
        dry_run: true,
        ..PatchParams::default()
    };
    api.patch("a", &dry, &Patch::Merge(json!({ "data": { "x": "y" } })))
        .await
        .unwrap();
    assert_eq!(api.get("a").await.unwrap(), updated);
    api.delete("a", &DeleteParams::default()).await.unwrap();
    assert_eq!(code(api.get("a").await), (404, "configmaps \"a\" not found".into()));
    let generated = ConfigMap {
        metadata: ObjectMeta {
            generate_name: Some("g-".into()),
            ..ObjectMeta::default()
        },
        ..ConfigMap::default()
    };
    let generated = api.create(&PostParams::default(), &generated).await.unwrap();
    assert_eq!(generated.metadata.name.unwrap().len(), 7);
}

#[tokio::test]
async fn pages_show_one_revision() {
    let server = ApiServer::new();
    let api: Api<ConfigMap> = Api::default_namespaced(server.client());
    for name in ["a", "b", "c", "d"] {
        api.create(&PostParams::default(), &config_map(name, "1"))
            .await
            .unwrap();
    }
    let first = api.list(&ListParams::default().limit(2)).await.unwrap();
    api.delete("c", &DeleteParams::default()).await.unwrap();
    let token = first.metadata.continue_.clone().unwrap();
    let rest = api.list(&ListParams::default().continue_token(&token)).await.unwrap();
    let names: Vec<_> = first
        .items
        .iter()
        .chain(&rest.items)
        .map(|o| o.metadata.name.clone().unwrap())
        .collect();
    assert_eq!(names, ["a", "b", "c", "d", "kube-root-ca.crt"]);
    server.compact();
    assert_eq!(
        code(api.list(&ListParams::default().continue_token(&token)).await).0,
        410
    );
}

#[tokio::test]
async fn watches_see_what_happens() {
    let server = ApiServer::new();
    let api: Api<ConfigMap> = Api::default_namespaced(server.client());
    let list = api.list(&ListParams::default()).await.unwrap();
    let version = list.metadata.resource_version.unwrap();
    api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    let mut events = api.watch(&WatchParams::default(), &version).await.unwrap().boxed();
    let mut seen = Vec::new();
    let patch = json!({ "data": { "key": "2" } });
    api.patch("a", &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .unwrap();
    api.delete("a", &DeleteParams::default()).await.unwrap();
    while let Some(event) = events.try_next().await.unwrap() {
        let last = matches!(event, WatchEvent::Deleted(_));
        match event {
            WatchEvent::Added(o) => seen.push(format!("+{}", o.data.unwrap()["key"])),
            WatchEvent::Modified(o) => seen.push(format!("~{}", o.data.unwrap()["key"])),
            WatchEvent::Deleted(o) => seen.push(format!("-{}", o.data.unwrap()["key"])),
            other => panic!("{other:?}"),
        }
        if last {
            break;
        }
    }
    assert_eq!(seen, ["+1", "~2", "-2"]);
    server.compact();
    let mut events = api.watch(&WatchParams::default(), &version).await.unwrap().boxed();
    match events.try_next().await.unwrap() {
        Some(WatchEvent::Error(status)) => assert_eq!(status.code, 410),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn watchers_survive_cut_watches_and_compaction() {
    for streaming in [false, true] {
        let server = ApiServer::new();
        let api: Api<ConfigMap> = Api::default_namespaced(server.client());
        let config = watcher::Config::default();
        let config = if streaming { config.streaming_lists() } else { config };
        let mut events = watcher(api.clone(), config).default_backoff().applied_objects().boxed();
        api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
        while next(&mut events).await != "a" {}
        server.compact();
        server.drop_watches(None);
        api.create(&PostParams::default(), &config_map("b", "1")).await.unwrap();
        while next(&mut events).await != "b" {}
        assert_eq!(server.watches(), 1, "streaming: {streaming}");
    }
}

async fn next<S>(events: &mut S) -> String
where
    S: futures::Stream<Item = Result<ConfigMap, watcher::Error>> + Unpin,
{
    loop {
        let event = tokio::time::timeout(Duration::from_secs(20), events.next())
            .await
            .unwrap()
            .unwrap();
        // A cut watch is an error that the backoff gets over.
        if let Ok(object) = event {
            return object.metadata.name.unwrap();
        }
    }
}

#[tokio::test]
async fn namespaces_must_exist_and_take_their_content_along() {
    let server = ApiServer::new();
    let client = server.client();
    let maps: Api<ConfigMap> = Api::namespaced(client.clone(), "x");
    let error = maps.create(&PostParams::default(), &config_map("a", "1")).await;
    assert_eq!(code(error), (404, "namespaces \"x\" not found".into()));
    let namespaces: Api<Namespace> = Api::all(client.clone());
    let namespace: Namespace = serde_json::from_value(json!({ "metadata": { "name": "x" } })).unwrap();
    namespaces.create(&PostParams::default(), &namespace).await.unwrap();
    let mut held = config_map("held", "1");
    held.metadata.finalizers = Some(vec!["example.com/hold".into()]);
    maps.create(&PostParams::default(), &held).await.unwrap();
    maps.create(&PostParams::default(), &config_map("a", "1"))
        .await
        .unwrap();
    assert!(server.get("serviceaccounts", "x", "default").is_some());
    assert!(server.get("configmaps", "x", "kube-root-ca.crt").is_some());
    namespaces.delete("x", &DeleteParams::default()).await.unwrap();
    let left: Vec<_> = maps.list(&ListParams::default()).await.unwrap().items;
    assert_eq!(
        left.iter()
            .map(|o| o.metadata.name.clone().unwrap())
            .collect::<Vec<_>>(),
        ["held"]
    );
    let (status, message) = code(maps.create(&PostParams::default(), &config_map("b", "1")).await);
    assert!(
        status == 403 && message.contains("because it is being terminated"),
        "{message}"
    );
    let release = json!([{ "op": "remove", "path": "/metadata/finalizers" }]);
    let release = Patch::<()>::Json(serde_json::from_value(release).unwrap());
    maps.patch("held", &PatchParams::default(), &release).await.unwrap();
    assert!(namespaces.get_opt("x").await.unwrap().is_none());
}

#[tokio::test]
async fn owners_take_dependents_along() {
    let server = ApiServer::builder().workloads(Workloads::Off).build();
    let api: Api<ConfigMap> = Api::default_namespaced(server.client());
    for (policy, left) in [
        (PropagationPolicy::Background, 0),
        (PropagationPolicy::Foreground, 0),
        (PropagationPolicy::Orphan, 1),
    ] {
        let owner = api
            .create(&PostParams::default(), &config_map("owner", "1"))
            .await
            .unwrap();
        let mut child = config_map("child", "1");
        let reference = json!({
            "apiVersion": "v1", "kind": "ConfigMap", "name": "owner", "uid": owner.metadata.uid, "blockOwnerDeletion": true,
        });
        child.metadata.owner_references = Some(vec![serde_json::from_value(reference).unwrap()]);
        api.create(&PostParams::default(), &child).await.unwrap();
        let parameters = DeleteParams {
            propagation_policy: Some(policy),
            ..DeleteParams::default()
        };
        api.delete("owner", &parameters).await.unwrap();
        assert!(api.get_opt("owner").await.unwrap().is_none(), "{parameters:?}");
        let child = api.get_opt("child").await.unwrap();
        assert_eq!(usize::from(child.is_some()), left, "{parameters:?}");
        if let Some(child) = child {
            assert_eq!(child.metadata.owner_references, None);
        }
    }
}

fn deployment() -> Deployment {
    serde_json::from_value(json!({
        "metadata": { "name": "web" },
        "spec": {
            "replicas": 2, "selector": { "matchLabels": { "app": "web" } },
            "template": {
                "metadata": { "labels": { "app": "web" } },
                "spec": { "containers": [{ "name": "web", "image": "nginx:1" }] },
            },
        },
    }))
    .unwrap()
}

#[tokio::test]
async fn simulated_deployments_become_ready() {
    let server = ApiServer::new();
    let client = server.client();
    let api: Api<Deployment> = Api::default_namespaced(client.clone());
    api.create(&PostParams::default(), &deployment()).await.unwrap();
    let ready = api.get("web").await.unwrap().status.unwrap();
    assert_eq!((ready.ready_replicas, ready.observed_generation), (Some(2), Some(1)));
    let pods: Api<Pod> = Api::default_namespaced(client.clone());
    let running = ListParams::default().labels("app=web").fields("status.phase=Running");
    assert_eq!(pods.list(&running).await.unwrap().items.len(), 2);
    let patch = json!({ "spec": { "replicas": 3, "template": { "metadata": { "annotations": { "x": "y" } } } } });
    api.patch("web", &PatchParams::default(), &Patch::Merge(&patch))
        .await
        .unwrap();
    let now = api.get("web").await.unwrap();
    assert_eq!(now.metadata.generation, Some(2));
    assert_eq!(now.status.unwrap().observed_generation, Some(2));
    assert_eq!(pods.list(&running).await.unwrap().items.len(), 3);
    let scale = api.get_scale("web").await.unwrap();
    assert_eq!(scale.spec.unwrap().replicas, Some(3));
    api.delete("web", &DeleteParams::default()).await.unwrap();
    assert_eq!(
        server.list("pods", None).len() + server.list("replicasets.apps", None).len(),
        0
    );
}

fn dynamic(client: &kube::Client, object: Value) -> (Api<DynamicObject>, DynamicObject) {
    let object: DynamicObject = serde_json::from_value(object).unwrap();
    let gvk: kube::core::GroupVersionKind = object.types.as_ref().unwrap().try_into().unwrap();
    let resource = ApiResource::from_gvk(&gvk);
    let api = match &object.metadata.namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    (api, object)
}

#[tokio::test]
async fn rights_are_those_of_the_bindings() {
    let server = ApiServer::new();
    let admin = server.client();
    let rbac = "rbac.authorization.k8s.io/v1";
    for object in [
        json!({ "apiVersion": "v1", "kind": "ServiceAccount", "metadata": { "name": "sa", "namespace": "default" } }),
        json!({ "apiVersion": "v1", "kind": "Secret", "type": "kubernetes.io/service-account-token", "metadata": {
            "name": "sa-token", "namespace": "default", "annotations": { "kubernetes.io/service-account.name": "sa" } } }),
        json!({ "apiVersion": rbac, "kind": "Role", "metadata": { "name": "r", "namespace": "default" },
            "rules": [{ "apiGroups": [""], "resources": ["configmaps"], "verbs": ["get", "create"] },
                      { "apiGroups": [""], "resources": ["secrets"], "resourceNames": ["one"], "verbs": ["get"] }] }),
        json!({ "apiVersion": rbac, "kind": "RoleBinding", "metadata": { "name": "r", "namespace": "default" },
            "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r" },
            "subjects": [{ "kind": "ServiceAccount", "name": "sa", "namespace": "default" }] }),
    ] {
        let (api, object) = dynamic(&admin, object);
        api.create(&PostParams::default(), &object).await.unwrap();
    }
    let secrets: Api<Secret> = Api::default_namespaced(admin.clone());
    let token = secrets.get("sa-token").await.unwrap().data.unwrap()["token"].0.clone();
    let client = server.client_with_token(std::str::from_utf8(&token).unwrap(), "agent");
    let maps: Api<ConfigMap> = Api::default_namespaced(client.clone());
    maps.create(&PostParams::default(), &config_map("a", "1"))
        .await
        .unwrap();
    maps.get("a").await.unwrap();
    assert_eq!(
        code(maps.list(&ListParams::default()).await),
        (
            403,
            "configmaps is forbidden: User \"system:serviceaccount:default:sa\" cannot list resource \"configmaps\" in \
             API group \"\" in the namespace \"default\""
                .into()
        )
    );
    let elsewhere: Api<ConfigMap> = Api::namespaced(client.clone(), "kube-system");
    assert_eq!(code(elsewhere.get("a").await).0, 403);
    let own: Api<Secret> = Api::default_namespaced(client.clone());
    assert_eq!(code(own.get("one").await).0, 404);
    assert_eq!(code(own.get("two").await).0, 403);
    let stranger: Api<ConfigMap> = Api::default_namespaced(server.client_with_token("nonsense", ""));
    assert_eq!(code(stranger.get("a").await).0, 401);
    secrets.delete("sa-token", &DeleteParams::default()).await.unwrap();
    assert_eq!(code(maps.get("a").await).0, 401);
    let by_user: Api<ConfigMap> = Api::default_namespaced(server.client_as(&Identity::user("eve")));
    assert_eq!(code(by_user.get("a").await).0, 403);
    let counted: u64 = server
        .requests()
        .counts()
        .iter()
        .filter(|(g, _)| g.user_agent == "agent")
        .map(|(_, n)| n)
        .sum();
    // Seven were sent; kube tries some refusals again.
    assert!(counted >= 7, "{counted}");
}

#[tokio::test]
async fn custom_resources_follow_their_schema() {
    let server = ApiServer::new();
    let client = server.client();
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": { "name": "widgets.example.com" },
        "spec": {
            "group": "example.com", "scope": "Namespaced", "names": { "plural": "widgets", "kind": "Widget" },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": { "type": "object", "properties": {
                    "spec": { "type": "object", "required": ["size"], "properties": {
                        "size": { "type": "integer", "minimum": 1 }, "color": { "type": "string", "default": "red" } } },
                    "status": { "type": "object", "x-kubernetes-preserve-unknown-fields": true },
                } } },
            }],
        },
    });
    let (crds, crd) = dynamic(&client, crd);
    crds.create(&PostParams::default(), &crd).await.unwrap();
    let stored = server
        .get(
            "customresourcedefinitions.apiextensions.k8s.io",
            "",
            "widgets.example.com",
        )
        .unwrap();
    assert_eq!(stored["status"]["conditions"][1]["type"], "Established");
    let widget = |spec: Value| {
        json!({ "apiVersion": "example.com/v1", "kind": "Widget", "metadata": { "name": "w", "namespace": "default" },
            "spec": spec, "status": { "from": "user" } })
    };
    let (widgets, bad) = dynamic(&client, widget(json!({ "size": 0 })));
    let (status, message) = code(widgets.create(&PostParams::default(), &bad).await);
    assert_eq!(
        (status, message.as_str()),
        (
            422,
            "Widget.example.com \"w\" is invalid: spec.size: Invalid value: 0: spec.size in body should be greater than or equal to 1"
        )
    );
    let (_, good) = dynamic(&client, widget(json!({ "size": 2, "other": true })));
    let made = widgets.create(&PostParams::default(), &good).await.unwrap();
    assert_eq!(made.data, json!({ "spec": { "size": 2, "color": "red" } }));
    let status = json!({ "status": { "ready": true }, "spec": { "size": 9 } });
    let written = widgets
        .patch_status("w", &PatchParams::default(), &Patch::Merge(&status))
        .await
        .unwrap();
    assert_eq!(
        written.data,
        json!({ "spec": { "size": 2, "color": "red" }, "status": { "ready": true } })
    );
    assert_eq!(written.metadata.generation, Some(1));
    crds.delete("widgets.example.com", &DeleteParams::default())
        .await
        .unwrap();
    assert_eq!(code(widgets.get("w").await).0, 404);
    assert!(server.list("widgets.example.com", None).is_empty());
}

#[tokio::test]
async fn applies_share_objects() {
    let server = ApiServer::new();
    let api: Api<ConfigMap> = Api::default_namespaced(server.client());
    let config =
        |data: Value| json!({ "apiVersion": "v1", "kind": "ConfigMap", "metadata": { "name": "c" }, "data": data });
    let (a, b) = (PatchParams::apply("a"), PatchParams::apply("b"));
    let first = api
        .patch("c", &a, &Patch::Apply(config(json!({ "x": "1", "y": "1" }))))
        .await
        .unwrap();
    let again = api
        .patch("c", &a, &Patch::Apply(config(json!({ "x": "1", "y": "1" }))))
        .await
        .unwrap();
    assert_eq!(first, again, "the same apply writes nothing");
    let (status, message) = code(api.patch("c", &b, &Patch::Apply(config(json!({ "x": "2" })))).await);
    assert_eq!(
        (status, message.as_str()),
        (409, "Apply failed with 1 conflict: conflict with \"a\": .data.x")
    );
    api.patch("c", &b.clone().force(), &Patch::Apply(config(json!({ "x": "2" }))))
        .await
        .unwrap();
    let left = api.patch("c", &a, &Patch::Apply(config(json!({})))).await.unwrap();
    assert_eq!(left.data.unwrap(), [("x".to_owned(), "2".to_owned())].into());
}

#[tokio::test]
async fn restarted_with_its_data() {
    let server = ApiServer::new();
    let api: Api<ConfigMap> = Api::default_namespaced(server.client());
    let made = api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    let again = ApiServer::builder().restore(server.snapshot()).build();
    let api: Api<ConfigMap> = Api::default_namespaced(again.client());
    assert_eq!(api.get("a").await.unwrap(), made);
    assert_eq!(again.revision(), server.revision());
}

#[tokio::test]
async fn faults_are_injected() {
    let server = ApiServer::new();
    let api: Api<ConfigMap> = Api::default_namespaced(server.client());
    let refuse = Fault::Refuse {
        code: 409,
        message: "later".into(),
    };
    server.faults().inject(refuse, 1, 1, |r| r.verb == "create");
    api.create(&PostParams::default(), &config_map("a", "1")).await.unwrap();
    assert_eq!(
        code(api.create(&PostParams::default(), &config_map("b", "1")).await),
        (409, "later".into())
    );
    api.create(&PostParams::default(), &config_map("b", "1")).await.unwrap();
    server.faults().inject(Fault::LoseAnswer, 0, 1, |r| r.verb == "delete");
    let _ = api.delete("b", &DeleteParams::default()).await;
    server.faults().clear();
    assert!(api.get_opt("b").await.unwrap().is_none());
}
