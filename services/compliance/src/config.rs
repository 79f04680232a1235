//! Configuration from the environment.

use actix_web::http::Uri;
use pii::Sealer;
use runtime::{ConfigError, Env};
use secrecy::SecretString;
use std::path::PathBuf;
use std::time::Duration;

/// Configuration of the service.
#[derive(Debug)]
pub struct Config {
    /// `BLOB_URL`, or else `BLOB_DIR`: the blob store for uploaded documents.
    pub blobs: BlobConfig,
    /// `PII_KEYS`, `PII_INDEX_KEY`: keys that seal PANs. Only the quarterly statement and a member's own certificate
    /// unseal them.
    pub sealer: Sealer,
}

/// The blob store for uploaded documents.
#[derive(Debug, Clone)]
pub enum BlobConfig {
    /// `BLOB_DIR`: a directory, `data/blobs` by default, created at the first upload.
    Directory(PathBuf),
    /// A bucket, when `BLOB_URL` is set; `BLOB_DIR` is then ignored.
    S3(S3Config),
}

/// A bucket of S3 or of an S3-compatible store.
#[derive(Debug, Clone)]
pub struct S3Config {
    /// Bucket name in `BLOB_URL`: `s3://BUCKET` or `s3://BUCKET/PREFIX`.
    pub bucket: String,
    /// Prefix of all object keys in `BLOB_URL`, without slashes at its ends; empty by default.
    pub prefix: String,
    /// `S3_ENDPOINT`: `https://HOST[:PORT]`, or `http://…` on a trusted network; the endpoint of AWS by default.
    /// When it is set, requests are path-style: the bucket is the first segment of the path.
    pub endpoint: Option<String>,
    /// `S3_REGION`: `us-east-1` by default, which stores without regions accept.
    pub region: String,
    /// `S3_ACCESS_KEY_ID`: required with a bucket.
    pub access_key_id: String,
    /// `S3_SECRET_ACCESS_KEY`: required with a bucket.
    pub secret_access_key: SecretString,
    /// `S3_TIMEOUT_MS`: time limit of one attempt in milliseconds, 100 to 10000, 4000 by default. A call has at most
    /// two attempts.
    pub timeout: Duration,
}

impl Config {
    /// Reads the configuration. Errors with the name of a variable that is missing or invalid.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        Ok(Self { blobs: blobs(env)?, sealer: Sealer::from_env(env)? })
    }
}

fn blobs(env: &Env) -> Result<BlobConfig, ConfigError> {
    let Some(url) = env.get("BLOB_URL") else {
        // Credentials for a bucket without `BLOB_URL` are a mistake: a directory is lost with its container.
        let s3_variable =
            ["S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY"].into_iter().find(|v| env.get(v).is_some());
        return match s3_variable {
            Some(variable) => Err(ConfigError::new("BLOB_URL", format!("must be set when {variable} is"))),
            None => Ok(BlobConfig::Directory(env.get_or("BLOB_DIR", "data/blobs").into())),
        };
    };
    let bad_url = || ConfigError::new("BLOB_URL", "is not s3://BUCKET or s3://BUCKET/PREFIX");
    let location = url.strip_prefix("s3://").ok_or_else(bad_url)?;
    let (bucket, prefix) = location.split_once('/').unwrap_or((location, ""));
    let prefix = prefix.trim_end_matches('/');
    if !is_bucket(bucket) || !(prefix.is_empty() || prefix.split('/').all(is_segment)) {
        return Err(bad_url());
    }
    let region = env.get_or("S3_REGION", "us-east-1");
    if !region.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b)) {
        return Err(ConfigError::new("S3_REGION", "may contain only letters, digits, `-` and `_`"));
    }
    let timeout_ms = env.parse_in_range("S3_TIMEOUT_MS", 4_000_u64, 100..=10_000, "milliseconds")?;
    Ok(BlobConfig::S3(S3Config {
        bucket: bucket.to_owned(),
        prefix: prefix.to_owned(),
        endpoint: env.get("S3_ENDPOINT").map(endpoint).transpose()?,
        region: region.to_owned(),
        access_key_id: env.required("S3_ACCESS_KEY_ID")?.to_owned(),
        secret_access_key: env.required("S3_SECRET_ACCESS_KEY")?.into(),
        timeout: Duration::from_millis(timeout_ms),
    }))
}

/// Whether S3 allows this bucket name.
fn is_bucket(name: &str) -> bool {
    let is_alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    (3..=63).contains(&name.len())
        && name.bytes().all(|b| is_alphanumeric(b) || b"-.".contains(&b))
        && name.split('.').all(|label| label.bytes().next().is_some_and(is_alphanumeric) && !label.ends_with('-'))
}

/// Whether a prefix segment has safe characters only and is neither `.` nor `..`.
fn is_segment(text: &str) -> bool {
    let is_safe = text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    is_safe && text.bytes().any(|b| b != b'.')
}

