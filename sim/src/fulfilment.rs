// SPDX-License-Identifier: MIT OR Apache-2.0
//! Fulfilment behind its connector: each command is done once, and sometimes nobody hears of it.

use std::collections::BTreeMap;

use makegood_desk::execution::{CommandKind, CommandOrder, ConnectorSaid};

use crate::chance::{Chance, word};
use crate::plan::Fault;

/// A command as fulfilment holds it.
#[derive(Clone, Debug)]
pub struct Taken {
    /// What was asked.
    pub order: CommandOrder,
    /// What comes of it; nothing while it is being done.
    pub end: Option<Result<(), String>>,
    /// How often it was asked after.
    pub asked: u32,
}

/// Fulfilment.
#[derive(Clone, Debug, Default)]
pub struct Fulfilment {
    /// Commands by key.
    pub taken: BTreeMap<String, Taken>,
}

impl Fulfilment {
    /// Takes a command, or answers what became of it; the second value says that it was done just now.
    pub fn ask(
        &mut self,
        seed: u64,
        order: &CommandOrder,
        has: impl Fn(Fault) -> bool,
    ) -> (ConnectorSaid, bool) {
        let asked = self.taken.get(&order.key).map_or(0, |taken| taken.asked);
        let mut chance = Chance::of(&[seed, 40, word(&order.key), u64::from(asked)]);
        let unknown = || ConnectorSaid::Unknown {
            seen: "no answer".into(),
        };
        if has(Fault::CommandLost) && chance.one_in(3) {
            // It never arrived.
            return (unknown(), false);
        }
        let refuses = has(Fault::CommandRefused) && chance.one_in(2);
        let late = has(Fault::CommandLate) && chance.one_in(2);
        let taken = self.taken.entry(order.key.clone()).or_insert(Taken {
            order: order.clone(),
            end: None,
            asked: 0,
        });
        taken.asked += 1;
        let mut done = false;
        if taken.end.is_none() && !late {
            taken.end = Some(if refuses {
                Err("it cannot be done".into())
            } else {
                Ok(())
            });
            done = !refuses;
        }
        if has(Fault::CommandLost) && chance.one_in(3) {
            return (unknown(), done);
        }
        let said = match &taken.end {
            None => ConnectorSaid::Accepted,
            Some(Ok(())) => ConnectorSaid::Done { note: None },
            Some(Err(why)) => ConnectorSaid::Refused { why: why.clone() },
        };
        (said, done)
    }

    /// Units that were delivered again, and how often.
    #[must_use]
    pub fn redelivered(&self, order_number: &str) -> (u64, usize) {
        let done = self.taken.values().filter(|taken| {
            taken.order.order_number == order_number
                && taken.order.kind == CommandKind::Redeliver
                && taken.end == Some(Ok(()))
        });
        done.fold((0, 0), |(units, times), taken| {
            (units + taken.order.units.unwrap_or(0), times + 1)
        })
    }
}
