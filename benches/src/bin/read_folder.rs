//! `read_folder FOLDER`: reads every file below a folder, one after the other, and does nothing with them. What a scan takes more
//! than this is its own.

use std::{fs, io, path::Path, process::ExitCode};

fn read(folder: &Path) -> io::Result<usize> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        // As a scan does, which has to know links and executables.
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() {
            read(&entry.path())?
        } else {
            std::hint::black_box(fs::read(entry.path())?).len()
        };
    }
    Ok(bytes)
}

fn main() -> ExitCode {
    let folder = std::env::args().nth(1);
    match folder.map(|folder| read(Path::new(&folder))) {
        Some(Ok(bytes)) if bytes > 0 => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}
