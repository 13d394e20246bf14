// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attachments in a folder: a file each, named by the hash of its content, there whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use bytes::Bytes;

use super::{Digest, Shelf, Trouble};

/// Where files are written before they get their name.
const UNFINISHED: &str = "unfinished";

/// An unfinished file of this age belongs to a program that has ended.
const FORGOTTEN: Duration = Duration::from_secs(86_400);

/// A folder of attachments.
#[derive(Clone, Debug)]
pub(super) struct Folder {
    root: PathBuf,
}

impl Folder {
    /// Makes the folder where there is none, and takes away what a program that was stopped has left unfinished.
    pub async fn open(root: PathBuf) -> Result<Self, Trouble> {
        let folder = Self { root };
        let own = folder.clone();
        blocking(move || {
            make(&own.root)?;
            for below in [UNFINISHED, Shelf::Original.name(), Shelf::Shown.name()] {
                make(&own.root.join(below))?;
            }
            sync(&own.root)?;
            clear(&own.root.join(UNFINISHED));
            Ok(())
        })
        .await?
        .map_err(|cause| folder.trouble(&cause))?;
        Ok(folder)
    }

    pub async fn write(
        &self,
        shelf: Shelf,
        digest: Digest,
        content: Bytes,
        replace: bool,
    ) -> Result<bool, Trouble> {
        let own = self.clone();
        blocking(move || own.keep(shelf, digest, &content, replace))
            .await?
            .map_err(|cause| self.trouble(&cause))
    }

    pub async fn read(&self, shelf: Shelf, digest: Digest) -> Result<Bytes, Trouble> {
        let path = self.path(shelf, digest);
        match blocking(move || fs::read(path)).await? {
            Ok(content) => Ok(content.into()),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Err(Trouble::Absent(digest)),
            Err(cause) => Err(self.trouble(&cause)),
        }
    }

    pub async fn remove(&self, shelf: Shelf, digest: Digest) -> Result<(), Trouble> {
        let path = self.path(shelf, digest);
        let removed = blocking(move || {
            fs::remove_file(&path)?;
            path.parent().map_or(Ok(()), sync)
        });
        match removed.await? {
            Err(cause) if cause.kind() != io::ErrorKind::NotFound => Err(self.trouble(&cause)),
            _ => Ok(()),
        }
    }

    /// Two letters of the hash make a folder, so that none grows too large.
    fn path(&self, shelf: Shelf, digest: Digest) -> PathBuf {
        let digest = digest.to_string();
        let (first, rest) = digest.split_at(2);
        self.root.join(shelf.name()).join(first).join(rest)
    }

    /// The file gets its name only when its content is on the disk; and the name is on the disk when this returns.
    fn keep(
        &self,
        shelf: Shelf,
        digest: Digest,
        content: &[u8],
        replace: bool,
    ) -> io::Result<bool> {
        let path = self.path(shelf, digest);
        if !replace && path.try_exists()? {
            return Ok(false);
        }
        let shelf_folder = self.root.join(shelf.name());
        let folder = path.parent().unwrap_or(&shelf_folder);
        if !folder.is_dir() {
            make(folder)?;
            sync(&shelf_folder)?;
        }
        let unfinished = self
            .root
            .join(UNFINISHED)
            .join(uuid::Uuid::now_v7().to_string());
        let named = write_whole(&unfinished, content).and_then(|()| fs::rename(&unfinished, &path));
        if named.is_err() {
            let _ = fs::remove_file(&unfinished);
        }
        named?;
        sync(folder)?;
        Ok(true)
    }

    fn trouble(&self, cause: &io::Error) -> Trouble {
        let help = match cause.kind() {
            io::ErrorKind::PermissionDenied => {
                "; give the folder to the user that runs the desk (`chown -R`)"
            }
            io::ErrorKind::StorageFull => "; make room on this disk",
            _ => "",
        };
        Trouble::Unavailable(format!(
            "attachments cannot be kept in {}: {cause}{help}",
            self.root.display()
        ))
    }
}

async fn blocking<T: Send + 'static>(
    job: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Trouble> {
    tokio::task::spawn_blocking(job)
        .await
        .map_err(|_| Trouble::Unavailable("the program is about to stop".to_owned()))
}

fn write_whole(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn make(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

/// Puts the names in a folder on the disk. Windows does this by itself, and opens no folders.
fn sync(folder: &Path) -> io::Result<()> {
    if cfg!(windows) {
        return Ok(());
    }
    File::open(folder)?.sync_all()
}

/// Removes unfinished files that nobody finishes any more. One that cannot be removed does no harm.
fn clear(unfinished: &Path) {
    for entry in fs::read_dir(unfinished).into_iter().flatten().flatten() {
        let modified = entry.metadata().and_then(|metadata| metadata.modified());
        let age = modified.ok().and_then(|modified| modified.elapsed().ok());
        if age.is_some_and(|age| age > FORGOTTEN) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
