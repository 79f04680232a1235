//! Documents as downloads.

use crate::settings::DocumentSettings;
use documents::model::Document;
use documents::{Language, render};
use http_api::{Download, FileTypes, Problem};
use schemars::JsonSchema;
use serde::Deserialize;

/// Content type of a document.
pub struct PdfFile;

impl FileTypes for PdfFile {
    const CONTENT_TYPES: &'static [&'static str] = &["application/pdf"];
}

/// The query of a document.
#[derive(Debug, Default, Deserialize, JsonSchema)]
pub struct DocumentFilter {
    /// Language of the document: `en` or `hi`; by default the language of the member whose document it is, also for
    /// staff, and English for a document of the office.
    pub lang: Option<Language>,
}

/// Renders a document on a thread for long computations, as a file that a browser shows.
pub async fn file<K: FileTypes>(
    settings: &DocumentSettings,
    name: &str,
    document: Document,
) -> Result<Download<K>, Problem> {
    let logo = settings.logo.clone();
    let bytes = tokio::task::spawn_blocking(move || render(&document, logo.as_ref())).await;
    let bytes = bytes.map_err(Problem::internal)?.map_err(Problem::internal)?;
    Ok(Download::inline("application/pdf", &format!("{name}.pdf"), bytes))
}
