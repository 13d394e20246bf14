// SPDX-License-Identifier: MIT OR Apache-2.0
//! Faults planted in copies of the reference policy: each is found, at its place, with facts that show it.
//!
//! `cargo test -p makegood --test planted_faults -- --nocapture` prints a line for each fault.

use makegood::built_in::{ALL, BuiltIn};
use makegood::worked::run_cases;
use makegood_desk::decision::Rulebook;
use makegood_desk::vocabulary;
use makegood_policy::condition::FactId;
use makegood_policy::fact::{FactDef, Ratio, Value};
use makegood_policy::plain::winners;
use makegood_policy::problem::{Code, Problem, Witness};
use makegood_policy::{Limits, Policy, Reading, Sources, read_sources};

const BUILT_IN: &BuiltIn = &ALL[0];

/// A change of the texts. What is replaced stands there once.
enum Edit {
    /// In the policy.
    Here(&'static str, &'static str),
    /// In the translation.
    There(&'static str, &'static str),
    /// The rule goes, with its reason, its marks in both languages and its name in `overrides`; tests stay.
    Without(&'static str),
    /// The exception goes, with all that `Without` takes.
    WithoutExcept(&'static str),
    /// The conditions of two rules change places.
    SwapWhen(&'static str, &'static str),
    /// The line of a rule that says `then` is another.
    Then(&'static str, &'static str),
    /// The effects of two rules change places.
    SwapThen(&'static str, &'static str),
}

/// Who finds it, where, and in which words. Of a place with several lines the first is said.
enum By {
    /// Reading: the code, the underlined words, a part of the message.
    Reading(Code, &'static str, &'static str),
    /// Checking: the same. A gap, an overlap or a loop has a witness, which is held against the rules.
    Check(Code, &'static str, &'static str),
    /// A `test` block: its name, and what the policy does instead.
    Test(&'static str, &'static str),
    /// A worked case: the underlined cell, and what the policy decides instead.
    Case(&'static str, &'static str),
}

use By::{Case, Check, Reading as Read, Test};
use Edit::{Here, SwapThen, SwapWhen, Then, There, Without, WithoutExcept};

struct Fault {
    name: &'static str,
    edits: &'static [Edit],
    by: &'static [By],
}

const FAULTS: &[Fault] = &[
    // A rule is gone.
    Fault {
        name: "no rule for a small drop after the guarantee",
        edits: &[Without("drop.small")],
        by: &[
            Check(
                Code::Gap,
                "drop_owed && guarantee == ended && drop_share > small_drop",
                "drop_share is over 0 % and at most 10 %, guarantee is ended",
            ),
            Check(
                Code::IdleTest,
                "et fald på præcis grænsen efter garantien",
                "no rule decides what this test gives",
            ),
        ],
    },
    Fault {
        name: "no rule for a large drop after the guarantee",
        edits: &[Without("drop.large")],
        by: &[Check(
            Code::Gap,
            "drop_owed && guarantee == ended && drop_share <= small_drop",
            "drop_share is over 10 % and under 100 %, guarantee is ended",
        )],
    },
    Fault {
        name: "no rule where nothing has dropped",
        edits: &[Without("drop.none")],
        by: &[Check(
            Code::Gap,
            "drop_owed && guarantee == running && !redelivery_possible && service_kind != auto",
            "claim is dropped, units_delivered is at least 1, open_undelivered is 0, open_dropped is 0",
        )],
    },
    Fault {
        name: "no rule for a drop on an automatic service",
        edits: &[Without("drop.auto")],
        by: &[Check(
            Code::Gap,
            "drop_claim && open_dropped == 0 && claim == dropped",
            "redelivery_possible is false, guarantee is running",
        )],
    },
    Fault {
        name: "no rule for other messages",
        edits: &[Without("other.review")],
        by: &[Check(
            Code::Gap,
            "!closed && wants == redelivery",
            "claim is other",
        )],
    },
    Fault {
        name: "no rule for what is missing when an order is complete",
        edits: &[Without("left.completed")],
        by: &[
            Check(
                Code::Gap,
                "drop_claim && open_dropped == 0 && claim == dropped",
                "redelivery_possible is false",
            ),
            Case(
                "partial_refund 1.00",
                "the policy decides `declined 5.2` (rule mind.declined)",
            ),
        ],
    },
    Fault {
        name: "no rule for a slow delivery that could be stopped",
        edits: &[Without("pace.behind-stop-now")],
        by: &[Check(
            Code::Gap,
            "underway && claim != stop && pace == behind && !expedite_possible && stop_result == failed",
            "pace is behind, expedite_possible is false, stop_result is stopped",
        )],
    },
    Fault {
        name: "no rule for a change of mind",
        edits: &[Without("mind.declined")],
        by: &[Check(
            Code::Gap,
            "!closed && wants == redelivery",
            "claim is changed_mind or no_benefit or quality",
        )],
    },
    Fault {
        name: "no rule while the start window runs",
        edits: &[Without("queue.not-due")],
        by: &[Check(
            Code::Gap,
            "underway && claim != stop && pace == on_time",
            "start is not_due",
        )],
    },
    Fault {
        name: "no rule for an account that is not named: another rule takes it",
        edits: &[Without("account.unclear")],
        by: &[
            Check(
                Code::Unknown,
                "account.unclear",
                "no rule is called `account.unclear`",
            ),
            Test(
                "en konto, der ikke er nævnt",
                "found declined 5.10 by done.nothing-left",
            ),
            Case(
                "review",
                "the policy decides `declined 5.10` (rule done.nothing-left)",
            ),
        ],
    },
    Fault {
        name: "no rule for a counter below its start: another rule takes it",
        edits: &[Without("nothing.below-start")],
        by: &[
            Test(
                "meldt færdig under udgangspunktet",
                "found refund 5.1 by nothing.refund",
            ),
            Case(
                "review",
                "the policy decides `refund 10.00 5.1` (rule nothing.refund)",
            ),
        ],
    },
    Fault {
        name: "no rule for a late start: another rule takes it",
        edits: &[Without("start.late")],
        by: &[
            Test("begyndt for sent", "found declined 5.3 by pace.on-time"),
            Case(
                "review",
                "the policy decides `declined 5.3` (rule pace.on-time)",
            ),
        ],
    },
    Fault {
        name: "no rule for a new delivery: another rule takes it",
        edits: &[Without("left.redeliver")],
        by: &[
            Test(
                "vi spørger, om det kan leveres igen, når kunden ønsker det",
                "found refund 5.10 by left.completed",
            ),
            Case(
                "support_resolution: redeliver 190",
                "the policy decides `partial_refund 1.90 5.10`",
            ),
        ],
    },
    Fault {
        name: "no rule for starting by hand: another rule takes it",
        edits: &[Without("auto.manual")],
        by: &[Case(
            "support_resolution: start_manually",
            "the policy decides `declined 5.1` (rule queue.not-due)",
        )],
    },
    Fault {
        name: "no rule for a lost dispute: another clause is quoted",
        edits: &[Without("spent.lost-dispute")],
        by: &[
            Test(
                "banken har betalt det hele",
                "found declined 5.10 by spent.refunded",
            ),
            Case(
                "6",
                "the policy decides `declined 5.10` (rule spent.refunded)",
            ),
        ],
    },
    // A bound is moved.
    Fault {
        name: "at most becomes less than",
        edits: &[Here("drop_share <= small_drop", "drop_share < small_drop")],
        by: &[Check(
            Code::Gap,
            "drop_owed && guarantee == ended && drop_share < small_drop",
            "drop_share is 10 %",
        )],
    },
    Fault {
        name: "more than becomes at least",
        edits: &[Here("drop_share > small_drop", "drop_share >= small_drop")],
        by: &[Check(
            Code::Overlap,
            "drop_owed && guarantee == ended && drop_share >= small_drop",
            "`drop.large` and `drop.small` both decide, differently, when",
        )],
    },
    Fault {
        name: "a bound belongs to the other side",
        edits: &[
            Here("drop_share <= small_drop", "drop_share < small_drop"),
            Here("drop_share > small_drop", "drop_share >= small_drop"),
        ],
        by: &[
            Test(
                "et fald på præcis grænsen efter garantien",
                "found review 5.4 by drop.large",
            ),
            Case(
                "declined",
                "the policy decides `review 5.4` (rule drop.large)",
            ),
        ],
    },
    Fault {
        name: "the small drop is one per cent more",
        edits: &[Here("small_drop = 10 %", "small_drop = 11 %")],
        by: &[
            Test(
                "et større fald efter garantien",
                "found declined 5.4 by drop.small",
            ),
            Case(
                "review",
                "the policy decides `declined 5.4` (rule drop.small)",
            ),
        ],
    },
    Fault {
        name: "the window for renewals is an hour less",
        edits: &[Here("renewal_window = 72 h", "renewal_window = 71 h")],
        by: &[
            Test(
                "en fornyelse på sidste øjeblik",
                "found declined 5.11 by renewal.late",
            ),
            Case(
                "refund 10.00",
                "the policy decides `declined 5.11` (rule renewal.late-cancelled)",
            ),
        ],
    },
    Fault {
        name: "the window for renewals is an hour more",
        edits: &[Here("renewal_window = 72 h", "renewal_window = 73 h")],
        by: &[
            Test("en fornyelse for sent", "found ask period_fulfilled"),
            Case(
                "declined",
                "the policy decides `refund 10.00 5.11` (rule renewal.refund-cancelled)",
            ),
        ],
    },
    Fault {
        name: "the window for renewals is a second less",
        edits: &[Here("renewal_window = 72 h", "renewal_window = 259199 s")],
        by: &[Test(
            "en fornyelse på sidste øjeblik",
            "found declined 5.11 by renewal.late",
        )],
    },
    Fault {
        name: "the window for accounts is an hour more",
        edits: &[Here(
            "account_claim_window = 12 h",
            "account_claim_window = 13 h",
        )],
        by: &[
            Test(
                "en konto, der er klaget over for sent",
                "found ask proxy_used, fault_shown",
            ),
            Case(
                "declined",
                "the policy decides `partial_refund 3.33 5.9` (rule account.refund)",
            ),
        ],
    },
    Fault {
        name: "the share on target is one per cent more",
        edits: &[Here("on_target_from = 50 %", "on_target_from = 51 %")],
        by: &[
            Test(
                "halvdelen fra det rigtige land er nok",
                "found review 5.6 by target.review",
            ),
            Case(
                "declined",
                "the policy decides `review 5.6` (rule target.review)",
            ),
        ],
    },
    Fault {
        name: "at least becomes more than",
        edits: &[Here(
            "on_target_share >= on_target_from",
            "on_target_share > on_target_from",
        )],
        by: &[Test(
            "halvdelen fra det rigtige land er nok",
            "found review 5.6 by target.review",
        )],
    },
    Fault {
        name: "the last second for accounts is late",
        edits: &[Here(
            "when account_claim_delay > account_claim_window",
            "when account_claim_delay >= account_claim_window",
        )],
        by: &[
            Check(
                Code::Overlap,
                "!(account_claim_delay > account_claim_window) && !login_seen && !account_unproven && wants == redelivery",
                "account_claim_delay is 12 h",
            ),
            Check(
                Code::Double,
                "!(account_claim_delay > account_claim_window) && login_seen",
                "`account.used` and `account.late` both decide, alike",
            ),
        ],
    },
    Fault {
        name: "the last second for renewals is late",
        edits: &[Here(
            "renewal_claimable && renewal_age > renewal_window",
            "renewal_claimable && renewal_age >= renewal_window",
        )],
        by: &[Check(
            Code::Overlap,
            "subscription == cancelled",
            "renewal_age is 3 d",
        )],
    },
    Fault {
        name: "one dropped unit is none",
        edits: &[Here(
            "drop_claim && open_dropped > 0 && !below_baseline",
            "drop_claim && open_dropped > 1 && !below_baseline",
        )],
        by: &[Check(
            Code::Gap,
            "drop_owed && guarantee == running && !redelivery_possible && service_kind == auto",
            "open_dropped is 1",
        )],
    },
    Fault {
        name: "one dropped unit is nothing to pay for",
        edits: &[Here(
            "open_dropped == 0 && claim != dropped",
            "open_dropped <= 1 && claim != dropped",
        )],
        by: &[Check(
            Code::Overlap,
            "drop_claim && open_dropped > 0 && below_baseline",
            "open_dropped is 1",
        )],
    },
    Fault {
        name: "one account left is none",
        edits: &[Here(
            "wants != redelivery && units_left == 0",
            "wants != redelivery && units_left <= 1",
        )],
        by: &[
            Test(
                "en konto, der er klaget over på det sidste sekund",
                "found declined 5.9 by account.all-refunded",
            ),
            Case(
                "refund 9.99",
                "the policy decides `declined 5.9` (rule account.all-refunded)",
            ),
        ],
    },
    Fault {
        name: "one delivered unit is no use of an automatic service",
        edits: &[Here(
            "service_kind == auto && units_delivered > 0",
            "service_kind == auto && units_delivered > 1",
        )],
        by: &[Case(
            "5.8",
            "the policy decides `declined 5.3` (rule pace.on-time)",
        )],
    },
    Fault {
        name: "one delivered unit is nothing",
        edits: &[Here(
            "state == completed && units_delivered == 0",
            "state == completed && units_delivered <= 1",
        )],
        by: &[Case(
            "partial_refund 9.99",
            "the policy decides `refund 10.00 5.1` (rule nothing.refund)",
        )],
    },
    Fault {
        name: "one delivered unit can be started by hand",
        edits: &[Here(
            "service_kind == auto && units_delivered == 0",
            "service_kind == auto && units_delivered <= 1",
        )],
        by: &[Check(
            Code::Overlap,
            "service_kind == auto && units_delivered <= 1 && !closed && claim == auto_not_working",
            "units_delivered is 1",
        )],
    },
    Fault {
        name: "one missing unit is none",
        edits: &[Here(
            "= closed && open_undelivered > 0",
            "= closed && open_undelivered > 1",
        )],
        by: &[Check(
            Code::Gap,
            "waiting && claim == stop && stop_result == stopped",
            "open_undelivered is 1",
        )],
    },
    Fault {
        name: "one missing unit is settled",
        edits: &[Here(
            "delivery_claim && closed && open_undelivered == 0",
            "delivery_claim && closed && open_undelivered <= 1",
        )],
        by: &[Check(
            Code::Overlap,
            "settled && claim == stop",
            "open_undelivered is 1",
        )],
    },
    // An exception is gone.
    Fault {
        name: "no exception where no country was sold",
        edits: &[WithoutExcept("target.not-sold")],
        by: &[
            Test("intet land aftalt", "found review 5.6 by target.review"),
            Case(
                "declined",
                "the policy decides `review 5.6` (rule target.review)",
            ),
        ],
    },
    Fault {
        name: "no exception where nothing came and the bank decides",
        edits: &[WithoutExcept("dispute.concede")],
        by: &[
            Test(
                "en indsigelse mod en ordre, der ikke begyndte",
                "found contest 6 by dispute.contest",
            ),
            Case(
                "concede: accept_dispute",
                "the policy decides `contest: submit_evidence 6` (rule dispute.contest)",
            ),
        ],
    },
    Fault {
        name: "no exception for a dispute without a message first",
        edits: &[WithoutExcept("dispute.contest-unannounced")],
        by: &[
            Check(
                Code::Unused,
                "contact_before_dispute",
                "no rule asks for the fact `contact_before_dispute`",
            ),
            Case(
                "contest: submit_evidence + flag_friendly_fraud",
                "the policy decides `contest: submit_evidence 6`",
            ),
        ],
    },
    Fault {
        name: "no exception for an exchange",
        edits: &[WithoutExcept("left.exchange")],
        by: &[
            Test(
                "en standset ordre byttes",
                "found refund 5.7 by left.stopped",
            ),
            Case(
                "support_resolution: exchange 6.00",
                "the policy decides `partial_refund 6.00 5.7`",
            ),
        ],
    },
    Fault {
        name: "no exception for those who want the delivery",
        edits: &[WithoutExcept("start.overdue-expedite")],
        by: &[Case(
            "support_resolution: expedite",
            "the policy decides `refund 10.00 5.1` (rule start.overdue)",
        )],
    },
    Fault {
        name: "no exception for a cancelled subscription",
        edits: &[WithoutExcept("renewal.refund-cancelled")],
        by: &[Case(
            "refund 10.00",
            "the policy decides `refund 10.00 + cancel_subscription 5.11`",
        )],
    },
    Fault {
        name: "no exception nested in an exception",
        edits: &[WithoutExcept("renewal.late-cancelled")],
        by: &[Case(
            "declined",
            "the policy decides `declined: cancel_subscription 5.11` (rule renewal.late)",
        )],
    },
    Fault {
        name: "no exception for accounts that are all refunded",
        edits: &[WithoutExcept("account.all-refunded")],
        by: &[
            Check(
                Code::Unused,
                "units_left",
                "no rule asks for the fact `units_left`",
            ),
            Test(
                "alle konti er allerede betalt tilbage",
                "found refund 5.9 by account.refund",
            ),
        ],
    },
    Fault {
        name: "no exception for a new account",
        edits: &[WithoutExcept("account.replace")],
        by: &[Case(
            "support_resolution: replace_account",
            "the policy decides `partial_refund 3.33 5.9`",
        )],
    },
    // Two rules are swapped.
    Fault {
        name: "conditions of the small and the large drop swapped",
        edits: &[SwapWhen("drop.small", "drop.large")],
        by: &[
            Test(
                "et større fald efter garantien",
                "found declined 5.4 by drop.small",
            ),
            Case(
                "declined",
                "the policy decides `review 5.4` (rule drop.large)",
            ),
        ],
    },
    Fault {
        name: "conditions of on time and behind swapped",
        edits: &[SwapWhen("pace.on-time", "pace.expedite")],
        by: &[
            Test(
                "leveringen følger planen",
                "found support_resolution 5.3 by pace.expedite",
            ),
            Case(
                "support_resolution: expedite",
                "the policy decides `declined 5.3` (rule pace.on-time)",
            ),
        ],
    },
    Fault {
        name: "conditions of stopped and not stopped swapped",
        edits: &[SwapWhen("queue.stop-failed", "queue.stop-now")],
        by: &[
            Test(
                "ordren kunne ikke standses, før den begyndte",
                "found refund 5.7 by left.stopped",
            ),
            Case(
                "refund 10.00",
                "the policy decides `declined 5.7` (rule queue.stop-failed)",
            ),
        ],
    },
    Fault {
        name: "conditions of two clauses that decline alike swapped",
        edits: &[SwapWhen("done.slow", "done.stop")],
        by: &[
            Test(
                "intet tilbage at standse",
                "found declined 5.3 by done.slow",
            ),
            Case("5.2", "the policy decides `declined 5.3` (rule done.slow)"),
        ],
    },
    Fault {
        name: "effects of delivering again and refunding swapped",
        edits: &[SwapThen("drop.redeliver", "drop.refund")],
        by: &[
            Test(
                "et fald under garantien leveres igen",
                "found refund 5.5 by drop.redeliver",
            ),
            Case(
                "support_resolution: redeliver 60",
                "the policy decides `partial_refund 0.60 5.5`",
            ),
        ],
    },
    Fault {
        name: "effects of what is missing and a change of mind swapped",
        edits: &[SwapThen("left.completed", "mind.declined")],
        by: &[Case(
            "partial_refund 9.99",
            "the policy decides `declined 5.10` (rule left.completed)",
        )],
    },
    Fault {
        name: "effects of conceding and contesting swapped",
        edits: &[SwapThen("dispute.contest", "dispute.concede")],
        by: &[Case(
            "concede: accept_dispute",
            "the policy decides `contest: submit_evidence 6` (rule dispute.concede)",
        )],
    },
    Fault {
        name: "effects of nothing delivered swapped",
        edits: &[SwapThen("nothing.refund", "nothing.below-start")],
        by: &[Case(
            "refund 10.00",
            "the policy decides `review 5.1` (rule nothing.refund)",
        )],
    },
    Fault {
        name: "effects of the small and the large drop swapped",
        edits: &[SwapThen("drop.small", "drop.large")],
        by: &[Test(
            "et større fald efter garantien",
            "found declined 5.4 by drop.large",
        )],
    },
    // A rule no longer overrides another.
    Fault {
        name: "a lost dispute no longer overrides a refund",
        edits: &[Here("overrides: spent.refunded\n", "")],
        by: &[Check(
            Code::Overlap,
            "spent && dispute == lost",
            "both decide, alike but under the clauses 6 and 5.10, when claim is anything but renewal",
        )],
    },
    Fault {
        name: "what is missing no longer overrides a change of mind",
        edits: &[Here(
            "then refund: refund(open_undelivered + refundable_dropped)\noverrides: mind.*\n",
            "then refund: refund(open_undelivered + refundable_dropped)\n",
        )],
        by: &[Check(
            Code::Overlap,
            "left_over && state == completed",
            "`left.completed` and `mind.declined` both decide, differently",
        )],
    },
    Fault {
        name: "an automatic service in use no longer overrides a late start",
        edits: &[Here("mind.*, start.late, queue.*", "mind.*, queue.*")],
        by: &[Check(
            Code::Overlap,
            "service_kind == auto && units_delivered > 0 && !(claim in {dropped, other, renewal})",
            "`auto.active` and `start.late` both decide, differently, when claim is not_started, units_delivered is at least 1, start is late",
        )],
    },
    Fault {
        name: "a dispute no longer overrides what is spent",
        edits: &[Here(
            "overrides: spent.*, renewal.*",
            "overrides: renewal.*",
        )],
        by: &[
            Check(
                Code::Overlap,
                "dispute == open",
                "`dispute.contest` and `spent.refunded` both decide, differently",
            ),
            Check(
                Code::Overlap,
                "nothing_came",
                "`dispute.concede` and `spent.refunded` both decide, differently",
            ),
        ],
    },
    Fault {
        name: "other messages no longer override what is missing",
        edits: &[Here("then review\noverrides: left.*\n", "then review\n")],
        by: &[
            Check(
                Code::Overlap,
                "claim == other",
                "`other.review` and `left.redeliver` both decide, differently",
            ),
            Check(
                Code::Overlap,
                "wants == exchange",
                "`left.exchange` and `other.review` both decide, differently",
            ),
        ],
    },
    Fault {
        name: "a passed start window no longer overrides the queue",
        edits: &[Here(
            "mind.*, queue.*, pace.*, done.*\nbecause \"Leveringen kom",
            "mind.*, pace.*, done.*\nbecause \"Leveringen kom",
        )],
        by: &[
            Check(
                Code::Overlap,
                "!closed && wants == redelivery",
                "; there `queue.stop-now` judges again with `state = stopped`",
            ),
            Check(
                Code::Overlap,
                "waiting && claim in {not_started, not_received, incomplete, auto_not_working, account_faulty}",
                "`queue.not-due` and `start.overdue` both decide",
            ),
        ],
    },
    Fault {
        name: "a renewal no longer overrides a passed start window",
        edits: &[Here(
            "overrides: start.*, nothing.*, left.*\nbecause \"Du skrev i tide, og perioden",
            "overrides: nothing.*, left.*\nbecause \"Du skrev i tide, og perioden",
        )],
        by: &[Check(
            Code::Overlap,
            "claim == renewal",
            "`renewal.refund` and `start.overdue` both decide, differently",
        )],
    },
    Fault {
        name: "an override of a rule that is not there",
        edits: &[Here(
            "overrides: spent.refunded\n",
            "overrides: spent.refundet\n",
        )],
        by: &[Read(
            Code::Unknown,
            "spent.refundet",
            "no rule is called `spent.refundet`",
        )],
    },
    Fault {
        name: "an override of rules that are not there",
        edits: &[Here(
            "start_manually\noverrides: queue.*",
            "start_manually\noverrides: cue.*",
        )],
        by: &[Read(Code::Unknown, "cue.*", "no rule begins with `cue.`")],
    },
    Fault {
        name: "two rules override each other",
        edits: &[Here(
            "then declined\nbecause \"Faldet er på",
            "then declined\noverrides: spent.refunded\nbecause \"Faldet er på",
        )],
        by: &[Read(
            Code::Cycle,
            "spent.refunded",
            "`spent.refunded` and `drop.small` each win over the other",
        )],
    },
    // A term says something else.
    Fault {
        name: "a negation dropped where nothing came",
        edits: &[Here(
            "(nothing_delivered && !below_baseline)",
            "(nothing_delivered && below_baseline)",
        )],
        by: &[Case(
            "contest: submit_evidence",
            "the policy decides `concede: accept_dispute 6` (rule dispute.concede)",
        )],
    },
    Fault {
        name: "a negation dropped where the money is spent",
        edits: &[Here(
            "claim != renewal && !money_left",
            "claim != renewal && money_left",
        )],
        by: &[
            Test(
                "startvinduet er gået, og alt betales tilbage",
                "found declined 5.10 by spent.refunded",
            ),
            Case(
                "review",
                "the policy decides `declined 5.10` (rule spent.refunded)",
            ),
        ],
    },
    Fault {
        name: "a negation dropped where a drop is claimed",
        edits: &[Here(
            "(claim == dropped && !left_over)",
            "(claim == dropped && left_over)",
        )],
        by: &[Check(
            Code::Gap,
            "drop_claim && open_dropped == 0 && claim == dropped",
            "claim is dropped, units_delivered is at least 1, open_undelivered is 0",
        )],
    },
    Fault {
        name: "a negation dropped where an automatic service is in use",
        edits: &[Here(
            "!(claim in {dropped, other, renewal})",
            "(claim in {dropped, other, renewal})",
        )],
        by: &[Check(
            Code::Overlap,
            "claim == renewal",
            "`renewal.refund` and `auto.active` both decide, differently",
        )],
    },
    Fault {
        name: "a part of a term dropped: what is delivered and what has dropped",
        edits: &[Here("account_faulty} && !drop_claim", "account_faulty}")],
        by: &[Check(
            Code::Overlap,
            "settled && claim in {not_started, not_received, incomplete, auto_not_working, account_faulty}",
            "`done.nothing-left` and `drop.none-missing` both decide, alike but under the clauses 5.10 and 5.1",
        )],
    },
    Fault {
        name: "a part of a term dropped: below the start",
        edits: &[Here(
            "drop_claim && open_dropped > 0 && !below_baseline",
            "drop_claim && open_dropped > 0",
        )],
        by: &[Check(
            Code::Overlap,
            "drop_owed && guarantee == ended && drop_share > small_drop",
            "`drop.large` and `drop.below-start` both decide",
        )],
    },
    Fault {
        name: "or becomes and",
        edits: &[Here(
            "proxy_used in {no, wrong_country} || !fault_shown",
            "proxy_used in {no, wrong_country} && !fault_shown",
        )],
        by: &[Case("declined", "the policy decides `ask proxy_used`")],
    },
    Fault {
        name: "a value left out of a list",
        edits: &[Here(
            "when claim in {changed_mind, no_benefit, quality}",
            "when claim in {changed_mind, no_benefit}",
        )],
        by: &[Check(
            Code::Gap,
            "!closed && wants == redelivery",
            "claim is quality",
        )],
    },
    Fault {
        name: "a value left out of a term",
        edits: &[Here(
            "incomplete, slow, stop, auto_not_working, account_faulty}",
            "incomplete, slow, stop, account_faulty}",
        )],
        by: &[Check(
            Code::Gap,
            "waiting && claim in {not_started, not_received, incomplete, auto_not_working, account_faulty}",
            "claim is auto_not_working",
        )],
    },
    Fault {
        name: "a term that no rule uses any more",
        edits: &[
            Here(
                "when spent && dispute == lost",
                "when claim != renewal && !money_left && wants in {refund, exchange} && dispute == lost",
            ),
            Here(
                "when spent\n",
                "when claim != renewal && !money_left && wants in {refund, exchange}\n",
            ),
        ],
        by: &[Check(
            Code::Unused,
            "spent",
            "no rule uses the term `spent`",
        )],
    },
    Fault {
        name: "a term defined by itself",
        edits: &[Here(
            "= closed && open_undelivered > 0",
            "= settled && open_undelivered > 0",
        )],
        by: &[Read(
            Code::Cycle,
            "left_over",
            "the term `left_over` is defined by itself (`left_over` → `settled`",
        )],
    },
    // An assumption says too little or too much.
    Fault {
        name: "no assumption that a running delivery has a pace",
        edits: &[Here("state == in_progress implies pace is present\n", "")],
        by: &[Check(
            Code::Gap,
            "underway && claim != stop && pace == behind && !expedite_possible && stop_result == stopped",
            "pace is absent",
        )],
    },
    Fault {
        name: "an assumption turned around",
        edits: &[Here(
            "renewal == latest implies renewal_age is present",
            "renewal == latest implies renewal_age is absent",
        )],
        by: &[
            Check(
                Code::DeadRule,
                "renewal_claimable && renewal_age > renewal_window",
                "`renewal.late` never decides: the assumptions exclude it",
            ),
            Check(
                Code::IdleTest,
                "en fornyelse på sidste øjeblik",
                "cannot come together: the assumptions exclude it",
            ),
        ],
    },
    Fault {
        name: "an assumption that is too strong",
        edits: &[Here(
            "state == queued implies start in",
            "state == completed implies open_undelivered == 0\nstate == queued implies start in",
        )],
        by: &[
            Check(
                Code::DeadRule,
                "left_over && state == completed",
                "`left.completed` never decides: the assumptions exclude it",
            ),
            Check(
                Code::IdleTest,
                "færdig med noget i mangel",
                "cannot come together: the assumptions exclude it",
            ),
        ],
    },
    Fault {
        name: "assumptions that contradict each other",
        edits: &[Here(
            "state == queued implies start in",
            "claim == other\nclaim != other\nstate == queued implies start in",
        )],
        by: &[Check(
            Code::DeadRule,
            "claim != other",
            "with this assumption no case is possible",
        )],
    },
    Fault {
        name: "an assumption that compares an enum as if it had an order",
        edits: &[Here(
            "state == queued implies start",
            "state < queued implies start",
        )],
        by: &[Read(
            Code::Type,
            "state < queued",
            "`state` is one of a few names and has no order",
        )],
    },
    // Parameters.
    Fault {
        name: "a parameter that no rule uses any more",
        edits: &[Here(
            "on_target_share >= on_target_from",
            "on_target_share >= 50 %",
        )],
        by: &[Check(
            Code::UnusedParameter,
            "on_target_from",
            "no rule that decides uses the parameter `on_target_from`",
        )],
    },
    Fault {
        name: "a parameter that nothing takes off any more",
        edits: &[
            Here(
                "then refund: refund(open_undelivered + refundable_dropped less stop_deduction)",
                "then refund: refund(open_undelivered + refundable_dropped)",
            ),
            Here(
                "exchange(open_undelivered + refundable_dropped less stop_deduction)",
                "exchange(open_undelivered + refundable_dropped)",
            ),
        ],
        by: &[
            Check(
                Code::UnusedParameter,
                "stop_deduction",
                "no rule that decides uses the parameter `stop_deduction`",
            ),
            Check(
                Code::Unanchored,
                "stop_deduction",
                "no rule of this sentence uses the parameter `stop_deduction`",
            ),
        ],
    },
    Fault {
        name: "a parameter at the end of its range",
        edits: &[Here("small_drop = 10 %", "small_drop = 100 %")],
        by: &[
            Check(
                Code::UnusedParameter,
                "small_drop",
                "the value of `small_drop` makes no difference to any decision",
            ),
            Check(
                Code::DeadRule,
                "drop_owed && guarantee == ended && drop_share > small_drop",
                "`drop.large` never decides: its condition never holds",
            ),
        ],
    },
    Fault {
        name: "a deduction that was none",
        edits: &[Here("stop_deduction = 0 %", "stop_deduction = 5 %")],
        by: &[Case(
            "partial_refund 6.00",
            "the policy decides `partial_refund 5.70 5.7` (rule left.stopped)",
        )],
    },
    Fault {
        name: "the parameter of another rule",
        edits: &[Here(
            "renewal_claimable && renewal_age > renewal_window",
            "renewal_claimable && renewal_age > account_claim_window",
        )],
        by: &[Check(
            Code::Overlap,
            "subscription == cancelled",
            "renewal_age is over 12 h and at most 3 d",
        )],
    },
    Fault {
        name: "a parameter of another type",
        edits: &[Here(
            "account_claim_window = 12 h",
            "account_claim_window = 12 %",
        )],
        by: &[Read(
            Code::Type,
            "account_claim_window",
            "`account_claim_delay` is a length of time, and the parameter `account_claim_window` is a share",
        )],
    },
    // Rules that cannot hold, or lead nowhere.
    Fault {
        name: "a condition that contradicts itself",
        edits: &[Here(
            "when settled && claim == stop\n",
            "when settled && claim == stop && claim == slow\n",
        )],
        by: &[
            Check(
                Code::DeadRule,
                "settled && claim == stop && claim == slow",
                "`done.stop` never decides: its condition never holds",
            ),
            Check(
                Code::Gap,
                "left_over && state == completed",
                "claim is stop, units_delivered is at least 1, open_undelivered is 0",
            ),
        ],
    },
    Fault {
        name: "an exception that takes everything",
        edits: &[Here("when !target_sold\n", "when true\n")],
        by: &[
            Check(
                Code::DeadRule,
                "claim == wrong_target",
                "`target.review` never decides: wherever it holds, one of its exceptions does too",
            ),
            Check(
                Code::Double,
                "target_sold && on_target_share >= on_target_from",
                "`target.enough` and `target.not-sold` both decide, alike",
            ),
        ],
    },
    Fault {
        name: "bounds of a fact that leave a rule out",
        edits: &[Here(
            "on_target_share : ratio [0 %..100 %]",
            "on_target_share : ratio [0 %..40 %]",
        )],
        by: &[
            Check(
                Code::DeadRule,
                "target_sold && on_target_share >= on_target_from",
                "`target.enough` never decides: its condition never holds",
            ),
            Check(
                Code::Type,
                "50 %",
                "the value lies outside the bounds of `on_target_share`",
            ),
        ],
    },
    Fault {
        name: "judged again while it is in progress",
        edits: &[Then(
            "pace.stop-now",
            "then judge again with state = in_progress",
        )],
        by: &[Check(
            Code::Cycle,
            "pace.stop-now",
            "judging again leads to `pace.stop-now`, which judges again, when claim is stop",
        )],
    },
    Fault {
        name: "judged again while it waits",
        edits: &[Then(
            "queue.stop-now",
            "then judge again with state = queued",
        )],
        by: &[Check(
            Code::Cycle,
            "queue.stop-now",
            "judging again leads to `queue.stop-now`",
        )],
    },
    Fault {
        name: "judged again as something else",
        edits: &[Then(
            "queue.stop-now",
            "then judge again with state = completed",
        )],
        by: &[
            Test(
                "ordren blev standset, før den begyndte",
                "found refund 5.1 by nothing.refund",
            ),
            Case(
                "5.7",
                "the policy decides `refund 10.00 5.1` (rule nothing.refund)",
            ),
        ],
    },
    Fault {
        name: "a rule declared twice",
        edits: &[Here("```rule done.slow\n", "```rule done.stop\n")],
        by: &[Read(
            Code::Twice,
            "done.stop",
            "the rule `done.stop` is declared twice",
        )],
    },
    Fault {
        name: "a rule without a reason",
        edits: &[Here(
            "because \"Ordren er standset, før leveringen begyndte.\"\n",
            "",
        )],
        by: &[Read(
            Code::Syntax,
            "queue.stop-now",
            "the rule `queue.stop-now` gives no reason",
        )],
    },
    // Words of the page.
    Fault {
        name: "a sentence unmarked",
        edits: &[Here("ordnet. {rule: drop.none}", "ordnet.")],
        by: &[Check(
            Code::Untold,
            "drop.none",
            "no sentence of the page tells of the rule `drop.none`",
        )],
    },
    Fault {
        name: "a sentence that promises, unmarked",
        edits: &[Here(
            "den skal være en fornyelse. {rule: renewal.not-latest}",
            "den skal være en fornyelse.",
        )],
        by: &[Check(
            Code::Unanchored,
            "Det er kun den seneste betaling, vi kan betale tilbage på den måde, og den skal være en fornyelse.",
            "`skal` promises something that no rule keeps",
        )],
    },
    Fault {
        name: "a number in the translation that nothing anchors",
        edits: &[There(
            "usually that is 30 days. {no-rule}",
            "usually that is 30 days.",
        )],
        by: &[Check(
            Code::Unanchored,
            "The drop guarantee runs for as long as we deliver, and then for the number of days after the closing that is stated under the service; usually that is 30 days.",
            "`30` promises something that no rule keeps",
        )],
    },
    Fault {
        name: "a number typed instead of a parameter",
        edits: &[Here(
            "fald på højst {small_drop} af",
            "fald på højst 10 % af",
        )],
        by: &[Check(
            Code::Unanchored,
            "10",
            "`10` is typed into a sentence whose rule uses the parameter `small_drop`",
        )],
    },
    Fault {
        name: "another number typed into the translation",
        edits: &[There(
            "no later than {account_claim_window} after",
            "no later than 24 hours after",
        )],
        by: &[Check(
            Code::Unanchored,
            "24",
            "`24` is typed into a sentence whose rule uses the parameter `account_claim_window`",
        )],
    },
    Fault {
        name: "a sentence with the parameter of another rule",
        edits: &[Here(
            "så skriv senest {renewal_window} efter",
            "så skriv senest {account_claim_window} efter",
        )],
        by: &[Check(
            Code::Unanchored,
            "account_claim_window",
            "no rule of this sentence uses the parameter `account_claim_window`",
        )],
    },
    Fault {
        name: "a reason with the parameter of another rule",
        edits: &[Here(
            "og fristen er {renewal_window}. Vi siger",
            "og fristen er {account_claim_window}. Vi siger",
        )],
        by: &[Check(
            Code::Unanchored,
            "renewal.late",
            "the reason of `renewal.late` names the parameter `account_claim_window`, which the rule does not use",
        )],
    },
    Fault {
        name: "a reason with a misspelt fact",
        edits: &[Here(
            "Faldet er på {drop_share}",
            "Faldet er på {drop_chare}",
        )],
        by: &[Check(
            Code::Unknown,
            "drop.small",
            "no fact or parameter is called `drop_chare` in the reason of `drop.small`",
        )],
    },
    Fault {
        name: "a sentence with a misspelt parameter",
        edits: &[There(
            "at least {on_target_from} of",
            "at least {on_target_form} of",
        )],
        by: &[Check(
            Code::Unknown,
            "on_target_form",
            "no parameter is called `on_target_form`",
        )],
    },
    Fault {
        name: "a mark with a misspelt rule",
        edits: &[Here("{rule: drop.large}", "{rule: drop.lagre}")],
        by: &[
            Check(
                Code::Unknown,
                "drop.lagre",
                "no rule is called `drop.lagre`",
            ),
            Check(
                Code::Untold,
                "drop.large",
                "no sentence of the page tells of the rule `drop.large`",
            ),
        ],
    },
    Fault {
        name: "a mark with a misspelt rule in the translation",
        edits: &[There(
            "{rule: queue.stop-failed, pace.stop-failed}",
            "{rule: queue.stop-failed, pace.stopfailed}",
        )],
        by: &[Check(
            Code::Unknown,
            "pace.stopfailed",
            "no rule is called `pace.stopfailed`",
        )],
    },
    Fault {
        name: "a link to a clause that is not there",
        edits: &[Here(
            "et fald efter [5.4](#5.4)",
            "et fald efter [5.4](#5.44)",
        )],
        by: &[Check(Code::Unknown, "5.44", "no clause is called `5.44`")],
    },
    // Two languages.
    Fault {
        name: "an anchor changed in the translation only",
        edits: &[There("{#5.6}", "{#5.06}")],
        by: &[
            Read(
                Code::Translation,
                "### 5.6 What if the delivery comes from the wrong country? {#5.06}",
                "the clause `5.06` is not in the policy",
            ),
            Read(
                Code::Translation,
                "language: en",
                "the clause `5.6` is not translated",
            ),
        ],
    },
    Fault {
        name: "an anchor used twice",
        edits: &[Here("{#5.10}", "{#5.1}")],
        by: &[Read(
            Code::Twice,
            "### 5.10 Hvad hvis jeg kun får en del af leveringen? {#5.1}",
            "the anchor `5.1` is used twice",
        )],
    },
    Fault {
        name: "a reason that is not translated",
        edits: &[There("```because done.slow\n", "```text\n")],
        by: &[Read(
            Code::Translation,
            "language: en",
            "the reason of `done.slow` is not translated",
        )],
    },
    Fault {
        name: "a translated reason of no rule",
        edits: &[There("```because done.slow\n", "```because done.slaw\n")],
        by: &[Read(
            Code::Unknown,
            "done.slaw",
            "no rule is called `done.slaw`",
        )],
    },
    Fault {
        name: "a question that is not translated",
        edits: &[There(
            "    ask: \"Would you try to stop the order and tell us whether it worked, with the supplier's confirmation?\"\n",
            "",
        )],
        by: &[Read(
            Code::Translation,
            "language: en",
            "the question for `stop_result` is not translated",
        )],
    },
    Fault {
        name: "a value that is not translated",
        edits: &[There(
            "running \"is running\", ended \"has ended\"",
            "running \"is running\"",
        )],
        by: &[Read(
            Code::Translation,
            "language: en",
            "the value `ended` of `guarantee` is not translated",
        )],
    },
    Fault {
        name: "a translation of another version",
        edits: &[There("version: 2025-10-02", "version: 2025-10-20")],
        by: &[Read(
            Code::Translation,
            "version: 2025-10-20",
            "this is a translation of `2025-10-02`",
        )],
    },
    // Names and types.
    Fault {
        name: "a fact of another type",
        edits: &[Here("units_left : int [0..]", "units_left : ratio")],
        by: &[Read(
            Code::Type,
            "units_left",
            "`units_left` is another type in the host",
        )],
    },
    Fault {
        name: "a fact that can no longer be absent",
        edits: &[Here(
            "renewal_age : duration optional",
            "renewal_age : duration",
        )],
        by: &[Read(
            Code::Type,
            "renewal_age",
            "`renewal_age` is another type in the host",
        )],
    },
    Fault {
        name: "a value left out of a fact",
        edits: &[Here(
            "running \"løber\", ended \"er udløbet\"",
            "running \"løber\"",
        )],
        by: &[Read(
            Code::Type,
            "guarantee",
            "`guarantee` is another type in the host",
        )],
    },
    Fault {
        name: "a misspelt fact",
        edits: &[Here("when !target_sold", "when !taget_sold")],
        by: &[Read(
            Code::Unknown,
            "taget_sold",
            "no fact or term is called `taget_sold`",
        )],
    },
    Fault {
        name: "a misspelt value",
        edits: &[Here(
            "claim == auto_not_working\n",
            "claim == auto_not_wrking\n",
        )],
        by: &[Read(
            Code::Unknown,
            "auto_not_wrking",
            "no value of `claim` is called `auto_not_wrking`",
        )],
    },
    Fault {
        name: "a misspelt parameter",
        edits: &[Here("drop_share > small_drop", "drop_share > smal_drop")],
        by: &[Read(
            Code::Unknown,
            "smal_drop",
            "no parameter is called `smal_drop`",
        )],
    },
    Fault {
        name: "a misspelt term",
        edits: &[Here(
            "when underway && claim == stop && stop_result == failed",
            "when under_way && claim == stop && stop_result == failed",
        )],
        by: &[Read(
            Code::Unknown,
            "under_way",
            "no fact or term is called `under_way`",
        )],
    },
    Fault {
        name: "a letter that looks like another",
        edits: &[Here(
            "drop_share > small_drop",
            "dr\u{43e}p_share > small_drop",
        )],
        by: &[Read(Code::OddUnicode, "\u{43e}", "(U+043E) in a block")],
    },
    Fault {
        name: "a misspelt outcome",
        edits: &[Then("drop.small", "then decline")],
        by: &[Read(
            Code::Unknown,
            "decline",
            "no outcome is called `decline`",
        )],
    },
    Fault {
        name: "a misspelt remedy",
        edits: &[Then("pace.expedite", "then support_resolution: expedit")],
        by: &[Read(
            Code::Unknown,
            "expedit",
            "no remedy is called `expedit`",
        )],
    },
    Fault {
        name: "a misspelt quantity",
        edits: &[Then("drop.refund", "then refund: refund(open_droped)")],
        by: &[Read(
            Code::Unknown,
            "open_droped",
            "no quantity is called `open_droped`",
        )],
    },
    Fault {
        name: "a remedy without its quantity",
        edits: &[Then("drop.refund", "then refund: refund")],
        by: &[Read(Code::Type, "refund", "`refund` needs a quantity")],
    },
    // Tests.
    Fault {
        name: "a test that is false",
        edits: &[Here(
            "expect declined 5.4 by drop.none\n",
            "expect refund 5.4 by drop.none\n",
        )],
        by: &[Test(
            "intet fald målt",
            "expected refund 5.4 by drop.none, found declined 5.4 by drop.none",
        )],
    },
    Fault {
        name: "a test whose facts cannot come together",
        edits: &[Here(
            "given claim = slow, state = queued, start = not_due,",
            "given claim = slow, state = queued,",
        )],
        by: &[Check(
            Code::IdleTest,
            "langsomt, mens startvinduet løber",
            "what this test gives cannot come together: the assumptions exclude it",
        )],
    },
    Fault {
        name: "a test that expects a clause that is not there",
        edits: &[Here(
            "expect declined 5.4 by drop.none\n",
            "expect declined 5.14 by drop.none\n",
        )],
        by: &[Check(Code::Unknown, "5.14", "no clause is called `5.14`")],
    },
    Fault {
        name: "a test that expects a rule that is not there",
        edits: &[Here(
            "expect declined 5.4 by drop.none\n",
            "expect declined 5.4 by drop.nine\n",
        )],
        by: &[Check(
            Code::Unknown,
            "drop.nine",
            "no rule is called `drop.nine`",
        )],
    },
    Fault {
        name: "a test that expects a question that is not there",
        edits: &[Here(
            "expect ask stop_result\n",
            "expect ask stop_results\n",
        )],
        by: &[Check(
            Code::Unknown,
            "stop_results",
            "no fact to ask for is called `stop_results`",
        )],
    },
    Fault {
        name: "a test with a value outside its bounds",
        edits: &[Here("drop_share = 10.1 %", "drop_share = 101 %")],
        by: &[Check(
            Code::Type,
            "101 %",
            "the value lies outside the bounds of `drop_share`",
        )],
    },
];

/// Changes that look like faults and decide every case as before, each with the reason why. They do not count; nothing is found.
const HARMLESS: &[(&str, &[Edit], &str)] = &[
    (
        "a new delivery no longer overrides a change of mind",
        &[Here(
            "overrides: left.stopped, left.completed, mind.*",
            "overrides: left.stopped, left.completed",
        )],
        "something is missing wherever it holds, so `left.stopped` or `left.completed` holds too, and each overrides `mind.*`",
    ),
    (
        "where nothing dropped overrides the small and the large drop",
        &[Here(
            "then declined\nbecause \"Vi har ikke målt et fald",
            "then declined\noverrides: drop.small, drop.large\nbecause \"Vi har ikke målt et fald",
        )],
        "their conditions exclude each other",
    ),
    (
        "no assumption that all refunded means nothing open",
        &[Here(
            "units_left == 0 implies open_undelivered == 0 && open_dropped == 0\n",
            "",
        )],
        "what it excludes is decided too, once and well; the desk's facts never are so",
    ),
    (
        "a refund of a stopped order no longer takes off the deduction",
        &[Here(
            "then refund: refund(open_undelivered + refundable_dropped less stop_deduction)",
            "then refund: refund(open_undelivered + refundable_dropped)",
        )],
        "the deduction is 0 %, and an exchange still takes it off; with any other value the worked cases find it",
    ),
];

struct Texts {
    policy: String,
    translation: String,
}

impl Texts {
    fn reference() -> Self {
        Self {
            policy: BUILT_IN.policy.1.to_owned(),
            translation: BUILT_IN.translations[0].1.to_owned(),
        }
    }

    fn edited(edits: &[Edit]) -> Self {
        let mut texts = Self::reference();
        for edit in edits {
            match *edit {
                Here(from, to) => texts.policy = once(&texts.policy, from, to),
                There(from, to) => texts.translation = once(&texts.translation, from, to),
                Without(rule) => {
                    texts.policy = without_block(&texts.policy, &format!("```rule {rule}\n"));
                    texts.untell(rule);
                }
                WithoutExcept(rule) => {
                    texts.policy = without_except(&texts.policy, rule);
                    texts.untell(rule);
                }
                Then(rule, to) => {
                    let line = line_of(&texts.policy, "then ", rule);
                    let at = line.as_ptr().addr() - texts.policy.as_ptr().addr();
                    let end = at + line.len();
                    texts.policy.replace_range(at..end, to);
                }
                SwapWhen(one, other) => texts.policy = swapped(&texts.policy, "when ", one, other),
                SwapThen(one, other) => texts.policy = swapped(&texts.policy, "then ", one, other),
            }
        }
        texts
    }

    /// Takes away what a rule that is gone would leave dangling.
    fn untell(&mut self, rule: &str) {
        self.translation = without_block(&self.translation, &format!("```because {rule}\n"));
        for text in [&mut self.policy, &mut self.translation] {
            *text = text
                .replace(&format!(" {{rule: {rule}}}"), " {no-rule}")
                .replace(&format!("{{rule: {rule}, "), "{rule: ")
                .replace(&format!(", {rule}}}"), "}");
        }
        let prefix = rule.split('.').next().expect("a first part");
        let last = !self.policy.contains(&format!("```rule {prefix}."));
        let family = format!("{prefix}.*");
        for name in std::iter::once(rule).chain(last.then_some(family.as_str())) {
            self.policy = self
                .policy
                .replace(&format!(", {name}\n"), "\n")
                .replace(&format!(", {name}, "), ", ")
                .replace(&format!("overrides: {name}, "), "overrides: ")
                .replace(&format!("overrides: {name}\n"), "");
        }
    }

    fn read(&self) -> Reading {
        let host = vocabulary::host();
        read_sources(&Sources {
            policy: (BUILT_IN.policy.0, &self.policy),
            translations: &[(BUILT_IN.translations[0].0, &self.translation)],
            host: Some(&host),
            limits: Limits::default(),
            keep_going: &|| true,
        })
    }

    /// The words that a problem underlines.
    fn underlined(&self, problem: &Problem) -> &str {
        let text = [&self.policy, &self.translation][problem.span.file];
        problem.span.text(text)
    }
}

fn once(text: &str, from: &str, to: &str) -> String {
    assert_eq!(text.matches(from).count(), 1, "`{from}` stands there once");
    text.replacen(from, to, 1)
}

fn without_block(text: &str, fence: &str) -> String {
    let start = text
        .find(fence)
        .unwrap_or_else(|| panic!("no block {fence}"));
    let end = start + text[start..].find("\n```\n").expect("its end") + 5;
    format!("{}{}", &text[..start], &text[end..])
}

/// Without an exception that has none of its own: its line and those up to its reason.
fn without_except(text: &str, rule: &str) -> String {
    let start = text
        .find(&format!("except {rule}\n"))
        .expect("the exception");
    let because = start + text[start..].find("because ").expect("its reason");
    let end = because + text[because..].find("\"\n").expect("the end of the reason") + 2;
    format!("{}{}", text[..start].trim_end_matches(' '), &text[end..])
}

/// The line of a rule that begins with a word.
fn line_of<'t>(text: &'t str, word: &str, rule: &str) -> &'t str {
    let heads = [format!("```rule {rule}\n"), format!("except {rule}\n")];
    let head = heads
        .iter()
        .find_map(|head| text.find(head))
        .expect("the rule");
    let start = head + text[head..].find(&format!("\n{word}")).expect("the line") + 1;
    text[start..].lines().next().expect("a line")
}

