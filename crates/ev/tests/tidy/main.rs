//! The house rules that no compiler and no lint checks, as ordinary tests over the tracked files.
//!
//! Each failure names every place that breaks the rule, so that one run is enough to mend them all.

mod source;

use source::{belongs, files, is_local, mentions, names, read, rust_files, shipped, used_paths, variables_read};
use std::collections::BTreeSet;

const SERVICES: [&str; 8] = ["auth", "binary", "booking", "compliance", "notification", "payout", "reports", "wallet"];
const BANNED_NAMES: [&str; 14] = [
    "common", "util", "utils", "helper", "helpers", "misc", "shared", "manager", "managers", "types", "type", "base",
    "core", "commons",
];
/// What a MySQL table must say of itself; three-byte text cost us names and addresses once.
const TABLE_OPTIONS: &str = "/*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

#[track_caller]
fn none(rule: &str, places: &[String]) {
    assert!(places.is_empty(), "{rule}:\n  {}", places.join("\n  "));
}

/// A part of every service, and what it may not name (or, where `only` is not empty, all it may).
struct Layer {
    /// A folder, or a single file of that name while it is small.
    place: &'static str,
    only: &'static [&'static str],
    never: &'static [&'static str],
}
const LAYERS: [Layer; 6] = [
    Layer {
        place: "domain",
        only: &["std", "core", "domain", "chrono", "uuid", "thiserror", "serde", "crate::domain", "super", "self"],
        never: &[
            "chassis",
            "diesel",
            "actix_web",
            "tokio",
            "tracing",
            "serde_json",
            "db",
            "crate::store",
            "crate::app",
        ],
    },
    Layer {
        place: "store",
        only: &[],
        never: &["crate::http", "crate::app", "crate::consumers", "proto_events", "actix_web"],
    },
    Layer {
        place: "app",
        only: &[],
        never: &["actix_web", "diesel::prelude", "diesel_async", "diesel::dsl", "crate::schema", "crate::http"],
    },
    Layer {
        place: "http",
        only: &[],
        never: &["diesel", "diesel_async", "crate::schema", "crate::consumers", "crate::jobs"],
    },
    Layer {
        place: "consumers",
        only: &[],
        never: &["crate::store", "crate::http", "crate::schema", "diesel", "diesel_async", "actix_web"],
    },
    Layer {
        place: "jobs",
        only: &[],
        never: &["crate::store", "crate::http", "crate::schema", "diesel", "diesel_async", "actix_web"],
    },
];

#[test]
fn a_layer_names_only_what_it_may() {
    let mut wrong = Vec::new();
    for file in rust_files() {
        let Some((_, inside)) = file.strip_prefix("services/").and_then(|f| f.split_once("/src/")) else { continue };
        let code = shipped(&file);
        let paths = used_paths(&code);
        for layer in LAYERS.iter().filter(|l| belongs(inside, l.place)) {
            for path in &paths {
                let forbidden = layer.never.iter().any(|m| names(path, m));
                let unknown =
                    !layer.only.is_empty() && !is_local(path, &code) && !layer.only.iter().any(|m| names(path, m));
                if forbidden || unknown {
                    wrong.push(format!("{file} uses {path}"));
                }
            }
            wrong.extend(layer.never.iter().filter(|m| mentions(&code, m)).map(|m| format!("{file} names {m}::…")));
        }
    }
    wrong.dedup();
    none("ARCHITECTURE.md says what each layer may use", &wrong);
}

#[test]
fn pure_code_neither_waits_nor_reads_a_clock() {
    let mut wrong = Vec::new();
    for file in rust_files().filter(|f| f.starts_with("crates/domain/src/") || f.contains("/src/domain")) {
        let code = shipped(&file);
        for word in ["async fn", ".await", "::now()", "Uuid::now", "getrandom", "println!", "tracing::"] {
            if code.contains(word) {
                wrong.push(format!("{file} has {word}"));
            }
        }
    }
    none("domain code is pure: time, ids and chance come in as arguments", &wrong);
}

#[test]
fn only_handlers_consumers_and_jobs_begin_transactions() {
    let begins = |f: &String| [".tx(", ".transaction("].iter().any(|w| shipped(f).contains(w));
    let wrong: Vec<_> = rust_files()
        .filter(|f| f.starts_with("services/"))
        .filter(|f| {
            f.split_once("/src/").is_some_and(|(_, f)| ["app", "store", "domain"].iter().any(|l| belongs(f, l)))
        })
        .filter(begins)
        .collect();
    none("app and store work on the connection they are given", &wrong);
}

#[test]
fn a_file_holds_one_noun() {
    let too_long = |f: &String| {
        let most = if f.ends_with("src/main.rs") { 15 } else { 400 };
        let lines = read(f).lines().count();
        (lines > most).then(|| format!("{f}: {lines} lines, at most {most}"))
    };
    none("a file that wants more holds two nouns", &rust_files().filter_map(|f| too_long(&f)).collect::<Vec<_>>());
}

