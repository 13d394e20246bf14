// SPDX-License-Identifier: MIT OR Apache-2.0
//! What is said of a policy that is wrong: every kind of problem with its place, its words and its remedy.

use makegood_policy::cases::run_alone;
use makegood_policy::problem::{Code, Problem};
use makegood_policy::{Limits, Policy, Sources, read, read_sources};

/// A policy with nothing wrong in it.
const GOOD: &str = r#"---
policy: parcels
version: 2026-01-01
language: en
title: Late parcels
---

# Late parcels

## 1 When a parcel is late {#1}

A parcel is late when it comes more than {grace} after the day we named. {rule: late.pay}
A parcel that comes sooner is on time. {rule: late.on-time}
While it is on its way we wait, see [2](#2). {rule: late.waits}

```facts
speed  : enum { standard "standard", next_day "next day" }  label: "the speed"  usual: standard
delay  : duration optional  label: "the delay"  ask: "When did it come?"
broken : ratio [0 %..100 %]  label: "the broken share"  usual: 0 %
lost   : int [0..20]  label: "parcels lost"  usual: 0
```

```params
grace = 12 h    label: "the grace"
```

```terms
arrived = delay is present
on_time = arrived && delay <= grace
```

```assume
lost > 0 implies delay is absent
```

```rule late.waits
when !arrived && lost == 0
then wait
because "It is on its way."
```

```rule late.on-time
when on_time
then nothing
because "It came within {grace}."
```

## 2 What we pay {#2}

We pay half for a late parcel, and all of it where next-day delivery was bought. {rule: late.next-day}
What is lost or broken is paid for in full. {rule: lost.pay, broken.pay}

```rule late.pay
when arrived && !on_time
then pay: voucher(half_price)
because "It came {delay} late."
except late.next-day
when speed == next_day
then pay: money(whole_price)
because "It came {delay} late."
```

```rule lost.pay
when lost > 0
then pay: money(whole_price)
because "It is lost."
```

```rule broken.pay
when broken > 10 %
then pay: money(whole_price), apology
overrides: late.*, lost.pay
because "It broke."
```

```test on the last minute
given delay = 12 h
expect nothing 1 by late.on-time
```

```test the delay is not known
given delay unknown
expect ask delay
```
"#;

/// Its translation.
const DANISH: &str = r#"---
policy: parcels
version: 2026-01-01
language: da
translation_of: en
title: Forsinkede pakker
---

# Forsinkede pakker

## 1 Hvornår en pakke er forsinket {#1}

En pakke er forsinket, når den kommer mere end {grace} efter den dag, vi har nævnt. {rule: late.*}

```facts
speed : label: "farten"  values: { standard "almindelig", next_day "næste dag" }
delay : label: "forsinkelsen"  ask: "Hvornår kom den?"
broken : label: "andelen, der er i stykker"
lost : label: "mistede pakker"
```

```params
grace label: "fristen"
```

```because late.waits
Den er på vej.
```

```because late.on-time
Den kom inden for {grace}.
```

## 2 Hvad vi betaler {#2}

Det, der er væk eller i stykker, betaler vi. {rule: lost.pay, broken.pay}

```because late.pay
Den kom {delay} for sent.
```

```because late.next-day
Den kom {delay} for sent.
```

```because lost.pay
Den er væk.
```

```because broken.pay
Den gik i stykker.
```
"#;

/// A row: what is replaced (in the policy, or in the translation if it stands only there), by what; then the
/// problem's code, the first line of its underlined words, a part of its message, and a part of its help.
type Row = (
    &'static str,
    &'static str,
    Code,
    &'static str,
    &'static str,
    &'static str,
);

const ROWS: &[Row] = &[
    // Words that do not read.
    (
        "\"It is lost.\"",
        "\"It is lost.",
        Code::Syntax,
        "\"",
        "a text that is never closed",
        "end it with `\"`",
    ),
    (
        "\"It is lost.\"",
        "\"It is \\lost.\"",
        Code::Syntax,
        "\\",
        "a backslash that escapes nothing",
        "write `\\\\` for a backslash",
    ),
    (
        "when lost > 0",
        "when lost > {",
        Code::Syntax,
        "{",
        "a value is missing before this",
        "write a value such as `10 %`",
    ),
    (
        "when lost > 0\nthen pay: money(whole_price)\nbecause \"It is lost.\"\n",
        "when lost >\n",
        Code::Syntax,
        "",
        "a value is missing at the end",
        "write a value such as `10 %`",
    ),
    (
        "when lost > 0",
        "when lost = 0",
        Code::Syntax,
        "=",
        "`=` gives a value, it does not compare",
        "write `==`",
    ),
    (
        "when lost > 0",
        "when delay is late",
        Code::Syntax,
        "late",
        "`is late` means nothing",
        "write `is absent` or `is present`",
    ),
    (
        "when lost > 0",
        "when lost > 0 & delay",
        Code::Syntax,
        "&",
        "`&` means nothing here",
        "remove it",
    ),
    (
        "when lost > 0",
        "when (lost > 0",
        Code::Syntax,
        "then",
        "`)` is missing before this",
        "close the parenthesis",
    ),
    (
        "when lost > 0",
        "when lost in {1, 2",
        Code::Syntax,
        "then",
        "`}` is missing before this",
        "close the list of values",
    ),
    (
        "when lost > 0\n",
        "",
        Code::Syntax,
        "lost.pay",
        "the rule `lost.pay` never says `when`",
        "a rule reads `when … then … because \"…\"`",
    ),
    (
        "then nothing\n",
        "",
        Code::Syntax,
        "late.on-time",
        "the rule `late.on-time` never says `then`",
        "a rule reads `when … then … because \"…\"`",
    ),
    (
        "because \"It is lost.\"\n",
        "",
        Code::Syntax,
        "lost.pay",
        "the rule `lost.pay` gives no reason",
        "it is what the customer reads",
    ),
    (
        "because \"It is lost.\"\n",
        "because \"It is lost.\" indeed\n",
        Code::Syntax,
        "indeed",
        "a word that fits nothing here",
        "a rule reads",
    ),
    (
        "```rule lost.pay",
        "```rule",
        Code::Syntax,
        "```rule",
        "a rule without a usable id",
        "as in `rule drop.small`",
    ),
    (
        "```rule lost.pay",
        "```rule løst.pay",
        Code::OddUnicode,
        "løst.pay",
        "a rule's id with letters outside a to z",
        "use small letters",
    ),
    (
        "# Late parcels\n",
        "```rule early\nwhen true then wait because \"\"\n```\n",
        Code::Syntax,
        "early",
        "the rule `early` hangs on no clause",
        "put it below a heading with an anchor",
    ),
    (
        "expect ask delay\n```\n",
        "expect ask delay\n",
        Code::Syntax,
        "the delay is not known",
        "a block that is never closed",
        "three backticks",
    ),
    (
        "more than {grace} after",
        "more than {grace after",
        Code::Syntax,
        "{",
        "a brace that is never closed",
        "close it with `}`",
    ),
    (
        "grace = 12 h    label",
        "grace label",
        Code::Syntax,
        "grace",
        "the parameter `grace` has no value",
        "write `name = value`",
    ),
    (
        "lost   : int",
        "Lost   : int",
        Code::Syntax,
        "Lost",
        "`Lost` cannot be a name",
        "small letters",
    ),
    (
        "lost   : int",
        "given   : int",
        Code::Syntax,
        "given",
        "`given` is a word of the language",
        "small letters",
    ),
    (
        "usual: standard",
        "disclose: all",
        Code::Syntax,
        "all",
        "`disclose: all` means nothing",
        "write `customer`, `agent` or `never`",
    ),
    (
        "usual: standard",
        "advice: maybe",
        Code::Syntax,
        "maybe",
        "`advice: maybe` means nothing",
        "write `advice: never` or leave it out",
    ),
    (
        "usual: standard",
        "cost: cheap",
        Code::Syntax,
        "cheap",
        "a length of time is missing before this",
        "as in `20 min`",
    ),
    (
        "given delay = 12 h",
        "given delay 12 h",
        Code::Syntax,
        "12 h",
        "`=` is missing before this",
        "a test reads",
    ),
    (
        "expect ask delay",
        "expect ask delay, speed or lost",
        Code::Syntax,
        "or",
        "a word that fits nothing here",
        "one test block holds one test",
    ),
    (
        "expect ask delay",
        "",
        Code::Syntax,
        "",
        "`expect` is missing at the end",
        "a test reads",
    ),
    // The front matter and the headings.
    (
        "---\npolicy: parcels\nversion: 2026-01-01\nlanguage: en\n",
        "policy: parcels\n",
        Code::FrontMatter,
        "policy: parcels",
        "the front matter is missing or never closed",
        "begin the file with `---`",
    ),
    (
        "policy: parcels\nversion: 2026-01-01\nlanguage: en\n",
        "version: 2026-01-01\nlanguage: en\n",
        Code::FrontMatter,
        "---",
        "the front matter does not say `policy:`",
        "as in `policy: refunds`",
    ),
    (
        "language: en\n",
        "",
        Code::FrontMatter,
        "---",
        "the front matter does not say `language:`",
        "as in `language: en`",
    ),
    (
        "version: 2026-01-01\nlanguage: en",
        "version: spring\nlanguage: en",
        Code::FrontMatter,
        "version: spring",
        "a version that is no day",
        "as in `version: 2025-10-02`",
    ),
    (
        "title: Late parcels",
        "Late parcels",
        Code::FrontMatter,
        "Late parcels",
        "a line that is no `key: value`",
        "write the key, a colon and the value",
    ),
    (
        "title: Late parcels",
        "language: da",
        Code::Twice,
        "language: da",
        "`language` is given twice",
        "keep one of the two lines",
    ),
    (
        " {#2}\n\nWe pay",
        "\n\nWe pay",
        Code::FrontMatter,
        "## 2 What we pay",
        "a heading without an anchor",
        "clauses are quoted by it",
    ),
    (
        "## 2 What we pay {#2}",
        "## 2 What we pay {#1}",
        Code::Twice,
        "## 2 What we pay {#1}",
        "the anchor `1` is used twice",
        "give each clause its own",
    ),
    (
        "title: Late parcels",
        "host: shop",
        Code::Unknown,
        "host: shop",
        "no host is called `shop` here",
        "leave the line out",
    ),
    // Odd letters.
    (
        "when lost > 0",
        "when l\u{43e}st > 0",
        Code::OddUnicode,
        "\u{43e}",
        "the character `\u{43e}` (U+043E) in a block",
        "it looks like `o`",
    ),
    (
        "when lost > 0",
        "when lost \u{2265} 0",
        Code::OddUnicode,
        "\u{2265}",
        "(U+2265) in a block",
        "names are made of the letters a to z",
    ),
    (
        "\"It is lost.\"",
        "\"It is \u{202e}lost.\"",
        Code::OddUnicode,
        "\u{202e}",
        "an invisible character that turns the text around (U+202E)",
        "remove it",
    ),
    // Names that nothing declares.
    (
        "when lost > 0",
        "when lots > 0",
        Code::Unknown,
        "lots",
        "no fact or term is called `lots`",
        "did you mean `lost`? Else declare it in a `facts` or `terms` block",
    ),
    (
        "delay <= grace",
        "delay <= grave",
        Code::Unknown,
        "grave",
        "no parameter is called `grave`",
        "did you mean `grace`?",
    ),
    (
        "speed == next_day",
        "speed == nextday",
        Code::Unknown,
        "nextday",
        "no value of `speed` is called `nextday`",
        "did you mean `next_day`? Else it is one of `standard`, `next_day`",
    ),
    (
        "overrides: late.*, lost.pay",
        "overrides: late.*, lost.play",
        Code::Unknown,
        "lost.play",
        "no rule is called `lost.play`",
        "did you mean `lost.pay`?",
    ),
    (
        "overrides: late.*, lost.pay",
        "overrides: early.*, late.*, lost.pay",
        Code::Unknown,
        "early.*",
        "no rule begins with `early.`",
        "name a rule of this policy",
    ),
    (
        "then nothing",
        "then judge again with lots = 0",
        Code::Unknown,
        "judge again with lots = 0",
        "no fact is called `lots`",
        "did you mean `lost`?",
    ),
    (
        "voucher(half_price)",
        "voucher(half_price less grade)",
        Code::Unknown,
        "grade",
        "no parameter is called `grade`",
        "did you mean `grace`?",
    ),
    (
        "more than {grace} after",
        "more than {graze} after",
        Code::Unknown,
        "graze",
        "no parameter is called `graze`",
        "did you mean `grace`?",
    ),
    (
        "{rule: lost.pay, broken.pay}\n\n```rule late.pay",
        "{rule: lost.pay, token.pay}\n\n```rule late.pay",
        Code::Unknown,
        "token.pay",
        "no rule is called `token.pay`",
        "mark the sentence with a rule of this policy",
    ),
    (
        "see [2](#2)",
        "see [2](#3)",
        Code::Unknown,
        "3",
        "no clause is called `3`",
        "did you mean",
    ),
    (
        "\"It came within {grace}.\"",
        "\"It came within {graze}.\"",
        Code::Unknown,
        "late.on-time",
        "no fact or parameter is called `graze` in the reason of `late.on-time`",
        "did you mean `grace`?",
    ),
    (
        "given delay = 12 h",
        "given decay = 12 h",
        Code::Unknown,
        "decay",
        "no fact is called `decay`",
        "did you mean `delay`?",
    ),
    (
        "expect nothing 1 by late.on-time",
        "expect noting 1 by late.on-time",
        Code::Unknown,
        "noting",
        "no outcome of a rule is called `noting`",
        "did you mean `nothing`?",
    ),
    (
        "expect nothing 1 by late.on-time",
        "expect nothing 11 by late.on-time",
        Code::Unknown,
        "11",
        "no clause is called `11`",
        "did you mean `1`?",
    ),
    (
        "expect nothing 1 by late.on-time",
        "expect nothing 1 by late.in-time",
        Code::Unknown,
        "late.in-time",
        "no rule is called `late.in-time`",
        "did you mean `late.on-time`?",
    ),
    (
        "expect ask delay",
        "expect ask decay",
        Code::Unknown,
        "decay",
        "no fact to ask for is called `decay`",
        "did you mean `delay`?",
    ),
    // Names that are declared twice.
    (
        "lost   : int",
        "speed  : int",
        Code::Twice,
        "speed",
        "the fact `speed` is declared twice",
        "give one of them another name",
    ),
    (
        "grace = 12 h",
        "grace = 6 h grace = 12 h",
        Code::Twice,
        "grace",
        "the parameter `grace` is declared twice",
        "keep one of them",
    ),
    (
        "on_time = arrived",
        "arrived = lost == 0\non_time = arrived",
        Code::Twice,
        "arrived",
        "the term `arrived` is declared twice",
        "keep one of them",
    ),
    (
        "on_time = arrived",
        "lost = delay is present\non_time = arrived",
        Code::Twice,
        "lost",
        "`lost` is a fact already",
        "give it another name",
    ),
    (
        "on_time = arrived",
        "grace = delay is present\non_time = arrived",
        Code::Twice,
        "grace",
        "the name `grace` is declared twice",
        "give one of them another name",
    ),
    (
        "```rule lost.pay",
        "```rule late.on-time",
        Code::Twice,
        "late.on-time",
        "the rule `late.on-time` is declared twice",
        "give one of them another name",
    ),
    (
        "enum { standard \"standard\",",
        "enum { next_day \"standard\",",
        Code::Twice,
        "next_day",
        "the value `next_day` is listed twice",
        "list it once",
    ),
    // Types.
    (
        "lost   : int",
        "lost   : number",
        Code::Type,
        "number",
        "no type is called `number`",
        "it is one of `bool`",
    ),
    (
        "when lost > 0",
        "when lost > 10 %",
        Code::Type,
        "10 %",
        "`lost` is a whole number, and this value is a share",
        "write a number such as `3`",
    ),
    (
        "delay <= grace",
        "delay <= 3",
        Code::Type,
        "3",
        "`delay` is a length of time, and this value is a whole number",
        "write a length such as `12 h` or `30 d`",
    ),
    (
        "grace = 12 h",
        "grace = 12",
        Code::Type,
        "grace",
        "`delay` is a length of time, and the parameter `grace` is a whole number",
        "write a length",
    ),
    (
        "grace = 12 h",
        "grace = late",
        Code::Type,
        "late",
        "a parameter needs a value of its own",
        "write a number, a share",
    ),
    (
        "speed == next_day",
        "speed > standard",
        Code::Type,
        "speed > standard",
        "`speed` is one of a few names and has no order",
        "compare it with `==`, `!=` or `in {…}`",
    ),
    (
        "speed == next_day",
        "speed",
        Code::Type,
        "speed",
        "`speed` is one of a few names, not something that holds or does not",
        "as in `speed == …`",
    ),
    (
        "when lost > 0",
        "when lost is absent",
        Code::Type,
        "lost is absent",
        "`lost` is never absent",
        "declare it `optional`",
    ),
    (
        "when !arrived &&",
        "when arrived == true &&",
        Code::Type,
        "arrived == true",
        "`arrived` is a term, which holds or does not",
        "use the term alone",
    ),
    (
        "delay <= grace",
        "delay <= absent",
        Code::Type,
        "absent",
        "nothing is more or less than what is absent",
        "write `is absent` or `is present`",
    ),
    (
        "when lost > 0",
        "when lost in 20..1",
        Code::Type,
        "20..1",
        "a range whose end comes before its start",
        "swap the two ends",
    ),
    (
        "int [0..20]",
        "int [20..0]",
        Code::Type,
        "lost",
        "the bounds of `lost` hold nothing",
        "write the least value first",
    ),
    (
        "usual: 0 %",
        "usual: 101 %",
        Code::Type,
        "broken",
        "the usual value of `broken` lies outside its bounds",
        "give another",
    ),
    (
        "voucher(half_price)",
        "voucher(half_price less grace)",
        Code::Type,
        "grace",
        "`grace` is no share",
        "such as `10 %`",
    ),
    (
        "given delay = 12 h",
        "given delay = 12 h, lost = 21",
        Code::Type,
        "21",
        "the value lies outside the bounds of `lost`",
        "give another",
    ),
    (
        "grace = 12 h",
        "grace = 2026-02-30",
        Code::Type,
        "2026-02-30",
        "a day or time that is not in the calendar",
        "write it as 2025-10-02",
    ),
    (
        "grace = 12 h",
        "grace = 4.999 EUR",
        Code::Type,
        "4.999 EUR",
        "an amount that EUR cannot hold",
        "no more decimals than the currency has",
    ),
    // Limits that stand in the text.
    (
        "grace = 12 h",
        "grace = 99999999999999999999 h",
        Code::Limit,
        "99999999999999999999",
        "a number that cannot be kept exactly",
        "below 2^62",
    ),
    // Translations.
    (
        "## 2 Hvad vi betaler {#2}",
        "## 2 Hvad vi betaler {#3}",
        Code::Translation,
        "## 2 Hvad vi betaler {#3}",
        "the clause `3` is not in the policy",
        "remove it, or add it to the policy",
    ),
    (
        "## 2 Hvad vi betaler {#2}",
        "## 2 Hvad vi betaler {#3}",
        Code::Translation,
        "language: da",
        "the clause `2` is not translated",
        "add it with the same anchor",
    ),
    (
        "delay : label: \"forsinkelsen\"",
        "delay :",
        Code::Translation,
        "language: da",
        "the label of `delay` is not translated",
        "add it to a `facts`",
    ),
    (
        ", next_day \"næste dag\"",
        "",
        Code::Translation,
        "language: da",
        "the value `next_day` of `speed` is not translated",
        "add it to `values: {…}`",
    ),
    (
        "  ask: \"Hvornår kom den?\"",
        "",
        Code::Translation,
        "language: da",
        "the question for `delay` is not translated",
        "add `ask: \"…\"`",
    ),
    (
        "```because lost.pay\nDen er væk.\n```\n",
        "",
        Code::Translation,
        "language: da",
        "the reason of `lost.pay` is not translated",
        "add a `because` block",
    ),
    (
        "```because lost.pay\n",
        "```because lots.pay\n",
        Code::Unknown,
        "lots.pay",
        "no rule is called `lots.pay`",
        "did you mean `lost.pay`?",
    ),
    (
        "næste dag\" }",
        "næste dag\", slow \"langsom\" }",
        Code::Translation,
        "slow",
        "`speed` has no value `slow`",
        "use the values of the policy",
    ),
    (
        "lost : label: \"mistede pakker\"",
        "lots : label: \"mistede pakker\"",
        Code::Unknown,
        "lots",
        "no fact is called `lots`",
        "did you mean `lost`?",
    ),
    (
        "grace label: \"fristen\"",
        "grave label: \"fristen\"",
        Code::Unknown,
        "grave",
        "no parameter is called `grave`",
        "did you mean `grace`?",
    ),
    (
        "grace label: \"fristen\"",
        "grace = 12 h label: \"fristen\"",
        Code::Translation,
        "grace",
        "a translation gives no values",
        "write `name label: \"…\"`",
    ),
    (
        "```because lost.pay\nDen er væk.\n```\n",
        "```rule lost.pay\nwhen lost > 0 then pay because \"\"\n```\n",
        Code::Translation,
        "lost.pay",
        "a block that decides, in a translation",
        "stand in the policy alone",
    ),
    (
        "policy: parcels\nversion: 2026-01-01\nlanguage: da",
        "policy: letters\nversion: 2026-01-01\nlanguage: da",
        Code::Translation,
        "policy: letters",
        "this is a translation of `parcels`",
        "write `policy: parcels`",
    ),
    (
        "language: da\n",
        "",
        Code::FrontMatter,
        "---",
        "the front matter does not say `language:`",
        "add the language of this file",
    ),
    (
        "```rule lost.pay",
        "```because lost.pay",
        Code::Translation,
        "lost.pay",
        "a `because` block outside a translation",
        "write `because \"…\"` in the rule",
    ),
    // Circles.
    (
        "arrived = delay is present",
        "arrived = on_time",
        Code::Cycle,
        "on_time",
        "the term `on_time` is defined by itself (`on_time` → `arrived` → `on_time`)",
        "define it by facts",
    ),
    (
        "because \"It is on its way.\"",
        "because \"It is on its way.\" overrides: broken.pay",
        Code::Cycle,
        "late.waits",
        "`late.waits` and `broken.pay` each win over the other",
        "let one of them give way",
    ),
    // What the rules do together.
    (
        "when lost > 0",
        "when lost > 1",
        Code::Gap,
        "!arrived && lost == 0",
        "no rule decides when broken is 0 %..10 %, lost is 1",
        "add a rule for it, or widen one that comes near",
    ),
    (
        "when lost > 0",
        "when lost >= 0",
        Code::Overlap,
        "lost >= 0",
        "`lost.pay` and `late.waits` both decide, differently, when delay is absent, broken is 0 %..10 %, lost is 0",
        "let one give way: add `overrides: late.waits` to `lost.pay` or the other way round",
    ),
    (
        "overrides: late.*, lost.pay",
        "overrides: late.*",
        Code::Overlap,
        "broken > 10 %",
        "`broken.pay` and `lost.pay` both decide, differently, when broken is over 10 % and at most 100 %, lost is 1..20",
        "let one give way",
    ),
    (
        "pay: money(whole_price), apology\noverrides: late.*, lost.pay",
        "pay: money(whole_price)\noverrides: late.*",
        Code::Double,
        "broken > 10 %",
        "`broken.pay` and `lost.pay` both decide, alike, when",
        "let one give way",
    ),
    (
        "when lost > 0",
        "when lost > 0 && lost == 0",
        Code::DeadRule,
        "lost > 0 && lost == 0",
        "`lost.pay` never decides: its condition never holds",
        "correct the condition, or remove the rule",
    ),
    (
        "when lost > 0",
        "when lost > 0 && arrived",
        Code::DeadRule,
        "lost > 0 && arrived",
        "`lost.pay` never decides: the assumptions exclude it",
        "correct the condition or the assumptions",
    ),
    (
        "when speed == next_day",
        "when true",
        Code::DeadRule,
        "arrived && !on_time",
        "`late.pay` never decides: wherever it holds, one of its exceptions does too",
        "narrow `late.next-day` or `broken.pay`, or remove the rule",
    ),
    (
        "lost > 0 implies delay is absent",
        "lost > 0\nlost == 0",
        Code::DeadRule,
        "lost == 0",
        "with this assumption no case is possible, so no rule ever decides",
        "an assumption says what always holds",
    ),
    (
        "delay <= grace",
        "delay <= 12 h",
        Code::UnusedParameter,
        "grace",
        "no rule that decides uses the parameter `grace`",
        "use it in a rule's condition, or remove it",
    ),
    (
        "```rule lost.pay\nwhen lost > 0\n",
        "```params\npatience = 2 h\n```\n\n```rule lost.pay\nwhen lost > 0 && !(delay > patience)\n",
        Code::UnusedParameter,
        "patience",
        "the value of `patience` makes no difference to any decision",
        "another condition decides before it",
    ),
    (
        "usual: standard\n",
        "usual: standard\nweight : int\n",
        Code::Unused,
        "weight",
        "no rule asks for the fact `weight`",
        "use it in a rule, or remove it",
    ),
    (
        "on_time = arrived",
        "lost_all = lost == 20\non_time = arrived",
        Code::Unused,
        "lost_all",
        "no rule uses the term `lost_all`",
        "use it in a rule, or remove it",
    ),
    (
        "given delay = 12 h",
        "given delay = 12 h, lost = 1",
        Code::IdleTest,
        "on the last minute",
        "what this test gives cannot come together: the assumptions exclude it",
        "a fact that is not given takes its `usual`",
    ),
    (
        "when on_time\n",
        "when on_time && delay < grace\n",
        Code::IdleTest,
        "on the last minute",
        "no rule decides what this test gives",
        "close the gap in the rules",
    ),
    (
        "on time. {rule: late.on-time}",
        "on time.",
        Code::Untold,
        "late.on-time",
        "no sentence of the page tells of the rule `late.on-time`",
        "write one and mark it `{rule: late.on-time}`",
    ),
    (
        "{rule: late.*}",
        "{rule: late.pay}",
        Code::Untold,
        "",
        "no sentence of the page tells of the rule `late.waits` in `da`",
        "write one and mark it `{rule: late.waits}`",
    ),
    (
        "What is lost or broken is",
        "You must tell us. What is lost or broken is",
        Code::Unanchored,
        "You must tell us.",
        "`must` promises something that no rule keeps",
        "mark the sentence with the rule that keeps it (`{rule: …}`), or with `{no-rule}`",
    ),
    (
        "more than {grace} after",
        "more than 12 hours after",
        Code::Unanchored,
        "12",
        "`12` is typed into a sentence whose rule uses the parameter `grace`",
        "write `{grace}`",
    ),
    (
        "What is lost or broken is",
        "Within {grace} what is lost or broken is",
        Code::Unanchored,
        "grace",
        "no rule of this sentence uses the parameter `grace`",
        "name the parameter that the rule uses",
    ),
    (
        "\"It is lost.\"",
        "\"It is lost for {grace}.\"",
        Code::Unanchored,
        "lost.pay",
        "the reason of `lost.pay` names the parameter `grace`, which the rule does not use",
        "name the parameter that the rule uses",
    ),
];

/// A text with one change: in the policy, or else in its translation.
fn changed(from: &str, to: &str) -> (String, String) {
    let count = |text: &str| text.matches(from).count();
    match (count(GOOD), count(DANISH)) {
        (1, _) => (GOOD.replacen(from, to, 1), DANISH.to_owned()),
        (0, 1) => (GOOD.to_owned(), DANISH.replacen(from, to, 1)),
        found => panic!("`{from}` stands {found:?} times"),
    }
}

/// Everything that reading and checking say of a policy and its translation.
fn problems((policy, translation): &(String, String)) -> Vec<Problem> {
    let reading = read_sources(&Sources {
        translations: &[("policy.da.md", translation)],
        ..Sources::new("policy.md", policy)
    });
    let mut out = reading.problems;
    out.extend(
        reading
            .policy
            .map_or(Vec::new(), |policy| policy.check(&|| true)),
    );
    out
}

fn place<'t>(texts: &'t (String, String), problem: &Problem) -> &'t str {
    let text = if problem.span.file == 0 {
        &texts.0
    } else {
        &texts.1
    };
    problem.span.text(text).lines().next().unwrap_or("")
}

