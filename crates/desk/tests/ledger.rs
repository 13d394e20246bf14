// SPDX-License-Identifier: MIT OR Apache-2.0
//! The books: what a booking does, what none can do, and that nothing is ever out of balance.

use makegood_desk::amount::{Amount, Currency};
use makegood_desk::ledger::{Account, Balances, Booking, Leg, Side, Transaction, Unbooked};
use proptest::prelude::*;

fn eur() -> Currency {
    Currency::new("EUR", 2).expect("three capitals")
}

fn jpy() -> Currency {
    Currency::new("JPY", 0).expect("three capitals")
}

fn name(kind: &str) -> String {
    format!("{kind}_1")
}

/// The account with this code, about the one thing of its kind that the tests know.
fn account(code: &str) -> Account {
    let of = match code {
        "refunds_owed" => Some(name("payment")),
        "store_credit" => Some(name("holder")),
        "provider_balance" | "provider_unexplained" => Some(name("provider")),
        "disputes_held" => Some(name("dispute")),
        _ => None,
    };
    Account::from_parts(code, of).unwrap_or_else(|| panic!("no account `{code}`"))
}

/// The booking with this code, of one amount.
fn booking(code: &str, amount: Amount) -> Booking {
    use Booking::*;
    let [payment, provider] = ["payment", "provider"].map(name);
    let [holder, dispute] = ["holder", "dispute"].map(name);
    let booking = match code {
        "refund_reserved" => RefundReserved { payment, amount },
        "refund_cancelled" => RefundCancelled { payment, amount },
        "refund_settled" => RefundSettled {
            payment,
            provider,
            amount,
        },
        "refund_failed" => RefundFailed { payment, amount },
        "refund_failed_late" => RefundFailedLate { provider, amount },
        "provider_refund_seen" => ProviderRefundSeen { provider, amount },
        "provider_refund_undone" => ProviderRefundUndone { provider, amount },
        "provider_refund_explained" => ProviderRefundExplained { provider, amount },
        "credit_granted" => CreditGranted { holder, amount },
        "credit_withdrawn" => CreditWithdrawn { holder, amount },
        "credit_used" => CreditUsed { holder, amount },
        "dispute_opened" => DisputeOpened {
            dispute,
            provider,
            amount,
        },
        "dispute_won" => DisputeWon {
            dispute,
            provider,
            amount,
        },
        "dispute_lost" => DisputeLost { dispute, amount },
        "lost_dispute_won" => LostDisputeWon { provider, amount },
        "fee_charged" => FeeCharged { provider, amount },
        "fee_returned" => FeeReturned { provider, amount },
        _ => panic!("no booking `{code}`"),
    };
    assert_eq!(booking.code(), code);
    booking
}

/// booking, debit, credit: the whole of the books.
#[rustfmt::skip]
const TABLE: [(&str, &str, &str); 17] = [
    ("refund_reserved",           "refund_expense",       "refunds_owed"),
    ("refund_cancelled",          "refunds_owed",         "refund_expense"),
    ("refund_settled",            "refunds_owed",         "provider_balance"),
    ("refund_failed",             "refunds_owed",         "refund_expense"),
    ("refund_failed_late",        "provider_balance",     "refund_expense"),
    ("provider_refund_seen",      "provider_unexplained", "provider_balance"),
    ("provider_refund_undone",    "provider_balance",     "provider_unexplained"),
    ("provider_refund_explained", "refund_expense",       "provider_unexplained"),
    ("credit_granted",            "credit_expense",       "store_credit"),
    ("credit_withdrawn",          "store_credit",         "credit_expense"),
    ("credit_used",               "store_credit",         "credit_redeemed"),
    ("dispute_opened",            "disputes_held",        "provider_balance"),
    ("dispute_won",               "provider_balance",     "disputes_held"),
    ("dispute_lost",              "dispute_losses",       "disputes_held"),
    ("lost_dispute_won",          "provider_balance",     "dispute_losses"),
    ("fee_charged",               "dispute_fees",         "provider_balance"),
    ("fee_returned",              "provider_balance",     "dispute_fees"),
];

