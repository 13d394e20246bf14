// SPDX-License-Identifier: MIT OR Apache-2.0
//! The merchant's people, their sessions, and the tokens of programs: who they are, what they may do, and how they are recognised.

use makegood_desk::case::{Duration, Instant};
use makegood_desk::input::{Actor, Id, Language};
use ring::digest::{SHA256, digest};
use ring::rand::{SecureRandom as _, SystemRandom};

use super::{instant, nanoseconds, stranger};
use crate::post::language_of;
use crate::secret::Secret;
use crate::store::{Row, Trouble, Tx, Value};

crate::statements! {
    /// Somebody new.
    INSERT_STAFF = "insert into staff (id, name, role, created_at) values (?1, ?2, ?3, ?4) on conflict do nothing";
    /// Everybody.
    STAFF = "select id, name, role, created_at, disabled_at from staff order by name";
    /// Somebody by name.
    STAFF_NAMED = "select id, name, role, created_at, disabled_at from staff where name = ?1";
    /// Somebody who is there no more.
    DISABLE_STAFF = "update staff set disabled_at = ?2 where id = ?1 and disabled_at is null";
    /// A new token.
    INSERT_TOKEN = "insert into token (hash, id, name, scopes, staff_id, created_at, expires_at) values (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    /// A token by what it hashes to, and who holds it.
    TOKEN = "select t.id, t.name, t.scopes, t.staff_id, t.created_at, t.expires_at, t.used_at, t.revoked_at, s.role, s.disabled_at, s.name from token t left join staff s on s.id = t.staff_id where t.hash = ?1";
    /// All tokens.
    TOKENS = "select t.id, t.name, t.scopes, t.staff_id, t.created_at, t.expires_at, t.used_at, t.revoked_at, s.role, s.disabled_at, s.name from token t left join staff s on s.id = t.staff_id order by t.created_at, t.id";
    /// A token that counts no more.
    REVOKE = "update token set revoked_at = ?2 where id = ?1 and revoked_at is null";
    /// When a token was last used.
    USED = "update token set used_at = ?2 where hash = ?1 and (used_at is null or used_at < ?3)";
    /// A link that signs somebody in once.
    INSERT_LINK = "insert into sign_in_link (hash, staff_id, created_at, expires_at) values (?1, ?2, ?3, ?4)";
    /// Uses such a link.
    USE_LINK = "update sign_in_link set used_at = ?2 where hash = ?1 and used_at is null and expires_at > ?2";
    /// Whose such a link is, if it still counts.
    LINK = "select s.id, s.name, s.role, s.created_at, s.disabled_at from sign_in_link l join staff s on s.id = l.staff_id where l.hash = ?1 and l.used_at is null and l.expires_at > ?2 and s.disabled_at is null";
    /// Lets go of links that ran out long ago.
    FORGET_LINKS = "delete from sign_in_link where expires_at < ?1";
    /// Somebody has signed in.
    INSERT_SESSION = "insert into session (hash, id, staff_id, created_at, expires_at, used_at) values (?1, ?2, ?3, ?4, ?5, ?4)";
    /// Whoever has a session proved who they are.
    PROVED = "update session set proved_at = ?2 where id = ?1 and ended_at is null";
    /// A session by what its secret hashes to, and whose it is.
    SESSION = "select s.id, s.created_at, s.expires_at, s.used_at, s.ended_at, p.id, p.name, p.role, p.disabled_at, p.language, p.keys_off, s.proved_at from session s join staff p on p.id = s.staff_id where s.hash = ?1";
    /// The sessions of somebody that go on, newest first.
    SESSIONS_OF = "select id, created_at, used_at from session where staff_id = ?1 and ended_at is null and expires_at > ?2 order by created_at desc limit 100";
    /// Ends one session of somebody's.
    END_ONE = "update session set ended_at = ?3 where staff_id = ?1 and id = ?2 and ended_at is null";
    /// Ends all sessions of somebody's but one.
    END_OTHERS = "update session set ended_at = ?3 where staff_id = ?1 and id <> ?2 and ended_at is null";
    /// When a session was last used.
    SESSION_USED = "update session set used_at = ?2 where hash = ?1 and used_at < ?3";
    /// Somebody has signed out.
    END_SESSION = "update session set ended_at = ?2 where hash = ?1 and ended_at is null";
    /// Lets go of sessions that ended long ago.
    FORGET_SESSIONS = "delete from session where expires_at < ?1";
}

