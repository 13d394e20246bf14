// SPDX-License-Identifier: MIT OR Apache-2.0
//! The way out: nasty spellings, names that lead inside, names that change their mind, answers without end.

#[path = "support/judge.rs"]
mod judge;
#[path = "support/receiver.rs"]
#[expect(dead_code, reason = "the tests of webhooks use the rest")]
mod receiver;

use std::net::IpAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::HeaderMap;
use bytes::Bytes;
use judge::Judge;
use makegood::guard::{
    Answer, AnswerBody, Guard, GuardRefusal, Internal, Lookup, NoAnswer, Post, WayOut, reserved,
};
use receiver::{Manner, Receiver};

fn internal(entries: &[&str]) -> Vec<Internal> {
    let read = |entry: &&str| Internal::read(entry).expect("an entry");
    entries.iter().map(read).collect()
}

fn guard(entries: &[&str]) -> Guard {
    Guard {
        allow_insecure: true,
        internal: internal(entries),
        ..Guard::default()
    }
}

/// URLs, and what is wrong with them in a word.
type UrlTable = &'static [(&'static str, &'static str)];

/// What is wrong with a URL, in a word.
fn fault(guard: &Guard, url: &str) -> String {
    match guard.check_url(url) {
        Ok(_) => "ok".to_owned(),
        Err(GuardRefusal::NoUrl) => "no url".to_owned(),
        Err(GuardRefusal::Scheme(_)) => "scheme".to_owned(),
        Err(GuardRefusal::UserInfo) => "user".to_owned(),
        Err(GuardRefusal::Port(port)) => format!("port {port}"),
        Err(GuardRefusal::Name(_)) => "name".to_owned(),
        Err(GuardRefusal::Address { address, .. }) => address.to_string(),
    }
}

