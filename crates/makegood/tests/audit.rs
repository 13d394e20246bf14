// SPDX-License-Identifier: MIT OR Apache-2.0
//! The audit log from outside: keys, checkpoints, exports, proofs of letters and the anchor, checked by us and by others.

#[path = "support/peers.rs"]
mod folder;

use folder::peers;
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use makegood::audit::anchor::{Anchor, Frozen, Unmoved, wanted};
use makegood::audit::verify::{Export, proof, verify_log, verify_proof};
use makegood::audit::{KeyFault, SigningKey, Untrusted, VerifierKey, trusted};
use makegood_desk::audit::note::{Checkpoint, Note};
use makegood_desk::audit::{Frontier, Hash, Leaf, Place, inclusion, leaf_hash};

/// An empty folder of this name.
fn folder(name: &str) -> PathBuf {
    let folder = PathBuf::from(env!("CARGO_TARGET_TMPDIR"))
        .join("audit")
        .join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    folder
}

fn write_private(path: &Path, content: &str) {
    fs::write(path, content).expect("written");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).expect("permissions");
    }
}

/// The key, the text and the signature in the documentation of golang.org/x/mod/sumdb/note.
const GO_SIGNING: &str =
    "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
const GO_VERIFIER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const GO_TEXT: &str = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n";
const GO_SIGNATURE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";

#[test]
fn keys_and_signatures_are_those_of_the_reference_byte_for_byte() {
    let path = folder("reference").join("audit.key");
    for line in [GO_SIGNING.to_owned(), format!("{GO_SIGNING}\n")] {
        write_private(&path, &line);
        let key = SigningKey::open(&path, "PeterNeumann").unwrap();
        assert_eq!(key.verifier().to_string(), GO_VERIFIER);
        assert_eq!(key.verifier(), GO_VERIFIER.parse().unwrap());
        let note = key.sign(GO_TEXT.to_owned());
        assert_eq!(note.to_string(), format!("{GO_TEXT}\n{GO_SIGNATURE}"));
    }
}

#[test]
fn a_key_that_was_tampered_with_is_none() {
    let refused = |text: &str| {
        assert!(text.parse::<VerifierKey>().is_err(), "{text:?}");
    };
    for start in 0..GO_VERIFIER.len() {
        for end in start..=GO_VERIFIER.len() {
            if GO_VERIFIER.len() != end - start {
                refused(&GO_VERIFIER[start..end]);
            }
        }
    }
    for at in 0..GO_VERIFIER.len() {
        let mut bytes = GO_VERIFIER.as_bytes().to_vec();
        bytes[at] += 1;
        refused(std::str::from_utf8(&bytes).unwrap());
    }
    // Of the wrong length and of an unknown kind, with their ids made to fit: from the reference's own tests.
    refused("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==");
    refused("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW");

    let path = folder("tampered").join("audit.key");
    for at in 0..GO_SIGNING.len() {
        let mut bytes = GO_SIGNING.as_bytes().to_vec();
        bytes[at] += 1;
        write_private(&path, std::str::from_utf8(&bytes).unwrap());
        let opened = SigningKey::open(&path, "PeterNeumann");
        assert!(matches!(opened, Err(KeyFault::NotSigning(_))), "{at}");
    }
}

