//! Charts, values and archives that are made to exhaust memory or time, or to reach out of their folder: a clear error each.

use std::io::Write;
use std::sync::Arc;

use flate2::{Compression, write::GzEncoder};
use fleet_core::helm::{Chart, ReleaseInfo, RenderOptions, render, values};
use fleet_core::template::Limits;
use fleet_core::tree::archive::ArchiveLimits;

const CHART: &str = "apiVersion: v2\nname: t\nversion: 0.1.0\n";

/// An alias in ten aliases, nine levels deep: a billion texts.
fn alias_bomb() -> String {
    let mut text = "l0: &l0 [lol, lol, lol, lol, lol, lol, lol, lol, lol, lol]\n".to_owned();
    for level in 1..9 {
        let below = vec![format!("*l{}", level - 1); 10].join(", ");
        text.push_str(&format!("l{level}: &l{level} [{below}]\n"));
    }
    text
}

fn chart(files: &[(&str, &str)]) -> Result<Chart, String> {
    let files = [("Chart.yaml", CHART)].iter().chain(files);
    let files = files.map(|(path, text)| ((*path).to_owned(), Arc::from(text.as_bytes())));
    Chart::from_files(files).map_err(|error| error.to_string())
}

/// The error of a render with a template.
fn failure(template: &str, limits: Limits) -> String {
    let chart = chart(&[("templates/t.yaml", template)]).expect("the chart can be loaded");
    let options = RenderOptions::new(ReleaseInfo::install("rel", "ns")).with_limits(limits);
    match render(&chart, &values::Values::new(), &options) {
        Ok(rendered) => panic!("rendered {:?}", rendered.files.values().map(String::len)),
        Err(error) => error.to_string(),
    }
}

#[test]
fn alias_bombs() {
    let bomb = alias_bomb();
    let error = chart(&[("values.yaml", &bomb)]).expect_err("values.yaml is a bomb");
    assert!(
        error.contains("values.yaml") && error.contains("excessive aliasing"),
        "{error}"
    );
    let error = chart(&[("Chart.yaml", &bomb)]).expect_err("Chart.yaml is a bomb");
    assert!(error.contains("excessive aliasing"), "{error}");
    let error = values::read(&bomb)
        .expect_err("the user's values are a bomb")
        .to_string();
    assert!(error.contains("excessive aliasing"), "{error}");
    let template = format!("{{{{ fromYaml `{bomb}` | toYaml }}}}");
    let chart = chart(&[("templates/t.yaml", &template)]).expect("the chart can be loaded");
    let options = RenderOptions::new(ReleaseInfo::install("rel", "ns"));
    let rendered = render(&chart, &values::Values::new(), &options).expect("fromYaml gives its error as a value");
    assert!(rendered.files["t/templates/t.yaml"].contains("excessive aliasing"));
}

#[test]
fn loops_of_templates() {
    for (template, wanted) in [
        (
            "{{ define \"x\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}",
            "rendering template has a nested reference name: x",
        ),
        (
            "{{ define \"x\" }}{{ include \"y\" . }}{{ end }}{{ define \"y\" }}{{ include \"x\" . }}{{ end }}{{ include \"x\" . }}",
            "rendering template has a nested reference name",
        ),
        (
            "{{ define \"x\" }}{{ template \"x\" . }}{{ end }}{{ template \"x\" . }}",
            "exceeded maximum template depth",
        ),
    ] {
        let error = failure(template, Limits::default());
        assert!(error.contains(wanted), "{error}");
    }
    // A template that runs its own text: Go has no bound but the stack.
    let error = failure(
        "{{ $x := dict }}{{ $_ := set $x \"t\" \"{{ tpl .t . }}\" }}{{ tpl $x.t $x }}",
        Limits::default(),
    );
    assert!(
        error.contains("more than the limit") || error.contains("exceeded"),
        "{error}"
    );
}

#[test]
fn endless_ranges() {
    // The default is fifty times as much, and takes as much longer.
    let mut limits = Limits::default();
    limits.steps = 1_000_000;
    for template in [
        "{{ range 1000000000 }}{{ end }}",
        "{{ range until 100000 }}{{ range until 100000 }}{{ range until 100000 }}{{ end }}{{ end }}{{ end }}",
        "{{ range untilStep 0 1000000000 1 }}{{ end }}",
    ] {
        let error = failure(template, limits);
        assert!(
            error.contains("templates/t.yaml:1:") && error.contains("more than the limit of"),
            "{error}"
        );
    }
}