fn swapped(text: &str, word: &str, one: &str, other: &str) -> String {
    let place = |rule| {
        let line = line_of(text, word, rule);
        line.as_ptr().addr() - text.as_ptr().addr()
    };
    let (one, other) = if place(one) < place(other) {
        (one, other)
    } else {
        (other, one)
    };
    let (first, second) = (line_of(text, word, one), line_of(text, word, other));
    assert_ne!(first, second, "swapping the same changes nothing");
    let (a, b) = (place(one), place(other));
    [
        &text[..a],
        second,
        &text[a + first.len()..b],
        first,
        &text[b + second.len()..],
    ]
    .concat()
}

/// Something that was found.
struct Finding {
    by: &'static str,
    code: Option<Code>,
    /// The first line of the underlined words.
    place: String,
    words: String,
    /// The worked case that shows it.
    row: String,
    witness: Option<Witness>,
}

impl Finding {
    fn of(by: &'static str, place: &str, problem: &Problem) -> Self {
        Self {
            by,
            code: Some(problem.code),
            place: place.lines().next().unwrap_or("").to_owned(),
            words: problem.message.clone(),
            row: String::new(),
            witness: problem.witness.clone(),
        }
    }

    fn is(&self, by: &By) -> bool {
        let (who, code, place, part) = match *by {
            Read(code, place, part) => ("reading", Some(code), place, part),
            Check(code, place, part) => ("check", Some(code), place, part),
            Test(name, part) => ("test", None, name, part),
            Case(cell, part) => ("case", Some(Code::FailedTest), cell, part),
        };
        self.by == who && self.code == code && self.place == place && self.words.contains(part)
    }
}