/// What somebody of the merchant does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Talks with customers and decides.
    Agent,
    /// Knows what fulfilment can do.
    Technical,
    /// Looks after the money.
    Finance,
    /// Whose shop it is.
    Owner,
}

impl Role {
    /// All of them, by their words.
    pub const ALL: [(&'static str, Self); 4] = [
        ("agent", Self::Agent),
        ("technical", Self::Technical),
        ("finance", Self::Finance),
        ("owner", Self::Owner),
    ];

    /// The role of a word.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == word)
            .map(|(_, role)| *role)
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, role)| *role == self)
            .map_or("", |(word, _)| word)
    }

    /// A person in this role, as the desk sees them.
    #[must_use]
    pub const fn actor(self, person: Id) -> Actor {
        match self {
            Self::Agent => Actor::Agent(person),
            Self::Technical => Actor::Technical(person),
            Self::Finance => Actor::Finance(person),
            Self::Owner => Actor::Owner(person),
        }
    }
}

/// Somebody of the merchant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub id: Id,
    /// The name that colleagues know.
    pub name: String,
    /// What they do.
    pub role: Role,
    /// Since when.
    pub created_at: Instant,
    /// Since when no more.
    pub disabled_at: Option<Instant>,
}

fn person(row: &Row) -> Result<Person, Trouble> {
    Ok(Person {
        id: Id(row.id(0)?),
        name: row.text(1)?.to_owned(),
        role: Role::read(row.text(2)?).ok_or_else(|| stranger("a role that nobody knows"))?,
        created_at: instant(row.int(3)?),
        disabled_at: row.opt_int(4)?.map(instant),
    })
}

/// Writes somebody down; `false` where the name is taken.
///
/// # Errors
/// The store's trouble.
pub async fn add(
    tx: &mut Tx<'_>,
    id: Id,
    name: &str,
    role: Role,
    now: Instant,
) -> Result<bool, Trouble> {
    let values = [
        Value::from(id.0),
        Value::from(name),
        Value::from(role.word()),
        Value::from(nanoseconds(now)?),
    ];
    Ok(tx.run(&INSERT_STAFF, &values).await? == 1)
}

/// Everybody, by name.
///
/// # Errors
/// The store's trouble.
pub async fn all(tx: &mut Tx<'_>) -> Result<Vec<Person>, Trouble> {
    tx.rows(&STAFF, &[]).await?.iter().map(person).collect()
}

/// Somebody by name.
///
/// # Errors
/// The store's trouble.
pub async fn named(tx: &mut Tx<'_>, name: &str) -> Result<Option<Person>, Trouble> {
    let row = tx.one(&STAFF_NAMED, &[Value::from(name)]).await?;
    row.as_ref().map(person).transpose()
}

/// Takes somebody's access away, with all their tokens; `false` where it was gone.
///
/// # Errors
/// The store's trouble.
pub async fn disable(tx: &mut Tx<'_>, id: Id, now: Instant) -> Result<bool, Trouble> {
    let values = [Value::from(id.0), Value::from(nanoseconds(now)?)];
    Ok(tx.run(&DISABLE_STAFF, &values).await? == 1)
}

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// The shop's programs: orders, logs, requests for customers.
    Shop,
    /// An agent.
    Agent,
    /// The technical team.
    Technical,
    /// Finance.
    Finance,
    /// Everything.
    Admin,
    /// Looking.
    Read,
}

impl Scope {
    /// All of them, by their words.
    pub const ALL: [(&'static str, Self); 6] = [
        ("shop", Self::Shop),
        ("agent", Self::Agent),
        ("technical", Self::Technical),
        ("finance", Self::Finance),
        ("admin", Self::Admin),
        ("read", Self::Read),
    ];

    /// The scope of a word.
    #[must_use]
    pub fn read(word: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .find(|(known, _)| *known == word)
            .map(|(_, scope)| *scope)
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(_, scope)| *scope == self)
            .map_or("", |(word, _)| word)
    }

