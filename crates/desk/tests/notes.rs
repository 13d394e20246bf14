// SPDX-License-Identifier: MIT OR Apache-2.0
//! Notes, checkpoints and proofs as text: what is read, what is written, and what is refused at which line.

use makegood_desk::audit::Hash;
use makegood_desk::audit::note::{Checkpoint, Malformed, Note, Proof, Signature, TextFault};
use proptest::prelude::*;

/// The example of c2sp.org/signed-note.
const NOTE: &str = "\
Ognuno sta solo sul cuor della terra
trafitto da un raggio di sole:

ed è subito sera.

— quasimodo.example/salvatore NnugSzTjtVAewIS+Z/iJhUPeFDkO/5QQ2i5ddnGITLlC+EhfLW9oJKONrMouFSQU0xMcXxj99ihAQwaqP3ZekRwNtIc=
";

/// The example of c2sp.org/tlog-checkpoint.
const CHECKPOINT: &str = "\
example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
";

/// In the form of the example of c2sp.org/tlog-proof, whose own signatures are cut short.
const PROOF: &str = "\
c2sp.org/tlog-proof@v1
extra YSByZWNvcmQ=
index 73894
gSKyXoYZUgZ6jduWYrkDOARinOMGJveXjgMkBTcdPlQ=
B95lDa8R83lS8n0eG+o0buTxRKQTYFi//1U8anccXmA=

example.com/behind-the-sofa
20852163
CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

— example.com/behind-the-sofa Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=
";

#[test]
fn the_examples_of_the_descriptions_are_read_and_written_again_byte_for_byte() {
    let note = Note::parse(NOTE).unwrap();
    assert!(note.text.ends_with("sole:\n\ned è subito sera.\n"));
    assert_eq!(note.signatures[0].name, "quasimodo.example/salvatore");
    assert_eq!(note.signatures[0].key, [0x36, 0x7b, 0xa0, 0x4b]);
    assert_eq!(note.signatures[0].bytes.len(), 64);
    assert_eq!(note.to_string(), NOTE);

    let note = Note::parse(CHECKPOINT).unwrap();
    let checkpoint = Checkpoint::parse(&note.text).unwrap();
    assert_eq!(checkpoint.origin, "example.com/behind-the-sofa");
    assert_eq!(checkpoint.size, 20_852_163);
    assert_eq!(checkpoint.root.bytes()[..3], [0x0a, 0xc5, 0x18]);
    assert_eq!(checkpoint.text(), note.text);
    assert_eq!(note.to_string(), CHECKPOINT);

    let proof = Proof::parse(PROOF).unwrap();
    assert_eq!(proof.extra.as_deref(), Some(&b"a record"[..]));
    assert_eq!((proof.index, proof.path.len()), (73_894, 2));
    assert_eq!(proof.checkpoint, note);
    assert_eq!(proof.to_string(), PROOF);
}

#[test]
fn a_note_that_is_none_is_refused_at_its_line() {
    use Malformed::*;
    for (note, line, why) in [
        ("", 1, Unended),
        ("text\n\n— k AAAAAAA=", 3, Unended),
        ("text\n", 1, Unsigned),
        ("text\n— k AAAAAAA=\n", 2, Unsigned),
        ("te\txt\n\n— k AAAAAAA=\n", 1, Control),
        ("text\r\n\r\n— k AAAAAAA=\r\n", 1, Control),
        ("text\n\n", 2, Unsigned),
        ("text\n\n- k AAAAAAA=\n", 3, Signature),
        ("text\n\n— AAAAAAA=\n", 3, Signature),
        ("text\n\n—  AAAAAAA=\n", 3, Signature),
        ("text\n\n— k+1 AAAAAAA=\n", 3, Signature),
        ("text\n\n— k\u{a0}1 AAAAAAA=\n", 3, Signature),
        ("text\n\n— k AAAAAAA=\n— k AAAA\n", 4, Signature), // No four bytes.
        ("text\n\n— k AAAAAA==\n", 3, Signature),           // No signature behind them.
        ("text\n\n— k AAAAAAA\n", 3, Signature),            // No padding.
        ("text\n\n— k AAAAAAB=\n", 3, Signature),           // Bits that mean nothing.
        ("text\n\n— k AAAA AAA=\n", 3, Signature),
    ] {
        assert_eq!(Note::parse(note), Err(TextFault { line, why }), "{note:?}");
    }
    let signatures = |count| format!("text\n\n{}", "— k AAAAAAA=\n".repeat(count));
    assert_eq!(Note::parse(&signatures(64)).unwrap().signatures.len(), 64);
    assert_eq!(
        Note::parse(&signatures(65)),
        Err(TextFault {
            line: 67,
            why: TooManySignatures
        })
    );
    let long = format!("{}\n\n— k AAAAAAA=\n", "x".repeat(64 << 10));
    assert_eq!(
        Note::parse(&long),
        Err(TextFault {
            line: 1,
            why: TooLong
        })
    );
}

