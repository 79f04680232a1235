//! The gateway's template beside the console: `ev` and the gateway serve the same files in the same way.

use crate::assert_no_violations;
use crate::source::read;
use console::{ASSETS, IMMUTABLE, RESERVED_PATHS, SECURITY_HEADERS};

fn template() -> String {
    read("deploy/nginx/nginx.conf.template")
}

/// What follows `start` on the first line after `section` that begins with it.
#[track_caller]
fn after<'a>(template: &'a str, section: &str, start: &str) -> &'a str {
    let (_, rest) = template.split_once(section).unwrap_or_else(|| panic!("the template lacks {section}"));
    let line = rest.lines().find_map(|line| line.trim_start().strip_prefix(start));
    line.unwrap_or_else(|| panic!("the template lacks {start} after {section}"))
}

/// The value that the gateway adds for a header. A variable has the value of its map for all paths but a few.
#[track_caller]
fn sent<'a>(template: &'a str, name: &str) -> &'a str {
    let value = after(template, "http {", &format!("add_header {name} ")).strip_suffix(" always;");
    let value = match value.unwrap_or_else(|| panic!("{name} is not added to every response")) {
        value if value.starts_with('$') => {
            after(template, &format!("map $uri {value} {{"), "default ").trim_end_matches(';')
        }
        value => value,
    };
    value.trim_matches('"')
}

#[test]
fn the_gateway_adds_the_security_headers_of_the_console() {
    let template = template();
    for (name, value) in SECURITY_HEADERS {
        assert_eq!(sent(&template, name), value, "{name}");
    }
    let lines = template.lines().filter(|line| line.contains("add_header ") && !line.trim_start().starts_with('#'));
    let nested: Vec<_> = lines.filter(|line| !line.starts_with("    add_header ")).map(str::to_owned).collect();
    assert_no_violations("a header added in a location removes those of the whole gateway", &nested);
}

#[test]
fn the_gateway_keeps_the_same_paths_from_the_pages() {
    let template = template();
    let pattern = after(&template, "server {", "location ~ ^/(").strip_suffix(")(/|$) {").expect("whole segments");
    let kept: Vec<_> = pattern.split('|').map(|name| format!("/{}", name.replace('\\', ""))).collect();
    assert_eq!(kept, RESERVED_PATHS);
}

#[test]
fn the_gateway_serves_assets_with_the_same_types_and_lifetime() {
    let template = template();
    let lifetime = after(&template, "map $uri $cache_control {", r#""~^/assets/" "#);
    assert_eq!(lifetime, format!("\"{IMMUTABLE}\";"));
    let (_, types) = template.split_once("location ^~ /assets/ {").expect("assets");
    let with_charset = after(&template, "http {", "charset_types ");
    for asset in ASSETS {
        let (_, extension) = asset.path.rsplit_once('.').expect("an extension");
        let (kind, charset) = asset.content_type.split_once(';').unwrap_or((asset.content_type, ""));
        assert!(types.lines().any(|line| line.trim() == format!("{kind} {extension};")), "{kind} {extension}");
        assert_eq!(with_charset.contains(kind), charset == " charset=utf-8", "{kind}");
    }
}