#[test]
fn each_booking_debits_and_credits_what_the_table_says() {
    let amount = Amount::new(975, eur());
    for (code, debit, credit) in TABLE {
        let transaction = booking(code, amount).transaction().unwrap();
        let leg = |code, side| Leg {
            account: account(code),
            side,
            amount,
        };
        assert_eq!(
            transaction.legs(),
            [leg(debit, Side::Debit), leg(credit, Side::Credit)],
            "{code}"
        );
        let nothing = booking(code, Amount::new(0, eur())).transaction();
        assert_eq!(nothing, Err(Unbooked::Nothing(account(debit))), "{code}");
    }
}

#[test]
fn accounts_are_read_back_from_their_code_and_what_they_are_of() {
    for (_, debit, credit) in TABLE {
        for code in [debit, credit] {
            let account = account(code);
            assert_eq!(account.code(), code);
            let of = account.of().map(str::to_owned);
            assert_eq!(Account::from_parts(code, of.clone()), Some(account));
            let wrong = if of.is_some() {
                None
            } else {
                Some(name("payment"))
            };
            assert_eq!(Account::from_parts(code, wrong), None);
        }
    }
    assert_eq!(Account::from_parts("petty_cash", None), None);
}

/// Story → what is left on the accounts, in minor units: debits less credits.
type Story<'a> = (&'a str, &'a [(&'a str, u64)], &'a [(&'a str, i128)]);

#[rustfmt::skip]
const STORIES: &[Story] = &[
    ("nothing happened", &[], &[]),
    ("a refund is decided",
        &[("refund_reserved", 975)],
        &[("refund_expense", 975), ("refunds_owed", -975)]),
    ("a refund is paid",
        &[("refund_reserved", 975), ("refund_settled", 975)],
        &[("refund_expense", 975), ("provider_balance", -975)]),
    ("a refund is called off",
        &[("refund_reserved", 975), ("refund_cancelled", 975)], &[]),
    ("a reserved refund that fails leaves nothing owed",
        &[("refund_reserved", 975), ("refund_failed", 975)], &[]),
    ("a paid refund that fails late leaves nothing",
        &[("refund_reserved", 975), ("refund_settled", 975), ("refund_failed_late", 975)], &[]),
    ("two refunds of one payment, one of them paid",
        &[("refund_reserved", 975), ("refund_reserved", 500), ("refund_settled", 500)],
        &[("refund_expense", 1_475), ("refunds_owed", -975), ("provider_balance", -500)]),
    ("somebody refunds in the provider's dashboard",
        &[("provider_refund_seen", 300)],
        &[("provider_unexplained", 300), ("provider_balance", -300)]),
    ("and a person explains it",
        &[("provider_refund_seen", 300), ("provider_refund_explained", 300)],
        &[("refund_expense", 300), ("provider_balance", -300)]),
    ("or it fails",
        &[("provider_refund_seen", 300), ("provider_refund_undone", 300)], &[]),
    ("a cancelled refund was paid all the same",
        &[("refund_reserved", 975), ("refund_cancelled", 975), ("provider_refund_seen", 975), ("provider_refund_explained", 975)],
        &[("refund_expense", 975), ("provider_balance", -975)]),
    ("credit is granted and half of it spent",
        &[("credit_granted", 1_000), ("credit_used", 500)],
        &[("credit_expense", 1_000), ("store_credit", -500), ("credit_redeemed", -500)]),
    ("credit lapses",
        &[("credit_granted", 1_000), ("credit_withdrawn", 1_000)], &[]),
    ("a dispute is lost, with its fee",
        &[("dispute_opened", 5_000), ("fee_charged", 1_500), ("dispute_lost", 5_000)],
        &[("dispute_losses", 5_000), ("dispute_fees", 1_500), ("provider_balance", -6_500)]),
    ("a dispute is won, and its fee comes back",
        &[("dispute_opened", 5_000), ("fee_charged", 1_500), ("dispute_won", 5_000), ("fee_returned", 1_500)], &[]),
    ("a lost dispute is won the next day",
        &[("dispute_opened", 5_000), ("dispute_lost", 5_000), ("lost_dispute_won", 5_000)], &[]),
    ("verdicts arrive before the opening",
        &[("dispute_lost", 5_000), ("dispute_opened", 5_000)],
        &[("dispute_losses", 5_000), ("provider_balance", -5_000)]),
];

