// SPDX-License-Identifier: MIT OR Apache-2.0
//! The walls of the house: who may know whom, read from the manifests.

mod planted;

use planted::House;
use xtask::knowledge::breaches;
use xtask::workspace_root;

#[test]
fn no_room_knows_what_it_must_not() {
    assert_eq!(breaches(&workspace_root()), Ok(Vec::new()));
}

#[test]
fn the_desk_has_no_standard_library() {
    let page = std::fs::read_to_string(workspace_root().join("crates/desk/src/lib.rs"))
        .expect("the desk has a front page");
    assert!(
        page.lines().any(|line| line == "#![no_std]"),
        "`desk` must never know the clock, files or threads: keep `#![no_std]`"
    );
}

#[test]
fn a_desk_that_knows_the_hall_is_caught() {
    let house = house("knows-the-hall", "makegood = { path = \"../makegood\" }");
    assert_eq!(
        breaches(house.root()),
        Ok(vec!["`desk` must never know `makegood`".to_owned()])
    );
}

#[test]
fn a_wall_holds_for_tests_and_under_another_name() {
    let house = house(
        "knows-in-disguise",
        "[dev-dependencies]\nhall = { package = \"makegood\", path = \"../makegood\" }",
    );
    assert_eq!(
        breaches(house.root()),
        Ok(vec!["`desk` must never know `makegood`".to_owned()])
    );
}

#[test]
fn a_desk_that_knows_json_is_caught_unless_in_its_tests() {
    let json = "serde_json = \"1\"";
    let known = breaches(house("knows-json", json).root());
    assert_eq!(
        known,
        Ok(vec!["`desk` must never know `serde_json`".to_owned()])
    );
    let on_one_platform = format!("[target.'cfg(windows)'.dependencies]\n{json}");
    let known = breaches(house("knows-json-on-windows", &on_one_platform).root());
    assert_eq!(
        known,
        Ok(vec!["`desk` must never know `serde_json`".to_owned()])
    );
    let in_tests = format!("[dev-dependencies]\n{json}");
    assert_eq!(
        breaches(house("tests-know-json", &in_tests).root()),
        Ok(Vec::new())
    );
}

#[test]
fn a_room_without_a_place_in_the_plan_is_caught() {
    let house = house("unplanned", "");
    house
        .write("crates/attic/Cargo.toml", &manifest("makegood-attic", ""))
        .write("crates/attic/src/lib.rs", "");
    let breaches = breaches(house.root()).expect("the manifests are sound");
    assert_eq!(breaches.len(), 1, "{breaches:?}");
    assert!(breaches[0].starts_with("`makegood-attic` has no place in the plan"));
}

/// A desk with the given lines in its manifest, beside a hall.
fn house(name: &str, dependencies: &str) -> House {
    let house = House::new(name);
    house
        .write(
            "Cargo.toml",
            "[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n",
        )
        .write(
            "crates/desk/Cargo.toml",
            &manifest("makegood-desk", dependencies),
        )
        .write("crates/desk/src/lib.rs", "")
        .write("crates/makegood/Cargo.toml", &manifest("makegood", ""))
        .write("crates/makegood/src/lib.rs", "");
    house
}

fn manifest(name: &str, dependencies: &str) -> String {
    format!(
        "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2024\"\n\n[dependencies]\n{dependencies}\n"
    )
}
