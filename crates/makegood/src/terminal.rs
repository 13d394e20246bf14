// SPDX-License-Identifier: MIT OR Apache-2.0
//! A decision as a page for people, on a terminal or in a mail.
//!
//! The page has one way out ([`visible`]): whatever a case file or a policy says, no control character reaches the terminal.

use makegood_desk::amount::Amount;
use makegood_desk::case::{
    CaseFile, Channel, ClaimKind, DisputeStatus, Event, Evidence, Instant, LogEntry, PaymentKind,
    Shows, Wants,
};
use makegood_desk::decision::{Decision, Rulebook};
use makegood_desk::facts::{Asked, Grounds, Guarantee, Start};
use makegood_desk::remedy::{Outcome, Remedy};
use makegood_desk::units::{CountedBy, Counts};
use makegood_desk::vocabulary::{Said, Word};
use makegood_policy::clause::Edition;
use makegood_policy::fact::{Disclose, Kind, Value};
use makegood_policy::phrase::Tongue;
use unicode_width::UnicodeWidthChar as _;

use crate::reasons::{Reasons, Step, Used, amount_words, units_words};
use crate::texts::{self, Text};

/// How a page is set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether the terminal shows colours and weights. Without them the page says the same.
    pub colour: bool,
    /// How many columns there are. Lines longer than 100 are hard to read, so no more are used.
    pub width: usize,
}

/// Lines are not set narrower than this, nor wider than that.
const WIDTHS: (usize, usize) = (24, 100);

/// What holds words together that belong together; a space on the page.
const GLUE: char = '\u{a0}';

/// A decision as a page, for the audience that the reasons were worked out for.
#[must_use]
pub fn page(
    rulebook: &Rulebook,
    case: &CaseFile<'_>,
    decision: &Decision<'_>,
    reasons: &Reasons,
    edition: &Edition,
    style: Style,
) -> String {
    let tongue = Tongue::of(&edition.language);
    let page = Page {
        rulebook,
        case,
        decision,
        reasons,
        edition,
        tongue,
        sources: Sources::of(case, reasons),
    };
    let mut sheet = Sheet {
        out: String::new(),
        colour: style.colour,
        width: style.width.clamp(WIDTHS.0, WIDTHS.1),
        accent: accent(decision.result.outcome),
    };
    page.head(&mut sheet);
    page.why(&mut sheet);
    page.remedies(&mut sheet);
    page.working(&mut sheet);
    page.missing(&mut sheet);
    page.delivery(&mut sheet);
    page.facts(&mut sheet);
    page.changes(&mut sheet);
    page.foot(&mut sheet);
    sheet.out
}

/// One colour for each family of outcomes: all of them are legible on dark and on light.
fn accent(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Refund | Outcome::PartialRefund | Outcome::SupportResolution => "32",
        Outcome::Declined => "31",
        Outcome::NeedsInformation | Outcome::Review => "36",
        Outcome::Contest | Outcome::Concede => "35",
    }
}

struct Page<'a> {
    rulebook: &'a Rulebook,
    case: &'a CaseFile<'a>,
    decision: &'a Decision<'a>,
    reasons: &'a Reasons,
    edition: &'a Edition,
    tongue: Tongue,
    sources: Sources,
}

