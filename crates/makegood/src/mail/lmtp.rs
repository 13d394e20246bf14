// SPDX-License-Identifier: MIT OR Apache-2.0
//! A listener to which a mail server hands mail over, by LMTP (RFC 2033).
//!
//! A mail is taken once it is in the books, for each recipient alone. It is for one mail server beside the desk, not for the internet:
//! nobody signs in, and what it says of senders is not looked at.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::io::{
    AsyncBufRead, AsyncBufReadExt as _, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _,
    BufReader,
};
use tokio::net::TcpListener;
use tokio::sync::{Semaphore, watch};

use super::receive::{BYTES_MOST, HandedOver, Inbox};

/// So many connections are served at once.
const CONNECTIONS_MOST: usize = 16;
/// The longest line of a command.
const LINE_MOST: u64 = 4_096;
/// How many recipients a mail may have at a time.
const RECIPIENTS_MOST: usize = 100;
/// How long the other side may be silent.
const SILENT_MOST: Duration = Duration::from_secs(300);

/// How long until an address is tried again that cannot be had.
const AGAIN: Duration = Duration::from_secs(5);

/// Takes mail at an address until told to stop. While another program has the address, mail servers keep what they have.
pub async fn serve_at(address: SocketAddr, inbox: Inbox, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        match TcpListener::bind(address).await {
            Ok(listener) => return serve(listener, inbox, stop).await,
            Err(cause) => {
                tracing::error!(listen = %address, %cause, "no mail can be taken in: the address of `mail.in.lmtp` cannot be had; end the program that has it, or choose another");
            }
        }
        tokio::select! {
            () = tokio::time::sleep(AGAIN) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Takes mail until told to stop.
pub async fn serve(listener: TcpListener, inbox: Inbox, mut stop: watch::Receiver<bool>) {
    let room = std::sync::Arc::new(Semaphore::new(CONNECTIONS_MOST));
    loop {
        let Ok(place) = std::sync::Arc::clone(&room).acquire_owned().await else {
            return;
        };
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = stop.wait_for(|stop| *stop) => return,
        };
        let Ok((stream, _)) = accepted else {
            // Out of file handles or the like: others end meanwhile.
            tokio::time::sleep(Duration::from_millis(100)).await;
            continue;
        };
        let (inbox, mut stop) = (inbox.clone(), stop.clone());
        tokio::spawn(async move {
            let (reader, writer) = stream.into_split();
            let mut talk = Talk {
                reader: BufReader::new(reader),
                writer,
                inbox,
                begun: None,
            };
            tokio::select! {
                // Whoever breaks off sends again.
                _ = talk.run() => {}
                // What was not answered yet is handed over again.
                _ = stop.wait_for(|stop| *stop) => {}
            }
            drop(place);
        });
    }
}

struct Talk<R, W> {
    reader: R,
    writer: W,
    inbox: Inbox,
    /// The mail that is being handed over: whether its envelope names nobody to answer to, and for whom it is.
    begun: Option<HandedOver>,
}

impl<R: AsyncBufRead + Unpin, W: AsyncWrite + Unpin> Talk<R, W> {
    async fn run(&mut self) -> std::io::Result<()> {
        self.say("220 makegood LMTP").await?;
        while let Some(line) = self.line().await? {
            let line = line.trim_end();
            let (verb, rest) = line.split_once(' ').unwrap_or((line, ""));
            match verb.to_ascii_uppercase().as_str() {
                "LHLO" => {
                    self.begun = None;
                    let size = format!("250 SIZE {BYTES_MOST}");
                    self.say("250-makegood").await?;
                    self.say("250-PIPELINING").await?;
                    self.say("250-8BITMIME").await?;
                    self.say("250-SMTPUTF8").await?;
                    self.say("250-ENHANCEDSTATUSCODES").await?;
                    self.say(&size).await?;
                }
                "MAIL" => self.from(rest).await?,
                "RCPT" => self.to(rest).await?,
                "DATA" => self.data().await?,
                "RSET" => {
                    self.begun = None;
                    self.say("250 2.0.0 forgotten").await?;
                }
                "NOOP" => self.say("250 2.0.0 here").await?,
                "VRFY" => self.say("252 2.1.5 send it and see").await?,
                "QUIT" => return self.say("221 2.0.0 bye").await,
                "HELO" | "EHLO" => self.say("500 5.5.1 this is LMTP: say LHLO").await?,
                _ => self.say("500 5.5.1 not known here").await?,
            }
        }
        Ok(())
    }

    async fn say(&mut self, line: &str) -> std::io::Result<()> {
        self.writer.write_all(line.as_bytes()).await?;
        self.writer.write_all(b"\r\n").await?;
        self.writer.flush().await
    }

    /// A line; nothing when the other side has closed, or says too much or nothing for too long.
    async fn line(&mut self) -> std::io::Result<Option<String>> {
        let mut line = Vec::new();
        let mut reader = (&mut self.reader).take(LINE_MOST);
        let read = reader.read_until(b'\n', &mut line);
        match tokio::time::timeout(SILENT_MOST, read).await {
            Ok(read) => {
                read?;
            }
            Err(_) => {
                self.say("421 4.4.2 too slow").await?;
                return Ok(None);
            }
        }
        if !line.ends_with(b"\n") {
            return Ok(None);
        }
        Ok(Some(String::from_utf8_lossy(&line).into_owned()))
    }

    async fn from(&mut self, rest: &str) -> std::io::Result<()> {
        let Some(path) = path(rest, "FROM:") else {
            return self.say("501 5.5.4 MAIL FROM:<address>").await;
        };
        let size = rest.split_whitespace().find_map(|word| {
            word.to_ascii_uppercase()
                .strip_prefix("SIZE=")?
                .parse()
                .ok()
        });
        if size.is_some_and(|size: usize| size > BYTES_MOST) {
            return self.say("552 5.3.4 too long").await;
        }
        self.begun = Some(HandedOver {
            recipients: Vec::new(),
            null_sender: path.is_empty(),
        });
        self.say("250 2.1.0 from whom is noted").await
    }

    async fn to(&mut self, rest: &str) -> std::io::Result<()> {
        let Some(to) = path(rest, "TO:") else {
            return self.say("501 5.5.4 RCPT TO:<address>").await;
        };
        let own = self.inbox.reply_to.is_own(&to);
        let Some(begun) = &mut self.begun else {
            return self.say("503 5.5.1 MAIL comes first").await;
        };
        if !own {
            return self.say("550 5.1.1 nobody of this address is here").await;
        }
        if begun.recipients.len() == RECIPIENTS_MOST {
            return self.say("452 4.5.3 enough recipients for once").await;
        }
        begun.recipients.push(to);
        self.say("250 2.1.5 for whom is noted").await
    }

    async fn data(&mut self) -> std::io::Result<()> {
        let begun = self.begun.take();
        let Some(begun) = begun.filter(|begun| !begun.recipients.is_empty()) else {
            return self.say("503 5.5.1 MAIL and RCPT come first").await;
        };
        self.say("354 go on, and end with a full stop alone")
            .await?;
        let Some(raw) = self.content().await? else {
            for _ in &begun.recipients {
                self.say("552 5.3.4 too long").await?;
            }
            return Ok(());
        };
        // The same mail for several recipients is one mail, of which the first that names a case says where it goes.
        let taken = self.inbox.take(&raw, &begun).await;
        if let Err(trouble) = &taken {
            tracing::warn!(cause = %trouble, "a mail could not be taken in; the mail server hands it over again");
        }
        for _ in &begun.recipients {
            match &taken {
                Ok(_) => self.say("250 2.0.0 taken").await?,
                Err(_) => self.say("451 4.3.0 not now").await?,
            }
        }
        Ok(())
    }

    /// The mail, up to a full stop alone; nothing if it is too long, and then it is read to its end all the same.
    async fn content(&mut self) -> std::io::Result<Option<Vec<u8>>> {
        let mut raw = Vec::new();
        let mut too_long = false;
        let mut at_start = true;
        loop {
            let mut line = Vec::new();
            let mut reader = (&mut self.reader).take(64 << 10);
            let read = reader.read_until(b'\n', &mut line);
            let read = tokio::time::timeout(SILENT_MOST, read).await;
            let length = read.map_err(|_| std::io::ErrorKind::TimedOut)??;
            if length == 0 {
                return Err(std::io::ErrorKind::UnexpectedEof.into());
            }
            if at_start && matches!(line.as_slice(), b".\r\n" | b".\n") {
                return Ok((!too_long).then_some(raw));
            }
            let stuffed = at_start && line.starts_with(b".");
            at_start = line.ends_with(b"\n");
            too_long |= raw.len().saturating_add(line.len()) > BYTES_MOST;
            if !too_long {
                raw.extend_from_slice(line.get(usize::from(stuffed)..).unwrap_or_default());
            }
        }
    }
}

/// The address behind `FROM:` or `TO:`, without its angle brackets.
fn path(rest: &str, word: &str) -> Option<String> {
    let rest = rest.trim_start();
    let named = rest.get(..word.len())?;
    if !named.eq_ignore_ascii_case(word) {
        return None;
    }
    let (_, behind) = rest.split_once('<')?;
    let (address, _) = behind.split_once('>')?;
    (address.len() <= 512).then(|| address.trim().to_owned())
}
