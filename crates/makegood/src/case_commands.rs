// SPDX-License-Identifier: MIT OR Apache-2.0
//! `makegood case`: cases on the terminal, for whoever has the machine and no browser at hand.

use std::fmt::Write as _;
use std::io::Write;
use std::sync::Arc;

use clap::Subcommand;
use makegood_desk::amount::Amount;
use makegood_desk::case::Instant;
use makegood_desk::event::{Granted, Origin};
use makegood_desk::life::{Case, CommandState, CreditState, DecisionState, Stage};
use makegood_policy::phrase::Tongue;

use crate::answer::outcome_word;
use crate::books::cases::{self, Shelf};
use crate::books::effects::{check_word, refund_word, team_asked, team_of, todo_word};
use crate::cli::{Done, FINE, Stop};
use crate::clock::timestamp;
use crate::config::Flags;
use crate::desk_commands::{looking, settings, wait_for};
use crate::policies::harmless;
use crate::post::letter_word;
use crate::reasons::amount_words;
use crate::store::{Row, Value};
use crate::wire::Word as _;

crate::statements! {
    /// Cases in a stage, or in all, the most urgent first.
    LIST = "select number, order_number, stage, claim, outcome, amount_minor, currency, due_at, changed_at from desk_case where (?1 = '' or stage = ?1) order by case when closed_at is null then 0 else 1 end, case when due_at is null then 1 else 0 end, due_at, number desc limit ?2";
    /// What happened in a case, in order.
    HISTORY = "select at, kind, role from event where case_id = ?1 order by position";
}

/// What can be done with cases.
#[derive(Debug, Subcommand)]
pub enum CaseCommand {
    /// Cases, the most urgent first
    List {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// Only those in this stage: waiting_for_order, investigating, waiting_for_customer, ready_to_decide, waiting_for_approval,
        /// remedying, closed, parked
        #[arg(long)]
        stage: Option<String>,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        most: u32,
    },
    /// One case: where it is, what was decided, the money, what people have to do, what happened
    Show {
        /// Where the settings are.
        #[command(flatten)]
        flags: Flags,
        /// The number that people call it by
        number: u64,
    },
}

/// Runs a command.
///
/// # Errors
/// Why it stopped.
pub fn run(command: &CaseCommand, out: &mut dyn Write) -> Done {
    match command {
        CaseCommand::List { flags, stage, most } => list(flags, stage.as_deref(), *most, out),
        CaseCommand::Show { flags, number } => show(flags, *number, out),
    }
}

fn stop(why: impl ToString) -> Stop {
    Stop::Message(harmless(&why.to_string()))
}

fn list(flags: &Flags, stage: Option<&str>, most: u32, out: &mut dyn Write) -> Done {
    let stage = stage.unwrap_or_default().to_owned();
    if !stage.is_empty() && !Stage::ALL.iter().any(|(word, _)| *word == stage) {
        let known: Vec<&str> = Stage::ALL.iter().map(|(word, _)| *word).collect();
        return Err(stop(format!(
            "--stage: `{stage}` is none; there is {}",
            known.join(", ")
        )));
    }
    let config = settings(flags)?;
    wait_for(async {
        let store = looking(&config).await?;
        let rows = store
            .read(move |tx| {
                let values = [Value::from(stage.as_str()), Value::from(most)];
                Box::pin(async move { tx.rows(&LIST, &values).await })
            })
            .await
            .map_err(stop)?;
        store.close().await;
        if rows.is_empty() {
            writeln!(out, "no cases")?;
        }
        for row in rows {
            writeln!(out, "{}", line(&row).map_err(stop)?)?;
        }
        Ok(FINE)
    })
}

