//! Targeting at scale: an index of a million clusters, and options and deployment IDs of a hundred thousand deployments.
//!
//! `cargo bench -p fleet-benches --bench target`, or with a number of clusters behind `--`. Resident memory is read from
//! `/proc/self/status` where there is one.
#![allow(clippy::print_stdout)]

use std::time::{Duration, Instant};

use fleet_core::api::BundleSpec;
use fleet_core::labels::Labels;
use fleet_core::target::{
    BundleView, ClusterView, Estate, GroupView, Index, TargetOptions, index::ClusterSet, targets_each,
};
use serde_json::json;

const NAMESPACE: &str = "fleet-default";

/// Eight labels: some that few clusters share, some that many do.
fn labels(cluster: usize) -> Labels {
    let label = |key: &str, value: String| (key.to_owned(), value);
    [
        label("env", ["dev", "test", "prod"][cluster % 3].to_owned()),
        label("region", format!("r{}", cluster % 20)),
        label("provider", format!("p{}", cluster % 5)),
        label("size", ["small", "big"][cluster % 2].to_owned()),
        label("team", format!("t{}", cluster % 100)),
        label("store", format!("s{}", cluster / 10)),
        label("version", format!("v1.{}", cluster % 12)),
        label("wave", format!("w{}", cluster % 1000)),
    ]
    .into()
}

fn cluster(index: usize) -> ClusterView {
    ClusterView::new(NAMESPACE, format!("cluster-{index:07}")).with_labels(labels(index))
}

fn bundle(index: usize, region: usize) -> BundleSpec {
    let spec = json!({
        "helm": {"values": {"replicas": 1}},
        "targets": [
            {"name": "prod", "clusterSelector": {"matchLabels": {"env": "prod"}}, "helm": {"values": {"replicas": 3}}},
            {"name": "wave", "clusterSelector": {"matchLabels": {"wave": format!("w{index}")}}},
            {"name": "all", "clusterGroup": format!("group-{index:04}")},
            {"name": "region", "clusterSelector": {"matchExpressions": [
                {"key": "region", "operator": "In", "values": [format!("r{}", region % 20)]},
                {"key": "team", "operator": "NotIn", "values": [format!("t{}", index % 100)]},
            ]}},
        ],
        "targetRestrictions": [
            {"clusterGroup": format!("group-{index:04}")},
            {"clusterSelector": {"matchLabels": {"region": format!("r{}", region % 20)}}},
        ],
    });
    serde_json::from_value(spec).expect("because it is a bundle")
}

fn resident_megabytes() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().trim_end_matches("kB").trim().parse::<f64>().ok())
        .unwrap_or(0.0)
        / 1024.0
}

fn report(what: &str, times: &mut [Duration]) {
    times.sort_unstable();
    let (median, worst) = (times[times.len() / 2], times[times.len() - 1]);
    println!("{what}: median {median:?}, worst {worst:?} of {}", times.len());
}

fn index(clusters: usize) {
    let before = resident_megabytes();
    let start = Instant::now();
    let mut index = Index::new();
    for group in 0..1000 {
        let selector = json!({"matchLabels": {"wave": format!("w{group}")}});
        index.set_group(&GroupView {
            name: format!("group-{group:04}"),
            namespace: NAMESPACE.to_owned(),
            labels: Labels::new(),
            selector: serde_json::from_value(selector).expect("because it is a selector"),
        });
    }
    for number in 0..clusters {
        index.set_cluster(&cluster(number));
    }
    let of_clusters = start.elapsed();
    let names: Vec<String> = (0..1000).map(|number| format!("bundle-{number:04}")).collect();
    for (number, name) in names.iter().enumerate() {
        let spec = bundle(number, number);
        index
            .set_bundle(&BundleView::new(NAMESPACE, name, &spec))
            .expect("because its selectors are valid");
    }
    println!(
        "{clusters} clusters, 1000 groups and 1000 bundles built in {:?} (clusters {of_clusters:?}), {:.0} MB resident",
        start.elapsed(),
        resident_megabytes() - before,
    );
    let mut changes = 0;
    for key in ["env", "wave", "team", "other"] {
        let mut times = Vec::new();
        for number in (0..clusters).step_by((clusters / 200).max(1)) {
            let mut changed = cluster(number);
            changed.labels.insert(key.to_owned(), "w7".to_owned());
            for view in [changed, cluster(number)] {
                let start = Instant::now();
                changes += index.set_cluster(&view).len();
                times.push(start.elapsed());
            }
        }
        report(&format!("label {key} of a cluster"), &mut times);
    }
    let mut times = Vec::new();
    let mut moved = 0;
    for (number, name) in names.iter().enumerate().step_by(20) {
        let spec = bundle(number, number + 1);
        let start = Instant::now();
        let set: ClusterSet = index
            .set_bundle(&BundleView::new(NAMESPACE, name, &spec))
            .expect("because its selectors are valid");
        times.push(start.elapsed());
        moved += set.len();
    }
    report("selector of a bundle", &mut times);
    println!(
        "{changes} deployments changed by labels, {moved} by selectors; {:.0} MB resident",
        resident_megabytes() - before
    );
}

fn options(deployments: usize) {
    let estate = Estate::new((0..deployments).map(cluster).collect());
    let everywhere = |values: serde_json::Value| -> BundleSpec {
        let spec = json!({"helm": {"chart": "c", "values": values}, "targets": [
            {"name": "prod", "clusterSelector": {"matchLabels": {"env": "prod"}}, "helm": {"values": {"a": 2}}},
            {"name": "all", "clusterSelector": {}},
        ]});
        serde_json::from_value(spec).expect("because it is a bundle")
    };
    let map: serde_json::Map<String, serde_json::Value> = (0..50)
        .map(|key| (format!("key{key}"), json!({"text": "some text", "number": key})))
        .collect();
    for (what, values) in [
        ("the same values", serde_json::Value::Object(map)),
        (
            "templated values",
            json!({"a": 1, "region": "${ .ClusterLabels.region }", "name": "${ .ClusterName }"}),
        ),
    ] {
        let spec = everywhere(values);
        let start = Instant::now();
        let targets = targets_each(
            &BundleView::new(NAMESPACE, "b", &spec),
            &estate,
            &TargetOptions::default(),
        )
        .expect("because its selectors are valid");
        let ids = targets
            .iter()
            .flatten()
            .map(|target| target.deployment_id("s-1").len())
            .sum::<usize>();
        println!(
            "options and IDs of {} deployments, {what}: {:?} ({ids} bytes of IDs)",
            targets.len(),
            start.elapsed()
        );
    }
}

fn main() {
    let clusters = std::env::args()
        .filter_map(|argument| argument.parse().ok())
        .next()
        .unwrap_or(1_000_000);
    index(clusters);
    options((clusters / 10).max(10));
}