#[test]
fn a_checkpoint_that_is_none_is_refused_at_its_line() {
    use Malformed::*;
    let root = "CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=";
    for (text, line, why) in [
        (String::new(), 1, Unended),
        (format!("o\n1\n{root}"), 3, Unended),
        (format!("\n1\n{root}\n"), 1, Origin),
        ("o\n".to_owned(), 2, Size),
        (format!("o\n\n{root}\n"), 2, Size),
        (format!("o\n01\n{root}\n"), 2, Size),
        (format!("o\n+1\n{root}\n"), 2, Size),
        (format!("o\n-1\n{root}\n"), 2, Size),
        (format!("o\n1 \n{root}\n"), 2, Size),
        (format!("o\n9223372036854775808\n{root}\n"), 2, Size),
        ("o\n1\n".to_owned(), 3, Root),
        ("o\n1\nAAAA\n".to_owned(), 3, Root),
        (format!("o\n1\n{root} \n"), 3, Root),
        (format!("o\n1\n{root}\nmore\n\n"), 5, Extension),
    ] {
        assert_eq!(
            Checkpoint::parse(&text),
            Err(TextFault { line, why }),
            "{text:?}"
        );
    }
    let largest = format!("o\n9223372036854775807\n{root}\nmore\nand more\n");
    let checkpoint = Checkpoint::parse(&largest).unwrap();
    assert_eq!(checkpoint.extensions, ["more", "and more"]);
    assert_eq!(checkpoint.text(), largest);
}

#[test]
fn a_proof_that_is_none_is_refused_at_its_line() {
    use Malformed::*;
    for (from, to, line, why) in [
        ("@v1", "@v2", 1, Header),
        ("YSByZWNvcmQ=", "YSByZWNvcmQ", 2, Extra),
        ("index 73894", "index 073894", 3, Index),
        ("index 73894\n", "", 3, Index),
        ("extra YSByZWNvcmQ=\nindex", "indexes", 2, Index),
        ("B95lDa8R83lS8n0eG", "!", 5, Path),
        (
            "example.com/behind-the-sofa\n208",
            "exam\tple\n208",
            7,
            Control,
        ),
        ("\n— ", "\n- ", 11, Signature),
    ] {
        let proof = PROOF.replacen(from, to, 1);
        assert_ne!(proof, PROOF);
        assert_eq!(
            Proof::parse(&proof),
            Err(TextFault { line, why }),
            "{proof}"
        );
    }
    let cut = PROOF.split_once("\n\n").unwrap().0;
    assert_eq!(
        Proof::parse(cut),
        Err(TextFault {
            line: 5,
            why: NoCheckpoint
        })
    );
    assert_eq!(
        Proof::parse(""),
        Err(TextFault {
            line: 1,
            why: Header
        })
    );
    let long = PROOF.replace("YSByZWNvcmQ=", &"AAAA".repeat(1 << 18));
    assert_eq!(
        Proof::parse(&long),
        Err(TextFault {
            line: 1,
            why: TooLong
        })
    );
    let bare = PROOF.replace("extra YSByZWNvcmQ=\n", "");
    assert_eq!(Proof::parse(&bare).unwrap().extra, None);
    assert_eq!(Proof::parse(&bare).unwrap().to_string(), bare);
}

fn notes() -> impl Strategy<Value = Note> {
    let signature =
        ("[a-z./]{1,12}", any::<[u8; 4]>(), "[a-z]{1,70}").prop_map(|(name, key, bytes)| {
            Signature {
                name,
                key,
                bytes: bytes.into(),
            }
        });
    let signatures = proptest::collection::vec(signature, 1..4);
    ("([a-zæøå — ]{0,9}\n){1,5}", signatures)
        .prop_map(|(text, signatures)| Note { text, signatures })
}

proptest! {
    #[test]
    fn whatever_is_written_is_read_back(
        note in notes(),
        extra in proptest::option::of(proptest::collection::vec(any::<u8>(), 0..50)),
        index in 0_u64..1 << 63,
        path in proptest::collection::vec(any::<[u8; 32]>(), 0..5),
    ) {
        prop_assert_eq!(&Note::parse(&note.to_string()), &Ok(note.clone()));
        let path = path.into_iter().map(Hash::new).collect();
        let proof = Proof { extra, index, path, checkpoint: note };
        prop_assert_eq!(Proof::parse(&proof.to_string()), Ok(proof));
    }

    /// Whatever stands in a text, reading it ends without a panic, and what is read is written as it stood.
    #[test]
    fn no_text_is_read_as_another(text in "([a-c0-1=/ —\t]{0,6}\n?){0,9}") {
        if let Ok(note) = Note::parse(&text) {
            prop_assert_eq!(note.to_string(), text.clone());
        }
        if let Ok(checkpoint) = Checkpoint::parse(&text) {
            prop_assert_eq!(checkpoint.text(), text.clone());
        }
        if let Ok(proof) = Proof::parse(&format!("c2sp.org/tlog-proof@v1\n{text}")) {
            prop_assert_eq!(proof.to_string(), text);
        }
    }
}