#[test]
fn nothing_is_said_of_a_good_policy() {
    let texts = (GOOD.to_owned(), DANISH.to_owned());
    let said: Vec<String> = problems(&texts).iter().map(Problem::to_string).collect();
    assert_eq!(said, [""; 0]);
    let policy = read(GOOD).policy.expect("it reads");
    assert!(policy.run_tests().iter().all(|run| run.passed));
}

#[test]
fn each_problem_has_its_place_its_words_and_its_remedy() {
    let mut missed = Vec::new();
    for (from, to, code, words, message, help) in ROWS {
        let texts = changed(from, to);
        let found = problems(&texts);
        let fits = |problem: &&Problem| {
            problem.code == *code
                && place(&texts, problem) == *words
                && problem.message.contains(message)
                && problem.help.contains(help)
        };
        if !found.iter().any(|problem| fits(&problem)) {
            let said = found.iter().map(|problem| {
                format!(
                    "\n    {} `{}` {problem}",
                    problem.code.name(),
                    place(&texts, problem)
                )
            });
            missed.push(format!(
                "{to}: not {} `{words}` {message}: {help}{}",
                code.name(),
                said.collect::<String>()
            ));
        }
    }
    assert!(
        missed.is_empty(),
        "{} of {}:\n{}",
        missed.len(),
        ROWS.len(),
        missed.join("\n")
    );
}

