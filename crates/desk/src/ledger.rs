// SPDX-License-Identifier: MIT OR Apache-2.0
//! The books: double entry, append-only, exact.
//!
//! What happens to money is one of the closed list of [`Booking`]s. Each is booked as a [`Transaction`] that cannot be built
//! unless its debits equal its credits, and [`Balances`] refuses what an account cannot bear. The books hold what the
//! desk moves, not the shop's sales: a provider's balance starts at nothing and tells how far our refunds have lowered it.
//!
//! | booking | debit | credit |
//! | --- | --- | --- |
//! | refund reserved | refund expense | refunds owed |
//! | refund cancelled, refund failed | refunds owed | refund expense |
//! | refund settled | refunds owed | provider balance |
//! | refund failed late | provider balance | refund expense |
//! | provider refund seen | provider unexplained | provider balance |
//! | provider refund undone | provider balance | provider unexplained |
//! | provider refund explained | refund expense | provider unexplained |
//! | credit granted | credit expense | store credit |
//! | credit withdrawn | store credit | credit expense |
//! | credit used | store credit | credit redeemed |
//! | dispute opened | disputes held | provider balance |
//! | dispute won | provider balance | disputes held |
//! | dispute lost | dispute losses | disputes held |
//! | lost dispute won | provider balance | dispute losses |
//! | fee charged | dispute fees | provider balance |
//! | fee returned | provider balance | dispute fees |

use alloc::collections::BTreeMap;
use alloc::collections::btree_map::Entry;
use alloc::string::String;
use alloc::vec::Vec;

use crate::amount::{Amount, Currency};

/// What the money is of, or with whom. The list is closed; a store keeps an account as its [`Account::code`] and [`Account::of`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Account {
    /// What refunds cost the shop.
    RefundExpense,
    /// What store credit costs the shop.
    CreditExpense,
    /// What disputes cost the shop.
    DisputeLosses,
    /// What providers take for a dispute.
    DisputeFees,
    /// What was promised back for a payment and is not confirmed yet.
    RefundsOwed {
        /// The payment's name.
        payment: String,
    },
    /// What customers can still spend.
    StoreCredit {
        /// Whose credit.
        holder: String,
    },
    /// What orders were paid with by credit.
    CreditRedeemed,
    /// The money at a provider, as far as the desk moved it.
    ProviderBalance {
        /// The provider's name.
        provider: String,
    },
    /// What a provider paid back without a decision of ours, until a person has explained it.
    ProviderUnexplained {
        /// The provider's name.
        provider: String,
    },
    /// What a provider keeps while a dispute is open.
    DisputesHeld {
        /// The dispute's name.
        dispute: String,
    },
}

/// Whether an account grows by what is debited or by what is credited.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The left side of the books.
    Debit,
    /// The right side of the books.
    Credit,
}

