//! The little of DER (ITU-T X.690) that keys and certificates need: writing values, and walking over them.

/// Tags of universal types.
pub(super) mod tag {
    pub(in super::super) const BOOLEAN: u8 = 0x01;
    pub(in super::super) const INTEGER: u8 = 0x02;
    pub(in super::super) const BIT_STRING: u8 = 0x03;
    pub(in super::super) const OCTET_STRING: u8 = 0x04;
    pub(in super::super) const NULL: u8 = 0x05;
    pub(in super::super) const OBJECT_IDENTIFIER: u8 = 0x06;
    pub(in super::super) const UTF8_STRING: u8 = 0x0c;
    pub(in super::super) const PRINTABLE_STRING: u8 = 0x13;
    pub(in super::super) const UTC_TIME: u8 = 0x17;
    pub(in super::super) const GENERALIZED_TIME: u8 = 0x18;
    pub(in super::super) const SEQUENCE: u8 = 0x30;
    pub(in super::super) const SET: u8 = 0x31;
    /// Number 0 of a context, constructed; others follow.
    pub(in super::super) const CONTEXT: u8 = 0xa0;
}

/// A value of a tag.
pub(super) fn value(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut encoded = vec![tag];
    match content.len() {
        short @ 0..0x80 => encoded.push(short as u8),
        long => {
            let length = long.to_be_bytes();
            let skipped = length.iter().take_while(|byte| **byte == 0).count();
            encoded.push(0x80 | (length.len() - skipped) as u8);
            encoded.extend_from_slice(&length[skipped..]);
        }
    }
    encoded.extend_from_slice(content);
    encoded
}

/// A constructed value.
pub(super) fn sequence(parts: &[Vec<u8>]) -> Vec<u8> {
    value(tag::SEQUENCE, &parts.concat())
}

/// A non-negative integer from its big-endian bytes.
pub(super) fn integer(bytes: &[u8]) -> Vec<u8> {
    let skipped = bytes.iter().take_while(|byte| **byte == 0).count();
    let digits = &bytes[skipped..];
    // A leading bit would read as a sign.
    let padded = match digits.first() {
        Some(first) if *first < 0x80 => digits.to_vec(),
        _ => [&[0], digits].concat(),
    };
    value(tag::INTEGER, &padded)
}

/// Bytes as a bit string.
pub(super) fn bit_string(bytes: &[u8]) -> Vec<u8> {
    value(tag::BIT_STRING, &[&[0], bytes].concat())
}

/// An object identifier.
pub(super) fn object_identifier(arcs: &[u64]) -> Vec<u8> {
    let mut content = Vec::new();
    let head = arcs[0] * 40 + arcs[1];
    for arc in std::iter::once(head).chain(arcs[2..].iter().copied()) {
        let mut groups = vec![(arc & 0x7f) as u8];
        let mut rest = arc >> 7;
        while rest > 0 {
            groups.push((rest & 0x7f) as u8 | 0x80);
            rest >>= 7;
        }
        content.extend(groups.into_iter().rev());
    }
    value(tag::OBJECT_IDENTIFIER, &content)
}

/// One value of an encoding.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'d> {
    pub(super) tag: u8,
    pub(super) content: &'d [u8],
    /// With tag and length.
    pub(super) whole: &'d [u8],
}

/// The first value of an encoding, and the rest; none if it is malformed.
pub(super) fn first(encoded: &[u8]) -> Option<(Element<'_>, &[u8])> {
    let tag = *encoded.first()?;
    let head = usize::from(*encoded.get(1)?);
    let (start, length) = if head < 0x80 {
        (2, head)
    } else {
        let count = head & 0x7f;
        if count == 0 || count > 4 {
            return None;
        }
        let digits = encoded.get(2..2 + count)?;
        (
            2 + count,
            digits.iter().fold(0, |length, digit| length << 8 | usize::from(*digit)),
        )
    };
    let content = encoded.get(start..start.checked_add(length)?)?;
    let (whole, rest) = encoded.split_at(start + length);
    Some((Element { tag, content, whole }, rest))
}

/// The values inside of a constructed one; none if it is malformed.
pub(super) fn elements(mut content: &[u8]) -> Option<Vec<Element<'_>>> {
    let mut elements = Vec::new();
    while !content.is_empty() {
        let (element, rest) = first(content)?;
        elements.push(element);
        content = rest;
    }
    Some(elements)
}