/// Accepts a scheme, a host and an optional port. Refuses credentials, which would end up in logs, and a path.
fn endpoint(text: &str) -> Result<String, ConfigError> {
    let bad = || ConfigError::new("S3_ENDPOINT", "is not https://HOST[:PORT] or http://HOST[:PORT]");
    let uri: Uri = text.parse().map_err(|_| bad())?;
    let is_valid = matches!(uri.scheme_str(), Some("http" | "https"))
        && uri.authority().is_some_and(|a| !a.as_str().contains('@') && !a.host().is_empty())
        && uri.path_and_query().is_none_or(|p| p.as_str() == "/");
    if is_valid { Ok(text.trim_end_matches('/').to_owned()) } else { Err(bad()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    const KEYS: [(&str, &str); 2] = [("S3_ACCESS_KEY_ID", "AKIA1"), ("S3_SECRET_ACCESS_KEY", "a secret key")];

    fn parse(more: &[(&str, &str)]) -> Result<BlobConfig, ConfigError> {
        blobs(&Env::from_pairs([&KEYS, more].concat()))
    }

    #[test]
    fn documents_are_in_a_directory_unless_a_bucket_is_configured() {
        for (variables, folder) in [(vec![], "data/blobs"), (vec![("BLOB_DIR", "/srv/x")], "/srv/x")] {
            let BlobConfig::Directory(path) = blobs(&Env::from_pairs(variables)).expect("a config") else {
                panic!("S3")
            };
            assert_eq!(path.to_str(), Some(folder));
        }
        for (url, bucket, prefix) in [
            ("s3://documents", "documents", ""),
            ("s3://a.b-c.1/", "a.b-c.1", ""),
            ("s3://documents/ev/2026_x.y/", "documents", "ev/2026_x.y"),
        ] {
            let BlobConfig::S3(s3) = parse(&[("BLOB_URL", url), ("BLOB_DIR", "/srv/x")]).expect(url) else {
                panic!("{url}: a folder")
            };
            assert_eq!((s3.bucket.as_str(), s3.prefix.as_str(), s3.endpoint), (bucket, prefix, None));
            assert_eq!((s3.region.as_str(), s3.timeout.as_millis()), ("us-east-1", 4_000));
            assert_eq!((s3.access_key_id.as_str(), s3.secret_access_key.expose_secret()), ("AKIA1", "a secret key"));
        }
        let elsewhere = [("BLOB_URL", "s3://documents"), ("S3_ENDPOINT", "http://store:9000/")];
        let BlobConfig::S3(s3) = parse(&elsewhere).expect("a config") else { panic!("a folder") };
        assert_eq!(s3.endpoint.as_deref(), Some("http://store:9000"));
        assert!(!format!("{s3:?}").contains("a secret key"));
    }

    #[test]
    fn a_bad_setting_is_refused_by_its_name_and_its_value_is_not_shown() {
        let bucket = ("BLOB_URL", "s3://documents");
        for bad in [
            ("BLOB_URL", "https://documents"),
            ("BLOB_URL", "s3://"),
            ("BLOB_URL", "s3://ab"),
            ("BLOB_URL", "s3://Documents"),
            ("BLOB_URL", "s3://-documents"),
            ("BLOB_URL", "s3://documents..x"),
            ("BLOB_URL", "s3://key:secret@documents"),
            ("BLOB_URL", "s3://documents/a//b"),
            ("BLOB_URL", "s3://documents/../b"),
            ("BLOB_URL", "s3://documents/a b"),
            ("S3_ENDPOINT", "store:9000"),
            ("S3_ENDPOINT", "ftp://store"),
            ("S3_ENDPOINT", "https://key:secret@store"),
            ("S3_ENDPOINT", "https://store/path"),
            ("S3_ENDPOINT", "https://store?x"),
            ("S3_ENDPOINT", "https://"),
            ("S3_REGION", "a/b"),
            ("S3_TIMEOUT_MS", "99"),
            ("S3_TIMEOUT_MS", "10001"),
            ("S3_TIMEOUT_MS", "soon"),
        ] {
            let refused = parse(&[bucket, bad]).expect_err(bad.1);
            assert_eq!(refused.variable, bad.0, "{}", bad.1);
            assert!(!refused.reason.contains("secret"), "{refused}");
        }
        for [(have, value), (lack, _)] in [[KEYS[0], KEYS[1]], [KEYS[1], KEYS[0]]] {
            let half = Env::from_pairs([bucket, (have, value)]);
            assert_eq!(blobs(&half).expect_err("half").variable, lack);
            let no_bucket = Env::from_pairs([(have, value)]);
            assert_eq!(blobs(&no_bucket).expect_err("no bucket").variable, "BLOB_URL");
        }
    }
}
