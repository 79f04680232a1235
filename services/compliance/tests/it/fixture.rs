//! A compliance service with keys and a folder of its own, and what it is told and sent.

use chassis::id;
use chassis::pii::{Sealer, mask_pan};
use domain::{Timestamp, UserId};
use proto_events::payout::v1::{Payout, PayoutCompleted, PayoutReversed, TaxLine};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use std::path::PathBuf;
use testkit::{Client, Reply, TestService};

pub(crate) const PDF: &[u8] = b"%PDF-1.7\n% a document";
pub(crate) const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and a picture";

pub(crate) struct Fixture {
    pub(crate) service: TestService,
    pub(crate) sealer: Sealer,
    pub(crate) blobs: PathBuf,
}

impl std::ops::Deref for Fixture {
    type Target = TestService;
    fn deref(&self) -> &TestService {
        &self.service
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        let _gone = std::fs::remove_dir_all(&self.blobs);
    }
}

pub(crate) async fn fixture() -> Fixture {
    fixture_with(&[]).await
}

pub(crate) async fn fixture_with(variables: &[(&str, &str)]) -> Fixture {
    let sealer = Sealer::generate();
    let keys = sealer.to_env();
    let blobs = std::env::temp_dir().join(format!("ev-blobs-{}", id::fresh::<UserId>()));
    let folder = blobs.display().to_string();
    let mut all: Vec<(&str, &str)> = keys.iter().map(|(k, v)| (*k, v.as_str())).collect();
    all.push(("BLOB_DIR", &folder));
    all.extend_from_slice(variables);
    Fixture { service: TestService::start_with(compliance::service(), &all).await, sealer, blobs }
}

impl Fixture {
    /// How many files are stored.
    pub(crate) fn stored(&self) -> usize {
        std::fs::read_dir(&self.blobs).map_or(0, Iterator::count)
    }

    /// What a payout of `gross` carried: 5 % of it, under the PAN.
    pub(crate) fn tax(&self, pan: &str, gross: i64, at: Timestamp) -> TaxLine {
        TaxLine {
            rule_id: "seed".into(),
            section: "194H".into(),
            financial_year: at.financial_year().to_string(),
            quarter: at.quarter().to_string(),
            rate: "5".into(),
            gross_paise: gross,
            tds_paise: gross / 20,
            pan_sealed: self.sealer.seal("pan", pan),
            pan_index: self.sealer.index("pan", pan).to_vec(),
            pan_mask: mask_pan(pan),
            holder_name: "Asha Rao".into(),
            deducted_at: at.micros(),
            ..TaxLine::default()
        }
    }

    pub(crate) fn completed(&self, user: UserId, tax: TaxLine) -> PayoutCompleted {
        let payout = Payout {
            payout_id: id::fresh::<UserId>().into(),
            user_id: user.into(),
            version: 4,
            status: "completed".into(),
            changed_at: self.now().micros(),
            ..Payout::default()
        };
        PayoutCompleted { payout: Some(payout), tax: Some(tax) }
    }
}

/// At the time of the payout's completion.
pub(crate) fn returned(completed: &PayoutCompleted) -> PayoutReversed {
    PayoutReversed { payout: completed.payout.clone(), tax: completed.tax.clone() }
}

pub(crate) fn form(kind: &str, bytes: Vec<u8>) -> Form {
    Form::new().text("kind", kind.to_owned()).part("file", Part::bytes(bytes).file_name("scan.bin"))
}

pub(crate) async fn send(client: &Client, form: Form) -> Reply {
    client.send(client.request(Method::POST, "/compliance/documents").multipart(form)).await
}

/// The id of a new document.
pub(crate) async fn upload(client: &Client) -> String {
    let document = send(client, form("pan_card", PDF.to_vec())).await.expect(201);
    document["id"].as_str().unwrap().to_owned()
}