impl Page<'_> {
    fn say(&self, text: Text) -> &'static str {
        text.say(self.tongue)
    }

    fn with(&self, text: Text, words: &[(&str, &str)]) -> String {
        text.with(self.tongue, words)
    }

    fn for_customer(&self) -> bool {
        self.reasons.audience == Disclose::Customer
    }

    fn amount(&self, amount: Amount) -> String {
        glued(&amount_words(self.tongue, amount))
    }

    fn minor(&self, minor: u128) -> String {
        let minor = u64::try_from(minor).unwrap_or(u64::MAX);
        self.amount(Amount::new(minor, self.case.order.price.currency()))
    }

    fn number(&self, number: u64) -> String {
        self.tongue.whole(i128::from(number))
    }

    fn units(&self, count: u64) -> String {
        glued(&units_words(
            self.tongue,
            count,
            &named(&self.case.order.service.unit),
        ))
    }

    // ---- The head -----------------------------------------------------------------------------------------------------

    fn headline(&self) -> String {
        let decision = self.decision;
        let money = decision.result.remedies().find_map(|remedy| match remedy {
            Remedy::Refund(worth) => Some(self.amount(worth.amount)),
            _ => None,
        });
        let disputed = decision
            .facts
            .observed
            .open_dispute
            .and_then(|place| self.case.disputes.get(place))
            .map(|dispute| self.amount(dispute.amount))
            .unwrap_or_default();
        let disputed = [("amount", disputed.as_str())];
        match decision.result.outcome {
            Outcome::Refund => self.with(texts::WHOLE, &[("amount", &money.unwrap_or_default())]),
            Outcome::PartialRefund => {
                let whole = match self.rulebook.measured(decision) {
                    Some((measure, _)) => measure.whole(&decision.facts.observed),
                    None => self.case.order.price,
                };
                let words = [
                    ("amount", money.unwrap_or_default()),
                    ("whole", self.amount(whole)),
                ];
                self.with(
                    texts::PARTIAL,
                    &words.each_ref().map(|(name, word)| (*name, word.as_str())),
                )
            }
            Outcome::SupportResolution => match decision.result.remedies().next() {
                Some(remedy) => capital(&self.remedy(remedy)),
                None => self.say(texts::SUPPORT).to_owned(),
            },
            Outcome::Declined => self.say(self.refusal()).to_owned(),
            Outcome::Review => self.say(texts::REVIEW).to_owned(),
            Outcome::NeedsInformation => match decision.missing.len() {
                1 => self.say(texts::OPEN_ONE).to_owned(),
                count => self.with(texts::OPEN_MANY, &[("count", &count.to_string())]),
            },
            Outcome::Contest if self.for_customer() => self.say(texts::CONTEST_CUSTOMER).to_owned(),
            Outcome::Contest => self.with(texts::CONTEST, &disputed),
            Outcome::Concede if self.for_customer() => self.say(texts::CONCEDE_CUSTOMER).to_owned(),
            Outcome::Concede => self.with(texts::CONCEDE, &disputed),
        }
    }

    /// What is declined is what was asked for.
    fn refusal(&self) -> Text {
        let claim = &self.case.claim;
        match (claim.kind, claim.wants) {
            (ClaimKind::AccountFaulty, Wants::Redelivery) => texts::DECLINED_ACCOUNT,
            (_, Wants::Redelivery) => texts::DECLINED_REDELIVERY,
            (_, Wants::Exchange) => texts::DECLINED_EXCHANGE,
            (_, Wants::Refund) => texts::DECLINED_REFUND,
        }
    }

    fn head(&self, sheet: &mut Sheet) {
        sheet.text(0, &[(Tone::Headline, &self.headline())]);
        sheet.blank();
        let (order, service, claim) =
            (&self.case.order, &self.case.order.service, &self.case.claim);
        let mut rows = Vec::new();
        let mut row = |label: Text, value: String| rows.push((self.say(label).to_owned(), value));
        row(
            texts::ORDER,
            self.with(
                texts::ORDERED_AT,
                &[
                    ("number", &named(&order.number)),
                    ("at", &self.moment(order.placed_at)),
                ],
            ),
        );
        row(
            texts::SERVICE,
            self.with(
                texts::SERVICE_LINE,
                &[
                    ("name", &named(&service.name)),
                    ("units", &self.units(order.quantity)),
                    ("price", &self.amount(order.price)),
                ],
            ),
        );
        let mut what = self.with(
            texts::CLAIM_LINE,
            &[
                ("what", &self.fact_words("claim", Word::Claim)),
                ("wants", &self.fact_words("wants", Word::Wants)),
                ("at", &self.moment(claim.at)),
            ],
        );
        let about = [
            (texts::CLAIM_ACCOUNT, "account", &claim.account),
            (texts::CLAIM_PAYMENT, "payment", &claim.payment),
        ];
        for (text, name, id) in about {
            if let Some(id) = id {
                what.push_str("; ");
                what.push_str(&glued(&self.with(text, &[(name, &named(id))])));
            }
        }
        row(texts::CLAIM, what);
        if let Some(message) = &claim.message {
            row(texts::MESSAGE, quoted(self.tongue, message));
        }
        let policy = self.rulebook.policy();
        row(
            texts::POLICY,
            self.with(
                texts::POLICY_LINE,
                &[
                    ("name", &policy.name),
                    ("version", &self.day(&policy.version)),
                ],
            ),
        );
        row(
            texts::JUDGED,
            self.with(texts::JUDGED_LINE, &[("at", &self.moment(self.case.as_of))]),
        );
        sheet.rows(2, &rows);
    }

    /// What the policy calls the value of a fact that is always known.
    fn fact_words(&self, name: &str, word: Word) -> String {
        let policy = self.rulebook.policy();
        match (policy.fact(name), word.said(&self.decision.facts)) {
            (Some(id), Said::Known(value, _)) => {
                self.tongue.value(self.edition, policy.fact_def(id), value)
            }
            // A policy that does not ask about it has no words for it: the case file's own word stands for itself.
            (_, Said::Known(Value::Choice(place), _)) => {
                let host = makegood_desk::vocabulary::host();
                let names = host.facts.into_iter().find(|(known, ..)| known == name);
                match names {
                    Some((_, Kind::Enum(names), _)) => names
                        .get(place)
                        .map_or(String::new(), |name| name.replace('_', " ")),
                    _ => String::new(),
                }
            }
            _ => String::new(),
        }
    }

    /// A policy's version as a day, if it is one.
    fn day(&self, version: &str) -> String {
        let day = version
            .parse::<jiff::civil::Date>()
            .ok()
            .and_then(|date| date.at(0, 0, 0, 0).to_zoned(jiff::tz::TimeZone::UTC).ok());
        day.map_or_else(
            || version.to_owned(),
            |day| glued(&self.tongue.day(day.timestamp().as_nanosecond())),
        )
    }

    /// A day and its time: "13 Nov 2025 05:57". Seconds where there are any.
    fn moment(&self, at: Instant) -> String {
        let (day, clock) = self.day_and_clock(at);
        glued(&format!("{day} {clock}"))
    }

    fn day_and_clock(&self, at: Instant) -> (String, String) {
        const MONTHS: [(&str, &str); 12] = [
            ("jan.", "Jan"),
            ("feb.", "Feb"),
            ("mar.", "Mar"),
            ("apr.", "Apr"),
            ("maj", "May"),
            ("jun.", "Jun"),
            ("jul.", "Jul"),
            ("aug.", "Aug"),
            ("sep.", "Sep"),
            ("okt.", "Oct"),
            ("nov.", "Nov"),
            ("dec.", "Dec"),
        ];
        let ns = at.unix_nanoseconds();
        let Ok(stamp) = jiff::Timestamp::from_nanosecond(ns) else {
            // Beyond the year 9999 only arithmetic leads.
            return (self.tongue.moment(ns), String::new());
        };
        let time = stamp.to_zoned(jiff::tz::TimeZone::UTC);
        let month = usize::try_from(time.month())
            .ok()
            .and_then(|month| MONTHS.get(month.saturating_sub(1)));
        let (danish, english) = month.copied().unwrap_or_default();
        let day = if self.tongue.is_danish() {
            format!("{}. {danish} {}", time.day(), time.year())
        } else {
            format!("{} {english} {}", time.day(), time.year())
        };
        let clock = if time.second() == 0 {
            format!("{:02}:{:02}", time.hour(), time.minute())
        } else {
            format!(
                "{:02}:{:02}:{:02}",
                time.hour(),
                time.minute(),
                time.second()
            )
        };
        (day, clock)
    }

    // ---- Why, and what follows ----------------------------------------------------------------------------------------

    fn why(&self, sheet: &mut Sheet) {
        sheet.blank();
        sheet.text(0, &[(Tone::Plain, &self.reasons.because)]);
        let Some(rule) = self.decision.rule else {
            return;
        };
        let rule = self.rulebook.policy().rule(rule);
        let title = self
            .edition
            .clause(&rule.clause)
            .map_or("", |clause| clause.title.as_str());
        // The title begins with the number, unless its author wrote it otherwise.
        let title = title.strip_prefix(&rule.clause).unwrap_or(title).trim();
        sheet.blank();
        let head = format!("{}{GLUE}{}", self.say(texts::HEAD_QUOTE), rule.clause);
        sheet.quoted(&[
            (Tone::Strong, &head),
            (Tone::Strong, " · "),
            (Tone::Strong, title),
        ]);
        if !self.reasons.quote.is_empty() {
            let quote = quoted(self.tongue, &self.reasons.quote);
            sheet.quoted(&[(Tone::Plain, &quote)]);
        }
    }

    /// A remedy in words, as something to be done.
    fn remedy(&self, remedy: &Remedy<'_>) -> String {
        match remedy {
            Remedy::Refund(worth) | Remedy::Exchange(worth) => {
                let refund = matches!(remedy, Remedy::Refund(_));
                let text = match (refund, worth.units) {
                    (true, 0) => texts::DO_REFUND,
                    (true, _) => texts::DO_REFUND_UNITS,
                    (false, _) => texts::DO_EXCHANGE,
                };
                let (amount, units) = (self.amount(worth.amount), self.units(worth.units));
                self.with(text, &[("amount", &amount), ("units", &units)])
            }
            Remedy::Redeliver { units } => {
                self.with(texts::DO_REDELIVER, &[("units", &self.units(*units))])
            }
            Remedy::ReplaceAccount { account } => {
                self.with(texts::DO_REPLACE, &[("account", &named(account))])
            }
            // An order that has not begun is moved up; one that has is hurried.
            Remedy::Expedite if self.decision.facts.observed.first_start.is_none() => {
                self.say(texts::DO_EXPEDITE_START).to_owned()
            }
            Remedy::Expedite => self.say(texts::DO_EXPEDITE).to_owned(),
            Remedy::StartManually => self.say(texts::DO_START).to_owned(),
            Remedy::Restart => self.say(texts::DO_RESTART).to_owned(),
            Remedy::CancelSubscription => self.say(texts::DO_CANCEL).to_owned(),
            Remedy::AcceptDispute { dispute } => {
                self.with(texts::DO_ACCEPT, &[("dispute", &named(dispute))])
            }
            Remedy::SubmitEvidence { dispute } => {
                self.with(texts::DO_EVIDENCE, &[("dispute", &named(dispute))])
            }
            Remedy::FlagFriendlyFraud => self.say(texts::DO_FLAG).to_owned(),
        }
    }

    fn remedies(&self, sheet: &mut Sheet) {
        // What is thought of a customer, and what somebody may still choose, is not told to the customer.
        let told = |remedy: &&Remedy<'_>| {
            !(self.for_customer() && matches!(remedy, Remedy::FlagFriendlyFraud))
        };
        let remedies: Vec<String> = self
            .decision
            .result
            .remedies()
            .filter(told)
            .map(|remedy| self.remedy(remedy))
            .collect();
        // One thing that support does is the headline already.
        if self.decision.result.outcome != Outcome::SupportResolution || remedies.len() > 1 {
            self.list(sheet, texts::HEAD_DO, &remedies);
        }
        if !self.for_customer() {
            let suggestions: Vec<String> = self
                .decision
                .suggestions
                .iter()
                .map(|remedy| self.remedy(remedy))
                .collect();
            self.list(sheet, texts::HEAD_SUGGESTIONS, &suggestions);
        }
    }

    fn list(&self, sheet: &mut Sheet, head: Text, items: &[String]) {
        if items.is_empty() {
            return;
        }
        sheet.heading(self.say(head));
        for item in items {
            sheet.item(2, "• ", &[(Tone::Plain, item)]);
        }
    }

    fn working(&self, sheet: &mut Sheet) {
        let steps = &self.reasons.steps;
        // A number of units that is the result as it stands needs no working.
        let plain = |one: &Step, result: &Step| one.figure == result.figure && one.how.is_empty();
        let redelivers = matches!(
            self.decision.result.remedies().next(),
            Some(Remedy::Redeliver { .. })
        );
        match steps.as_slice() {
            [] => return,
            [one, result] if redelivers && plain(one, result) => return,
            _ => {}
        }
        sheet.heading(self.say(texts::HEAD_WORKING));
        let point = if self.tongue.is_danish() { ',' } else { '.' };
        sheet.sums(2, steps, point);
    }

    // ---- What is missing ----------------------------------------------------------------------------------------------

    fn missing(&self, sheet: &mut Sheet) {
        let questions = &self.reasons.questions;
        if questions.is_empty() {
            return;
        }
        sheet.heading(self.say(texts::HEAD_MISSING));
        let mine = crate::answer::asked_word(Asked::Customer);
        let mut who = "";
        let mut number = 0_usize;
        for question in questions {
            if self.for_customer() && question.who != mine {
                continue;
            }
            if question.who != who {
                if number > 0 {
                    sheet.blank();
                }
                who = &question.who;
                sheet.text(2, &[(Tone::Strong, &self.asked(who))]);
            }
            number = number.saturating_add(1);
            let mark = format!("{number:>2}. ");
            sheet.item(2, &mark, &[(Tone::Plain, &question.ask)]);
            if let Some(why) = &question.why {
                let why = self.with(texts::WHY, &[("why", why)]);
                sheet.text(6, &[(Tone::Dim, &why)]);
            }
        }
        if self.for_customer() && number < questions.len() {
            let text = if number == 0 {
                texts::OTHERS_LOOK_ONLY
            } else {
                sheet.blank();
                texts::OTHERS_LOOK
            };
            sheet.text(2, &[(Tone::Plain, self.say(text))]);
        }
    }

    /// Who is asked, and how long all their answers take.
    fn asked(&self, who: &str) -> String {
        const MINUTE: u64 = 60;
        if self.for_customer() {
            return self.say(texts::ASK_YOU).to_owned();
        }
        let is = |asked| crate::answer::asked_word(asked) == who;
        let name = if is(Asked::Customer) {
            self.say(texts::ASK_CUSTOMER)
        } else if is(Asked::Support) {
            self.say(texts::ASK_SUPPORT)
        } else {
            self.say(texts::ASK_TECHNICAL)
        };
        let seconds = self
            .reasons
            .questions
            .iter()
            .filter(|question| question.who == who)
            .fold(0_u64, |sum, question| {
                sum.saturating_add(question.cost_seconds)
            });
        if seconds == 0 {
            return name.to_owned();
        }
        let minutes = seconds.div_ceil(MINUTE).saturating_mul(MINUTE);
        let time = self
            .tongue
            .length(i128::from(minutes).saturating_mul(1_000_000_000));
        self.with(texts::ABOUT_TIME, &[("who", name), ("time", &time)])
    }

    // ---- The delivery -------------------------------------------------------------------------------------------------

    fn delivery(&self, sheet: &mut Sheet) {
        let seen = &self.decision.facts.observed;
        let ordered = seen.balance.units_ordered;
        sheet.heading(self.say(texts::HEAD_DELIVERY));
        if let (Some(counts), true) = (seen.counted.counts, ordered > 0) {
            self.bar(sheet, counts, ordered);
        }
        let mut rows: Vec<(String, String)> = Vec::new();
        let mut row = |label: Text, value: String| rows.push((self.say(label).to_owned(), value));
        row(texts::STARTED, self.started());
        match seen.counted.by {
            CountedBy::Counter {
                baseline,
                highest,
                current,
                ..
            } => row(
                texts::COUNTER,
                self.with(
                    texts::COUNTER_LINE,
                    &[
                        ("baseline", &glued(&self.number(baseline))),
                        ("highest", &self.number(highest)),
                        ("current", &self.number(current)),
                    ],
                ),
            ),
            CountedBy::NoBaseline => {
                row(texts::ARRIVED, self.say(texts::COUNTS_UNKNOWN).to_owned());
            }
            CountedBy::Reports { sum, .. } if sum > u128::from(ordered) => {
                let sum = self.tongue.whole(i128::try_from(sum).unwrap_or(i128::MAX));
                row(
                    texts::ARRIVED,
                    self.with(texts::ARRIVED_OVER, &[("sum", &sum)]),
                );
            }
            CountedBy::Reports { .. } | CountedBy::Accounts(_) | CountedBy::NotStarted => {}
        }
        if let Some((place, at)) = seen.closing {
            let stopped = matches!(
                self.case.delivery_log.get(place).map(|entry| &entry.event),
                Some(Event::Stopped)
            );
            let text = if stopped {
                texts::CLOSED_STOPPED
            } else {
                texts::CLOSED_COMPLETED
            };
            row(texts::CLOSED, self.with(text, &[("at", &self.moment(at))]));
        }
        // Accounts do not drop, so nothing guarantees that they do not.
        if !matches!(seen.counted.by, CountedBy::Accounts(_)) && seen.first_start.is_some() {
            let guarantee = match seen.guarantee_end {
                Some(end) => {
                    let text = match self.decision.facts.guarantee.value {
                        Guarantee::Running => texts::GUARANTEE_UNTIL,
                        Guarantee::Ended => texts::GUARANTEE_ENDED,
                    };
                    self.with(text, &[("at", &self.moment(end))])
                }
                None => self.say(texts::GUARANTEE_OPEN).to_owned(),
            };
            row(texts::GUARANTEE, guarantee);
        }
        if seen.balance.refunded_minor > 0 || seen.balance.refunded_units > 0 {
            let amount = self.minor(seen.balance.refunded_minor);
            let units = self.units(seen.balance.refunded_units);
            let line = if seen.balance.refunded_units == 0 {
                amount
            } else {
                self.with(
                    texts::REFUNDED_LINE,
                    &[("amount", &amount), ("units", &units)],
                )
            };
            row(texts::REFUNDED, line);
        }
        if seen.balance.lost_minor > 0 {
            let amount = self.minor(seen.balance.lost_minor);
            row(
                texts::LOST,
                self.with(texts::LOST_LINE, &[("amount", &amount)]),
            );
        }
        sheet.rows(2, &rows);
    }

    fn started(&self) -> String {
        let facts = &self.decision.facts;
        let deadline = self.moment(facts.observed.start_deadline);
        let at = facts.observed.first_start.map(|(_, at)| self.moment(at));
        let text = match (facts.start.value, facts.observed.closing) {
            (Start::InTime, _) => texts::STARTED_IN_TIME,
            (Start::Late, _) => texts::STARTED_LATE,
            (Start::Overdue, None) => texts::NOT_STARTED_OVERDUE,
            (Start::NotDue, None) => texts::NOT_STARTED,
            (_, Some(_)) => texts::NEVER_STARTED,
        };
        let words = [("at", at.unwrap_or_default()), ("deadline", deadline)];
        self.with(
            text,
            &words.each_ref().map(|(name, word)| (*name, word.as_str())),
        )
    }

    /// What arrived, what dropped and what never came, as a bar and in figures.
    fn bar(&self, sheet: &mut Sheet, counts: Counts, ordered: u64) {
        const LONGEST: usize = 50;
        let undelivered = ordered.saturating_sub(counts.delivered);
        let kept = counts.delivered.saturating_sub(counts.dropped);
        let parts = [
            (
                kept,
                '█',
                Tone::Plain,
                if counts.dropped > 0 {
                    texts::KEPT
                } else {
                    texts::ARRIVED_ALL
                },
            ),
            (counts.dropped, '▒', Tone::Accent, texts::DROPPED),
            (undelivered, '░', Tone::Dim, texts::UNDELIVERED),
        ];
        let cells = cells(
            &parts.map(|(part, ..)| part),
            sheet.width.saturating_sub(4).min(LONGEST),
        );
        let bars: Vec<(Tone, String)> = parts
            .iter()
            .zip(cells)
            .map(|((_, glyph, tone, _), cells)| (*tone, String::from(*glyph).repeat(cells)))
            .collect();
        let bars: Vec<(Tone, &str)> = bars
            .iter()
            .map(|(tone, bar)| (*tone, bar.as_str()))
            .collect();
        sheet.text(2, &bars);
        let shown = parts.iter().filter(|(part, ..)| *part > 0);
        let legend: Vec<(Tone, String)> = shown
            .map(|(part, glyph, tone, what)| {
                let share = share(self.tongue, *part, ordered);
                let words = format!(
                    "{}{GLUE}{}{GLUE}({share})",
                    glued(&self.number(*part)),
                    glued(self.say(*what))
                );
                (*tone, format!("{glyph}\n{words}"))
            })
            .collect();
        let mut spans: Vec<(Tone, String)> = Vec::new();
        for (tone, both) in &legend {
            if !spans.is_empty() {
                spans.push((Tone::Plain, format!("{GLUE}{GLUE} ")));
            }
            let (glyph, words) = both.split_once('\n').unwrap_or(("", both));
            spans.push((*tone, glyph.to_owned()));
            spans.push((Tone::Plain, format!("{GLUE}{words}")));
        }
        let spans: Vec<(Tone, &str)> = spans
            .iter()
            .map(|(tone, text)| (*tone, text.as_str()))
            .collect();
        sheet.text(2, &spans);
    }

    // ---- The facts ----------------------------------------------------------------------------------------------------

    fn facts(&self, sheet: &mut Sheet) {
        let decided = |used: &&Used| {
            self.reasons
                .sufficient
                .iter()
                .any(|held| held.fact == used.fact)
        };
        let used = || self.reasons.used.iter();
        let place = |used: &&Used| {
            let sufficient = &self.reasons.sufficient;
            sufficient.iter().position(|held| held.fact == used.fact)
        };
        let mut first: Vec<&Used> = used().filter(decided).collect();
        first.sort_by_key(place);
        let others: Vec<&Used> = used()
            .filter(|used| !decided(used) && !used.missing && !used.absent)
            .collect();
        let head = if self.decision.rule.is_some() && !first.is_empty() {
            texts::HEAD_ALSO
        } else {
            texts::HEAD_KNOWN
        };
        self.fact_list(sheet, texts::HEAD_DECIDED, &first);
        self.fact_list(sheet, head, &others);
        if self.sources.list.is_empty() {
            return;
        }
        sheet.heading(self.say(texts::HEAD_SOURCES));
        let told: Vec<Told> = self
            .sources
            .list
            .iter()
            .map(|source| self.source(*source))
            .collect();
        let widest = |of: &dyn Fn(&Told) -> String| {
            told.iter().map(|told| width(&of(told))).max().unwrap_or(0)
        };
        let days = widest(&|told| {
            told.at
                .as_ref()
                .map_or(String::new(), |(day, _)| day.clone())
        });
        let clocks = widest(&|told| {
            told.at
                .as_ref()
                .map_or(String::new(), |(_, clock)| clock.clone())
        });
        for (index, told) in told.iter().enumerate() {
            let mark = format!("{:>4} ", format!("[{}]", index.saturating_add(1)));
            let time = match &told.at {
                Some((day, clock)) => {
                    // Days are set so that the years stand below each other, clocks from their beginning.
                    let clock =
                        format!("{clock}{}", " ".repeat(clocks.saturating_sub(width(clock))));
                    format!(
                        "{}{day} {clock} · ",
                        " ".repeat(days.saturating_sub(width(day)))
                    )
                }
                None => String::new(),
            };
            let mut spans = vec![(Tone::Plain, told.what.as_str())];
            let place;
            if let Some(at) = &told.place {
                place = format!(" · {at}");
                spans.push((Tone::Dim, place.as_str()));
            }
            sheet.item(2, &format!("{mark}{time}"), &spans);
        }
    }

    fn fact_list(&self, sheet: &mut Sheet, head: Text, list: &[&Used]) {
        if list.is_empty() {
            return;
        }
        sheet.heading(self.say(head));
        let rows: Vec<Row> = list
            .iter()
            .map(|used| {
                let (value, tone, refs) = match &used.says {
                    Ok((says, grounds)) => (says.clone(), Tone::Plain, self.sources.refs(*grounds)),
                    Err(_) => (
                        self.say(texts::NOT_KNOWN).to_owned(),
                        Tone::Dim,
                        String::new(),
                    ),
                };
                let held = self
                    .reasons
                    .sufficient
                    .iter()
                    .find(|held| held.fact == used.fact);
                let also = held.map_or(String::new(), |held| self.also(&held.fact, &held.also));
                Row {
                    label: used.label.clone(),
                    value,
                    tone,
                    also,
                    refs,
                }
            })
            .collect();
        sheet.facts(2, &rows);
    }

    /// What else would do, where that is short enough to be of use.
    fn also(&self, fact: &str, also: &str) -> String {
        const LONGEST: usize = 48;
        if also.is_empty() || width(also) > LONGEST {
            return String::new();
        }
        let policy = self.rulebook.policy();
        let ordered = policy
            .fact(fact)
            .is_some_and(|id| policy.fact_def(id).kind.is_ordered());
        // Other values of a fact without an order would be a list, and mostly one of what cannot be here.
        if ordered {
            self.with(texts::ENOUGH, &[("range", also)])
        } else {
            String::new()
        }
    }

    fn changes(&self, sheet: &mut Sheet) {
        let says: Vec<String> = self
            .reasons
            .would_change
            .iter()
            .map(|change| change.says.clone())
            .collect();
        self.list(sheet, texts::HEAD_CHANGE, &says);
    }

    fn foot(&self, sheet: &mut Sheet) {
        if self.for_customer() {
            return;
        }
        let policy = self.rulebook.policy();
        let digest: String = policy.digest.chars().take(19).collect();
        let mut foot = format!("{} {} · {digest}", policy.name, policy.version);
        if let Some(rule) = self.decision.rule {
            foot.push_str(" · ");
            foot.push_str(&self.with(texts::RULE, &[("rule", &policy.rule(rule).name)]));
        }
        sheet.blank();
        sheet.text(0, &[(Tone::Dim, &foot)]);
    }

    // ---- What facts rest on -------------------------------------------------------------------------------------------

    fn source(&self, source: Source) -> Told {
        let case = self.case;
        let at = |at: Instant| Some(self.day_and_clock(at));
        let known = |at, what: String, place: String| Told {
            at,
            what,
            place: Some(place),
        };
        let plain = |at, what: &str| Told {
            at,
            what: what.to_owned(),
            place: None,
        };
        match source {
            Source::Order => plain(at(case.order.placed_at), self.say(texts::ON_ORDER)),
            Source::Claim => plain(at(case.claim.at), self.say(texts::ON_CLAIM)),
            Source::Subscription => plain(
                None,
                self.say(match case.subscription {
                    Some(_) => texts::ON_SUBSCRIPTION,
                    None => texts::ON_NO_SUBSCRIPTION,
                }),
            ),
            Source::Findings => plain(None, self.say(texts::ON_FINDINGS)),
            Source::LogWithout => plain(None, self.say(texts::ON_LOG_WITHOUT)),
            Source::NoDispute => plain(None, self.say(texts::ON_NO_DISPUTE)),
            Source::Payments => plain(None, self.say(texts::ON_PAYMENTS)),
            Source::Balance => {
                let balance = &self.decision.facts.observed.balance;
                let back = balance.refunded_minor.saturating_add(balance.lost_minor);
                let text = if back == 0 {
                    texts::ON_BALANCE
                } else {
                    texts::ON_BALANCE_BACK
                };
                let (price, back) = (self.amount(balance.price), self.minor(back));
                plain(
                    None,
                    &self.with(text, &[("price", &price), ("back", &back)]),
                )
            }
            Source::Log(place) => match case.delivery_log.get(place) {
                Some(entry) => known(
                    at(entry.at),
                    self.event(entry),
                    self.nth(texts::IN_LOG, place),
                ),
                None => plain(None, ""),
            },
            Source::Evidence(place) => match case.evidence.get(place) {
                Some(evidence) => known(
                    None,
                    self.proof(evidence),
                    self.nth(texts::IN_EVIDENCE, place),
                ),
                None => plain(None, ""),
            },
            Source::Payment(place) => match case.payments.get(place) {
                Some(payment) => {
                    let text = match payment.kind {
                        PaymentKind::OneTime => texts::EVENT_PAYMENT,
                        PaymentKind::Renewal => texts::EVENT_RENEWAL,
                    };
                    let what = self.with(text, &[("amount", &self.amount(payment.amount))]);
                    let place = self.with(texts::IN_PAYMENTS, &[("id", &named(&payment.id))]);
                    known(at(payment.at), what, place)
                }
                None => plain(None, ""),
            },
            Source::Dispute(place) => match case.disputes.get(place) {
                Some(dispute) => {
                    let text = match dispute.status {
                        DisputeStatus::Open => texts::EVENT_DISPUTE_OPEN,
                        DisputeStatus::Won => texts::EVENT_DISPUTE_WON,
                        DisputeStatus::Lost => texts::EVENT_DISPUTE_LOST,
                    };
                    let what = self.with(text, &[("amount", &self.amount(dispute.amount))]);
                    let place = self.with(texts::IN_DISPUTES, &[("id", &named(&dispute.id))]);
                    known(at(dispute.opened_at), what, place)
                }
                None => plain(None, ""),
            },
            Source::Contact(place) => match case.contacts.get(place) {
                Some(contact) => {
                    let text = match contact.channel {
                        Channel::Chat => texts::EVENT_CONTACT_CHAT,
                        Channel::Email => texts::EVENT_CONTACT_EMAIL,
                        Channel::Form => texts::EVENT_CONTACT_FORM,
                    };
                    known(
                        at(contact.at),
                        self.say(text).to_owned(),
                        self.nth(texts::IN_CONTACTS, place),
                    )
                }
                None => plain(None, ""),
            },
        }
    }

    /// A place of a list, counted from one as people do.
    fn nth(&self, text: Text, place: usize) -> String {
        let number = place.saturating_add(1).to_string();
        glued(&self.with(text, &[("number", &number)]))
    }

    fn event(&self, entry: &LogEntry<'_>) -> String {
        let say = |text: Text| self.say(text).to_owned();
        let count = |text, count: &u64| self.with(text, &[("count", &self.number(*count))]);
        let units = |text, units: &u64| self.with(text, &[("units", &self.units(*units))]);
        let account = |text, account: &str| self.with(text, &[("account", &named(account))]);
        match &entry.event {
            Event::Started { count: None } => say(texts::EVENT_STARTED),
            Event::Started { count: Some(seen) } => count(texts::EVENT_STARTED_COUNT, seen),
            Event::Count { count: seen } => count(texts::EVENT_COUNT, seen),
            Event::Delivered { units: number } => units(texts::EVENT_DELIVERED, number),
            Event::Completed => say(texts::EVENT_COMPLETED),
            Event::StopRequested => say(texts::EVENT_STOP_REQUESTED),
            Event::Stopped => say(texts::EVENT_STOPPED),
            Event::StopFailed => say(texts::EVENT_STOP_FAILED),
            Event::Redelivery { units: number } => units(texts::EVENT_REDELIVERY, number),
            Event::HandedOver { account: name } => account(texts::EVENT_HANDED_OVER, name),
            Event::Login { account: name } => account(texts::EVENT_LOGIN, name),
        }
    }

    fn proof(&self, evidence: &Evidence<'_>) -> String {
        let account = |text, account: &str| self.with(text, &[("account", &named(account))]);
        match &evidence.shows {
            Shows::AudienceStatistics { on_target_share } => {
                let share = makegood_policy::fact::Ratio::new(
                    i128::try_from(on_target_share.numerator()).unwrap_or(0),
                    i128::try_from(on_target_share.denominator()).unwrap_or(1),
                );
                let share = share.map_or(String::new(), |share| self.tongue.share(share));
                self.with(texts::PROOF_AUDIENCE, &[("share", &glued(&share))])
            }
            Shows::AccountFault {
                account: name,
                shown: true,
            } => account(texts::PROOF_FAULT, name),
            Shows::AccountFault { account: name, .. } => account(texts::PROOF_NO_FAULT, name),
            Shows::Proxy {
                account: name,
                used: false,
                ..
            } => account(texts::PROOF_NO_PROXY, name),
            Shows::Proxy {
                account: name,
                country: None,
                ..
            } => account(texts::PROOF_PROXY, name),
            Shows::Proxy {
                account: name,
                country: Some(country),
                ..
            } => self.with(
                texts::PROOF_PROXY_IN,
                &[("account", &named(name)), ("country", country.code())],
            ),
        }
    }
}

