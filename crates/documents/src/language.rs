//! Language of a document.

domain::text_enum! {
    /// The language that a document is written in.
    #[derive(Default)]
    pub enum Language {
        /// English.
        #[default]
        English = "en",
        /// Hindi.
        Hindi = "hi",
    }
}

impl Language {
    /// The text in this language.
    pub fn pick<'a>(self, english: &'a str, hindi: &'a str) -> &'a str {
        match self {
            Self::English => english,
            Self::Hindi => hindi,
        }
    }
}