/// A small policy of its own: facts, then blocks.
fn small(body: &str) -> String {
    format!("---\npolicy: p\nversion: 2026-01-01\nlanguage: en\n---\n\n## 1 A {{#1}}\n\nSo we do. {{rule: *}}\n\n{body}")
        .replace("{rule: *}", "{no-rule}")
}

fn rule(id: &str, when: &str, then: &str) -> String {
    format!("```rule {id}\nwhen {when}\nthen {then}\nbecause \"\"\n```\n\n")
}

fn facts(body: &str) -> String {
    format!("```facts\n{body}\n```\n\n")
}

fn block(kind: &str, body: &str) -> String {
    format!("```{kind}\n{body}\n```\n\n")
}

/// What is said of a small policy, apart from sentences that are missing.
fn said(text: &str) -> Vec<Problem> {
    let policy = read(text)
        .policy
        .unwrap_or_else(|| panic!("{:?}", read(text).problems));
    told(&policy)
}

fn told(policy: &Policy) -> Vec<Problem> {
    let mut out = policy.check(&|| true);
    out.retain(|problem| problem.code != Code::Untold);
    out
}

fn messages(problems: &[Problem]) -> Vec<(&str, &str)> {
    problems
        .iter()
        .map(|problem| (problem.code.name(), problem.message.as_str()))
        .collect()
}

