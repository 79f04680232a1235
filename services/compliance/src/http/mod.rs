//! The route table.

mod audit;
mod certificate;
mod certificate_pdf;
mod documents;
mod statement;
mod tds;
mod upload;

use crate::Compliance;
use crate::domain::document::ContentType;
use chassis::auth::Access;
use chassis::http::{Doc, Listing, Routes};

pub(crate) fn routes(state: Compliance) -> Routes {
    let routes = Routes::new("compliance")
        .data(state)
        .get(
            "/compliance/tds",
            Access::User,
            tds::list,
            Doc::new("Tax deducted at source in a financial year; own, or everybody's for staff")
                .filters::<tds::TdsFilter>()
                .paged()
                .gives::<tds::TdsList>(),
        )
        .get(
            "/compliance/tds/{fy}/certificate",
            Access::User,
            certificate::show,
            Doc::new("A year's deductions as a PDF: own, or with `user_id` any member's for staff")
                .filters::<certificate::Whose>()
                .gives_file(["application/pdf"]),
        )
        .get(
            "/compliance/tds/{fy}/{quarter}/statement",
            Access::Staff,
            statement::show,
            Doc::new("A quarter's deductions by PAN as CSV, with control totals").gives_file(["text/csv"]),
        )
        .get(
            "/audit",
            Access::Admin,
            audit::list,
            Doc::new("Who did what to whom, when, from where, newest first")
                .filters::<audit::AuditFilter>()
                .paged()
                .gives::<Listing<audit::ActionView>>(),
        );
    with_documents(routes)
}

fn with_documents(routes: Routes) -> Routes {
    let gives = |summary| Doc::new(summary).gives::<documents::DocumentView>();
    routes
        .post(
            "/compliance/documents",
            Access::User,
            upload::upload,
            Doc::new("Upload a document: multipart/form-data with `file` (PDF, JPEG or PNG, at most 5 MiB) and `kind`")
                .takes_form::<upload::Upload>()
                .creates::<documents::DocumentView>()
                .idempotent(),
        )
        .get(
            "/compliance/documents",
            Access::User,
            documents::list,
            Doc::new("Own documents, newest first; everybody's for staff")
                .filters::<documents::Filter>()
                .paged()
                .gives::<Listing<documents::DocumentView>>(),
        )
        .get("/compliance/documents/{id}", Access::User, documents::show, gives("One document"))
        .get(
            "/compliance/documents/{id}/content",
            Access::User,
            documents::content,
            Doc::new("The file itself").gives_file(ContentType::ALL.iter().map(|kind| kind.as_str())),
        )
        .post("/compliance/documents/{id}/verify", Access::Staff, documents::verify, gives("Say that it is genuine"))
        .post(
            "/compliance/documents/{id}/reject",
            Access::Staff,
            documents::reject,
            gives("Say why it will not do").takes::<documents::Rejection>(),
        )
}
