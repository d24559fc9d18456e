//! Splitting a text into documents as Helm does: by text, not by YAML (Helm v4.2.3 `SplitManifests`).

/// The documents of a text. A separator is `---` at the beginning of the text or of a line, with all white space before that line
/// and after it; what stands behind it in its line belongs to the next document. Documents without any text are left out.
pub fn split(text: &str) -> Vec<&str> {
    let text = text.trim_start();
    let mut documents = Vec::new();
    let mut rest = text;
    let mut at_start = true;
    loop {
        let found = if at_start && rest.starts_with("---") {
            Some((0, 3))
        } else {
            separator(rest)
        };
        at_start = false;
        let Some((end, next)) = found else {
            push(&mut documents, rest);
            return documents;
        };
        push(&mut documents, &rest[..end]);
        rest = rest[next..].trim_start_matches(is_space);
    }
}

/// Go's `\s`.
fn is_space(character: char) -> bool {
    matches!(character, '\t' | '\n' | '\x0c' | '\r' | ' ')
}

/// Where the white space before the first separator begins, and where the separator ends.
fn separator(text: &str) -> Option<(usize, usize)> {
    let newline = text.find("\n---")?;
    let end = text[..newline].trim_end_matches(is_space).len();
    Some((end, newline + 4))
}

fn push<'a>(documents: &mut Vec<&'a str>, document: &'a str) {
    if !document.trim().is_empty() {
        documents.push(document);
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn separators() {
        assert_eq!(
            split("\n---\na: 1\n \n---  \n# c\n---b: 2\n\n"),
            ["a: 1", "# c", "b: 2\n\n"]
        );
        // A separator is used up with the white space after it, so one right behind it is text.
        assert_eq!(split("a: 1\n---\n---\nb: 2"), ["a: 1", "---\nb: 2"]);
        assert_eq!(split("a: |\n  ---\nb: 1"), ["a: |\n  ---\nb: 1"]);
        assert_eq!(split("---\n"), Vec::<&str>::new());
    }
}
