//! Slash-separated paths as Go's `path/filepath` handles them on Unix: purely lexical, no file is looked at.
//!
//! Bundle names and resource names are made by these rules, so `.` and `..` must disappear exactly as they do there.

/// The shortest equal path, as Go's `filepath.Clean`: no empty, `.` or inner `..` element; `.` for the empty path.
/// Leading `..` elements stay; those directly below the root `/` vanish.
///
/// ```
/// use fleet_core::tree::path::clean;
/// assert_eq!(clean("a//b/./c/.."), "a/b");
/// assert_eq!(clean("../../a"), "../../a");
/// assert_eq!(clean(""), ".");
/// ```
pub fn clean(path: &str) -> String {
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
    match (rooted, parts.is_empty()) {
        (true, _) => format!("/{}", parts.join("/")),
        (false, true) => ".".to_owned(),
        (false, false) => parts.join("/"),
    }
}

/// The parts joined by `/` and cleaned, empty parts left out, as Go's `filepath.Join`; empty when all are empty.
pub fn join<'a>(parts: impl IntoIterator<Item = &'a str>) -> String {
    let mut joined = String::new();
    for part in parts {
        if !part.is_empty() {
            if !joined.is_empty() {
                joined.push('/');
            }
            joined.push_str(part);
        }
    }
    if joined.is_empty() { joined } else { clean(&joined) }
}

/// The last element, as Go's `filepath.Base`: `.` for the empty path, `/` for the root.
pub fn base(path: &str) -> &str {
    if path.is_empty() {
        return ".";
    }
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() {
        return "/";
    }
    trimmed.rsplit('/').next().unwrap_or(trimmed)
}

/// All but the last element, cleaned, as Go's `filepath.Dir`.
pub fn parent(path: &str) -> String {
    match path.rfind('/') {
        Some(at) => clean(&path[..=at]),
        None => ".".to_owned(),
    }
}

/// The suffix from the last `.` of the last element, as Go's `filepath.Ext`; empty when it has none.
pub fn extension(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rfind('.').map_or("", |at| &name[at..])
}

/// The part of `path` below `folder` (`""` is the root), or `None` when it lies elsewhere. Both must be clean.
pub fn relative<'a>(folder: &str, path: &'a str) -> Option<&'a str> {
    if folder.is_empty() {
        return Some(path);
    }
    path.strip_prefix(folder)?.strip_prefix('/')
}

/// The path of a tree for `path`: cleaned, `""` for the root. `None` when it leaves the root or is absolute.
pub fn inside(path: &str) -> Option<String> {
    let cleaned = clean(path);
    match cleaned.as_str() {
        "." => Some(String::new()),
        ".." => None,
        other if other.starts_with("../") || other.starts_with('/') => None,
        _ => Some(cleaned),
    }
}

/// The path of a tree for an entry of an archive: absolute names and `..` are folded into the root, so that nothing leaves it; `""`
/// for the root (Fleet).
pub fn folded(path: &str) -> String {
    clean(&format!("/{path}"))[1..].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cleans_as_go() {
        for (path, expected) in [
            ("", "."),
            ("abc", "abc"),
            ("abc/def", "abc/def"),
            (".", "."),
            ("..", ".."),
            ("../..", "../.."),
            ("../../abc", "../../abc"),
            ("/abc", "/abc"),
            ("/", "/"),
            ("abc/", "abc"),
            ("abc//def//ghi", "abc/def/ghi"),
            ("abc/./def", "abc/def"),
            ("/./abc/def", "/abc/def"),
            ("abc/def/ghi/../jkl", "abc/def/jkl"),
            ("abc/def/..", "abc"),
            ("abc/def/../..", "."),
            ("/abc/def/../..", "/"),
            ("abc/def/../../..", ".."),
            ("/abc/def/../../..", "/"),
            ("abc/def/../../../ghi/jkl/../../../mno", "../../mno"),
            ("/../abc", "/abc"),
        ] {
            assert_eq!(clean(path), expected, "{path}");
        }
    }

    #[test]
    fn joins_and_splits_as_go() {
        assert_eq!(join(["repo", "./a", "", "../b"]), "repo/b");
        assert_eq!(join(["repo", ".."]), ".");
        assert_eq!(join(["", ""]), "");
        assert_eq!(base("a/b/"), "b");
        assert_eq!(base("//"), "/");
        assert_eq!(parent("a/b/c"), "a/b");
        assert_eq!(parent("a"), ".");
        assert_eq!(extension("a.b/c.tar.gz"), ".gz");
        assert_eq!(extension("a.b/c"), "");
        assert_eq!(inside("a/../../b"), None);
        assert_eq!(inside("./a/.."), Some(String::new()));
    }
}
