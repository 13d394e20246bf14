// SPDX-License-Identifier: MIT OR Apache-2.0
//! Personal data: sealed with a key per person, so that deleting one key erases a person everywhere at once.
//!
//! What is written down about a person (a name, an address, a message) is encrypted with that person's *data key*. Events and
//! the audit log carry only the hash of the ciphertext. Data keys lie in a store of their own, apart from the main database
//! and its backups, each *wrapped* with the master key. To erase a person, the data key is deleted: every copy of
//! the ciphertext, in every backup, can then be read by nobody, and the log still verifies. What stays is that there was such a person.
//!
//! The cipher is ChaCha20-Poly1305 with a random nonce. A ciphertext opens only for the person and the field that it was sealed for.
//!
//! A data key is on the disk before anything is sealed with it, so seal first and commit to the main database then. [`Vault`] keeps
//! keys in a SQLite file; or, where several machines share a database, in a table of it.

mod keys;
mod shared;

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use makegood_desk::case::Instant;
use ring::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::digest::{SHA256, digest};
use ring::hmac;
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::secret::Secret;
use crate::store::{Store, Trouble};
use keys::{Found, SqliteKeys};
use shared::SharedKeys;

/// The statements of keys in a table, for the test that prepares them all on both databases.
pub use shared::STATEMENTS;

/// What a key file and a data key hold.
const KEY_LENGTH: usize = 32;

/// The form of all that is sealed here: this byte, the nonce, the ciphertext with its tag.
const FORM: u8 = 1;

/// Why something cannot be sealed or opened.
#[derive(Debug)]
pub enum VaultTrouble {
    /// The person was erased.
    Erased,
    /// No key was ever made for the person.
    Unknown,
    /// It is not what was sealed for this person and this field, or it was changed.
    Altered,
    /// The key of a person is not what was wrapped.
    Damaged(Place),
    /// The keys were wrapped with another master key.
    OtherMaster(Place),
    /// The store of keys was made by a newer program.
    Newer(PathBuf),
    /// The store of keys does not answer.
    Store(PathBuf, rusqlite::Error),
    /// The database that holds the keys does not answer.
    Shared(Trouble),
    /// A file cannot be read or written.
    File(PathBuf, io::Error),
    /// Others can read the master key.
    Open(PathBuf),
    /// This is no master key.
    NotMaster(String),
    /// The system gives no random numbers.
    Random,
    /// The program ends, or failed, while the store of keys was asked.
    Interrupted,
}

impl fmt::Display for VaultTrouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Erased => f.write_str("the person was erased"),
            Self::Unknown => f.write_str("nothing was ever sealed for this person"),
            Self::Altered => f.write_str(
                "the personal data is not what was stored for this person and field; restore it from a backup",
            ),
            Self::Damaged(place) => {
                write!(f, "a key in {place} is damaged; restore it from a backup")
            }
            Self::OtherMaster(place) => write!(
                f,
                "the keys in {place} belong to another master key; put that one back"
            ),
            Self::Newer(path) => write!(
                f,
                "{} was made by a newer version of makegood; use that version",
                path.display()
            ),
            Self::Store(path, cause) => write!(f, "{}: {cause}", path.display()),
            Self::Shared(cause) => write!(f, "the keys of persons: {cause}"),
            Self::File(path, cause) => write!(f, "{}: {cause}", path.display()),
            Self::Open(path) => write!(
                f,
                "{0} can be read by others; run `chmod 600 {0}`, and change the master key if somebody may have read it",
                path.display()
            ),
            Self::NotMaster(place) => write!(
                f,
                "{place} holds no master key: it should be one line of base64 for {KEY_LENGTH} bytes; `makegood init` makes one"
            ),
            Self::Random => f.write_str("the system gives no random numbers"),
            Self::Interrupted => {
                f.write_str("the program was interrupted while it asked for a key; try again")
            }
        }
    }
}

impl std::error::Error for VaultTrouble {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Store(_, cause) => Some(cause),
            Self::File(_, cause) => Some(cause),
            Self::Shared(cause) => Some(cause),
            _ => None,
        }
    }
}