/// A text drawn as its author sees it.
fn drawn(problems: &[Problem], files: &[(&str, &str)]) -> String {
    let all = problems.iter().map(|problem| problem.render(files, false));
    all.collect::<Vec<_>>().join("\n\n")
}

#[test]
fn a_gap_is_drawn_with_a_witness_rules_that_come_near_and_a_test() {
    let texts = changed("when lost > 0", "when lost > 1");
    assert_eq!(
        drawn(&problems(&texts), &[("policy.md", &texts.0)]),
        "\
error[gap]: no rule decides when broken is 0 %..10 %, lost is 1
  --> policy.md:37:6
   |
37 | when !arrived && lost == 0
   |      ^^^^^^^^^^^^^^^^^^^^^
   |
   = help: add a rule for it, or widen one that comes near
   = note: it happens when
             broken is 0 %..10 %
             lost is 1
           rules that come near:
             late.waits, but `lost == 0` does not hold
             lost.pay, but `lost > 1` does not hold
             broken.pay, but `broken > 10 %` does not hold
           a test for it:
           ```test a gap
           given delay = absent, lost = 1
           expect wait 1 by late.waits
           ```"
    );
}

#[test]
fn an_overlap_is_drawn_with_both_rules() {
    let texts = changed("overrides: late.*, lost.pay", "overrides: late.*");
    assert_eq!(
        drawn(&problems(&texts), &[("policy.md", &texts.0)]),
        "\
error[overlap]: `broken.pay` and `lost.pay` both decide, differently, when broken is over 10 % and at most 100 %, lost is 1..20
  --> policy.md:70:6
   |
64 | when lost > 0
   |      -------- `lost.pay`
...
70 | when broken > 10 %
   |      ^^^^^^^^^^^^^
   |
   = help: let one give way: add `overrides: lost.pay` to `broken.pay` or the other way round, or make their conditions exclude each other
   = note: it happens when
             broken is over 10 % and at most 100 %
             lost is 1..20
           a test for it:
           ```test an overlap
           given delay = absent, broken = 100 %, lost = 20
           expect pay 2 by lost.pay
           ```"
    );
}

