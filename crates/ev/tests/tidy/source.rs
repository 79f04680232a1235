//! Source text for the rules: tracked files, code without comments and tests, and the paths in it.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Tracked and untracked files, as paths from the root with forward slashes.
pub(crate) fn files() -> Vec<String> {
    let arguments = ["ls-files", "--cached", "--others", "--exclude-standard"];
    let Ok(listed) = Command::new("git").args(arguments).current_dir(root()).output() else {
        panic!("git is required to list the files");
    };
    let text = String::from_utf8_lossy(&listed.stdout);
    let existing = text.lines().filter(|f| root().join(f).is_file()).map(str::to_owned).collect::<Vec<_>>();
    assert!(!existing.is_empty(), "git lists no file: {}", String::from_utf8_lossy(&listed.stderr));
    existing
}
pub(crate) fn rust_files() -> impl Iterator<Item = String> {
    files().into_iter().filter(|f| f.ends_with(".rs"))
}
/// The services: the folders of `services/`.
pub(crate) fn services() -> BTreeSet<String> {
    let folder = |file: String| Some(file.strip_prefix("services/")?.split_once('/')?.0.to_owned());
    files().into_iter().filter_map(folder).collect()
}
/// The text of a file; empty for a binary file.
pub(crate) fn read(file: &str) -> String {
    std::fs::read_to_string(root().join(file)).unwrap_or_default()
}
/// Production code of a file: without comments, and up to the first test module.
pub(crate) fn production_code(file: &str) -> String {
    if is_test_module(file) { String::new() } else { code(&read(file)) }
}
fn code(text: &str) -> String {
    let mut code = String::new();
    for line in text.lines() {
        if line.trim_start().starts_with("#[cfg(test)]") {
            break;
        }
        if !line.trim_start().starts_with("//") {
            code.push_str(line.split(" // ").next().unwrap_or(line));
            code.push('\n');
        }
    }
    code
}

/// Every path in the `use` declarations of a file, with braces expanded.
pub(crate) fn used_paths(code: &str) -> Vec<String> {
    let mut paths = Vec::new();
    let mut rest = code;
    while let Some((before, after)) = rest.split_once("use ") {
        let starts_a_line = before.rsplit('\n').next().unwrap_or("").trim_start();
        let is_use = matches!(starts_a_line, "" | "pub " | "pub(crate) " | "pub(super) ");
        let Some((tree, following)) = after.split_once(';') else { break };
        if is_use {
            expand("", &tree.split_whitespace().collect::<Vec<_>>().join(" "), &mut paths);
            rest = following;
        } else {
            rest = after;
        }
    }
    paths
}
fn expand(prefix: &str, tree: &str, into: &mut Vec<String>) {
    let Some((head, inner)) = tree.split_once('{') else {
        let path = tree.split(" as ").next().unwrap_or(tree).trim();
        if !path.is_empty() {
            into.push(format!("{prefix}{path}"));
        }
        return;
    };
    let prefix = format!("{prefix}{}", head.trim());
    let inner = inner.trim_end().trim_end_matches('}');
    let (mut depth, mut part) = (0_u32, String::new());
    // Restores the braces of a nested tree that the trimming removed.
    let opened = inner.matches('{').count().saturating_sub(inner.matches('}').count());
    for letter in inner.chars().chain("}".repeat(opened).chars()) {
        match letter {
            ',' if depth == 0 => {
                expand(&prefix, part.trim(), into);
                part.clear();
                continue;
            }
            '{' => depth += 1,
            '}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        part.push(letter);
    }
    expand(&prefix, part.trim(), into);
}

/// Whether the parent declares the file, or a module around it, under `#[cfg(test)]`.
fn is_test_module(file: &str) -> bool {
    let Some((folder, name)) = file.trim_end_matches(".rs").rsplit_once('/') else { return false };
    let declared = format!("#[cfg(test)]\nmod {name};");
    [format!("{folder}/mod.rs"), format!("{folder}.rs"), format!("{folder}/lib.rs")]
        .iter()
        .any(|p| read(p).contains(&declared))
        || is_test_module(folder)
}

/// Whether a path is the module or below it.
pub(crate) fn is_within(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}
/// Whether a file is the layer's file or in its folder.
pub(crate) fn is_in_layer(file: &str, layer: &str) -> bool {
    file.strip_prefix(layer).is_some_and(|rest| rest == ".rs" || rest.starts_with('/'))
}
/// Whether a path begins with a type, or with a module declared in the same file.
pub(crate) fn is_local(path: &str, code: &str) -> bool {
    let first = path.split("::").next().unwrap_or(path);
    first.starts_with(char::is_uppercase) || code.contains(&format!("mod {first};"))
}
/// Whether the code mentions a path below the module outside a `use`, like `crate::store::find(…)`.
pub(crate) fn mentions(code: &str, module: &str) -> bool {
    let path = format!("{module}::");
    code.match_indices(&path).any(|(at, _)| {
        let before = code.get(..at).and_then(|b| b.chars().next_back());
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':')
    })
}

/// Names in `env.get("NAME")` and similar calls, regardless of line breaks.
pub(crate) fn variables_read(code: &str) -> BTreeSet<String> {
    let dense: String = code.chars().filter(|c| !c.is_whitespace()).collect();
    let calls = ["get", "required", "or", "parse", "parse_or", "secret", "flag", "list", "url", "key", ">"];
    let mut found = BTreeSet::new();
    for (at, _) in dense.match_indices("(\"") {
        let (before, after) = dense.split_at(at);
        let name = after.trim_start_matches("(\"").split('"').next().unwrap_or("");
        let is_variable = name.len() > 2
            && name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_');
        let is_call = calls.iter().any(|c| before.ends_with(&format!(".{c}")) || (*c == ">" && before.ends_with('>')));
        if is_variable && is_call {
            found.insert(name.to_owned());
        }
    }
    found
}

#[test]
fn source_text_is_parsed_correctly() {
    let paths = used_paths(
        "use a::b;\npub use c::{d, e::{f, g as h}, self};\nlet reuse = 1;\nuse i::{\n    j,\n    k::l,\n};\n",
    );
    assert_eq!(paths, ["a::b", "c::d", "c::e::f", "c::e::g", "c::self", "i::j", "i::k::l"]);
    assert!(is_within("diesel::prelude", "diesel") && !is_within("diesel_async::x", "diesel"));
    assert!(mentions("x(crate::store::find(1))", "crate::store") && !mentions("mycrate::store::x", "crate::store"));
    let read =
        variables_read("env.get(\"SMTP_URL\"); env.parse_or::<u64>(\n \"SHUTDOWN_SECS\", 10); text(\"NOT_ONE\")");
    assert_eq!(read.into_iter().collect::<Vec<_>>(), ["SHUTDOWN_SECS", "SMTP_URL"]);
    assert_eq!(code("a // b\n// c\nd\n#[cfg(test)]\nmod tests {}\n"), "a\nd\n");
}