impl From<Trouble> for VaultTrouble {
    fn from(trouble: Trouble) -> Self {
        trouble.into_refusal().unwrap_or_else(Self::Shared)
    }
}

/// Where keys lie, as it stands in messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In this file.
    File(PathBuf),
    /// In a table of the database.
    Table,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{}", path.display()),
            Self::Table => f.write_str("the table `person_key` of the database"),
        }
    }
}

impl Place {
    /// A key that could be unwrapped, or why not.
    fn unwrapped<T>(&self, key: Result<Option<T>, NotMine>) -> Result<T, VaultTrouble> {
        match key {
            Ok(Some(key)) => Ok(key),
            Ok(None) => Err(VaultTrouble::Damaged(self.clone())),
            Err(NotMine) => Err(VaultTrouble::OtherMaster(self.clone())),
        }
    }
}

/// The key that wraps all others. Without it no personal data can be read.
#[derive(Clone, Debug)]
pub struct MasterKey(Secret<[u8; KEY_LENGTH]>);

impl MasterKey {
    /// The one in this file, which only its owner may be able to read.
    ///
    /// # Errors
    /// It cannot be read, others can read it too, or it holds no key.
    pub fn open(path: &Path) -> Result<Self, VaultTrouble> {
        let line = match crate::audit::file::read_private(path, 4096) {
            Ok(Some(line)) => Secret::of(line),
            Ok(None) => return Err(VaultTrouble::Open(path.to_owned())),
            Err(cause) => return Err(VaultTrouble::File(path.to_owned(), cause)),
        };
        let place = path.display().to_string();
        match std::str::from_utf8(line.expose()) {
            Ok(line) => Self::from_text(line, &place),
            Err(_) => Err(VaultTrouble::NotMaster(place)),
        }
    }

    /// The one in this text, such as that of an environment variable; `place` says where it stood.
    ///
    /// # Errors
    /// It holds no key.
    pub fn from_text(text: &str, place: &str) -> Result<Self, VaultTrouble> {
        let bytes = STANDARD.decode(text.trim()).map(Secret::of);
        bytes
            .ok()
            .and_then(|bytes| bytes.expose().as_slice().try_into().ok())
            .map(|key| Self(Secret::of(key)))
            .ok_or_else(|| VaultTrouble::NotMaster(place.to_owned()))
    }

    /// A new one.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn generate() -> Result<Self, VaultTrouble> {
        random_key().map(Self)
    }

    /// The line that a key file holds.
    #[must_use]
    pub fn to_text(&self) -> Secret {
        Secret::new(STANDARD.encode(self.0.expose()))
    }

    /// What tells master keys apart, and tells nothing about them.
    fn id(&self) -> [u8; 4] {
        let key = hmac::Key::new(hmac::HMAC_SHA256, self.0.expose());
        let tag = hmac::sign(&key, b"makegood/master-key/1");
        tag.as_ref().first_chunk().copied().unwrap_or_default()
    }

    /// Makes a data key for a person: wrapped, as it is stored, and ready for use.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new_key(&self, person: &str) -> Result<(Vec<u8>, PersonKey), VaultTrouble> {
        let key = random_key()?;
        let wrapped = self.wrap(person, key.expose())?;
        let person = person.to_owned();
        Ok((wrapped, PersonKey { person, key }))
    }

    fn wrap(&self, of: &str, key: &[u8; KEY_LENGTH]) -> Result<Vec<u8>, VaultTrouble> {
        let mut wrapped = self.id().to_vec();
        wrapped.extend(seal(&self.0, &context("key", of, ""), key)?);
        Ok(wrapped)
    }

    /// The data key of a person from its wrapped form; `None` if that is damaged, or another person's.
    ///
    /// # Errors
    /// It was wrapped with another master key.
    pub fn person_key(&self, person: &str, wrapped: &[u8]) -> Result<Option<PersonKey>, NotMine> {
        let key = self.unwrap(person, wrapped)?;
        Ok(key.map(|key| PersonKey {
            person: person.to_owned(),
            key,
        }))
    }

    /// Makes an index key, wrapped as it is stored.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn new_index_key(&self) -> Result<Vec<u8>, VaultTrouble> {
        self.wrap(INDEX, random_key()?.expose())
    }

    /// The index key from its wrapped form; `None` if that is damaged.
    ///
    /// # Errors
    /// It was wrapped with another master key.
    pub fn index_key(&self, wrapped: &[u8]) -> Result<Option<IndexKey>, NotMine> {
        let key = self.unwrap(INDEX, wrapped)?;
        Ok(key.map(|key| IndexKey(hmac::Key::new(hmac::HMAC_SHA256, key.expose()))))
    }

    fn unwrap(&self, of: &str, wrapped: &[u8]) -> Result<Option<Secret<[u8; 32]>>, NotMine> {
        let Some((id, sealed)) = wrapped.split_first_chunk() else {
            return Ok(None);
        };
        if *id != self.id() {
            return Err(NotMine);
        }
        let opened = open(&self.0, &context("key", of, ""), sealed);
        Ok(opened.and_then(|key| Some(Secret::of(key.expose().as_slice().try_into().ok()?))))
    }
}

