// SPDX-License-Identifier: MIT OR Apache-2.0
//! From settings to a desk that can work: the store, the keys, the policies, the providers.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Mutex};

use makegood_desk::amount::Amount;
use makegood_desk::case::{Duration, Instant};
use makegood_desk::input::{Door, Id, Limits};
use makegood_desk::remedy::Outcome;
use ring::hmac;
use uuid::Uuid;

use crate::audit::anchor::{Anchor, Frozen};
use crate::audit::{KeyFault, SigningKey};
use crate::blob::{self, Blobs};
use crate::books::act::{Desk, Windows};
use crate::books::cases::Shelf;
use crate::books::effects::outcome_of;
use crate::books::health::Breaker;
use crate::books::seal;
use crate::clock::Clock;
use crate::config::{Amounts, Config, Database, Provider as ProviderSettings, Unanswered};
use crate::goods::connector::{Connector, Transport};
use crate::guard::{Guard, Internal, WayOut};
use crate::hold::{self, Hold, Unsettled};
use crate::in_force::InForce;
use crate::mail::address::ReplyTo;
use crate::pay::Provider;
use crate::pay::manual::Manual;
use crate::pay::manual::account::{Bic, Iban};
use crate::pay::manual::batch::Payer;
use crate::pay::sandbox::Sandbox;
use crate::pay::stripe::{SecretKey, Settings, Stripe, WebhookSecret};
use crate::policies::{Policies, Unusable};
use crate::post::{Letterhead, Post};
use crate::run::Shop;
use crate::secret::Secret;
use crate::signing::{KeyRing, SigningKey as WebhookKey};
use crate::store::{Dialect, Location, Options, Store, Trouble};
use crate::vault::{MasterKey, Vault, VaultTrouble};
use crate::web::portal::link::Links;

/// Why the desk cannot work as it is set up: what, and what to do.
#[derive(Debug)]
pub enum Unready {
    /// The store.
    Store(Trouble),
    /// The keys of persons.
    Vault(VaultTrouble),
    /// The key that signs checkpoints.
    Key(KeyFault),
    /// Where attachments are kept.
    Blobs(blob::Trouble),
    /// The policy.
    Policy(Box<Unusable>),
    /// A setting that only shows when it is used.
    Setting {
        /// Its key.
        key: String,
        /// What is wrong with it.
        why: String,
    },
}

impl fmt::Display for Unready {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Store(why) => write!(f, "{why}"),
            Self::Vault(why) => write!(f, "{why}"),
            Self::Key(why) => write!(f, "{why}"),
            Self::Blobs(why) => write!(f, "{why}"),
            Self::Policy(why) => f.write_str(&crate::policy_commands::told(why)),
            Self::Setting { key, why } => write!(f, "`{key}`: {why}"),
        }
    }
}

impl std::error::Error for Unready {}

impl From<Trouble> for Unready {
    fn from(trouble: Trouble) -> Self {
        Self::Store(trouble)
    }
}

/// A desk that can work.
pub struct Ready {
    /// The settings.
    pub config: Arc<Config>,
    /// The desk with everything around it.
    pub shop: Arc<Shop>,
    /// What signs checkpoints.
    pub signer: Arc<SigningKey>,
    /// What remembers the last of them.
    pub anchor: Arc<Anchor>,
    /// The keys of persons.
    pub vault: Arc<Vault>,
    /// What was handed in.
    pub blobs: Arc<Blobs>,
    /// The sandboxes that run inside the program, by the names of their providers.
    pub sandboxes: BTreeMap<String, Arc<Sandbox>>,
    /// The way out to addresses that others gave.
    pub way_out: Arc<WayOut>,
    /// What signs the links by which customers reach their cases.
    pub link_secret: Arc<Secret>,
    /// Where answers to letters go, if the desk has an address.
    pub reply_to: Option<Arc<ReplyTo>>,
    /// Why no money moves: the store is older than what is remembered of it.
    pub frozen: Option<Frozen>,
}

/// Where the books are.
#[must_use]
pub fn location(config: &Config) -> Location {
    match &config.store.database {
        Database::Sqlite => Location::Sqlite(config.store.data.join("makegood.sqlite")),
        Database::Postgres(url) => Location::Postgres(url.expose().clone()),
    }
}

/// How the store is opened: with the audit log sealed in each commit.
#[must_use]
pub fn options(config: &Config) -> Options {
    Options {
        readers: config.store.sqlite_readers_max,
        connections: config.store.postgres_connections_max,
        statement_timeout: config.store.statement_max,
        before_commit: Some(Box::new(|tx| {
            Box::pin(async move { seal::seal(tx, 10_000).await.map(drop) })
        })),
        ..Options::default()
    }
}