#[test]
fn an_address_inside_is_seen_however_it_is_spelt() {
    let table = [
        ("https://shop.example/hooks", "ok"),
        ("https://shop.example:443/", "ok"),
        ("https://8.8.8.8/", "ok"),
        ("https://[2606:4700:4700::1111]/", "ok"),
        ("HTTPS://SHOP.EXAMPLE./", "ok"),
        // Loopback in all its clothes.
        ("https://127.0.0.1/", "127.0.0.1"),
        ("https://127.1/", "127.0.0.1"),
        ("https://127.0.1/", "127.0.0.1"),
        ("https://2130706433/", "127.0.0.1"),
        ("https://0x7f000001/", "127.0.0.1"),
        ("https://0x7f.0.0.1/", "127.0.0.1"),
        ("https://0177.0.0.1/", "127.0.0.1"),
        ("https://0177.0x0.1/", "127.0.0.1"),
        ("https://017700000001/", "127.0.0.1"),
        ("https://127.0.0.1./", "127.0.0.1"),
        ("https://127。0。0。1/", "127.0.0.1"),
        ("https://127．0．0．1/", "127.0.0.1"),
        ("https://①②⑦.⓪.⓪.①/", "127.0.0.1"),
        ("https://１２７.0.0.1/", "127.0.0.1"),
        ("https://%31%32%37.0.0.1/", "127.0.0.1"),
        ("https:127.0.0.1/", "127.0.0.1"),
        ("https:\\\\127.0.0.1\\", "127.0.0.1"),
        ("ht\ntps://127.0.0.1/", "127.0.0.1"),
        ("https://0/", "0.0.0.0"),
        ("https://0.0.0.0/", "0.0.0.0"),
        ("https://[::]/", "::"),
        ("https://[::1]/", "::1"),
        ("https://[0:0:0:0:0:0:0:1]/", "::1"),
        ("https://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1"),
        ("https://[::ffff:7f00:1]/", "::ffff:127.0.0.1"),
        ("https://[::ffff:8.8.8.8]/", "::ffff:8.8.8.8"),
        ("https://[::127.0.0.1]/", "::7f00:1"),
        ("https://[::ffff:0:127.0.0.1]/", "::ffff:0:7f00:1"),
        ("https://[64:ff9b::127.0.0.1]/", "64:ff9b::7f00:1"),
        ("https://[64:ff9b::8.8.8.8]/", "64:ff9b::808:808"),
        ("https://[64:ff9b:1::10.0.0.1]/", "64:ff9b:1::a00:1"),
        ("https://[2002:7f00:1::]/", "2002:7f00:1::"),
        ("https://[2001:0:53aa:64c::1]/", "2001:0:53aa:64c::1"),
        ("https://[fe80::1%25eth0]/", "no url"),
        // Names of this machine and of networks.
        ("https://localhost/", "name"),
        ("https://LOCALHOST./", "name"),
        ("https://localhost../", "name"),
        ("https://shop.localhost/", "name"),
        ("https://ｌocalhost/", "name"),
        ("https://metadata.google.internal/", "name"),
        ("https://printer.local/", "name"),
        ("https://router.home.arpa/", "name"),
        ("https://intranet/", "name"),
        ("https://erp/", "name"),
        ("https://notlocalhost.example/", "ok"),
        ("https://mylocal/", "name"),
        ("https://my-internal.example/", "ok"),
        // Other ways in.
        (
            "https://169.254.169.254/latest/meta-data",
            "169.254.169.254",
        ),
        ("https://[fd00:ec2::254]/", "fd00:ec2::254"),
        ("https://user@shop.example/", "user"),
        ("https://user:pass@shop.example/", "user"),
        ("https://shop.example@127.0.0.1/", "user"),
        ("https://:secret@shop.example/", "user"),
        ("https://127.0.0.1\\@shop.example/", "127.0.0.1"),
        ("http://shop.example/", "scheme"),
        ("ftp://shop.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://127.0.0.1:11211/", "scheme"),
        ("javascript:alert(1)", "scheme"),
        ("https://shop.example:22/", "port 22"),
        ("https://shop.example:0/", "port 0"),
        ("https://shop.example:80/", "port 80"),
        ("https://shop.example:65536/", "no url"),
        ("https://", "no url"),
        ("https:///", "no url"),
        ("shop.example/hooks", "no url"),
        ("//shop.example/hooks", "no url"),
        ("https://256.1.1.1/", "no url"),
        ("https://1.2.3.4.5/", "no url"),
        ("https://shop example/", "no url"),
        ("", "no url"),
    ];
    for (url, wanted) in table {
        assert_eq!(fault(&Guard::default(), url), wanted, "{url}");
    }
    let long = format!("https://shop.example/{}", "x".repeat(2048));
    assert_eq!(fault(&Guard::default(), &long), "no url");
}