fn line(row: &Row) -> Result<String, crate::store::Trouble> {
    let money = match row.opt_int(5)? {
        Some(_) => told(crate::books::amount(row, 5)?),
        None => String::new(),
    };
    let due = row
        .opt_int(7)?
        .map(|at| format!("due {}", moment(crate::books::instant(at))));
    Ok(harmless(
        format!(
            "MG-{:<6} {:<16} {:<20} {:<14} {:<18} {:>14}  {}",
            row.int(0)?,
            row.text(1)?,
            row.text(2)?,
            row.text(3)?,
            row.opt_text(4)?.unwrap_or("-"),
            money,
            due.unwrap_or_default()
        )
        .trim_end(),
    ))
}

fn show(flags: &Flags, number: u64, out: &mut dyn Write) -> Done {
    let config = settings(flags)?;
    wait_for(async {
        let store = looking(&config).await?;
        let shelf = Arc::new(Shelf::default());
        let found = store
            .read(move |tx| {
                let shelf = Arc::clone(&shelf);
                Box::pin(async move {
                    let Some(id) = cases::by_number(tx, number).await? else {
                        return Ok(None);
                    };
                    let case = cases::load(tx, &shelf, id, false).await?;
                    let history = tx.rows(&HISTORY, &[Value::from(id.0)]).await?;
                    Ok(case.map(|case| (case, history)))
                })
            })
            .await
            .map_err(stop)?;
        store.close().await;
        let Some((case, history)) = found else {
            return Err(stop(format!(
                "there is no case MG-{number}; `makegood case list` shows those there are"
            )));
        };
        let mut page = page(&case);
        page.push_str("\nWhat happened\n");
        for row in &history {
            let at = crate::books::instant(row.int(0).map_err(stop)?);
            let (kind, role) = (row.text(1).map_err(stop)?, row.text(2).map_err(stop)?);
            let _ = writeln!(page, "  {}  {:<20} {role}", moment(at), kind);
        }
        out.write_all(harmless(&page).as_bytes())?;
        Ok(FINE)
    })
}

fn moment(at: Instant) -> String {
    timestamp(at).strftime("%Y-%m-%d %H:%M").to_string()
}

fn told(amount: Amount) -> String {
    amount_words(Tongue::of("en"), amount)
}

/// The case on a page, in the order in which an agent looks.
fn page(case: &Case) -> String {
    let mut page = String::new();
    let claim = case.claim();
    let _ = writeln!(
        page,
        "MG-{}  {}",
        case.number,
        case.stage().word().replace('_', " ")
    );
    let _ = writeln!(page, "  order    {}", case.order);
    if let Some(claim) = claim {
        let _ = writeln!(
            page,
            "  claim    {}, wants {}, {}",
            claim.kind.word(),
            claim.wants.word(),
            moment(claim.at)
        );
    }
    for (check, held) in makegood_desk::life::Check::ALL.iter().zip(case.checks) {
        let _ = writeln!(
            page,
            "  checked  {}: {}",
            check_word(*check),
            format!("{held:?}").to_lowercase()
        );
    }
    if let Some(why) = &case.parked {
        let _ = writeln!(page, "  parked   {why}");
    }
    if let Some(dispute) = &case.disputed {
        let _ = writeln!(page, "  dispute  {dispute} is open: no money moves");
    }
    decisions(case, &mut page);
    money(case, &mut page);
    people(case, &mut page);
    page
}

fn decisions(case: &Case, page: &mut String) {
    for held in &case.decisions {
        let proposal = &held.proposal;
        let state = match held.state {
            DecisionState::Proposed => "proposed",
            DecisionState::Accepted { .. } => "accepted, waits for a second person",
            DecisionState::Standing { .. } => "stands",
            DecisionState::Replaced => "replaced",
        };
        let _ = writeln!(
            page,
            "\nDecision {}: {} by clause {} ({} {}), {state}",
            proposal.no,
            outcome_word(proposal.outcome),
            proposal.clause.as_deref().unwrap_or("-"),
            proposal.policy,
            proposal.version
        );
        if let Origin::Person { reason } = &proposal.origin {
            let _ = writeln!(page, "  a person decided otherwise: {reason}");
        }
        if let Origin::Bounded { of } = &proposal.origin {
            let _ = writeln!(
                page,
                "  the policy grants {}, and no more is left",
                told(*of)
            );
        }
        for remedy in &proposal.remedies {
            let _ = writeln!(page, "  • {}", remedy_told(remedy));
        }
    }
}