impl Account {
    /// Its name in stored books, never changed.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RefundExpense => "refund_expense",
            Self::CreditExpense => "credit_expense",
            Self::DisputeLosses => "dispute_losses",
            Self::DisputeFees => "dispute_fees",
            Self::RefundsOwed { .. } => "refunds_owed",
            Self::StoreCredit { .. } => "store_credit",
            Self::CreditRedeemed => "credit_redeemed",
            Self::ProviderBalance { .. } => "provider_balance",
            Self::ProviderUnexplained { .. } => "provider_unexplained",
            Self::DisputesHeld { .. } => "disputes_held",
        }
    }

    /// The payment, holder, provider or dispute that it is about.
    pub fn of(&self) -> Option<&str> {
        match self {
            Self::RefundExpense
            | Self::CreditExpense
            | Self::DisputeLosses
            | Self::DisputeFees
            | Self::CreditRedeemed => None,
            Self::RefundsOwed { payment: of }
            | Self::StoreCredit { holder: of }
            | Self::ProviderBalance { provider: of }
            | Self::ProviderUnexplained { provider: of }
            | Self::DisputesHeld { dispute: of } => Some(of),
        }
    }

    /// The account with this code, about this; `None` where there is none, or where it is about something and nothing is said.
    pub fn from_parts(code: &str, of: Option<String>) -> Option<Self> {
        Some(match (code, of) {
            ("refund_expense", None) => Self::RefundExpense,
            ("credit_expense", None) => Self::CreditExpense,
            ("dispute_losses", None) => Self::DisputeLosses,
            ("dispute_fees", None) => Self::DisputeFees,
            ("credit_redeemed", None) => Self::CreditRedeemed,
            ("refunds_owed", Some(payment)) => Self::RefundsOwed { payment },
            ("store_credit", Some(holder)) => Self::StoreCredit { holder },
            ("provider_balance", Some(provider)) => Self::ProviderBalance { provider },
            ("provider_unexplained", Some(provider)) => Self::ProviderUnexplained { provider },
            ("disputes_held", Some(dispute)) => Self::DisputesHeld { dispute },
            _ => return None,
        })
    }

    /// The only side on which a balance may stand; `None` where both can be.
    ///
    /// What a provider tells us is true even where it makes no sense, so its accounts, and costs that it can give back, have no such side.
    pub const fn only_side(&self) -> Option<Side> {
        match self {
            // INVARIANT (nothing is settled that is not owed): a settlement cannot take more than was reserved.
            Self::RefundsOwed { .. } => Some(Side::Credit),
            // INVARIANT (credit is spent once).
            Self::StoreCredit { .. } => Some(Side::Credit),
            Self::RefundExpense
            | Self::CreditExpense
            | Self::DisputeLosses
            | Self::DisputeFees
            | Self::CreditRedeemed
            | Self::ProviderBalance { .. }
            | Self::ProviderUnexplained { .. }
            | Self::DisputesHeld { .. } => None,
        }
    }
}

/// One line of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Leg {
    /// Which account.
    pub account: Account,
    /// On which side.
    pub side: Side,
    /// How much.
    pub amount: Amount,
}

impl Leg {
    /// The change of a balance: debits count up, credits count down.
    fn signed(&self) -> i128 {
        let minor = i128::from(self.amount.minor());
        match self.side {
            Side::Debit => minor,
            Side::Credit => -minor,
        }
    }
}

/// Why something cannot be booked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unbooked {
    /// Money comes from somewhere and goes somewhere: a transaction has two legs or more.
    TooFewLegs,
    /// A leg moves nothing.
    Nothing(Account),
    /// An account is named twice for one currency, so that a leg could hide another.
    Twice(Account),
    /// Debits and credits differ.
    Unbalanced {
        /// In this currency.
        currency: Currency,
        /// Debits less credits, in minor units.
        by: i128,
    },
    /// The account would stand on its wrong side.
    Overdrawn {
        /// Which one.
        account: Account,
        /// In this currency.
        currency: Currency,
        /// By how many minor units.
        by: u128,
    },
    /// A balance would outgrow 128 bits.
    TooLarge(Account),
}

/// Legs that belong together and are booked together.
///
/// ```
/// use makegood_desk::amount::{Amount, Currency};
/// use makegood_desk::ledger::{Account, Leg, Side, Transaction, Unbooked};
/// let eur = Currency::new("EUR", 2).expect("three capitals");
/// let owed = Account::RefundsOwed { payment: "pi_1".into() };
/// let legs = |credit| vec![
///     Leg { account: Account::RefundExpense, side: Side::Debit, amount: Amount::new(975, eur) },
///     Leg { account: owed.clone(), side: Side::Credit, amount: Amount::new(credit, eur) },
/// ];
/// assert!(Transaction::new(legs(975)).is_ok());
/// assert_eq!(Transaction::new(legs(970)), Err(Unbooked::Unbalanced { currency: eur, by: 5 }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transaction {
    // INVARIANT (debits equal credits): two legs or more, none empty, none twice, and per currency they sum to nothing.
    legs: Vec<Leg>,
}

