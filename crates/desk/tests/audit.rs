// SPDX-License-Identifier: MIT OR Apache-2.0
//! The Merkle log against known answers, against the definitions of RFC 6962 written out, and against whoever changes it.

use std::collections::BTreeMap;

use makegood_desk::audit::{
    Disproof, Frontier, Hash, Leaf, Place, Unprovable, consistency, empty_root, inclusion,
    leaf_hash, node_hash, places, root_at, verify_consistency, verify_inclusion,
};
use proptest::prelude::*;

/// The reference tree of Certificate Transparency's own tests: eight leaves.
const LEAVES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// Its roots when it has none to eight of them.
#[rustfmt::skip]
const ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

/// leaf, size → its path.
#[rustfmt::skip]
const PATHS: [(u64, u64, &[&str]); 5] = [
    (0, 1, &[]),
    (0, 8, &["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (5, 8, &["bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
    (2, 3, &["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"]),
    (1, 5, &["6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
];

/// old size, new size → the proof.
#[rustfmt::skip]
const CONSISTENCY: [(u64, u64, &[&str]); 4] = [
    (1, 1, &[]),
    (1, 8, &["96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
             "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"]),
    (6, 8, &["0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
             "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
             "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"]),
    (2, 5, &["5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
             "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"]),
];

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"))
        .collect()
}

fn hash(hex: &str) -> Hash {
    Hash::from_slice(&bytes(hex)).expect("32 bytes")
}

/// A log as a store keeps it: the right edge and the nodes.
#[derive(Default)]
struct Log {
    frontier: Frontier,
    nodes: BTreeMap<Place, Hash>,
    roots: Vec<Hash>,
    leaves: Vec<Hash>,
}

impl Log {
    fn of(leaves: impl IntoIterator<Item = Hash>) -> Self {
        let mut log = Self::default();
        log.roots.push(log.frontier.root());
        for leaf in leaves {
            log.frontier.push(leaf, |place, hash| {
                assert!(log.nodes.insert(place, hash).is_none(), "{place:?} twice");
            });
            log.leaves.push(leaf);
            log.roots.push(log.frontier.root());
        }
        log
    }

    fn numbered(size: u64) -> Self {
        Self::of((0..size).map(|number| leaf_hash(&number.to_be_bytes())))
    }

    fn node(&self, place: Place) -> Option<Hash> {
        self.nodes.get(&place).copied()
    }
}

#[test]
fn the_reference_tree_has_the_known_roots_and_proofs() {
    let log = Log::of(LEAVES.map(|leaf| leaf_hash(&bytes(leaf))));
    assert_eq!(log.roots, ROOTS.map(hash));
    for (index, size, path) in PATHS {
        let path = path.iter().copied().map(hash).collect::<Vec<_>>();
        assert_eq!(
            inclusion(index, size, |place| log.node(place)).as_ref(),
            Ok(&path),
            "leaf {index} of {size}"
        );
    }
    for (old, new, path) in CONSISTENCY {
        let path = path.iter().copied().map(hash).collect::<Vec<_>>();
        assert_eq!(
            consistency(old, new, |place| log.node(place)).as_ref(),
            Ok(&path),
            "{old} in {new}"
        );
    }
}

/// The definitions of RFC 6962, section 2.1, as they stand there: slow and plain.
mod definition {
    use super::{Hash, empty_root, node_hash};

    fn split(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
        let mut k = 1;
        while k * 2 < leaves.len() {
            k *= 2;
        }
        leaves.split_at(k)
    }

    pub fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => empty_root(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = split(leaves);
                node_hash(root(left), root(right))
            }
        }
    }

    pub fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let (left, right) = split(leaves);
        let (mut path, sibling) = if m < left.len() {
            (path(m, left), root(right))
        } else {
            (path(m - left.len(), right), root(left))
        };
        path.push(sibling);
        path
    }

    pub fn proof(m: usize, leaves: &[Hash]) -> Vec<Hash> {
        subproof(m, leaves, true)
    }

    fn subproof(m: usize, leaves: &[Hash], whole: bool) -> Vec<Hash> {
        if m == leaves.len() {
            return if whole {
                Vec::new()
            } else {
                vec![root(leaves)]
            };
        }
        let (left, right) = split(leaves);
        let (mut proof, sibling) = if m <= left.len() {
            (subproof(m, left, whole), root(right))
        } else {
            (subproof(m - left.len(), right, false), root(left))
        };
        proof.push(sibling);
        proof
    }
}