#[test]
fn a_key_file_is_private_made_once_and_belongs_to_one_log() {
    let path = folder("key-file").join("audit.key");
    let made = SigningKey::create(&path, "refunds.example.com").unwrap();
    let opened = SigningKey::open(&path, "refunds.example.com").unwrap();
    assert_eq!(opened.verifier(), made.verifier());
    let line = fs::read_to_string(&path).unwrap();
    let secret = line.rsplit('+').next().unwrap().trim();
    assert!(!format!("{made:?}").contains(secret));

    let again = SigningKey::create(&path, "refunds.example.com").unwrap_err();
    assert!(again.to_string().contains("never overwritten"), "{again}");
    assert_eq!(fs::read_to_string(&path).unwrap(), line);
    let other = SigningKey::open(&path, "other.example.com").unwrap_err();
    assert!(
        other.to_string().contains("`refunds.example.com`"),
        "{other}"
    );
    for name in ["", "two words", "a+b", "line\nbreak"] {
        let created = SigningKey::create(&path.with_extension("no"), name);
        assert!(matches!(created, Err(KeyFault::Name(_))), "{name:?}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&path), 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let open = SigningKey::open(&path, "refunds.example.com").unwrap_err();
        assert!(open.to_string().contains("chmod 600"), "{open}");
    }
}

/// A log with everything a store keeps of it.
struct Log {
    key: SigningKey,
    keys: Vec<VerifierKey>,
    leaves: Vec<Vec<u8>>,
    frontier: Frontier,
    nodes: BTreeMap<Place, Hash>,
    checkpoints: Vec<Note>,
}

impl Log {
    /// The log of this name with so many events of three cases, and a checkpoint after each.
    fn of(folder: &Path, name: &str, size: u64) -> Self {
        let key = SigningKey::create(&folder.join(format!("{name}.key")), name).expect("a key");
        let mut log = Self {
            keys: vec![key.verifier()],
            checkpoints: vec![key.checkpoint(0, Frontier::new().root())],
            key,
            leaves: Vec::new(),
            frontier: Frontier::new(),
            nodes: BTreeMap::new(),
        };
        for number in 0..size {
            log.push(number);
        }
        log
    }

    fn push(&mut self, number: u64) {
        let record = format!("{{\"event\":\"decided\",\"number\":{number}}}");
        let leaf = Leaf {
            subject: &format!("case-{}", number % 3),
            position: number / 3,
            record: record.as_bytes(),
        };
        self.leaves.push(leaf.to_bytes());
        let hash = leaf_hash(&leaf.to_bytes());
        self.frontier.push(hash, |place, hash| {
            self.nodes.insert(place, hash);
        });
        let note = self
            .key
            .checkpoint(self.frontier.size(), self.frontier.root());
        self.checkpoints.push(note);
    }

    fn size(&self) -> u64 {
        self.frontier.size()
    }

    fn node(&self, place: Place) -> Option<Hash> {
        self.nodes.get(&place).copied()
    }

    fn checkpoint(&self, size: usize) -> Checkpoint {
        Checkpoint::parse(&self.checkpoints[size].text).expect("a checkpoint")
    }

    /// The export, with a checkpoint after every fourth leaf and at the end.
    fn export(&self) -> String {
        let mut out = Vec::new();
        let mut export = Export::new(&mut out);
        for (leaf, size) in self.leaves.iter().zip(1..) {
            export.leaf(leaf).expect("written");
            if size % 4 == 0 || size == self.leaves.len() {
                export.checkpoint(&self.checkpoints[size]).expect("written");
            }
        }
        String::from_utf8(out).expect("text")
    }

    /// The proof of a leaf under the checkpoint of this size.
    fn proof(&self, index: usize, size: usize) -> String {
        let [place, whole] = [index, size].map(|number| u64::try_from(number).expect("small"));
        let path = inclusion(place, whole, |place| self.node(place)).expect("a proof");
        let note = self.checkpoints[size].clone();
        proof(&self.leaves[index], place, path, note).to_string()
    }
}

fn verify(log: &Log, export: &str, known: &[Checkpoint]) -> Result<String, String> {
    verify_log(export.as_bytes(), &log.keys, known, |_, _| Ok(()))
        .map(|verified| verified.to_string())
        .map_err(|why| why.to_string())
}

#[test]
fn an_honest_export_is_whole_and_agrees_with_every_checkpoint_that_was_given_out() {
    let log = Log::of(&folder("honest"), "refunds.example.com", 10);
    let known = (0..=10)
        .map(|size| log.checkpoint(size))
        .collect::<Vec<_>>();
    let verified = verify(&log, &log.export(), &known).unwrap();
    assert!(
        verified.starts_with(
            "the log `refunds.example.com` is whole; events: 10, checkpoints in it: 3, checkpoints from elsewhere that agree: 11, root: "
        ),
        "{verified}"
    );
    let mut shown = Vec::new();
    verify_log(log.export().as_bytes(), &log.keys, &[], |index, leaf| {
        shown.push((index, leaf.to_vec()));
        Ok(())
    })
    .unwrap();
    assert_eq!(shown, (0..).zip(log.leaves).collect::<Vec<_>>());
}

#[test]
fn an_export_that_was_tampered_with_is_refused_with_the_place_and_the_reason() {
    let folder = folder("tampered-export");
    let log = Log::of(&folder, "refunds.example.com", 10);
    let other = Log::of(&folder, "other.example.com", 10);
    let export = log.export();
    let lines = export.split_inclusive('\n').collect::<Vec<_>>();
    // Lines 1 to 4 are leaves, 5 a checkpoint, 6 to 9 leaves, 10 a checkpoint, 11 and 12 leaves, 13 a checkpoint.
    let with = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = lines
            .iter()
            .map(|&line| line.to_owned())
            .collect::<Vec<_>>();
        change(&mut lines);
        lines.concat()
    };
    let note_of_other = |size: usize| {
        let mut out = Vec::new();
        Export::new(&mut out)
            .checkpoint(&other.checkpoints[size])
            .unwrap();
        String::from_utf8(out).unwrap()
    };
    for (export, expected) in [
        (
            with(&|lines| drop(lines.remove(1))),
            "line 4: events are missing: the checkpoint counts 4, and 3 stand above it",
        ),
        (
            with(&|lines| lines.insert(1, lines[1].clone())),
            "line 6: events were put in: the checkpoint counts 4, and 5 stand above it",
        ),
        (
            with(&|lines| lines.swap(5, 6)),
            "line 10: at least one of the 8 events above this checkpoint was changed, or their order was: they do not have the root that was signed",
        ),
        (
            with(&|lines| lines[6] = lines[5].clone()),
            "line 10: at least one of the 8 events",
        ),
        (
            with(&|lines| lines.truncate(12)),
            "nobody has signed the end of the log: events behind the last checkpoint: 2",
        ),
        (
            with(&|lines| lines.truncate(4)),
            "no checkpoint stands in it, so nothing is signed",
        ),
        (
            String::new(),
            "no checkpoint stands in it, so nothing is signed",
        ),
        (
            with(&|lines| lines[12] = lines[12].replace("\\n10\\n", "\\n12\\n")),
            "line 13: the checkpoint is not what `refunds.example.com` has signed: its text or its signature was changed",
        ),
        (
            with(&|lines| lines[12] = note_of_other(10)),
            "line 13: the checkpoint is not signed with a key that is trusted here; it is signed by `other.example.com`",
        ),
        (
            with(&|lines| lines[12] = "{\"checkpoint\":\"x\\n\"}\n".into()),
            "line 13: in the checkpoint, line 1: no blank line and no signature follow",
        ),
        (
            with(&|lines| lines[2] = "{\"leaf\":\"?\"}\n".into()),
            "line 3: what was logged is not base64",
        ),
        (
            with(&|lines| lines[2] = "\n".into()),
            "line 3: this should be `{\"leaf\":\"…\"}` or `{\"checkpoint\":\"…\"}`: ",
        ),
        (
            with(&|lines| lines[2] = "{\"sheet\":\"\"}\n".into()),
            "line 3: this should be `{\"leaf\":\"…\"}` or `{\"checkpoint\":\"…\"}`: unknown variant `sheet`",
        ),
        (
            with(&|lines| lines[2] = format!("{{\"leaf\":\"{}\"}}\n", "A".repeat(16 << 20))),
            "line 3: the line has more than 16777216 bytes",
        ),
    ] {
        let why = verify(&log, &export, &[]).unwrap_err();
        assert!(why.starts_with(expected), "{why}\nexpected: {expected}");
    }
    let both = [log.keys.clone(), other.keys.clone()].concat();
    let mixed = with(&|lines| lines[9] = note_of_other(8));
    let why = verify_log(mixed.as_bytes(), &both, &[], |_, _| Ok(())).unwrap_err();
    assert_eq!(
        why.to_string(),
        "line 10: the checkpoint is one of the log `other.example.com`, and those before it are of `refunds.example.com`"
    );
    let doubtful = |index, _: &[u8]| match index {
        6 => Err("it pays more than was captured".to_owned()),
        _ => Ok(()),
    };
    let why = verify_log(export.as_bytes(), &log.keys, &[], doubtful).unwrap_err();
    assert_eq!(
        why.to_string(),
        "line 8: event 6: it pays more than was captured"
    );
}