impl Transaction {
    /// The transaction of these legs.
    ///
    /// # Errors
    /// When they are none.
    pub fn new(legs: Vec<Leg>) -> Result<Self, Unbooked> {
        if legs.len() < 2 {
            return Err(Unbooked::TooFewLegs);
        }
        let mut sums = BTreeMap::<Currency, i128>::new();
        for (at, leg) in legs.iter().enumerate() {
            let currency = leg.amount.currency();
            if leg.amount.is_zero() {
                return Err(Unbooked::Nothing(leg.account.clone()));
            }
            if legs.iter().take(at).any(|earlier| {
                earlier.account == leg.account && earlier.amount.currency() == currency
            }) {
                return Err(Unbooked::Twice(leg.account.clone()));
            }
            // INVARIANT (debits equal credits). Amounts are below 2^64, so no memory holds enough legs to overflow this.
            *sums.entry(currency).or_default() += leg.signed();
        }
        match sums.into_iter().find(|&(_, by)| by != 0) {
            Some((currency, by)) => Err(Unbooked::Unbalanced { currency, by }),
            None => Ok(Self { legs }),
        }
    }

    /// Its legs, in the order they were given.
    pub fn legs(&self) -> &[Leg] {
        &self.legs
    }
}

/// What can happen to money.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Booking {
    /// A refund was decided; the money is set aside.
    RefundReserved {
        /// For this payment.
        payment: String,
        /// How much.
        amount: Amount,
    },
    /// A refund was called off before it was sent.
    RefundCancelled {
        /// For this payment.
        payment: String,
        /// How much.
        amount: Amount,
    },
    /// A provider has confirmed a refund.
    RefundSettled {
        /// For this payment.
        payment: String,
        /// This provider.
        provider: String,
        /// How much.
        amount: Amount,
    },
    /// A refund failed before it was settled, or was refused.
    RefundFailed {
        /// For this payment.
        payment: String,
        /// How much.
        amount: Amount,
    },
    /// A refund failed after it was settled: the money came back.
    RefundFailedLate {
        /// To this provider.
        provider: String,
        /// How much.
        amount: Amount,
    },
    /// A provider reports a refund that we did not decide.
    ProviderRefundSeen {
        /// This provider.
        provider: String,
        /// How much.
        amount: Amount,
    },
    /// Such a refund failed, or was called off.
    ProviderRefundUndone {
        /// At this provider.
        provider: String,
        /// How much.
        amount: Amount,
    },
    /// A person has found out what such a refund was for.
    ProviderRefundExplained {
        /// At this provider.
        provider: String,
        /// How much.
        amount: Amount,
    },
    /// A customer got store credit.
    CreditGranted {
        /// This customer.
        holder: String,
        /// How much.
        amount: Amount,
    },
    /// Store credit lapsed, or was taken back.
    CreditWithdrawn {
        /// From this customer.
        holder: String,
        /// How much.
        amount: Amount,
    },
    /// A customer paid with store credit.
    CreditUsed {
        /// This customer.
        holder: String,
        /// How much.
        amount: Amount,
    },
    /// A customer disputed a payment and the provider took the money until it is judged.
    DisputeOpened {
        /// This dispute.
        dispute: String,
        /// At this provider.
        provider: String,
        /// How much.
        amount: Amount,
    },
    /// A dispute was won: the provider gave the money back.
    DisputeWon {
        /// This dispute.
        dispute: String,
        /// At this provider.
        provider: String,
        /// How much.
        amount: Amount,
    },
    /// A dispute was lost.
    DisputeLost {
        /// This dispute.
        dispute: String,
        /// How much.
        amount: Amount,
    },
    /// A dispute that was booked as lost was won after all.
    LostDisputeWon {
        /// At this provider.
        provider: String,
        /// How much.
        amount: Amount,
    },
    /// A provider took a fee for a dispute.
    FeeCharged {
        /// This provider.
        provider: String,
        /// How much.
        amount: Amount,
    },
    /// A provider gave such a fee back.
    FeeReturned {
        /// This provider.
        provider: String,
        /// How much.
        amount: Amount,
    },
}

