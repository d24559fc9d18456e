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
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        self.read_open(file, length)
    }

    /// The bytes of an open file that says to have so many.
    ///
    /// # Errors
    /// The file cannot be read, or became shorter meanwhile.
    pub fn read_open(&mut self, mut file: File, whole: u64) -> io::Result<Arc<[u8]>> {
        let whole = usize::try_from(whole).unwrap_or(usize::MAX);
        let buffer = &mut self.buffer;
        let mut length = 0;
        while length < buffer.len() {
            let read = file.read(&mut buffer[length..])?;
            length += read;
            // Some files of the system have bytes and say 0. Others need not be asked for their end.
            if read == 0 || length == whole {
                return Ok(Arc::from(&buffer[..length]));
            }
        }
        let mut shared: Arc<[u8]> = std::iter::repeat_n(0, whole.max(length)).collect();
        if let Some(bytes) = Arc::get_mut(&mut shared) {
            bytes[..length].copy_from_slice(buffer);
            file.read_exact(&mut bytes[length..])?;
        }
        Ok(shared)
    }
}