#[test]
fn a_log_that_its_owner_shortened_or_rewrote_disagrees_with_the_letters() {
    let folder = folder("owner");
    let honest = Log::of(&folder, "refunds.example.com", 10);
    let letter = honest.checkpoint(7);
    // The owner has the key, so everything in the new log is signed.
    let rewrite = |events: &[u64]| {
        let mut log = Log {
            key: SigningKey::open(
                &folder.join("refunds.example.com.key"),
                "refunds.example.com",
            )
            .unwrap(),
            keys: honest.keys.clone(),
            leaves: Vec::new(),
            frontier: Frontier::new(),
            nodes: BTreeMap::new(),
            checkpoints: vec![honest.checkpoints[0].clone()],
        };
        events.iter().for_each(|&event| log.push(event));
        log
    };
    let longer = rewrite(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
    let shorter = rewrite(&[0, 1, 2, 3, 4, 5]);
    let rewritten = rewrite(&[0, 1, 2, 99, 4, 5, 6, 7]);
    for (log, expected) in [
        (longer, Ok(())),
        (
            shorter,
            Err(
                "events were taken away at the end: a checkpoint from elsewhere counts 7, and the log has 6",
            ),
        ),
        (
            rewritten,
            Err(
                "line 8: the log was rewritten: its first 7 events are not those over which a checkpoint from elsewhere was made",
            ),
        ),
    ] {
        assert!(
            verify(&log, &log.export(), &[]).is_ok(),
            "alone it looks whole"
        );
        let verdict = verify(&log, &log.export(), std::slice::from_ref(&letter)).map(drop);
        assert_eq!(verdict, expected.map_err(str::to_owned));
    }
}

#[test]
fn the_proof_of_a_letter_proves_its_event_to_whoever_has_the_public_key() {
    let log = Log::of(&folder("letter"), "refunds.example.com", 10);
    for index in 0..10 {
        for size in index + 1..=10 {
            let proof = log.proof(index, size);
            let leaf = log.leaves[index].as_slice();
            for text in [
                proof.clone(),
                proof.replace('\n', "\r\n"),
                format!("\u{feff}\n{proof}\n\n"),
            ] {
                let proven = verify_proof(&text, &log.keys, Some(leaf)).unwrap();
                assert_eq!(proven.leaf, leaf);
                assert_eq!(proven.checkpoint, log.checkpoint(size));
            }
            let proven = verify_proof(&proof, &log.keys, None).unwrap();
            assert_eq!(
                proven.to_string(),
                format!(
                    "this is event {index} of the {size} that the log `refunds.example.com` had when it signed for them"
                )
            );
        }
    }
}

#[test]
fn a_proof_that_was_tampered_with_proves_nothing_and_says_why() {
    let folder = folder("tampered-proof");
    let log = Log::of(&folder, "refunds.example.com", 10);
    let other = Log::of(&folder, "other.example.com", 10);
    let honest = log.proof(5, 10);
    let lines = honest.lines().collect::<Vec<_>>();
    let without = |at: usize| {
        let mut lines = lines.clone();
        lines.remove(at);
        lines.join("\n")
    };
    let with_leaf_of = |index: usize| {
        let stranger = log.proof(index, 10);
        honest.replace(lines[1], stranger.lines().nth(1).unwrap())
    };
    for (proof, expected) in [
        (
            with_leaf_of(4),
            "the event, its place or the proof was changed: they do not lead to the root that was signed",
        ),
        (
            honest.replace("index 5", "index 4"),
            "the event, its place or the proof was changed",
        ),
        (
            honest.replace("index 5", "index 10"),
            "the proof names an event that the log did not have yet",
        ),
        (
            honest.replace(lines[3], lines[4]),
            "the event, its place or the proof was changed",
        ),
        (
            without(3),
            "lines of the proof are missing, or there are too many of them",
        ),
        (without(1), "the proof does not say what it proves"),
        (
            without(2),
            "line 3: this should be `index` and a whole number",
        ),
        (
            without(0),
            "line 1: this is no proof: it should begin with `c2sp.org/tlog-proof@v1`",
        ),
        (
            honest.replace("\n10\n", "\n11\n"),
            "the checkpoint is not what `refunds.example.com` has signed",
        ),
        (
            other.proof(5, 10),
            "the checkpoint is not signed with a key that is trusted here; it is signed by `other.example.com`",
        ),
        (String::new(), "line 1: this is no proof"),
    ] {
        assert_ne!(proof, honest);
        let why = verify_proof(&proof, &log.keys, None)
            .unwrap_err()
            .to_string();
        assert!(why.starts_with(expected), "{why}\nexpected: {expected}");
    }
    let why = verify_proof(&honest, &log.keys, Some(b"something else")).unwrap_err();
    assert_eq!(why.to_string(), "the proof is one of another event");
}

#[test]
fn witnesses_and_older_keys_do_no_harm_and_a_key_signs_for_its_own_log_only() {
    let folder = folder("witnesses");
    let log = Log::of(&folder, "refunds.example.com", 3);
    let newer = SigningKey::create(&folder.join("newer.key"), "refunds.example.com").unwrap();
    let witness = SigningKey::create(&folder.join("witness.key"), "witness.example.com").unwrap();
    let text = log.checkpoints[3].text.clone();
    let mut note = witness.sign(text.clone());
    note.signatures.extend(newer.sign(text.clone()).signatures);
    assert!(matches!(trusted(&note, &log.keys), Err(Untrusted::Unsigned { by }) if by.len() == 2));
    let both = [newer.verifier(), log.keys[0].clone()];
    assert_eq!(trusted(&note, &both), Ok(log.checkpoint(3)));
    assert_eq!(
        trusted(&witness.sign(text), &[witness.verifier()]),
        Err(Untrusted::OtherLog {
            origin: "refunds.example.com".to_owned(),
            name: "witness.example.com".to_owned(),
        })
    );
    // One forged signature of a trusted key spoils the note, whoever else has signed it.
    note.signatures[1].bytes[0] ^= 1;
    assert!(matches!(
        trusted(&note, &both),
        Err(Untrusted::Forged { .. })
    ));
}

#[test]
fn the_anchor_freezes_a_desk_whose_database_is_older_rewritten_or_damaged() {
    let folder = folder("anchor");
    let log = Log::of(&folder, "refunds.example.com", 10);
    let anchor = Anchor::at(&folder.join("audit.anchor"));
    let compare = |log: &Log, size: u64| {
        let anchored = anchor.read(&log.keys)?;
        let nodes = wanted(anchored.as_ref(), size)
            .into_iter()
            .filter_map(|place| Some((place, log.node(place)?)))
            .collect::<BTreeMap<_, _>>();
        anchor.compare(anchored.as_ref(), size, |place| nodes.get(&place).copied())
    };
    assert!(compare(&log, 0).is_ok(), "a new desk");
    let missing = compare(&log, 10).unwrap_err();
    assert!(
        missing.to_string().contains("audit.anchor is missing"),
        "{missing}"
    );

    assert!(anchor.advance(&log.checkpoints[7], &log.keys).unwrap());
    for (size, agrees) in [(10, true), (8, true), (7, true), (6, false), (0, false)] {
        match compare(&log, size) {
            Ok(()) => assert!(agrees, "{size}"),
            Err(Frozen::Older { anchored: 7, .. }) => assert!(!agrees, "{size}"),
            Err(why) => panic!("{size}: {why}"),
        }
    }
    let older = compare(&log, 6).unwrap_err().to_string();
    assert_eq!(
        older,
        "the database is older than it should be: it had 7 events or more, and has 6; no money is moved until a person has looked: restore a newer backup; if there is none, compare with the payment provider what was refunded since (`makegood reconcile`), and accept the database as it is: `makegood verify --accept`"
    );
    let mut damaged = Log::of(&folder, "damaged", 10);
    damaged.keys = log.keys.clone();
    let hole = Place { level: 1, index: 2 };
    damaged.nodes.remove(&hole);
    assert!(matches!(compare(&damaged, 10), Err(Frozen::Damaged(place)) if place == hole));
    let mut rewritten = Log::of(&folder, "rewritten", 0);
    rewritten.keys = log.keys.clone();
    (1..=10).for_each(|number| rewritten.push(number));
    assert!(matches!(
        compare(&rewritten, 10),
        Err(Frozen::Rewritten { anchored: 7 })
    ));
}

#[test]
fn the_anchor_moves_forward_only_and_believes_nobody_else() {
    let folder = folder("anchor-moves");
    let log = Log::of(&folder, "refunds.example.com", 10);
    let path = folder.join("audit.anchor");
    let anchor = Anchor::at(&path);
    let anchored = || {
        anchor
            .read(&log.keys)
            .map(|found| found.map(|found| found.size))
    };
    for (size, moves, after) in [(3, true, 3), (8, true, 8), (5, false, 8), (8, true, 8)] {
        assert_eq!(
            anchor.advance(&log.checkpoints[size], &log.keys).unwrap(),
            moves
        );
        assert_eq!(anchored().unwrap(), Some(after));
    }
    // What a crash in the middle of writing left behind.
    fs::write(folder.join("audit.anchor.new"), "half a che").unwrap();
    assert_eq!(anchored().unwrap(), Some(8));
    assert!(anchor.advance(&log.checkpoints[9], &log.keys).unwrap());
    assert_eq!(anchored().unwrap(), Some(9));
    anchor.accept(&log.checkpoints[8]).unwrap();

    // Another log of the same name and key at the same size, and another log altogether.
    let forked = log.key.checkpoint(8, leaf_hash(b"forked"));
    let refused = anchor.advance(&forked, &log.keys).unwrap_err();
    assert!(matches!(
        refused,
        Unmoved::Frozen(Frozen::Rewritten { anchored: 8 })
    ));
    let other = Log::of(&folder, "other.example.com", 9);
    let refused = anchor
        .advance(&other.checkpoints[9], &log.keys)
        .unwrap_err();
    assert!(matches!(refused, Unmoved::Frozen(Frozen::Untrusted(..))));
    assert_eq!(anchored().unwrap(), Some(8));

    // A person accepts what is there; the old anchor is kept.
    anchor.accept(&log.checkpoints[2]).unwrap();
    assert_eq!(anchored().unwrap(), Some(2));
    let before = fs::read_to_string(folder.join("audit.anchor.before")).unwrap();
    assert_eq!(before, log.checkpoints[8].to_string());

    for (content, expected) in [
        (
            String::new(),
            "audit.anchor: line 1: the text ends without a line break, so its end may be missing",
        ),
        (
            other.checkpoints[9].to_string(),
            "audit.anchor: the checkpoint is not signed with a key that is trusted here; it is signed by `other.example.com`",
        ),
        (
            log.checkpoints[2].to_string().replace("\n2\n", "\n3\n"),
            "audit.anchor: the checkpoint is not what `refunds.example.com` has signed",
        ),
        (
            "x".repeat(70_000),
            "audit.anchor: the file has more than 65536 bytes",
        ),
    ] {
        fs::write(&path, content).unwrap();
        let why = anchored().unwrap_err().to_string();
        assert!(why.contains(expected), "{why}\nexpected: {expected}");
        assert!(anchor.advance(&log.checkpoints[9], &log.keys).is_err());
    }
}

#[test]
fn several_who_share_an_anchor_leave_the_latest_checkpoint_in_it() {
    let folder = folder("anchor-shared");
    let log = Log::of(&folder, "refunds.example.com", 40);
    let anchor = Anchor::at(&folder.join("audit.anchor"));
    std::thread::scope(|scope| {
        for first in 1..=4 {
            let (anchor, log) = (&anchor, &log);
            scope.spawn(move || {
                for size in (first..=40).step_by(4) {
                    anchor
                        .advance(&log.checkpoints[size], &log.keys)
                        .expect("moved or kept");
                }
            });
        }
    });
    assert_eq!(anchor.read(&log.keys).unwrap(), Some(log.checkpoint(40)));
}

/// What `check_log.py` finds: another program in another language, with hashes from Python's library and signatures from `cryptography`.
fn judge(
    export: &Path,
    key: &VerifierKey,
    proofs: &[PathBuf],
) -> Result<serde_json::Value, String> {
    let found = Command::new(peers().join("venv/bin/python"))
        .arg(format!(
            "{}/tests/audit/check_log.py",
            std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where")
        ))
        .arg(export)
        .arg(key.to_string())
        .args(proofs)
        .output()
        .expect("it starts");
    if found.status.success() {
        serde_json::from_slice(&found.stdout).map_err(|why| why.to_string())
    } else {
        Err(String::from_utf8_lossy(&found.stderr).into_owned())
    }
}

#[test]
fn a_program_that_shares_no_code_with_us_finds_the_same() {
    let folder = folder("python");
    for size in [1, 2, 7, 64, 100_usize] {
        let name = format!("refunds-{size}.example.com");
        let log = Log::of(&folder, &name, u64::try_from(size).unwrap());
        let export = folder.join(format!("{size}.ndjson"));
        fs::write(&export, log.export()).unwrap();
        let proofs = (0..size)
            .step_by(9)
            .map(|index| {
                let path = folder.join(format!("{size}-{index}.tlog-proof"));
                fs::write(&path, log.proof(index, size)).unwrap();
                path
            })
            .collect::<Vec<_>>();
        let found = judge(&export, &log.keys[0], &proofs).unwrap();
        assert_eq!(found["root"], format!("{:?}", log.frontier.root()));
        assert_eq!(found["leaves"], log.size());
        assert_eq!(found["checkpoints"], size.div_ceil(4));
        assert_eq!(found["proofs"], proofs.len());

        // The judge is one: it refuses what was changed.
        let leaf = log.export().lines().next().unwrap().to_owned();
        let other = leaf.replace("{\"leaf\":\"", "{\"leaf\":\"AAAA");
        fs::write(&export, log.export().replacen(&leaf, &other, 1)).unwrap();
        let refused = judge(&export, &log.keys[0], &[]).unwrap_err();
        assert!(refused.contains("AssertionError"), "{refused}");
    }
}
