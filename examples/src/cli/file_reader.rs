//! Reading many files into shared memory.
#![allow(unreachable_pub)] // A benchmark has this file as a module of its own.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;
use std::sync::Arc;

/// Files up to this size go through a buffer that is used again.
const BUFFER: usize = 128 << 10;

/// Reads files one after the other; a large one is not copied.
#[derive(Debug)]
pub struct FileReader {
    buffer: Vec<u8>,
}

impl Default for FileReader {
    fn default() -> Self {
        Self {
            buffer: vec![0; BUFFER],
        }
    }
}

impl FileReader {
    /// The bytes of a file.
    ///
    /// # Errors
    /// The file cannot be read, or became shorter meanwhile.
    pub fn read(&mut self, path: &Path) -> io::Result<Arc<[u8]>> {
        let buffer = &mut self.buffer;
        let mut file = File::open(path)?;
        let mut length = 0;
        while length < buffer.len() {
            match file.read(&mut buffer[length..])? {
                0 => return Ok(Arc::from(&buffer[..length])),
                read => length += read,
            }
        }
        let whole = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
        let mut shared: Arc<[u8]> = std::iter::repeat_n(0, whole.max(length)).collect();
        if let Some(bytes) = Arc::get_mut(&mut shared) {
            bytes[..length].copy_from_slice(buffer);
            file.read_exact(&mut bytes[length..])?;
        }
        Ok(shared)
    }
}
