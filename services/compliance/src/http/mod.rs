//! Routes of the compliance service.

mod audit;
mod certificate;
mod certificate_pdf;
mod documents;
mod statement;
mod tds;
mod upload;

use crate::ComplianceState;
use crate::domain::document::ContentType;
use chassis::auth::Access;
use chassis::http::{Doc, Listing, Routes};

/// The route table with its access rules.
pub(crate) fn routes(state: ComplianceState) -> Routes {
    let routes = Routes::new("compliance")
        .data(state)
        .get_documented(
            "/compliance/tds",
            Access::User,
            tds::list,
            Doc::new("Tax deducted at source in a financial year: own, all members' for staff")
                .query::<tds::TdsFilter>()
                .paged()
                .returns::<tds::TdsList>(),
        )
        .get_documented(
            "/compliance/tds/{fy}/certificate",
            Access::User,
            certificate::get,
            Doc::new("A year's deductions as a PDF: own, or with `user_id` any member's for staff")
                .query::<certificate::CertificateFilter>()
                .returns_file(["application/pdf"]),
        )
        .get_documented(
            "/compliance/tds/{fy}/{quarter}/statement",
            Access::Staff,
            statement::get,
            Doc::new("A quarter's deductions by PAN as CSV, with control totals").returns_file(["text/csv"]),
        )
        .get_documented(
            "/audit",
            Access::Admin,
            audit::list,
            Doc::new("Audit log of staff actions, newest first")
                .query::<audit::AuditFilter>()
                .paged()
                .returns::<Listing<audit::AuditEntryView>>(),
        );
    with_documents(routes)
}

fn with_documents(routes: Routes) -> Routes {
    let document = |summary| Doc::new(summary).returns::<documents::DocumentView>();
    routes
        .post_documented(
            "/compliance/documents",
            Access::User,
            upload::upload,
            Doc::new("Upload a document: multipart/form-data with `file` (PDF, JPEG or PNG, at most 5 MiB) and `kind`")
                .form::<upload::UploadDocumentInput>()
                .created::<documents::DocumentView>()
                .idempotent(),
        )
        .get_documented(
            "/compliance/documents",
            Access::User,
            documents::list,
            Doc::new("Documents, newest first: own, all members' for staff")
                .query::<documents::DocumentFilter>()
                .paged()
                .returns::<Listing<documents::DocumentView>>(),
        )
        .get_documented("/compliance/documents/{id}", Access::User, documents::get, document("One document"))
        .get_documented(
            "/compliance/documents/{id}/content",
            Access::User,
            documents::get_content,
            Doc::new("The content of a document")
                .returns_file(ContentType::ALL.iter().map(|content_type| content_type.as_str())),
        )
        .post_documented(
            "/compliance/documents/{id}/verify",
            Access::Staff,
            documents::verify,
            document("Verify a document"),
        )
        .post_documented(
            "/compliance/documents/{id}/reject",
            Access::Staff,
            documents::reject,
            document("Reject a document with a reason").body::<documents::RejectDocumentInput>(),
        )
}
