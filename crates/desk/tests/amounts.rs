// SPDX-License-Identifier: MIT OR Apache-2.0
//! What a refund comes to, to the cent.

use makegood_desk::amount::{Amount, Balance, Currency, Ratio};
use proptest::prelude::*;

fn balance(price: u64, ordered: u64, refunded: (u128, u64), lost: u128) -> Balance {
    let currency = Currency::new("EUR", 2).expect("three capitals");
    Balance {
        price: Amount::new(price, currency),
        units_ordered: ordered,
        refunded_minor: refunded.0,
        refunded_units: refunded.1,
        lost_minor: lost,
    }
}

/// price, ordered, (refunded money, refunded units), lost, units now → refund, everything left
type Row = (u64, u64, (u128, u64), u128, u64, u64, u64);

#[rustfmt::skip]
const TABLE: &[Row] = &[
    // The whole, a part, and halves upwards.
    (4_990, 1_000, (0, 0),         0,     1_000, 4_990, 4_990),
    (4_990, 1_000, (0, 0),         0,     250,   1_248, 4_990),  // 1247.5
    (4_990, 1_000, (0, 0),         0,     1,     5,     4_990),  // 4.99
    (1,     3,     (0, 0),         0,     1,     0,     1),      // 0.33
    (1,     3,     (0, 0),         0,     2,     1,     1),      // 0.67
    (1,     2,     (0, 0),         0,     1,     1,     1),      // 0.5
    // A second part adds up with the first to the rounded total.
    (4_990, 1_000, (1_248, 250),   0,     250,   1_247, 3_742),
    (4_990, 1_000, (1_248, 250),   0,     750,   3_742, 3_742),
    (1,     2,     (1, 1),         0,     1,     0,     0),
    // More or less was paid for the first part than it was worth.
    (1_000, 10,    (500, 1),       0,     1,     0,     500),
    (1_000, 10,    (500, 1),       0,     5,     100,   500),
    (1_000, 10,    (0, 5),         0,     1,     600,   1_000),
    // Lost disputes bound it from above.
    (1_000, 10,    (0, 0),         900,   5,     100,   100),
    (1_000, 10,    (100, 1),       900,   5,     0,     0),
    (1_000, 10,    (100, 1),       5_000, 5,     0,     0),
    // No units, no refund; more units than ordered, all that is left.
    (1_000, 10,    (0, 5),         0,     0,     0,     1_000),
    (1_000, 10,    (0, 12),        0,     1,     1_000, 1_000),
    (1_000, 10,    (0, 0),         0,     99,    1_000, 1_000),
    (0,     10,    (0, 0),         0,     10,    0,     0),
    // As large as numbers get.
    ((1 << 53) - 1, (1 << 53) - 1, (0, 0), 0, (1 << 53) - 2, (1 << 53) - 2, (1 << 53) - 1),
    (u64::MAX, u64::MAX, (u128::MAX, u64::MAX), u128::MAX, u64::MAX, 0, 0),
];

#[test]
fn refunds_come_to_what_the_table_says() {
    for &(price, ordered, refunded, lost, units, refund, left) in TABLE {
        let balance = balance(price, ordered, refunded, lost);
        assert_eq!(balance.refund_of(units).minor(), refund, "{balance:?}");
        assert_eq!(balance.left().minor(), left, "{balance:?}");
    }
}

#[test]
fn a_share_kept_back_is_rounded_half_up() {
    let eur = Currency::new("EUR", 2).expect("three capitals");
    for (minor, (part, whole), rest) in [
        (1_000, (0, 1), 1_000),
        (1_000, (1, 1), 0),
        (1_000, (3, 2), 0),
        (1_000, (10, 100), 900),
        (1, (1, 2), 0),
        (1, (1, 3), 1),
        (5, (1, 10), 4),
        (4, (1, 10), 4),
        (u64::MAX, (1, 1 << 100), u64::MAX),
        (u64::MAX, ((1 << 119) - 1, 1 << 119), 0),
    ] {
        let share = Ratio::new(part, whole).expect("a ratio");
        assert_eq!(
            Amount::new(minor, eur).less(share).minor(),
            rest,
            "{minor} less {part}/{whole}"
        );
    }
    assert!(Ratio::new(1, 0).is_none());
    assert!(Ratio::new(1 << 120, 1).is_none());
}

#[test]
fn shares_are_compared_exactly_whatever_their_size() {
    let ratio = |n, d| Ratio::new(n, d).expect("a ratio");
    let large = 1_u128 << 119;
    assert!(ratio(large - 1, large) < Ratio::ONE);
    assert!(ratio(large - 2, large - 1) < ratio(large - 1, large));
    assert_eq!(ratio(large / 2, large), ratio(1, 2));
    assert!(ratio(large / 2 - 1, large) < ratio(1, 2));
    assert!(ratio(0, large) < ratio(1, large));
    assert_eq!(ratio(0, 7), Ratio::ZERO);
}

proptest! {
    /// However an order is refunded piece by piece, the pieces add up to the rounded worth of all of them.
    #[test]
    fn partial_refunds_add_up_to_the_rounded_total(
        price in 0_u64..1 << 53,
        ordered in 1_u64..1 << 53,
        pieces in proptest::collection::vec(1_u64..1 << 50, 1..8),
    ) {
        let (mut money, mut units) = (0_u128, 0_u64);
        for piece in pieces {
            let piece = piece.min(ordered - units);
            money += u128::from(balance(price, ordered, (money, units), 0).refund_of(piece).minor());
            units += piece;
        }
        let (dividend, divisor) = (u128::from(price) * u128::from(units), u128::from(ordered));
        prop_assert_eq!(money, (2 * dividend + divisor) / (2 * divisor));
    }

    #[test]
    fn a_refund_is_never_more_than_what_is_left(
        price: u64, ordered in 1_u64.., money: u128, refunded: u64, lost: u128, units: u64,
    ) {
        let balance = balance(price, ordered, (money, refunded), lost);
        prop_assert!(balance.refund_of(units).minor() <= balance.left().minor());
    }
}