#[test]
fn an_idle_test_is_drawn_with_the_assumption_that_it_breaks() {
    let texts = changed("given delay = 12 h", "given delay = 12 h, lost = 1");
    assert_eq!(
        drawn(&problems(&texts), &[("policy.md", &texts.0)]),
        "\
warning[idle-test]: what this test gives cannot come together: the assumptions exclude it
  --> policy.md:76:9
   |
33 | lost > 0 implies delay is absent
   | -------------------------------- this assumption does not hold
...
76 | ```test on the last minute
   |         ^^^^^^^^^^^^^^^^^^
   |
   = help: correct what is given; a fact that is not given takes its `usual`"
    );
}

#[test]
fn what_a_translation_misses_is_drawn_in_the_translation() {
    let texts = changed("```because lost.pay\nDen er væk.\n```\n", "");
    assert_eq!(
        drawn(
            &problems(&texts),
            &[("policy.md", &texts.0), ("policy.da.md", &texts.1)]
        ),
        "\
error[translation]: the reason of `lost.pay` is not translated
 --> policy.da.md:4:1
  |
4 | language: da
  | ^^^^^^^^^^^^
  |
  = help: add a `because` block for it"
    );
}

#[test]
fn a_line_of_worked_cases_that_is_decided_otherwise_is_underlined() {
    let cases = "# Cases\n\n| delay | lost | decision | clause |\n| ----- | ---- | -------- | ------ |\n| 13 h | 0 | nothing | 1 |\n";
    let policy = read(GOOD).policy.expect("it reads");
    let (runs, _) = run_alone(&policy, "cases.md", cases);
    let found: Vec<Problem> = runs.into_iter().flat_map(|run| run.problems).collect();
    assert_eq!(
        drawn(&found, &[("cases.md", cases)]),
        "\
error[failed-test]: the table says `nothing 1`, the policy decides `pay: voucher(half_price) 2` (rule late.pay)
 --> cases.md:5:14
  |
5 | | 13 h | 0 | nothing | 1 |
  |              ^^^^^^^
  |
  = help: correct the line, or the rule `late.pay` of clause 2"
    );
}

#[test]
fn every_kind_of_problem_stands_in_a_row_or_a_test_of_its_own() {
    let all = [
        Code::Syntax,
        Code::FrontMatter,
        Code::Limit,
        Code::OddUnicode,
        Code::Unknown,
        Code::Twice,
        Code::Type,
        Code::Translation,
        Code::Cycle,
        Code::Gap,
        Code::Overlap,
        Code::Double,
        Code::DeadRule,
        Code::UnusedParameter,
        Code::Unused,
        Code::IdleTest,
        Code::Unanchored,
        Code::Untold,
    ];
    // `FailedTest` is drawn above, `NotProved` below.
    for code in all {
        assert!(
            ROWS.iter().any(|(_, _, own, ..)| *own == code),
            "{}",
            code.name()
        );
    }
}

#[test]
fn messages_are_fragments_in_the_words_of_the_author() {
    let inside = |text: &str| {
        text.split('`')
            .skip(1)
            .step_by(2)
            .map(str::to_owned)
            .collect::<String>()
    };
    let outside = |text: &str| text.split('`').step_by(2).collect::<String>();
    let rust = [
        "::", "Option", "Some(", "None", "Vec<", "Ok(", "Err(", "usize", "u32", "i64", "i128",
        "FactId", "RuleId", "Expr", "{:?}", "_ =>", "&str",
    ];
    let mut seen = 0;
    for (from, to, ..) in ROWS {
        let texts = changed(from, to);
        for problem in problems(&texts) {
            seen += 1;
            for text in [&problem.message, &problem.help] {
                let first = text.chars().next().expect("some words");
                assert!(!first.is_uppercase(), "begins with a capital: {text}");
                assert!(
                    !text.ends_with(['.', '!', ' ', '\n']),
                    "ends like a sentence: {text}"
                );
                assert!(
                    !text.contains('\n') && !text.contains("  "),
                    "more than a line: {text}"
                );
                let words = outside(text);
                for word in rust {
                    assert!(
                        !words.contains(word),
                        "`{word}` is no word of the author: {text}"
                    );
                }
            }
            assert!(
                problem.message.matches('`').count() % 2 == 0,
                "{}",
                problem.message
            );
            assert!(
                !inside(&problem.message).contains("RuleId"),
                "{}",
                problem.message
            );
            assert!(
                !problem.help.is_empty() && problem.span.end <= texts.0.len().max(texts.1.len())
            );
        }
    }
    assert!(seen >= ROWS.len());
}

