// SPDX-License-Identifier: MIT OR Apache-2.0
//! Makes a failing story shorter: leaves out whatever it does not need, as long as the same invariant still breaks.

use std::collections::BTreeSet;

use makegood_desk::decision::Rulebook;

use crate::bug::Bug;
use crate::invariants::Invariant;
use crate::plan::{Fault, Plan};
use crate::run;

/// What a story goes without.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Without {
    /// Acts, by number.
    pub acts: BTreeSet<u32>,
    /// Faults.
    pub faults: BTreeSet<Fault>,
    /// Workers beside the first.
    pub workers: bool,
}

impl Without {
    /// The plan without all this.
    #[must_use]
    pub fn of(&self, plan: &Plan) -> Plan {
        let mut plan = plan.without(&self.acts, &self.faults);
        if self.workers {
            plan.rules.workers = 1;
        }
        plan
    }

    /// As it is written on a command line; nothing if nothing is left out.
    #[must_use]
    pub fn words(&self) -> String {
        let acts = self.acts.iter().map(ToString::to_string);
        let faults = self.faults.iter().map(|fault| fault.word().to_owned());
        let workers = self.workers.then(|| "workers".to_owned());
        acts.chain(faults)
            .chain(workers)
            .collect::<Vec<_>>()
            .join(",")
    }

    /// What was written on a command line.
    ///
    /// # Errors
    /// A word is neither the number of an act nor a fault.
    pub fn read(words: &str) -> Result<Self, String> {
        let mut without = Self::default();
        for word in words.split(',').filter(|word| !word.is_empty()) {
            let fault = Fault::ALL.iter().find(|(known, _)| *known == word);
            match (word.parse(), fault) {
                (Ok(act), _) => drop(without.acts.insert(act)),
                (_, Some((_, fault))) => drop(without.faults.insert(*fault)),
                _ if word == "workers" => without.workers = true,
                _ => {
                    return Err(format!(
                        "`{word}` is neither the number of an act nor a fault"
                    ));
                }
            }
        }
        Ok(without)
    }
}

/// The least of a story that still breaks the invariant, as far as leaving out one part after the other finds it.
#[must_use]
pub fn shrink(
    plan: &Plan,
    rulebook: &Rulebook,
    bug: Option<Bug>,
    broken: Invariant,
    begin: &Without,
) -> Without {
    let breaks = |without: &Without| {
        let verdict = run(&without.of(plan), rulebook, bug, false);
        verdict
            .violation
            .is_some_and(|violation| violation.invariant == broken)
    };
    let mut least = begin.clone();
    loop {
        let before = least.clone();
        let mut parts = Vec::new();
        for act in &plan.acts {
            let mut without = least.clone();
            if without.acts.insert(act.no) {
                parts.push(Part::Act(act.no));
            }
        }
        parts.extend(plan.faults.iter().copied().map(Part::Fault));
        parts.push(Part::Workers);
        // The whole of a half first: most of a long story has nothing to do with it.
        let mut size = parts.len().div_ceil(2);
        while size > 0 {
            for chunk in parts.chunks(size) {
                let mut without = least.clone();
                for part in chunk {
                    part.leave_out(&mut without);
                }
                if without != least && breaks(&without) {
                    least = without;
                }
            }
            size = if size == 1 { 0 } else { size.div_ceil(2) };
        }
        if least == before {
            return least;
        }
    }
}

#[derive(Clone, Copy)]
enum Part {
    Act(u32),
    Fault(Fault),
    Workers,
}

impl Part {
    fn leave_out(self, without: &mut Without) {
        match self {
            Self::Act(no) => drop(without.acts.insert(no)),
            Self::Fault(fault) => drop(without.faults.insert(fault)),
            Self::Workers => without.workers = true,
        }
    }
}