    /// What a person of a role may do.
    #[must_use]
    pub const fn of_role(role: Role) -> Self {
        match role {
            Role::Agent => Self::Agent,
            Role::Technical => Self::Technical,
            Role::Finance => Self::Finance,
            Role::Owner => Self::Admin,
        }
    }
}

/// A token as it is known, without what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its name for machines.
    pub id: Id,
    /// Its name for people.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Who holds it, and in which role; nobody for a program's.
    pub person: Option<(Id, Role)>,
    /// That person's name.
    pub person_name: Option<String>,
    /// When it was made.
    pub created_at: Instant,
    /// When it ends.
    pub expires_at: Option<Instant>,
    /// When it was last used, to the hour.
    pub used_at: Option<Instant>,
    /// When it was taken back, or its holder was.
    pub revoked_at: Option<Instant>,
    /// The language that its holder chose.
    pub language: Option<Language>,
    /// Whether single keys do something on its holder's pages.
    pub keys: bool,
    /// Of a session: when whoever has it last proved who they are, if ever. Nothing of a program's token.
    pub session: Option<Option<Instant>>,
}

impl Token {
    /// Whether it counts at a moment.
    #[must_use]
    pub fn counts(&self, now: Instant) -> bool {
        self.revoked_at.is_none() && self.expires_at.is_none_or(|end| now < end)
    }

    /// Who acts with it: its holder, or the shop.
    #[must_use]
    pub fn actor(&self) -> Actor {
        match self.person {
            Some((person, role)) => role.actor(person),
            None => Actor::Shop,
        }
    }
}

fn token(row: &Row) -> Result<Token, Trouble> {
    let scopes = row.text(2)?.split_whitespace();
    let scopes = scopes
        .map(|word| Scope::read(word).ok_or_else(|| stranger("a scope that nobody knows")))
        .collect::<Result<_, _>>()?;
    let role = row
        .opt_text(8)?
        .map(|word| Role::read(word).ok_or_else(|| stranger("a role that nobody knows")));
    let person = row.opt_id(3)?.map(Id);
    let disabled = row.opt_int(9)?.map(instant);
    Ok(Token {
        id: Id(row.id(0)?),
        name: row.text(1)?.to_owned(),
        scopes,
        person: person.zip(role.transpose()?),
        person_name: row.opt_text(10)?.map(str::to_owned),
        created_at: instant(row.int(4)?),
        expires_at: row.opt_int(5)?.map(instant),
        used_at: row.opt_int(6)?.map(instant),
        revoked_at: row.opt_int(7)?.map(instant).or(disabled),
        language: None,
        keys: true,
        session: None,
    })
}

/// What tokens begin with, so that a leaked one is recognised.
pub const PREFIX: &str = "mgt_";

/// 256 random bits in 43 characters behind a prefix.
///
/// # Errors
/// The system gives no random numbers.
pub fn random(prefix: &str) -> Result<Secret, Trouble> {
    use base64::Engine as _;
    let mut bytes = [0; 32];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| Trouble::Unavailable {
            why: "the system gives no random numbers".to_owned(),
        })?;
    let text = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes);
    Ok(Secret::new(format!("{prefix}{text}")))
}

/// What is kept of a token or a link: it is random enough that nobody finds it from this.
#[must_use]
pub fn hash(token: &str) -> [u8; 32] {
    let digest = digest(&SHA256, token.as_bytes());
    digest.as_ref().try_into().unwrap_or_default()
}

/// A token that is about to be written down.
#[derive(Clone, Debug)]
pub struct NewToken {
    /// Its name for machines.
    pub id: Id,
    /// Its name for people.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// Who holds it.
    pub person: Option<Id>,
    /// When it ends.
    pub expires_at: Option<Instant>,
}

