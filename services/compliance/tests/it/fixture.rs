//! Fixture: a compliance service with its own keys and blob store, and builders of events and forms.

use crate::s3::S3;
use domain::{Pan, Role, Timestamp, UserId};
use pii::Sealer;
use proto_events::auth::v1::{User, UserUpdated};
use proto_events::payout::v1::{Payout, PayoutCompleted, PayoutReversed, TaxLine};
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use runtime::id;
use std::path::PathBuf;
use testkit::{Client, Reply, TestService};

pub(crate) const PDF: &[u8] = b"%PDF-1.7\n% a document";
pub(crate) const PNG: &[u8] = include_bytes!("grey.png");
pub(crate) const JPEG: &[u8] = include_bytes!("grey.jpg");

pub(crate) struct Fixture {
    pub(crate) service: TestService,
    pub(crate) sealer: Sealer,
    pub(crate) store: Store,
}

/// The blob store of a fixture.
pub(crate) enum Store {
    Directory(PathBuf),
    Bucket(S3),
}

impl std::ops::Deref for Fixture {
    type Target = TestService;
    fn deref(&self) -> &TestService {
        &self.service
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        if let Store::Directory(directory) = &self.store {
            let _gone = std::fs::remove_dir_all(directory);
        }
    }
}

pub(crate) async fn fixture() -> Fixture {
    fixture_with(&[]).await
}

pub(crate) async fn fixture_with(variables: &[(&str, &str)]) -> Fixture {
    let directory = std::env::temp_dir().join(format!("ev-blobs-{}", id::fresh::<UserId>()));
    let name = directory.display().to_string();
    start(Store::Directory(directory), &[&[("BLOB_DIR", name.as_str())], variables].concat()).await
}

pub(crate) async fn fixture_on(s3: &S3, variables: &[(&str, &str)]) -> Fixture {
    let settings = s3.listen();
    let mut all: Vec<(&str, &str)> = settings.iter().map(|(k, v)| (*k, v.as_str())).collect();
    all.extend_from_slice(variables);
    start(Store::Bucket(s3.clone()), &all).await
}

/// One fixture per kind of blob store; tests expect the same of both.
pub(crate) async fn on_each_store() -> [Fixture; 2] {
    [fixture().await, fixture_on(&S3::default(), &[]).await]
}

async fn start(store: Store, variables: &[(&str, &str)]) -> Fixture {
    let sealer = Sealer::generate();
    let keys = sealer.to_env();
    let mut all: Vec<(&str, &str)> = keys.iter().map(|(k, v)| (*k, v.as_str())).collect();
    all.extend_from_slice(variables);
    Fixture { service: TestService::start_with(compliance::service(), &all).await, sealer, store }
}

impl Fixture {
    /// The files in the directory. Panics with a bucket.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let Store::Directory(directory) = &self.store else { panic!("a bucket") };
        std::fs::read_dir(directory).map_or_else(|_| Vec::new(), |files| files.map(|f| f.unwrap().path()).collect())
    }

    /// Count of stored blobs.
    pub(crate) fn stored(&self) -> usize {
        match &self.store {
            Store::Directory(_) => self.files().len(),
            Store::Bucket(s3) => s3.stored(),
        }
    }

    /// Overwrites every stored blob with `bytes`, or deletes all of them.
    pub(crate) fn overwrite_stored(&self, bytes: Option<&[u8]>) {
        if let Store::Bucket(s3) = &self.store {
            return s3.overwrite(bytes);
        }
        for file in self.files() {
            match bytes {
                Some(bytes) => std::fs::write(file, bytes).unwrap(),
                None => std::fs::remove_file(file).unwrap(),
            }
        }
    }

    /// Tax line of a payout of `gross` paise: 5 % under `pan`.
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
            pan_mask: Pan::try_new(pan).unwrap().to_string(),
            holder_name: "Asha Rao".into(),
            deducted_at: at.micros(),
            ..TaxLine::default()
        }
    }

    /// Delivers what auth publishes of a user.
    pub(crate) async fn user_updated(&self, user: UserId, version: u64, change: impl FnOnce(&mut User)) {
        let mut published =
            User { user_id: user.into(), version, role: Role::User.to_string(), is_active: true, ..User::default() };
        change(&mut published);
        self.deliver_now(&UserUpdated { user: Some(published) }).await;
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

/// The reversal of a payout at the time of its completion.
pub(crate) fn returned(completed: &PayoutCompleted) -> PayoutReversed {
    PayoutReversed { payout: completed.payout.clone(), tax: completed.tax.clone() }
}

pub(crate) fn form(kind: &str, bytes: Vec<u8>) -> Form {
    Form::new().text("kind", kind.to_owned()).part("file", Part::bytes(bytes).file_name("scan.bin"))
}

pub(crate) async fn send(client: &Client, form: Form) -> Reply {
    client.send(client.request(Method::POST, "/compliance/documents").multipart(form)).await
}

/// Uploads a valid document and returns its id.
pub(crate) async fn upload(client: &Client) -> String {
    let document = send(client, form("pan_card", PDF.to_vec())).await.expect(201);
    document["id"].as_str().unwrap().to_owned()
}
