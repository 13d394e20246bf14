// SPDX-License-Identifier: MIT OR Apache-2.0
//! The first configuration of a new desk: a short commented file, and the keys that only this desk has.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom as _, SystemRandom};

/// What a new desk's file says. The rest is in the page of defaults.
const PAGE: &str = include_str!("initial-config.toml");

/// What was written, and what was there already and stays as it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Initial {
    /// New files.
    pub written: Vec<PathBuf>,
    /// Files that were there.
    pub kept: Vec<PathBuf>,
}

/// Why the first configuration could not be written.
#[derive(Debug)]
pub struct NotWritten {
    /// The file or folder.
    pub path: PathBuf,
    /// What the system said.
    pub cause: io::Error,
}

impl fmt::Display for NotWritten {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} cannot be written: {}",
            self.path.display(),
            self.cause
        )
    }
}

impl std::error::Error for NotWritten {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

/// Makes the folders of a new desk (0700) and in them `config.toml` and `master.key` (0600). What is there already is never touched.
///
/// # Errors
/// A folder or a file that cannot be written. What was written before it stays, and a second run goes on from there.
pub fn write_initial(config: &Path, data: &Path) -> Result<Initial, NotWritten> {
    let mut initial = Initial::default();
    for folder in [config, data] {
        make_folder(folder).map_err(|cause| NotWritten {
            path: folder.to_owned(),
            cause,
        })?;
    }
    let page = PAGE.replace(
        "{data}",
        &toml::Value::from(data.to_string_lossy().as_ref()).to_string(),
    );
    initial.file(config.join("config.toml"), page.as_bytes())?;
    let key = random_key().map_err(|cause| NotWritten {
        path: data.join("master.key"),
        cause,
    })?;
    initial.file(data.join("master.key"), key.as_bytes())?;
    Ok(initial)
}

/// 32 random bytes as a line of base64.
fn random_key() -> io::Result<String> {
    let mut key = [0; 32];
    SystemRandom::new()
        .fill(&mut key)
        .map_err(|_| io::Error::other("the system gives no random numbers"))?;
    Ok(format!("{}\n", STANDARD.encode(key)))
}

impl Initial {
    /// Writes a file that is not there yet. It appears whole or not at all: a key that is cut short would be worse than none.
    fn file(&mut self, path: PathBuf, content: &[u8]) -> Result<(), NotWritten> {
        if path.symlink_metadata().is_ok() {
            self.kept.push(path);
            return Ok(());
        }
        match write_new(&path, content) {
            Ok(()) => self.written.push(path),
            Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => self.kept.push(path),
            Err(cause) => return Err(NotWritten { path, cause }),
        }
        Ok(())
    }
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let temporary = folder.join(format!(".{name}.{}", std::process::id()));
    let _ = fs::remove_file(&temporary);
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary)?;
    let done = file
        .write_all(content)
        .and_then(|()| file.sync_all())
        // A link fails where the name is taken; a rename would replace what another process has just written.
        .and_then(|()| fs::hard_link(&temporary, path));
    let removed = fs::remove_file(&temporary);
    done.and(removed)?;
    File::open(folder)?.sync_all()
}

fn make_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
