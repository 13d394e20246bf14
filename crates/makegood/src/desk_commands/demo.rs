// SPDX-License-Identifier: MIT OR Apache-2.0
//! `makegood demo`: a whole desk with a shop in it, from one command, gone when it ends.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use makegood_desk::case::Duration;
use makegood_desk::life::Stage;

use super::{new_link, stop, wait_for};
use crate::books::people::{self, NewToken, Role, Scope};
use crate::cli::{Done, FINE, Stop};
use crate::clock::Clock;
use crate::config::{self, Flags};
use crate::demo::{self, Seeded};
use crate::pay::sandbox::Sandbox;
use crate::secret::Secret;
use crate::setup::{self, Ready, new_id};
use crate::web::api::sign_in;
use crate::web::portal;
use crate::{log, meters, serve};

/// `makegood demo`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  makegood demo
  makegood demo --listen 127.0.0.1:9000 --seed 7

Nothing has to be set up, no real money moves, and everything is gone when it ends, unless --data says where to keep it.")]
pub struct DemoArgs {
    /// Where to listen
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:8787")]
    listen: String,

    /// Keep the desk in this folder, which must be empty
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,

    /// Another shop
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    seed: u64,

    /// Keep the books in PostgreSQL instead; the database must be empty
    #[arg(long, value_name = "postgres://…")]
    database: Option<String>,

    /// End as soon as the desk is open
    #[arg(long)]
    once: bool,
}

/// A folder that is gone when the demonstration ends.
struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be taken away is in the system's folder for such things.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

impl DemoArgs {
    /// Runs it.
    ///
    /// # Errors
    /// Why it stopped.
    pub fn run(&self, out: &mut dyn Write) -> Done {
        let begun = Instant::now();
        let folder = self.folder()?;
        let config = self.settings(&folder.path)?;
        log::start(&config.log).map_err(stop)?;
        let meters = meters::start().map_err(stop)?;
        wait_for(async {
            let clock = Clock::default();
            let wall = clock.clone();
            let sandbox =
                Sandbox::in_memory(self.seed, Box::new(move || wall.timestamp().as_second()));
            let sandbox = Arc::new(sandbox);
            let within = BTreeMap::from([(
                demo::PROVIDER.to_owned(),
                setup::in_process(&sandbox).map_err(stop)?,
            )]);
            let ready = setup::open(config, clock, within).await.map_err(stop)?;
            let seeded = demo::seed(&ready, &sandbox, self.seed)
                .await
                .map_err(stop)?;
            let listener = serve::listener(&ready).await.map_err(stop)?;
            let address = listener.local_addr().map_err(stop)?;
            let token = token(&ready, &seeded, Role::Agent).await?;
            let place = format!("http://{address}");
            let link = link(&ready, &seeded, &place).await?;
            let customer = customer_link(&ready, &seeded, &place);
            let links = (link.as_str(), customer.as_str());
            welcome(out, &seeded, &place, (links, &token), begun)?;
            let (once, asked) = (self.once, serve::asked_to_end());
            let end = async move {
                if !once {
                    asked.await;
                }
            };
            serve::open_until(ready, listener, Some(meters), end).await;
            Ok(FINE)
        })
    }

    fn folder(&self) -> Result<Folder, Stop> {
        let (path, keep) = match &self.data {
            Some(path) => (path.clone(), true),
            None => (
                std::env::temp_dir().join(format!("makegood-demo-{}", uuid::Uuid::now_v7())),
                false,
            ),
        };
        if path.join("makegood.sqlite").exists() {
            return Err(stop(format!(
                "{}: a desk is there already; name an empty folder, or open it with `makegood serve --config {}`",
                path.display(),
                path.join("config.toml").display()
            )));
        }
        let folder = Folder { path, keep };
        config::write_initial(&folder.path, &folder.path).map_err(stop)?;
        Ok(folder)
    }

    fn settings(&self, folder: &Path) -> Result<config::Config, Stop> {
        let flags = Flags {
            config: Some(folder.join("config.toml")),
            data: None,
            database: self.database.clone(),
            listen: Some(self.listen.clone()),
            set: [demo::settings(), vec!["log.level=warn".to_owned()]].concat(),
        };
        // Only what is said here counts: a demonstration is the same everywhere.
        Ok(config::load(&flags, &BTreeMap::new()).map_err(stop)?.config)
    }
}

/// A token for somebody of the demonstration, for a day.
async fn token(ready: &Ready, seeded: &Seeded, role: Role) -> Result<Secret, Stop> {
    let secret = people::random(people::PREFIX).map_err(stop)?;
    let now = ready.shop.clock.now();
    let token = NewToken {
        id: new_id(),
        name: "demonstration".to_owned(),
        scopes: vec![Scope::of_role(role)],
        person: seeded.person(role),
        expires_at: Some(now.plus(Duration::DAY)),
    };
    let kept = secret.clone();
    ready
        .shop
        .desk
        .store
        .write(move |tx| {
            let (kept, token) = (kept.clone(), token.clone());
            Box::pin(async move { people::add_token(tx, &kept, &token, now).await })
        })
        .await
        .map_err(stop)?;
    Ok(secret)
}

/// The address of a link that signs the agent of the demonstration in, once.
async fn link(ready: &Ready, seeded: &Seeded, place: &str) -> Result<String, Stop> {
    let nobody = || stop("the demonstration has no agent");
    let person = seeded.person(Role::Agent).ok_or_else(nobody)?;
    let secret = new_link(&ready.shop.desk.store, person, &ready.shop.clock).await?;
    Ok(sign_in::address(place, secret.expose()))
}

/// The address under which a customer of the demonstration follows a case: one with money on its way, if there is one.
fn customer_link(ready: &Ready, seeded: &Seeded, place: &str) -> String {
    let wanted = "units dropped and cannot be delivered again";
    let told = seeded.cases.iter().find(|case| case.story == wanted);
    let paying = || {
        seeded
            .cases
            .iter()
            .find(|case| case.stage == Stage::Remedying)
    };
    let case = told.or_else(paying).or_else(|| seeded.cases.first());
    let links = portal::link::Links::new(&ready.link_secret);
    let now = ready.shop.clock.now();
    case.map_or_else(
        || format!("{place}/help"),
        |case| portal::link::address(place, &links.link(case.id, now)),
    )
}

fn welcome(
    out: &mut dyn Write,
    seeded: &Seeded,
    place: &str,
    ((link, customer), token): ((&str, &str), &Secret),
    begun: Instant,
) -> Result<(), Stop> {
    let token = token.expose();
    writeln!(
        out,
        "The desk is open on {place}, with {} orders and {} cases, {} ms after it was started.\n",
        seeded.orders,
        seeded.cases.len(),
        begun.elapsed().as_millis()
    )?;
    for (stage, count) in demo::by_stage(seeded) {
        writeln!(out, "  {count:>4}  {}", stage.replace('_', " "))?;
    }
    writeln!(
        out,
        "\nSign in as an agent, once, with this link:

  {link}

See a case as its customer does, with this one; customers ask for help at {place}/help:

  {customer}

No real money moves. Everything is told at {place}/docs; or try it from a terminal:

  export TOKEN={token}
  curl -H \"Authorization: Bearer $TOKEN\" '{place}/v1/cases?stage=ready_to_decide&limit=3'
  curl -H \"Authorization: Bearer $TOKEN\" '{place}/v1/tasks'
  curl -H \"Authorization: Bearer $TOKEN\" '{place}/v1/refunds?limit=3'

Ctrl-C ends it."
    )?;
    out.flush()?;
    Ok(())
}
