// SPDX-License-Identifier: MIT OR Apache-2.0
//! Personal data: who can read what, and what nobody can read again once a person is erased.

use std::fs;
use std::path::{Path, PathBuf};

use makegood::secret::Secret;
use makegood::store::{Location, Options, Store};
use makegood::vault::{MasterKey, Sealed, Vault, VaultTrouble, normal_email};
use makegood_desk::case::Instant;
use rusqlite::Connection;

#[path = "support/pg.rs"]
#[expect(dead_code, reason = "only the benchmark waits for a disk")]
mod pg;

/// An empty folder of this name.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("vault")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn vault(folder: &Path) -> (Vault, MasterKey) {
    let master = MasterKey::generate().expect("random numbers");
    let vault = Vault::open(&folder.join("keys.sqlite"), master.clone()).expect("a vault");
    (vault, master)
}

fn opened(plain: Result<Secret<Vec<u8>>, VaultTrouble>) -> Result<String, String> {
    plain
        .map(|plain| String::from_utf8(plain.expose().clone()).expect("text"))
        .map_err(|why| why.to_string())
}

const ALTERED: &str =
    "the personal data is not what was stored for this person and field; restore it from a backup";
const ERASED: &str = "the person was erased";

#[tokio::test]
async fn what_was_sealed_opens_for_its_person_and_its_field_only() {
    let (vault, _) = vault(&folder("opens"));
    let sealed = vault
        .seal("ab", "name", "Ada Lovelace".as_bytes())
        .await
        .unwrap();
    for person in ["a", "abn"] {
        vault.key_or_new(person).await.unwrap();
    }
    for (person, field, expected) in [
        ("ab", "name", Ok("Ada Lovelace".to_owned())),
        ("ab", "email", Err(ALTERED.to_owned())),
        ("ab", "", Err(ALTERED.to_owned())),
        ("a", "bname", Err(ALTERED.to_owned())),
        ("abn", "ame", Err(ALTERED.to_owned())),
        (
            "b",
            "name",
            Err("nothing was ever sealed for this person".to_owned()),
        ),
    ] {
        let found = opened(vault.open_field(person, field, &sealed).await);
        assert_eq!(found, expected, "{person}, {field}");
    }
    for plain in [&b""[..], b"\0", &[0xff; 70_000]] {
        let sealed = vault.seal("ab", "file", plain).await.unwrap();
        let found = vault.open_field("ab", "file", &sealed).await.unwrap();
        assert_eq!(found.expose(), plain);
    }
}

#[tokio::test]
async fn the_same_words_are_never_sealed_alike_so_their_hash_tells_nothing() {
    let (vault, _) = vault(&folder("alike"));
    let first = vault.seal("ada", "name", b"Ada").await.unwrap();
    let second = vault.seal("ada", "name", b"Ada").await.unwrap();
    assert_ne!(first.ciphertext, second.ciphertext);
    assert_ne!(first.hash, second.hash);
    assert!(!first.ciphertext.windows(3).any(|window| window == b"Ada"));
}

#[tokio::test]
async fn whatever_is_changed_in_what_was_sealed_is_found_out() {
    let (vault, _) = vault(&folder("changed"));
    let honest = vault.seal("ada", "name", b"Ada").await.unwrap();
    let rehashed = |ciphertext: Vec<u8>| {
        let hash = ring::digest::digest(&ring::digest::SHA256, &ciphertext);
        let hash = hash.as_ref().try_into().unwrap();
        Sealed { ciphertext, hash }
    };
    assert_eq!(rehashed(honest.ciphertext.clone()), honest);
    for at in 0..honest.ciphertext.len() {
        let mut ciphertext = honest.ciphertext.clone();
        ciphertext[at] ^= 1;
        let found = opened(
            vault
                .open_field("ada", "name", &rehashed(ciphertext.clone()))
                .await,
        );
        assert_eq!(found, Err(ALTERED.to_owned()), "byte {at}");
        let same_hash = Sealed {
            ciphertext,
            hash: honest.hash,
        };
        assert!(vault.open_field("ada", "name", &same_hash).await.is_err());
        let shorter = rehashed(honest.ciphertext[..at].to_vec());
        assert!(
            vault.open_field("ada", "name", &shorter).await.is_err(),
            "{at} bytes"
        );
    }
    // An older ciphertext of the same field opens by itself, and is not the one that was recorded.
    let older = vault.seal("ada", "name", b"Ada Byron").await.unwrap();
    let put_back = Sealed {
        ciphertext: older.ciphertext,
        hash: honest.hash,
    };
    assert_eq!(
        opened(vault.open_field("ada", "name", &put_back).await),
        Err(ALTERED.to_owned())
    );
}