/// What a fact rests on, as a line.
struct Told {
    at: Option<(String, String)>,
    what: String,
    place: Option<String>,
}

/// Something that facts rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Source {
    Order,
    Log(usize),
    LogWithout,
    Payment(usize),
    Payments,
    Balance,
    Subscription,
    Evidence(usize),
    Findings,
    Contact(usize),
    Dispute(usize),
    NoDispute,
    Claim,
}

impl Source {
    /// When that was, if it has a time.
    fn at(self, case: &CaseFile<'_>) -> Option<Instant> {
        match self {
            Self::Order => Some(case.order.placed_at),
            Self::Claim => Some(case.claim.at),
            Self::Log(place) => case.delivery_log.get(place).map(|entry| entry.at),
            Self::Payment(place) => case.payments.get(place).map(|payment| payment.at),
            Self::Contact(place) => case.contacts.get(place).map(|contact| contact.at),
            Self::Dispute(place) => case.disputes.get(place).map(|dispute| dispute.opened_at),
            Self::LogWithout
            | Self::Payments
            | Self::Balance
            | Self::Subscription
            | Self::Evidence(_)
            | Self::Findings
            | Self::NoDispute => None,
        }
    }
}

/// Everything that the facts of a page rest on, numbered.
struct Sources {
    list: Vec<Source>,
}