/// A key was wrapped with another master key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NotMine;

impl fmt::Display for NotMine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the key belongs to another master key")
    }
}

impl std::error::Error for NotMine {}

/// What e-mail addresses are looked up with. Every store of keys has one.
#[derive(Clone)]
pub struct IndexKey(hmac::Key);

impl fmt::Debug for IndexKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IndexKey(…)")
    }
}

impl IndexKey {
    /// What an e-mail address is looked up by: equal for equal addresses, and meaningless to whoever has not the keys. It is
    /// HMAC-SHA256 over [`normal_email`].
    #[must_use]
    pub fn email(&self, address: &str) -> [u8; 32] {
        let message = format!("email\n{}", normal_email(address));
        let tag = hmac::sign(&self.0, message.as_bytes());
        tag.as_ref().try_into().expect("HMAC-SHA256 has 32 bytes")
    }
}

/// The data key of one person.
pub struct PersonKey {
    person: String,
    key: Secret<[u8; KEY_LENGTH]>,
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PersonKey(…)")
    }
}

/// Personal data as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    /// What is stored and nobody can read.
    pub ciphertext: Vec<u8>,
    /// SHA-256 of the ciphertext: what events and the audit log carry.
    pub hash: [u8; 32],
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sealed({} bytes)", self.ciphertext.len())
    }
}

impl PersonKey {
    /// Whose it is.
    #[must_use]
    pub fn person(&self) -> &str {
        &self.person
    }

    /// Seals what a field says about the person.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn seal(&self, field: &str, plain: &[u8]) -> Result<Sealed, VaultTrouble> {
        let ciphertext = seal(&self.key, &context("field", &self.person, field), plain)?;
        let hash = hash(&ciphertext);
        Ok(Sealed { ciphertext, hash })
    }

    /// What a field says about the person. The ciphertext must be the one with the recorded hash, so that an older one of the same field is found out.
    ///
    /// # Errors
    /// [`VaultTrouble::Altered`].
    pub fn open(&self, field: &str, sealed: &Sealed) -> Result<Secret<Vec<u8>>, VaultTrouble> {
        if hash(&sealed.ciphertext) != sealed.hash {
            return Err(VaultTrouble::Altered);
        }
        let context = context("field", &self.person, field);
        open(&self.key, &context, &sealed.ciphertext).ok_or(VaultTrouble::Altered)
    }

    /// Seals a file behind a head that everybody may read. Unlike [`PersonKey::seal`] it makes one copy of what may be large, and gives no
    /// hash: a file is known by that of its content.
    ///
    /// # Errors
    /// The system gives no random numbers.
    pub fn seal_file(
        &self,
        field: &str,
        head: Vec<u8>,
        plain: &[u8],
    ) -> Result<Vec<u8>, VaultTrouble> {
        seal_behind(
            head,
            &self.key,
            &context("field", &self.person, field),
            plain,
        )
    }

    /// What is in a file whose ciphertext begins there. Whoever asks holds it against the hash under which it is known.
    ///
    /// # Errors
    /// [`VaultTrouble::Altered`].
    pub fn open_file(
        &self,
        field: &str,
        mut file: Vec<u8>,
        begins: usize,
    ) -> Result<Vec<u8>, VaultTrouble> {
        let context = context("field", &self.person, field);
        let opened = file
            .get_mut(begins..)
            .and_then(|sealed| open_within(&self.key, &context, sealed))
            .ok_or(VaultTrouble::Altered)?;
        file.truncate(opened.end.saturating_add(begins));
        file.drain(..opened.start.saturating_add(begins));
        Ok(file)
    }
}