#[test]
fn outputs_of_a_hundred_megabytes() {
    for template in [
        "{{ range until 1000 }}{{ repeat 100000 \"x\" }}{{ end }}",
        "{{ repeat 100000000 \"x\" }}",
        "{{ $x := repeat 1000000 \"x\" }}{{ range until 100 }}{{ $x }}{{ end }}",
        "{{ define \"x\" }}{{ repeat 1000000 \"x\" }}{{ end }}{{ range until 100 }}{{ include \"x\" . }}{{ end }}",
    ] {
        let error = failure(template, Limits::default());
        assert!(
            error.contains("t/templates/t.yaml") && error.contains("more than the limit of"),
            "{error}"
        );
    }
    // A hundred files of a megabyte each.
    let names: Vec<String> = (0..100).map(|number| format!("templates/t{number}.yaml")).collect();
    let files: Vec<(&str, &str)> = names
        .iter()
        .map(|name| (name.as_str(), "{{ repeat 1000000 \"x\" }}"))
        .collect();
    let options = RenderOptions::new(ReleaseInfo::install("rel", "ns"));
    let chart = chart(&files).expect("the chart can be loaded");
    let error = render(&chart, &values::Values::new(), &options).expect_err("it is too much");
    assert!(
        error.to_string().ends_with("more than the limit of 67108864 bytes"),
        "{error}"
    );
}

/// What an entry of an archive is.
enum Entry<'a> {
    File(&'a str),
    Zeros(u64),
    SymbolicLink(&'a str),
    HardLink(&'a str),
}

/// A chart archive with one more entry, whose path is written as it is.
fn archive(path: &str, entry: &Entry<'_>) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut add = |path: &str, entry: &Entry<'_>| {
        let mut header = tar::Header::new_gnu();
        let name = &mut header.as_old_mut().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        let (size, kind, target) = match entry {
            Entry::File(text) => (text.len() as u64, tar::EntryType::Regular, None),
            Entry::Zeros(size) => (*size, tar::EntryType::Regular, None),
            Entry::SymbolicLink(target) => (0, tar::EntryType::Symlink, Some(target)),
            Entry::HardLink(target) => (0, tar::EntryType::Link, Some(target)),
        };
        header.set_size(size);
        header.set_entry_type(kind);
        if let Some(target) = target {
            header.set_link_name(target).expect("the target is short");
        }
        header.set_cksum();
        let text = if let Entry::File(text) = entry { text } else { "" };
        let zeros = std::io::Read::take(std::io::repeat(0), size - text.len() as u64);
        let content = std::io::Read::chain(text.as_bytes(), zeros);
        archive.append(&header, content).expect("a vector takes everything");
    };
    add("t/Chart.yaml", &Entry::File(CHART));
    add(path, entry);
    let mut encoder = archive.into_inner().expect("a vector takes everything");
    encoder.flush().expect("a vector takes everything");
    encoder.finish().expect("a vector takes everything")
}

fn loaded(archive: &[u8]) -> Result<Chart, String> {
    Chart::from_archive(archive, &ArchiveLimits::default()).map_err(|error| error.to_string())
}

#[test]
fn archives_that_unpack_to_too_much() {
    let packed = archive("t/zeros", &Entry::Zeros(60 << 20));
    assert!(packed.len() < 1 << 20);
    let error = loaded(&packed).expect_err("the file is too large");
    assert_eq!(
        error,
        "decompressed chart file \"t/zeros\" is larger than the maximum file size 5242880"
    );
    let mut limits = ArchiveLimits::default();
    limits.total_bytes = 10_000;
    let error = Chart::from_archive(&archive("t/zeros", &Entry::Zeros(20_000)), &limits).expect_err("all is too large");
    assert_eq!(
        error.to_string(),
        "decompressed chart is larger than the maximum size 10000"
    );
    limits.entries = 1;
    let error = Chart::from_archive(&archive("t/a", &Entry::File("a")), &limits).expect_err("there are too many");
    assert_eq!(error.to_string(), "archive has more than 1 entries");
}

#[test]
fn archives_with_paths_that_leave_the_chart() {
    for (path, want) in [
        ("t/../../x", "chart illegally references parent directory"),
        ("t/../x", "chart illegally references parent directory"),
        ("t//etc/passwd", "chart illegally contains absolute paths"),
        ("t\\..\\..\\x", "chart illegally references parent directory"),
        ("t/C:/x", "chart contains illegally named files"),
        ("t", "chart illegally contains content outside the base directory"),
    ] {
        let error = loaded(&archive(path, &Entry::File("x"))).expect_err(path);
        assert!(error.contains(want), "{path}: {error}");
    }
}

#[test]
fn archives_with_links() {
    for entry in [
        Entry::SymbolicLink("../../../etc/passwd"),
        Entry::SymbolicLink("Chart.yaml"),
        Entry::HardLink("/etc/passwd"),
    ] {
        let error = loaded(&archive("t/link", &entry)).expect_err("links are refused");
        assert_eq!(error, "chart archive contains a link: \"t/link\"");
    }
}

#[test]
fn archives_that_are_broken() {
    let whole = archive("t/a", &Entry::File("some text"));
    for packed in [&whole[..whole.len() / 2], b"no archive", &[0x1f, 0x8b, 8, 0], &[]] {
        let error = loaded(packed).expect_err("it is broken");
        assert!(error.contains("archive"), "{error}");
    }
}