#[test]
fn an_assumption_closes_a_gap_and_silences_an_overlap() {
    let body = |assume: &str| {
        small(
            &(facts("paid : bool\nsent : bool")
                + assume
                + &rule("a", "paid && sent", "yes")
                + &rule("b", "!paid && !sent", "no")
                + &rule("c", "paid", "maybe")),
        )
    };
    assert_eq!(
        messages(&said(&body(""))),
        [
            (
                "overlap",
                "`c` and `a` both decide, differently, when paid is true, sent is true"
            ),
            ("gap", "no rule decides when paid is false, sent is true"),
        ]
        .into_iter()
        .rev()
        .collect::<Vec<_>>()
    );
    assert_eq!(
        messages(&said(&body(&block(
            "assume",
            "sent implies paid\n!(sent && paid)"
        )))),
        [("dead-rule", "`a` never decides: the assumptions exclude it")]
    );
}

#[test]
fn facts_that_go_together_are_told_together() {
    // Nothing is lost unless something was sent: a witness that names `lost` alone says all there is to say.
    let text = small(
        &(facts("sent : int [0..9]\nlost : int [0..9]")
            + &block("assume", "lost > 0 implies sent > 0")
            + &rule("none", "lost == 0", "no")
            + &rule("many", "lost > 2 && sent > 0", "yes")),
    );
    assert_eq!(
        messages(&said(&text)),
        [("gap", "no rule decides when lost is 1..2")]
    );
}