/// Seals and opens personal data.
#[derive(Debug)]
pub struct Vault {
    master: MasterKey,
    index: IndexKey,
    keys: Keys,
}

/// Where the keys of persons lie.
#[derive(Debug)]
enum Keys {
    /// In a file of their own.
    Sqlite(Arc<SqliteKeys>),
    /// In a table of the database that several machines share.
    Shared(SharedKeys),
}

impl Vault {
    /// The one whose keys lie in this SQLite file; it is made if it is not there.
    ///
    /// # Errors
    /// The file cannot be used, or its keys belong to another master key.
    pub fn open(path: &Path, master: MasterKey) -> Result<Self, VaultTrouble> {
        let keys = SqliteKeys::open(path)?;
        let wrapped = keys.index_or(&master.new_index_key()?)?;
        Ok(Self {
            index: keys.place().unwrapped(master.index_key(&wrapped))?,
            master,
            keys: Keys::Sqlite(Arc::new(keys)),
        })
    }

    /// The one whose keys lie in a table of this store, for all machines that work on it.
    ///
    /// # Errors
    /// The store cannot be used, or its keys belong to another master key.
    pub async fn shared(store: Store, master: MasterKey) -> Result<Self, VaultTrouble> {
        let keys = SharedKeys::new(store);
        let wrapped = keys.index_or(master.new_index_key()?).await?;
        let wrapped = wrapped.ok_or(VaultTrouble::Damaged(Place::Table))?;
        Ok(Self {
            index: Place::Table.unwrapped(master.index_key(&wrapped))?,
            master,
            keys: Keys::Shared(keys),
        })
    }

    fn place(&self) -> Place {
        match &self.keys {
            Keys::Sqlite(keys) => keys.place(),
            Keys::Shared(_) => Place::Table,
        }
    }

    /// The key of a person.
    ///
    /// # Errors
    /// [`VaultTrouble::Unknown`], [`VaultTrouble::Erased`], or what keeps it from being read.
    pub async fn key(&self, person: &str) -> Result<PersonKey, VaultTrouble> {
        assert!(person != INDEX, "a person has an id");
        let found = match &self.keys {
            Keys::Sqlite(keys) => keys.look(person).await?,
            Keys::Shared(keys) => keys.find(person).await?,
        };
        match found {
            Found::Key(wrapped) => self
                .place()
                .unwrapped(self.master.person_key(person, &wrapped)),
            Found::Erased => Err(VaultTrouble::Erased),
            Found::Nothing => Err(VaultTrouble::Unknown),
        }
    }

    /// The key of a person, made if there is none.
    ///
    /// # Errors
    /// [`VaultTrouble::Erased`], or what keeps it from being read or made.
    pub async fn key_or_new(&self, person: &str) -> Result<PersonKey, VaultTrouble> {
        match self.key(person).await {
            Err(VaultTrouble::Unknown) => self
                .keys_or_new(&[person])
                .await?
                .pop()
                .flatten()
                .ok_or(VaultTrouble::Erased),
            other => other,
        }
    }

    /// The keys of many persons, with those that were missing made in one commit; nothing stands for a person who was erased.
    ///
    /// # Errors
    /// What keeps them from being read or made.
    pub async fn keys_or_new(
        &self,
        persons: &[&str],
    ) -> Result<Vec<Option<PersonKey>>, VaultTrouble> {
        assert!(!persons.contains(&INDEX), "a person has an id");
        if persons.is_empty() {
            return Ok(Vec::new());
        }
        let mut fresh = BTreeMap::new();
        for person in persons {
            let (wrapped, _) = self.master.new_key(person)?;
            fresh.insert((*person).to_owned(), wrapped);
        }
        let found = match &self.keys {
            Keys::Sqlite(keys) => keys.keep_apart(fresh).await?,
            Keys::Shared(keys) => keys.keep(fresh).await?,
        };
        let place = self.place();
        let unwrapped = |person: &&str| {
            let wrapped = found.get(*person).and_then(Option::as_ref);
            let key =
                wrapped.map(|wrapped| place.unwrapped(self.master.person_key(person, wrapped)));
            key.transpose()
        };
        persons.iter().map(unwrapped).collect()
    }

