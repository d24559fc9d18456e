//! Texts by number: each is kept once, in one piece of memory.

use hashbrown::HashTable;
use std::hash::{BuildHasher, RandomState};

/// A number that stands for a text.
pub(super) type Symbol = u32;

/// Texts, each of which has a number. Texts are never forgotten: an estate uses few that it did not use before.
#[derive(Clone, Debug, Default)]
pub(super) struct Texts {
    bytes: String,
    /// Where each text ends; it begins where the one before it ends.
    ends: Vec<u32>,
    table: HashTable<Symbol>,
    hasher: RandomState,
}

impl Texts {
    /// The number of a text, which it gets if it has none.
    pub(super) fn intern(&mut self, text: &str) -> Symbol {
        let hash = self.hasher.hash_one(text);
        if let Some(symbol) = self
            .table
            .find(hash, |symbol| slice(&self.bytes, &self.ends, *symbol) == text)
        {
            return *symbol;
        }
        let symbol = u32::try_from(self.ends.len()).expect("because 4 GiB of texts hold fewer than 2^32");
        self.bytes.push_str(text);
        self.ends
            .push(u32::try_from(self.bytes.len()).expect("because the texts of an estate are below 4 GiB"));
        let (bytes, ends, hasher) = (&self.bytes, &self.ends, &self.hasher);
        self.table
            .insert_unique(hash, symbol, |symbol| hasher.hash_one(slice(bytes, ends, *symbol)));
        symbol
    }

    /// The number of a text, if it has one.
    pub(super) fn find(&self, text: &str) -> Option<Symbol> {
        let hash = self.hasher.hash_one(text);
        self.table
            .find(hash, |symbol| slice(&self.bytes, &self.ends, *symbol) == text)
            .copied()
    }

    /// The text of a number.
    pub(super) fn text(&self, symbol: Symbol) -> &str {
        slice(&self.bytes, &self.ends, symbol)
    }
}

fn slice<'a>(bytes: &'a str, ends: &[u32], symbol: Symbol) -> &'a str {
    let index = symbol as usize;
    let start = if index == 0 { 0 } else { ends[index - 1] as usize };
    &bytes[start..ends[index] as usize]
}
