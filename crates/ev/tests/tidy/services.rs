//! Files that list the services: `ev::services()`, and lists outside Rust, which are derived from the folders of
//! `services/`.

use crate::assert_no_violations;
use crate::derived::assert_derived;
use crate::source::{read, services};

/// Replaces the items of a list, which is one line of the file.
#[track_caller]
fn assert_list(file: &str, begin: &str, end: &str, item: impl Fn(&str) -> String) {
    let items: Vec<String> = services().iter().map(|service| item(service)).collect();
    let list = format!("{begin}{}{end}", items.join(", "));
    let is_list = |line: &&str| line.trim_start().starts_with(begin);
    let text = read(file);
    assert_eq!(text.lines().filter(is_list).count(), 1, "{file}: not one line begins with {begin}");
    let lines = text.lines().map(|line| match line.split_once(begin) {
        Some((indent, _)) if is_list(&line) => format!("{indent}{list}\n"),
        Some(_) | None => format!("{line}\n"),
    });
    assert_derived(file, &lines.collect::<String>());
}

#[test]
fn the_derived_lists_name_every_service() {
    assert_list("k8s/services/kustomization.yaml", "resources: [", "]", str::to_owned);
    assert_list("deploy/prometheus/prometheus.yml", "- targets: [", "]", |service| format!("{service}:9090"));
    assert_list("deploy/nginx/docs/reference.js", "const SERVICES = [", "];", |service| format!("\"{service}\""));
}

#[test]
fn the_platform_runs_every_service() {
    let listed = read("crates/ev/src/lib.rs");
    let is_missing = |service: &String| !listed.contains(&format!(" {service}::service(),"));
    let missing: Vec<_> = services().into_iter().filter(is_missing).collect();
    assert_no_violations("crates/ev/src/lib.rs lists all services", &missing);
}
