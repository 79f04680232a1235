//! House rules that neither the compiler nor a lint checks, as tests over the tracked files.
//!
//! A failure lists every violation.

mod circles;
mod crate_layers;
#[path = "../derived/mod.rs"]
mod derived;
mod gateway;
mod problems;
mod request_texts;
mod services;
mod source;
mod vocabulary;

use source::{
    files, is_in_layer, is_local, is_within, mentions, production_code, read, rust_files, services, used_paths,
    variables_read,
};
use std::collections::BTreeSet;

const BANNED_NAMES: [&str; 14] = [
    "common", "util", "utils", "helper", "helpers", "misc", "shared", "manager", "managers", "types", "type", "base",
    "core", "commons",
];
/// Required options of a MySQL table: InnoDB and four-byte UTF-8.
const TABLE_OPTIONS: &str = "/*! ENGINE=InnoDB DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin";

#[track_caller]
fn assert_no_violations(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{rule}:\n  {}", violations.join("\n  "));
}

/// A layer of every service, the crates and modules it must not use, and, unless empty, the only ones it may use.
struct Layer {
    /// Name of the folder or of the single file.
    name: &'static str,
    only: &'static [&'static str],
    never: &'static [&'static str],
}
const LAYERS: [Layer; 6] = [
    Layer {
        name: "domain",
        only: &[
            "std",
            "core",
            "domain",
            "fnv",
            "proto_events::vocabulary",
            "chrono",
            "uuid",
            "thiserror",
            "serde",
            "crate::domain",
            "super",
            "self",
        ],
        never: &[
            "runtime",
            "http_api",
            "messaging",
            "auth_token",
            "pii",
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
        name: "store",
        only: &[],
        never: &["crate::http", "crate::app", "crate::consumers", "http_api", "messaging", "proto_events", "actix_web"],
    },
    Layer {
        name: "app",
        only: &[],
        never: &["actix_web", "diesel::prelude", "diesel_async", "diesel::dsl", "crate::schema", "crate::http"],
    },
    Layer {
        name: "http",
        only: &[],
        never: &["diesel", "diesel_async", "crate::schema", "crate::consumers", "crate::jobs"],
    },
    Layer {
        name: "consumers",
        only: &[],
        never: &["crate::store", "crate::http", "crate::schema", "diesel", "diesel_async", "actix_web", "http_api"],
    },
    Layer {
        name: "jobs",
        only: &[],
        never: &["crate::store", "crate::http", "crate::schema", "diesel", "diesel_async", "actix_web", "http_api"],
    },
];

#[test]
fn a_layer_uses_only_what_it_may() {
    let mut violations = Vec::new();
    for file in rust_files() {
        let Some((_, path_in_service)) = file.strip_prefix("services/").and_then(|f| f.split_once("/src/")) else {
            continue;
        };
        let code = production_code(&file);
        let paths = used_paths(&code);
        for layer in LAYERS.iter().filter(|l| is_in_layer(path_in_service, l.name)) {
            for path in &paths {
                let forbidden = layer.never.iter().any(|m| is_within(path, m));
                let unknown =
                    !layer.only.is_empty() && !is_local(path, &code) && !layer.only.iter().any(|m| is_within(path, m));
                if forbidden || unknown {
                    violations.push(format!("{file} uses {path}"));
                }
            }
            violations
                .extend(layer.never.iter().filter(|m| mentions(&code, m)).map(|m| format!("{file} names {m}::…")));
        }
    }
    violations.dedup();
    assert_no_violations("ARCHITECTURE.md says what each layer may use", &violations);
}

#[test]
fn domain_code_is_pure() {
    let mut violations = Vec::new();
    for file in rust_files().filter(|f| f.starts_with("crates/domain/src/") || f.contains("/src/domain")) {
        let code = production_code(&file);
        for word in ["async fn", ".await", "::now()", "Uuid::now", "getrandom", "println!", "tracing::"] {
            if code.contains(word) {
                violations.push(format!("{file} has {word}"));
            }
        }
    }
    assert_no_violations("domain code is pure: time, ids and randomness are arguments", &violations);
}

#[test]
fn only_handlers_consumers_and_jobs_begin_transactions() {
    let begins = |f: &String| [".tx(", ".transaction("].iter().any(|w| production_code(f).contains(w));
    let violations: Vec<_> = rust_files()
        .filter(|f| f.starts_with("services/"))
        .filter(|f| {
            f.split_once("/src/").is_some_and(|(_, f)| ["app", "store", "domain"].iter().any(|l| is_in_layer(f, l)))
        })
        .filter(begins)
        .collect();
    assert_no_violations("app and store use the connection of their caller", &violations);
}

#[test]
fn a_file_stays_below_its_line_limit() {
    let too_long = |f: &String| {
        let limit = if f.ends_with("src/main.rs") { 15 } else { 400 };
        let lines = read(f).lines().count();
        (lines > limit).then(|| format!("{f}: {lines} lines, at most {limit}"))
    };
    assert_no_violations("split the file", &rust_files().filter_map(|f| too_long(&f)).collect::<Vec<_>>());
}

#[test]
fn module_names_describe_their_content() {
    let banned = |f: &String| {
        let path = f.trim_end_matches(".rs");
        path.split('/').any(|part| BANNED_NAMES.contains(&part))
    };
    let mut violations: Vec<_> = rust_files().filter(banned).collect();
    for file in rust_files() {
        let declared = read(&file);
        let inline = |name: &&&str| declared.lines().any(|l| l.trim_start() == format!("mod {name} {{"));
        violations.extend(BANNED_NAMES.iter().filter(inline).map(|name| format!("{file}: mod {name}")));
    }
    assert_no_violations("a name like `utils` does not describe the content", &violations);
}

#[test]
fn every_library_begins_with_an_overview() {
    let violations: Vec<_> =
        rust_files().filter(|f| f.ends_with("src/lib.rs") && !read(f).trim_start().starts_with("//!")).collect();
    assert_no_violations("lib.rs begins with `//!`: purpose, files in reading order, invariants", &violations);
}

#[test]
fn no_test_is_ignored_and_no_lint_silenced_without_a_reason() {
    // Concatenated, so that this file does not violate the rule.
    let banned = [concat!("#[", "ignore"), concat!("#[", "allow("), concat!("#![", "allow(")];
    let mut violations = Vec::new();
    for file in rust_files() {
        let text = read(&file);
        let hits = text.lines().enumerate().filter(|(_, l)| banned.iter().any(|b| l.trim_start().starts_with(b)));
        violations.extend(hits.map(|(at, line)| format!("{file}:{}: {}", at + 1, line.trim())));
    }
    assert_no_violations("use #[expect(…, reason = \"…\")], and repair or remove an ignored test", &violations);
}

#[test]
fn a_service_readme_has_at_most_forty_lines() {
    let mut violations = Vec::new();
    for service in services() {
        let file = format!("services/{service}/README.md");
        match read(&file).lines().count() {
            0 => violations.push(format!("{file} is missing")),
            lines if lines > 40 => violations.push(format!("{file}: {lines} lines")),
            _ => {}
        }
    }
    assert_no_violations("owns, publishes, consumes, endpoints, invariants: at most 40 lines", &violations);
}

#[test]
fn the_tree_contains_no_local_paths_or_registry_hosts() {
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
    let mut violations = Vec::new();
    for file in files().into_iter().filter(|f| f != "Cargo.lock") {
        let text = read(&file);
        for (at, line) in text.lines().enumerate() {
            violations.extend(banned.iter().filter(|b| line.contains(*b)).map(|b| format!("{file}:{}: {b}", at + 1)));
        }
    }
    assert_no_violations("remove local paths and registry hosts", &violations);
}

#[test]
fn every_environment_variable_is_in_the_example() {
    let example = read(".env.example");
    let listed: BTreeSet<_> = example
        .lines()
        .filter_map(|line| line.trim_start_matches('#').split_once('='))
        .map(|(name, _)| name.to_owned())
        .collect();
    let mut violations = Vec::new();
    let sources = rust_files().filter(|f| f.contains("/src/") && !f.starts_with("crates/testkit/"));
    for file in sources.filter(|f| f.starts_with("crates/") || f.starts_with("services/")) {
        let missing = variables_read(&production_code(&file)).into_iter().filter(|v| !listed.contains(v));
        violations.extend(missing.map(|v| format!("{file} reads {v}")));
    }
    assert_no_violations(".env.example must list every setting with its unit and default", &violations);
}

#[test]
fn a_migration_has_a_down_script_and_utf8mb4_tables() {
    let mut violations = Vec::new();
    let ours = |f: &String| f.starts_with("services/") || f.starts_with("crates/chassis/");
    for file in files().into_iter().filter(ours).filter(|f| f.ends_with("/up.sql")) {
        if read(&file.replace("up.sql", "down.sql")).is_empty() {
            violations.push(format!("{file} has no down.sql beside it"));
        }
        let statements = read(&file);
        let tables = statements.split("CREATE TABLE ").skip(1);
        violations.extend(
            tables
                .filter(|t| !t.split(';').next().unwrap_or("").contains(TABLE_OPTIONS))
                .map(|t| format!("{file}: {}", t.split_whitespace().next().unwrap_or(""))),
        );
    }
    assert_no_violations(
        "every MySQL table must be InnoDB and utf8mb4_bin, and every migration needs a down.sql",
        &violations,
    );
}

#[test]
fn no_two_migrations_of_a_service_share_a_version() {
    let mut violations = Vec::new();
    let all = files();
    for service in services() {
        let own = format!("services/{service}/migrations/");
        let mut seen = BTreeSet::new();
        let folders = all
            .iter()
            .filter(|f| f.ends_with("/up.sql"))
            .filter_map(|f| f.strip_prefix(&own).or_else(|| f.strip_prefix("crates/chassis/migrations/")));
        for version in folders.filter_map(|f| f.split('_').next()) {
            if !seen.insert(version.to_owned()) {
                violations
                    .push(format!("{service}: version {version} exists twice, including those that every service has"));
            }
        }
    }
    assert_no_violations(
        "the migrations in crates/chassis and those of a service share one list of versions",
        &violations,
    );
}