/// Do these bytes stand in a file of the folder?
fn stands_in(folder: &Path, bytes: &[u8]) -> bool {
    fs::read_dir(folder).expect("a folder").any(|entry| {
        let content = fs::read(entry.expect("an entry").path()).expect("a file");
        content.windows(bytes.len()).any(|window| window == bytes)
    })
}

fn wrapped(folder: &Path, person: &str) -> Option<Vec<u8>> {
    Connection::open(folder.join("keys.sqlite"))
        .and_then(|file| {
            let sql = "select wrapped from person_key where person = ?1";
            file.query_row(sql, [person], |row| row.get(0))
        })
        .expect("a row")
}

#[tokio::test]
async fn an_erased_person_can_never_be_read_again_and_the_key_is_in_no_file() {
    let folder = folder("erased");
    let (vault, master) = vault(&folder);
    let persons = (0..200)
        .map(|number| format!("person-{number}"))
        .collect::<Vec<_>>();
    let persons = persons.iter().map(String::as_str).collect::<Vec<_>>();
    vault.keys_or_new(&persons).await.unwrap();
    let sealed = vault.seal("person-77", "name", b"Ada").await.unwrap();
    let neighbour = vault.seal("person-78", "name", b"Grace").await.unwrap();
    // Many, because where a key lies on its page decides whether something happens to be written over it.
    let leave = (50..=77).map(|number| persons[number]).collect::<Vec<_>>();
    let keys = leave
        .iter()
        .map(|person| wrapped(&folder, person).unwrap())
        .collect::<Vec<_>>();
    assert!(keys.iter().all(|key| stands_in(&folder, key)), "before");

    let at = Instant::from_unix_nanoseconds(1_790_000_000_000_000_000);
    for (person, key) in leave.iter().zip(keys) {
        assert!(vault.erase(person, at).await.unwrap());
        assert!(!stands_in(&folder, &key), "{person}");
        assert!(!stands_in(&folder, &key[20..40]), "a part of {person}");
        assert_eq!(wrapped(&folder, person), None);
    }
    for vault in [
        vault,
        Vault::open(&folder.join("keys.sqlite"), master).unwrap(),
    ] {
        assert_eq!(
            opened(vault.open_field("person-77", "name", &sealed).await),
            Err(ERASED.to_owned())
        );
        let again = vault.seal("person-77", "name", b"Ada").await.unwrap_err();
        assert_eq!(again.to_string(), ERASED, "no new key is made");
        let keys = vault
            .keys_or_new(&["person-77", "person-78"])
            .await
            .unwrap();
        assert!(keys[0].is_none());
        assert_eq!(keys[1].as_ref().unwrap().person(), "person-78");
        assert!(
            !vault.erase("person-77", at).await.unwrap(),
            "twice is once"
        );
        assert_eq!(
            opened(vault.open_field("person-78", "name", &neighbour).await),
            Ok("Grace".to_owned())
        );
    }
}

#[tokio::test]
async fn a_person_who_is_erased_before_anything_was_sealed_stays_erased() {
    let (vault, _) = vault(&folder("early"));
    let at = Instant::from_unix_nanoseconds(0);
    assert!(!vault.erase("ada", at).await.unwrap());
    assert!(matches!(
        vault.key_or_new("ada").await,
        Err(VaultTrouble::Erased)
    ));
}