#[test]
fn what_is_reserved_is_reserved_from_its_first_address_to_its_last() {
    let table = [
        // just outside, first, last, just outside
        (Some("0.0.0.0"), None, "0.255.255.255", "1.0.0.0"),
        (
            Some("10.0.0.0"),
            Some("9.255.255.255"),
            "10.255.255.255",
            "11.0.0.0",
        ),
        (
            Some("100.64.0.0"),
            Some("100.63.255.255"),
            "100.127.255.255",
            "100.128.0.0",
        ),
        (
            Some("127.0.0.0"),
            Some("126.255.255.255"),
            "127.255.255.255",
            "128.0.0.0",
        ),
        (
            Some("169.254.0.0"),
            Some("169.253.255.255"),
            "169.254.255.255",
            "169.255.0.0",
        ),
        (
            Some("172.16.0.0"),
            Some("172.15.255.255"),
            "172.31.255.255",
            "172.32.0.0",
        ),
        (
            Some("192.0.0.0"),
            Some("191.255.255.255"),
            "192.0.0.255",
            "192.0.1.0",
        ),
        (
            Some("192.0.2.0"),
            Some("192.0.1.255"),
            "192.0.2.255",
            "192.0.3.0",
        ),
        (
            Some("192.88.99.0"),
            Some("192.88.98.255"),
            "192.88.99.255",
            "192.88.100.0",
        ),
        (
            Some("192.168.0.0"),
            Some("192.167.255.255"),
            "192.168.255.255",
            "192.169.0.0",
        ),
        (
            Some("198.18.0.0"),
            Some("198.17.255.255"),
            "198.19.255.255",
            "198.20.0.0",
        ),
        (
            Some("198.51.100.0"),
            Some("198.51.99.255"),
            "198.51.100.255",
            "198.51.101.0",
        ),
        (
            Some("203.0.113.0"),
            Some("203.0.112.255"),
            "203.0.113.255",
            "203.0.114.0",
        ),
        (
            Some("224.0.0.0"),
            Some("223.255.255.255"),
            "255.255.255.255",
            "8.8.4.4",
        ),
        (
            Some("2001::"),
            Some("2000:ffff::"),
            "2001:1ff:ffff::",
            "2001:200::",
        ),
        (
            Some("2001:db8::"),
            Some("2001:db7:ffff::"),
            "2001:db8:ffff:ffff::1",
            "2001:db9::",
        ),
        (
            Some("2002::"),
            Some("2001:ffff::"),
            "2002:ffff:ffff::",
            "2003::",
        ),
        (
            Some("3fff::"),
            Some("3ffe:ffff::"),
            "3fff:fff:ffff::",
            "3fff:1000::",
        ),
        // Outside of 2000::/3 nothing is given out.
        (Some("4000::"), Some("3fff:ffff::"), "ffff::", "2a00::1"),
        (Some("::2"), None, "1fff:ffff::", "2000::1"),
        (Some("5f00::1"), None, "100::1", "2400::1"),
    ];
    for (first, before, last, behind) in table {
        let is_reserved = |text: &str| reserved(text.parse::<IpAddr>().unwrap()).is_some();
        assert!(first.is_none_or(is_reserved), "{first:?}");
        assert!(is_reserved(last), "{last}");
        assert!(!before.is_some_and(is_reserved), "{before:?}");
        assert!(!is_reserved(behind), "{behind}");
    }
}

#[test]
fn the_list_opens_what_it_names_and_nothing_beside_it() {
    let lists: [(&[&str], UrlTable); 8] = [
        (
            &["127.0.0.0/8"],
            &[
                ("http://127.0.0.1:8080/", "ok"),
                ("http://2130706433:1/", "ok"),
                ("http://10.0.0.1:8080/", "10.0.0.1"),
                // Mapped addresses are not in a range of IPv4, though they lead there.
                ("http://[::ffff:127.0.0.1]/", "::ffff:127.0.0.1"),
                ("http://[::1]/", "::1"),
                ("http://8.8.8.8:8080/", "port 8080"),
            ],
        ),
        (
            &["10.0.3.7:8443"],
            &[
                ("https://10.0.3.7:8443/", "ok"),
                ("https://10.0.3.7/", "10.0.3.7"),
                ("https://10.0.3.8:8443/", "10.0.3.8"),
            ],
        ),
        (
            &["[::1]:9000", "fd00::/8"],
            &[
                ("http://[::1]:9000/", "ok"),
                ("http://[::1]:9001/", "::1"),
                ("http://[fd12::7]:9001/", "ok"),
            ],
        ),
        (
            &["erp.internal"],
            &[
                ("https://erp.internal/", "ok"),
                ("https://ERP.internal.:8443/", "ok"),
                ("https://other.internal/", "name"),
                ("https://erp.internal.example:8443/", "port 8443"),
                ("https://x.erp.internal/", "name"),
            ],
        ),
        (
            &["localhost:8080"],
            &[
                ("http://localhost:8080/", "ok"),
                ("http://localhost:8081/", "name"),
                ("http://127.0.0.1:8080/", "127.0.0.1"),
            ],
        ),
        // What an address carries inside has to be on the list, too.
        (
            &["64:ff9b::/96"],
            &[
                ("https://[64:ff9b::8.8.8.8]/", "ok"),
                ("https://[64:ff9b::127.0.0.1]/", "127.0.0.1"),
                ("https://[64:ff9b::a9fe:a9fe]/", "169.254.169.254"),
            ],
        ),
        (
            &["::ffff:0:0/96", "127.0.0.0/8"],
            &[
                ("https://[::ffff:127.0.0.1]/", "ok"),
                ("https://[::ffff:10.0.0.1]/", "10.0.0.1"),
            ],
        ),
        (
            &["0.0.0.0/0", "::/0"],
            &[
                ("http://169.254.169.254:1/", "ok"),
                ("http://[fe80::1]:1/", "ok"),
                ("http://user@127.0.0.1/", "user"),
            ],
        ),
    ];
    for (entries, table) in lists {
        for (url, wanted) in table {
            assert_eq!(fault(&guard(entries), url), *wanted, "{entries:?} {url}");
        }
    }
    for wrong in [
        "",
        "10.0.0.0/33",
        "fd00::/129",
        "a b",
        "erp.internal:http",
        "10.0.0.1:99999",
        "http://erp.internal",
    ] {
        let told = Internal::read(wrong).expect_err(wrong);
        assert!(told.contains("erp.internal"), "{told}");
    }
}

