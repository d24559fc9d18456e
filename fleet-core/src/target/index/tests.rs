//! The index against the naive matcher, over random estates and random changes.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::api::BundleSpec;
use crate::labels::Labels;
use crate::target::{Estate, Target, targets};

const NAMESPACES: [&str; 2] = ["a", "b"];

/// One change of an estate.
#[derive(Clone, Debug)]
enum Step {
    Cluster(usize, u8, Labels),
    NoCluster(usize, u8),
    Group(usize, u8, Labels, Value),
    NoGroup(usize, u8),
    Bundle(usize, u8, Labels, Value),
    NoBundle(usize, u8),
    Mapping(usize, Value, Value),
    NoMapping(usize),
    Namespace(usize, Labels),
}

fn labels() -> impl Strategy<Value = Labels> {
    let pair = (0..3u8, 0..3u8).prop_map(|(key, value)| (format!("k{key}"), format!("v{value}")));
    let display = (0..4u8).prop_map(|name| (crate::api::labels::CLUSTER_DISPLAY_NAME.to_owned(), format!("c{name}")));
    proptest::collection::vec(prop_oneof![4 => pair, 1 => display], 0..4).prop_map(|pairs| pairs.into_iter().collect())
}

fn selector() -> impl Strategy<Value = Value> {
    let expression =
        (0..3u8, 0..3u8, prop_oneof!["In", "NotIn", "Exists", "DoesNotExist"]).prop_map(|(key, value, operator)| {
            let values = if operator.ends_with("In") {
                json!([format!("v{value}"), "v0"])
            } else {
                json!([])
            };
            json!({"key": format!("k{key}"), "operator": operator, "values": values})
        });
    prop_oneof![
        1 => Just(json!({})),
        2 => (0..3u8, 0..3u8).prop_map(|(key, value)| json!({"matchLabels": {format!("k{key}"): format!("v{value}")}})),
        2 => proptest::collection::vec(expression, 1..3).prop_map(|list| json!({"matchExpressions": list})),
    ]
}

fn maybe(value: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    prop_oneof![3 => Just(Value::Null), 1 => value]
}

fn entry() -> impl Strategy<Value = Value> {
    let name = || maybe((0..4u8).prop_map(|name| json!(format!("c{name}"))));
    let group = || maybe((0..3u8).prop_map(|name| json!(format!("g{name}"))));
    (
        name(),
        maybe(selector()),
        group(),
        maybe(selector()),
        proptest::bool::weighted(0.1),
    )
        .prop_map(|(name, selector, group, group_selector, skip)| {
            json!({"clusterName": name, "clusterSelector": selector, "clusterGroup": group,
                "clusterGroupSelector": group_selector, "doNotDeploy": skip})
        })
}

fn bundle() -> impl Strategy<Value = Value> {
    let entries = |most| proptest::collection::vec(entry(), 0..most);
    (entries(4), entries(3), prop_oneof!["FirstMatch", "AllMatches"]).prop_map(|(mut targets, restrictions, mode)| {
        targets.extend(restrictions.iter().cloned());
        json!({"targets": targets, "targetRestrictions": restrictions, "targetCustomizationMode": mode})
    })
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (0..2usize, 0..5u8, labels()).prop_map(|(n, name, labels)| Step::Cluster(n, name, labels)),
        1 => (0..2usize, 0..5u8).prop_map(|(n, name)| Step::NoCluster(n, name)),
        3 => (0..2usize, 0..3u8, labels(), maybe(selector()).boxed().prop_union(selector().boxed()))
            .prop_map(|(n, name, labels, selector)| Step::Group(n, name, labels, selector)),
        1 => (0..2usize, 0..3u8).prop_map(|(n, name)| Step::NoGroup(n, name)),
        4 => (0..2usize, 0..4u8, labels(), bundle()).prop_map(|(n, name, labels, b)| Step::Bundle(n, name, labels, b)),
        1 => (0..2usize, 0..4u8).prop_map(|(n, name)| Step::NoBundle(n, name)),
        1 => (0..2usize, maybe(selector()), selector()).prop_map(|(n, b, s)| Step::Mapping(n, b, s)),
        1 => (0..2usize).prop_map(Step::NoMapping),
        1 => (0..2usize, labels()).prop_map(|(n, labels)| Step::Namespace(n, labels)),
    ]
}

/// The same estate, kept plainly.
#[derive(Default)]
struct Naive {
    clusters: BTreeMap<Key, ClusterView>,
    groups: BTreeMap<Key, GroupView>,
    bundles: BTreeMap<Key, (Labels, BundleSpec)>,
    mappings: BTreeMap<Key, MappingView>,
    namespaces: BTreeMap<String, NamespaceView>,
}

impl Naive {
    fn matches(&self) -> BTreeMap<Key, Vec<(Key, Choice)>> {
        let estate = Estate {
            clusters: self.clusters.values().cloned().map(Into::into).collect(),
            groups: self.groups.values().cloned().collect(),
            mappings: self.mappings.values().cloned().collect(),
            namespaces: self.namespaces.values().cloned().collect(),
        };
        let of = |(key, (labels, spec)): (&Key, &(Labels, BundleSpec))| {
            let bundle = BundleView::new(&key.namespace, &key.name, spec).with_labels(labels);
            let found = |target: Target| {
                (
                    Key::new(target.cluster.namespace.as_str(), target.cluster.name.as_str()),
                    target.choice,
                )
            };
            (
                key.clone(),
                targets(&bundle, &estate).unwrap().into_iter().map(found).collect(),
            )
        };
        self.bundles.iter().map(of).collect()
    }
}

