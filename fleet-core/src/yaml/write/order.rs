//! The order of a map's keys: go-yaml's natural order, in which `a9` comes before `a10`.
//!
//! The order is not transitive in rare mixes (`1__0a`, `=x`, `08`), where go-yaml prints one of several; so the sort here must
//! not rely on it, as the standard library's would.

use std::cmp::Ordering;

use super::WriteStyle;

/// Sorts entries by key.
pub(super) fn sort<T: Copy>(entries: Vec<(&str, T)>, style: WriteStyle) -> Vec<(&str, T)> {
    if entries
        .windows(2)
        .all(|pair| compare(pair[0].0, pair[1].0, style) == Ordering::Less)
    {
        return entries;
    }
    // Merge sort from below, which takes any answer of the comparison.
    let mut sorted = entries;
    sorted.sort_unstable_by_key(|(key, _)| *key);
    let mut width = 1;
    while width < sorted.len() {
        let mut merged = Vec::with_capacity(sorted.len());
        for run in sorted.chunks(width * 2) {
            let (mut left, mut right) = run.split_at(width.min(run.len()));
            while let (Some(a), Some(b)) = (left.first(), right.first()) {
                if compare(b.0, a.0, style) == Ordering::Less {
                    merged.push(*b);
                    right = &right[1..];
                } else {
                    merged.push(*a);
                    left = &left[1..];
                }
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        sorted = merged;
        width *= 2;
    }
    sorted
}

fn is_digit(c: char) -> bool {
    c.is_ascii_digit() || !c.is_ascii() && c.is_numeric()
}

/// go-yaml's comparison of two keys.
fn compare(a: &str, b: &str, style: WriteStyle) -> Ordering {
    let common = a.bytes().zip(b.bytes()).take_while(|(x, y)| x == y).count();
    let common = (0..=common)
        .rev()
        .find(|end| a.is_char_boundary(*end) && b.is_char_boundary(*end))
        .unwrap_or(0);
    let (rest_a, rest_b) = (&a[common..], &b[common..]);
    let (first_a, first_b) = match (rest_a.chars().next(), rest_b.chars().next()) {
        (Some(x), Some(y)) => (x, y),
        (x, y) => return x.is_some().cmp(&y.is_some()),
    };
    match (first_a.is_alphabetic(), first_b.is_alphabetic()) {
        (true, true) => return first_a.cmp(&first_b),
        (false, false) => {}
        (letter, _) => {
            // Letters come after everything else; go-yaml v3 puts them first after a digit.
            let after_digit = style == WriteStyle::GoYaml3 && a[..common].chars().next_back().is_some_and(is_digit);
            return if letter == after_digit {
                Ordering::Less
            } else {
                Ordering::Greater
            };
        }
    }
    let mut start = 0;
    if first_a == '0' || first_b == '0' {
        // A zero that continues a number must count as one.
        let continues = a[..common].chars().rev().take_while(|c| is_digit(*c)).any(|c| c != '0');
        start = i64::from(continues);
    }
    let (number_a, length_a) = digit_run(rest_a, start);
    let (number_b, length_b) = digit_run(rest_b, start);
    number_a
        .cmp(&number_b)
        .then(length_a.cmp(&length_b))
        .then(first_a.cmp(&first_b))
}

fn digit_run(text: &str, start: i64) -> (i64, usize) {
    text.chars()
        .take_while(|c| is_digit(*c))
        .fold((start, 0), |(number, length), c| {
            let digit = i64::from(u32::from(c)) - i64::from(b'0');
            (number.wrapping_mul(10).wrapping_add(digit), length + 1)
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted<'a>(keys: &[&'a str], style: WriteStyle) -> Vec<&'a str> {
        sort(keys.iter().map(|key| (*key, ())).collect(), style)
            .into_iter()
            .map(|(key, ())| key)
            .collect()
    }

    #[test]
    fn numbers_within_keys_count_as_numbers() {
        assert_eq!(
            sorted(
                &["b", "a10", "a9", "a", "C", "1", "-", "a9b", "é"],
                WriteStyle::Kubernetes
            ),
            ["-", "1", "C", "a", "a9", "a9b", "a10", "b", "é"]
        );
        assert_eq!(sorted(&["a1b", "a1-"], WriteStyle::Kubernetes), ["a1-", "a1b"]);
        assert_eq!(sorted(&["a1-", "a1b"], WriteStyle::GoYaml3), ["a1b", "a1-"]);
    }

    #[test]
    fn contradictory_keys_do_no_harm() {
        let keys = [
            "1__0a", "=x", "08", "0x1F", "12e03", "1", "10", "100", "0", "00", "a0", "a00",
        ];
        assert_eq!(sorted(&keys, WriteStyle::Kubernetes).len(), keys.len());
    }
}