fn remedy_told(remedy: &Granted) -> String {
    match remedy {
        Granted::Refund { amount, units } => format!("refund {} for {units} units", told(*amount)),
        Granted::Exchange { amount, .. } => format!("exchange worth {}", told(*amount)),
        Granted::Credit { amount } => format!("store credit {}", told(*amount)),
        Granted::Redeliver { units } => format!("deliver {units} units again"),
        Granted::ReplaceAccount { .. } => "replace the account".to_owned(),
        Granted::Expedite => "hurry the order".to_owned(),
        Granted::StartManually => "start by hand".to_owned(),
        Granted::Restart => "begin anew".to_owned(),
        Granted::CancelSubscription => "cancel the subscription".to_owned(),
        Granted::AcceptDispute { dispute } => format!("accept dispute {dispute}"),
        Granted::SubmitEvidence { dispute } => format!("answer dispute {dispute}"),
        Granted::FlagFriendlyFraud => "note: no word to support before the dispute".to_owned(),
    }
}

fn money(case: &Case, page: &mut String) {
    if !case.refunds.is_empty() || !case.commands.is_empty() || !case.credits.is_empty() {
        page.push_str("\nWhat is done\n");
    }
    for refund in &case.refunds {
        let _ = writeln!(
            page,
            "  refund {}  {}  {} at {}, {} tries{}",
            refund.no,
            told(refund.amount),
            refund_word(refund),
            refund.provider,
            refund.tries,
            if refund.stuck {
                ", a person was asked"
            } else {
                ""
            }
        );
    }
    for credit in &case.credits {
        let state = match &credit.state {
            CreditState::Granted if credit.exchange => "kept for an exchange".to_owned(),
            CreditState::Granted => "granted".to_owned(),
            CreditState::Exchanged { order, service } => {
                format!("spent on order {order}: {service}")
            }
            CreditState::Withdrawn => "taken back: the bank decides".to_owned(),
        };
        let _ = writeln!(
            page,
            "  store credit {}  {}  {state}",
            credit.no,
            told(credit.amount)
        );
    }
    for command in &case.commands {
        let state = match &command.state {
            CommandState::Given => "given",
            CommandState::Sending => "being sent",
            CommandState::Waiting { accepted: true } => "taken on",
            CommandState::Waiting { accepted: false } => "nobody knows yet",
            CommandState::Done { .. } => "done",
            CommandState::Refused { .. } => "refused",
            CommandState::Cancelled => "cancelled",
        };
        let _ = writeln!(
            page,
            "  command {}  {:?}: {state}",
            command.no, command.deed
        );
    }
}

fn people(case: &Case, page: &mut String) {
    let askings: Vec<_> = case.open_askings().collect();
    let tasks: Vec<_> = case.open_tasks().collect();
    if !askings.is_empty() || !tasks.is_empty() {
        page.push_str("\nWho is asked\n");
    }
    for asking in askings {
        let _ = writeln!(
            page,
            "  {:<15} {}, due {}",
            team_asked(asking.whom),
            asking.facts.join(", "),
            moment(asking.due_at)
        );
    }
    for task in tasks {
        let _ = writeln!(
            page,
            "  {:<15} {}, due {}",
            team_of(&task.todo),
            todo_word(&task.todo),
            moment(task.due_at)
        );
    }
    page.push_str("\nLetters\n");
    for letter in &case.letters {
        let state = match (letter.handed.is_some(), letter.dropped) {
            (true, _) => "handed over",
            (false, true) => "not needed any more",
            (false, false) => "owed",
        };
        let _ = writeln!(
            page,
            "  {:<3} {:<12} {}  {state}",
            letter.no,
            letter_word(letter.kind),
            moment(letter.at)
        );
    }
}
