//! PEM (RFC 7468), as Go writes and finds it.

use crate::sprig::encoding::{base64, from_base64};

/// A block of a label.
pub(super) fn encode(label: &str, content: &[u8]) -> String {
    let mut text = format!("-----BEGIN {label}-----\n");
    let encoded = base64(content);
    for line in encoded.as_bytes().chunks(64) {
        text.extend(line.iter().copied().map(char::from));
        text.push('\n');
    }
    text.push_str(&format!("-----END {label}-----\n"));
    text
}

/// The label and the content of the first block; none if there is no whole one.
pub(super) fn decode(text: &str) -> Option<(String, Vec<u8>)> {
    let mut rest = text;
    loop {
        let start = rest.find("-----BEGIN ")?;
        if start > 0 && !rest[..start].ends_with('\n') {
            rest = &rest[start + 11..];
            continue;
        }
        let body = &rest[start + 11..];
        let label_end = body.find("-----")?;
        let label = &body[..label_end];
        let body = &body[label_end + 5..];
        let Some(end) = body.find(&format!("-----END {label}-----")) else {
            rest = body;
            continue;
        };
        // Headers, which have a colon, come before an empty line.
        let content = &body[..end];
        let content = match content.split_once("\n\n") {
            Some((headers, content)) if headers.contains(": ") => content,
            _ => content,
        };
        let digits: String = content
            .chars()
            .filter(|character| !character.is_ascii_whitespace())
            .collect();
        if let Ok(decoded) = from_base64(digits.as_bytes()) {
            return Some((label.to_owned(), decoded.as_bytes().to_vec()));
        }
        rest = &body[end..];
    }
}
