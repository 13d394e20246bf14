// SPDX-License-Identifier: MIT OR Apache-2.0
//! Personal data: who can read what, and what nobody can read again once a person is erased.

use std::fs;
use std::path::{Path, PathBuf};

use makegood::secret::Secret;
use makegood::vault::{MasterKey, Sealed, Vault, VaultTrouble, normal_email};
use makegood_desk::case::Instant;
use rusqlite::Connection;

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

#[test]
fn what_was_sealed_opens_for_its_person_and_its_field_only() {
    let (vault, _) = vault(&folder("opens"));
    let sealed = vault.seal("ab", "name", "Ada Lovelace".as_bytes()).unwrap();
    for person in ["a", "abn"] {
        vault.key_or_new(person).unwrap();
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
        let found = opened(vault.open_field(person, field, &sealed));
        assert_eq!(found, expected, "{person}, {field}");
    }
    for plain in [&b""[..], b"\0", &[0xff; 70_000]] {
        let sealed = vault.seal("ab", "file", plain).unwrap();
        let found = vault.open_field("ab", "file", &sealed).unwrap();
        assert_eq!(found.expose(), plain);
    }
}

#[test]
fn the_same_words_are_never_sealed_alike_so_their_hash_tells_nothing() {
    let (vault, _) = vault(&folder("alike"));
    let [first, second] = [(); 2].map(|()| vault.seal("ada", "name", b"Ada").unwrap());
    assert_ne!(first.ciphertext, second.ciphertext);
    assert_ne!(first.hash, second.hash);
    assert!(!first.ciphertext.windows(3).any(|window| window == b"Ada"));
}

