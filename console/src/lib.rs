//! Static files of the web console, embedded with their compressed forms, and the headers that they are served with.
//!
//! The files are in `web`; `build.rs` embeds them. All but the document and the service worker have an address with the
//! version of the whole set, so they may be cached without limit; the document names that version and is checked at
//! each visit. `folder` writes them to a disk.

mod folder;

pub use folder::write;

include!(concat!(env!("OUT_DIR"), "/assets.rs"));

/// A file of the console.
#[derive(Debug)]
pub struct Asset {
    /// The address, such as `/assets/0123456789abcdef/main.js`.
    pub path: &'static str,
    pub content_type: &'static str,
    pub content: &'static [u8],
    /// The content compressed by gzip.
    pub gzip: &'static [u8],
}

/// Value of `Cache-Control` for every file but the document and the service worker.
pub const IMMUTABLE: &str = "public, max-age=31536000, immutable";

/// Headers of all files of the console, and of every answer to a request outside the API.
///
/// `form-action` also allows the hosted checkouts of the payment gateways, to which a payment leads.
pub const SECURITY_HEADERS: [(&str, &str); 5] = [
    (
        "Content-Security-Policy",
        "default-src 'self'; img-src 'self' blob:; base-uri 'none'; object-src 'none'; form-action 'self' \
         https://api.razorpay.com https://checkout.stripe.com; frame-ancestors 'none'",
    ),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
];

/// The file with this address, except the document and the service worker.
pub fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.binary_search_by(|asset| asset.path.cmp(path)).ok().and_then(|at| ASSETS.get(at))
}

/// The API and the other fixed addresses of the platform. Each includes what is below it.
pub const RESERVED_PATHS: [&str; 11] = [
    "/.well-known",
    "/api",
    "/assets",
    "/asyncapi.json",
    "/dev",
    "/docs",
    "/graphql",
    "/health",
    "/metrics",
    "/problems.json",
    "/push-worker.js",
];

/// The addresses that the console answers with its document, so that a page can be reloaded or linked to: every path
/// except [`RESERVED_PATHS`].
pub fn is_page(path: &str) -> bool {
    !RESERVED_PATHS
        .iter()
        .any(|other| path.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_names_files_that_exist() {
        let document = std::str::from_utf8(DOCUMENT.content).expect("UTF-8");
        let named: Vec<&str> = document.split('"').filter(|part| part.starts_with("/assets/")).collect();
        assert!(named.len() > 4, "{document}");
        assert!(named.iter().all(|path| find(path).is_some()), "{named:?}");
    }

    #[test]
    fn the_first_view_is_at_most_150_kilobytes_compressed() {
        let document = std::str::from_utf8(DOCUMENT.content).expect("UTF-8");
        let named = document.split('"').filter_map(find);
        let size: usize = DOCUMENT.gzip.len() + named.map(|asset| asset.gzip.len()).sum::<usize>();
        assert!(size <= 150_000, "{size} bytes");
    }

    #[test]
    fn pages_are_every_path_but_those_of_the_platform() {
        for page in ["/", "/wallet", "/join/ABC", "/developers", "/apiary"] {
            assert!(is_page(page), "{page}");
        }
        for other in RESERVED_PATHS {
            assert!(!is_page(other) && !is_page(&format!("{other}/none")) && is_page(&format!("{other}x")), "{other}");
        }
    }
}
