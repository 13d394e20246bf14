// SPDX-License-Identifier: MIT OR Apache-2.0
//! A PostgreSQL server of our own: made in a temporary folder, gone when we are.
//!
//! The server runs below a shell that waits for the end of its input. Whatever happens to us, a panic or a kill, the pipe closes
//! with us; the shell then stops the server and removes the folder.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A running server.
pub struct Cluster {
    programs: PathBuf,
    port: u16,
    databases: AtomicU32,
    keeper: Child,
}

/// Whether the server waits for its disk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disk {
    /// As installed.
    WaitedFor,
    /// Never: enough where only other programs are killed.
    NotWaitedFor,
}

impl Cluster {
    /// Starts a server.
    ///
    /// # Errors
    /// There is none to start, or it does not start.
    pub fn start(disk: Disk) -> Result<Self, String> {
        let programs = programs()?;
        let user = user()?;
        let folder = folder(user).map_err(|cause| format!("a folder: {cause}"))?;
        let mut initdb = Command::new(programs.join("initdb"));
        initdb
            .args(["--auth=trust", "--encoding=UTF8", "--locale=C"])
            .args(["--username=makegood", "--no-sync", "--pgdata"])
            .arg(folder.join("data"))
            .current_dir(&folder);
        as_user(&mut initdb, user);
        let made = initdb
            .output()
            .map_err(|cause| format!("initdb: {cause}"))?;
        if !made.status.success() {
            return Err(format!("initdb: {}", String::from_utf8_lossy(&made.stderr)));
        }
        let port = super::free_port();
        let keeper = serve(&programs, &folder, user, port, disk)?;
        wait_until_ready(&folder)?;
        Ok(Self {
            programs,
            port,
            databases: AtomicU32::new(0),
            keeper,
        })
    }

    /// The URL of a new, empty database.
    ///
    /// # Errors
    /// The server does not make it.
    pub fn database(&self) -> Result<String, String> {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("desk_{number}");
        let made = Command::new(self.programs.join("createdb"))
            .args(["--host=127.0.0.1", "--username=makegood"])
            .arg(format!("--port={}", self.port))
            .arg(&name)
            .output()
            .map_err(|cause| format!("createdb: {cause}"))?;
        if !made.status.success() {
            return Err(format!(
                "createdb: {}",
                String::from_utf8_lossy(&made.stderr)
            ));
        }
        Ok(format!(
            "postgres://makegood@127.0.0.1:{}/{name}",
            self.port
        ))
    }

    /// What the server says to a question, a row a line, cells apart by `|`.
    ///
    /// # Errors
    /// It does not answer.
    pub fn ask(&self, url: &str, question: &str) -> Result<String, String> {
        let said = Command::new(self.programs.join("psql"))
            .args([
                "--no-psqlrc",
                "--tuples-only",
                "--no-align",
                "--command",
                question,
                url,
            ])
            .output()
            .map_err(|cause| format!("psql: {cause}"))?;
        if !said.status.success() {
            return Err(format!("psql: {}", String::from_utf8_lossy(&said.stderr)));
        }
        Ok(String::from_utf8_lossy(&said.stdout).trim().to_owned())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Where the server's programs are: what Debian installed last, or what `pg_config` says elsewhere.
fn programs() -> Result<PathBuf, String> {
    let versions = fs::read_dir("/usr/lib/postgresql").into_iter().flatten();
    let newest = versions
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let number: u32 = path.file_name()?.to_str()?.parse().ok()?;
            Some((number, path.join("bin")))
        })
        .filter(|(_, path)| path.join("initdb").exists())
        .max();
    if let Some((_, path)) = newest {
        return Ok(path);
    }
    let said = Command::new("pg_config").arg("--bindir").output();
    let path = said.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned());
    match path {
        Ok(path) if Path::new(&path).join("initdb").exists() => Ok(path.into()),
        _ => Err("there is no PostgreSQL server: install `postgresql`".to_owned()),
    }
}

/// Who runs the server, where we are root: it refuses to be run by root.
fn user() -> Result<Option<(u32, u32)>, String> {
    let said = Command::new("id").arg("-u").output();
    let said = said.map_err(|cause| format!("id: {cause}"))?;
    if said.stdout.trim_ascii() != b"0" {
        return Ok(None);
    }
    let known = ["postgres", "nobody"].iter().find_map(|name| id_of(name));
    known
        .map(Some)
        .ok_or_else(|| "no user beside root".to_owned())
}

fn id_of(name: &str) -> Option<(u32, u32)> {
    let ask = |which: &str| {
        let said = Command::new("id").args([which, name]).output().ok()?;
        String::from_utf8_lossy(&said.stdout).trim().parse().ok()
    };
    Some((ask("-u")?, ask("-g")?))
}

fn as_user(command: &mut Command, user: Option<(u32, u32)>) {
    if let Some((user, group)) = user {
        command.uid(user).gid(group);
    }
}

fn folder(user: Option<(u32, u32)>) -> std::io::Result<PathBuf> {
    static FOLDERS: AtomicU32 = AtomicU32::new(0);
    let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
    let name = format!("makegood-e2e-pg-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    // What an earlier process of the same number left behind.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder)?;
    if let Some((user, group)) = user {
        chown(&folder, Some(user), Some(group))?;
    }
    Ok(folder)
}

fn serve(
    programs: &Path,
    folder: &Path,
    user: Option<(u32, u32)>,
    port: u16,
    disk: Disk,
) -> Result<Child, String> {
    let careless = match disk {
        Disk::WaitedFor => "",
        Disk::NotWaitedFor => "-c fsync=off -c full_page_writes=off -c synchronous_commit=off",
    };
    let script = format!(
        r#""$1/postgres" -D "$2/data" -k "$2" -p {port} -c listen_addresses=127.0.0.1 \
            -c max_connections=200 -c log_min_messages=fatal {careless} >"$2/log" 2>&1 &
        server=$!
        cat >/dev/null
        kill -INT "$server"
        wait "$server"
        rm -rf "$2""#
    );
    let mut shell = Command::new("sh");
    shell
        .args(["-c", &script, "server"])
        .arg(programs)
        .arg(folder)
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        // A key pressed at the terminal ends us; the shell then sees the end of its input.
        .process_group(0);
    as_user(&mut shell, user);
    shell.spawn().map_err(|cause| format!("sh: {cause}"))
}

/// The server writes into its own file when it is ready.
fn wait_until_ready(folder: &Path) -> Result<(), String> {
    let begun = Instant::now();
    loop {
        let state = fs::read_to_string(folder.join("data/postmaster.pid")).unwrap_or_default();
        if state
            .lines()
            .nth(7)
            .is_some_and(|line| line.trim() == "ready")
        {
            return Ok(());
        }
        if begun.elapsed() > Duration::from_secs(30) {
            let log = fs::read_to_string(folder.join("log")).unwrap_or_default();
            return Err(format!("the server does not start: {log}"));
        }
        thread::sleep(Duration::from_millis(5));
    }
}