impl Sources {
    /// In the order in which things happened; what has no time comes last.
    fn of(case: &CaseFile<'_>, reasons: &Reasons) -> Self {
        let mut list: Vec<Source> = reasons
            .used
            .iter()
            .filter(|used| !used.missing)
            .filter(|used| {
                !used.absent || reasons.sufficient.iter().any(|held| held.fact == used.fact)
            })
            .filter_map(|used| used.says.as_ref().ok())
            .flat_map(|(_, grounds)| sources(*grounds))
            .collect();
        list.sort_unstable();
        list.dedup();
        // Stable: what happened at once stays in the order of the file.
        list.sort_by_key(|source| {
            let at = source.at(case);
            (at.is_none(), at)
        });
        Self { list }
    }

    /// The numbers of what a fact rests on: "[1, 3]".
    fn refs(&self, grounds: Grounds) -> String {
        let numbers: Vec<String> = sources(grounds)
            .iter()
            .filter_map(|source| self.list.iter().position(|known| known == source))
            .map(|place| place.saturating_add(1).to_string())
            .collect();
        if numbers.is_empty() {
            String::new()
        } else {
            format!("[{}]", numbers.join(&format!(",{GLUE}")))
        }
    }
}

fn sources(grounds: Grounds) -> Vec<Source> {
    match grounds {
        Grounds::Order => vec![Source::Order],
        Grounds::Claim => vec![Source::Claim],
        Grounds::Subscription => vec![Source::Subscription],
        Grounds::Findings => vec![Source::Findings],
        Grounds::LogWithout => vec![Source::LogWithout],
        Grounds::Log(place) => vec![Source::Log(place)],
        Grounds::LogPair(from, to) => vec![Source::Log(from), Source::Log(to)],
        Grounds::Evidence(place) => vec![Source::Evidence(place)],
        Grounds::Payment(place) => vec![Source::Payment(place)],
        Grounds::Payments => vec![Source::Payments],
        Grounds::Dispute(place) => vec![Source::Dispute(place)],
        Grounds::Disputes => vec![Source::NoDispute],
        Grounds::DisputeAfterContact(dispute, contact) => {
            vec![Source::Contact(contact), Source::Dispute(dispute)]
        }
        Grounds::Balance => vec![Source::Balance],
    }
}

