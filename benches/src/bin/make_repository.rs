//! `make_repository FOLDER N`: writes a repository of N bundles.

use std::{fs, path::Path, process::ExitCode};

use fleet_benches::repository::repository;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, count] = arguments.as_slice() else {
        return ExitCode::from(2);
    };
    let Ok(count) = count.parse() else {
        return ExitCode::from(2);
    };
    for (path, entry) in repository(count).iter() {
        let file = Path::new(folder).join(path);
        let made = file.parent().map_or(Ok(()), fs::create_dir_all);
        if made.and_then(|()| fs::write(&file, &entry.content)).is_err() {
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