/// Everything that is found in the texts, and the policy if they read.
fn findings(texts: &Texts) -> (Vec<Finding>, Option<Policy>) {
    let reading = texts.read();
    let own = |by| move |problem: &Problem| Finding::of(by, texts.underlined(problem), problem);
    let mut out: Vec<Finding> = reading.problems.iter().map(own("reading")).collect();
    let Some(policy) = reading.policy else {
        return (out, None);
    };
    out.extend(policy.check(&|| true).iter().map(own("check")));
    let failed = policy.run_tests().into_iter().filter(|run| !run.passed);
    out.extend(failed.map(|run| Finding {
        by: "test",
        code: None,
        place: run.span.text(&texts.policy).to_owned(),
        words: format!("expected {}, found {}", run.expected, run.found),
        row: String::new(),
        witness: None,
    }));
    if let Ok(book) = Rulebook::new(policy.clone()) {
        let (runs, problems) = run_cases(&book, BUILT_IN.cases.0, BUILT_IN.cases.1);
        let all = problems
            .into_iter()
            .chain(runs.into_iter().flat_map(|run| run.problems));
        out.extend(all.map(|problem| {
            let place = problem.span.text(BUILT_IN.cases.1);
            Finding {
                row: row(problem.span.start),
                ..Finding::of("case", place, &problem)
            }
        }));
    }
    (out, Some(policy))
}