// ---- Words ------------------------------------------------------------------------------------------------------------------

/// Words that stay on one line.
fn glued(text: &str) -> String {
    text.replace(' ', &String::from(GLUE))
}

/// A name from the case file, not longer than a line.
fn named(text: &str) -> String {
    const LONGEST: usize = 80;
    let text = flat(text);
    if text.chars().count() <= LONGEST {
        return text;
    }
    let mut short: String = text.chars().take(LONGEST).collect();
    short.push('…');
    short
}

/// Somebody's words in quotation marks, on one line, not longer than a paragraph.
fn quoted(tongue: Tongue, text: &str) -> String {
    const LONGEST: usize = 800;
    let mut words = flat(text).split_whitespace().collect::<Vec<_>>().join(" ");
    if words.chars().count() > LONGEST {
        words = words.chars().take(LONGEST).collect();
        words.push('…');
    }
    if tongue.is_danish() {
        format!("»{words}«")
    } else {
        format!("“{words}”")
    }
}

/// Line breaks and tabs as spaces.
fn flat(text: &str) -> String {
    text.replace("\r\n", " ").replace(['\n', '\r', '\t'], " ")
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A share in whole per cent; less than one, and all but one, are said so.
fn share(tongue: Tongue, part: u64, whole: u64) -> String {
    let sign = if tongue.is_danish() { "\u{a0}%" } else { "%" };
    let (part, whole) = (u128::from(part), u128::from(whole).max(1));
    let rounded = part
        .saturating_mul(200)
        .saturating_add(whole)
        .checked_div(whole.saturating_mul(2))
        .unwrap_or(0);
    match rounded {
        0 if part > 0 => format!("<\u{a0}1{sign}"),
        100 if part < whole => format!(">\u{a0}99{sign}"),
        rounded => format!("{rounded}{sign}"),
    }
}

/// So many cells for each part, together `length`; at least one for each that is not nothing.
fn cells(parts: &[u64; 3], length: usize) -> [usize; 3] {
    let sum: u128 = parts.iter().map(|part| u128::from(*part)).sum();
    let length_wide = u128::try_from(length).unwrap_or(0);
    let mut out = parts.map(|part| {
        let exact = u128::from(part)
            .saturating_mul(length_wide)
            .checked_div(sum)
            .unwrap_or(0);
        usize::try_from(exact)
            .unwrap_or(0)
            .max(usize::from(part > 0))
    });
    // What rounding left over, or took too much, the longest part bears.
    let given: usize = out.iter().sum();
    if let Some(longest) = out.iter_mut().max_by_key(|cells| **cells)
        && sum > 0
    {
        *longest = longest.saturating_add(length).saturating_sub(given);
    }
    out
}

/// How many columns a text takes once it is visible.
fn width(text: &str) -> usize {
    seen(text).chars().map(|c| c.width().unwrap_or(0)).sum()
}

/// A text as it may go to a terminal: control characters, direction overrides and whatever else is not seen are written out,
/// marks above and below a letter at most two at a time.
///
/// ```
/// use makegood::terminal::visible;
/// assert_eq!(visible("VL-1\u{1b}[2J\u{202e}"), "VL-1\\u{1b}[2J\\u{202e}");
/// assert_eq!(visible("Søren \"S\" 日本"), "Søren \"S\" 日本");
/// ```
#[must_use]
pub fn visible(text: &str) -> String {
    seen(text).replace(GLUE, " ")
}

/// The same, with what is glued still glued.
fn seen(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut marks = 0_usize;
    for c in text.chars() {
        if c == ' ' || c == GLUE || c.is_ascii_graphic() {
            out.push(c);
            marks = 0;
            continue;
        }
        let zero = c.width().unwrap_or(0) == 0;
        marks = if zero { marks.saturating_add(1) } else { 0 };
        // Behind a letter, so that a mark on it stays a mark.
        let behind: String = ['a', c].iter().collect();
        if behind.escape_debug().skip(1).eq([c]) && marks <= 2 {
            out.push(c);
        } else {
            out.extend(c.escape_unicode());
        }
    }
    out
}

// ---- The sheet --------------------------------------------------------------------------------------------------------------

/// How a piece of text looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tone {
    Plain,
    Strong,
    Dim,
    Accent,
    Headline,
}

