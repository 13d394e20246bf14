// SPDX-License-Identifier: MIT OR Apache-2.0
//! What the configuration says, to whom it listens, and how it complains.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use makegood::config::{
    self, AttachmentPlace, Config, DEFAULT_PAGE, Database, Flags, Loaded, Provider,
};

/// A folder of one test.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR"))
            .join(format!("config-{name}-{}", std::process::id()));
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path).expect("a folder for the test");
        Self(path)
    }

    fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, text).expect("a file for the test");
        path
    }

    fn load(&self, page: &str, variables: &[(&str, &str)], set: &[&str]) -> Result<Loaded, String> {
        let flags = Flags {
            config: Some(self.file("config.toml", page)),
            set: set.iter().map(|text| (*text).to_owned()).collect(),
            ..Flags::default()
        };
        config::load(&flags, &self.variables(variables)).map_err(|problems| problems.to_string())
    }

    /// What is wrong with a page, without the path of the folder.
    fn complaint(&self, page: &str, variables: &[(&str, &str)], set: &[&str]) -> String {
        let problems = self.load(page, variables, set).expect_err("a complaint");
        problems.replace(&format!("{}/", self.0.display()), "")
    }

    fn variables(&self, variables: &[(&str, &str)]) -> BTreeMap<String, String> {
        let home = ("HOME".to_owned(), self.0.display().to_string());
        let all = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        all.chain([home]).collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

fn defaults() -> Config {
    let home = BTreeMap::from([("HOME".to_owned(), "/home-of-nobody".to_owned())]);
    config::load(&Flags::default(), &home)
        .expect("defaults are right")
        .config
}

#[test]
fn a_desk_without_any_settings_is_safe() {
    let config = defaults();
    assert!(config.server.listen.ip().is_loopback());
    assert_eq!(config.server.public_url, "http://127.0.0.1:8787");
    assert!(matches!(config.store.database, Database::Sqlite));
    assert_eq!(
        config.store.data,
        Path::new("/home-of-nobody/.local/share/makegood")
    );
    assert!(!config.desk.automatic.outcomes.contains(&"refund"));
    assert_eq!(config.desk.automatic.amount_max.iter().count(), 0);
    assert!(config.payments.is_empty());
    assert!(!config.webhooks.allow_insecure);
    assert_eq!(config.money.tries_max, 40);
    assert_eq!(config.money.unknown_max, Duration::from_secs(72 * 3_600));
    assert!(
        matches!(config.attachments.place, AttachmentPlace::Folder(folder) if folder.starts_with(&config.store.data))
    );
}

#[test]
fn the_page_of_defaults_is_read_as_a_users_own_file_and_changes_nothing() {
    let folder = Folder::new("page");
    let ours = format!("{:?}", defaults());
    let theirs = folder
        .load(
            DEFAULT_PAGE,
            &[("XDG_DATA_HOME", "/home-of-nobody/.local/share")],
            &[],
        )
        .unwrap();
    assert_eq!(format!("{:?}", theirs.config), ours);
}

/// Uncomments the examples of the page and reads them: each is a valid value of a key that there is.
#[test]
fn every_example_on_the_page_of_defaults_works() {
    let folder = Folder::new("examples");
    let mut page: String = DEFAULT_PAGE
        .lines()
        .map(|line| {
            let example = line.strip_prefix("# ").filter(|rest| {
                let key = rest.split([' ', '=']).next().unwrap_or_default();
                let is_key = !key.is_empty()
                    && key.bytes().all(|byte| {
                        byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'
                    });
                rest.starts_with("[payments.")
                    || (is_key && rest.contains(" = ") && !rest.ends_with('.'))
            });
            format!("{}\n", example.unwrap_or(line))
        })
        .collect();
    page = page.replace("where = \"folder\"", "where = \"s3\"");
    let config = folder.load(&page, &[], &[]).unwrap().config;
    assert_eq!(config.payments.len(), 3);
    assert!(config.fulfilment.connector.is_some());
    assert!(matches!(config.attachments.place, AttachmentPlace::S3(_)));
    assert_eq!(config.store.data, Path::new("/var/lib/makegood"));
    // What is shown has every key, and none is unset.
    let shown = folder.load(&page, &[], &[]).unwrap().page(false);
    assert!(!shown.contains("is not set"), "{shown}");
}

/// Each key of the page of what is shown stands on the page of defaults, under its section, with words before it.
#[test]
fn every_key_is_on_the_page_of_defaults_and_explained() {
    let folder = Folder::new("explained");
    let all = folder.load("[payments.a]\nkind = \"stripe\"\nsecret_key = \"x\"\n[payments.b]\nkind = \"manual\"\naccount_holder = \"x\"\naccount_iban = \"x\"\n[payments.c]\nkind = \"sandbox\"\n", &[], &[]).unwrap();
    let json = all.json();
    let keys: Vec<&str> = json["keys"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["key"].as_str().unwrap())
        .collect();
    assert!(keys.len() > 70, "{}", keys.len());
    for key in keys {
        let (section, name) = key.rsplit_once('.').unwrap();
        let section = match section {
            "payments.a" => "payments.card",
            "payments.b" => "payments.bank",
            "payments.c" => "payments.play",
            other => other,
        };
        let place = DEFAULT_PAGE
            .find(&format!("[{section}]\n"))
            .unwrap_or_else(|| panic!("[{section}]"));
        let rest = &DEFAULT_PAGE[place..];
        let end = rest[1..].find("\n[").unwrap_or(rest.len() - 1);
        let lines: Vec<&str> = rest[..=end].lines().collect();
        let written = |line: &&str| {
            line.trim_start_matches("# ")
                .starts_with(&format!("{name} = "))
        };
        assert!(lines.iter().any(written), "`{key}` is not on the page");
    }
}

#[test]
fn the_environment_beats_the_file_and_a_flag_beats_both() {
    let folder = Folder::new("layers");
    let page = "[log]\nlevel = \"warn\"\n[server]\nlisten = \"127.0.0.1:1\"\n";
    let level = |variables: &[(&str, &str)], set: &[&str]| {
        folder.load(page, variables, set).unwrap().config.log.level
    };
    let variable = ("MAKEGOOD__LOG__LEVEL", "debug");
    assert_eq!(level(&[], &[]), "warn");
    assert_eq!(level(&[variable], &[]), "debug");
    assert_eq!(level(&[variable], &["log.level=trace"]), "trace");
    assert_eq!(
        level(&[variable], &["log.level=trace", "log.level = error"]),
        "error"
    );
    assert_eq!(level(&[("MAKEGOOD__LOG__LEVEL", "")], &[]), "warn");
}

#[test]
fn lists_and_tables_in_the_environment_are_written_as_in_toml() {
    let folder = Folder::new("toml");
    let variables = [
        ("MAKEGOOD__DESK__CHANNELS", "[\"form\"]"),
        ("MAKEGOOD__MONEY__KILL_SWITCH", "true"),
        ("MAKEGOOD__MONEY__PER_DAY_MINOR_MAX", "{ JPY = 5 }"),
        ("MAKEGOOD__PAYMENTS__CARD__KIND", "stripe"),
        ("MAKEGOOD__PAYMENTS__CARD__SECRET_KEY", "12345"),
    ];
    let config = folder.load("", &variables, &[]).unwrap().config;
    assert_eq!(config.desk.channels, ["form"]);
    assert!(config.money.kill_switch);
    let limits: Vec<(u8, u64)> = config
        .money
        .per_day_max
        .iter()
        .map(|amount| (amount.currency().digits(), amount.minor()))
        .collect();
    assert_eq!(limits, [(0, 5)]);
    // A text is taken as it stands, though it looks like a number.
    assert!(
        matches!(&config.payments["card"], Provider::Stripe { secret_key, .. } if secret_key.expose() == "12345")
    );
}

#[test]
fn a_secret_may_lie_in_a_file_of_its_own() {
    let folder = Folder::new("files");
    folder.file("stripe.key", "sk_live_1\r\n");
    let hooks = folder.file("hooks", "whsec_1\nwhsec_2\n");
    let page = "[payments.card]\nkind = \"stripe\"\nsecret_key_file = \"stripe.key\"\n";
    let variables = [(
        "MAKEGOOD__PAYMENTS__CARD__WEBHOOK_SECRETS_FILE",
        hooks.to_str().unwrap(),
    )];
    let loaded = folder.load(page, &variables, &[]).unwrap();
    match &loaded.config.payments["card"] {
        Provider::Stripe {
            secret_key,
            webhook_secrets,
            ..
        } => {
            assert_eq!(secret_key.expose(), "sk_live_1");
            let secrets: Vec<String> = webhook_secrets
                .iter()
                .map(|secret| secret.expose().to_owned())
                .collect();
            assert_eq!(secrets, ["whsec_1", "whsec_2"]);
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn no_secret_is_shown_anywhere() {
    let folder = Folder::new("masked");
    let page = "
        [store]\ndatabase = \"postgres://desk:SECRET@db/desk?sslpassword=SECRET\"
        [payments.card]\nkind = \"stripe\"\nsecret_key = \"SECRET\"\nwebhook_secrets = [\"SECRET\"]
        [payments.bank]\nkind = \"manual\"\naccount_holder = \"x\"\naccount_iban = \"SECRET\"
        [fulfilment]\nconnector_url = \"https://x.example\"\nconnector_secrets = [\"SECRET\"]
        [attachments]\nwhere = \"s3\"\ns3_endpoint = \"https://s3.example\"\ns3_bucket = \"b\"\ns3_access_key = \"SECRET\"\ns3_secret_key = \"SECRET\"\ns3_session_token = \"SECRET\"\n";
    let loaded = folder.load(page, &[], &[]).unwrap();
    let all = format!(
        "{}{}{}{:?}",
        loaded.page(true),
        loaded.page(false),
        loaded.json(),
        loaded
    );
    assert!(!all.contains("SECRET"), "{all}");
    assert!(
        loaded
            .page(false)
            .contains("database = \"postgres://desk:…@db/desk?…\""),
        "{}",
        loaded.page(false)
    );
    // Neither in a complaint about it.
    for wrong in [
        "[payments.card]\nkind = \"stripe\"\nsecret_key = [\"SECRET\"]\n",
        "[payments.card]\nkind = \"stripe\"\nsecret_key = \"SECRET\\n\"\n",
        "[store]\ndatabase = \"mysql://desk:SECRET@db\"\n",
        "[server]\npublic_url = \"https://desk:SECRET@example.com\"\n",
        "[payments.card]\nkind = \"stripe\"\nsecret_key = \"SECRET\n",
    ] {
        let complaint = folder.complaint(wrong, &[], &[]);
        assert!(!complaint.contains("SECRET"), "{complaint}");
    }
}

#[test]
fn what_is_wrong_is_said_with_its_place_and_its_remedy() {
    let folder = Folder::new("wrong");
    folder.file("empty.key", "\n");
    let table: &[(&str, &str)] = &[
        (
            "[server]\nlisen = \"127.0.0.1:1\"",
            "config.toml:2: there is no key `server.lisen`; did you mean `server.listen`?",
        ),
        (
            "[servr]\nlisten = \"127.0.0.1:1\"",
            "config.toml:1: there is no key `servr`; did you mean `server`?",
        ),
        (
            "listen = \"127.0.0.1:1\"",
            "config.toml:1: there is no key `listen`; did you mean `server.listen`?",
        ),
        (
            "[nothing]\nlike = 1",
            "config.toml:1: there is no key `nothing`; `makegood config show` lists all",
        ),
        (
            "\n\n[log]\nlevel = \"loud\"",
            "config.toml:4: `log.level` must be one of \"error\", \"warn\", \"info\", \"debug\", \"trace\"; it is the text \"loud\"",
        ),
        (
            "[desk]\nundo_seconds = \"30 s\"",
            "config.toml:2: `desk.undo_seconds` must be a whole number from 0 to 604800, such as 30; it is the text \"30 s\"",
        ),
        (
            "[desk]\nundo_seconds = 1.5",
            "config.toml:2: `desk.undo_seconds` must be a whole number from 0 to 604800, such as 30; it is a number with a point",
        ),
        (
            "[desk]\nundo_seconds = -1",
            "config.toml:2: `desk.undo_seconds` must be a whole number from 0 to 604800, such as 30; it is the number -1",
        ),
        (
            "[desk]\nreminders_days = [7, 3]",
            "config.toml:2: `desk.reminders_days` must be a list of whole numbers from 1 to 365, each larger than the one before, such as [3, 7]; it is the list [7, 3]",
        ),
        (
            "[desk]\nchannels = [\"fax\"]",
            "config.toml:2: `desk.channels` must be a list of some of \"form\", \"chat\", \"email\", \"api\", each at most once, such as [\"form\", \"chat\"]; it is the list [\"fax\"]",
        ),
        (
            "[desk]\nreminders_days = [3, 30]",
            "default: `desk.unanswered_days` is 14, but customers are reminded until day 30: it must be later than the last of `desk.reminders_days`",
        ),
        (
            "[money]\nper_day_minor_max = { BTC = 1 }",
            "config.toml:2: `money.per_day_minor_max` must be a table of currencies and minor units from 0 to 9223372036854775807, such as { DKK = 20000, EUR = 2500 }; it is the table { BTC = 1 }",
        ),
        (
            "[webhooks]\nallow_networks = [\"10.0.0.1/8\"]",
            "config.toml:2: `webhooks.allow_networks` must be a list of addresses and networks, such as [\"10.0.0.0/8\", \"::1\"]; what stands behind the prefix must be zero; it is the list [\"10.0.0.1/8\"]",
        ),
        (
            "[log]\nlevel = \"info\"\nlevel = \"warn\"",
            "config.toml:3: this is not TOML: duplicate key",
        ),
        (
            "server = 1",
            "config.toml:1: `server` is a section: write `[server]` and its keys below it",
        ),
        (
            "[payments.Card]\nkind = \"stripe\"",
            "config.toml:1: `payments.Card`: the name of a payment provider has small letters, digits and single `_`, begins with a letter and has 40 characters at most, such as `card`",
        ),
        (
            "[payments.card]\nseed = 1",
            "`payments.card.kind` is not set; `payments.card` needs one of \"stripe\", \"manual\", \"sandbox\"",
        ),
        (
            "[payments.card]\nkind = \"stripe\"",
            "`payments.card.secret_key` is not set; it stands in Stripe's dashboard under API keys",
        ),
        (
            "[payments.card]\nkind = \"manual\"\naccount_holder = \"x\"\naccount_iban = \"x\"\nsecret_key = \"x\"",
            "config.toml:5: `payments.card.secret_key` is not for a provider of the kind \"manual\"; leave it out",
        ),
        (
            "[payments.card]\nkind = \"stripe\"\nsecret_key = \"x\"\nsecret_key_file = \"empty.key\"",
            "config.toml:4: `payments.card.secret_key_file` and `payments.card.secret_key` say the same thing twice; leave one out",
        ),
        (
            "[payments.card]\nkind = \"stripe\"\nsecret_key_file = \"empty.key\"",
            "config.toml:3: `payments.card.secret_key_file` must be a text that is not empty, without line ends; empty.key does not hold that",
        ),
        (
            "[payments.card]\nkind = \"stripe\"\nsecret_key_file = \"none.key\"",
            "config.toml:3: `payments.card.secret_key_file`: none.key cannot be read: No such file or directory (os error 2)",
        ),
        (
            "[log]\nlevel_file = \"x\"",
            "config.toml:2: `log.level_file`: only secrets may lie in files of their own; set `log.level` itself",
        ),
        (
            "[attachments]\nwhere = \"s3\"\ns3_bucket = \"b\"\ns3_access_key = \"a\"\ns3_secret_key = \"s\"",
            "`attachments.s3_endpoint` is not set; `attachments.where` is \"s3\"",
        ),
        (
            "[fulfilment]\nconnector_url = \"https://x.example\"",
            "`fulfilment.connector_secrets` is not set; what goes to the connector is signed, and what comes back is checked",
        ),
        (
            "[server]\n\"a.b\" = 1",
            "config.toml:2: there is no key `server.a.b`; `makegood config show` lists all",
        ),
    ];
    for (page, complaint) in table {
        assert_eq!(&folder.complaint(page, &[], &[]), complaint, "{page}");
    }
}

#[test]
fn all_that_is_wrong_is_said_at_once() {
    let folder = Folder::new("all");
    let variables = [
        ("MAKEGOOD__SERVER__LISTEN", "localhost"),
        ("MAKEGOOD__SERVER", "x"),
        ("MAKEGOOD__PAYMENTS__CARD", "x"),
    ];
    let set = ["log.levle=info", "log.level"];
    let complaint = folder.complaint("[desk]\nundo_seconds = true\npolicy = 7", &variables, &set);
    assert_eq!(
        complaint.lines().collect::<Vec<_>>(),
        [
            "config.toml:3: `desk.policy` must be a text that is not empty, such as \"viplikes\"; it is the number 7",
            "config.toml:2: `desk.undo_seconds` must be a whole number from 0 to 604800, such as 30; it is true",
            "MAKEGOOD__PAYMENTS__CARD: `payments.card` is a section; set one of its keys",
            "MAKEGOOD__SERVER: `server` is a section; set one of its keys",
            "MAKEGOOD__SERVER__LISTEN: `server.listen` must be an IP address and a port, such as \"127.0.0.1:8787\"; it is the text \"localhost\"",
            "--set: there is no key `log.levle`; did you mean `log.level`?",
            "--set: `log.level` has no `=`; write KEY=VALUE, such as log.level=debug",
        ]
    );
}

#[test]
fn what_is_shown_names_who_set_it_and_is_read_back_as_the_same() {
    let folder = Folder::new("shown");
    let page = "[log]\nlevel = \"warn\"\n\n[payments.play]\nkind = \"sandbox\"\nseed = 7\n";
    let loaded = folder
        .load(
            page,
            &[("MAKEGOOD__LOG__FORMAT", "json")],
            &["server.listen=127.0.0.1:9"],
        )
        .unwrap();
    let shown = loaded
        .page(true)
        .replace(&format!("{}/", folder.0.display()), "");
    for line in [
        "[server]",
        "listen = \"127.0.0.1:9\" # --set",
        "public_url = \"http://127.0.0.1:9/\" # default",
        "# connector_url is not set",
        "body_kib_max = 1024 # default",
        "level = \"warn\" # config.toml:2",
        "format = \"json\" # MAKEGOOD__LOG__FORMAT",
        "[payments.play]",
        "seed = 7 # config.toml:6",
    ] {
        assert!(
            shown
                .lines()
                .any(|shown| shown.split_whitespace().eq(line.split_whitespace())),
            "{line}\n{shown}"
        );
    }
    let again = folder.load(&loaded.page(false), &[], &[]).unwrap();
    assert_eq!(
        format!("{:?}", again.config),
        format!("{:?}", loaded.config)
    );
    let json = loaded.json();
    let row = |key: &str| {
        json["keys"]
            .as_array()
            .unwrap()
            .iter()
            .find(|row| row["key"] == key)
            .unwrap()
            .clone()
    };
    assert_eq!(row("log.level")["origin"]["line"], 2);
    assert_eq!(
        row("log.format")["origin"],
        serde_json::json!({ "kind": "environment", "name": "MAKEGOOD__LOG__FORMAT", "read_from": null })
    );
    assert_eq!(
        row("payments.play.secret_key"),
        serde_json::json!({ "key": "payments.play.secret_key", "set": false, "secret": true, "value": null, "origin": null })
    );
}

#[test]
fn files_are_looked_for_where_the_xdg_specification_says() {
    let folder = Folder::new("xdg");
    let own = folder.0.join(".config/makegood");
    fs::create_dir_all(&own).unwrap();
    fs::write(own.join("config.toml"), "[log]\nlevel = \"debug\"\n").unwrap();
    let load = |variables: &[(&str, &str)]| {
        config::load(&Flags::default(), &folder.variables(variables)).unwrap()
    };
    let found = load(&[]);
    assert_eq!(
        (found.config.log.level, found.file.as_deref()),
        ("debug", Some(own.join("config.toml").as_path()))
    );
    let other = folder.0.join("other");
    fs::create_dir_all(&other).unwrap();
    assert_eq!(
        load(&[("XDG_CONFIG_HOME", other.to_str().unwrap())])
            .config
            .log
            .level,
        "info"
    );
    // A relative path does not count, says the specification.
    assert_eq!(
        load(&[("XDG_CONFIG_HOME", "other")]).config.log.level,
        "debug"
    );
    let missing = Flags {
        config: Some(folder.0.join("none.toml")),
        ..Flags::default()
    };
    let complaint = config::load(&missing, &folder.variables(&[]))
        .unwrap_err()
        .to_string();
    assert!(
        complaint.starts_with("--config: ")
            && complaint
                .ends_with("none.toml cannot be read: No such file or directory (os error 2)"),
        "{complaint}"
    );
    let nowhere = config::load(&Flags::default(), &BTreeMap::new())
        .unwrap_err()
        .to_string();
    assert_eq!(
        nowhere,
        "there is no data folder, because HOME is not set; name one with `--data FOLDER` or `store.data`"
    );
}

#[test]
fn a_data_folder_in_the_file_lies_beside_the_file_and_paths_begin_in_it() {
    let folder = Folder::new("data");
    let config = folder
        .load(
            "[store]\ndata = \"here\"\n[audit]\nkey_file = \"/elsewhere/audit.key\"\n",
            &[],
            &[],
        )
        .unwrap()
        .config;
    assert_eq!(config.store.data, folder.0.join("here"));
    assert_eq!(
        config.privacy.master_key_file,
        folder.0.join("here/master.key")
    );
    assert_eq!(config.audit.key_file, Path::new("/elsewhere/audit.key"));
    let flag = folder
        .load("[store]\ndata = \"here\"\n", &[], &["store.data=there"])
        .unwrap()
        .config;
    assert_eq!(flag.store.data, Path::new("there"));
}

#[cfg(unix)]
#[test]
fn a_new_desk_gets_keys_of_its_own_that_nobody_else_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("new");
    let (own, data) = (folder.0.join("etc"), folder.0.join("a \"data\" folder"));
    let first = config::write_initial(&own, &data).unwrap();
    assert_eq!(
        first.written,
        [own.join("config.toml"), data.join("master.key")]
    );
    let key = fs::read_to_string(data.join("master.key")).unwrap();
    assert_eq!(key.trim_end().len(), 44);
    for path in &first.written {
        assert_eq!(
            fs::metadata(path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }
    assert_eq!(
        fs::metadata(&data).unwrap().permissions().mode() & 0o777,
        0o700
    );
    let second = config::write_initial(&own, &data).unwrap();
    assert_eq!((second.written.len(), second.kept.len()), (0, 2));
    assert_eq!(fs::read_to_string(data.join("master.key")).unwrap(), key);
    let flags = Flags {
        config: Some(own.join("config.toml")),
        ..Flags::default()
    };
    let loaded = config::load(&flags, &BTreeMap::new()).unwrap();
    assert_eq!(loaded.config.store.data, data);
    assert_eq!(loaded.warnings, []);
    // Nothing but what was promised lies there.
    assert_eq!(
        fs::read_dir(&own).unwrap().count() + fs::read_dir(&data).unwrap().count(),
        2
    );
}

#[cfg(unix)]
#[test]
fn what_is_hardly_meant_is_said() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new("warnings");
    let page = "[server]\nlisten = \"0.0.0.0:8787\"\n[payments.card]\nkind = \"stripe\"\nsecret_key = \"x\"\n[webhooks]\nallow_insecure = true\n";
    let path = folder.file("config.toml", page);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    let loaded = folder.load(page, &[], &[]).unwrap();
    let lines: Vec<usize> = loaded
        .warnings
        .iter()
        .map(|warning| match &warning.origin {
            Some(config::Origin::File(_, line)) => *line,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(lines, [2, 7, 5]);
    fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(folder.load(page, &[], &[]).unwrap().warnings.len(), 2);
    for (page, warns) in [
        ("[desk.automatic]\namount_minor_max = { EUR = 1 }", true),
        ("[desk.automatic]\noutcomes = [\"refund\"]", true),
        (
            "[desk.automatic]\noutcomes = [\"partial_refund\"]\namount_minor_max = { EUR = 1 }",
            false,
        ),
        (
            "[server]\nlisten = \"0.0.0.0:80\"\npublic_url = \"https://desk.example\"",
            false,
        ),
        ("", false),
    ] {
        let loaded = folder.load(page, &[], &[]).unwrap();
        assert_eq!(
            !loaded.warnings.is_empty(),
            warns,
            "{page}: {:?}",
            loaded.warnings
        );
    }
}

#[test]
fn an_address_belongs_to_a_network_by_its_first_bits() {
    let table = [
        ("10.0.0.0/8", "10.255.0.1", true),
        ("10.0.0.0/8", "11.0.0.1", false),
        ("10.0.0.0/8", "::ffff:10.1.1.1", true),
        ("127.0.0.1", "127.0.0.1", true),
        ("127.0.0.1", "127.0.0.2", false),
        ("0.0.0.0/0", "8.8.8.8", true),
        ("0.0.0.0/0", "::1", false),
        ("::/0", "2001:db8::1", true),
        ("fd00::/8", "fdff::1", true),
        ("fd00::/8", "fe00::1", false),
    ];
    for (network, address, belongs) in table {
        let read = config::Network::read(network).unwrap();
        assert_eq!(read.to_string(), network);
        assert_eq!(
            read.contains(address.parse().unwrap()),
            belongs,
            "{address} in {network}"
        );
    }
    for wrong in [
        "",
        "10",
        "10.0.0.0/33",
        "10.0.0.0/+8",
        "10.0.0.1/8",
        "10.0.0.0/",
        "::/129",
        "example.com",
    ] {
        assert_eq!(config::Network::read(wrong), None, "{wrong}");
    }
}