/// Steele, Lea and Flood's splitmix64.
struct Random(u64);

impl Random {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % u64::try_from(n).expect("64 bits")).expect("64 bits")
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len())]
    }
}

/// A value for each fact.
type World = Vec<Value>;

/// A witness held against the rules one by one, without the diagram that found it.
struct Trial<'a> {
    policy: &'a Policy,
    /// What each fact may be: a value for each class that the rules tell apart.
    all: Vec<Vec<Value>>,
    /// Those that the witness allows.
    within: Vec<Vec<Value>>,
    named: Vec<usize>,
    /// The rules that win where it errs; none for a gap.
    culprits: Vec<&'a str>,
}

impl<'a> Trial<'a> {
    fn new(policy: &'a Policy, finding: &'a Finding, witness: &Witness) -> Self {
        let all: Vec<Vec<Value>> = policy
            .facts()
            .map(|(_, def)| {
                (0..def.cells.count())
                    .filter(|cell| (def.cells.domain() >> cell) & 1 == 1)
                    .filter_map(|cell| def.example(cell))
                    .collect()
            })
            .collect();
        let mut within = all.clone();
        let mut named = Vec::new();
        for (name, words) in &witness.facts {
            let id = policy.fact(name).expect("a fact of the policy");
            within[id.index()].retain(|value| lies_in(policy, id, words, *value));
            assert!(!within[id.index()].is_empty(), "{name} is {words}: nothing");
            named.push(id.index());
        }
        let culprits = match finding.code {
            Some(Code::Gap) => 0,
            Some(Code::Cycle) => 1,
            _ => 2,
        };
        let culprits = finding
            .words
            .split('`')
            .skip(1)
            .step_by(2)
            .take(culprits)
            .collect();
        Self {
            policy,
            all,
            within,
            named,
            culprits,
        }
    }