/// A line that is set: pieces, and how many columns they take.
#[derive(Clone, Default)]
struct Line {
    pieces: Vec<(Tone, String)>,
    width: usize,
}

impl Line {
    fn push(&mut self, tone: Tone, text: &str) {
        self.width = self.width.saturating_add(width(text));
        match self.pieces.last_mut() {
            Some((last, piece)) if *last == tone => piece.push_str(text),
            _ => self.pieces.push((tone, text.to_owned())),
        }
    }

    fn append(&mut self, other: Self) {
        for (tone, text) in other.pieces {
            self.push(tone, &text);
        }
    }

    fn pad_to(&mut self, columns: usize) {
        let missing = columns.saturating_sub(self.width);
        self.push(Tone::Plain, &" ".repeat(missing));
    }
}

/// A fact on the sheet.
struct Row {
    label: String,
    value: String,
    tone: Tone,
    /// What else would do.
    also: String,
    refs: String,
}

struct Sheet {
    out: String,
    colour: bool,
    width: usize,
    accent: &'static str,
}

impl Sheet {
    fn blank(&mut self) {
        self.out.push('\n');
    }

    /// The only way out.
    fn put(&mut self, line: Line) {
        let mut text = String::new();
        for (tone, piece) in line.pieces {
            let piece = visible(&piece);
            let codes = match tone {
                Tone::Plain => String::new(),
                Tone::Strong => "1".to_owned(),
                Tone::Dim => "2".to_owned(),
                Tone::Accent => self.accent.to_owned(),
                Tone::Headline => format!("1;{}", self.accent),
            };
            if self.colour && !codes.is_empty() && !piece.trim().is_empty() {
                text.push_str(&format!("\u{1b}[{codes}m{piece}\u{1b}[0m"));
            } else {
                text.push_str(&piece);
            }
        }
        self.out.push_str(text.trim_end());
        self.out.push('\n');
    }