#[test]
fn whatever_is_changed_in_what_was_sealed_is_found_out() {
    let (vault, _) = vault(&folder("changed"));
    let honest = vault.seal("ada", "name", b"Ada").unwrap();
    let rehashed = |ciphertext: Vec<u8>| {
        let hash = ring::digest::digest(&ring::digest::SHA256, &ciphertext);
        let hash = hash.as_ref().try_into().unwrap();
        Sealed { ciphertext, hash }
    };
    assert_eq!(rehashed(honest.ciphertext.clone()), honest);
    for at in 0..honest.ciphertext.len() {
        let mut ciphertext = honest.ciphertext.clone();
        ciphertext[at] ^= 1;
        let found = opened(vault.open_field("ada", "name", &rehashed(ciphertext.clone())));
        assert_eq!(found, Err(ALTERED.to_owned()), "byte {at}");
        let same_hash = Sealed {
            ciphertext,
            hash: honest.hash,
        };
        assert!(vault.open_field("ada", "name", &same_hash).is_err());
        let shorter = rehashed(honest.ciphertext[..at].to_vec());
        assert!(
            vault.open_field("ada", "name", &shorter).is_err(),
            "{at} bytes"
        );
    }
    // An older ciphertext of the same field opens by itself, and is not the one that was recorded.
    let older = vault.seal("ada", "name", b"Ada Byron").unwrap();
    let put_back = Sealed {
        ciphertext: older.ciphertext,
        hash: honest.hash,
    };
    assert_eq!(
        opened(vault.open_field("ada", "name", &put_back)),
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

#[test]
fn an_erased_person_can_never_be_read_again_and_the_key_is_in_no_file() {
    let folder = folder("erased");
    let (vault, master) = vault(&folder);
    let persons = (0..200)
        .map(|number| format!("person-{number}"))
        .collect::<Vec<_>>();
    let persons = persons.iter().map(String::as_str).collect::<Vec<_>>();
    vault.keys_or_new(&persons).unwrap();
    let sealed = vault.seal("person-77", "name", b"Ada").unwrap();
    let neighbour = vault.seal("person-78", "name", b"Grace").unwrap();
    // Many, because where a key lies on its page decides whether something happens to be written over it.
    let leave = (50..=77).map(|number| persons[number]).collect::<Vec<_>>();
    let keys = leave
        .iter()
        .map(|person| wrapped(&folder, person).unwrap())
        .collect::<Vec<_>>();
    assert!(keys.iter().all(|key| stands_in(&folder, key)), "before");

    let at = Instant::from_unix_nanoseconds(1_790_000_000_000_000_000);
    for (person, key) in leave.iter().zip(keys) {
        assert!(vault.erase(person, at).unwrap());
        assert!(!stands_in(&folder, &key), "{person}");
        assert!(!stands_in(&folder, &key[20..40]), "a part of {person}");
        assert_eq!(wrapped(&folder, person), None);
    }
    for vault in [
        vault,
        Vault::open(&folder.join("keys.sqlite"), master).unwrap(),
    ] {
        assert_eq!(
            opened(vault.open_field("person-77", "name", &sealed)),
            Err(ERASED.to_owned())
        );
        let again = vault.seal("person-77", "name", b"Ada").unwrap_err();
        assert_eq!(again.to_string(), ERASED, "no new key is made");
        let keys = vault.keys_or_new(&["person-77", "person-78"]).unwrap();
        assert!(keys[0].is_none());
        assert_eq!(keys[1].as_ref().unwrap().person(), "person-78");
        assert!(!vault.erase("person-77", at).unwrap(), "twice is once");
        assert_eq!(
            opened(vault.open_field("person-78", "name", &neighbour)),
            Ok("Grace".to_owned())
        );
    }
}

#[test]
fn a_person_who_is_erased_before_anything_was_sealed_stays_erased() {
    let (vault, _) = vault(&folder("early"));
    let at = Instant::from_unix_nanoseconds(0);
    assert!(!vault.erase("ada", at).unwrap());
    assert!(matches!(vault.key_or_new("ada"), Err(VaultTrouble::Erased)));
}

#[test]
fn keys_open_with_their_own_master_key_only() {
    let folder = folder("master");
    let path = folder.join("keys.sqlite");
    let (first, master) = vault(&folder);
    let sealed = first.seal("ada", "name", b"Ada").unwrap();
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
        opened(again.open_field("ada", "name", &sealed)),
        Ok("Ada".to_owned())
    );
    assert_eq!(again.email_index("ada@example.com"), index);
}

#[test]
fn a_master_key_is_changed_for_all_keys_or_for_none() {
    let folder = folder("change");
    let path = folder.join("keys.sqlite");
    let (mut vault, old) = vault(&folder);
    let sealed = ["ada", "grace", "édith"].map(|person| {
        (
            person,
            vault.seal(person, "name", person.as_bytes()).unwrap(),
        )
    });
    vault
        .erase("grace", Instant::from_unix_nanoseconds(0))
        .unwrap();
    let index = vault.email_index("ada@example.com");
    let new = MasterKey::generate().unwrap();
    assert_eq!(
        vault.change_master(new.clone()).unwrap(),
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
            assert_eq!(opened(vault.open_field(person, "name", sealed)), expected);
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
        .unwrap_err();
    assert!(matches!(damaged, VaultTrouble::Damaged(_)), "{damaged}");
    let kept = Vault::open(&path, new).unwrap();
    assert_eq!(
        opened(kept.open_field("ada", "name", &sealed[0].1)),
        Ok("ada".to_owned())
    );
}

#[test]
fn a_key_that_was_put_under_another_person_is_damaged() {
    let folder = folder("swapped");
    let (vault, _) = vault(&folder);
    vault.keys_or_new(&["ada", "grace"]).unwrap();
    Connection::open(folder.join("keys.sqlite"))
        .unwrap()
        .execute(
            "update person_key set wrapped = (select wrapped from person_key where person = 'grace') where person = 'ada'",
            [],
        )
        .unwrap();
    let swapped = vault.key("ada").unwrap_err();
    assert!(
        swapped.to_string().contains("is damaged; restore the file"),
        "{swapped}"
    );
    assert!(vault.key("grace").is_ok());
}

#[test]
fn a_master_key_lies_in_a_file_that_only_its_owner_reads() {
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
        vault.key_or_new("ada").unwrap();
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

#[test]
fn several_who_meet_a_person_at_once_agree_on_one_key() {
    let folder = folder("at-once");
    let (_, master) = vault(&folder);
    let sealed = std::thread::scope(|scope| {
        let threads = (0..8)
            .map(|_| {
                let (path, master) = (folder.join("keys.sqlite"), master.clone());
                scope.spawn(move || {
                    let vault = Vault::open(&path, master).expect("a vault");
                    (0..20)
                        .map(|number| vault.seal(&format!("person-{number}"), "name", b"x"))
                        .collect::<Result<Vec<_>, _>>()
                        .expect("sealed")
                })
            })
            .collect::<Vec<_>>();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect::<Vec<_>>()
    });
    let vault = Vault::open(&folder.join("keys.sqlite"), master).unwrap();
    for of_thread in sealed {
        for (number, sealed) in of_thread.iter().enumerate() {
            let found = vault.open_field(&format!("person-{number}"), "name", sealed);
            assert_eq!(opened(found), Ok("x".to_owned()));
        }
    }
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

#[test]
fn nothing_that_is_printed_for_programmers_shows_a_secret() {
    let folder = folder("printed");
    let (vault, master) = vault(&folder);
    let key = vault.key_or_new("ada").unwrap();
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