#[test]
fn a_listed_name_leads_into_a_private_network_but_not_to_the_neighbours_on_the_wire() {
    let guard = guard(&["erp.internal"]);
    let table = [
        ("erp.internal", "10.0.0.7", true),
        ("ERP.internal.", "10.0.0.7", true),
        ("erp.internal", "127.0.0.1", true),
        ("erp.internal", "fd00::7", true),
        ("erp.internal", "9.9.9.9", true),
        ("erp.internal", "169.254.169.254", false),
        ("erp.internal", "fe80::1", false),
        ("erp.internal", "224.0.0.1", false),
        ("erp.internal", "0.0.0.0", false),
        ("erp.internal", "::ffff:10.0.0.7", false),
        ("shop.example", "10.0.0.7", false),
    ];
    for (host, address, allowed) in table {
        let said = guard.check_address(host, address.parse().unwrap(), 8443);
        assert_eq!(said.is_ok(), allowed, "{host} {address}");
    }
}

/// A resolver that gives one answer after the other, and the last for ever.
fn answers(answers: &[&[&str]]) -> (Lookup, Arc<AtomicUsize>) {
    let parse = |answer: &&[&str]| {
        let addresses = answer.iter().map(|text| text.parse().expect("an address"));
        addresses.collect::<Vec<IpAddr>>()
    };
    let answers: Arc<Mutex<Vec<Vec<IpAddr>>>> =
        Arc::new(Mutex::new(answers.iter().rev().map(parse).collect()));
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let lookup: Lookup = Arc::new(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        let mut answers = answers.lock().expect("a whole lock");
        let answer = match answers.len() {
            1 => answers[0].clone(),
            _ => answers.pop().expect("an answer"),
        };
        Box::pin(async move { Ok(answer) })
    });
    (lookup, asked)
}

async fn post(way_out: &WayOut, url: &str, timeout: Duration) -> Result<Answer, NoAnswer> {
    let post = Post {
        url,
        headers: HeaderMap::new(),
        body: Bytes::from_static(b"{}"),
        timeout,
        answer_most: 1000,
    };
    way_out.post(post).await
}

const PATIENCE: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_name_that_leads_inside_is_never_connected_to() {
    let receiver = Receiver::start(Manner::Status(200)).await;
    let url = format!("http://shop.example:{}/", receiver.port());
    let table: [&[&str]; 4] = [
        &["127.0.0.1"],
        // A public address beside it does not help: the client would try one after the other.
        &["192.0.2.1", "127.0.0.1"],
        &["8.8.8.8", "127.0.0.1"],
        &["::ffff:127.0.0.1"],
    ];
    for found in table {
        let (lookup, asked) = answers(&[found]);
        let mut guard = guard(&[]);
        guard.ports.push(receiver.port());
        let way_out = WayOut::with_lookup(guard, lookup);
        let said = post(&way_out, &url, PATIENCE).await;
        let Err(NoAnswer::Guarded(GuardRefusal::Address { host, .. })) = &said else {
            panic!("{found:?}: {said:?}");
        };
        assert_eq!(host, "shop.example");
        assert_eq!(asked.load(Ordering::SeqCst), 1);
    }
    assert_eq!(receiver.connections(), 0);
}

