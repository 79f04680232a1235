//! A document a member uploads: what it may be, and how staff decide about it.

use domain::UserId;

domain::id_type! { DocumentId }

/// Most bytes of a document: 5 MiB.
pub const MOST_BYTES: usize = 5 * 1024 * 1024;
/// Most documents of one member: enough for every resubmission, and a bound on what is stored.
pub const MOST_DOCUMENTS: i64 = 100;
/// Most pixels of a picture, and of one of its sides: what a scanner makes of a page, and no bomb.
pub const MOST_PIXELS: usize = 24_000_000;
pub const LONGEST_SIDE: usize = 12_000;
const MOST_KIND: usize = 32;
/// The bytes in which a PDF's header lies. Scanners put a byte-order mark, line breaks or a job's name before it.
const PDF_HEADER_WITHIN: usize = 1_024;

domain::text_enum! {
    pub enum ContentType { Pdf = "application/pdf", Jpeg = "image/jpeg", Png = "image/png" }
}

impl ContentType {
    /// What the bytes themselves are, whatever the client calls them.
    pub fn of(bytes: &[u8]) -> Option<Self> {
        const MAGIC: [(&[u8], ContentType); 2] =
            [(&[0xFF, 0xD8, 0xFF], ContentType::Jpeg), (b"\x89PNG\r\n\x1a\n", ContentType::Png)];
        let picture = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, kind)| *kind);
        picture.or_else(|| is_pdf(bytes).then_some(Self::Pdf))
    }
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

/// The header may have something before it, but not what makes the file a page for a browser that guesses.
fn is_pdf(bytes: &[u8]) -> bool {
    const HEADER: &[u8] = b"%PDF-";
    const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
    let head = bytes.get(..PDF_HEADER_WITHIN).unwrap_or(bytes);
    let Some(at) = head.windows(HEADER.len()).position(|window| window == HEADER) else { return false };
    let before = head.get(..at).unwrap_or_default();
    let before = before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before);
    before.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'<')
}

domain::text_enum! {
    pub enum Status { Pending = "pending", Verified = "verified", Rejected = "rejected" }
}

/// What a document is said to be: `pan_card`, `address_proof`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kind(String);

impl Kind {
    /// Small letters, digits and underscores, at most 32.
    pub fn try_new(text: &str) -> Option<Self> {
        let text = text.trim();
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let fits = (1..=MOST_KIND).contains(&text.len()) && text.bytes().all(plain);
        fits.then(|| Self(text.to_owned()))
    }
    pub fn into_string(self) -> String {
        self.0
    }
}

/// What staff say of a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict<'a> {
    Verify,
    Reject { reason: &'a str },
}

/// What a verdict comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Review {
    Becomes(Status),
    /// It was decided so before.
    Unchanged,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReviewRefused {
    #[error("nobody of the staff reviews their own document")]
    Own,
    #[error("the document is {0} already")]
    Decided(Status),
}

/// Whether `reviewer` may decide about a document of `owner`.
pub fn may_review(owner: UserId, reviewer: UserId) -> Result<(), ReviewRefused> {
    if owner == reviewer { Err(ReviewRefused::Own) } else { Ok(()) }
}

/// A decision is final: another document is uploaded instead. `reason` is the one it was rejected for: the member
/// has been told it, so another changes something.
pub fn review(
    owner: UserId,
    reviewer: UserId,
    (status, reason): (Status, &str),
    verdict: Verdict<'_>,
) -> Result<Review, ReviewRefused> {
    may_review(owner, reviewer)?;
    match (status, verdict) {
        (Status::Pending, Verdict::Verify) => Ok(Review::Becomes(Status::Verified)),
        (Status::Pending, Verdict::Reject { .. }) => Ok(Review::Becomes(Status::Rejected)),
        (Status::Verified, Verdict::Verify) => Ok(Review::Unchanged),
        (Status::Rejected, Verdict::Reject { reason: again }) if again == reason => Ok(Review::Unchanged),
        (Status::Verified | Status::Rejected, Verdict::Reject { .. }) | (Status::Rejected, Verdict::Verify) => {
            Err(ReviewRefused::Decided(status))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_type_is_what_the_first_bytes_prove() {
        for (bytes, found) in [
            (&b"%PDF-1.7 "[..], Some(ContentType::Pdf)),
            (&[0xFF, 0xD8, 0xFF, 0xE0], Some(ContentType::Jpeg)),
            (b"\x89PNG\r\n\x1a\nrest", Some(ContentType::Png)),
            (b"%PDF", None),
            (&[0xFF, 0xD8], None),
            (b"\x89PNG\n\x1a\n", None),
            (b" %PDF-1.7", Some(ContentType::Pdf)),
            (b"\xEF\xBB\xBF%PDF-1.4", Some(ContentType::Pdf)),
            (b"\r\n\r\n%PDF-1.4", Some(ContentType::Pdf)),
            (b"\x1b%-12345X@PJL JOB\n%PDF-1.4", Some(ContentType::Pdf)),
            (b"<html>%PDF-", None),
            (b"\xEF\xBB\xBF \n<svg>%PDF-", None),
            (b"", None),
        ] {
            assert_eq!(ContentType::of(bytes), found, "{bytes:?}");
        }
    }

    #[test]
    fn the_header_of_a_pdf_lies_within_its_first_1024_bytes() {
        for (before, found) in [(1_018, true), (1_019, true), (1_020, false), (1_024, false)] {
            let file = [vec![b'x'; before], b"%PDF-1.7".to_vec()].concat();
            assert_eq!(ContentType::of(&file).is_some(), found, "{before}");
        }
    }

    #[test]
    fn a_kind_is_a_short_plain_word() {
        let long = "a".repeat(MOST_KIND);
        for good in ["pan_card", " bank_proof ", "form_60", &long] {
            assert!(Kind::try_new(good).is_some(), "{good}");
        }
        for bad in ["", "  ", "Pan", "pan card", "../x", "पैन", &format!("{long}a")] {
            assert_eq!(Kind::try_new(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_document_is_decided_once_and_never_by_its_owner() {
        let person = |n| UserId::from(Uuid::from_u128(n));
        let by_other = |status, verdict| review(person(1), person(2), (status, "blurred"), verdict);
        use {ReviewRefused as No, Status as S, Verdict as V};
        let (blurred, expired) = (V::Reject { reason: "blurred" }, V::Reject { reason: "expired" });
        assert_eq!(by_other(S::Pending, V::Verify), Ok(Review::Becomes(S::Verified)));
        assert_eq!(by_other(S::Pending, blurred), Ok(Review::Becomes(S::Rejected)));
        assert_eq!(by_other(S::Verified, V::Verify), Ok(Review::Unchanged));
        assert_eq!(by_other(S::Rejected, blurred), Ok(Review::Unchanged));
        assert_eq!(by_other(S::Rejected, expired), Err(No::Decided(S::Rejected)));
        assert_eq!(by_other(S::Verified, blurred), Err(No::Decided(S::Verified)));
        assert_eq!(by_other(S::Rejected, V::Verify), Err(No::Decided(S::Rejected)));
        for status in S::ALL {
            assert_eq!(review(person(1), person(1), (*status, ""), V::Verify), Err(No::Own));
        }
    }
}
