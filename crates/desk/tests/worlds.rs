// SPDX-License-Identifier: MIT OR Apache-2.0
//! A few counts stand for all that are possible.

use makegood_desk::units::{Counts, Cuts, worlds};
use proptest::collection::vec;
use proptest::prelude::*;
use std::collections::BTreeMap;

/// Everything that is possible, one after the other.
fn all(ordered: u64) -> impl Iterator<Item = Counts> {
    (0..=ordered).flat_map(|delivered| {
        (0..=delivered).flat_map(move |dropped| {
            [false, true]
                .into_iter()
                .filter(move |below| !below || dropped == delivered)
                .map(move |below_baseline| Counts {
                    delivered,
                    dropped,
                    below_baseline,
                })
        })
    })
}

type Extremes = [(u64, u64); 3];

/// Each combination of cells that is reached, with the extremes of the quantities in it.
fn effects(
    counts: impl IntoIterator<Item = Counts>,
    ordered: u64,
    refunded: u64,
    cuts: &Cuts,
) -> BTreeMap<Vec<u8>, Extremes> {
    let mut reached: BTreeMap<Vec<u8>, Extremes> = BTreeMap::new();
    for counts in counts {
        // Written out again by the contract's words, not by `Counts::units`.
        let undelivered = ordered - counts.delivered;
        let open_undelivered = undelivered.saturating_sub(refunded);
        let open_dropped = counts
            .dropped
            .saturating_sub(refunded.saturating_sub(undelivered));
        let mut cell = vec![u8::from(counts.below_baseline)];
        cell.extend(
            cuts.units_delivered
                .iter()
                .map(|t| u8::from(counts.delivered > *t)),
        );
        cell.extend(
            cuts.open_undelivered
                .iter()
                .map(|t| u8::from(open_undelivered > *t)),
        );
        cell.extend(
            cuts.open_dropped
                .iter()
                .map(|t| u8::from(open_dropped > *t)),
        );
        for (p, q) in cuts.drop_share {
            let (left, right) = match counts.delivered {
                0 => (0, *p),
                delivered => (counts.dropped * q, p * delivered),
            };
            cell.push(u8::from(left >= right) + u8::from(left > right));
        }
        let sizes = [
            open_undelivered,
            open_dropped,
            open_undelivered + open_dropped,
        ];
        let extremes = reached
            .entry(cell)
            .or_insert(sizes.map(|size| (size, size)));
        for (extreme, size) in extremes.iter_mut().zip(sizes) {
            *extreme = (extreme.0.min(size), extreme.1.max(size));
        }
    }
    reached
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]
    #[test]
    fn worlds_reach_every_effect(
        ordered in 1_u64..=40,
        refunded in 0_u64..=45,
        units_delivered in vec(0_u64..42, 0..3),
        open_undelivered in vec(0_u64..42, 0..3),
        open_dropped in vec(0_u64..42, 0..3),
        drop_share in vec((0_u64..=45, 1_u64..=45), 0..3),
    ) {
        let cuts = Cuts {
            units_delivered: &units_delivered,
            open_undelivered: &open_undelivered,
            open_dropped: &open_dropped,
            drop_share: &drop_share,
        };
        let few = worlds(ordered, refunded, &cuts);
        for counts in &few {
            prop_assert!(counts.delivered <= ordered && counts.dropped <= counts.delivered);
            prop_assert!(!counts.below_baseline || counts.dropped == counts.delivered);
        }
        prop_assert_eq!(effects(few, ordered, refunded, &cuts), effects(all(ordered), ordered, refunded, &cuts));
    }
}

/// The cuts of the reference policy.
const REFERENCE: Cuts = Cuts {
    units_delivered: &[0],
    open_undelivered: &[0],
    open_dropped: &[0],
    drop_share: &[(10, 100)],
};

#[test]
fn the_reference_policy_needs_few_worlds_whatever_was_ordered() {
    let mut most = 0;
    for ordered in [1, 2, 3, 9, 10, 11, 40, 1_000, 12_345, (1 << 53) - 1] {
        for refunded in [
            0,
            1,
            2,
            ordered / 10,
            ordered / 2,
            ordered - 1,
            ordered,
            ordered + 1,
            ordered * 2,
        ] {
            most = most.max(worlds(ordered, refunded, &REFERENCE).len());
        }
    }
    assert!(most <= 40, "{most} worlds");
    let usual = worlds(1_000, 0, &REFERENCE);
    assert!(usual.len() < 24, "{usual:?}");
}

#[test]
fn a_sliver_between_two_shares_is_found_however_far_out_it_begins() {
    // Between 333333/1000000 and 1/3 the first whole number lies beyond three hundred thousand delivered.
    let cuts = Cuts {
        drop_share: &[(333_333, 1_000_000), (1, 3)],
        ..Cuts::default()
    };
    let few = worlds(1 << 52, 0, &cuts);
    let between = |counts: &&Counts| {
        counts.dropped * 3 < counts.delivered
            && u128::from(counts.dropped) * 1_000_000 > u128::from(counts.delivered) * 333_333
    };
    let first = few
        .iter()
        .filter(between)
        .map(|counts| counts.delivered)
        .min();
    let expected = (1_u64..2_000_000).find(|d| {
        let dropped = (d - 1) / 3;
        dropped * 1_000_000 > d * 333_333
    });
    assert_eq!(first, expected);
}