#[tokio::test]
async fn a_name_that_changes_its_mind_is_asked_once_and_connected_to_where_it_was_checked() {
    let receiver = Receiver::start(Manner::Status(200)).await;
    let url = format!("http://shop.example:{}/", receiver.port());
    // 127.0.0.1 is allowed, and the receiver listens there and on 127.0.0.2 alike. The second look would lead there.
    let (lookup, asked) = answers(&[&["127.0.0.1"], &["127.0.0.2"]]);
    let way_out = WayOut::with_lookup(guard(&["127.0.0.1"]), lookup);
    assert_eq!(
        post(&way_out, &url, PATIENCE)
            .await
            .expect("an answer")
            .status,
        200
    );
    assert_eq!(asked.load(Ordering::SeqCst), 1);
    assert_eq!(receiver.seen()[0].to.to_string(), "127.0.0.1");
    // A new way out has no connection to use again, so it looks the name up: refused, and nothing arrives.
    let (lookup, _) = answers(&[&["127.0.0.2"]]);
    let way_out = WayOut::with_lookup(guard(&["127.0.0.1"]), lookup);
    let said = post(&way_out, &url, PATIENCE).await;
    assert!(matches!(said, Err(NoAnswer::Guarded(_))), "{said:?}");
    assert_eq!(receiver.connections(), 1);
}

#[tokio::test]
async fn the_port_of_a_public_address_is_checked_when_its_name_is_looked_up() {
    // With a range on the list the URL alone cannot tell; what the name leads to does.
    let (lookup, _) = answers(&[&["8.8.8.8"]]);
    let way_out = WayOut::with_lookup(guard(&["127.0.0.0/8"]), lookup);
    let said = post(&way_out, "http://shop.example:22/", PATIENCE).await;
    let refused = NoAnswer::Guarded(GuardRefusal::Port(22));
    assert_eq!(said.err(), Some(refused));
}

#[tokio::test]
async fn redirects_are_answers() {
    let inside = Receiver::start(Manner::Status(200)).await;
    let receiver = Receiver::start(Manner::Redirect(inside.url())).await;
    let way_out = WayOut::new(guard(&["127.0.0.0/8"]));
    let answer = post(&way_out, &receiver.url(), PATIENCE)
        .await
        .expect("an answer");
    assert_eq!(answer.status, 307);
    assert_eq!((receiver.connections(), inside.connections()), (1, 0));
}

#[tokio::test]
async fn an_answer_is_read_up_to_a_bound_and_waited_for_up_to_a_time() {
    let way_out = WayOut::new(guard(&["127.0.0.0/8"]));
    let table = [
        (
            Manner::Body(vec![b'x'; 1000]),
            AnswerBody::Whole(vec![b'x'; 1000].into()),
        ),
        (Manner::Body(vec![b'x'; 1001]), AnswerBody::TooLong),
        (Manner::Endless, AnswerBody::TooLong),
        (Manner::BreaksOff, AnswerBody::Broken),
        (Manner::Drips, AnswerBody::Broken),
    ];
    for (manner, wanted) in table {
        let receiver = Receiver::start(manner.clone()).await;
        let answer = post(&way_out, &receiver.url(), Duration::from_millis(700)).await;
        let answer = answer.expect("an answer");
        assert_eq!((answer.status, &answer.body), (200, &wanted), "{manner:?}");
    }
    let silent = Receiver::start(Manner::Hangs).await;
    let said = post(&way_out, &silent.url(), Duration::from_millis(300)).await;
    assert_eq!(said.err(), Some(NoAnswer::TimedOut));
    let closed = Receiver::start(Manner::Closes).await;
    let said = post(&way_out, &closed.url(), PATIENCE).await;
    assert!(matches!(said, Err(NoAnswer::Broken(_))), "{said:?}");
    let gone = {
        let receiver = Receiver::start(Manner::Status(200)).await;
        receiver.url()
    };
    let said = post(&way_out, &gone, PATIENCE).await;
    assert!(matches!(said, Err(NoAnswer::NotReached(_))), "{said:?}");
}