    /// Seals what a field says about a person, with a new key if it is the first.
    ///
    /// # Errors
    /// As of [`Vault::key_or_new`].
    pub async fn seal(
        &self,
        person: &str,
        field: &str,
        plain: &[u8],
    ) -> Result<Sealed, VaultTrouble> {
        self.key_or_new(person).await?.seal(field, plain)
    }

    /// What a field says about a person.
    ///
    /// # Errors
    /// As of [`Vault::key`] and [`PersonKey::open`].
    pub async fn open_field(
        &self,
        person: &str,
        field: &str,
        sealed: &Sealed,
    ) -> Result<Secret<Vec<u8>>, VaultTrouble> {
        self.key(person).await?.open(field, sealed)
    }

    /// Erases a person: the key is deleted, and none is ever made again. Twice is once. Says whether there was one.
    ///
    /// Whoever erases also deletes the person's [`Vault::email_index`] from the main database. Backups of the key store still
    /// have the key, so they must not be kept longer than the law lets one take to erase.
    ///
    /// # Errors
    /// The key store cannot be written.
    pub async fn erase(&self, person: &str, at: Instant) -> Result<bool, VaultTrouble> {
        assert!(person != INDEX, "a person has an id");
        match &self.keys {
            Keys::Sqlite(keys) => keys.erase_apart(person, at).await,
            Keys::Shared(keys) => Ok(keys.erase(person, at).await?),
        }
    }

    /// Wraps all keys with another master key, all of them or none. Says how many.
    ///
    /// # Errors
    /// A key cannot be unwrapped, or the key store cannot be written.
    pub async fn change_master(&mut self, new: MasterKey) -> Result<u64, VaultTrouble> {
        let old = &self.master;
        let changed = match &self.keys {
            Keys::Sqlite(keys) => keys.rewrap(|of, wrapped| {
                let key = keys.place().unwrapped(old.unwrap(of, wrapped))?;
                new.wrap(of, key.expose())
            })?,
            Keys::Shared(keys) => keys.rewrap(old, &new).await?,
        };
        self.master = new;
        Ok(changed)
    }

    /// A key for one purpose that is the same as long as the keys are, whichever master key wraps them.
    #[must_use]
    pub fn key_for(&self, purpose: &str) -> hmac::Key {
        let made = hmac::sign(&self.index.0, format!("key\n{purpose}").as_bytes());
        hmac::Key::new(hmac::HMAC_SHA256, made.as_ref())
    }

    /// What an e-mail address is looked up by: see [`IndexKey::email`].
    #[must_use]
    pub fn email_index(&self, address: &str) -> [u8; 32] {
        self.index.email(address)
    }
}

/// What the index key is called among the keys. No person is called so: an id is not empty.
const INDEX: &str = "";

/// An e-mail address in the form in which two spellings of one mailbox are equal.
///
/// Space around it goes; letters become small on both sides of the last `@`; a domain of other scripts becomes its `xn--` form; a dot
/// behind the domain goes. The local part is otherwise left alone: dots and `+tags` tell mailboxes apart at many providers, and
/// taking one customer for another is worse than asking twice.
///
/// ```
/// use makegood::vault::normal_email;
/// assert_eq!(normal_email(" Ada.Lovelace+Shop@BÜCHER.example "), "ada.lovelace+shop@xn--bcher-kva.example");
/// ```
#[must_use]
pub fn normal_email(address: &str) -> String {
    let address = address.trim();
    let Some((local, domain)) = address.rsplit_once('@') else {
        return address.to_lowercase();
    };
    let domain = domain.trim_end_matches('.');
    let domain = match url::Host::parse(domain) {
        Ok(url::Host::Domain(domain)) => domain,
        _ => domain.to_lowercase(),
    };
    format!("{}@{domain}", local.to_lowercase())
}

