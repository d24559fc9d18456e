//! Cases after Kubernetes' documentation of strategic merge patches, and the properties of made patches.

use proptest::prelude::{Strategy, prop_assert_eq, proptest};
use serde_json::{Value, json};

use super::*;

fn pod(spec: Value) -> Value {
    json!({"apiVersion": "v1", "kind": "Pod", "spec": spec})
}

fn applied(base: Value, patch: Value) -> Value {
    apply(&pod(base), &json!({"spec": patch})).expect("a valid patch")["spec"].clone()
}

#[test]
fn merged_lists_put_new_elements_first() {
    let base = json!({"containers": [{"name": "a", "image": "a:1", "env": [{"name": "A"}]}, {"name": "b"}]});
    assert_eq!(
        applied(
            base.clone(),
            json!({"containers": [{"name": "z"}, {"name": "a", "env": [{"name": "B"}], "image": null}]})
        ),
        json!({"containers": [{"name": "z"}, {"name": "a", "env": [{"name": "B"}, {"name": "A"}]}, {"name": "b"}]})
    );
    assert_eq!(
        applied(base.clone(), json!({"containers": [{"name": "b", "image": "b:2"}]}))["containers"][1]["image"],
        "b:2"
    );
    assert_eq!(applied(base.clone(), json!({"containers": []})), base);
    assert_eq!(
        applied(
            base,
            json!({"tolerations": [{"key": "x", "effect": null}], "nodeSelector": {"a": null, "b": "c"}})
        ),
        json!({
            "containers": [{"name": "a", "image": "a:1", "env": [{"name": "A"}]}, {"name": "b"}],
            "tolerations": [{"key": "x"}],
            "nodeSelector": {"b": "c"}
        })
    );
}