    /// Whether the rules err there; nothing where the assumptions exclude it.
    fn errs(&self, world: &World) -> Option<bool> {
        let ends = winners(self.policy, &|id: FactId| world[id.index()])?;
        let names: Vec<&str> = ends
            .iter()
            .map(|id| self.policy.rule(*id).name.as_str())
            .collect();
        if self.culprits.is_empty() {
            return Some(names.is_empty());
        }
        Some(self.culprits.iter().all(|rule| names.contains(rule)))
    }

    /// The world of the witness's test: what it gives, else the usual, else anything.
    fn world_of_test(&self, test: &str) -> World {
        let given = test
            .lines()
            .find_map(|line| line.strip_prefix("given "))
            .unwrap_or("");
        let given: Vec<(&str, &str)> = given
            .split(", ")
            .filter_map(|pair| pair.split_once(" = "))
            .collect();
        let value = |(id, def): (FactId, &FactDef)| {
            let text = given
                .iter()
                .find(|(name, _)| *name == def.name)
                .map(|(_, text)| *text);
            let given = text.map(|text| self.policy.parse_value(id, text).expect("a value"));
            given.or(def.usual).unwrap_or(self.within[id.index()][0])
        };
        self.policy.facts().map(value).collect()
    }

    /// Worlds within the witness, by small steps from one to the next: each is bad.
    fn wander(&self, start: World, random: &mut Random) -> Result<Vec<World>, String> {
        let mut seen = vec![start];
        for _ in 0..3_000 {
            let mut next = seen[random.below(seen.len())].clone();
            for _ in 0..=random.below(4) {
                let fact = random.below(next.len());
                next[fact] = random.pick(&self.within[fact]);
            }
            match self.errs(&next) {
                Some(true) if seen.len() < 400 => seen.push(next),
                Some(false) => {
                    return Err(format!(
                        "within the witness, yet decided well: {}",
                        self.say(&next)
                    ));
                }
                _ => {}
            }
        }
        Ok(seen)
    }