#[test]
fn stories_leave_on_the_accounts_what_they_should() {
    for (story, bookings, left) in STORIES {
        let mut balances = Balances::new();
        for &(code, minor) in *bookings {
            let transaction = booking(code, Amount::new(minor, eur())).transaction();
            balances.post(&transaction.unwrap()).unwrap();
        }
        let mut found = balances
            .iter()
            .map(|(account, _, minor)| (account.code(), minor))
            .collect::<Vec<_>>();
        let mut expected = left.to_vec();
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected, "{story}");
    }
}

#[test]
fn a_transaction_that_is_none_cannot_be_built() {
    let leg = |code, side, minor, currency| Leg {
        account: account(code),
        side,
        amount: Amount::new(minor, currency),
    };
    let debit = |minor, currency| leg("refund_expense", Side::Debit, minor, currency);
    let credit = |minor, currency| leg("refunds_owed", Side::Credit, minor, currency);
    let unbalanced = |currency, by| Err(Unbooked::Unbalanced { currency, by });
    for (legs, expected) in [
        (vec![], Err(Unbooked::TooFewLegs)),
        (vec![debit(5, eur())], Err(Unbooked::TooFewLegs)),
        (
            vec![debit(5, eur()), credit(4, eur())],
            unbalanced(eur(), 1),
        ),
        (
            vec![debit(4, eur()), credit(5, eur())],
            unbalanced(eur(), -1),
        ),
        (
            vec![debit(5, eur()), credit(5, jpy())],
            unbalanced(eur(), 5),
        ),
        (
            vec![debit(0, eur()), credit(0, eur())],
            Err(Unbooked::Nothing(account("refund_expense"))),
        ),
        (
            vec![
                debit(5, eur()),
                leg("refund_expense", Side::Credit, 5, eur()),
            ],
            Err(Unbooked::Twice(account("refund_expense"))),
        ),
        (
            vec![
                debit(5, eur()),
                credit(5, eur()),
                debit(7, jpy()),
                credit(6, jpy()),
            ],
            unbalanced(jpy(), 1),
        ),
        (vec![debit(5, eur()), credit(5, eur())], Ok(())),
        (
            vec![
                debit(5, eur()),
                debit(7, jpy()),
                credit(5, eur()),
                credit(7, jpy()),
            ],
            Ok(()),
        ),
        (
            vec![
                debit(u64::MAX, eur()),
                leg("dispute_losses", Side::Debit, u64::MAX, eur()),
                credit(u64::MAX, eur()),
                leg("provider_balance", Side::Credit, u64::MAX, eur()),
            ],
            Ok(()),
        ),
    ] {
        assert_eq!(
            Transaction::new(legs.clone()).map(drop),
            expected,
            "{legs:?}"
        );
    }
}