#[test]
fn what_may_be_absent_is_told_as_absent() {
    let text = small(
        &(facts("delay : duration optional")
            + &rule("short", "delay <= 1 h", "no")
            + &rule("long", "delay > 1 h", "yes")),
    );
    assert_eq!(
        messages(&said(&text)),
        [("gap", "no rule decides when delay is absent")]
    );
    let text = small(
        &(facts("delay : duration optional")
            + &rule("short", "delay <= 1 h", "no")
            + &rule("other", "delay != 1 h", "yes")),
    );
    let found = said(&text);
    assert_eq!(
        messages(&found),
        [(
            "overlap",
            "`other` and `short` both decide, differently, when delay is under 1 h"
        )]
    );
    let test = &found[0].witness.as_ref().expect("a witness").test;
    assert!(test.contains("given delay = 3599 s"), "{test}");
}

#[test]
fn a_gap_behind_a_second_judgement_names_the_rule_that_leads_there() {
    let text = small(
        &(facts("state : enum { open, stopped }\nleft : int [0..]\nstop : bool")
            + &rule(
                "stop.now",
                "state == open && stop",
                "judge again with state = stopped",
            )
            + &rule("stop.not", "state == open && !stop", "wait")
            + &rule("left.pay", "state == stopped && left > 0", "pay")),
    );
    let found = said(&text);
    assert_eq!(
        messages(&found)[0],
        ("gap", "no rule decides when left is 0, stop is true")
    );
    let near = &found[0].witness.as_ref().expect("a witness").near;
    assert_eq!(
        near[0],
        (
            "stop.now".to_owned(),
            "it judges again with `state = stopped`, and then no rule decides".to_owned()
        )
    );
    assert_eq!(
        near[1],
        ("left.pay".to_owned(), "`left > 0` does not hold".to_owned())
    );
}

#[test]
fn judging_again_and_again_is_a_circle_with_a_witness() {
    let text = small(
        &(facts("state : enum { open, stopped, closed }")
            + &rule("one", "state == open", "judge again with state = stopped")
            + &rule("two", "state == stopped", "judge again with state = open")
            + &rule("three", "state == closed", "done")),
    );
    let found = said(&text);
    assert_eq!(
        messages(&found),
        [
            (
                "cycle",
                "judging again leads to `one`, which judges again, when state is stopped"
            ),
            (
                "cycle",
                "judging again leads to `two`, which judges again, when state is open"
            ),
        ]
    );
    let facts = &found[0].witness.as_ref().expect("a witness").facts;
    assert_eq!(facts, &[("state".to_owned(), "stopped".to_owned())]);
}

#[test]
fn a_policy_without_a_rule_decides_nothing() {
    let found = said(&small(&facts("late : int")));
    assert_eq!(
        messages(&found)[0],
        ("gap", "no rule decides, whatever the facts")
    );
}

#[test]
fn near_rules_say_which_way_they_miss() {
    let near = |third: &str| {
        let text = small(
            &(facts("paid : bool\nsent : bool\ndelay : duration optional")
                + &block("terms", "ready = paid || sent")
                + &rule("a", "!ready && delay is present", "yes")
                + &rule("b", "ready && delay is present", "no")
                + &rule("c", third, "maybe")),
        );
        let found = said(&text);
        assert_eq!(found[0].code, Code::Gap, "{:?}", messages(&found));
        let witness = found[0].witness.clone().expect("a witness");
        witness
            .near
            .into_iter()
            .map(|(rule, why)| format!("{rule}: {why}"))
            .collect::<Vec<_>>()
    };
    assert_eq!(
        near("ready && delay is absent"),
        [
            "a: `delay is present` does not hold",
            "c: `paid || sent` does not hold"
        ]
    );
    assert_eq!(
        near("!ready && delay is absent"),
        [
            "b: `delay is present` does not hold",
            "c: `paid || sent` holds"
        ]
    );
}

#[test]
fn what_outgrows_its_budget_is_not_proved_and_names_the_facts_to_blame() {
    let names: Vec<String> = (0..6).map(|at| format!("x{at}")).collect();
    let declared: Vec<String> = names
        .iter()
        .map(|name| format!("{name} : int [0..9]"))
        .collect();
    let pairs: Vec<String> = names
        .chunks(2)
        .map(|pair| format!("{} > 4 && {} > 4", pair[0], pair[1]))
        .collect();
    let when = pairs.join(" || ");
    let text = small(
        &(facts(&declared.join("\n"))
            + &rule("a", &when, "yes")
            + &rule("b", &format!("!({when})"), "no")),
    );
    let limits = Limits {
        nodes: 6,
        ..Limits::default()
    };
    let policy = read_sources(&Sources {
        limits,
        ..Sources::new("policy.md", &text)
    })
    .policy
    .expect("it reads");
    let found = told(&policy);
    assert_eq!(
        messages(&found),
        [(
            "not-proved",
            "gaps and overlaps are not proved absent: the diagram outgrew 6 nodes"
        )]
    );
    let help = &found[0].help;
    assert!(
        help.starts_with("the facts to blame are `x")
            && help.contains("compare them with fewer values"),
        "{help}"
    );
    assert_eq!(found[0].span.text(&text), "x0");
    // With room enough it is proved.
    assert_eq!(said(&text), []);
}