    /// Whether some world that departs from the witness in one fact's range, and only there, is decided well.
    fn needs(&self, fact: usize, worlds: &[World], random: &mut Random) -> bool {
        let outside: Vec<Value> = self.all[fact]
            .iter()
            .filter(|value| !self.within[fact].contains(value))
            .copied()
            .collect();
        (0..60_000).any(|_| {
            let mut world = worlds[random.below(worlds.len())].clone();
            world[fact] = random.pick(&outside);
            for _ in 0..random.below(6) {
                let other = random.below(world.len());
                if other != fact {
                    world[other] = random.pick(&self.within[other]);
                }
            }
            self.errs(&world) == Some(false)
        })
    }

    fn say(&self, world: &World) -> String {
        let said = self.policy.facts().map(|(id, def)| {
            format!(
                "{} = {}",
                def.name,
                self.policy.value_name(id, world[id.index()])
            )
        });
        said.collect::<Vec<_>>().join(", ")
    }
}

/// Whether a value lies in a range as a witness words it.
fn lies_in(policy: &Policy, id: FactId, words: &str, value: Value) -> bool {
    if let Some(others) = words.strip_prefix("anything but ") {
        return !lies_in(policy, id, others, value);
    }
    let key = |text: &str| -> Ratio {
        policy
            .parse_value(id, text)
            .and_then(Value::key)
            .unwrap_or_else(|| panic!("`{text}`"))
    };
    words.split(" or ").any(|part| {
        let Some(own) = value.key().filter(|_| part != "absent") else {
            return policy.value_name(id, value) == part;
        };
        if let Some((low, high)) = part.split_once("..") {
            return key(low) <= own && own <= key(high);
        }
        part.split(" and ").all(|bound| {
            let sides = [
                ("at least ", 0),
                ("over ", 1),
                ("at most ", 2),
                ("under ", 3),
            ];
            let side = sides
                .iter()
                .find_map(|(word, side)| bound.strip_prefix(word).map(|text| (*side, key(text))));
            match side {
                Some((0, low)) => own >= low,
                Some((1, low)) => own > low,
                Some((2, high)) => own <= high,
                Some((_, high)) => own < high,
                None => own == key(bound),
            }
        })
    })
}

