// SPDX-License-Identifier: MIT OR Apache-2.0
//! The URL of a database, and what a connection to it begins with: TLS, settings, a look at the server.

use std::path::{Path, PathBuf};
use std::time::Duration;

use deadpool_postgres::{
    Hook, HookError, Manager, ManagerConfig, Object, Pool, PoolError, RecyclingMethod, Runtime,
    TimeoutType,
};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::wire::trouble;
use crate::store::trouble::Trouble;
use crate::store::{Options, named};

/// A database, and how to reach it.
pub(super) struct Target {
    pub(super) config: Config,
    pub(super) tls: MakeRustlsConnect,
    /// The URL without its secrets.
    pub(super) place: String,
}

/// Takes out of a URL what the driver does not know: where certificates are. Ours are always verified, so the two modes that
/// ask for it are `require`.
fn without_certificates(url: &str) -> (String, Option<PathBuf>) {
    let Some((start, query)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let mut trusted = None;
    let mut kept = Vec::new();
    for part in query.split('&') {
        match part.split_once('=') {
            Some(("sslrootcert", path)) => trusted = Some(PathBuf::from(path)),
            Some(("sslmode", "verify-ca" | "verify-full")) => kept.push("sslmode=require"),
            _ => kept.push(part),
        }
    }
    (format!("{start}?{}", kept.join("&")), trusted)
}

/// The URL without its secrets.
pub(in crate::store) fn place(url: &str) -> String {
    without_certificates(url)
        .0
        .parse::<Config>()
        .map_or_else(|_| "the database".to_owned(), |config| place_of(&config))
}

fn place_of(config: &Config) -> String {
    let host = match config.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        #[cfg(unix)]
        Some(Host::Unix(path)) => path.display().to_string(),
        None => "localhost".to_owned(),
    };
    let port = config.get_ports().first().copied().unwrap_or(5432);
    let name = config
        .get_dbname()
        .or(config.get_user())
        .unwrap_or_default();
    format!("postgres://{host}:{port}/{name}")
}

impl Target {
    pub(super) fn read(url: &str) -> Result<Self, Trouble> {
        let (url, trusted) = without_certificates(url);
        // The error would quote the URL, and with it the password.
        let mut config: Config = url.parse().map_err(|_| Trouble::Unavailable {
            why: "the URL of the database cannot be read; write `postgres://USER:PASSWORD@HOST:PORT/NAME`".to_owned(),
        })?;
        if config.get_application_name().is_none() {
            config.application_name("makegood");
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(Duration::from_secs(5));
        }
        // Of several servers only the one that is written to is the store.
        if config.get_hosts().len() > 1
            && config.get_target_session_attrs() == TargetSessionAttrs::Any
        {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        // On this machine nobody is in between, and the certificate that Debian makes would not be trusted.
        let is_near = config.get_hosts().iter().all(|host| match host {
            Host::Tcp(host) => ["localhost", "127.0.0.1", "::1"].contains(&host.as_str()),
            #[cfg(unix)]
            Host::Unix(_) => true,
        });
        if is_near && config.get_ssl_mode() == SslMode::Prefer {
            config.ssl_mode(SslMode::Disable);
        }
        Ok(Self {
            place: place_of(&config),
            tls: tls(config.get_ssl_mode(), trusted.as_deref())?,
            config,
        })
    }

    pub(super) fn pool(&self, options: &Options) -> Result<Pool, Trouble> {
        let settings = settings(options.statement_timeout);
        let hook = Hook::async_fn(move |client, _| {
            let settings = settings.clone();
            Box::pin(async move {
                client
                    .batch_execute(&settings)
                    .await
                    .map_err(HookError::Backend)
            })
        });
        let manager = Manager::from_config(
            self.config.clone(),
            self.tls.clone(),
            ManagerConfig {
                recycling_method: RecyclingMethod::Fast,
            },
        );
        Pool::builder(manager)
            .max_size(options.connections.max(1))
            .runtime(Runtime::Tokio1)
            .wait_timeout(Some(options.patience))
            .create_timeout(Some(options.patience))
            .post_create(hook)
            .build()
            .map_err(|error| Trouble::misused(error.to_string()))
    }
}

/// What each connection is told first.
fn settings(statement_timeout: Duration) -> String {
    let limit = statement_timeout.as_millis();
    format!(
        "set statement_timeout = {limit};
         set lock_timeout = {limit};
         set idle_in_transaction_session_timeout = {};
         select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off';",
        limit * 2
    )
}

/// What certificates are trusted: those of a file that the URL names, else those of the machine.
fn tls(mode: SslMode, trusted: Option<&Path>) -> Result<MakeRustlsConnect, Trouble> {
    // Both builders below take the provider of the process, and leave it if there is one.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let roots = match trusted {
        _ if mode == SslMode::Disable => RootCertStore::empty(),
        Some(path) => roots_of(path)?,
        None => match MakeRustlsConnect::with_native_certs() {
            Ok((tls, _)) => return Ok(tls),
            Err(_) => RootCertStore::empty(),
        },
    };
    let config = rustls::ClientConfig::builder()
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(MakeRustlsConnect::new(config))
}

fn roots_of(path: &Path) -> Result<RootCertStore, Trouble> {
    let unreadable = |what: String| Trouble::Unavailable {
        why: format!("`sslrootcert`, {}, cannot be read: {what}", named(path)),
    };
    let mut roots = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(path)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| unreadable(error.to_string()))?;
    let (added, _) = roots.add_parsable_certificates(certificates);
    match added {
        0 => Err(unreadable("it holds no certificate".to_owned())),
        _ => Ok(roots),
    }
}

pub(super) async fn client(pool: &Pool, place: &str) -> Result<Object, Trouble> {
    pool.get().await.map_err(|error| match error {
        PoolError::Backend(error) | PoolError::PostCreateHook(HookError::Backend(error)) => {
            unreachable_at(place, &error)
        }
        PoolError::Timeout(TimeoutType::Wait) => Trouble::Busy,
        PoolError::Timeout(_) => Trouble::Unavailable {
            why: format!("{place} does not answer in time"),
        },
        PoolError::Closed => Trouble::Closed,
        _ => Trouble::Unavailable {
            why: format!("{place} cannot be reached"),
        },
    })
}

fn unreachable_at(place: &str, error: &tokio_postgres::Error) -> Trouble {
    let why = match error.as_db_error() {
        Some(said) => said.message().to_owned(),
        None => {
            std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string)
        }
    };
    let remedy = match why.contains("certificate") {
        true => "; name who signed it, as `sslrootcert=FILE` in the URL",
        false => "",
    };
    Trouble::Unavailable {
        why: format!("{place} cannot be reached: {why}{remedy}"),
    }
}

pub(super) async fn check_server(client: &Object) -> Result<(), Trouble> {
    let row = client
        .query_one(
            "select current_setting('server_version_num')::bigint, current_setting('server_encoding'), current_setting('server_version')",
            &[],
        )
        .await
        .map_err(|error| trouble("server_version", &error))?;
    let (number, encoding, version): (i64, String, String) = (row.get(0), row.get(1), row.get(2));
    if number < 140_000 {
        return Err(Trouble::Unavailable {
            why: format!("PostgreSQL {version} is too old; 14 or newer is needed"),
        });
    }
    if encoding != "UTF8" {
        return Err(Trouble::Unavailable {
            why: format!(
                "the database keeps text as {encoding}; make one with `create database … encoding 'UTF8'`"
            ),
        });
    }
    Ok(())
}