    /// Text in lines, each so far from the edge.
    fn text(&mut self, indent: usize, spans: &[(Tone, &str)]) {
        self.item(indent, "", spans);
    }

    /// Text with something before its first line; the others stand below the text.
    fn item(&mut self, indent: usize, mark: &str, spans: &[(Tone, &str)]) {
        let columns = width(mark);
        // A mark that leaves no room for the text stands on a line of its own.
        let narrow = self.width < indent.saturating_add(columns).saturating_add(16);
        let hang = if narrow {
            indent.saturating_add(2)
        } else {
            indent.saturating_add(columns)
        };
        if narrow && !mark.is_empty() {
            for line in wrap(&[(Tone::Dim, mark)], self.width.saturating_sub(indent)) {
                self.indented(indent, line);
            }
        }
        let lines = wrap(spans, self.width.saturating_sub(hang));
        for (index, text) in lines.into_iter().enumerate() {
            if index == 0 && !narrow {
                let mut line = Line::default();
                line.push(Tone::Dim, mark);
                line.append(text);
                self.indented(indent, line);
            } else {
                self.indented(hang, text);
            }
        }
    }

    fn indented(&mut self, indent: usize, text: Line) {
        let mut line = Line::default();
        line.push(Tone::Plain, &" ".repeat(indent));
        line.append(text);
        self.put(line);
    }

    fn heading(&mut self, text: &str) {
        self.blank();
        self.text(0, &[(Tone::Strong, text)]);
    }

