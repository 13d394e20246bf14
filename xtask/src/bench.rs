// SPDX-License-Identifier: MIT OR Apache-2.0
//! Benches by the names of their files, and the memory of the real binary over long streams.

use std::io::Write;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

use crate::cargo;

/// The bench that has no file: it watches the binary from outside.
const MEMORY: &str = "memory";

/// The bench of the whole desk over HTTP, on both stores: the real binary, from outside.
const REFUNDS: &str = "refunds";

/// Cases that are repeated until there are enough lines.
const LINES: &str = "crates/makegood/tests/contract/cases.ndjson";

/// `cargo xtask bench [NAME]`: every bench of the workspace and the memory of a stream, or the one that is named.
///
/// # Errors
/// When there is no such bench, or cargo reports a failure.
pub fn run(root: &Path, arguments: &[String]) -> Result<(), String> {
    let benches = benches(root);
    let Some((wanted, rest)) = arguments.split_first() else {
        for (room, name) in &benches {
            one(root, room, name, &[])?;
        }
        return memory(root);
    };
    if wanted == MEMORY {
        return memory(root);
    }
    if wanted == REFUNDS {
        return refunds(root, rest);
    }
    match benches.iter().find(|(_, name)| name == wanted) {
        Some((room, name)) => one(root, room, name, rest),
        None => {
            let names = benches.iter().map(|(_, name)| name.as_str());
            let names: Vec<&str> = names.chain([MEMORY, REFUNDS]).collect();
            Err(format!(
                "there is no bench `{wanted}`; there are: {}",
                names.join(", ")
            ))
        }
    }
}

fn refunds(root: &Path, rest: &[String]) -> Result<(), String> {
    crate::run(
        cargo(root)
            .args(["run", "--package", "makegood-e2e", "--", "bench"])
            .args(rest),
    )
}

fn one(root: &Path, room: &str, name: &str, rest: &[String]) -> Result<(), String> {
    let manifest = format!("crates/{room}/Cargo.toml");
    crate::run(
        cargo(root)
            .args(["bench", "--manifest-path", &manifest, "--bench", name, "--"])
            .args(rest),
    )
}

/// The most memory that the release binary holds while it decides 10⁵ and 10⁶ lines: about the same, if memory is constant.
fn memory(root: &Path) -> Result<(), String> {
    crate::run(cargo(root).args(["build", "--release", "--package", "makegood"]))?;
    let metadata = crate::metadata(root, &["--no-deps"])?;
    let target = metadata["target_directory"].as_str().unwrap_or("target");
    let binary = Path::new(target)
        .join("release")
        .join(format!("makegood{}", std::env::consts::EXE_SUFFIX));
    let lines =
        std::fs::read_to_string(root.join(LINES)).map_err(|cause| format!("{LINES}: {cause}"))?;
    let lines: Vec<&str> = lines.lines().collect();
    println!("\npeak memory of `makegood decide --ndjson --no-reasons`");
    println!("{:>9}  {:>12}  {:>10}", "lines", "peak", "seconds");
    for count in [100_000, 1_000_000] {
        let begun = Instant::now();
        let mut child = Command::new(&binary)
            .args(["decide", "--policy", "viplikes", "--ndjson", "--no-reasons"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .map_err(|cause| format!("{}: {cause}", binary.display()))?;
        let input = child.stdin.take();
        let peak = std::thread::scope(|scope| {
            scope.spawn(|| feed(input, &lines, count));
            watch(&mut child)
        })?;
        println!(
            "{count:>9}  {:>12}  {:>10}",
            peak.map_or("not known".to_owned(), |kib| format!("{kib} KiB")),
            begun.elapsed().as_secs()
        );
    }
    Ok(())
}

/// Writes this many lines. A reader that ends early is found out by how it ends.
fn feed(input: Option<ChildStdin>, lines: &[&str], count: usize) {
    let Some(input) = input else { return };
    let mut input = std::io::BufWriter::with_capacity(1 << 16, input);
    for line in lines.iter().cycle().take(count) {
        if writeln!(input, "{line}").is_err() {
            return;
        }
    }
}

/// Waits for a program to end and gives the most memory it held, in KiB, where the system tells (Linux: `VmHWM`, which never falls).
fn watch(child: &mut Child) -> Result<Option<u64>, String> {
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    loop {
        let text = std::fs::read_to_string(&status).unwrap_or_default();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let held = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(held);
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(5)),
            Ok(Some(status)) if status.success() => return Ok(peak),
            Ok(Some(status)) => return Err(format!("the binary failed ({status})")),
            Err(cause) => return Err(format!("the binary is lost: {cause}")),
        }
    }
}

/// Room and name of each bench, in order.
fn benches(root: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for room in names(&root.join("crates")) {
        for file in names(&root.join("crates").join(&room).join("benches")) {
            if let Some(name) = file.strip_suffix(".rs") {
                found.push((room.clone(), name.to_owned()));
            }
        }
    }
    found
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder)
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}
