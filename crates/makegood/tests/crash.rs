// SPDX-License-Identifier: MIT OR Apache-2.0
//! Every listed place to die at stands in the program exactly once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use makegood::crash::POINTS;

fn places_in(folder: &Path, found: &mut BTreeMap<String, usize>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            places_in(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = fs::read_to_string(&path).expect("a text");
            for after in text.split("crash::point!(\"").skip(1) {
                let name = after.split('"').next().unwrap_or_default();
                *found.entry(name.to_owned()).or_default() += 1;
            }
        }
    }
}

#[test]
fn every_listed_place_stands_in_the_program_exactly_once() {
    let mut found = BTreeMap::new();
    places_in(
        &Path::new(&std::env::var("CARGO_MANIFEST_DIR").expect("cargo says where")).join("src"),
        &mut found,
    );
    let listed: BTreeMap<String, usize> =
        POINTS.iter().map(|name| ((*name).to_owned(), 1)).collect();
    assert_eq!(found, listed);
    assert!(listed.len() == POINTS.len(), "a place is listed twice");
}
