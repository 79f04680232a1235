//! Documents that members upload: permitted content and the review by staff.

use domain::{Role, UserId};

domain::id_type! { DocumentId }

/// Size limit of a document: 5 MiB.
pub const MAX_DOCUMENT_BYTES: usize = 5 * 1024 * 1024;
/// Documents per member, resubmissions included: bounds the storage that one member can fill.
pub const MAX_DOCUMENTS_PER_MEMBER: i64 = 100;
const MAX_KIND_CHARS: usize = 32;
/// The header of a PDF lies within this many bytes. Scanners write a byte-order mark, line breaks or a print job's name
/// before it.
const PDF_HEADER_WINDOW_BYTES: usize = 1_024;

domain::text_enum! {
    /// Media type of a document.
    pub enum ContentType { Pdf = "application/pdf", Jpeg = "image/jpeg", Png = "image/png" }
}

impl ContentType {
    /// Detects the type from the bytes; the client's `Content-Type` is ignored. `None` for any other file.
    pub fn detect(bytes: &[u8]) -> Option<Self> {
        const MAGIC: [(&[u8], ContentType); 2] =
            [(&[0xFF, 0xD8, 0xFF], ContentType::Jpeg), (b"\x89PNG\r\n\x1a\n", ContentType::Png)];
        let picture = MAGIC.iter().find(|(magic, _)| bytes.starts_with(magic)).map(|(_, kind)| *kind);
        picture.or_else(|| is_pdf(bytes).then_some(Self::Pdf))
    }
    /// File name extension without its dot.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Pdf => "pdf",
            Self::Jpeg => "jpg",
            Self::Png => "png",
        }
    }
}

/// Whether the header is near the start. Refuses a file that begins with `<`, which a browser could take for HTML.
fn is_pdf(bytes: &[u8]) -> bool {
    const HEADER: &[u8] = b"%PDF-";
    const BYTE_ORDER_MARK: &[u8] = &[0xEF, 0xBB, 0xBF];
    let head = bytes.get(..PDF_HEADER_WINDOW_BYTES).unwrap_or(bytes);
    let Some(at) = head.windows(HEADER.len()).position(|window| window == HEADER) else { return false };
    let before = head.get(..at).unwrap_or_default();
    let before = before.strip_prefix(BYTE_ORDER_MARK).unwrap_or(before);
    before.iter().find(|byte| !byte.is_ascii_whitespace()) != Some(&b'<')
}

domain::text_enum! {
    /// Review status of a document.
    pub enum DocumentStatus { Pending = "pending", Verified = "verified", Rejected = "rejected" }
}

/// Kinds of documents that a form offers, each with its label. Other kinds are accepted too.
pub const OFFERED_KINDS: [(&str, &str); 5] = [
    ("pan_card", "PAN card"),
    ("address_proof", "Proof of address"),
    ("bank_proof", "Bank proof (cancelled cheque or passbook)"),
    ("photo", "Photograph"),
    ("form_60", "Form 60 (no PAN)"),
];

/// Kind of a document that staff upload for a member: the proof of a delivery, which needs no review.
pub const DELIVERY_NOTE: &str = "delivery_note";

/// Kind of a member's declaration that there is no PAN.
const FORM_60: &str = "form_60";

/// Whether a document stays when its member's personal data is erased, because a law needs it: a verified declaration
/// in place of a PAN (Income-tax Rules, rule 114D: six years after the financial year) and a verified proof of delivery
/// (CGST Act, section 36: 72 months after the annual return of the year).
pub fn is_retained(kind: &str, status: DocumentStatus) -> bool {
    [FORM_60, DELIVERY_NOTE].contains(&kind) && status == DocumentStatus::Verified
}

/// Purpose of a document as its uploader states it: `pan_card`, `address_proof`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentKind(String);

impl DocumentKind {
    /// Accepts 1 to 32 lowercase letters, digits and underscores; trims spaces. `None` for anything else.
    pub fn try_new(text: &str) -> Option<Self> {
        let text = text.trim();
        let is_allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
        let fits = (1..=MAX_KIND_CHARS).contains(&text.len()) && text.bytes().all(is_allowed);
        fits.then(|| Self(text.to_owned()))
    }
    /// The validated text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
    /// The validated text, owned.
    pub fn into_string(self) -> String {
        self.0
    }
}

/// Whether a caller with this role uploads a document of this kind for a member.
pub fn may_upload_for_another(role: Role, kind: &DocumentKind) -> bool {
    role.is_staff() && kind.as_str() == DELIVERY_NOTE
}

/// Decision of staff about a document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReviewDecision<'a> {
    Verify,
    Reject { reason: &'a str },
}

