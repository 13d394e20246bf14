// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every fixed text around a decision, Danish and English side by side.
//!
//! What a policy says stands in the policy; here is what stands around it. `{name}` is filled in by [`Text::with`].

pub use makegood_desk::words::Text;

macro_rules! texts {
    ($($name:ident: $danish:literal, $english:literal;)*) => {
        $(#[doc = $english] pub const $name: Text = Text { danish: $danish, english: $english };)*
        /// All of them, by name.
        pub const ALL: &[(&str, Text)] = &[$((stringify!($name), $name)),*];
    };
}

texts! {
    // The headline.
    WHOLE: "Vi betaler hele beløbet tilbage: {amount}", "Refund {amount}, the whole payment";
    PARTIAL: "Vi betaler {amount} tilbage af {whole}", "Refund {amount} of {whole}";
    DECLINED_REFUND: "Afslag: vi betaler ikke tilbage", "Declined: no refund";
    DECLINED_REDELIVERY: "Afslag: vi leverer ikke igen", "Declined: no new delivery";
    DECLINED_EXCHANGE: "Afslag: vi bytter ikke", "Declined: no exchange";
    DECLINED_ACCOUNT: "Afslag: ingen ny konto", "Declined: no new account";
    DECLINED_FASTER: "Afslag: vi ændrer ikke leveringen", "Declined: the delivery goes on as it is";
    REVIEW: "En medarbejder ser på sagen", "A person looks at the case";
    SUPPORT: "Vi retter op på det", "Support puts it right";
    CONTEST: "Svar banken: {amount} er under indsigelse", "Answer the bank: {amount} is in dispute";
    CONTEST_CUSTOMER: "Banken afgør sagen", "The bank settles the case";
    CONCEDE: "Giv kunden ret over for banken: {amount}", "Accept the dispute of {amount}";
    CONCEDE_CUSTOMER: "Vi giver dig ret over for banken", "We tell the bank that you are right";
    OPEN_ONE: "Ikke afgjort endnu: vi mangler ét svar", "Not decided yet: one answer is missing";
    OPEN_MANY: "Ikke afgjort endnu: vi mangler {count} svar", "Not decided yet: {count} answers are missing";

    // Remedies.
    DO_REFUND_UNITS: "vi betaler {amount} tilbage for {units}", "we refund {amount} for {units}";
    DO_REFUND: "vi betaler {amount} tilbage", "we refund {amount}";
    DO_EXCHANGE: "vi bytter {units} til en anden ydelse for {amount}", "we exchange {units} for another service worth {amount}";
    DO_REDELIVER: "vi leverer {units} igen", "we deliver {units} again";
    DO_REPLACE: "vi sender en ny konto i stedet for {account}", "we replace the account {account} with a new one";
    DO_EXPEDITE_START: "vi sætter ordren forrest i køen", "we move the order to the front of the queue";
    DO_EXPEDITE: "vi sætter farten op", "we speed the delivery up";
    DO_START: "vi starter ydelsen i hånden", "we start the service by hand";
    DO_RESTART: "vi begynder ordren forfra", "we start the order afresh";
    DO_CANCEL: "vi siger abonnementet op", "we cancel the subscription";
    DO_ACCEPT: "vi accepterer indsigelsen {dispute}", "we accept the dispute {dispute}";
    DO_EVIDENCE: "vi sender banken alt, vi ved, om indsigelsen {dispute}", "we send the bank all we know on the dispute {dispute}";
    DO_FLAG: "vi noterer, at der ikke kom en besked til os før indsigelsen", "we note that no message came to us before the dispute";

    // Headings.
    HEAD_QUOTE: "Punkt", "Clause";
    HEAD_DO: "Det sker nu", "What happens now";
    HEAD_SUGGESTIONS: "Forslag til den, der ser på sagen", "Suggestions for whoever looks at it";
    HEAD_WORKING: "Sådan er det regnet ud", "How it is worked out";
    HEAD_MISSING: "Det mangler vi", "What is still missing";
    HEAD_DECIDED: "Det afgjorde sagen", "What decided it";
    HEAD_ALSO: "Det så vi også på", "What else was looked at";
    HEAD_KNOWN: "Det ved vi", "What is known";
    HEAD_SOURCES: "Det bygger på", "What that rests on";
    HEAD_CHANGE: "Det ville have ændret svaret", "What would have changed it";
    HEAD_DELIVERY: "Leveringen", "The delivery";

    // The head of the page.
    ORDER: "Ordre", "Order";
    SERVICE: "Ydelse", "Service";
    CLAIM: "Sag", "Claim";
    MESSAGE: "Besked", "Message";
    POLICY: "Regler", "Policy";
    JUDGED: "Bedømt", "Judged";
    SERVICE_LINE: "{name}, {units} for {price}", "{name}, {units} for {price}";
    ORDERED_AT: "{number}, bestilt {at}", "{number}, placed {at}";
    CLAIM_LINE: "{what}; ønsker {wants}; {at}", "{what}; asks for {wants}; {at}";
    CLAIM_ACCOUNT: "konto {account}", "account {account}";
    CLAIM_PAYMENT: "betaling {payment}", "payment {payment}";
    POLICY_LINE: "{name}, udgaven af {version}", "{name}, version of {version}";
    JUDGED_LINE: "{at} (alle tider i UTC)", "{at} (all times in UTC)";

    // The delivery.
    ORDERED: "bestilt", "ordered";
    STARTED: "begyndt", "begun";
    STARTED_IN_TIME: "{at}, fristen var {deadline}", "{at}, due by {deadline}";
    STARTED_LATE: "{at}, efter fristen {deadline}", "{at}, after it was due by {deadline}";
    NOT_STARTED: "endnu ikke; fristen er {deadline}", "not yet; due by {deadline}";
    NOT_STARTED_OVERDUE: "endnu ikke; fristen var {deadline}", "not yet; it was due by {deadline}";
    NEVER_STARTED: "aldrig; fristen var {deadline}", "never; it was due by {deadline}";
    COUNTER: "tæller", "counter";
    COUNTER_LINE: "{baseline} ved start · {highest} højest · {current} nu", "{baseline} at the start · {highest} highest · {current} now";
    ARRIVED: "leveret", "delivered";
    ARRIVED_OVER: "{sum} meldt leveret, mere end bestilt", "{sum} reported, more than ordered";
    COUNTS_UNKNOWN: "vides ikke: loggen viser ikke, hvad tælleren stod på ved start", "not known: the log does not show the counter at the start";
    COUNTS_NONE: "intet", "nothing";
    KEPT: "leveret og der endnu", "delivered and still there";
    ARRIVED_ALL: "leveret", "delivered";
    DROPPED: "faldet", "dropped";
    UNDELIVERED: "aldrig leveret", "never delivered";
    CLOSED: "afsluttet", "closed";
    CLOSED_COMPLETED: "{at}, meldt færdig", "{at}, reported complete";
    CLOSED_STOPPED: "{at}, standset", "{at}, stopped";
    GUARANTEE: "garanti", "guarantee";
    GUARANTEE_UNTIL: "til {at}", "until {at}";
    GUARANTEE_ENDED: "til {at}, sagen kom senere", "until {at}, the claim came later";
    GUARANTEE_OPEN: "løber, så længe ordren er i gang", "runs for as long as the order is open";
    REFUNDED: "refunderet", "refunded";
    REFUNDED_LINE: "{amount} for {units}", "{amount} for {units}";
    LOST: "hos banken", "bank";
    LOST_LINE: "{amount} givet tilbage til kunden efter en indsigelse", "{amount} given back to the customer after a dispute";

    // The facts.
    NOT_KNOWN: "vides ikke, men ændrer intet her", "not known, but it makes no difference here";
    ENOUGH: "({range} er nok)", "({range} is enough)";

    // What facts rest on.
    ON_ORDER: "ordren blev bestilt", "the order was placed";
    ON_CLAIM: "henvendelsen kom", "the claim was made";
    ON_SUBSCRIPTION: "et abonnement på ordren", "a subscription on the order";
    ON_NO_SUBSCRIPTION: "intet abonnement på ordren", "no subscription on the order";
    ON_FINDINGS: "svar fra den tekniske afdeling", "answer of the technical team";
    ON_LOG_WITHOUT: "leveringsloggen har ingen post om det", "the delivery log has no entry on it";
    ON_NO_DISPUTE: "ingen indsigelse er åben eller tabt", "no dispute is open or lost";
    ON_PAYMENTS: "betalingerne: ingen af dem er en fornyelse", "the payments: none of them is a renewal";
    ON_BALANCE: "{price} betalt, intet givet tilbage", "{price} paid, nothing given back";
    ON_BALANCE_BACK: "{price} betalt, {back} givet tilbage", "{price} paid, {back} given back";
    EVENT_STARTED: "begyndt", "begun";
    EVENT_STARTED_COUNT: "begyndt, tæller {count}", "begun, counter {count}";
    EVENT_COUNT: "tæller {count}", "counter {count}";
    EVENT_DELIVERED: "{units} leveret", "{units} delivered";
    EVENT_COMPLETED: "meldt færdig", "reported complete";
    EVENT_STOP_REQUESTED: "bedt om at standse", "stop requested";
    EVENT_STOPPED: "standset", "stopped";
    EVENT_STOP_FAILED: "kunne ikke standses", "could not be stopped";
    EVENT_REDELIVERY: "{units} leveres igen", "{units} to be delivered again";
    EVENT_HANDED_OVER: "konto {account} sendt", "account {account} handed over";
    EVENT_LOGIN: "login på konto {account}", "login to account {account}";
    EVENT_PAYMENT: "betaling af {amount}", "payment of {amount}";
    EVENT_RENEWAL: "fornyelse, {amount}", "renewal, {amount}";
    EVENT_DISPUTE_OPEN: "indsigelse over {amount}, åben", "dispute of {amount}, open";
    EVENT_DISPUTE_WON: "indsigelse over {amount}, vundet", "dispute of {amount}, won";
    EVENT_DISPUTE_LOST: "indsigelse over {amount}, tabt", "dispute of {amount}, lost";
    EVENT_CONTACT_CHAT: "kunden skrev i chatten", "the customer wrote in the chat";
    EVENT_CONTACT_EMAIL: "kunden skrev en e-mail", "the customer sent an e-mail";
    EVENT_CONTACT_FORM: "kunden skrev i formularen", "the customer used the form";
    PROOF_AUDIENCE: "statistik over publikum: {share} fra landet", "audience statistics: {share} from the country";
    PROOF_FAULT: "konto {account}: fejlen er vist", "account {account}: the fault is shown";
    PROOF_NO_FAULT: "konto {account}: ingen fejl vist", "account {account}: no fault is shown";
    PROOF_PROXY: "konto {account}: brugt gennem en proxy", "account {account}: used through a proxy";
    PROOF_PROXY_IN: "konto {account}: brugt gennem en proxy i {country}", "account {account}: used through a proxy in {country}";
    PROOF_NO_PROXY: "konto {account}: brugt uden proxy", "account {account}: used without a proxy";
    IN_LOG: "logpost {number}", "log entry {number}";
    IN_EVIDENCE: "bilag {number}", "evidence {number}";
    IN_PAYMENTS: "betaling {id}", "payment {id}";
    IN_DISPUTES: "indsigelse {id}", "dispute {id}";
    IN_CONTACTS: "henvendelse {number}", "contact {number}";

    // What is missing.
    ASK_CUSTOMER: "Kunden", "The customer";
    ASK_SUPPORT: "Support", "Support";
    ASK_TECHNICAL: "Den tekniske afdeling", "The technical team";
    ASK_YOU: "Svar os på dette", "Please tell us";
    ABOUT_TIME: "{who}, ca. {time}", "{who}, about {time}";
    WHY: "Hvorfor: {why}", "Why: {why}";
    CHECK_EVIDENCE: "Kunden har sendt noget om »{label}«. Vil du se på det og markere det som bekræftet?", "The customer has sent something on “{label}”. Would you look at it and mark it as verified?";
    CHECK_WHY: "Før nogen har set på det, regner vi det ikke som vist.", "Until somebody has looked at it, it does not count as shown.";
    OTHERS_LOOK: "Vi er selv ved at finde ud af det sidste; det behøver du ikke gøre noget ved.", "We are finding out the rest ourselves; you need do nothing about that.";
    OTHERS_LOOK_ONLY: "Vi er ved at finde ud af det; du behøver ikke gøre noget.", "We are finding it out; you need do nothing.";
    OPEN_BECAUSE: "Svaret afhænger af noget, vi ikke ved endnu, så vi spørger, før vi afgør sagen.", "The answer depends on something we do not know yet, so we ask before we decide.";
    UNCOVERED: "Ingen regel på siden dækker sagen, så et menneske ser på den.", "No rule of the page covers the case, so a person looks at it.";

    // What would change it.
    CHANGE: "Hvis {conditions}, {consequence} ({clause}).", "If {conditions}, {consequence} ({clause}).";
    RECORD: "»{label}: {value}«", "“{label}: {value}”";
    RECORD_READ: "der stod {records}", "the record read {records}";
    AND: "og", "and";
    OR: "eller", "or";
    IS: "er", "is";
    THEN_REFUND: "ville der være penge at betale tilbage", "there would be money to pay back";
    THEN_REDELIVER: "ville vi levere igen", "we would deliver again";
    THEN_EXCHANGE: "kunne det ombyttes", "it could be exchanged";
    THEN_REPLACE: "ville der komme en ny konto", "there would be a new account";
    THEN_EXPEDITE: "ville leveringen blive skubbet på", "the delivery would be given a push";
    THEN_START: "ville ydelsen blive startet i hånden", "the service would be started by hand";
    THEN_SUPPORT: "ville vi rette op på det", "we would put it right";
    THEN_DECLINED: "ville svaret være et nej", "the answer would be no";
    THEN_REVIEW: "ville en medarbejder se på sagen", "a person would look at the case";
    THEN_CONTEST: "ville banken afgøre sagen", "the bank would settle the case";
    THEN_CONCEDE: "ville vi give kunden ret over for banken", "we would accept the dispute";
    THEN_AGAIN: "ville ordren blive standset og sagen bedømt på ny", "the order would be stopped and the case judged again";

    // The foot.
    RULE: "regel {rule}", "rule {rule}";
}