    /// A quiet block: somebody else's words.
    fn quoted(&mut self, spans: &[(Tone, &str)]) {
        for text in wrap(spans, self.width.saturating_sub(4)) {
            let mut line = Line::default();
            line.push(Tone::Dim, "  │ ");
            line.append(text);
            self.put(line);
        }
    }

    /// Names and values in two columns.
    fn rows(&mut self, indent: usize, rows: &[(String, String)]) {
        let widest = rows.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
        for (name, value) in rows {
            let mark = format!("{name}{}  ", " ".repeat(widest.saturating_sub(width(name))));
            self.item(indent, &mark, &[(Tone::Plain, value)]);
        }
    }

    /// Facts: what it is, its value, and the numbers of what it rests on.
    fn facts(&mut self, indent: usize, rows: &[Row]) {
        let room = self.width.saturating_sub(indent);
        let widest = rows.iter().map(|row| width(&row.label)).max().unwrap_or(0);
        let labels = widest.min(room / 2);
        let values = room.saturating_sub(labels.saturating_add(2));
        for row in rows {
            let behind = format!(" {} {}", row.also, row.refs);
            let value = [(row.tone, row.value.as_str()), (Tone::Dim, behind.as_str())];
            if values < 20 {
                self.text(indent, &[(Tone::Dim, &row.label)]);
                self.text(indent.saturating_add(2), &value);
                continue;
            }
            let mut left = wrap(&[(Tone::Dim, &row.label)], labels).into_iter();
            let mut right = wrap(&value, values).into_iter();
            loop {
                let (name, value) = (left.next(), right.next());
                if name.is_none() && value.is_none() {
                    break;
                }
                let mut line = name.unwrap_or_default();
                if let Some(value) = value {
                    line.pad_to(labels.saturating_add(2));
                    line.append(value);
                }
                self.indented(indent, line);
            }
        }
    }

    /// A sum: what each step is, how it is come by, and its figure, points below each other.
    fn sums(&mut self, indent: usize, steps: &[Step], point: char) {
        let halves: Vec<(String, String)> = steps
            .iter()
            .map(|step| figure_halves(&glued(&step.figure), point))
            .collect();
        let most = |of: &dyn Fn(usize) -> usize| (0..steps.len()).map(of).max().unwrap_or(0);
        let part = |index: usize, left: bool| {
            let half = halves
                .get(index)
                .map(|(before, after)| if left { before } else { after });
            half.map_or(0, |half| width(half))
        };
        let what = most(&|index| steps.get(index).map_or(0, |step| width(&step.what)));
        let how = most(&|index| steps.get(index).map_or(0, |step| width(&step.how)));
        let (before, after) = (
            most(&|index| part(index, true)),
            most(&|index| part(index, false)),
        );
        let room = self.width.saturating_sub(indent);
        let figures = before.saturating_add(after).saturating_add(2);
        let beside = how > 0
            && what
                .saturating_add(how)
                .saturating_add(2)
                .saturating_add(figures)
                <= room;
        let middle = if beside { how.saturating_add(2) } else { 0 };
        let column = what.saturating_add(middle);
        for (step, (left, right)) in steps.iter().zip(&halves) {
            let tone = if step.result {
                Tone::Strong
            } else {
                Tone::Plain
            };
            if column.saturating_add(figures) > room {
                // No room for columns: each step in its own words.
                let text = if step.how.is_empty() {
                    format!("{}: {}", step.what, glued(&step.figure))
                } else {
                    format!(
                        "{}: {} = {}",
                        step.what,
                        glued(&step.how),
                        glued(&step.figure)
                    )
                };
                self.text(indent, &[(tone, &text)]);
                continue;
            }
            if !beside && !step.how.is_empty() {
                self.text(indent, &[(Tone::Dim, &step.how)]);
            }
            let mut line = Line::default();
            if step.result {
                line.push(Tone::Plain, &" ".repeat(column.saturating_add(2)));
                line.push(Tone::Dim, &"─".repeat(figures.saturating_sub(2)));
                self.indented(indent, line);
                line = Line::default();
            }
            line.push(
                if step.result { Tone::Strong } else { Tone::Dim },
                &step.what,
            );
            if beside {
                line.pad_to(what.saturating_add(2));
                line.push(Tone::Plain, &step.how);
            }
            line.pad_to(
                column
                    .saturating_add(2)
                    .saturating_add(before)
                    .saturating_sub(width(left)),
            );
            line.push(tone, left);
            line.push(tone, right);
            self.indented(indent, line);
        }
    }
}

/// A figure before and from its point; one without a point after its last digit.
fn figure_halves(figure: &str, point: char) -> (String, String) {
    let digit = |text: &str| text.chars().next_back().is_some_and(|c| c.is_ascii_digit());
    let at = figure
        .rmatch_indices(point)
        .map(|(at, _)| at)
        .find(|at| {
            let (before, after) = figure.split_at(*at);
            digit(before) && after.chars().nth(1).is_some_and(|c| c.is_ascii_digit())
        })
        .or_else(|| {
            let last = figure.rfind(|c: char| c.is_ascii_digit())?;
            last.checked_add(1)
        });
    let (before, after) = figure.split_at(at.unwrap_or(figure.len()));
    (before.to_owned(), after.to_owned())
}

/// Sets text in lines of at most so many columns. A word that is longer than that is cut.
fn wrap(spans: &[(Tone, &str)], columns: usize) -> Vec<Line> {
    let columns = columns.max(1);
    let mut words: Vec<Line> = Vec::new();
    let mut open = false;
    for (tone, text) in spans {
        for c in seen(&flat(text)).chars() {
            if c == ' ' {
                open = false;
                continue;
            }
            if !open {
                words.push(Line::default());
                open = true;
            }
            if let Some(word) = words.last_mut() {
                word.push(*tone, c.encode_utf8(&mut [0; 4]));
            }
        }
    }
    let mut lines: Vec<Line> = Vec::new();
    let mut line = Line::default();
    let mut space = Tone::Plain;
    for word in words {
        let needed = word.width.saturating_add(usize::from(line.width > 0));
        if line.width > 0 && line.width.saturating_add(needed) > columns {
            lines.push(std::mem::take(&mut line));
        }
        if line.width > 0 {
            // Between two pieces that look alike the space looks like them.
            let next = word.pieces.first().map_or(Tone::Plain, |(tone, _)| *tone);
            line.push(if next == space { space } else { Tone::Plain }, " ");
        }
        space = word.pieces.last().map_or(Tone::Plain, |(tone, _)| *tone);
        if word.width <= columns {
            line.append(word);
            continue;
        }
        for (tone, text) in word.pieces {
            for c in text.chars() {
                let c = String::from(c);
                if line.width.saturating_add(width(&c)) > columns && line.width > 0 {
                    lines.push(std::mem::take(&mut line));
                }
                line.push(tone, &c);
            }
        }
    }
    if line.width > 0 || lines.is_empty() {
        lines.push(line);
    }
    lines
}