impl Booking {
    /// Its name in stored books, never changed.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::RefundReserved { .. } => "refund_reserved",
            Self::RefundCancelled { .. } => "refund_cancelled",
            Self::RefundSettled { .. } => "refund_settled",
            Self::RefundFailed { .. } => "refund_failed",
            Self::RefundFailedLate { .. } => "refund_failed_late",
            Self::ProviderRefundSeen { .. } => "provider_refund_seen",
            Self::ProviderRefundUndone { .. } => "provider_refund_undone",
            Self::ProviderRefundExplained { .. } => "provider_refund_explained",
            Self::CreditGranted { .. } => "credit_granted",
            Self::CreditWithdrawn { .. } => "credit_withdrawn",
            Self::CreditUsed { .. } => "credit_used",
            Self::DisputeOpened { .. } => "dispute_opened",
            Self::DisputeWon { .. } => "dispute_won",
            Self::DisputeLost { .. } => "dispute_lost",
            Self::LostDisputeWon { .. } => "lost_dispute_won",
            Self::FeeCharged { .. } => "fee_charged",
            Self::FeeReturned { .. } => "fee_returned",
        }
    }

    /// The account that is debited, the one that is credited, and by how much: the table at the top of this file.
    fn entry(&self) -> (Account, Account, Amount) {
        use Account::{CreditExpense, CreditRedeemed, DisputeFees, DisputeLosses, RefundExpense};
        use Booking::*;
        match self {
            RefundReserved { payment, amount } => (RefundExpense, owed(payment), *amount),
            RefundCancelled { payment, amount } | RefundFailed { payment, amount } => {
                (owed(payment), RefundExpense, *amount)
            }
            RefundSettled {
                payment,
                provider,
                amount,
            } => (owed(payment), balance(provider), *amount),
            RefundFailedLate { provider, amount } => (balance(provider), RefundExpense, *amount),
            ProviderRefundSeen { provider, amount } => {
                (unexplained(provider), balance(provider), *amount)
            }
            ProviderRefundUndone { provider, amount } => {
                (balance(provider), unexplained(provider), *amount)
            }
            ProviderRefundExplained { provider, amount } => {
                (RefundExpense, unexplained(provider), *amount)
            }
            CreditGranted { holder, amount } => (CreditExpense, credit(holder), *amount),
            CreditWithdrawn { holder, amount } => (credit(holder), CreditExpense, *amount),
            CreditUsed { holder, amount } => (credit(holder), CreditRedeemed, *amount),
            DisputeOpened {
                dispute,
                provider,
                amount,
            } => (held(dispute), balance(provider), *amount),
            DisputeWon {
                dispute,
                provider,
                amount,
            } => (balance(provider), held(dispute), *amount),
            DisputeLost { dispute, amount } => (DisputeLosses, held(dispute), *amount),
            LostDisputeWon { provider, amount } => (balance(provider), DisputeLosses, *amount),
            FeeCharged { provider, amount } => (DisputeFees, balance(provider), *amount),
            FeeReturned { provider, amount } => (balance(provider), DisputeFees, *amount),
        }
    }

    /// The transaction that books it.
    ///
    /// # Errors
    /// [`Unbooked::Nothing`] when the amount is nothing.
    pub fn transaction(&self) -> Result<Transaction, Unbooked> {
        let (debit, credit, amount) = self.entry();
        let leg = |account, side| Leg {
            account,
            side,
            amount,
        };
        Transaction::new([leg(debit, Side::Debit), leg(credit, Side::Credit)].into())
    }
}

fn owed(payment: &str) -> Account {
    Account::RefundsOwed {
        payment: payment.into(),
    }
}

fn balance(provider: &str) -> Account {
    Account::ProviderBalance {
        provider: provider.into(),
    }
}

