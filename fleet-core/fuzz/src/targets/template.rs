//! A text as a template of a chart, with all functions, `tpl`, `include` and values to work on: rendered or refused, within limits.

use std::sync::Arc;

use fleet_core::helm::{Chart, ReleaseInfo, RenderOptions, render, values};
use fleet_core::template::Limits;

use crate::Target;

/// The target.
pub const TARGET: Target = Target {
    name: "template",
    run,
    words: &[
        "{{",
        "}}",
        "{{- ",
        " -}}",
        "{{/*",
        "*/}}",
        "if ",
        "else ",
        "else if ",
        "end",
        "range ",
        "with ",
        "define \"x\"",
        "template \"x\" .",
        "block \"x\" .",
        "break",
        "continue",
        "include \"h\" .",
        "tpl ",
        ".Values.",
        ".Values.text",
        ".Values.number",
        ".Values.list",
        ".Values.map",
        ".Values.template",
        ".Files.Get \"f\"",
        ".Capabilities.APIVersions.Has \"v1\"",
        ".Release.Name",
        "$x := ",
        "$x = ",
        "$",
        " | ",
        "printf \"%v\" ",
        "toYaml ",
        "fromYaml ",
        "toJson ",
        "fromJson ",
        "toToml ",
        "nindent 2 ",
        "indent ",
        "default ",
        "required \"r\" ",
        "fail ",
        "lookup \"v1\" \"Pod\" \"\" \"\" ",
        "dict ",
        "list ",
        "set ",
        "merge ",
        "mergeOverwrite ",
        "deepCopy ",
        "index ",
        "slice ",
        "len ",
        "eq ",
        "and ",
        "or ",
        "not ",
        "semverCompare \">1\" ",
        "regexReplaceAll \"a\" ",
        "splitList \",\" ",
        "join \",\" ",
        "ternary 1 2 ",
        "until ",
        "repeat ",
        "quote ",
        "trunc ",
        "date \"2006\" ",
        "toDate ",
        "now",
        "urlParse ",
        "sha256sum ",
        "b64enc ",
        "dig \"a\" ",
        "get ",
        "keys ",
        "(",
        ")",
        "\"",
        "`",
        "nil",
        "true",
        "1.5",
        "-1",
    ],
};

/// What takes long to make is tested by itself: keys, certificates and password hashes.
const SLOW: &[&str] = &["gen", "bcrypt", "htpasswd", "derivePassword", "encryptAES"];

const VALUES: &str = "text: some text\nnumber: 3.5\nlist: [1, null, x, {a: b}]\nmap: {a: {b: true}, c: [d]}\n\
    template: '{{ .Values.text }}{{ include \"h\" . }}'\nempty: ''\n";

/// Renders the text; the same render twice gives the same.
pub fn run(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    if SLOW.iter().any(|name| text.contains(name)) {
        return;
    }
    let files = [
        ("Chart.yaml", "apiVersion: v2\nname: t\nversion: 0.1.0\n"),
        ("values.yaml", VALUES),
        ("f", "a file\n"),
        ("templates/_h.tpl", "{{ define \"h\" }}[{{ .Release.Name }}]{{ end }}"),
        ("templates/t.yaml", &text),
    ];
    let files = files.map(|(path, text)| (path.to_owned(), Arc::from(text.as_bytes())));
    let chart = Chart::from_files(files).expect("because only a template varies");
    let mut limits = Limits::default();
    limits.steps = 200_000;
    limits.bytes = 32 << 20;
    let options = RenderOptions::new(ReleaseInfo::install("rel", "ns")).with_limits(limits);
    let once = || {
        let rendered = render(&chart, &values::Values::new(), &options);
        rendered
            .map(|rendered| rendered.files)
            .map_err(|error| error.to_string())
    };
    assert_eq!(once(), once(), "a render depends on its input alone");
}