/// All sizes up to here are tried, with each leaf and each earlier size.
const SIZES: u64 = 70;

#[test]
fn inclusion_proofs_of_every_leaf_of_every_size_are_the_defined_ones_and_verify() {
    let log = Log::numbered(SIZES);
    for size in 1..=SIZES {
        let leaves = &log.leaves[..size.try_into().unwrap()];
        let root = definition::root(leaves);
        assert_eq!(root_at(size, |place| log.node(place)), Ok(root));
        for (&leaf, index) in leaves.iter().zip(0..) {
            let path = inclusion(index, size, |place| log.node(place)).unwrap();
            assert_eq!(path, definition::path(index.try_into().unwrap(), leaves));
            assert_eq!(verify_inclusion(index, size, leaf, &path, root), Ok(()));
        }
    }
}

#[test]
fn consistency_proofs_between_every_pair_of_sizes_are_the_defined_ones_and_verify() {
    let log = Log::numbered(SIZES);
    for new in 0..=SIZES {
        let leaves = &log.leaves[..new.try_into().unwrap()];
        for old in 0..=new {
            let path = consistency(old, new, |place| log.node(place)).unwrap();
            if old > 0 {
                assert_eq!(path, definition::proof(old.try_into().unwrap(), leaves));
            }
            let roots = [old, new].map(|size| log.roots[usize::try_from(size).unwrap()]);
            assert_eq!(
                verify_consistency(old, roots[0], new, roots[1], &path),
                Ok(()),
                "{old} in {new}"
            );
        }
    }
}

#[test]
fn a_changed_leaf_never_verifies_and_neither_does_a_changed_path_place_or_root() {
    let log = Log::numbered(20);
    let other = leaf_hash(b"another");
    for size in 1..=20_u64 {
        let root = log.roots[usize::try_from(size).unwrap()];
        for index in 0..size {
            let leaf = log.leaves[usize::try_from(index).unwrap()];
            let path = inclusion(index, size, |place| log.node(place)).unwrap();
            let holds = |index, size, leaf, path: &[Hash], root| {
                verify_inclusion(index, size, leaf, path, root).is_ok()
            };
            assert!(!holds(index, size, other, &path, root), "leaf");
            assert!(!holds(index, size, leaf, &path, other), "root");
            assert!(!holds(size, size, leaf, &path, root), "no such leaf");
            for elsewhere in (0..size).filter(|&elsewhere| elsewhere != index) {
                assert!(!holds(elsewhere, size, leaf, &path, root), "place");
            }
            for at in 0..path.len() {
                let mut changed = path.clone();
                changed[at] = other;
                assert!(!holds(index, size, leaf, &changed, root), "path");
                let mut shorter = path.clone();
                shorter.remove(at);
                assert!(!holds(index, size, leaf, &shorter, root), "shorter");
            }
            let longer = [&path[..], &[root]].concat();
            assert_eq!(
                verify_inclusion(index, size, leaf, &longer, root),
                Err(Disproof::Length)
            );
        }
    }
}

#[test]
fn a_log_that_was_rewritten_is_never_consistent_with_what_it_was() {
    let honest = Log::numbered(24);
    for new in 1..=24_u64 {
        for changed in 0..new {
            let rewritten = Log::of((0..new).map(|number| {
                leaf_hash(&(if number == changed { 1_000 } else { number }).to_be_bytes())
            }));
            let new_root = rewritten.roots[usize::try_from(new).unwrap()];
            // Any size that had the leaf: no proof made from either log helps.
            for old in changed + 1..=new {
                let old_root = honest.roots[usize::try_from(old).unwrap()];
                for log in [&honest, &rewritten] {
                    let path = consistency(old, new, |place| log.node(place)).unwrap();
                    assert!(
                        verify_consistency(old, old_root, new, new_root, &path).is_err(),
                        "leaf {changed}: {old} in {new}"
                    );
                }
            }
            // A size that did not have it yet is still the beginning.
            let old_root = honest.roots[usize::try_from(changed).unwrap()];
            let path = consistency(changed, new, |place| rewritten.node(place)).unwrap();
            assert_eq!(
                verify_consistency(changed, old_root, new, new_root, &path),
                Ok(())
            );
        }
    }
}

