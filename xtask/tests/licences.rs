// SPDX-License-Identifier: MIT OR Apache-2.0
//! The small licence check, on the real `deny.toml` and on planted packages.

use serde_json::json;
use xtask::licences::{allowed_licences, is_allowed, problems_of};
use xtask::workspace_root;

fn allowed() -> Vec<String> {
    let config =
        std::fs::read_to_string(workspace_root().join("deny.toml")).expect("deny.toml is there");
    allowed_licences(&config).expect("deny.toml has a list of licences")
}

#[test]
fn the_list_of_licences_is_read_without_its_comments() {
    let allowed = allowed();
    assert!(allowed.contains(&"MIT".to_owned()));
    assert!(
        allowed
            .iter()
            .all(|name| !name.contains(' ') || name.contains(" WITH "))
    );
}

#[test]
fn expressions_are_read_as_spdx_means_them() {
    let table = [
        ("MIT", true),
        ("MIT/Apache-2.0", true),
        ("GPL-3.0-only OR MIT", true),
        ("MIT OR GPL-3.0-only", true),
        ("MIT AND GPL-3.0-only", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("MIT OR Apache-2.0 AND GPL-3.0-only", true),
        ("(MIT OR Apache-2.0) AND GPL-3.0-only", false),
        ("GPL-3.0-only WITH Classpath-exception-2.0", false),
        ("Apache-2.0 WITH LLVM-exception OR MIT", true),
        ("AGPL-3.0-or-later", false),
    ];
    for (expression, expected) in table {
        assert_eq!(
            is_allowed(expression, &allowed()),
            Ok(expected),
            "{expression}"
        );
    }
}

#[test]
fn nonsense_is_no_licence() {
    for expression in ["", "MIT OR", "(MIT", "MIT Apache-2.0", "AND", "MIT)"] {
        assert!(is_allowed(expression, &allowed()).is_err(), "{expression}");
    }
}

#[test]
fn a_package_under_another_licence_or_from_elsewhere_is_caught() {
    let package = json!({
        "name": "trap", "version": "1.2.3", "license": "GPL-3.0-only",
        "source": "git+https://example.com/trap",
    });
    assert_eq!(
        problems_of(&package, &allowed()),
        [
            "`trap 1.2.3` is under `GPL-3.0-only`, which deny.toml does not allow",
            "`trap 1.2.3` comes from `git+https://example.com/trap`, not from the registry",
        ]
    );
    let nameless = json!({ "name": "trap", "version": "1.2.3", "license": null, "source": null });
    assert_eq!(
        problems_of(&nameless, &allowed()),
        ["`trap 1.2.3` names no licence"]
    );
}

#[test]
fn a_list_that_the_small_check_cannot_read_is_not_passed_over() {
    assert!(allowed_licences("[bans]\nallow = [\"MIT\"]").is_err());
    let with_exceptions = "[licenses]\nallow = [\"MIT\"]\n[[licenses.exceptions]]\ncrate = \"x\"";
    assert!(allowed_licences(with_exceptions).is_err());
}