/// Holds a gap, an overlap or a loop against the rules.
fn hold(texts: &Texts, policy: &Policy, finding: &Finding) {
    let Some(witness) = &finding.witness else {
        return;
    };
    let trial = Trial::new(policy, finding, witness);
    let mut random = Random(7);
    let start = if finding.code == Some(Code::Cycle) {
        anywhere(&trial, &mut random)
    } else {
        shown(texts, finding, witness);
        trial.world_of_test(&witness.test)
    };
    assert_eq!(
        trial.errs(&start),
        Some(true),
        "{}: {}",
        finding.words,
        trial.say(&start)
    );
    let worlds = trial
        .wander(start, &mut random)
        .unwrap_or_else(|lie| panic!("{}: {lie}", finding.words));
    for fact in &trial.named {
        assert!(
            trial.needs(*fact, &worlds, &mut random),
            "{}: fact {fact} could be left out",
            finding.words
        );
    }
}

/// Some possible world within a witness.
fn anywhere(trial: &Trial<'_>, random: &mut Random) -> World {
    let usual: Vec<Option<Value>> = trial.policy.facts().map(|(_, def)| def.usual).collect();
    let some = |random: &mut Random| -> World {
        let one = |(allowed, usual): (&Vec<Value>, &Option<Value>)| {
            usual
                .filter(|usual| allowed.contains(usual) && random.below(4) > 0)
                .unwrap_or_else(|| random.pick(allowed))
        };
        trial.within.iter().zip(&usual).map(one).collect()
    };
    let mut tries = (0..200_000).map(|_| some(random));
    tries
        .find(|world| trial.errs(world).is_some())
        .expect("a possible world")
}

