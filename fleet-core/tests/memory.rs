//! What a bundle costs on many clusters: options, and nothing of its contents.
#![allow(clippy::unwrap_used)]

use fleet_core::api::{BundleSpec, RolloutStrategy};
use fleet_core::rollout::{State, advance, budgets, partitions_in, spec_after, stage_all};
use fleet_core::target::{BundleView, ClusterView, Estate, TargetOptions, deployment, targets_each};
use serde_json::json;

#[global_allocator]
static ALLOCATOR: dhat::Alloc = dhat::Alloc;

fn bundle(content: usize) -> BundleSpec {
    let resources: Vec<_> = (0..10)
        .map(|number| json!({"name": format!("{number}.yaml"), "content": "x".repeat(content / 10)}))
        .collect();
    let spec = json!({
        "resources": resources,
        "helm": {"values": {"region": "${ .ClusterLabels.region }"}},
        "targets": [{"clusterSelector": {}}],
    });
    serde_json::from_value(spec).unwrap()
}

fn estate(clusters: usize) -> Estate {
    let cluster = |index: usize| {
        let labels = [("region".to_owned(), format!("r{}", index % 20))];
        ClusterView::new("space", format!("cluster-{index:05}")).with_labels(labels.into())
    };
    Estate::new((0..clusters).map(cluster).collect())
}

/// Bytes that the manager's stages allocate for a bundle on clusters, whether they give them back or not.
fn allocated(spec: &BundleSpec, estate: &Estate) -> u64 {
    let view = BundleView::new("space", "bundle", spec);
    let before = dhat::HeapStats::get().total_bytes;
    let targets: Vec<_> = targets_each(&view, estate, &TargetOptions::default())
        .unwrap()
        .into_iter()
        .collect::<Result<_, _>>()
        .unwrap();
    let staged = stage_all(&view, &targets, estate, "s-1").unwrap();
    let strategy = RolloutStrategy::default();
    let partitions = partitions_in(&strategy, &targets, estate).unwrap();
    let budgets = budgets(&strategy, targets.len(), partitions.len()).unwrap();
    let states: Vec<State> = targets
        .iter()
        .map(|target| State::of(&view, target, "s-1", None))
        .collect();
    let pass = advance(&partitions, &budgets, &states);
    for ((target, step), current) in targets.iter().zip(&pass.steps).zip(&staged) {
        let _ = spec_after(&view, target, "s-1", step, current.as_ref());
        let _ = deployment::labels(&view, target, Some("s-1"));
    }
    dhat::HeapStats::get().total_bytes - before
}

#[test]
fn ten_thousand_clusters_share_a_bundles_contents() {
    let _profiler = dhat::Profiler::builder().testing().build();
    let (small, large) = (bundle(1_000), bundle(10_000_000));
    let (few, many) = (estate(1_000), estate(10_000));
    let of_small = allocated(&small, &few);
    let of_large = allocated(&large, &few);
    // Contents count nowhere: not once for all clusters, and not for each of them.
    assert!(
        of_large < of_small + 100_000,
        "{of_small} bytes for a bundle of 1 kB, {of_large} for one of 10 MB"
    );
    // What there is of options grows with clusters: a few kilobytes for each.
    let each = (allocated(&large, &many) - of_large) / 9_000;
    assert!(each < 20_000, "{each} bytes a cluster");
}
