//! The short ways, from a text and to a text, end where the long ones do.

use proptest::prelude::*;

use super::{Keys, Node, Nodes};
use crate::yaml::{
    self, Dialect, Limits, WriteStyle,
    node::{compose, parse_plain},
    quick::tests::{common, line},
};

fn read_the_long_way(text: &str) -> Option<Node> {
    let limits = Limits::default();
    let tree = compose(text, Dialect::GoYaml3, &limits).ok()??;
    Node::from_yaml(tree.expand(&limits).ok()?, &mut Keys::default()).ok()
}

/// Whether both short ways were taken.
fn compare(text: &str) -> bool {
    let long = read_the_long_way(text);
    let mut keys = Keys::default();
    let short = parse_plain(text, &Limits::default(), &mut Nodes::new(&mut keys)).unwrap();
    if short.is_some() {
        assert_eq!(short, long, "{text:?}");
    }
    let Some(node) = long else { return false };
    let mut written = "before\n".to_owned();
    let is_written = yaml::append(&node, WriteStyle::Kubernetes, &mut written);
    if is_written {
        let value = node.to_value().unwrap_or_else(|error| panic!("{text:?}: {error}"));
        assert_eq!(written[7..], yaml::write(&value).unwrap(), "{text:?}");
    } else {
        assert_eq!(written, "before\n");
    }
    short.is_some() && is_written
}

#[test]
fn common_documents_take_the_short_ways() {
    for text in [
        "a: 1\nb:\n  c: [x, \"y\", {z: 1}]\n  d: {}\ne: []\n",
        "z: 0\ny: -1\nx: 1.50\nw: ~\nv: yes\nu: 'no'\nt: 2001-01-01\ns: 0x1F\nr: 99999999999999999999\n",
        "a: |\n  one\n\n   two\n  three \nb: >-\n  one\n  two\nc: \"tab\\t\"\nd: é\n",
        "list:\n- a: b\n  c:\n- - x\n  - ' y'\na10: 1\na9: 2\n",
    ] {
        assert!(compare(text), "{text:?} goes a long way");
    }
}

#[test]
fn what_may_be_an_error_goes_the_long_ways() {
    for text in [
        "a: 1\na: 2\n",
        "a:\n  1: x\n",
        "a: .inf\n",
        "a: \"\\x7f\"\n",
        "a: &x 1\nb: *x\n",
        "<<: {a: b}\n",
    ] {
        assert!(!compare(text), "{text:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3000))]

    #[test]
    fn all_ways_agree(lines in prop::collection::vec(prop_oneof![1 => line(), 3 => common()], 1..9)) {
        compare(&(lines.join("\n") + "\n"));
    }

    #[test]
    fn all_ways_agree_on_plain_documents(lines in prop::collection::vec(common(), 1..12)) {
        compare(&(lines.join("\n") + "\n"));
    }

    #[test]
    fn texts_are_written_alike(text in "[ a-c#:,'\"\n\t\r\u{7f}\u{85}\u{2028}é]{0,12}") {
        let node = Node::string(text);
        let mut written = String::new();
        if yaml::append(&node, WriteStyle::Kubernetes, &mut written) {
            prop_assert_eq!(written, yaml::write(&node.to_value().unwrap()).unwrap());
        }
    }
}
