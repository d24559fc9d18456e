//! Several label selectors as one that demands what each of them demands.

use crate::api::LabelSelector;

/// One selector of all that are there: labels of all, of one key the last; expressions one after the other, the same ones once.
/// `None` where none is there. The namespaces that restrictions of one namespace allow are merged so (Fleet).
pub fn merge_selectors<'a>(selectors: impl IntoIterator<Item = Option<&'a LabelSelector>>) -> Option<LabelSelector> {
    let mut merged: Option<LabelSelector> = None;
    for selector in selectors.into_iter().flatten() {
        let merged = merged.get_or_insert_default();
        let labels = selector.match_labels.iter();
        merged
            .match_labels
            .extend(labels.map(|(key, value)| (key.clone(), value.clone())));
        for expression in &selector.match_expressions {
            if !merged.match_expressions.contains(expression) {
                merged.match_expressions.push(expression.clone());
            }
        }
    }
    merged
}
