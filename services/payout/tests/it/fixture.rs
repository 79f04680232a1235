//! Fixture: a payout service, its members and the events of other services.

use domain::{AccountNumber, Pan, PayoutId, UserId};
use pii::Sealer;
use proto_events::auth::v1::KycDecided;
use proto_events::booking::v1::{BookingChanged, Instalment};
use proto_events::payout::v1::PayoutRequested;
use proto_events::wallet::v1::{HoldDecided, WalletChanged};
use runtime::id;
use serde_json::{Value, json};
use testkit::{Client, TestService};

pub(crate) struct Fixture {
    pub(crate) service: TestService,
    pub(crate) sealer: Sealer,
}

impl std::ops::Deref for Fixture {
    type Target = TestService;
    fn deref(&self) -> &TestService {
        &self.service
    }
}

/// A member with an HTTP client that is signed in as them.
pub(crate) struct Member {
    pub(crate) id: UserId,
    pub(crate) client: Client,
}

pub(crate) async fn fixture() -> Fixture {
    fixture_with(&[]).await
}

pub(crate) async fn fixture_with(variables: &[(&str, &str)]) -> Fixture {
    let sealer = Sealer::generate();
    let keys = sealer.to_env();
    let mut all: Vec<(&str, &str)> = keys.iter().map(|(k, v)| (*k, v.as_str())).collect();
    all.extend_from_slice(variables);
    Fixture { service: TestService::start_with(payout::service(), &all).await, sealer }
}

impl Fixture {
    /// A member of whom no event has been delivered.
    pub(crate) fn unknown_member(&self) -> Member {
        let id = id::fresh();
        Member { id, client: self.as_user(id) }
    }
    /// A member with approved KYC and money in the wallet.
    pub(crate) async fn member(&self, available: &str) -> Member {
        let member = self.unknown_member();
        self.deliver_now(&self.kyc(member.id, 1, true, "ABCDE1234F", "123456784321")).await;
        self.wallet(member.id, 1, available, "0.00", "0.00").await;
        member
    }
    pub(crate) fn kyc(&self, user: UserId, version: u64, approved: bool, pan: &str, account: &str) -> KycDecided {
        KycDecided {
            kyc_id: id::fresh::<UserId>().into(),
            user_id: user.into(),
            version,
            approved,
            reason: String::new(),
            pan_sealed: self.sealer.seal("pan", pan),
            pan_index: self.sealer.index("pan", pan).to_vec(),
            pan_mask: Pan::try_new(pan).unwrap().to_string(),
            account_sealed: self.sealer.seal("bank_account", account),
            account_index: self.sealer.index("bank_account", account).to_vec(),
            account_mask: AccountNumber::try_new(account).unwrap().to_string(),
            ifsc: "HDFC0001234".into(),
            holder_name: "=Asha Rao".into(),
            bank_name: "HDFC Bank".into(),
            decided_by: id::fresh::<UserId>().into(),
            decided_at: self.now().micros(),
        }
    }
    pub(crate) async fn wallet(&self, user: UserId, version: u64, available: &str, held: &str, due: &str) {
        let paise = |text: &str| text.parse::<domain::Money>().unwrap().paise();
        let changed = WalletChanged {
            user_id: user.into(),
            version,
            available_paise: paise(available),
            held_paise: paise(held),
            clawback_due_paise: paise(due),
            ..WalletChanged::default()
        };
        self.deliver_now(&changed).await;
    }
    /// A confirmed booking with instalments `(due_on, amount, paid)`.
    pub(crate) async fn booking(&self, user: UserId, instalments: &[(&str, &str, &str)]) {
        let paise = |text: &str| text.parse::<domain::Money>().unwrap().paise();
        let instalment = |(n, (due, amount, paid)): (usize, &(&str, &str, &str))| Instalment {
            n: u32::try_from(n).unwrap() + 1,
            due_on: (*due).to_owned(),
            amount_paise: paise(amount),
            paid_paise: paise(paid),
            status: "pending".into(),
        };
        let changed = BookingChanged {
            booking_id: id::fresh::<UserId>().into(),
            user_id: user.into(),
            version: 1,
            status: "confirmed".into(),
            instalments: instalments.iter().enumerate().map(instalment).collect(),
            ..BookingChanged::default()
        };
        self.deliver_now(&changed).await;
    }
    /// The wallet's decision on the hold for a payout.
    pub(crate) fn hold(&self, payout: &Value, placed: bool) -> HoldDecided {
        HoldDecided {
            payout_id: payout_id(payout).into(),
            user_id: payout["user_id"].as_str().unwrap().parse::<UserId>().unwrap().into(),
            amount_paise: 0,
            placed,
            reason: if placed { String::new() } else { "insufficient_funds".into() },
            decided_at: self.now().micros(),
        }
    }
    /// Requests a payout and delivers its hold. Returns the id of the pending payout.
    pub(crate) async fn pending(&self, member: &Member, body: Value) -> String {
        let payout = member.client.post("/payouts", body).await.expect(201);
        self.deliver_now(&self.hold(&payout, true)).await;
        payout["id"].as_str().unwrap().to_owned()
    }
    /// Requests a payout and approves it. Returns the id of the approved payout.
    pub(crate) async fn approved(&self, member: &Member, body: Value) -> String {
        let id = self.pending(member, body).await;
        let payout = self.as_staff().post_empty(&format!("/payouts/{id}/approve")).await.expect(200);
        assert_eq!(payout["approvals"], 1);
        id
    }
    pub(crate) async fn status(&self, id: &str) -> String {
        let payout = self.as_staff().get(&format!("/payouts/{id}")).await.expect(200);
        payout["status"].as_str().unwrap().to_owned()
    }
    pub(crate) async fn requests(&self) -> usize {
        self.published::<PayoutRequested>().await.len()
    }
}

pub(crate) fn payout_id(payout: &Value) -> PayoutId {
    payout["id"].as_str().unwrap().parse().unwrap()
}

pub(crate) fn payout_body(amount: &str) -> Value {
    json!({ "amount": amount })
}

pub(crate) fn parts(payout: &Value) -> [&str; 4] {
    ["requested", "tds", "emi", "net"].map(|part| payout[part].as_str().unwrap())
}
