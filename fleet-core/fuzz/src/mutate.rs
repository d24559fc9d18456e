//! Inputs made from seeds: pieces are cut, doubled, moved, spliced with other seeds, and filled with a target's words.
//! The same seed of the generator gives the same inputs.

/// Longest input that is made.
const MAX_LENGTH: usize = 4096;

/// A xorshift generator: quality does not matter here, repeatability does.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A generator that starts from a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`, which is not zero.
    pub fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 11).unwrap_or_default() % bound
    }

    /// One of several; nothing of none.
    pub fn pick<'a, T>(&mut self, items: &'a [T]) -> Option<&'a T> {
        (!items.is_empty())
            .then(|| self.below(items.len()))
            .and_then(|index| items.get(index))
    }
}

/// A new input from the seeds and words of a target.
pub fn input(random: &mut Random, seeds: &[Vec<u8>], words: &[&str]) -> Vec<u8> {
    let mut bytes = random.pick(seeds).cloned().unwrap_or_default();
    for _ in 0..=random.below(8) {
        change(random, &mut bytes, seeds, words);
    }
    bytes.truncate(MAX_LENGTH.max(seeds.iter().map(Vec::len).max().unwrap_or_default()));
    bytes
}

fn change(random: &mut Random, bytes: &mut Vec<u8>, seeds: &[Vec<u8>], words: &[&str]) {
    let position = random.below(bytes.len() + 1);
    let length = random.below(32).min(bytes.len() - position);
    let piece = position..position + length;
    match random.below(8) {
        0 => drop(bytes.drain(piece)),
        1 => {
            let copy = bytes[piece].to_vec();
            let times = 1 + random.below(4) * random.below(64);
            bytes.splice(position..position, copy.repeat(times));
        }
        2 => {
            let moved: Vec<u8> = bytes.drain(piece).collect();
            let to = random.below(bytes.len() + 1);
            bytes.splice(to..to, moved);
        }
        3 => {
            if let Some(byte) = bytes.get_mut(position) {
                *byte ^= 1 << random.below(8);
            }
        }
        4 => {
            let byte = u8::try_from(random.below(256)).unwrap_or_default();
            bytes.insert(position, byte);
        }
        5 => {
            let other = random.pick(seeds).cloned().unwrap_or_default();
            let from = random.below(other.len() + 1);
            let to = from + random.below(256).min(other.len() - from);
            bytes.splice(piece, other[from..to].iter().copied());
        }
        _ => {
            let word = random.pick(words).copied().unwrap_or_default();
            let end = if random.below(3) == 0 {
                position + length
            } else {
                position
            };
            bytes.splice(position..end, word.bytes());
        }
    }
}