/// The witness's test block, pasted at the end of the policy, shows it.
fn shown(texts: &Texts, finding: &Finding, witness: &Witness) {
    let longer = Texts {
        policy: format!("{}\n{}\n", texts.policy, witness.test),
        translation: texts.translation.clone(),
    };
    let reading = longer.read();
    let policy = reading
        .policy
        .unwrap_or_else(|| panic!("{:?} in {}", reading.problems, witness.test));
    let runs = policy.run_tests();
    let run = runs.last().expect("the test that was pasted");
    if finding.code == Some(Code::Gap) {
        assert_eq!(
            (run.passed, run.found.as_str()),
            (false, "no rule decides"),
            "{}",
            witness.test
        );
    } else {
        let names: Vec<&str> = finding
            .words
            .split('`')
            .skip(1)
            .step_by(2)
            .take(2)
            .collect();
        let reached: Vec<&str> = run
            .rules
            .iter()
            .map(|id| policy.rule(*id).name.as_str())
            .collect();
        assert!(
            names.iter().all(|name| reached.contains(name)),
            "{reached:?}\n{}",
            witness.test
        );
    }
}

/// The row of the worked cases in which a byte stands, with one space where the table has many.
fn row(at: usize) -> String {
    let text = BUILT_IN.cases.1;
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    let line = text[start..].lines().next().unwrap_or("");
    line.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_reference_policy_has_no_fault() {
    let (found, policy) = findings(&Texts::reference());
    let words: Vec<&str> = found.iter().map(|finding| finding.words.as_str()).collect();
    assert_eq!(words, [""; 0]);
    assert!(policy.is_some());
}

#[test]
fn every_planted_fault_is_found() {
    assert!(FAULTS.len() >= 40, "{} faults", FAULTS.len());
    let mut missed = Vec::new();
    for fault in FAULTS {
        let texts = Texts::edited(fault.edits);
        let (found, _) = findings(&texts);
        assert!(!fault.by.is_empty(), "{}", fault.name);
        for by in fault.by {
            match found.iter().find(|finding| finding.is(by)) {
                Some(finding) => println!(
                    "{}: {} at `{}`: {} {}",
                    fault.name, finding.by, finding.place, finding.words, finding.row
                ),
                None => {
                    let others = found.iter().map(|other| {
                        format!(
                            "\n    {} {:?} `{}`: {}",
                            other.by, other.code, other.place, other.words
                        )
                    });
                    missed.push(format!("{}{}", fault.name, others.collect::<String>()));
                }
            }
        }
    }
    assert!(
        missed.is_empty(),
        "{} not found as said:\n{}",
        missed.len(),
        missed.join("\n")
    );
}

#[test]
fn every_witness_is_true_and_no_fact_of_it_can_be_left_out() {
    let mut held = 0;
    for fault in FAULTS {
        let texts = Texts::edited(fault.edits);
        let (found, policy) = findings(&texts);
        let Some(policy) = policy else { continue };
        for finding in found.iter().filter(|finding| finding.witness.is_some()) {
            hold(&texts, &policy, finding);
            held += 1;
        }
    }
    println!("{held} witnesses held");
    assert!(held >= 100, "{held} witnesses");
}

#[test]
fn a_witness_that_says_too_much_or_too_little_is_found_out() {
    let texts = Texts::edited(&[Here("drop_share <= small_drop", "drop_share < small_drop")]);
    let (found, policy) = findings(&texts);
    let policy = policy.expect("it reads");
    let gap = found
        .iter()
        .find(|finding| finding.code == Some(Code::Gap))
        .expect("a gap");
    let witness = gap.witness.as_ref().expect("a witness");

    let mut wide = witness.clone();
    let share = wide
        .facts
        .iter_mut()
        .find(|(name, _)| name == "drop_share")
        .expect("the fact of the bound");
    share.1 = "10 %..100 %".to_owned();
    let trial = Trial::new(&policy, gap, &wide);
    let start = trial.world_of_test(&witness.test);
    assert!(trial.wander(start, &mut Random(1)).is_err());

    let mut long = witness.clone();
    long.facts
        .push(("login_seen".to_owned(), "false".to_owned()));
    let trial = Trial::new(&policy, gap, &long);
    let worlds = trial
        .wander(trial.world_of_test(&witness.test), &mut Random(1))
        .expect("still true");
    let extra = policy.fact("login_seen").expect("a fact").index();
    assert!(!trial.needs(extra, &worlds, &mut Random(1)));
}

#[test]
fn what_only_looks_like_a_fault_is_not_told() {
    for (name, edits, why) in HARMLESS {
        let (found, policy) = findings(&Texts::edited(edits));
        let words: Vec<&str> = found.iter().map(|finding| finding.words.as_str()).collect();
        assert_eq!(words, [""; 0], "{name}: {why}");
        assert!(policy.is_some(), "{name}");
    }
}