/// Opens everything that the settings name, with providers that live inside the program beside those of the settings.
///
/// # Errors
/// The first thing that cannot be used.
pub async fn open(
    config: Config,
    clock: Clock,
    within: BTreeMap<String, Provider>,
) -> Result<Ready, Unready> {
    let policies =
        Policies::open(&config.desk.policy).map_err(|why| Unready::Policy(Box::new(why)))?;
    let master = MasterKey::open(&config.privacy.master_key_file).map_err(Unready::Vault)?;
    let key_secret = derived(&master, "refund keys");
    let link_secret = Arc::new(derived(&master, "customer links"));
    let signer = signer(&config)?;
    let way_out = way_out(&config)?;
    let mut providers = providers(&config)?;
    let sandboxes = sandboxes(&config, &clock, &within)?;
    for (name, sandbox) in &sandboxes {
        let provider = in_process(sandbox).map_err(|why| wrong_provider(name, why))?;
        providers.insert(name.clone(), Arc::new(provider));
    }
    providers.extend(
        within
            .into_iter()
            .map(|(name, provider)| (name, Arc::new(provider))),
    );
    let connector = connector(&config, &way_out)?;
    let store = Store::open(&location(&config), options(&config)).await?;
    let vault = Arc::new(vault(&config, &store, master).await?);
    let blobs = Blobs::open(&config.attachments, Arc::clone(&vault), clock.clone())
        .await
        .map_err(Unready::Blobs)?;
    let anchor = Anchor::at(&config.audit.anchor_file);
    let (hold, frozen) = held(&config, &store, &anchor, &signer, clock.now()).await?;
    let signer = Arc::new(signer);
    let reply_to = reply_to(&config, &vault)?;
    let sends_mail = config.mail.as_ref().is_some_and(|mail| mail.out.is_some());
    let policies = Arc::new(InForce::new(policies));
    policies.refresh(&store).await?;
    let desk = Desk {
        store,
        policies,
        limits: Arc::new(limits(&config, connector.is_some())),
        windows: Windows {
            repeats: long(config.desk.automatic.repeats_window),
            ..Windows::default()
        },
        key_secret: Arc::new(key_secret),
        shelf: Arc::new(Shelf::default()),
        hold: Arc::new(hold),
    };
    let shop = Shop {
        desk,
        providers,
        connector,
        post: Post {
            vault: Arc::clone(&vault),
            signer: Arc::clone(&signer),
            mail: reply_to.clone().filter(|_| sends_mail),
            shop: Arc::new(Letterhead {
                name: config.merchant.name.clone(),
                public_url: config.server.public_url.clone(),
                links: Links::new(&link_secret),
            }),
        },
        clock,
        worker: new_id(),
        in_hand: Mutex::default(),
        breaker: Breaker {
            failures_max: config.money.breaker_failures_max,
            rest: config.money.breaker_rest,
        },
    };
    Ok(Ready {
        config: Arc::new(config),
        shop: Arc::new(shop),
        signer,
        anchor: Arc::new(anchor),
        vault,
        blobs: Arc::new(blobs),
        sandboxes,
        way_out,
        link_secret,
        reply_to,
        frozen,
    })
}

/// Where answers to letters go, if the desk has an address.
fn reply_to(config: &Config, vault: &Vault) -> Result<Option<Arc<ReplyTo>>, Unready> {
    let Some(mail) = &config.mail else {
        return Ok(None);
    };
    let reply_to = ReplyTo::new(vault.key_for("reply addresses"), &mail.address);
    let reply_to = reply_to.map_err(|why| Unready::Setting {
        key: "mail.address".to_owned(),
        why,
    })?;
    Ok(Some(Arc::new(reply_to)))
}

/// A new id: sixteen bytes that sort by the time they were made.
#[must_use]
pub fn new_id() -> Id {
    Id(*Uuid::now_v7().as_bytes())
}

/// A secret for one purpose, made from the master key: the same on every machine that has the key.
fn derived(master: &MasterKey, purpose: &str) -> Secret {
    let text = master.to_text();
    let key = hmac::Key::new(hmac::HMAC_SHA256, text.expose().as_bytes());
    let code = hmac::sign(&key, purpose.as_bytes());
    Secret::new(seal::hex(code.as_ref()))
}

/// The keys of persons: in a file of their own, or beside the books where several machines need them.
pub(crate) async fn vault(
    config: &Config,
    store: &Store,
    master: MasterKey,
) -> Result<Vault, Unready> {
    let vault = match store.dialect() {
        Dialect::Sqlite => Vault::open(&config.store.data.join("keys.sqlite"), master),
        Dialect::Postgres => Vault::shared(store.clone(), master).await,
    };
    vault.map_err(Unready::Vault)
}

