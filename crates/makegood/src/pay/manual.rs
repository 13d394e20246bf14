// SPDX-License-Identifier: MIT OR Apache-2.0
//! Refunds by bank transfer: the desk draws up a payment file, a person hands it to the bank, and statements tell what became of it.
//!
//! Accepting an order moves nothing. A transfer is named by its order's key, a batch by its transfers, and a file is kept as it was handed over;
//! so however often a step is repeated, it is the same step.

use makegood_desk::execution::{ProviderRefund, ProviderSaid, RefundOrder, RefundStatus};
use ring::digest;

pub mod account;
pub mod batch;
mod letters;
pub mod statement;

/// Why a transfer cannot be asked after.
pub(super) const TOLD_BY_STATEMENT: &str =
    "a bank is not asked; import its statement, or confirm the transfer by hand";

/// The merchant's bank.
#[derive(Clone, Debug, Default)]
pub struct Manual;

impl Manual {
    /// Takes an order in: nothing moves yet, so the same order gives the same transfer however often it is asked.
    #[must_use]
    pub fn create_refund(&self, order: &RefundOrder) -> ProviderSaid {
        ProviderSaid::Refund(ProviderRefund {
            id: transfer_id(&order.key),
            payment: order.payment.clone(),
            reference: Some(order.reference.clone()),
            status: RefundStatus::Pending,
            amount: order.amount,
            failure: None,
        })
    }
}

/// The name of a transfer, from the key of its order.
///
/// It goes through the banks as the end-to-end reference: at most 35 of the characters that every bank takes.
#[must_use]
pub fn transfer_id(key: &str) -> String {
    named_by("MG", key)
}

/// A name made of what it names: 130 bits of its SHA-256, in letters that are not mistaken for one another.
fn named_by(prefix: &str, what: &str) -> String {
    const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    let digest = digest::digest(&digest::SHA256, what.as_bytes());
    let mut name = String::from(prefix);
    for byte in digest.as_ref().iter().take(26) {
        name.push(char::from(LETTERS[usize::from(byte & 31)]));
    }
    name
}