#[test]
fn directives() {
    let base = json!({"containers": [{"name": "a"}, {"name": "b"}], "nodeSelector": {"x": "1"}});
    for (patch, want) in [
        (
            json!({"containers": [{"name": "a", "$patch": "delete"}]}),
            json!({"containers": [{"name": "b"}], "nodeSelector": {"x": "1"}}),
        ),
        (
            json!({"containers": [{"name": "c"}, {"$patch": "replace"}], "nodeSelector": {"$patch": "replace", "y": "2"}}),
            json!({"containers": [{"name": "c"}], "nodeSelector": {"y": "2"}}),
        ),
        (
            json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}, {"name": "z"}], "containers": [{"name": "z"}]}),
            json!({"containers": [{"name": "b"}, {"name": "a"}, {"name": "z"}], "nodeSelector": {"x": "1"}}),
        ),
        (
            json!({"$retainKeys": ["containers"]}),
            json!({"containers": [{"name": "a"}, {"name": "b"}]}),
        ),
        (json!({"$patch": "delete"}), json!({})),
    ] {
        assert_eq!(applied(base.clone(), patch.clone()), want, "{patch}");
    }
    let object = json!({"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"finalizers": ["a", "b", "c"]}});
    let patch = json!({"metadata": {"$deleteFromPrimitiveList/finalizers": ["b"], "finalizers": ["d"]}});
    let got = apply(&object, &patch).expect("a valid patch");
    assert_eq!(got["metadata"]["finalizers"], json!(["d", "a", "c"]));
}

#[test]
fn what_is_wrong_is_said() {
    let base = pod(json!({"containers": [{"name": "a"}]}));
    for (patch, want) in [
        (
            json!({"spec": {"containers": [{"image": "x"}]}}),
            r#"map: {"image":"x"} does not contain declared merge key: name"#,
        ),
        (
            json!({"spec": {"$patch": "frob"}}),
            "unknown patch type: \"frob\" at /spec",
        ),
        (
            json!({"spec": {"containers": [1]}}),
            "list element types are not identical at /spec/containers",
        ),
        (json!([]), "expected a map at /, got a list"),
    ] {
        assert_eq!(apply(&base, &patch).expect_err("invalid").to_string(), want);
    }
    assert!(matches!(
        apply(&json!({"kind": "Widget"}), &json!({})),
        Err(StrategicError::UnknownKind { .. })
    ));
}

#[test]
fn a_difference_names_order_and_deletions() {
    let from = pod(
        json!({"containers": [{"name": "a", "image": "1"}, {"name": "b"}], "volumes": [{"name": "v", "emptyDir": {}}]}),
    );
    let to = pod(
        json!({"containers": [{"name": "c"}, {"name": "a", "image": "2"}], "volumes": [{"name": "v", "secret": {}}]}),
    );
    let patch = diff(&from, &to).expect("a known kind");
    assert_eq!(
        patch["spec"],
        json!({
            "$setElementOrder/containers": [{"name": "c"}, {"name": "a"}],
            "containers": [{"name": "c"}, {"name": "a", "image": "2"}, {"name": "b", "$patch": "delete"}],
            "$setElementOrder/volumes": [{"name": "v"}],
            "volumes": [{"name": "v", "secret": {}, "emptyDir": null, "$retainKeys": ["name", "secret"]}]
        })
    );
    assert_eq!(apply(&from, &patch), Ok(to));
}

#[test]
fn three_ways_keep_what_others_set() {
    let original = pod(json!({"containers": [{"name": "a", "image": "1"}, {"name": "gone"}], "nodeName": "x"}));
    let modified = pod(json!({"containers": [{"name": "a", "image": "2"}]}));
    let live = pod(
        json!({"containers": [{"name": "a", "image": "1", "tty": true}, {"name": "gone"}, {"name": "sidecar"}], "nodeName": "x"}),
    );
    let patch = three_way(&original, &modified, &live, true).expect("a known kind");
    let got = apply(&live, &patch).expect("a valid patch");
    assert_eq!(
        got,
        pod(json!({"containers": [{"name": "a", "image": "2", "tty": true}, {"name": "sidecar"}]}))
    );
    assert_eq!(three_way(&modified, &modified, &got, true), Ok(json!({})));
    let other = pod(json!({"containers": [{"name": "a", "image": "3"}], "nodeName": "y"}));
    let mine = pod(json!({"containers": [{"name": "a", "image": "1"}], "nodeName": "z"}));
    assert_eq!(
        three_way(&original, &mine, &other, false),
        Err(StrategicError::Conflict("/spec/nodeName".to_owned()))
    );
}

fn spec() -> impl Strategy<Value = Value> {
    let container = (
        0..4_u8,
        proptest::option::of("[ab]"),
        proptest::collection::vec(0..3_u8, 0..3),
    )
        .prop_map(|(name, image, ports)| {
            let mut ports: Vec<u8> = ports;
            ports.sort_unstable();
            ports.dedup();
            let ports: Vec<Value> = ports.into_iter().map(|port| json!({"containerPort": port})).collect();
            json!({"name": format!("c{name}"), "image": image.unwrap_or_default(), "ports": ports})
        });
    (
        proptest::collection::vec(container, 0..4),
        proptest::collection::vec("[xyz]", 0..3),
    )
        .prop_map(|(mut containers, tolerations)| {
            let mut seen = std::collections::HashSet::new();
            containers.retain(|container| seen.insert(container["name"].to_string()));
            json!({"containers": containers, "tolerations": tolerations})
        })
}

proptest! {
    #[test]
    fn applying_a_difference_gives_the_other_object(from in spec(), to in spec()) {
        let (from, to) = (pod(from), pod(to));
        let patch = diff(&from, &to).expect("a known kind");
        let got = apply(&from, &patch).expect("a made patch is valid");
        prop_assert_eq!(&got, &to, "by {}", patch);
        prop_assert_eq!(diff(&to, &to), Ok(json!({})));
        let patch = three_way(&from, &to, &from, true).expect("a known kind");
        prop_assert_eq!(apply(&from, &patch), Ok(to));
    }
}