#[tokio::test]
async fn keys_open_with_their_own_master_key_only() {
    let folder = folder("master");
    let path = folder.join("keys.sqlite");
    let (first, master) = vault(&folder);
    let sealed = first.seal("ada", "name", b"Ada").await.unwrap();
    let index = first.email_index("ada@example.com");
    drop(first);
    let other = Vault::open(&path, MasterKey::generate().unwrap()).unwrap_err();
    assert_eq!(
        other.to_string(),
        format!(
            "the keys in {} belong to another master key; put that one back",
            path.display()
        )
    );
    let again = Vault::open(&path, master).unwrap();
    assert_eq!(
        opened(again.open_field("ada", "name", &sealed).await),
        Ok("Ada".to_owned())
    );
    assert_eq!(again.email_index("ada@example.com"), index);
}

#[tokio::test]
async fn a_master_key_is_changed_for_all_keys_or_for_none() {
    let folder = folder("change");
    let path = folder.join("keys.sqlite");
    let (mut vault, old) = vault(&folder);
    let mut sealed = Vec::new();
    for person in ["ada", "grace", "édith"] {
        let own = vault.seal(person, "name", person.as_bytes()).await;
        sealed.push((person, own.unwrap()));
    }
    vault
        .erase("grace", Instant::from_unix_nanoseconds(0))
        .await
        .unwrap();
    let index = vault.email_index("ada@example.com");
    let new = MasterKey::generate().unwrap();
    assert_eq!(
        vault.change_master(new.clone()).await.unwrap(),
        3,
        "two persons and the index"
    );
    assert!(matches!(
        Vault::open(&path, old),
        Err(VaultTrouble::OtherMaster(_))
    ));
    for vault in [&vault, &Vault::open(&path, new.clone()).unwrap()] {
        for (person, sealed) in &sealed {
            let expected = if *person == "grace" {
                Err(ERASED.to_owned())
            } else {
                Ok((*person).to_owned())
            };
            assert_eq!(
                opened(vault.open_field(person, "name", sealed).await),
                expected
            );
        }
        assert_eq!(vault.email_index("ada@example.com"), index);
    }

    Connection::open(&path)
        .unwrap()
        .execute(
            "update person_key set wrapped = substr(wrapped, 1, 40) where person = 'édith'",
            [],
        )
        .unwrap();
    let damaged = vault
        .change_master(MasterKey::generate().unwrap())
        .await
        .unwrap_err();
    assert!(matches!(damaged, VaultTrouble::Damaged(_)), "{damaged}");
    let kept = Vault::open(&path, new).unwrap();
    assert_eq!(
        opened(kept.open_field("ada", "name", &sealed[0].1).await),
        Ok("ada".to_owned())
    );
}

#[tokio::test]
async fn a_key_that_was_put_under_another_person_is_damaged() {
    let folder = folder("swapped");
    let (vault, _) = vault(&folder);
    vault.keys_or_new(&["ada", "grace"]).await.unwrap();
    Connection::open(folder.join("keys.sqlite"))
        .unwrap()
        .execute(
            "update person_key set wrapped = (select wrapped from person_key where person = 'grace') where person = 'ada'",
            [],
        )
        .unwrap();
    let swapped = vault.key("ada").await.unwrap_err();
    assert!(
        swapped.to_string().contains("is damaged; restore it"),
        "{swapped}"
    );
    assert!(vault.key("grace").await.is_ok());
}

