// SPDX-License-Identifier: MIT OR Apache-2.0
//! Attachments in S3-compatible storage: an object each, named by the hash of its content.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};
use reqwest::{Method, Response, StatusCode, redirect};
use rusty_s3::{Credentials, S3Action, UrlStyle, actions};

use super::{Digest, Shelf, Trouble, length};
use crate::config::S3;

/// How long a signature holds: a request is sent at once, and clocks differ.
const SIGNED_FOR: Duration = Duration::from_secs(300);

const CONNECTING: Duration = Duration::from_secs(5);
const REQUEST: Duration = Duration::from_secs(60);

/// How long to wait before each further try. Storage says "slow down" and means it.
const RESTS: [Duration; 3] = [
    Duration::from_millis(100),
    Duration::from_millis(500),
    Duration::from_millis(2_000),
];

/// A bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    client: reqwest::Client,
    bucket: rusty_s3::Bucket,
    credentials: Credentials,
    prefix: String,
    bytes_max: u64,
}

/// How a request ended.
enum Ended {
    Done(Response),
    Absent,
    /// There is such an object already.
    Present,
}

impl Bucket {
    /// Prepares to ask a bucket. `bytes_max` is the largest original.
    pub fn open(s3: &S3, bytes_max: u64) -> Result<Self, Trouble> {
        let wrong = |cause: &dyn std::fmt::Display| {
            Trouble::Unavailable(format!(
                "the bucket `{}` cannot be used: {cause}",
                s3.bucket
            ))
        };
        let bucket = rusty_s3::Bucket::new(
            s3.endpoint.clone(),
            UrlStyle::Path,
            s3.bucket.clone(),
            s3.region.clone(),
        )
        .map_err(|cause| wrong(&cause))?;
        // Fails where one is installed already, which is as good.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECTING)
            .timeout(REQUEST)
            // A signature holds for one address only.
            .redirect(redirect::Policy::none())
            .build()
            .map_err(|cause| wrong(&cause))?;
        Ok(Self {
            client,
            bucket,
            credentials: credentials(s3),
            prefix: s3.prefix.clone(),
            bytes_max,
        })
    }

    pub async fn write(
        &self,
        shelf: Shelf,
        digest: Digest,
        content: Bytes,
        replace: bool,
    ) -> Result<bool, Trouble> {
        let key = self.key(shelf, digest);
        // The storage holds the content against this before it keeps it.
        let checksum = STANDARD.encode(Digest::of(&content).bytes());
        let mut headers = vec![
            ("content-type", "application/octet-stream"),
            ("x-amz-checksum-sha256", checksum.as_str()),
        ];
        if !replace {
            headers.push(("if-none-match", "*"));
        }
        let put = || {
            let mut put = actions::PutObject::new(&self.bucket, Some(&self.credentials), &key);
            for (name, value) in &headers {
                put.headers_mut().insert(*name, *value);
            }
            put.sign(SIGNED_FOR)
        };
        match self.ask(Method::PUT, put, &headers, Some(content)).await? {
            Ended::Done(_) => Ok(true),
            Ended::Present => Ok(false),
            Ended::Absent => Err(self.no_bucket()),
        }
    }

    pub async fn read(&self, shelf: Shelf, digest: Digest) -> Result<Bytes, Trouble> {
        let key = self.key(shelf, digest);
        let get = || {
            actions::GetObject::new(&self.bucket, Some(&self.credentials), &key).sign(SIGNED_FOR)
        };
        match self.ask(Method::GET, get, &[], None).await? {
            Ended::Done(response) => self.whole(response, digest).await,
            Ended::Absent | Ended::Present => Err(Trouble::Absent(digest)),
        }
    }

    pub async fn remove(&self, shelf: Shelf, digest: Digest) -> Result<(), Trouble> {
        let key = self.key(shelf, digest);
        let delete = || {
            actions::DeleteObject::new(&self.bucket, Some(&self.credentials), &key).sign(SIGNED_FOR)
        };
        self.ask(Method::DELETE, delete, &[], None)
            .await
            .map(|_| ())
    }

