// SPDX-License-Identifier: MIT OR Apache-2.0
//! The binary under test: built here, and called.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

/// The variable that says where the binary is to die.
pub const CRASH_AT: &str = "MAKEGOOD_CRASH_AT";

/// How the binary is built.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// Quickly, and so that it can be made to die at named places.
    ForKills,
    /// As it is shipped.
    Release,
}

/// A built binary.
#[derive(Clone, Debug)]
pub struct Binary {
    path: PathBuf,
}

impl Binary {
    /// Builds it, and keeps it under a name of its own, so that nobody else's build takes its place.
    ///
    /// # Errors
    /// It cannot be built.
    pub fn build(build: Build) -> Result<Self, String> {
        let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
        let mut command = Command::new(cargo);
        command
            .args(["build", "--package", "makegood", "--bin", "makegood"])
            .args(["--message-format", "json-render-diagnostics"])
            .current_dir(root());
        let name = match build {
            Build::ForKills => {
                command.args(["--features", "crash-points"]);
                "makegood-for-kills"
            }
            Build::Release => {
                command.arg("--release");
                "makegood-release"
            }
        };
        let built = command
            .stderr(Stdio::inherit())
            .output()
            .map_err(|cause| format!("cargo: {cause}"))?;
        if !built.status.success() {
            return Err("the binary could not be built; see above".to_owned());
        }
        let made = String::from_utf8_lossy(&built.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter_map(|message| Some(PathBuf::from(message.get("executable")?.as_str()?)))
            .next_back();
        let made = made.ok_or("cargo does not say where the binary is")?;
        let path = made.with_file_name(format!("{name}{}", std::env::consts::EXE_SUFFIX));
        let fresh = made.with_file_name(format!("{name}.{}", std::process::id()));
        std::fs::copy(&made, &fresh)
            .and_then(|_| std::fs::rename(&fresh, &path))
            .map_err(|cause| format!("{}: {cause}", path.display()))?;
        Ok(Self { path })
    }

    /// A call of it.
    #[must_use]
    pub fn command(&self) -> Command {
        let mut command = Command::new(&self.path);
        // Settings of whoever runs the tests are none of theirs.
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("MAKEGOOD") {
                command.env_remove(name);
            }
        }
        command.stdin(Stdio::null());
        command
    }

    /// Calls it, and gives what it printed.
    ///
    /// # Errors
    /// It ended with another status than 0, with everything that it said.
    pub fn run(
        &self,
        arguments: impl IntoIterator<Item = impl AsRef<OsStr>>,
    ) -> Result<String, String> {
        let mut command = self.command();
        command.args(arguments);
        let said = format!("{command:?}");
        let output = command
            .output()
            .map_err(|cause| format!("{said}: {cause}"))?;
        let out = String::from_utf8_lossy(&output.stdout).into_owned();
        if output.status.success() {
            return Ok(out);
        }
        let trouble = String::from_utf8_lossy(&output.stderr);
        Err(format!(
            "{said} ended with {}:\n{out}{trouble}",
            output.status
        ))
    }

    /// The named places at which it can die.
    ///
    /// # Errors
    /// It was built without them.
    pub fn crash_points(&self) -> Result<Vec<String>, String> {
        let output = self.command().env(CRASH_AT, "list").output();
        let output = output.map_err(|cause| cause.to_string())?;
        let text = String::from_utf8_lossy(&output.stdout);
        let points: Vec<_> = text.lines().map(str::to_owned).collect();
        if points.is_empty() {
            return Err("the binary knows no place to die at".to_owned());
        }
        Ok(points)
    }
}

/// The folder of the workspace.
fn root() -> PathBuf {
    // Asked when it runs: a build may be shared by several checkouts.
    let here = std::env::var_os("CARGO_MANIFEST_DIR");
    let here = here.map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    here.parent()
        .map_or_else(|| here.clone(), Path::to_path_buf)
}
