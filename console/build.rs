//! Embeds the files of `web`: their content, their compressed form, and their addresses with the version of the set.

use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=web");
    println!("cargo:rerun-if-changed=build.rs");
    let mut files = BTreeMap::new();
    read_folder(Path::new("web"), Path::new("web"), &mut files)?;
    let document = files.remove("index.html").ok_or("web/index.html is missing")?;
    let worker = files.remove("push-worker.js").ok_or("web/push-worker.js is missing")?;
    let version = version_of(&files, &document);
    let out = PathBuf::from(env::var_os("OUT_DIR").ok_or("OUT_DIR is not set")?);
    let document = with_addresses(&String::from_utf8(document)?, &version, &files)?;
    let mut code = format!(
        "/// Version of all files together.\npub const VERSION: &str = {version:?};\n\
         /// The document, at every address that [`is_page`].\npub static DOCUMENT: Asset = {};\n\
         /// The service worker of web push. Its address is the same in every version, as a browser needs it.\n\
         pub static PUSH_WORKER: Asset = {};\n\
         /// All other files, by address.\npub static ASSETS: &[Asset] = &[\n",
        asset(&out, "/", "index.html", document.as_bytes())?,
        asset(&out, "/push-worker.js", "push-worker.js", &worker)?
    );
    for (name, content) in &files {
        writeln!(code, "{},", asset(&out, &format!("/assets/{version}/{name}"), name, content)?)?;
    }
    code.push_str("];\n");
    fs::write(out.join("assets.rs"), code)?;
    Ok(())
}

fn read_folder(root: &Path, folder: &Path, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Box<dyn Error>> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            read_folder(root, &path, files)?;
        } else {
            let name = path.strip_prefix(root)?.to_str().ok_or("a file name is not UTF-8")?.replace('\\', "/");
            files.insert(name, fs::read(&path)?);
        }
    }
    Ok(())
}

fn version_of(files: &BTreeMap<String, Vec<u8>>, document: &[u8]) -> String {
    let mut hash = Sha256::new();
    hash.update(document);
    for (name, content) in files {
        hash.update(name.as_bytes());
        hash.update(content);
    }
    hex::encode(hash.finalize()).chars().take(16).collect()
}

/// The document with versioned addresses, and with a link that preloads each module that the first view imports: a
/// browser would otherwise find them one level after the other.
fn with_addresses(document: &str, version: &str, files: &BTreeMap<String, Vec<u8>>) -> Result<String, Box<dyn Error>> {
    let mut modules = BTreeSet::new();
    collect_imports("main.js", files, &mut modules)?;
    let preload: String = modules
        .iter()
        .map(|name| format!("    <link rel=\"modulepreload\" href=\"/assets/{version}/{name}\" />\n"))
        .collect();
    let entry = "    <script type=\"module\"";
    let mut document = document.replace(entry, &format!("{preload}{entry}"));
    for name in files.keys() {
        for attribute in ["href", "src"] {
            let versioned = format!("{attribute}=\"/assets/{version}/{name}\"");
            document = document.replace(&format!("{attribute}=\"/{name}\""), &versioned);
        }
    }
    Ok(document)
}

/// Adds the modules that `name` imports statically, directly or not.
fn collect_imports(
    name: &str,
    files: &BTreeMap<String, Vec<u8>>,
    found: &mut BTreeSet<String>,
) -> Result<(), Box<dyn Error>> {
    let content = files.get(name).ok_or_else(|| format!("{name} is imported and does not exist"))?;
    for line in std::str::from_utf8(content)?.lines() {
        let is_static = line.starts_with("import ") || line.starts_with("} from ") || line.starts_with("export ");
        let Some(target) = line.split('\'').nth(1).filter(|target| is_static && target.starts_with('.')) else {
            continue;
        };
        let target = resolve(name, target);
        if found.insert(target.clone()) {
            collect_imports(&target, files, found)?;
        }
    }
    Ok(())
}

/// The name of the file that `target` means in the file `from`.
fn resolve(from: &str, target: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/")
}

/// Writes the content and its compressed form, and returns the code of the asset.
fn asset(out: &Path, path: &str, name: &str, content: &[u8]) -> Result<String, Box<dyn Error>> {
    let content_type = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        Some("json") => "application/json",
        Some("webmanifest") => "application/manifest+json",
        _ => return Err(format!("{name}: unknown kind of file").into()),
    };
    let mut gzip = GzEncoder::new(Vec::new(), Compression::best());
    gzip.write_all(content)?;
    let plain = out.join(name.replace('/', "__"));
    let compressed = out.join(format!("{}.gz", name.replace('/', "__")));
    fs::write(&plain, content)?;
    fs::write(&compressed, gzip.finish()?)?;
    Ok(format!(
        "Asset {{ path: {path:?}, content_type: {content_type:?}, content: include_bytes!({plain:?}), \
         gzip: include_bytes!({compressed:?}) }}"
    ))
}