    fn key(&self, shelf: Shelf, digest: Digest) -> String {
        format!("{}{}/{digest}", self.prefix, shelf.name())
    }

    /// Asks until there is an answer that will not change. All that is asked here may be asked twice.
    async fn ask(
        &self,
        method: Method,
        signed: impl Fn() -> url::Url,
        headers: &[(&str, &str)],
        content: Option<Bytes>,
    ) -> Result<Ended, Trouble> {
        let mut rests = RESTS.into_iter();
        loop {
            let mut request = self.client.request(method.clone(), signed());
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            if let Some(content) = &content {
                request = request.body(content.clone());
            }
            let why = match request.send().await {
                // The address holds a signature, which is no business of a log.
                Err(cause) => causes(&cause.without_url()),
                Ok(response) => match response.status() {
                    status if status.is_success() => return Ok(Ended::Done(response)),
                    StatusCode::NOT_FOUND => return Ok(Ended::Absent),
                    StatusCode::PRECONDITION_FAILED => return Ok(Ended::Present),
                    status if is_passing(status) => format!("it answered {status}"),
                    status => return Err(self.refused(status)),
                },
            };
            match rests.next() {
                Some(rest) => tokio::time::sleep(rest).await,
                None => return Err(self.trouble(&why)),
            }
        }
    }

    /// The content of an answer. One that is longer than anything we keep is not ours.
    async fn whole(&self, mut response: Response, digest: Digest) -> Result<Bytes, Trouble> {
        // What is shown may be somewhat larger than its original.
        let bytes_max = self.bytes_max.saturating_mul(8).max(1 << 26);
        let mut whole = BytesMut::new();
        loop {
            match response.chunk().await {
                Ok(Some(part)) => whole.extend_from_slice(&part),
                Ok(None) => return Ok(whole.freeze()),
                Err(cause) => return Err(self.trouble(&causes(&cause.without_url()))),
            }
            if length(&whole) > bytes_max {
                return Err(Trouble::Damaged(digest));
            }
        }
    }

    fn refused(&self, status: StatusCode) -> Trouble {
        let help = match status {
            StatusCode::FORBIDDEN | StatusCode::UNAUTHORIZED => {
                "; look at `attachments.s3_access_key`, `s3_secret_key`, `s3_session_token` and `s3_region`, at the rights of the key, and at this machine's clock"
            }
            StatusCode::MOVED_PERMANENTLY | StatusCode::TEMPORARY_REDIRECT => {
                "; the bucket is in another region: look at `attachments.s3_region` and `s3_endpoint`"
            }
            _ => "",
        };
        self.trouble(&format!("it answered {status}{help}"))
    }

    fn no_bucket(&self) -> Trouble {
        self.trouble("there is no such bucket; create it, or look at `attachments.s3_bucket`")
    }

    fn trouble(&self, why: &str) -> Trouble {
        let host = self.bucket.base_url().host_str().unwrap_or_default();
        Trouble::Unavailable(format!(
            "attachments cannot be kept in the bucket `{}` at {host}: {why}",
            self.bucket.name()
        ))
    }
}

/// Who asks. A session token comes with keys that were lent for a while; its requests carry it, signed.
fn credentials(s3: &S3) -> Credentials {
    let (key, secret) = (s3.access_key.expose(), s3.secret_key.expose());
    match &s3.session_token {
        None => Credentials::new(key, secret),
        Some(token) => Credentials::new_with_token(key, secret, token.expose()),
    }
}

/// Whether an answer may be another one soon.
fn is_passing(status: StatusCode) -> bool {
    status.is_server_error()
        || matches!(
            status,
            StatusCode::CONFLICT | StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS
        )
}

/// An error with all that lies behind it.
fn causes(error: &dyn std::error::Error) -> String {
    let mut told = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        told.push_str(&format!(": {error}"));
        cause = error.source();
    }
    told
}