#[tokio::test]
async fn what_went_wrong_is_told_without_the_path_of_the_url() {
    let way_out = WayOut::new(guard(&["127.0.0.0/8"]));
    let closed = Receiver::start(Manner::Closes).await;
    let url = format!("{}secret-path?token=tok_1", closed.url());
    let told = post(&way_out, &url, PATIENCE)
        .await
        .expect_err("no answer")
        .to_string();
    assert!(
        !told.contains("secret-path") && !told.contains("tok_1"),
        "{told}"
    );
}

#[test]
fn a_refusal_says_what_to_do() {
    let table = [
        ("http://shop.example/", "allow_insecure"),
        ("https://127.0.0.1/", "add it to `allow_hosts`"),
        ("https://localhost/", "add it to `allow_hosts`"),
        ("https://shop.example:22/", "add it to `allow_ports`"),
        (
            "https://a:b@shop.example/",
            "leave the name and password out",
        ),
        ("nonsense", "write it as"),
    ];
    for (url, remedy) in table {
        let told = Guard::default().check_url(url).expect_err(url).to_string();
        assert!(told.contains(remedy), "{told}");
        assert!(!told.contains("a:b"), "{told}");
    }
}

/// Numbers that are the same in each run.
struct Dice(u128);

impl Dice {
    fn throw(&mut self) -> u128 {
        // Knuth's constants of MMIX, on both halves.
        let step = |half: u64| {
            half.wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407)
        };
        let (high, low) = (
            u64::try_from(self.0 >> 64),
            u64::try_from(self.0 & u128::from(u64::MAX)),
        );
        let (high, low) = (step(high.expect("64 bits")), step(low.expect("64 bits")));
        self.0 = (u128::from(high.rotate_left(17)) << 64) | u128::from(low);
        self.0
    }
}

#[test]
fn nothing_is_public_here_that_is_not_public_for_python() {
    let mut python = Judge::start("addresses.py");
    let mut dice = Dice(20_261_125);
    let mut addresses: Vec<IpAddr> = Vec::new();
    for _ in 0..4000 {
        let thrown = dice.throw();
        let v4 = u32::try_from(thrown >> 96).expect("32 bits");
        addresses.push(std::net::Ipv4Addr::from_bits(v4).into());
        // Half of them where addresses are given out, a quarter close to the front, where most is reserved.
        let v6 = match thrown % 4 {
            0 => thrown,
            1 => (thrown >> 16) | (0x2001 << 112),
            _ => (thrown >> 3) | (1 << 125),
        };
        addresses.push(std::net::Ipv6Addr::from_bits(v6).into());
    }
    // Both sides of each edge of Python's lists, and of ours.
    let edges = [
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.0.8/30",
        "192.0.0.170/31",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "224.0.0.0/4",
        "240.0.0.0/4",
        "255.255.255.255/32",
        "::/128",
        "::1/128",
        "::ffff:0:0/96",
        "64:ff9b::/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2001::/32",
        "2001:1::1/128",
        "2001:2::/48",
        "2001:3::/32",
        "2001:4:112::/48",
        "2001:10::/28",
        "2001:20::/28",
        "2001:30::/28",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    ];
    for edge in edges {
        let (first, prefix) = edge.split_once('/').expect("a range");
        let prefix: u32 = prefix.parse().expect("a prefix");
        match first.parse().expect("an address") {
            IpAddr::V4(first) => {
                let first = first.to_bits();
                let last = first | u32::MAX.checked_shr(prefix).unwrap_or(0);
                for bits in [first.wrapping_sub(1), first, last, last.wrapping_add(1)] {
                    addresses.push(std::net::Ipv4Addr::from_bits(bits).into());
                }
            }
            IpAddr::V6(first) => {
                let first = first.to_bits();
                let last = first | u128::MAX.checked_shr(prefix).unwrap_or(0);
                for bits in [first.wrapping_sub(1), first, last, last.wrapping_add(1)] {
                    addresses.push(std::net::Ipv6Addr::from_bits(bits).into());
                }
            }
        }
    }
    // Here we are stricter than Python 3.11: these lead on to addresses that cannot be seen from outside, or nobody has them.
    let stricter = [
        "2001::/23",
        "2002::/16",
        "64:ff9b::/96",
        "192.88.99.0/24",
        "192.0.0.0/24",
        "fec0::/10",
        "5f00::/16",
        "3fff::/20",
    ];
    let stricter: Vec<Internal> = internal(&stricter);
    let lists = Guard {
        internal: stricter,
        ..Guard::default()
    };
    let (mut public, mut closed) = (0, 0);
    for address in addresses {
        let ours = reserved(address).is_none();
        let theirs = python.ask(&serde_json::json!(address.to_string()));
        if ours {
            public += 1;
            assert_eq!(theirs, serde_json::json!(true), "{address}");
        } else if theirs == serde_json::json!(true) {
            closed += 1;
            let known = lists.check_address("x", address, 443).is_ok();
            let given_out = address.is_ipv4() || in_global_v6(address);
            assert!(known || !given_out, "{address}");
        }
    }
    // Both sorts were among them.
    assert!(public > 3000, "{public}");
    assert!(closed > 0, "{closed}");
}