fn hash(bytes: &[u8]) -> [u8; 32] {
    let hash = digest(&SHA256, bytes);
    hash.as_ref().try_into().expect("SHA-256 has 32 bytes")
}

fn random_key() -> Result<Secret<[u8; KEY_LENGTH]>, VaultTrouble> {
    let mut key = Secret::of([0; KEY_LENGTH]);
    SystemRandom::new()
        .fill(key.expose_mut())
        .map_err(|_| VaultTrouble::Random)?;
    Ok(key)
}

/// What a ciphertext is bound to. The length in front of the person keeps two pairs from being written alike.
fn context(kind: &str, person: &str, field: &str) -> Vec<u8> {
    format!("makegood/{kind}/1\n{}\n{person}{field}", person.len()).into_bytes()
}

fn cipher(key: &Secret<[u8; KEY_LENGTH]>) -> LessSafeKey {
    let key = UnboundKey::new(&CHACHA20_POLY1305, key.expose());
    LessSafeKey::new(key.expect("the key has the length of the cipher"))
}

fn seal(
    key: &Secret<[u8; KEY_LENGTH]>,
    context: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, VaultTrouble> {
    seal_behind(Vec::new(), key, context, plain)
}

fn seal_behind(
    mut sealed: Vec<u8>,
    key: &Secret<[u8; KEY_LENGTH]>,
    context: &[u8],
    plain: &[u8],
) -> Result<Vec<u8>, VaultTrouble> {
    let mut nonce = [0; NONCE_LEN];
    SystemRandom::new()
        .fill(&mut nonce)
        .map_err(|_| VaultTrouble::Random)?;
    sealed.reserve_exact(1 + NONCE_LEN + plain.len() + CHACHA20_POLY1305.tag_len());
    sealed.push(FORM);
    sealed.extend_from_slice(&nonce);
    let begins = sealed.len();
    sealed.extend_from_slice(plain);
    let tag = cipher(key)
        .seal_in_place_separate_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(context),
            sealed.get_mut(begins..).unwrap_or_default(),
        )
        .expect("a text is shorter than 256 GiB");
    sealed.extend_from_slice(tag.as_ref());
    Ok(sealed)
}

fn open(key: &Secret<[u8; KEY_LENGTH]>, context: &[u8], sealed: &[u8]) -> Option<Secret<Vec<u8>>> {
    let mut plain = Secret::of(sealed.to_vec());
    let opened = open_within(key, context, plain.expose_mut())?;
    plain.expose_mut().truncate(opened.end);
    plain.expose_mut().drain(..opened.start);
    Some(plain)
}

/// Opens a ciphertext where it lies; answers where in it the text is then.
fn open_within(
    key: &Secret<[u8; KEY_LENGTH]>,
    context: &[u8],
    sealed: &mut [u8],
) -> Option<Range<usize>> {
    let (&mut FORM, rest) = sealed.split_first_mut()? else {
        return None;
    };
    let (nonce, text) = rest.split_first_chunk_mut::<NONCE_LEN>()?;
    let length = cipher(key)
        .open_in_place(
            Nonce::assume_unique_for_key(*nonce),
            Aad::from(context),
            text,
        )
        .ok()?
        .len();
    let start = NONCE_LEN.saturating_add(1);
    Some(start..start.saturating_add(length))
}

#[cfg(test)]
mod tests {
    use super::context;

    #[test]
    fn no_two_pairs_of_person_and_field_are_written_alike() {
        let pairs = [
            ("ab", "c"),
            ("a", "bc"),
            ("abc", ""),
            ("", "abc"),
            ("2\nab", "c"),
        ];
        for (at, (person, field)) in pairs.into_iter().enumerate() {
            for (other, another) in pairs.into_iter().take(at) {
                assert_ne!(
                    context("field", person, field),
                    context("field", other, another)
                );
            }
        }
        assert_ne!(context("field", "ada", ""), context("key", "ada", ""));
    }
}