/// Writes a token down. Only its hash is kept.
///
/// # Errors
/// The store's trouble.
pub async fn add_token(
    tx: &mut Tx<'_>,
    secret: &Secret,
    new: &NewToken,
    now: Instant,
) -> Result<(), Trouble> {
    let scopes: Vec<&str> = new.scopes.iter().map(|scope| scope.word()).collect();
    let values = [
        Value::from(hash(secret.expose())),
        Value::from(new.id.0),
        Value::from(new.name.as_str()),
        Value::from(scopes.join(" ")),
        Value::from(new.person.map(|id| id.0)),
        Value::from(nanoseconds(now)?),
        Value::from(new.expires_at.map(nanoseconds).transpose()?),
    ];
    tx.run(&INSERT_TOKEN, &values).await.map(drop)
}

/// The token that somebody shows, if there is such a one.
///
/// # Errors
/// The store's trouble.
pub async fn shown(tx: &mut Tx<'_>, hash: [u8; 32]) -> Result<Option<Token>, Trouble> {
    let row = tx.one(&TOKEN, &[Value::from(hash)]).await?;
    row.as_ref().map(token).transpose()
}

/// All tokens, oldest first.
///
/// # Errors
/// The store's trouble.
pub async fn tokens(tx: &mut Tx<'_>) -> Result<Vec<Token>, Trouble> {
    tx.rows(&TOKENS, &[]).await?.iter().map(token).collect()
}

/// Takes a token back; `false` where it was taken back before, or never was.
///
/// # Errors
/// The store's trouble.
pub async fn revoke(tx: &mut Tx<'_>, id: Id, now: Instant) -> Result<bool, Trouble> {
    let values = [Value::from(id.0), Value::from(nanoseconds(now)?)];
    Ok(tx.run(&REVOKE, &values).await? == 1)
}

/// Writes down a link that signs somebody in once, until a moment.
///
/// # Errors
/// The store's trouble.
pub async fn add_link(
    tx: &mut Tx<'_>,
    secret: &Secret,
    person: Id,
    now: Instant,
    until: Instant,
) -> Result<(), Trouble> {
    let values = [
        Value::from(hash(secret.expose())),
        Value::from(person.0),
        Value::from(nanoseconds(now)?),
        Value::from(nanoseconds(until)?),
    ];
    tx.run(&INSERT_LINK, &values).await.map(drop)
}

/// What links begin with, so that a leaked one is recognised.
pub const LINK_PREFIX: &str = "mgl_";
/// What the secrets of sessions begin with.
pub const SESSION_PREFIX: &str = "mgs_";
/// For how long a link can be used.
pub const LINK_LASTS: Duration = Duration::DAY;
/// A session that nobody uses ends after so long.
pub const SESSION_RESTS: Duration = Duration::from_seconds(12 * 3_600);
/// A session ends after so long, however much it is used.
pub const SESSION_LASTS: Duration = Duration::from_seconds(14 * 86_400);
/// What is over stays written down for so long.
const REMEMBERED: Duration = Duration::from_seconds(30 * 86_400);

/// Whose a link is that still counts. Looking does not use it.
///
/// # Errors
/// The store's trouble.
pub async fn link(
    tx: &mut Tx<'_>,
    hash: [u8; 32],
    now: Instant,
) -> Result<Option<Person>, Trouble> {
    let values = [Value::from(hash), Value::from(nanoseconds(now)?)];
    let row = tx.one(&LINK, &values).await?;
    row.as_ref().map(person).transpose()
}

/// Uses a link: whose it is, the first time and in time, while that person is there; nobody's otherwise.
///
/// # Errors
/// The store's trouble.
pub async fn use_link(
    tx: &mut Tx<'_>,
    hash: [u8; 32],
    now: Instant,
) -> Result<Option<Person>, Trouble> {
    let Some(person) = link(tx, hash, now).await? else {
        return Ok(None);
    };
    // Of two at once the first has it.
    let values = [Value::from(hash), Value::from(nanoseconds(now)?)];
    let first = tx.run(&USE_LINK, &values).await? == 1;
    Ok(first.then_some(person))
}