#[test]
fn consistency_says_what_is_wrong() {
    let log = Log::numbered(7);
    let [three, six, seven] = [3, 6, 7].map(|size: usize| log.roots[size]);
    let other = leaf_hash(b"another");
    let path = consistency(3, 7, |place| log.node(place)).unwrap();
    for (old, old_root, new, new_root, path, expected) in [
        (3, three, 7, seven, &path[..], Ok(())),
        (7, seven, 3, three, &path, Err(Disproof::OutOfRange)),
        (3, three, u64::MAX, seven, &path, Err(Disproof::OutOfRange)),
        (3, other, 7, seven, &path, Err(Disproof::OldRoot(three))),
        (3, three, 7, other, &path, Err(Disproof::Root(seven))),
        (3, three, 7, seven, &path[1..], Err(Disproof::Length)),
        (3, three, 7, seven, &[], Err(Disproof::Length)),
        (6, six, 6, six, &[], Ok(())),
        (6, other, 6, six, &[], Err(Disproof::OldRoot(six))),
        (6, six, 6, six, &path, Err(Disproof::Length)),
        (0, empty_root(), 7, seven, &[], Ok(())),
        (
            0,
            other,
            7,
            seven,
            &[],
            Err(Disproof::OldRoot(empty_root())),
        ),
        (0, empty_root(), 7, seven, &path, Err(Disproof::Length)),
    ] {
        assert_eq!(
            verify_consistency(old, old_root, new, new_root, path),
            expected,
            "{old} in {new}"
        );
    }
}

#[test]
fn an_append_completes_each_full_subtree_once_and_a_log_can_be_taken_up_at_any_size() {
    let log = Log::numbered(SIZES);
    let full = (0..7)
        .flat_map(|level: u32| (0..SIZES >> level).map(move |index| Place { level, index }))
        .collect::<Vec<_>>();
    assert_eq!(log.nodes.keys().copied().collect::<Vec<_>>(), full);
    for size in 0..=SIZES {
        let mut taken_up = Frontier::load(size, |place| log.node(place)).unwrap();
        let restored = Frontier::from_bytes(&taken_up.to_bytes()).unwrap();
        assert_eq!(restored, taken_up);
        assert_eq!(restored.root(), log.roots[usize::try_from(size).unwrap()]);
        for &leaf in &log.leaves[usize::try_from(size).unwrap()..] {
            taken_up.push(leaf, |place, hash| assert_eq!(log.node(place), Some(hash)));
        }
        assert_eq!(taken_up, log.frontier);
    }
}

#[test]
fn a_stored_frontier_of_another_length_is_none() {
    let stored = Log::numbered(6).frontier.to_bytes();
    assert_eq!(stored.len(), 8 + 2 * 32);
    assert!(Frontier::from_bytes(&stored).is_some());
    for length in 0..stored.len() {
        assert_eq!(Frontier::from_bytes(&stored[..length]), None, "{length}");
    }
    assert_eq!(
        Frontier::from_bytes(&[&stored[..], &[0; 32]].concat()),
        None
    );
    let too_large = [&(1_u64 << 63).to_be_bytes()[..], &[0; 32]].concat();
    assert_eq!(Frontier::from_bytes(&too_large), None);
}