fn apply(step: Step, naive: &mut Naive, index: &mut Index) -> BTreeMap<Key, BTreeSet<Key>> {
    let mut reported: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
    let key = |n: usize, kind: char, name: u8| Key::new(NAMESPACES[n], format!("{kind}{name}"));
    let mut changed: Vec<(Key, ClusterSet)> = Vec::new();
    match step {
        Step::Cluster(n, name, labels) => {
            let key = key(n, 'c', name);
            let cluster = ClusterView::new(key.namespace.as_str(), key.name.as_str()).with_labels(labels);
            for change in index.set_cluster(&cluster) {
                reported.entry(change.bundle).or_default().insert(key.clone());
            }
            naive.clusters.insert(key, cluster);
        }
        Step::NoCluster(n, name) => {
            let key = key(n, 'c', name);
            for change in index.remove_cluster(&key.namespace, &key.name) {
                reported.entry(change.bundle).or_default().insert(key.clone());
            }
            naive.clusters.remove(&key);
        }
        Step::Group(n, name, labels, selector) => {
            let key = key(n, 'g', name);
            let selector = serde_json::from_value(selector).unwrap();
            let group = GroupView {
                namespace: key.namespace.clone(),
                name: key.name.clone(),
                labels,
                selector,
            };
            changed = index.set_group(&group);
            naive.groups.insert(key, group);
        }
        Step::NoGroup(n, name) => {
            let key = key(n, 'g', name);
            changed = index.remove_group(&key.namespace, &key.name);
            naive.groups.remove(&key);
        }
        Step::Bundle(n, name, labels, spec) => {
            let key = key(n, 'b', name);
            let spec: BundleSpec = serde_json::from_value(spec).unwrap();
            let view = BundleView::new(&key.namespace, &key.name, &spec).with_labels(&labels);
            let set = index.set_bundle(&view).unwrap();
            reported.insert(key.clone(), index.clusters(&set).collect());
            naive.bundles.insert(key, (labels, spec));
        }
        Step::NoBundle(n, name) => {
            let key = key(n, 'b', name);
            let set = index.remove_bundle(&key.namespace, &key.name);
            reported.insert(key.clone(), index.clusters(&set).collect());
            naive.bundles.remove(&key);
        }
        Step::Mapping(n, bundles, namespaces) => {
            let mapping = MappingView {
                name: "m".to_owned(),
                namespace: NAMESPACES[n].to_owned(),
                bundle_selector: serde_json::from_value(bundles).unwrap(),
                namespace_selector: serde_json::from_value(namespaces).unwrap(),
            };
            changed = index.set_mapping(&mapping);
            naive.mappings.insert(Key::new(NAMESPACES[n], "m"), mapping);
        }
        Step::NoMapping(n) => {
            changed = index.remove_mapping(NAMESPACES[n], "m");
            naive.mappings.remove(&Key::new(NAMESPACES[n], "m"));
        }
        Step::Namespace(n, labels) => {
            let namespace = NamespaceView {
                name: NAMESPACES[n].to_owned(),
                labels,
            };
            changed = index.set_namespace(&namespace);
            naive.namespaces.insert(NAMESPACES[n].to_owned(), namespace);
        }
    }
    for (bundle, set) in changed {
        reported.insert(bundle, index.clusters(&set).collect());
    }
    reported.retain(|_, clusters| !clusters.is_empty());
    reported
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    /// After every change the index has what the naive matcher finds, and it reported exactly what changed.
    #[test]
    fn the_index_equals_the_naive_matcher(steps in proptest::collection::vec(step(), 1..40)) {
        let (mut naive, mut index) = (Naive::default(), Index::new());
        let mut before = naive.matches();
        for step in steps {
            let text = format!("{step:?}");
            let reported = apply(step, &mut naive, &mut index);
            let after = naive.matches();
            for (key, matches) in &after {
                prop_assert_eq!(&index.matches(&key.namespace, &key.name), matches, "{:?} after {}", key, text);
            }
            for cluster in naive.clusters.keys() {
                let of_cluster: Vec<(Key, Choice)> = after
                    .iter()
                    .flat_map(|(bundle, matches)| {
                        matches.iter().filter(|(key, _)| key == cluster).map(|(_, c)| (bundle.clone(), c.clone()))
                    })
                    .collect();
                prop_assert_eq!(index.matches_of_cluster(&cluster.namespace, &cluster.name), of_cluster);
            }
            let mut expected: BTreeMap<Key, BTreeSet<Key>> = BTreeMap::new();
            let none = Vec::new();
            for bundle in before.keys().chain(after.keys()) {
                let (old, new) = (before.get(bundle).unwrap_or(&none), after.get(bundle).unwrap_or(&none));
                let differ = old.iter().filter(|m| !new.contains(m)).chain(new.iter().filter(|m| !old.contains(m)));
                let clusters: BTreeSet<Key> = differ.map(|(cluster, _)| cluster.clone()).collect();
                if !clusters.is_empty() {
                    expected.insert(bundle.clone(), clusters);
                }
            }
            prop_assert_eq!(reported, expected, "after {}", text);
            before = after;
        }
    }
}