fn unexplained(provider: &str) -> Account {
    Account::ProviderUnexplained {
        provider: provider.into(),
    }
}

fn credit(holder: &str) -> Account {
    Account::StoreCredit {
        holder: holder.into(),
    }
}

fn held(dispute: &str) -> Account {
    Account::DisputesHeld {
        dispute: dispute.into(),
    }
}

/// What stands on each account after all that was booked.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Balances {
    // INVARIANT (every currency sums to nothing): each transaction does, and nothing else changes a balance. Debits count up.
    // A balance of nothing is not kept, so equal books are equal values and settled payments take no room.
    balances: BTreeMap<(Account, Currency), i128>,
}

impl Balances {
    /// Those of empty books.
    pub const fn new() -> Self {
        Self {
            balances: BTreeMap::new(),
        }
    }

    /// Books a transaction, all of it or none of it.
    ///
    /// # Errors
    /// When an account cannot bear it; then nothing has changed.
    pub fn post(&mut self, transaction: &Transaction) -> Result<(), Unbooked> {
        // INVARIANT (none twice): each leg has a balance of its own, so all can be looked at before any is changed.
        for leg in &transaction.legs {
            self.after(leg)?;
        }
        for leg in &transaction.legs {
            let after = self.after(leg)?;
            match self
                .balances
                .entry((leg.account.clone(), leg.amount.currency()))
            {
                Entry::Occupied(entry) if after == 0 => {
                    entry.remove();
                }
                Entry::Occupied(mut entry) => {
                    entry.insert(after);
                }
                Entry::Vacant(entry) => {
                    entry.insert(after);
                }
            }
        }
        Ok(())
    }

    /// What would stand on a leg's account after it.
    fn after(&self, leg: &Leg) -> Result<i128, Unbooked> {
        let (account, currency) = (&leg.account, leg.amount.currency());
        let before = self.signed(account, currency);
        let after = before
            .checked_add(leg.signed())
            .ok_or_else(|| Unbooked::TooLarge(account.clone()))?;
        let wrong = match account.only_side() {
            Some(Side::Debit) => after < 0,
            Some(Side::Credit) => after > 0,
            None => false,
        };
        if wrong {
            Err(Unbooked::Overdrawn {
                account: account.clone(),
                currency,
                by: after.unsigned_abs(),
            })
        } else {
            Ok(after)
        }
    }

    /// What stands on an account: debits less credits, in minor units.
    pub fn signed(&self, account: &Account, currency: Currency) -> i128 {
        self.balances
            .get(&(account.clone(), currency))
            .copied()
            .unwrap_or(0)
    }

    /// All accounts with something on them: debits less credits, in minor units.
    pub fn iter(&self) -> impl Iterator<Item = (&Account, Currency, i128)> {
        self.balances
            .iter()
            .map(|((account, currency), &minor)| (account, *currency, minor))
    }

    /// The sums of both sides, per currency.
    ///
    /// # Errors
    /// When a sum outgrows 128 bits.
    pub fn trial(&self) -> Result<Vec<Trial>, Unbooked> {
        let mut rows = BTreeMap::<Currency, Trial>::new();
        for (account, currency, minor) in self.iter() {
            let row = rows.entry(currency).or_insert(Trial {
                currency,
                debits: 0,
                credits: 0,
            });
            let side = if minor > 0 {
                &mut row.debits
            } else {
                &mut row.credits
            };
            *side = side
                .checked_add(minor.unsigned_abs())
                .ok_or_else(|| Unbooked::TooLarge(account.clone()))?;
        }
        Ok(rows.into_values().collect())
    }
}

/// One currency of a trial balance: books in order have the same on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Which currency.
    pub currency: Currency,
    /// The sum of all balances on the debit side, in minor units.
    pub debits: u128,
    /// The sum of all balances on the credit side, in minor units.
    pub credits: u128,
}

impl Trial {
    /// Do both sides agree?
    pub const fn balances(&self) -> bool {
        self.debits == self.credits
    }
}
