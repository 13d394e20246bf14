// SPDX-License-Identifier: MIT OR Apache-2.0
//! How many units and how much money a remedy comes to.

use makegood_desk::amount::{Amount, Currency};
use makegood_desk::remedy::{DoNotAddUp, Measure, Outcome, Quantity};

#[test]
fn a_refund_is_named_by_what_it_comes_to() {
    let eur = |minor| Amount::new(minor, Currency::new("EUR", 2).expect("three capitals"));
    assert_eq!(Outcome::of_refund(eur(1_000), eur(1_000)), Outcome::Refund);
    assert_eq!(
        Outcome::of_refund(eur(999), eur(1_000)),
        Outcome::PartialRefund
    );
    assert_eq!(Outcome::of_refund(eur(0), eur(1_000)), Outcome::Declined);
    assert_eq!(Outcome::of_refund(eur(0), eur(0)), Outcome::Declined);
}

#[test]
fn quantities_that_would_count_twice_do_not_add_up() {
    use Quantity::{
        EverythingLeft, OneUnit, OpenDropped, OpenUndelivered, RefundableDropped, RenewalRest,
    };
    for (quantities, twice) in [
        (&[OpenUndelivered, RefundableDropped][..], None),
        (&[OpenUndelivered, OpenDropped, OneUnit], None),
        (&[EverythingLeft], None),
        (&[], None),
        (
            &[OpenDropped, RefundableDropped],
            Some((OpenDropped, RefundableDropped)),
        ),
        (&[OneUnit, OneUnit], Some((OneUnit, OneUnit))),
        (&[OneUnit, EverythingLeft], Some((OneUnit, EverythingLeft))),
        (&[RenewalRest, OneUnit], Some((RenewalRest, OneUnit))),
    ] {
        let sum = Measure::of(quantities).err();
        assert_eq!(
            sum,
            twice.map(|(one, other)| DoNotAddUp(one, other)),
            "{quantities:?}"
        );
    }
    assert!(Measure::of(&[OpenUndelivered]).is_ok_and(Measure::needs_counts));
    assert!(Measure::of(&[OneUnit]).is_ok_and(|measure| !measure.needs_counts()));
}
