//! List of the problem codes, `deploy/nginx/docs/problems.json`, against the code that makes problems.
//!
//! Besides, `testkit` checks code and status of every problem that a test expects.

use crate::assert_no_violations;
use crate::source::{files, production_code, read};
use reqwest::StatusCode;
use serde::Deserialize;
use std::collections::BTreeMap;

const LIST: &str = "deploy/nginx/docs/problems.json";
const GATEWAY: &str = "deploy/nginx/nginx.conf.template";

/// What stands before a code, and the status of the problem that it makes.
const CONSTRUCTORS: [(&str, u16); 8] = [
    ("bad_request(", 400),
    ("unauthorized(", 401),
    ("conflict(", 409),
    ("unprocessable(", 422),
    ("finish(", 422),
    ("read_with_code(", 422),
    ("too_many(", 429),
    ("busy_code: ", 429),
];

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct List {
    items: Vec<Item>,
}

/// A problem code. The status is null for the reason of a closed stream, and where it is not always the same.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    code: String,
    status: Option<u16>,
    title: String,
}

fn list() -> Vec<Item> {
    serde_json::from_str::<List>(&read(LIST)).unwrap_or_else(|error| panic!("{LIST}: {error}")).items
}

/// Production code of the services and crates, each in one line.
fn sources() -> Vec<(String, String)> {
    let is_source = |file: &String| file.ends_with(".rs") && file.split('/').nth(2) == Some("src");
    let one_line = |file: String| {
        let code = production_code(&file).split_whitespace().collect::<Vec<_>>().join(" ").replace("( ", "(");
        (file, code)
    };
    files().into_iter().filter(is_source).map(one_line).collect()
}

/// The status that the code before a literal names.
fn status_before(code: &str) -> Option<u16> {
    let constructed = CONSTRUCTORS.iter().find(|(before, _)| code.ends_with(before)).map(|(_, status)| *status);
    constructed.or_else(|| {
        let (_, name) = code.strip_suffix(", ")?.rsplit_once("StatusCode::")?;
        let is_named = |status: &StatusCode| {
            let reason = status.canonical_reason().unwrap_or_default();
            reason.to_uppercase().replace([' ', '-'], "_") == name
        };
        (400..600).filter_map(|code| StatusCode::from_u16(code).ok()).find(is_named).map(|status| status.as_u16())
    })
}

/// Every code that a constructor of problems gets as a literal, with file and status.
fn constructed() -> Vec<(String, String, u16)> {
    let mut found = Vec::new();
    for (file, code) in sources() {
        let parts: Vec<&str> = code.split('"').collect();
        for (before, literal) in parts.iter().zip(parts.iter().skip(1)) {
            if let Some(status) = status_before(before).filter(|_| literal.contains('.') && !literal.contains(' ')) {
                found.push((file.clone(), (*literal).to_owned(), status));
            }
        }
    }
    found
}

#[test]
fn the_list_of_problems_is_in_order_and_each_has_a_title() {
    let items = list();
    assert!(items.is_sorted_by(|a, b| a.code < b.code), "sort {LIST} by code");
    let is_complete = |item: &&Item| item.title.ends_with('.') && item.title.len() > 10;
    let violations: Vec<String> =
        items.iter().filter(|item| !is_complete(item)).map(|item| item.code.clone()).collect();
    assert_no_violations("a title is a sentence", &violations);
}

#[test]
fn every_problem_that_is_made_is_in_the_list_with_its_status() {
    let listed: BTreeMap<String, Option<u16>> = list().into_iter().map(|item| (item.code, item.status)).collect();
    let made = constructed();
    assert!(made.len() > 100, "constructors are not recognised: {}", made.len());
    let is_listed = |code: &str, status: u16| listed.get(code).is_some_and(|listed| listed.is_none_or(|s| s == status));
    let violations: Vec<String> = made
        .iter()
        .filter(|(_, code, status)| !is_listed(code, *status))
        .map(|(file, code, status)| format!("{file}: {code} {status}"))
        .collect();
    assert_no_violations("add code, status and title to deploy/nginx/docs/problems.json", &violations);
}

#[test]
fn the_list_has_no_problem_that_nothing_makes() {
    let (sources, gateway) = (sources(), read(GATEWAY));
    let is_made = |code: &str| {
        let literal = format!("\"{code}\"");
        gateway.contains(&literal) || sources.iter().any(|(_, source)| source.contains(&literal))
    };
    let violations: Vec<String> = list().into_iter().map(|item| item.code).filter(|code| !is_made(code)).collect();
    assert_no_violations("remove these codes from deploy/nginx/docs/problems.json", &violations);
}

#[test]
fn the_problems_of_the_gateway_are_in_the_list_with_their_status() {
    let listed: BTreeMap<String, Option<u16>> = list().into_iter().map(|item| (item.code, item.status)).collect();
    let gateway = read(GATEWAY);
    let bodies: Vec<&str> = gateway.lines().filter(|line| line.contains("urn:ev:problem:")).collect();
    assert!(bodies.len() > 5, "the gateway's problems are not recognised");
    for body in bodies {
        let between = |start: &str, end: char| body.split_once(start).and_then(|(_, rest)| rest.split_once(end));
        let (code, _) = between("\"code\":\"", '"').expect(body);
        let (status, _) = between("\"status\":", ',').expect(body);
        assert_eq!(listed.get(code), Some(&status.parse().ok()), "{body}");
    }
}
