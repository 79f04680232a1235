//! Terms: texts that members accept. A version never changes; its content hash says what was accepted.

domain::text_enum! {
    /// What the terms are about.
    pub enum TermsKind {
        /// The use of the platform.
        Service = "service",
        /// The handling of personal data.
        Privacy = "privacy",
        /// The rights and duties of a distributor.
        Distributor = "distributor",
    }
}

/// Maximum length of a title.
pub(crate) const MAX_TITLE_CHARS: usize = 120;
/// Maximum length of a text in one language, so that both fit into a request of 64 KiB.
pub(crate) const MAX_TEXT_CHARS: usize = 12_000;

/// Content of a version: a title and a text in English, and in Hindi if there is a translation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TermsContent {
    pub(crate) title: String,
    pub(crate) text: String,
    pub(crate) hindi: Option<(String, String)>,
}

impl TermsContent {
    /// The bytes that are hashed: the English title and text, then the Hindi ones if there are any, each in UTF-8 and
    /// separated by a zero byte, which no text contains.
    pub(crate) fn hashed_bytes(&self) -> Vec<u8> {
        let hindi = self.hindi.iter().flat_map(|(title, text)| [title.as_str(), text.as_str()]);
        let parts: Vec<&str> = [self.title.as_str(), self.text.as_str()].into_iter().chain(hindi).collect();
        parts.join("\0").into_bytes()
    }
}

/// Reasons for which terms are not published or not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum TermsRefusal {
    #[error("these terms are already version {0}")]
    AlreadyPublished(i64),
    #[error("there is no version of the terms with this hash")]
    UnknownHash,
    #[error("the terms have changed: read and accept the current version")]
    Outdated,
}

/// Decides the number of a new version, given that of the newest one and of the one with the same content.
pub(crate) fn decide_version(newest: Option<i64>, same_content: Option<i64>) -> Result<i64, TermsRefusal> {
    match same_content {
        Some(version) => Err(TermsRefusal::AlreadyPublished(version)),
        None => Ok(newest.unwrap_or(0) + 1),
    }
}

/// Decides whether a version may be accepted: only the newest one. `accepted` is the version with the hash that the
/// member names.
pub(crate) fn decide_acceptance(accepted: Option<i64>, newest: Option<i64>) -> Result<i64, TermsRefusal> {
    let accepted = accepted.ok_or(TermsRefusal::UnknownHash)?;
    if Some(accepted) == newest { Ok(accepted) } else { Err(TermsRefusal::Outdated) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_numbered_from_one_and_no_content_has_two() {
        assert_eq!(decide_version(None, None), Ok(1));
        assert_eq!(decide_version(Some(4), None), Ok(5));
        assert_eq!(decide_version(Some(4), Some(4)), Err(TermsRefusal::AlreadyPublished(4)));
        assert_eq!(decide_version(Some(4), Some(2)), Err(TermsRefusal::AlreadyPublished(2)));
    }

    #[test]
    fn only_the_newest_version_can_be_accepted() {
        assert_eq!(decide_acceptance(Some(2), Some(2)), Ok(2));
        assert_eq!(decide_acceptance(Some(1), Some(2)), Err(TermsRefusal::Outdated));
        assert_eq!(decide_acceptance(None, Some(2)), Err(TermsRefusal::UnknownHash));
        assert_eq!(decide_acceptance(None, None), Err(TermsRefusal::UnknownHash));
    }

    #[test]
    fn different_contents_have_different_bytes() {
        let content = |title: &str, text: &str, hindi: Option<(&str, &str)>| {
            let hindi = hindi.map(|(title, text)| (title.to_owned(), text.to_owned()));
            TermsContent { title: title.to_owned(), text: text.to_owned(), hindi }.hashed_bytes()
        };
        let all = [
            content("a", "b", None),
            content("ab", "", None),
            content("a", "b", Some(("", ""))),
            content("a", "b", Some(("c", "d"))),
            content("a", "b", Some(("cd", ""))),
        ];
        for (n, bytes) in all.iter().enumerate() {
            assert_eq!(all.iter().position(|other| other == bytes), Some(n));
        }
    }
}