fn signer(config: &Config) -> Result<SigningKey, Unready> {
    let (path, name) = (&config.audit.key_file, &config.audit.origin);
    if path.exists() {
        SigningKey::open(path, name).map_err(Unready::Key)
    } else {
        SigningKey::create(path, name).map_err(Unready::Key)
    }
}

/// The way out to addresses that others gave.
pub(crate) fn way_out(config: &Config) -> Result<Arc<WayOut>, Unready> {
    Ok(Arc::new(WayOut::new(guard(config)?)))
}

/// Where the settings let the desk send to.
pub(crate) fn guard(config: &Config) -> Result<Guard, Unready> {
    let webhooks = &config.webhooks;
    let hosts = webhooks.allow_hosts.iter().cloned();
    let networks = webhooks.allow_networks.iter().map(ToString::to_string);
    let mut internal = Vec::new();
    for part in hosts.chain(networks) {
        internal.push(Internal::read(&part).map_err(|why| Unready::Setting {
            key: "webhooks.allow_hosts".to_owned(),
            why,
        })?);
    }
    Ok(Guard {
        allow_insecure: webhooks.allow_insecure,
        ports: webhooks.allow_ports.clone(),
        internal,
    })
}

/// The sandboxes that run inside the program, because the settings do not say where else, and nobody brings them. What happens in them is
/// kept beside the books.
fn sandboxes(
    config: &Config,
    clock: &Clock,
    within: &BTreeMap<String, Provider>,
) -> Result<BTreeMap<String, Arc<Sandbox>>, Unready> {
    let mut sandboxes = BTreeMap::new();
    for (name, settings) in &config.payments {
        let ProviderSettings::Sandbox {
            api_base: None,
            seed,
            ..
        } = settings
        else {
            continue;
        };
        if within.contains_key(name) {
            continue;
        }
        let path = config.store.data.join(format!("sandbox-{name}.ndjson"));
        let wall = clock.clone();
        let wall = Box::new(move || wall.timestamp().as_second());
        let sandbox = Sandbox::with_journal(&path, *seed, wall)
            .map_err(|cause| wrong_provider(name, format!("{}: {cause}", path.display())))?;
        sandboxes.insert(name.clone(), Arc::new(sandbox));
    }
    Ok(sandboxes)
}

/// A sandbox as a provider of the same process.
///
/// # Errors
/// Never, but for a fault of ours.
pub fn in_process(sandbox: &Arc<Sandbox>) -> Result<Provider, String> {
    let key = SecretKey::new("sk_test_sandbox")?;
    let router = crate::pay::sandbox::router(Arc::clone(sandbox));
    Ok(Provider::Stripe(Stripe::in_process(
        router,
        Settings::new(key),
    )?))
}

fn wrong_provider(name: &str, why: String) -> Unready {
    Unready::Setting {
        key: format!("payments.{name}"),
        why,
    }
}

/// The providers that the settings name, without those inside the program.
pub(crate) fn providers(config: &Config) -> Result<BTreeMap<String, Arc<Provider>>, Unready> {
    let mut providers = BTreeMap::new();
    for (name, settings) in &config.payments {
        let wrong = |why: String| Unready::Setting {
            key: format!("payments.{name}"),
            why,
        };
        for secret in settings.webhook_secrets() {
            WebhookSecret::new(secret.expose()).map_err(|why| Unready::Setting {
                key: format!("payments.{name}.webhook_secrets"),
                why,
            })?;
        }
        let provider = match settings {
            ProviderSettings::Stripe {
                secret_key,
                api_base,
                ..
            } => {
                let key = SecretKey::new(secret_key.expose()).map_err(wrong)?;
                let stripe = Stripe::at(api_base.as_str(), Settings::new(key)).map_err(wrong)?;
                Provider::Stripe(stripe)
            }
            ProviderSettings::Sandbox {
                secret_key,
                api_base: Some(api_base),
                ..
            } => {
                let key = SecretKey::new(secret_key.expose()).map_err(wrong)?;
                let stripe = Stripe::at(api_base.as_str(), Settings::new(key)).map_err(wrong)?;
                Provider::Stripe(stripe)
            }
            // The one inside the program is put in when the desk opens.
            ProviderSettings::Sandbox { api_base: None, .. } => continue,
            ProviderSettings::Manual { .. } => Provider::Manual(Manual {}),
        };
        providers.insert(name.clone(), Arc::new(provider));
    }
    Ok(providers)
}

