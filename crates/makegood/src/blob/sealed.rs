// SPDX-License-Identifier: MIT OR Apache-2.0
//! How a content lies on its shelf: encrypted, with the name of its key in front.
//!
//! Each file has a key of its own among the keys of persons, for it is handed in before anybody says whose it is. Whoever erases a person
//! removes their files, and [`Sealer::forget`] deletes the key first: every copy, in every backup and every version that a bucket
//! keeps, can then be read by nobody. The name on the shelf is the hash of what is inside, which is held against it when it is opened.

use std::sync::Arc;

use bytes::Bytes;
use uuid::Uuid;

use super::{Digest, Shelf, Trouble};
use crate::clock::Clock;
use crate::vault::{PersonKey, Vault, VaultTrouble};

/// What every file on a shelf begins with; the name of its key follows, up to the end of the line.
const HEAD: &[u8] = b"makegood sealed file 1\n";
/// What the names of files' keys begin with, so that none is an id of a person.
const OF_FILES: &str = "file/";
/// How long such a name is: a number of 32 digits follows.
const NAME_LENGTH: usize = OF_FILES.len() + 32;

/// Who seals files and opens them.
#[derive(Clone, Debug)]
pub(super) struct Sealer {
    pub vault: Arc<Vault>,
    pub clock: Clock,
}

fn unavailable(why: &VaultTrouble) -> Trouble {
    Trouble::Unavailable(format!("the key of an attachment is not to be had: {why}"))
}

/// What a ciphertext is bound to: a file that lies under another's name does not open.
fn field(shelf: Shelf, digest: Digest) -> String {
    format!("{}/{digest}", shelf.name())
}

/// The name of the key, and where the ciphertext begins.
fn head(sealed: &[u8]) -> Option<(&str, usize)> {
    let rest = sealed.strip_prefix(HEAD)?;
    let (name, rest) = rest.split_at_checked(NAME_LENGTH)?;
    let name = std::str::from_utf8(name).ok()?;
    let begins = rest.starts_with(b"\n") && name.starts_with(OF_FILES);
    begins.then_some((name, HEAD.len() + NAME_LENGTH + 1))
}

impl Sealer {
    /// New keys for so many files, in one commit of the key store.
    pub async fn keys(&self, count: usize) -> Result<Vec<PersonKey>, Trouble> {
        let new = || format!("{OF_FILES}{}", Uuid::now_v7().simple());
        let names: Vec<String> = std::iter::repeat_with(new).take(count).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let keys = self.vault.keys_or_new(&names).await;
        let keys = keys.map_err(|why| unavailable(&why))?;
        Ok(keys.into_iter().flatten().collect())
    }

    /// A content as it lies on its shelf.
    pub async fn sealed(
        &self,
        key: PersonKey,
        shelf: Shelf,
        digest: Digest,
        content: Bytes,
    ) -> Result<Bytes, Trouble> {
        let sealed = apart(move || {
            let head = [HEAD, key.person().as_bytes(), b"\n"].concat();
            key.seal_file(&field(shelf, digest), head, &content)
        });
        sealed
            .await?
            .map(Bytes::from)
            .map_err(|why| unavailable(&why))
    }

    /// The content of what lies on a shelf.
    pub async fn opened(
        &self,
        shelf: Shelf,
        digest: Digest,
        sealed: Bytes,
    ) -> Result<Bytes, Trouble> {
        let (name, begins) = head(&sealed).ok_or(Trouble::Damaged(digest))?;
        let key = match self.vault.key(name).await {
            Ok(key) => key,
            Err(VaultTrouble::Erased) => return Err(Trouble::Erased(digest)),
            Err(why) => return Err(unavailable(&why)),
        };
        let opened = apart(move || {
            let opened = key.open_file(&field(shelf, digest), sealed.into(), begins)?;
            (Digest::of(&opened) == digest)
                .then_some(opened)
                .ok_or(VaultTrouble::Altered)
        });
        let opened = opened.await?;
        opened
            .map(Bytes::from)
            .map_err(|_| Trouble::Damaged(digest))
    }

    /// Deletes the key of what lies on a shelf.
    pub async fn forget(&self, sealed: &[u8]) -> Result<(), Trouble> {
        let Some((name, _)) = head(sealed) else {
            return Ok(());
        };
        self.forget_key(name).await
    }

    /// Deletes a key, by its name.
    pub async fn forget_key(&self, name: &str) -> Result<(), Trouble> {
        let erased = self.vault.erase(name, self.clock.now()).await;
        erased.map(drop).map_err(|why| unavailable(&why))
    }
}

/// Does what takes a while away from the threads that serve.
async fn apart<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Trouble> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| Trouble::Unavailable("the program is about to stop".to_owned()))
}