#[test]
fn a_module_is_named_after_what_it_holds() {
    let banned = |f: &String| {
        let path = f.trim_end_matches(".rs");
        path.split('/').any(|part| BANNED_NAMES.contains(&part))
    };
    let mut wrong: Vec<_> = rust_files().filter(banned).collect();
    for file in rust_files() {
        let declared = read(&file);
        let inline = |name: &&&str| declared.lines().any(|l| l.trim_start() == format!("mod {name} {{"));
        wrong.extend(BANNED_NAMES.iter().filter(inline).map(|name| format!("{file}: mod {name}")));
    }
    none("a name like `utils` says nothing", &wrong);
}

#[test]
fn every_library_opens_with_its_map() {
    let wrong: Vec<_> =
        rust_files().filter(|f| f.ends_with("src/lib.rs") && !read(f).trim_start().starts_with("//!")).collect();
    none("lib.rs opens with `//!`: what it owns, its files in reading order, its invariants", &wrong);
}

#[test]
fn no_test_is_ignored_and_no_lint_silenced_without_a_reason() {
    // Put together here, so that this file does not break its own rule.
    let banned = [concat!("#[", "ignore"), concat!("#[", "allow("), concat!("#![", "allow(")];
    let mut wrong = Vec::new();
    for file in rust_files() {
        let text = read(&file);
        let hits = text.lines().enumerate().filter(|(_, l)| banned.iter().any(|b| l.trim_start().starts_with(b)));
        wrong.extend(hits.map(|(at, line)| format!("{file}:{}: {}", at + 1, line.trim())));
    }
    none("say #[expect(…, reason = \"…\")], and mend or remove a test that does not run", &wrong);
}

#[test]
fn a_service_is_described_in_forty_lines() {
    let mut wrong = Vec::new();
    for service in SERVICES {
        let file = format!("services/{service}/README.md");
        match read(&file).lines().count() {
            0 => wrong.push(format!("{file} is missing")),
            lines if lines > 40 => wrong.push(format!("{file}: {lines} lines")),
            _ => {}
        }
    }
    none("owns, publishes, consumes, endpoints, invariants: at most 40 lines", &wrong);
}

#[test]
fn the_tree_knows_no_machine_but_its_own() {
    let banned = [
        concat!("/wo", "rk/"),
        concat!("/ro", "ot/"),
        concat!("sha", "red/design"),
        concat!("sha", "red/spikes"),
        concat!("../sha", "red"),
        concat!("index.cra", "tes.io"),
        concat!("static.cra", "tes.io"),
        concat!("py", "pi.org"),
        concat!("registry.np", "mjs.org"),
        concat!("deb.deb", "ian.org"),
    ];
    let mut wrong = Vec::new();
    for file in files().into_iter().filter(|f| f != "Cargo.lock") {
        let text = read(&file);
        for (at, line) in text.lines().enumerate() {
            wrong.extend(banned.iter().filter(|b| line.contains(*b)).map(|b| format!("{file}:{}: {b}", at + 1)));
        }
    }
    none("no path or host of one machine belongs in the tree", &wrong);
}

#[test]
fn every_variable_that_is_read_is_in_the_example() {
    let example = read(".env.example");
    let listed: BTreeSet<_> = example
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name.to_owned())
        .collect();
    let mut wrong = Vec::new();
    let sources = rust_files().filter(|f| f.contains("/src/") && !f.starts_with("crates/testkit/"));
    for file in sources.filter(|f| f.starts_with("crates/") || f.starts_with("services/")) {
        let missing = variables_read(&shipped(&file)).into_iter().filter(|v| !listed.contains(v));
        wrong.extend(missing.map(|v| format!("{file} reads {v}")));
    }
    none(".env.example lists every setting with its unit and default", &wrong);
}

#[test]
fn a_migration_can_be_undone_and_its_tables_hold_any_letter() {
    let mut wrong = Vec::new();
    let ours = |f: &String| f.starts_with("services/") || f.starts_with("crates/chassis/");
    for file in files().into_iter().filter(ours).filter(|f| f.ends_with("/up.sql")) {
        if read(&file.replace("up.sql", "down.sql")).is_empty() {
            wrong.push(format!("{file} has no down.sql beside it"));
        }
        let statements = read(&file);
        let tables = statements.split("CREATE TABLE ").skip(1);
        wrong.extend(
            tables
                .filter(|t| !t.split(';').next().unwrap_or("").contains(TABLE_OPTIONS))
                .map(|t| format!("{file}: {}", t.split_whitespace().next().unwrap_or(""))),
        );
    }
    none("every table is InnoDB and utf8mb4_bin on MySQL, and every migration has its way back", &wrong);
}

#[test]
fn no_two_migrations_of_a_service_share_a_version() {
    let mut wrong = Vec::new();
    let all = files();
    for service in SERVICES {
        let own = format!("services/{service}/migrations/");
        let mut seen = BTreeSet::new();
        let folders = all
            .iter()
            .filter(|f| f.ends_with("/up.sql"))
            .filter_map(|f| f.strip_prefix(&own).or_else(|| f.strip_prefix("crates/chassis/migrations/")));
        for version in folders.filter_map(|f| f.split('_').next()) {
            if !seen.insert(version.to_owned()) {
                wrong.push(format!("{service}: {version} is there twice, with the chassis's own"));
            }
        }
    }
    none("a service runs the chassis's migrations and its own in one list", &wrong);
}