/// Whether an IPv6 address lies where addresses are given out at all, 2000::/3.
fn in_global_v6(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.segments()[0] >> 13 == 1)
}

const CHILD: &str = "MAKEGOOD_TEST_HTTPS_PORT";

async fn post_https(port: u16) -> Result<Answer, NoAnswer> {
    let (lookup, _) = answers(&[&["127.0.0.1"]]);
    let way_out = WayOut::with_lookup(
        Guard {
            internal: internal(&["127.0.0.1"]),
            ..Guard::default()
        },
        lookup,
    );
    post(
        &way_out,
        &format!("https://shop.localhost:{port}/"),
        PATIENCE,
    )
    .await
}

/// Which authorities the system knows is read once in a process, from a file that the environment can name on Linux; so
/// the test starts itself again with another environment.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_server_is_believed_only_with_a_certificate_that_the_system_knows() {
    if let Ok(port) = std::env::var(CHILD) {
        let answer = post_https(port.parse().expect("a port")).await;
        assert_eq!(answer.expect("an answer").status, 204);
        return;
    }
    let mut server = Judge::start("https_server.py");
    let said = server.ask(&serde_json::Value::Null);
    let port = said["port"]
        .as_u64()
        .and_then(|port| u16::try_from(port).ok());
    let port = port.expect("a port");
    let stranger = post_https(port)
        .await
        .expect_err("nobody knows the authority");
    assert!(
        matches!(&stranger, NoAnswer::NotReached(what) if what.contains("certificate")),
        "{stranger:?}"
    );
    let file = std::env::temp_dir().join(format!("makegood-authority-{}.pem", std::process::id()));
    std::fs::write(&file, said["authority"].as_str().expect("a certificate")).expect("written");
    let child = std::process::Command::new(std::env::current_exe().expect("this test"))
        .args([
            "--exact",
            "a_server_is_believed_only_with_a_certificate_that_the_system_knows",
        ])
        .env(CHILD, port.to_string())
        .env("SSL_CERT_FILE", &file)
        .output()
        .expect("it runs");
    let _ = std::fs::remove_file(&file);
    assert!(
        child.status.success(),
        "{}",
        String::from_utf8_lossy(&child.stdout)
    );
    assert!(String::from_utf8_lossy(&child.stdout).contains("1 passed"));
}