/// Writes a session down; what ended long ago is let go of.
///
/// # Errors
/// The store's trouble.
pub async fn add_session(
    tx: &mut Tx<'_>,
    secret: &Secret,
    id: Id,
    person: Id,
    now: Instant,
) -> Result<(), Trouble> {
    let values = [
        Value::from(hash(secret.expose())),
        Value::from(id.0),
        Value::from(person.0),
        Value::from(nanoseconds(now)?),
        Value::from(nanoseconds(now.plus(SESSION_LASTS))?),
    ];
    tx.run(&INSERT_SESSION, &values).await?;
    let old = nanoseconds(super::act::before(now, REMEMBERED))?;
    tx.run(&FORGET_SESSIONS, &[Value::from(old)]).await?;
    tx.run(&FORGET_LINKS, &[Value::from(old)]).await.map(drop)
}

/// A session of a browser's, as if it were a token that its person holds.
///
/// # Errors
/// The store's trouble.
pub async fn session(tx: &mut Tx<'_>, hash: [u8; 32]) -> Result<Option<Token>, Trouble> {
    let row = tx.one(&SESSION, &[Value::from(hash)]).await?;
    row.map(|row| {
        let used_at = instant(row.int(3)?);
        let role = Role::read(row.text(7)?).ok_or_else(|| stranger("a role that nobody knows"))?;
        let ended = row.opt_int(4)?.or(row.opt_int(8)?).map(instant);
        Ok(Token {
            id: Id(row.id(0)?),
            name: "session".to_owned(),
            scopes: vec![Scope::of_role(role)],
            person: Some((Id(row.id(5)?), role)),
            person_name: Some(row.text(6)?.to_owned()),
            created_at: instant(row.int(1)?),
            expires_at: Some(instant(row.int(2)?).min(used_at.plus(SESSION_RESTS))),
            used_at: Some(used_at),
            revoked_at: ended,
            language: row.opt_text(9)?.and_then(language_of),
            keys: row.int(10)? == 0,
            session: Some(row.opt_int(11)?.map(instant)),
        })
    })
    .transpose()
}

/// Ends a session; `false` where there was none.
///
/// # Errors
/// The store's trouble.
pub async fn end_session(tx: &mut Tx<'_>, hash: [u8; 32], now: Instant) -> Result<bool, Trouble> {
    let values = [Value::from(hash), Value::from(nanoseconds(now)?)];
    Ok(tx.run(&END_SESSION, &values).await? == 1)
}

/// A session as its person sees it.
#[derive(Clone, Copy, Debug)]
pub struct Open {
    /// Its name for machines.
    pub id: Id,
    /// Since when.
    pub created_at: Instant,
    /// When it was last used, to the hour.
    pub used_at: Instant,
}

/// The sessions of somebody that go on, newest first.
///
/// # Errors
/// The store's trouble.
pub async fn sessions_of(tx: &mut Tx<'_>, person: Id, now: Instant) -> Result<Vec<Open>, Trouble> {
    let values = [Value::from(person.0), Value::from(nanoseconds(now)?)];
    let rows = tx.rows(&SESSIONS_OF, &values).await?;
    rows.iter()
        .map(|row| {
            Ok(Open {
                id: Id(row.id(0)?),
                created_at: instant(row.int(1)?),
                used_at: instant(row.int(2)?),
            })
        })
        .collect()
}

/// Notes that whoever has a session proved who they are.
///
/// # Errors
/// The store's trouble.
pub async fn proved(tx: &mut Tx<'_>, session: Id, now: Instant) -> Result<(), Trouble> {
    let values = [Value::from(session.0), Value::from(nanoseconds(now)?)];
    tx.run(&PROVED, &values).await.map(drop)
}

/// Ends one session of somebody's, or all but that one.
///
/// # Errors
/// The store's trouble.
pub async fn end_sessions(
    tx: &mut Tx<'_>,
    person: Id,
    session: Id,
    others: bool,
    now: Instant,
) -> Result<(), Trouble> {
    let statement = if others { &END_OTHERS } else { &END_ONE };
    let values = [
        Value::from(person.0),
        Value::from(session.0),
        Value::from(nanoseconds(now)?),
    ];
    tx.run(statement, &values).await.map(drop)
}
