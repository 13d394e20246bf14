// SPDX-License-Identifier: MIT OR Apache-2.0
//! Any bytes end in a policy or in problems, and never in a panic.
#![no_main]

use std::cell::Cell;

use libfuzzer_sys::fuzz_target;
use makegood_policy::{Limits, Sources, read_sources};

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let mut sources = Sources::new("policy.md", &text);
    sources.limits = Limits {
        nodes: 5_000,
        ..Limits::default()
    };
    let reading = read_sources(&sources);
    let failed = reading.problems.iter().any(|problem| problem.is_error());
    assert_eq!(reading.policy.is_none(), failed);
    for problem in reading.problems.iter().take(3) {
        let _ = problem.render(&[("policy.md", &text)], true);
    }
    if let Ok(formatted) = makegood_policy::format::format(&text) {
        let again = makegood_policy::format::format(&formatted).expect("what was formatted can be");
        assert_eq!(formatted, again);
    }
    let Some(policy) = reading.policy else { return };
    let left = Cell::new(200_u32);
    let keep_going = || {
        left.set(left.get().saturating_sub(1));
        left.get() > 0
    };
    for problem in policy.check(&keep_going).iter().take(3) {
        let _ = problem.render(&[("policy.md", &text)], false);
    }
    let _ = policy.decide(&policy.nothing_known());
    let _ = makegood_policy::cel::cel_policy(&policy);
    if let Ok(diff) = makegood_policy::diff::diff_in(&policy, &policy, "en", &keep_going) {
        assert!(diff.is_alike());
    }
});
