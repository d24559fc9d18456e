//! Splitting a text into documents as Kubernetes' YAML reader does (`k8s.io/apimachinery/pkg/util/yaml.YAMLReader` and
//! `splitYAMLDocument`): by lines, without knowing YAML, so a `---` line inside of a literal splits too.

use super::YamlError;

/// One document of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Document<'a> {
    /// Its text, without the separator line.
    pub text: &'a str,
    /// The line of the whole text, from 1, on which it begins.
    pub line: usize,
}

/// [`documents`], with Kubernetes' complaint about lines that begin with `---` and are no separators (`---- `, `--- x`).
///
/// # Errors
/// [`YamlError::InvalidSeparator`].
pub fn split_documents(text: &str) -> Result<Vec<Document<'_>>, YamlError> {
    for (index, line) in strip_byte_order_mark(text).lines().enumerate() {
        if let Some(rest) = line.strip_prefix("---")
            && !is_separator(line)
        {
            return Err(YamlError::InvalidSeparator {
                text: rest.trim().to_owned(),
                line: index + 1,
            });
        }
    }
    Ok(documents(text))
}

/// Splits at every line that begins with `---` and has nothing but blanks or a comment after it.
///
/// Documents without any text but blanks are left out; such as consist of comments are not.
pub fn documents(text: &str) -> Vec<Document<'_>> {
    let text = strip_byte_order_mark(text);
    let mut found = Vec::new();
    let (mut begin, mut begin_line) = (0, 1);
    let mut offset = 0;
    let mut push = |text: &'_ str, line: usize, range: std::ops::Range<usize>| {
        if !text.trim().is_empty() {
            found.push((range, line));
        }
    };
    let mut next_line = 1;
    for line in text.split_inclusive('\n') {
        next_line += 1;
        let end = offset + line.len();
        if is_separator(line) {
            push(&text[begin..offset], begin_line, begin..offset);
            (begin, begin_line) = (end, next_line);
        }
        offset = end;
    }
    push(&text[begin..], begin_line, begin..text.len());
    found
        .into_iter()
        .map(|(range, line)| Document {
            text: &text[range],
            line,
        })
        .collect()
}

fn is_separator(line: &str) -> bool {
    line.strip_prefix("---").is_some_and(|rest| {
        let rest = rest.trim();
        rest.is_empty() || rest.starts_with('#')
    })
}

/// Without the byte order mark that some editors put before a text.
pub fn strip_byte_order_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn other_lines_of_dashes_are_errors() {
        let error = split_documents("a: 1\n--- x\n").expect_err("no separator");
        assert_eq!(error.to_string(), "invalid Yaml document separator: x");
        assert_eq!(error.line(), Some(2));
        assert_eq!(
            split_documents("a: 1\n---\t# x\r\nb: 1\n").map(|found| found.len()),
            Ok(2)
        );
    }

    #[test]
    fn splits_at_separator_lines() {
        let text = "---\na: 1\n--- # x\nb: 2\n---\n\n---\n# only a comment\n----\nc: |\n  ---\n";
        let found: Vec<_> = documents(text)
            .into_iter()
            .map(|document| (document.line, document.text))
            .collect();
        assert_eq!(
            found,
            [
                (2, "a: 1\n"),
                (4, "b: 2\n"),
                (8, "# only a comment\n----\nc: |\n  ---\n")
            ]
        );
    }
}
