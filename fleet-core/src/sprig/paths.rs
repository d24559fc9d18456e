//! Slash-separated paths: Go's `path`, and its `path/filepath` on Unix, which is the same.

use crate::template::{Functions, Value};

use super::arguments::{TEXT, text};

type Part = fn(&str) -> String;

pub(super) fn register(functions: &mut Functions) {
    let parts: [(&str, &str, Part); 4] = [
        ("base", "osBase", base),
        ("dir", "osDir", |path| {
            clean(&path[..path.rfind('/').map_or(0, |slash| slash + 1)])
        }),
        ("clean", "osClean", clean),
        ("ext", "osExt", |path| {
            let name = &path[path.rfind('/').map_or(0, |slash| slash + 1)..];
            name.rfind('.').map_or_else(String::new, |dot| name[dot..].to_owned())
        }),
    ];
    for (name, os_name, part) in parts {
        for name in [name, os_name] {
            functions.register(name, TEXT, move |_, arguments| {
                Ok(Value::text(part(&text(arguments, 0))))
            });
        }
    }
    for name in ["isAbs", "osIsAbs"] {
        functions.register(name, TEXT, |_, arguments| {
            Ok(Value::Bool(text(arguments, 0).starts_with('/')))
        });
    }
}

fn base(path: &str) -> String {
    if path.is_empty() {
        return ".".to_owned();
    }
    let trimmed = path.trim_end_matches('/');
    let name = trimmed.rsplit('/').next().unwrap_or_default();
    if name.is_empty() {
        "/".to_owned()
    } else {
        name.to_owned()
    }
}

/// The shortest path that means the same, by its text alone.
fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => {
                parts.pop();
            }
            ".." if rooted => {}
            part => parts.push(part),
        }
    }
    let joined = parts.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".to_owned(),
        (false, false) => joined,
    }
}