/// The account that a bank of the settings pays from; nothing for a provider that is no bank.
///
/// # Errors
/// The account is none.
pub(crate) fn payer(settings: &ProviderSettings) -> Result<Option<Payer>, String> {
    let ProviderSettings::Manual {
        account_holder,
        account_iban,
        account_bic,
    } = settings
    else {
        return Ok(None);
    };
    Ok(Some(Payer {
        name: account_holder.clone(),
        iban: Iban::new(account_iban.expose())?,
        bic: account_bic.as_deref().map(Bic::new).transpose()?,
    }))
}

/// Fulfilment as the settings name it.
pub(crate) fn connector(
    config: &Config,
    way_out: &Arc<WayOut>,
) -> Result<Option<Arc<Connector>>, Unready> {
    let Some(settings) = &config.fulfilment.connector else {
        return Ok(None);
    };
    let wrong = |why: String| Unready::Setting {
        key: "fulfilment.secrets".to_owned(),
        why,
    };
    let mut keys = KeyRing::default();
    for secret in &settings.secrets {
        let key = WebhookKey::read(secret.expose()).map_err(|why| wrong(why.to_string()))?;
        keys.add(key, None);
    }
    let transport = Transport::Http {
        way_out: Arc::clone(way_out),
        url: settings.url.to_string(),
    };
    let connector = Connector::new(transport, keys).with_timeout(config.fulfilment.answer_max);
    Ok(Some(Arc::new(connector)))
}

/// A length of time of the settings in the desk's word.
#[must_use]
pub fn long(duration: std::time::Duration) -> Duration {
    Duration::from_nanoseconds(i128::try_from(duration.as_nanos()).unwrap_or(i128::MAX))
}

/// What the merchant allows, as the settings say it.
#[must_use]
pub fn limits(config: &Config, connector: bool) -> Limits {
    let desk = &config.desk;
    let table = |amounts: &Amounts| {
        let key = |amount: &Amount| {
            <[u8; 3]>::try_from(amount.currency().code().as_bytes()).unwrap_or(*b"XXX")
        };
        amounts
            .iter()
            .map(|amount| (key(&amount), amount.minor()))
            .collect::<BTreeMap<_, _>>()
    };
    let doors = Door::ALL
        .iter()
        .filter(|(word, _)| desk.channels.contains(word))
        .map(|(_, door)| *door)
        .collect::<BTreeSet<Door>>();
    let outcomes = desk
        .automatic
        .outcomes
        .iter()
        .filter_map(|word| outcome_of(word))
        .collect::<BTreeSet<Outcome>>();
    Limits {
        doors,
        automatic_minor_max: table(&desk.automatic.amount_max),
        automatic_outcomes: outcomes,
        automatic_repeats_max: u32::try_from(desk.automatic.repeats_max).unwrap_or(u32::MAX),
        second_person_above_minor: table(&desk.second_person_above),
        hold: long(desk.undo),
        reminders: desk.reminders.iter().copied().map(long).collect(),
        customer_due: long(desk.unanswered_after),
        unanswered_closes: desk.unanswered == Unanswered::Close,
        technical_due: long(desk.technical_due),
        support_due: long(desk.support_due),
        shop_due: long(desk.shop_due),
        connector,
        tries_max: config.money.tries_max,
        unknown_max: long(config.money.unknown_max),
        day_minor_max: table(&config.money.per_day_max),
        person_day_minor_max: table(&config.money.per_agent_day_max),
    }
}

/// Holds the log of an open store against what is remembered of it.
///
/// # Errors
/// The store's trouble.
pub async fn held_against_anchor(
    config: &Config,
    store: &Store,
    signer: &SigningKey,
) -> Result<Option<Frozen>, Unready> {
    let anchor = Anchor::at(&config.audit.anchor_file);
    Ok(hold::look(store, &anchor, signer).await?.into_frozen())
}

/// Holds the log against what is remembered of it, and does what follows.
async fn held(
    config: &Config,
    store: &Store,
    anchor: &Anchor,
    signer: &SigningKey,
    now: Instant,
) -> Result<(Hold, Option<Frozen>), Unready> {
    let look = hold::look(store, anchor, signer).await?;
    let settled = look.settle(store, anchor, signer, now).await;
    settled.map_err(|why| match why {
        Unsettled::Trouble(trouble) => Unready::Store(trouble),
        Unsettled::Anchor(why) => Unready::Setting {
            key: "audit.anchor_file".to_owned(),
            why: why.to_string(),
        },
    })?;
    let hold = Hold::new(config.money.kill_switch);
    hold.note(&look);
    Ok((hold, look.into_frozen()))
}
