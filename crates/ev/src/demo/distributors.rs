//! Terms for distributors, an application that is approved, and one that waits for the office.

use super::client::{Client, ClientError, Session, text};
use crate::output::print;
use serde_json::{Value, json};

const TERMS: &str = "1. A distributor explains prices and delivery times truthfully.\n\
    2. A distributor takes no money from a customer: every payment goes to the company.\n\
    3. Either side may end this agreement with 30 days of notice.";

/// Runs the steps; a platform that has terms already keeps them. Errors when a request fails.
pub(super) async fn run(
    client: &Client,
    admin: &Session,
    staff: &Session,
    (approved, waiting): (&Session, &Session),
) -> Result<(), ClientError> {
    let path = "/terms/distributor";
    let terms = match client.get(path).await {
        Err(ClientError::Refused { status, .. }) if status.as_u16() == 404 => {
            admin.post(path, json!({ "title": "Distributor agreement", "text": TERMS })).await?
        }
        found => found?,
    };
    let acceptance = json!({ "terms_hash": text(&terms, "/hash", "GET /terms/distributor")? });
    let apply = async |member: &Session| member.post("/users/me/distributor-application", acceptance.clone()).await;
    let application: Value = apply(approved).await?;
    let id = text(&application, "/id", "POST /users/me/distributor-application")?;
    staff.post(&format!("/distributor-applications/{id}/approve"), json!({})).await?;
    apply(waiting).await?;
    print("  Asha accepts the terms and becomes a distributor; the application of Member 1 waits for the office");
    Ok(())
}