/// Reason why a review decision is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ReviewRefusal {
    #[error("staff cannot review their own documents")]
    OwnDocument,
    #[error("the document is already {0}")]
    AlreadyDecided(DocumentStatus),
}

/// Refuses the review of one's own document.
pub fn may_review(reviewer: UserId, owner: UserId) -> Result<(), ReviewRefusal> {
    if reviewer == owner { Err(ReviewRefusal::OwnDocument) } else { Ok(()) }
}

/// Decides the new status of a document; `None` when the same decision was made before.
///
/// `reason` is that of an earlier rejection. The member has been notified of it, so a rejection with another reason is
/// a different decision and refused.
pub fn decide_review(
    (status, reason): (DocumentStatus, &str),
    decision: ReviewDecision<'_>,
    reviewer: UserId,
    owner: UserId,
) -> Result<Option<DocumentStatus>, ReviewRefusal> {
    may_review(reviewer, owner)?;
    match (status, decision) {
        (DocumentStatus::Pending, ReviewDecision::Verify) => Ok(Some(DocumentStatus::Verified)),
        (DocumentStatus::Pending, ReviewDecision::Reject { .. }) => Ok(Some(DocumentStatus::Rejected)),
        (DocumentStatus::Verified, ReviewDecision::Verify) => Ok(None),
        (DocumentStatus::Rejected, ReviewDecision::Reject { reason: repeated }) if repeated == reason => Ok(None),
        (DocumentStatus::Verified | DocumentStatus::Rejected, ReviewDecision::Reject { .. })
        | (DocumentStatus::Rejected, ReviewDecision::Verify) => Err(ReviewRefusal::AlreadyDecided(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_content_type_is_detected_from_the_first_bytes() {
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
            assert_eq!(ContentType::detect(bytes), found, "{bytes:?}");
        }
    }

    #[test]
    fn the_header_of_a_pdf_lies_within_its_first_1024_bytes() {
        for (before, found) in [(1_018, true), (1_019, true), (1_020, false), (1_024, false)] {
            let file = [vec![b'x'; before], b"%PDF-1.7".to_vec()].concat();
            assert_eq!(ContentType::detect(&file).is_some(), found, "{before}");
        }
    }

    #[test]
    fn a_kind_is_a_short_identifier() {
        let long = "a".repeat(MAX_KIND_CHARS);
        let offered = OFFERED_KINDS.map(|(kind, _)| kind);
        for good in ["pan_card", " bank_proof ", "form_60", &long].into_iter().chain(offered) {
            assert!(DocumentKind::try_new(good).is_some(), "{good}");
        }
        for bad in ["", "  ", "Pan", "pan card", "../x", "पैन", &format!("{long}a")] {
            assert_eq!(DocumentKind::try_new(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_verified_declarations_and_proofs_of_delivery_survive_an_erasure() {
        for kind in ["form_60", "delivery_note", "pan_card", "address_proof", "photo", "form_60 ", ""] {
            for status in DocumentStatus::ALL {
                let expected = matches!(kind, "form_60" | "delivery_note") && *status == DocumentStatus::Verified;
                assert_eq!(is_retained(kind, *status), expected, "{kind} {status}");
            }
        }
    }

    #[test]
    fn a_document_is_reviewed_once_and_never_by_its_owner() {
        let user = |n| UserId::from(Uuid::from_u128(n));
        let by_other = |status, decision| decide_review((status, "blurred"), decision, user(2), user(1));
        use {DocumentStatus as S, ReviewDecision as Decision, ReviewRefusal as Refusal};
        let (blurred, expired) = (Decision::Reject { reason: "blurred" }, Decision::Reject { reason: "expired" });
        assert_eq!(by_other(S::Pending, Decision::Verify), Ok(Some(S::Verified)));
        assert_eq!(by_other(S::Pending, blurred), Ok(Some(S::Rejected)));
        assert_eq!(by_other(S::Verified, Decision::Verify), Ok(None));
        assert_eq!(by_other(S::Rejected, blurred), Ok(None));
        assert_eq!(by_other(S::Rejected, expired), Err(Refusal::AlreadyDecided(S::Rejected)));
        assert_eq!(by_other(S::Verified, blurred), Err(Refusal::AlreadyDecided(S::Verified)));
        assert_eq!(by_other(S::Rejected, Decision::Verify), Err(Refusal::AlreadyDecided(S::Rejected)));
        for status in S::ALL {
            assert_eq!(decide_review((*status, ""), Decision::Verify, user(1), user(1)), Err(Refusal::OwnDocument));
        }
    }
}