#[test]
fn what_is_not_owed_cannot_be_settled_and_credit_cannot_be_spent_twice() {
    for (first, second, overdrawn) in [
        ("refund_reserved", "refund_settled", "refunds_owed"),
        ("refund_reserved", "refund_cancelled", "refunds_owed"),
        ("refund_reserved", "refund_failed", "refunds_owed"),
        ("credit_granted", "credit_used", "store_credit"),
        ("credit_granted", "credit_withdrawn", "store_credit"),
    ] {
        let post = |balances: &mut Balances, code, minor, currency| {
            let transaction = booking(code, Amount::new(minor, currency)).transaction();
            balances.post(&transaction.unwrap())
        };
        let mut balances = Balances::new();
        post(&mut balances, first, 100, eur()).unwrap();
        let before = balances.clone();
        for (minor, currency, by) in [(101, eur(), 1), (100, jpy(), 100)] {
            let refused = Err(Unbooked::Overdrawn {
                account: account(overdrawn),
                currency,
                by,
            });
            assert_eq!(post(&mut balances, second, minor, currency), refused);
            assert_eq!(balances, before, "a refused {second} has changed nothing");
        }
        assert_eq!(post(&mut balances, second, 60, eur()), Ok(()));
        assert!(
            post(&mut balances, second, 60, eur()).is_err(),
            "60 and 60 of 100"
        );
        assert_eq!(post(&mut balances, second, 40, eur()), Ok(()));
    }
}

#[test]
fn a_transaction_of_which_one_leg_is_refused_is_not_booked_at_all() {
    let leg = |code, side| Leg {
        account: account(code),
        side,
        amount: Amount::new(100, eur()),
    };
    let transaction = Transaction::new(vec![
        leg("refund_expense", Side::Debit),
        leg("provider_balance", Side::Credit),
        leg("store_credit", Side::Debit),
        leg("dispute_losses", Side::Credit),
    ])
    .unwrap();
    let mut balances = Balances::new();
    assert!(balances.post(&transaction).is_err());
    assert_eq!(balances, Balances::new());
}

proptest! {
    /// INVARIANT (every currency sums to nothing): whatever is booked in whatever order, accepted or refused.
    #[test]
    fn every_currency_sums_to_nothing(
        steps in proptest::collection::vec((0..TABLE.len(), prop_oneof![1..50_u64, any::<u64>()], any::<bool>()), 0..60),
    ) {
        let mut balances = Balances::new();
        for (row, minor, yen) in steps {
            let currency = if yen { jpy() } else { eur() };
            let Ok(transaction) = booking(TABLE[row].0, Amount::new(minor, currency)).transaction() else {
                continue; // Nothing was to be booked.
            };
            let before = balances.clone();
            if balances.post(&transaction).is_err() {
                prop_assert_eq!(&balances, &before);
            }
            for trial in balances.trial().unwrap() {
                prop_assert!(trial.balances(), "{:?}", trial);
            }
            prop_assert_eq!(balances.iter().map(|(_, _, minor)| minor).sum::<i128>(), 0);
            for (account, _, minor) in balances.iter() {
                prop_assert!(minor != 0);
                prop_assert!(account.only_side() != Some(Side::Credit) || minor < 0, "{:?}", account);
            }
        }
    }

    /// However many refunds of a payment are decided, and however each ends, nothing is owed at the end, and what it cost is what was paid.
    #[test]
    fn refunds_that_have_ended_leave_nothing_owed(
        refunds in proptest::collection::vec((1_u64..1 << 53, 0..4_usize), 1..20),
    ) {
        let mut balances = Balances::new();
        let mut paid = 0_i128;
        let mut post = |code, minor| {
            balances.post(&booking(code, Amount::new(minor, eur())).transaction().unwrap()).unwrap();
        };
        for &(minor, _) in &refunds {
            post("refund_reserved", minor);
        }
        for (minor, end) in refunds {
            match end {
                0 => post("refund_cancelled", minor),
                1 => post("refund_failed", minor),
                2 => {
                    post("refund_settled", minor);
                    post("refund_failed_late", minor);
                }
                _ => {
                    post("refund_settled", minor);
                    paid += i128::from(minor);
                }
            }
        }
        prop_assert_eq!(balances.signed(&account("refunds_owed"), eur()), 0);
        prop_assert_eq!(balances.signed(&account("refund_expense"), eur()), paid);
        prop_assert_eq!(balances.signed(&account("provider_balance"), eur()), -paid);
    }
}
