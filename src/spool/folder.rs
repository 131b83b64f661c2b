//! The folder that a file lies in: where it is written before it has its name, and what is synced after.

use std::path::Path;

/// The folder of this file, which a bare name has too: the one we are in.
pub fn folder_of(file: &Path) -> &Path {
    file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_name_is_in_the_folder_we_are_in() {
        for (file, folder) in [("a.log", "."), ("a/b.log", "a"), ("/a.log", "/"), ("./a.log", "."), ("../a.log", "..")]
        {
            assert_eq!(folder_of(Path::new(file)), Path::new(folder), "{file}");
        }
    }
}