#[test]
fn every_limit_is_told() {
    let many =
        |count: usize, one: &dyn Fn(usize) -> String| (0..count).map(one).collect::<String>();
    let short = Limits {
        bytes: 400,
        facts: 3,
        rules: 3,
        ..Limits::default()
    };
    let facts_of = |count: usize| facts(&many(count, &|at| format!("f{at} : bool\n")));
    let deep = |count: usize| format!("{}f0{}", "(".repeat(count), ")".repeat(count));
    let values = many(64, &|at| {
        format!("{}v{at}", if at == 0 { "" } else { ", " })
    });
    let bounds = many(70, &|at| {
        format!("{}n == {at}", if at == 0 { "" } else { " || " })
    });
    let chain = many(30, &|at| format!("t{at} = t{}\n", at + 1)) + "t30 = f0";
    let doubled = many(18, &|at| {
        format!("t{at} = t{next} && t{next}\n", next = at + 1)
    }) + "t18 = f0";
    let rows: Vec<(String, Limits, &str, &str)> = vec![
        (
            small(&"words ".repeat(100)),
            short,
            "bytes; at most 400 are read",
            "split the policy, or move what is no policy elsewhere",
        ),
        (
            small(&facts_of(4)),
            short,
            "4 facts; at most 3 are read",
            "split the policy",
        ),
        (
            small(&many(4, &|at| {
                format!("```rule r{at}\nwhen true then a because \"\"\n```\n")
            })),
            short,
            "4 rules; at most 3 are read",
            "split the policy",
        ),
        (
            small(&(facts_of(1) + &rule("a", &deep(70), "yes"))),
            Limits::default(),
            "more than 64 levels of nesting",
            "give parts of it a name in a `terms` block",
        ),
        (
            small(&facts(&format!("e : enum {{ {values} }}"))),
            Limits::default(),
            "`e` has more than 63 values",
            "join values that no rule tells apart",
        ),
        (
            small(&(facts("n : int") + &rule("a", &bounds, "yes"))),
            Limits::default(),
            "the rules cut `n` into",
            "compare it with fewer different values",
        ),
        (
            small(&(facts_of(1) + &block("terms", &chain) + &rule("a", "t0", "yes"))),
            Limits::default(),
            "terms inside terms, more than 24 deep",
            "define terms by facts",
        ),
        (
            small(&(facts_of(1) + &block("terms", &doubled) + &rule("a", "t0", "yes"))),
            Limits::default(),
            "terms that unfold into more than 200000 tests",
            "use fewer terms inside terms",
        ),
    ];
    for (text, limits, message, help) in rows {
        let reading = read_sources(&Sources {
            limits,
            ..Sources::new("policy.md", &text)
        });
        assert!(reading.policy.is_none(), "{message}");
        let fits = |problem: &&Problem| {
            problem.code == Code::Limit
                && problem.message.contains(message)
                && problem.help.contains(help)
        };
        assert!(
            reading.problems.iter().any(|problem| fits(&problem)),
            "{message}: {:?}",
            messages(&reading.problems)
        );
    }
}

#[test]
fn a_caller_who_stops_leaves_the_proof_open() {
    let policy = read(GOOD).policy.expect("it reads");
    let found = policy.check(&|| false);
    assert!(
        found.iter().all(|problem| problem.code == Code::NotProved),
        "{:?}",
        messages(&found)
    );
}

#[test]
fn what_a_block_declares_that_does_not_read_is_not_called_unknown() {
    let texts = changed("usual: standard", "usual: \"standard\"");
    let found = problems(&texts);
    assert_eq!(found.len(), 1, "{:?}", messages(&found));
    let texts = changed("when lost > 0", "when lost =");
    assert_eq!(problems(&texts).len(), 1);
}

#[test]
fn a_promise_that_nothing_anchors_is_told_in_both_languages() {
    let told = |language: &str, sentence: &str| {
        let text = format!(
            "---\npolicy: p\nversion: 2026-01-01\nlanguage: {language}\n---\n\n## 1 A {{#1}}\n\n{sentence}\n\n"
        ) + &facts("f : bool")
            + &rule("a", "f || !f", "yes");
        let found = said(&text);
        found
            .into_iter()
            .filter(|problem| problem.code == Code::Unanchored)
            .map(|problem| (problem.span.text(&text).to_owned(), problem.message))
            .collect::<Vec<_>>()
    };
    let promises = [
        ("en", "You must write to us.", "must"),
        ("en", "We refund only what is broken.", "only"),
        ("en", "Write within a week.", "within"),
        ("en", "We pay unless you were late.", "unless"),
        ("en", "We pay at most the price.", "at most"),
        ("en", "Wait at least a day.", "at least"),
        ("en", "Write no later than Friday.", "no later than"),
        ("en", "We answer in 3 days.", "3"),
        ("en", "- an item that pays 10 %", "10"),
        ("da", "Du skal skrive til os.", "skal"),
        ("da", "Vi betaler kun for det, der mangler.", "kun"),
        ("da", "Skriv inden for en uge.", "inden for"),
        ("da", "Vi betaler, medmindre det er for sent.", "medmindre"),
        ("da", "Vi betaler højst prisen.", "højst"),
        ("da", "Vent mindst en dag.", "mindst"),
        ("da", "Skriv senest fredag.", "senest"),
        ("da", "Vi svarer på 3 dage.", "3"),
    ];
    for (language, sentence, word) in promises {
        let place = sentence.trim_start_matches("- ").to_owned();
        assert_eq!(
            told(language, sentence),
            [(
                place,
                format!("`{word}` promises something that no rule keeps")
            )],
            "{sentence}"
        );
    }
    // One sentence of several; over a line's end; with a capital.
    assert_eq!(
        told("en", "We are glad. Only\nthen we pay. And so on.")[0].0,
        "Only\nthen we pay."
    );
    let quiet = [
        ("en", "We pay for mustard, commonly."),
        ("en", "See [5.4](#1)."),
        ("en", "Write within a week. {rule: a}"),
        ("en", "We answer in 3 days. {no-rule}"),
        ("da", "Skallen er kunst."),
        ("da", "You must write to us."),
        ("en", "Du skal skrive til os."),
    ];
    for (language, sentence) in quiet {
        assert_eq!(told(language, sentence), [], "{sentence}");
    }
}

#[test]
fn numbers_are_held_against_the_rules_of_their_sentence() {
    let told = |sentence: &str| {
        let text = small(
            &(facts("late : int [0..]")
                + &block("params", "few = 3\nmany = 9\nfee = 10 %")
                + &format!("{sentence}\n\n")
                + &rule("a", "late <= few", "no")
                + "```rule b\nwhen late > few\nthen yes: pay(all less fee)\nbecause \"\"\nexcept b.many when late > many then no because \"\"\n```\n\n"),
        );
        let found = said(&text);
        found
            .into_iter()
            .map(|problem| (problem.span.text(&text).to_owned(), problem.message))
            .collect::<Vec<_>>()
    };
    // The exceptions of a rule, and what its effect takes off, belong to it.
    for fine in [
        "Up to {few} days we wait. {rule: a}",
        "After {few} we pay, less {fee}, up to {many}. {rule: b}",
        "After 2 weeks and {few} days. {rule: a}",
        "On 3 counts. {rule: a} {no-rule}",
        "See [3](#1). {rule: a}",
    ] {
        assert_eq!(told(fine), [], "{fine}");
    }
    let typed = |number: &str, name: &str| {
        vec![(
            number.to_owned(),
            format!("`{number}` is typed into a sentence whose rule uses the parameter `{name}`"),
        )]
    };
    assert_eq!(told("Up to 3 days we wait. {rule: a}"), typed("3", "few"));
    assert_eq!(told("Up to 4 days we wait. {rule: a}"), typed("4", "few"));
    let other = vec![(
        "many".to_owned(),
        "no rule of this sentence uses the parameter `many`".to_owned(),
    )];
    assert_eq!(told("Up to {many} days we wait. {rule: a}"), other);
}
