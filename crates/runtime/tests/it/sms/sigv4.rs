//! Signature Version 4 of AWS, step by step from its public description, and AWS's published examples.

use super::double::Request;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// What a signature covers, apart from the request.
struct Scope<'a> {
    secret: &'a str,
    /// `YYYYMMDDThhmmssZ`.
    at: &'a str,
    region: &'a str,
    service: &'a str,
}

fn hash(text: &str) -> String {
    hex::encode(Sha256::digest(text))
}

fn mac(key: &[u8], text: &str) -> Vec<u8> {
    let mut mac = Hmac::<Sha256>::new_from_slice(key).unwrap();
    mac.update(text.as_bytes());
    mac.finalize().into_bytes().to_vec()
}

/// The canonical form of a request: method, path, query, signed headers, their names, hash of the body.
fn canonical(method: &str, query: &str, headers: &[(&str, &str)], body: &str) -> String {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}:{}\n", value.trim())).collect();
    let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
    format!("{method}\n/\n{query}\n{lines}\n{}\n{}", names.join(";"), hash(body))
}

fn signature(scope: &Scope<'_>, canonical: &str) -> String {
    let Scope { secret, at, region, service } = scope;
    let day = &at[..8];
    let to_sign = format!("AWS4-HMAC-SHA256\n{at}\n{day}/{region}/{service}/aws4_request\n{}", hash(canonical));
    let key = mac(format!("AWS4{secret}").as_bytes(), day);
    let key = [*region, *service, "aws4_request"].iter().fold(key, |key, part| mac(&key, part));
    hex::encode(mac(&key, &to_sign))
}

/// The `Authorization` that a request to SNS in `region` must have.
pub(crate) fn authorization(request: &Request, key_id: &str, secret: &str, region: &str) -> String {
    let at = request.header("x-amz-date");
    let names = ["content-type", "host", "x-amz-content-sha256", "x-amz-date"];
    assert_eq!(request.header("x-amz-content-sha256"), hash(&request.body));
    let headers = names.map(|name| (name, request.header(name)));
    let scope = Scope { secret, at, region, service: "sns" };
    let signature = signature(&scope, &canonical("POST", "", &headers, &request.body));
    let (day, names) = (&at[..8], names.join(";"));
    let credential = format!("{key_id}/{day}/{region}/sns/aws4_request");
    format!("AWS4-HMAC-SHA256 Credential={credential}, SignedHeaders={names}, Signature={signature}")
}

#[test]
fn the_published_examples_have_the_published_signatures() {
    let scope = |service| Scope {
        secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY",
        at: "20150830T123600Z",
        region: "us-east-1",
        service,
    };
    // From the guide: ListUsers of IAM.
    let headers = [
        ("content-type", "application/x-www-form-urlencoded; charset=utf-8"),
        ("host", "iam.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
    ];
    let list_users = canonical("GET", "Action=ListUsers&Version=2010-05-08", &headers, "");
    assert_eq!(hash(&list_users), "f536975d06c0309214f805bb90ccff089219ecd68b2577efef23edd43b7e1a59");
    let published = "5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7";
    assert_eq!(signature(&scope("iam"), &list_users), published);
    // From the test suite: post-x-www-form-urlencoded.
    let headers = [
        ("content-type", "application/x-www-form-urlencoded"),
        ("host", "example.amazonaws.com"),
        ("x-amz-date", "20150830T123600Z"),
    ];
    let form = canonical("POST", "", &headers, "Param1=value1");
    let published = "ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a";
    assert_eq!(signature(&scope("service"), &form), published);
}
