// SPDX-License-Identifier: MIT OR Apache-2.0
//! A PostgreSQL server for the tests of one file: made in a temporary folder, gone when the tests are.
//!
//! The server runs below a shell that waits for the end of its input. Whatever happens to the tests, a panic or a kill, the
//! pipe closes with them; the shell then stops the server and removes the folder.

use std::fs;
use std::io;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// A running server.
pub struct Cluster {
    port: u16,
    server: u32,
    databases: AtomicU32,
    /// The shell that waits for us to go.
    keeper: Child,
}

/// Whether the server writes as one that must not lose anything.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Durability {
    /// As for tests: nothing is ever flushed.
    None,
    /// As installed.
    Full,
}

impl Cluster {
    /// Starts a server.
    pub fn start(durability: Durability) -> Self {
        let programs = programs();
        let user = User::of_the_server();
        let folder = folder(&user);
        let data = folder.join("data");
        let template = template(&programs, &user);
        let mut copy = Command::new("cp");
        copy.arg("-a").arg(&template).arg(&data);
        user.runs(&mut copy);
        ran(&mut copy, "a copy of the template");
        let port = free_port();
        let keeper = serve(&programs, &folder, &user, port, durability);
        let server = wait_until_ready(&data, &folder);
        Self {
            port,
            server,
            databases: AtomicU32::new(0),
            keeper,
        }
    }

    /// The URL of a database of this server.
    pub fn url(&self, name: &str) -> String {
        format!("postgres://makegood@127.0.0.1:{}/{name}", self.port)
    }

    /// The address at which the server answers.
    pub fn address(&self) -> (&'static str, u16) {
        ("127.0.0.1", self.port)
    }

    /// The number of the server's first process, whose children are all the others.
    pub fn server(&self) -> u32 {
        self.server
    }

    /// The URL of a new database, empty or a copy of another that nobody uses.
    pub async fn database(&self, template: Option<&str>) -> String {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        let name = format!("test_{number}");
        let template = template.unwrap_or("template1");
        self.tell(&format!("create database {name} template {template}"))
            .await;
        self.url(&name)
    }

    /// Says something to the server as its owner.
    pub async fn tell(&self, command: &str) {
        self.tell_in(&self.url("postgres"), command).await;
    }

    /// Says something to a database as its owner.
    pub async fn tell_in(&self, url: &str, command: &str) {
        let (client, connection) = tokio_postgres::connect(url, tokio_postgres::NoTls)
            .await
            .expect("the server answers");
        let driven = tokio::spawn(connection);
        client.batch_execute(command).await.expect("it is done");
        drop(client);
        driven.await.expect("it ends").expect("it ends well");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        let _ = self.keeper.wait();
    }
}

/// Where the server's programs are: what Debian installed last, or what `pg_config` says elsewhere.
fn programs() -> PathBuf {
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
        return path;
    }
    let said = Command::new("pg_config").arg("--bindir").output();
    let path = said.map(|said| String::from_utf8_lossy(&said.stdout).trim().to_owned());
    match path {
        Ok(path) if Path::new(&path).join("initdb").exists() => path.into(),
        _ => panic!("these tests need a PostgreSQL server: install `postgresql`"),
    }
}

/// A server's folder as `initdb` makes it, made once and copied from then on: making one takes longer than most tests.
fn template(programs: &Path, user: &User) -> PathBuf {
    let version = programs.to_string_lossy().replace('/', "-");
    let owner = user.ids.map_or(0, |(user, _)| user);
    let name = format!("makegood-pg-template{version}-{owner}");
    let template = std::env::temp_dir().join(name);
    if template.join("data/PG_VERSION").exists() {
        return template.join("data");
    }
    let fresh = folder(user);
    let mut initdb = Command::new(programs.join("initdb"));
    initdb
        .args([
            "--auth=trust",
            "--encoding=UTF8",
            "--locale=C",
            "--username=makegood",
            // The log begins with one segment, and a small one is soon copied.
            "--wal-segsize=1",
        ])
        .args(["--no-sync", "--pgdata"])
        .arg(fresh.join("data"))
        .current_dir(&fresh);
    user.runs(&mut initdb);
    ran(&mut initdb, "initdb");
    // Whoever is first has made it; the others have made the same.
    if fs::rename(&fresh, &template).is_err() {
        let _ = fs::remove_dir_all(&fresh);
    }
    template.join("data")
}

fn ran(command: &mut Command, what: &str) {
    let said = command.output().expect(what);
    let words = String::from_utf8_lossy(&said.stderr);
    assert!(said.status.success(), "{what}: {words}");
}

/// Who runs the server: it refuses to be run by root.
struct User {
    ids: Option<(u32, u32)>,
}

impl User {
    fn of_the_server() -> Self {
        let said = Command::new("id").arg("-u").output().expect("`id` runs");
        if said.stdout.trim_ascii() != b"0" {
            return Self { ids: None };
        }
        let known = ["postgres", "nobody"].iter().find_map(|name| id_of(name));
        Self {
            ids: Some(known.expect("a user beside root")),
        }
    }

    fn runs(&self, command: &mut Command) {
        if let Some((user, group)) = self.ids {
            command.uid(user).gid(group);
        }
    }
}

fn id_of(name: &str) -> Option<(u32, u32)> {
    let ask = |which: &str| {
        let said = Command::new("id").args([which, name]).output().ok()?;
        String::from_utf8_lossy(&said.stdout).trim().parse().ok()
    };
    Some((ask("-u")?, ask("-g")?))
}

fn folder(user: &User) -> PathBuf {
    static FOLDERS: AtomicU32 = AtomicU32::new(0);
    let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
    let name = format!("makegood-pg-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    // What an earlier process of the same number left behind.
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).expect("a folder");
    if let Some((user, group)) = user.ids {
        chown(&folder, Some(user), Some(group)).expect("a folder of the server's user");
    }
    folder
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    listener.local_addr().expect("an address").port()
}

fn serve(programs: &Path, folder: &Path, user: &User, port: u16, durability: Durability) -> Child {
    let careless = match durability {
        Durability::None => "-c fsync=off -c full_page_writes=off -c synchronous_commit=off",
        Durability::Full => "",
    };
    let script = format!(
        r#""$1/postgres" -D "$2/data" -k "$2" -p {port} -c listen_addresses=127.0.0.1 \
            -c max_connections=300 -c log_min_messages=fatal {careless} >"$2/log" 2>&1 &
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
        // A key pressed at the terminal ends the tests; the shell then sees the end of its input.
        .process_group(0);
    user.runs(&mut shell);
    shell.spawn().expect("a shell")
}

/// The server writes into its own file when it is ready, and its number.
fn wait_until_ready(data: &Path, folder: &Path) -> u32 {
    let begun = Instant::now();
    loop {
        let state = fs::read_to_string(data.join("postmaster.pid"));
        match state {
            Ok(state)
                if state
                    .lines()
                    .nth(7)
                    .is_some_and(|line| line.trim() == "ready") =>
            {
                let number = state.lines().next().and_then(|line| line.parse().ok());
                return number.expect("the number of a process");
            }
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => panic!("the server's file: {error}"),
        }
        let log = || fs::read_to_string(folder.join("log")).unwrap_or_default();
        assert!(
            begun.elapsed() < Duration::from_secs(30),
            "the server does not start: {}",
            log()
        );
        thread::sleep(Duration::from_millis(5));
    }
}
