// SPDX-License-Identifier: MIT OR Apache-2.0
//! Letters on their way to the mail server: taken from the books, tried over days, each under one name.
//!
//! The books say that a letter was sent once the mail server has taken it. Whoever dies between the two sends it again under the same
//! name, from which mail systems can tell that it is the same: more SMTP does not give.

use std::sync::Arc;
use std::time::Duration as Span;

use lettre::address::Envelope as Path;
use lettre::transport::smtp::authentication::Credentials;
use lettre::transport::smtp::client::{Tls, TlsParameters};
use lettre::transport::smtp::extension::ClientId;
use lettre::{Address, AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use makegood_desk::case::{Duration, Instant};
use makegood_desk::input::Id;
use makegood_desk::notice::Notice;
use tokio::sync::watch;

use super::address::{Answered, ReplyTo};
use super::letter::{Envelope, Kept, written};
use crate::books::act::WORK;
use crate::books::intake::EMAIL;
use crate::books::mail::{self, DueOut, Sent};
use crate::books::private;
use crate::books::seal::hex;
use crate::clock::{Clock, timestamp};
use crate::config::{Mail as Settings, MailServer, MailTls};
use crate::post::LETTER_MAIL;
use crate::setup::Ready;
use crate::store::{Store, Trouble};
use crate::vault::{Vault, VaultTrouble};

/// So many letters are taken in hand at once.
const HANDFUL: i64 = 16;
/// The books are looked at least this often.
const ROUND: Span = Span::from_secs(1);
/// How long a mail server may take.
const TIMEOUT: Span = Span::from_secs(60);
/// How long after each try the next is made, in minutes; after the last nobody tries any more. Five days, as mail servers do.
const WAITS: [i64; 14] = [
    1, 5, 15, 30, 60, 120, 240, 480, 720, 720, 1_440, 1_440, 1_440, 720,
];

/// Who sends letters.
pub struct Outbox {
    store: Store,
    vault: Arc<Vault>,
    clock: Clock,
    reply_to: Arc<ReplyTo>,
    address: String,
    name: String,
    server: AsyncSmtpTransport<Tokio1Executor>,
}

/// What a mail server said.
enum Tried {
    Taken,
    /// It will not have this letter, with its code.
    Refused(String),
    /// Not now, with its code or a word.
    NotNow(String),
}

impl Outbox {
    /// The way out of a desk that sends mail.
    ///
    /// # Errors
    /// As of [`Outbox::new`].
    pub fn of(ready: &Ready) -> Result<Option<Self>, String> {
        let Some((settings, reply_to)) = ready.config.mail.as_ref().zip(ready.reply_to.clone())
        else {
            return Ok(None);
        };
        let Some(server) = &settings.out else {
            return Ok(None);
        };
        let (store, vault) = (ready.shop.desk.store.clone(), Arc::clone(&ready.vault));
        let clock = ready.shop.clock.clone();
        Self::new(store, vault, clock, reply_to, (settings, server)).map(Some)
    }

    /// Letters from the books to the server of the settings.
    ///
    /// # Errors
    /// The server cannot be spoken to as the settings say.
    pub fn new(
        store: Store,
        vault: Arc<Vault>,
        clock: Clock,
        reply_to: Arc<ReplyTo>,
        (settings, server): (&Settings, &MailServer),
    ) -> Result<Self, String> {
        Ok(Self {
            store,
            vault,
            clock,
            address: settings.address.clone(),
            name: settings.name.clone(),
            server: transport(server, reply_to.domain())?,
            reply_to,
        })
    }

    /// Sends a mail that is no letter of a case at once, and once: whoever waits for it asks again if it does not come.
    pub async fn send_now(&self, to: &str, notice: &Notice) -> bool {
        let Ok(to) = to.parse::<Address>() else {
            return false;
        };
        let name = crate::setup::new_id();
        let envelope = Envelope {
            from: &self.address,
            name: &self.name,
            to: to.as_ref(),
            reply_to: &self.address,
            message_id: &format!("{}@{}", hex(&name.0), self.reply_to.domain()),
            references: &[],
            at: self.clock.timestamp(),
            proof: None,
        };
        let raw = written(&Kept::of(notice), &envelope);
        let tried = self.send(to, &raw).await;
        let (taken, code) = match &tried {
            Tried::Taken => (true, None),
            Tried::Refused(code) | Tried::NotNow(code) => (false, Some(code.as_str())),
        };
        tracing::info!(
            code,
            outcome = if taken { "sent" } else { "refused" },
            "a code was tried at the mail server"
        );
        taken
    }

    /// Sends until told to stop; what is being sent then is finished.
    pub async fn work(self, mut stop: watch::Receiver<bool>) {
        let mut words = self.store.listen(WORK);
        while !*stop.borrow() {
            let busy = match self.round().await {
                Ok(tried) => tried > 0,
                Err(trouble) => {
                    tracing::warn!(cause = %trouble, "letters could not be sent; it is tried again");
                    false
                }
            };
            if !busy {
                tokio::select! {
                    () = tokio::time::sleep(ROUND) => {}
                    heard = words.heard() => if heard.is_err() { return },
                    _ = stop.changed() => {}
                }
            }
        }
    }

    /// Tries once what is due. Answers how many were tried.
    ///
    /// # Errors
    /// The store's trouble.
    pub async fn round(&self) -> Result<usize, Trouble> {
        let now = self.clock.now();
        let due = self
            .store
            .write(move |tx| Box::pin(async move { mail::take_out(tx, HANDFUL, now).await }))
            .await?;
        let count = due.len();
        for letter in due {
            let of = letter.of;
            let (sent, said) = self.attempt(letter).await?;
            let now = self.clock.now();
            tracing::info!(case = %hex(&of.case.0), letter = of.letter, code = said.as_deref(), outcome = sent.word(), "a letter was tried at the mail server");
            self.store
                .write(move |tx| {
                    let said = said.clone();
                    Box::pin(async move { mail::tried(tx, of, sent, said.as_deref(), now).await })
                })
                .await?;
        }
        Ok(count)
    }

    async fn attempt(&self, due: DueOut) -> Result<(Sent, Option<String>), Trouble> {
        let Some(kept) = self.kept(&due).await? else {
            return Ok((Sent::Erased, None));
        };
        let to = match self.address(due.of.case, due.person).await? {
            Some(address) => match address.parse::<Address>() {
                Ok(to) => to,
                Err(_) => return Ok((Sent::NoAddress, Some("unreadable".to_owned()))),
            },
            None => return Ok((Sent::NoAddress, None)),
        };
        let raw = self.written(&due, &kept, to.as_ref());
        let (sent, said) = match self.send(to, &raw).await {
            Tried::Taken => (Sent::Sent, None),
            Tried::Refused(code) => (Sent::Refused, Some(code)),
            Tried::NotNow(code) => (self.again(due.tries), Some(code)),
        };
        Ok((sent, said))
    }

    fn again(&self, tries: u32) -> Sent {
        let place = usize::try_from(tries.saturating_sub(1)).unwrap_or(usize::MAX);
        let wait = WAITS.get(place);
        wait.map_or(Sent::GivenUp, |minutes| {
            let wait = Duration::from_seconds(minutes.saturating_mul(60));
            let at: Instant = self.clock.now().plus(wait);
            Sent::Again(at)
        })
    }

    fn written(&self, due: &DueOut, kept: &Kept, to: &str) -> Vec<u8> {
        // The first name stands for the case, so that mail programs keep its letters together.
        let named = |letter| {
            let case = due.of.case;
            self.reply_to.message_id(Answered { case, letter })
        };
        let mut references = vec![named(0)];
        if due.of.letter > 1 {
            references.push(named(due.of.letter.saturating_sub(1)));
        }
        let envelope = Envelope {
            from: &self.address,
            name: &self.name,
            to,
            reply_to: &self.reply_to.address(due.of),
            message_id: &due.message_id,
            references: &references,
            at: timestamp(due.at),
            proof: due.proof.as_deref(),
        };
        written(kept, &envelope)
    }

    async fn send(&self, to: Address, raw: &[u8]) -> Tried {
        // Reports come back to where answers do.
        let from: Option<Address> = self.address.parse().ok();
        let Ok(path) = Path::new(from, vec![to]) else {
            return Tried::NotNow("unreadable".to_owned());
        };
        let Err(why) = self.server.send_raw(&path, raw).await else {
            return Tried::Taken;
        };
        // Its words hold the address, so only its code is kept.
        let Some(status) = why.status() else {
            let word = if why.is_timeout() {
                "timeout"
            } else {
                "unreachable"
            };
            return Tried::NotNow(word.to_owned());
        };
        let code = status.to_string();
        let is_about_the_letter = matches!(
            code.as_str(),
            "550" | "551" | "552" | "553" | "554" | "555" | "556"
        );
        if is_about_the_letter {
            Tried::Refused(code)
        } else {
            Tried::NotNow(code)
        }
    }

    /// What is sent of a letter; nothing if its reader was erased.
    async fn kept(&self, due: &DueOut) -> Result<Option<Kept>, Trouble> {
        let bytes = self.opened(due.kept, LETTER_MAIL).await?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    async fn address(&self, case: Id, person: Id) -> Result<Option<String>, Trouble> {
        let found = self
            .store
            .read(move |tx| Box::pin(async move { mail::address_of(tx, case, person).await }));
        let Some((_, digest)) = found.await? else {
            return Ok(None);
        };
        let bytes = self.opened(digest, EMAIL).await?;
        Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()))
    }

    async fn opened(
        &self,
        digest: makegood_desk::input::Digest,
        field: &str,
    ) -> Result<Option<Vec<u8>>, Trouble> {
        let found = self
            .store
            .read(move |tx| Box::pin(async move { private::read(tx, digest).await }));
        let Some((person, _, sealed)) = found.await? else {
            return Ok(None);
        };
        match self.vault.open_field(&hex(&person.0), field, &sealed).await {
            Ok(opened) => Ok(Some(opened.expose().clone())),
            Err(VaultTrouble::Erased | VaultTrouble::Unknown) => Ok(None),
            Err(why) => Err(Trouble::Unavailable {
                why: why.to_string(),
            }),
        }
    }
}

fn transport(
    server: &MailServer,
    domain: &str,
) -> Result<AsyncSmtpTransport<Tokio1Executor>, String> {
    let parameters = || {
        TlsParameters::new(server.host.clone())
            .map_err(|why| format!("TLS cannot be spoken to {}: {why}", server.host))
    };
    let tls = match server.tls {
        MailTls::StartTls => Tls::Required(parameters()?),
        MailTls::Tls => Tls::Wrapper(parameters()?),
        MailTls::None => Tls::None,
    };
    let builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&server.host)
        .port(server.port)
        .hello_name(ClientId::Domain(domain.to_owned()))
        .timeout(Some(TIMEOUT))
        .tls(tls);
    Ok(match &server.login {
        Some((user, password)) => builder
            .credentials(Credentials::new(user.clone(), password.expose().clone()))
            .build(),
        None => builder.build(),
    })
}
