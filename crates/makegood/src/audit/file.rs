// SPDX-License-Identifier: MIT OR Apache-2.0
//! Small files that must be whole: keys that only their owner reads, and files that are replaced at one stroke.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use crate::crash;

/// Writes a new file that only its owner can read, down to the disk.
///
/// # Errors
/// What the system says; it is `AlreadyExists` where there is one.
pub fn create_private(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = private().create_new(true).open(path)?;
    // Half a key is worse than none.
    file.write_all(content)
        .and_then(|()| file.sync_all())
        .inspect_err(|_| drop(fs::remove_file(path)))?;
    sync_folder(path)
}

/// Reads a file that only its owner may be able to read; `None` if others can.
///
/// # Errors
/// What the system says; `InvalidData` where the file is longer than `longest`.
pub fn read_private(path: &Path, longest: usize) -> io::Result<Option<Vec<u8>>> {
    let mut file = File::open(path)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        if file.metadata()?.permissions().mode() & 0o077 != 0 {
            return Ok(None);
        }
    }
    read_at_most(&mut file, longest).map(Some)
}

/// Reads a file whole.
///
/// # Errors
/// What the system says; `InvalidData` where the file is longer than `longest`.
pub fn read_at_most(file: &mut File, longest: usize) -> io::Result<Vec<u8>> {
    let limit = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
    // With its whole room from the start, so that no copy of a key is left behind by growing.
    let mut content = Vec::with_capacity(longest.saturating_add(1));
    file.take(limit).read_to_end(&mut content)?;
    if content.len() > longest {
        return Err(io::Error::new(
            io::ErrorKind::InvalidData,
            format!("the file has more than {longest} bytes"),
        ));
    }
    Ok(content)
}

/// Replaces a file at one stroke: after a crash there is the old one or the new one, whole. Whoever calls holds a lock.
///
/// # Errors
/// What the system says.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let new = beside(path, "new");
    let mut file = private().create(true).truncate(true).open(&new)?;
    file.write_all(content)?;
    file.sync_all()?;
    crash::point!("file.written");
    fs::rename(&new, path)?;
    crash::point!("file.replaced");
    sync_folder(path)
}

/// The path with something behind it.
pub fn beside(path: &Path, what: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(what);
    name.into()
}

/// Waits for the lock beside a file, and holds it until the result is let go.
///
/// # Errors
/// What the system says.
pub fn lock(path: &Path) -> io::Result<File> {
    let lock = private()
        .create(true)
        .truncate(false)
        .open(beside(path, "lock"))?;
    lock.lock()?;
    Ok(lock)
}

fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

/// A new name is on the disk only when its folder is.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(()) // Elsewhere a folder cannot be opened as a file.
    }
}