#[tokio::test]
async fn a_master_key_lies_in_a_file_that_only_its_owner_reads() {
    let folder = folder("master-file");
    let path = folder.join("master.key");
    let master = MasterKey::generate().unwrap();
    let text = master.to_text().expose().clone();
    let write = |content: &[u8], mode: u32| {
        fs::write(&path, content).unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    let missing = MasterKey::open(&path).unwrap_err().to_string();
    assert!(missing.contains("master.key: No such file"), "{missing}");
    write(format!("{text}\n").as_bytes(), 0o600);
    assert_eq!(MasterKey::open(&path).unwrap().to_text().expose(), &text);
    for content in [
        &b""[..],
        b"\xff",
        &text.as_bytes()[4..],
        b"AAAA",
        &[b'A'; 64],
    ] {
        write(content, 0o600);
        let none = MasterKey::open(&path).unwrap_err().to_string();
        assert!(
            none.contains(
                "master.key holds no master key: it should be one line of base64 for 32 bytes"
            ),
            "{none}"
        );
        assert!(
            !none.contains(&text[4..]),
            "a key does not stand in a message"
        );
    }
    if cfg!(unix) {
        write(text.as_bytes(), 0o604);
        let open = MasterKey::open(&path).unwrap_err().to_string();
        assert!(open.contains("chmod 600"), "{open}");
        let vault = Vault::open(&folder.join("keys.sqlite"), master).unwrap();
        vault.key_or_new("ada").await.unwrap();
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(folder.join("keys.sqlite"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
    }
}

#[test]
fn a_store_of_keys_of_a_newer_program_is_left_alone() {
    let folder = folder("newer");
    let path = folder.join("keys.sqlite");
    let (_, master) = vault(&folder);
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 2)
        .unwrap();
    let newer = Vault::open(&path, master).unwrap_err();
    assert!(
        newer
            .to_string()
            .ends_with("was made by a newer version of makegood; use that version")
    );
}

/// Eight who seal something of the same twenty persons at the same time, each with a vault of their own.
async fn eight_meet_twenty(vaults: Vec<Vault>) -> Vec<Vec<Sealed>> {
    let mut running = tokio::task::JoinSet::new();
    for vault in vaults {
        running.spawn(async move {
            let mut sealed = Vec::new();
            for number in 0..20 {
                let person = format!("person-{number}");
                sealed.push(vault.seal(&person, "name", b"x").await.expect("sealed"));
            }
            sealed
        });
    }
    running.join_all().await
}

async fn all_open(vault: &Vault, sealed: Vec<Vec<Sealed>>) {
    for of_one in sealed {
        for (number, sealed) in of_one.iter().enumerate() {
            let person = format!("person-{number}");
            let found = vault.open_field(&person, "name", sealed).await;
            assert_eq!(opened(found), Ok("x".to_owned()));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn several_who_meet_a_person_at_once_agree_on_one_key() {
    let folder = folder("at-once");
    let (_, master) = vault(&folder);
    let path = folder.join("keys.sqlite");
    let vaults = (0..8).map(|_| Vault::open(&path, master.clone()).expect("a vault"));
    let sealed = eight_meet_twenty(vaults.collect()).await;
    all_open(&Vault::open(&path, master).unwrap(), sealed).await;
}

/// A vault in a table, as one of several machines has it.
async fn machine(url: &str, master: &MasterKey) -> Result<Vault, VaultTrouble> {
    let location = url.parse::<Location>().expect("a place");
    let options = Options {
        connections: 2,
        ..Options::default()
    };
    let store = Store::open(&location, options).await.expect("a store");
    Vault::shared(store, master.clone()).await
}

#[tokio::test(flavor = "multi_thread")]
async fn machines_on_one_database_share_the_keys_and_an_erasure_holds_on_all_of_them() {
    let cluster = pg::Cluster::start(pg::Durability::None);
    let url = cluster.database(None).await;
    let master = MasterKey::generate().unwrap();
    let mut vaults = Vec::new();
    for _ in 0..8 {
        vaults.push(machine(&url, &master).await.unwrap());
    }
    let sealed = eight_meet_twenty(vaults).await;
    let (one, other) = (
        machine(&url, &master).await.unwrap(),
        machine(&url, &master).await.unwrap(),
    );
    all_open(&one, sealed.clone()).await;
    assert_eq!(
        one.email_index("ada@example.com"),
        other.email_index("ada@example.com")
    );

    let at = Instant::from_unix_nanoseconds(1_790_000_000_000_000_000);
    assert!(one.erase("person-7", at).await.unwrap());
    assert!(!other.erase("person-7", at).await.unwrap(), "twice is once");
    let gone = other.open_field("person-7", "name", &sealed[0][7]).await;
    assert_eq!(opened(gone), Err(ERASED.to_owned()));
    let again = other.seal("person-7", "name", b"x").await.unwrap_err();
    assert_eq!(again.to_string(), ERASED, "no new key is made");
    let keys = other.keys_or_new(&["person-7", "person-8", "new"]).await;
    let there = keys
        .unwrap()
        .iter()
        .map(Option::is_some)
        .collect::<Vec<_>>();
    assert_eq!(there, [false, true, true]);
    assert!(!one.erase("early", at).await.unwrap());
    assert!(matches!(
        other.key_or_new("early").await,
        Err(VaultTrouble::Erased)
    ));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_master_key_is_changed_in_a_shared_table_for_all_keys_or_for_none() {
    let cluster = pg::Cluster::start(pg::Durability::None);
    let url = cluster.database(None).await;
    let old = MasterKey::generate().unwrap();
    let mut vault = machine(&url, &old).await.unwrap();
    let sealed = vault.seal("ada", "name", b"Ada").await.unwrap();
    vault.seal("grace", "name", b"Grace").await.unwrap();
    let index = vault.email_index("ada@example.com");
    let new = MasterKey::generate().unwrap();
    assert_eq!(
        vault.change_master(new.clone()).await.unwrap(),
        3,
        "two persons and the index"
    );
    let refused = machine(&url, &old).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "the keys in the table `person_key` of the database belong to another master key; put that one back"
    );
    cluster
        .tell_in(
            &url,
            "update person_key set wrapped = substr(wrapped, 1, 40) where person = 'grace'",
        )
        .await;
    let damaged = vault.change_master(MasterKey::generate().unwrap()).await;
    assert!(matches!(damaged, Err(VaultTrouble::Damaged(_))));
    let kept = machine(&url, &new).await.unwrap();
    let found = kept.open_field("ada", "name", &sealed).await;
    assert_eq!(opened(found), Ok("Ada".to_owned()));
    assert_eq!(kept.email_index("ada@example.com"), index);
}

#[test]
fn two_spellings_of_one_mailbox_are_looked_up_alike_and_two_mailboxes_are_not() {
    let folder = folder("index");
    let (vault, _) = vault(&folder);
    for (address, normal) in [
        ("ada@example.com", "ada@example.com"),
        ("  Ada@EXAMPLE.com\n", "ada@example.com"),
        ("ada@example.com.", "ada@example.com"),
        ("ADA+shop@example.com", "ada+shop@example.com"),
        ("a.da@example.com", "a.da@example.com"),
        ("ÅSE@Bücher.example", "åse@xn--bcher-kva.example"),
        ("åse@xn--bcher-kva.example", "åse@xn--bcher-kva.example"),
        ("\"a@b\"@example.com", "\"a@b\"@example.com"),
        ("ada@[192.0.2.1]", "ada@[192.0.2.1]"),
        ("Not An Address", "not an address"),
        ("@", "@"),
        ("", ""),
    ] {
        assert_eq!(normal_email(address), normal);
        assert_eq!(normal_email(normal), normal, "normal is normal");
        assert_eq!(vault.email_index(address), vault.email_index(normal));
    }
    let index = vault.email_index("ada@example.com");
    assert_ne!(index, vault.email_index("ada+shop@example.com"));
    assert_ne!(index, vault.email_index("ada@example.org"));
    let (other, _) = self::vault(&self::folder("index-of-another-desk"));
    assert_ne!(index, other.email_index("ada@example.com"));
}

#[tokio::test]
async fn nothing_that_is_printed_for_programmers_shows_a_secret() {
    let folder = folder("printed");
    let (vault, master) = vault(&folder);
    let key = vault.key_or_new("ada").await.unwrap();
    let sealed = key.seal("name", b"Ada").unwrap();
    let plain = key.open("name", &sealed).unwrap();
    assert_eq!(format!("{master:?}"), "MasterKey(…)");
    assert_eq!(format!("{plain:?}"), "…");
    assert_eq!(format!("{key:?}"), "PersonKey(…)");
    assert_eq!(format!("{sealed:?}"), "Sealed(32 bytes)");
    let all = format!("{vault:?}");
    assert!(
        all.contains("master: MasterKey(…), index: IndexKey(…), "),
        "{all}"
    );
    assert!(!all.contains(master.to_text().expose().as_str()));
}
