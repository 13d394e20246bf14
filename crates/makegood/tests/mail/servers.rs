// SPDX-License-Identifier: MIT OR Apache-2.0
//! Real mail servers around a desk: OpenSMTPD, which brings mail in and out, and Dovecot, in which the customer reads it.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// OpenSMTPD and Dovecot, in a folder of their own, stopped when they are let go.
pub struct Servers {
    folder: PathBuf,
    running: Vec<Child>,
    /// Where OpenSMTPD takes mail.
    pub smtp: u16,
    /// Where the desk takes mail.
    pub lmtp: u16,
}

/// A port that is free now.
fn port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

impl Servers {
    /// Starts both; mail for `desk.test` goes to the desk's LMTP listener, mail for `customer.test` to Dovecot, and `gone.test` is refused.
    pub fn start() -> Self {
        let folder = std::env::temp_dir().join(format!("makegood-mail-{}", uuid::Uuid::now_v7()));
        for name in ["base", "state", "mail"] {
            std::fs::create_dir_all(folder.join(name)).unwrap();
        }
        let (smtp, lmtp, box_lmtp) = (port(), port(), port());
        let at = |name: &str| folder.join(name).display().to_string();
        let dovecot = format!(
            "base_dir = {}\nstate_dir = {}\nlog_path = {}\nlisten = 127.0.0.1\nprotocols = lmtp\nssl = no\n\
             default_internal_user = nobody\ndefault_internal_group = nogroup\ndefault_login_user = nobody\n\
             mail_location = maildir:{}/%n\nmail_uid = nobody\nmail_gid = nogroup\nfirst_valid_uid = 1\n\
             passdb {{\n driver = static\n args = password=secret\n}}\n\
             userdb {{\n driver = static\n args = uid=nobody gid=nogroup home={}/%n\n}}\n\
             service lmtp {{\n inet_listener lmtp {{\n address = 127.0.0.1\n port = {box_lmtp}\n }}\n}}\n\
             service anvil {{\n chroot =\n}}\nservice stats {{\n chroot =\n}}\n",
            at("base"),
            at("state"),
            at("dovecot.log"),
            at("mail"),
            at("mail")
        );
        let smtpd = format!(
            "listen on 127.0.0.1 port {smtp}\n\
             action \"in\" relay host \"lmtp://127.0.0.1:{lmtp}\"\n\
             action \"out\" relay host \"lmtp://127.0.0.1:{box_lmtp}\"\n\
             match from any for domain \"desk.test\" action \"in\"\n\
             match from any for domain \"customer.test\" action \"out\"\n"
        );
        std::fs::write(folder.join("dovecot.conf"), dovecot).unwrap();
        std::fs::write(folder.join("smtpd.conf"), smtpd).unwrap();
        let open = Command::new("chmod")
            .args(["-R", "777"])
            .arg(&folder)
            .status();
        assert!(open.unwrap().success());
        let running = vec![
            run("dovecot", &["-F", "-c", &at("dovecot.conf")], &folder),
            run("smtpd", &["-d", "-f", &at("smtpd.conf")], &folder),
        ];
        let servers = Self {
            folder,
            running,
            smtp,
            lmtp,
        };
        for port in [smtp, box_lmtp] {
            servers.wait("a mail server listens", || {
                std::net::TcpStream::connect(("127.0.0.1", port)).ok()
            });
        }
        servers
    }

    /// Waits until there is something.
    pub fn wait<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        for _ in 0..600 {
            if let Some(found) = look() {
                return found;
            }
            std::thread::sleep(Duration::from_millis(100));
        }
        let read = |name: &str| std::fs::read_to_string(self.folder.join(name)).unwrap_or_default();
        panic!(
            "never: {what}\n{}\n{}",
            read("smtpd.log"),
            read("dovecot.log")
        );
    }

    /// The mails in somebody's box.
    pub fn mails_of(&self, name: &str) -> Vec<Vec<u8>> {
        let folder = self.folder.join("mail").join(name).join("new");
        let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
            .map(|entries| entries.map(|entry| entry.unwrap().path()).collect())
            .unwrap_or_default();
        files.sort();
        files
            .iter()
            .map(|file| std::fs::read(file).unwrap())
            .collect()
    }
}

fn run(program: &str, arguments: &[&str], folder: &Path) -> Child {
    let log = std::fs::File::create(folder.join(format!("{program}.log"))).unwrap();
    // Debian keeps servers where only root looks.
    Command::new(format!("/usr/sbin/{program}"))
        .args(arguments)
        .stdin(Stdio::null())
        .stdout(log.try_clone().unwrap())
        .stderr(log)
        .spawn()
        .unwrap_or_else(|why| panic!("{program}: {why}; run `cargo xtask test`, which installs it"))
}

impl Drop for Servers {
    fn drop(&mut self) {
        for server in &mut self.running {
            let _ = Command::new("kill").arg(server.id().to_string()).status();
            let _ = server.wait();
        }
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
