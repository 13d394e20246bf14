// SPDX-License-Identifier: MIT OR Apache-2.0
//! Commands that die: the first start, the import of a file, a copy, and putting it back.

use std::fs;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Command;
use std::thread;
use std::time::Duration;

use crate::binary::{Binary, CRASH_AT};
use crate::chance::Chance;
use crate::desk::{Books, Desk, Folder};
use crate::kill::Report;

/// Whether a place is reached by commands, and not by an open desk.
#[must_use]
pub fn is_about_files(point: &str) -> bool {
    let starts = ["import.", "backup.", "restore."];
    starts.iter().any(|start| point.starts_with(start))
        || point.ends_with(".migrating")
        || point.ends_with(".migrated")
}

/// Runs a command that is to die at a place; says whether it did, or else what it printed.
fn dies(command: &mut Command, place: &str, report: &mut Report) -> Result<Option<String>, String> {
    let said = format!("{command:?}");
    let output = command
        .env(CRASH_AT, place)
        .output()
        .map_err(|cause| format!("{said}: {cause}"))?;
    let trouble = String::from_utf8_lossy(&output.stderr);
    if output.status.signal() == Some(6) && trouble.contains("dies at ") {
        let name = place.split(':').next().unwrap_or_default();
        let times = report.at.entry(name.to_owned()).or_default();
        *times = times.saturating_add(1);
        return Ok(None);
    }
    let out = String::from_utf8_lossy(&output.stdout);
    if output.status.success() {
        return Ok(Some(out.into_owned()));
    }
    Err(format!(
        "{said} at {place} ended with {}:\n{out}{trouble}",
        output.status
    ))
}

/// Imports a file, dying on the way; in the end all of it is there once.
///
/// # Errors
/// It is not.
pub fn import(
    desk: &Desk,
    path: &Path,
    lines: usize,
    chance: &mut Chance,
    report: &mut Report,
) -> Result<(), String> {
    let path = path.display().to_string();
    let place = *chance.one(&[
        "import.written:1",
        "import.durable:1",
        "sqlite.before_commit:1",
        "postgres.before_commit:1",
        "",
    ]);
    if !place.is_empty() {
        dies(&mut desk.command(&["import", &path]), place, report)?;
    } else {
        let mut child = desk
            .command(&["import", &path])
            .spawn()
            .map_err(|cause| cause.to_string())?;
        thread::sleep(Duration::from_millis(chance.below(80)));
        let _ = child.kill();
        let _ = child.wait();
        report.random = report.random.saturating_add(1);
    }
    desk.run(&["import", &path])?;
    let again = desk.run(&["import", &path, "--again"])?;
    let expected = format!("0 new, {lines} there before, 0 in conflict, 0 wrong");
    if !again.contains(&expected) {
        report
            .wrong
            .push(format!("a file was imported, and then once more: {again}"));
    }
    Ok(())
}

/// The first start dies at each step of the migrations, and goes on where it was.
///
/// # Errors
/// It does not.
pub fn beginnings(binary: &Binary, books: &Books, report: &mut Report) -> Result<(), String> {
    let store = match books {
        Books::Sqlite => "sqlite",
        Books::Postgres(_) => "postgres",
    };
    for point in ["migrating", "migrated"] {
        for step in 1..=3 {
            let folder = Folder::new()?;
            let here = folder.path();
            let database = match books {
                Books::Sqlite => "sqlite".to_owned(),
                Books::Postgres(cluster) => cluster.database()?,
            };
            let config = here.join("config.toml").display().to_string();
            let data = here.join("data").display().to_string();
            let call = |name: &str| {
                let mut command = binary.command();
                command.args([
                    name,
                    "--config",
                    &config,
                    "--data",
                    &data,
                    "--database",
                    &database,
                ]);
                command
            };
            let place = format!("{store}.{point}:{step}");
            if dies(&mut call("init"), &place, report)?.is_some() {
                return Err(format!("{place} is not reached by a first start"));
            }
            for name in ["init", "migrate", "verify"] {
                let output = call(name).output().map_err(|cause| cause.to_string())?;
                if !output.status.success() {
                    let trouble = String::from_utf8_lossy(&output.stderr);
                    report.wrong.push(format!(
                        "after a death at {place}, `{name}` ends with {}: {trouble}",
                        output.status
                    ));
                }
            }
        }
    }
    Ok(())
}

/// A copy dies on its way, is made anew, and is put back, dying on the way too: then the books are what they were.
///
/// # Errors
/// They are not.
pub fn copies(desk: &Desk, report: &mut Report) -> Result<(), String> {
    let before = desk.verify()?;
    let path = |name: &str| desk.path().join(name).display().to_string();
    for (number, place) in ["backup.copied:1", "backup.linked:1"]
        .into_iter()
        .enumerate()
    {
        let copy = path(&format!("copy-{number}.sqlite"));
        if dies(&mut desk.command(&["backup", &copy]), place, report)?.is_some() {
            return Err(format!("{place} is not reached by a backup"));
        }
        // Under its name there is a whole copy or nothing.
        let there = Path::new(&copy).exists();
        if there != (place == "backup.linked:1") {
            report.wrong.push(format!(
                "after a death at {place} the copy is there: {there}"
            ));
        }
        if !there {
            desk.run(&["backup", &copy])?;
        }
        if dies(
            &mut desk.command(&["restore", &copy, "--force"]),
            "restore.aside:1",
            report,
        )?
        .is_some()
        {
            return Err("restore.aside is not reached".to_owned());
        }
        desk.run(&["restore", &copy, "--force"])?;
        let after = desk.verify()?;
        if after != before {
            report.wrong.push(format!(
                "before the copy: {before}; after it was put back: {after}"
            ));
        }
        fs::remove_file(&copy).map_err(|cause| cause.to_string())?;
    }
    Ok(())
}