#[test]
fn a_missing_node_is_named_and_impossible_questions_are_refused() {
    let log = Log::numbered(11);
    let hole = Place { level: 2, index: 1 };
    let with_hole = |place| log.node(place).filter(|_| place != hole);
    let missing = Unprovable::Missing(hole);
    assert_eq!(inclusion(0, 11, with_hole), Err(missing));
    assert_eq!(consistency(4, 11, with_hole), Err(missing));
    // Who does not ask for it is answered.
    assert_eq!(inclusion(8, 11, with_hole).map(|path| path.len()), Ok(3));
    assert_eq!(root_at(11, with_hole), Ok(log.frontier.root()));
    for (index, size) in [(0, 0), (11, 11), (0, 1 << 63), (0, u64::MAX)] {
        let none = |_| panic!("nothing is read for it");
        assert_eq!(inclusion(index, size, none), Err(Unprovable::OutOfRange));
    }
    assert_eq!(consistency(12, 11, |_| None), Err(Unprovable::OutOfRange));
    assert_eq!(
        Frontier::load(u64::MAX, |_| None),
        Err(Unprovable::OutOfRange)
    );
}

#[test]
fn the_places_of_a_question_are_those_that_its_answer_reads() {
    let log = Log::numbered(SIZES);
    for size in 1..=SIZES {
        for index in 0..size {
            let wanted = places(|nodes| inclusion(index, size, nodes).map(drop)).unwrap();
            let few = wanted
                .iter()
                .map(|&place| (place, log.node(place).unwrap()))
                .collect::<BTreeMap<_, _>>();
            assert_eq!(
                inclusion(index, size, |place| few.get(&place).copied()),
                inclusion(index, size, |place| log.node(place)),
            );
            assert!(wanted.len() <= 2 * 7, "{wanted:?}");
        }
    }
    assert_eq!(
        places(|nodes| inclusion(3, 3, nodes).map(drop)),
        Err(Unprovable::OutOfRange)
    );
}

#[test]
fn a_leaf_binds_a_record_to_its_story_and_its_place_there() {
    let leaf = Leaf {
        subject: "case-1042",
        position: 7,
        record: b"decided",
    };
    let bytes = leaf.to_bytes();
    assert_eq!(
        bytes,
        b"makegood/event/1\n\0\0\0\x09case-1042\0\0\0\0\0\0\0\x07decided"
    );
    assert_eq!(Leaf::from_bytes(&bytes), Some(leaf));
    for other in [
        Leaf {
            subject: "case-1043",
            ..leaf
        },
        Leaf {
            position: 8,
            ..leaf
        },
        Leaf {
            record: b"decideD",
            ..leaf
        },
    ] {
        assert_ne!(other.to_bytes(), bytes);
    }
    for cut in [0, 10, 17, 20, 25, 36] {
        assert_eq!(Leaf::from_bytes(&bytes[..cut]), None, "{cut}");
    }
}

proptest! {
    /// Whatever stands in two leaves, they are equal bytes only if they are equal leaves.
    #[test]
    fn leaves_are_read_back_as_they_were(
        subject in ".{0,20}", position: u64, record in proptest::collection::vec(any::<u8>(), 0..40),
    ) {
        let leaf = Leaf { subject: &subject, position, record: &record };
        let bytes = leaf.to_bytes();
        prop_assert_eq!(Leaf::from_bytes(&bytes), Some(leaf));
    }

    /// Proofs in logs too large to build: every node is made up, and a proof of the right length leads to some root, which
    /// it then proves, with no number on the way outgrowing its type.
    #[test]
    fn proofs_in_huge_logs_have_a_length_that_verifies(size in 1_u64..1 << 63, at: prop::sample::Index) {
        let made_up = |place: Place| Some(leaf_hash(format!("{place:?}").as_bytes()));
        let index = u64::try_from(at.index(usize::MAX)).unwrap() % size;
        let leaf = made_up(Place { level: 0, index }).unwrap();
        let path = inclusion(index, size, made_up).unwrap();
        let Err(Disproof::Root(root)) = verify_inclusion(index, size, leaf, &path, leaf_hash(b"")) else {
            panic!("the length of the path of leaf {index} of {size} is refused");
        };
        prop_assert_eq!(verify_inclusion(index, size, leaf, &path, root), Ok(()));
        let path = consistency(index, size, made_up).unwrap();
        if index > 0 {
            let verdict = verify_consistency(index, leaf_hash(b""), size, leaf_hash(b""), &path);
            prop_assert!(matches!(verdict, Err(Disproof::OldRoot(_) | Disproof::Root(_))), "{verdict:?}");
        }
    }
}
