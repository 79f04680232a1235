//! Fixture of the booking tests: a running service, a member with a referrer, and their usual requests.

use domain::{Role, UserId};
use hmac::{Hmac, KeyInit, Mac};
use proto_events::booking::v1::{BookingChanged, PaymentCompleted};
use proto_events::wallet::v1::{EmiReserved, WalletPaymentDecided};
use serde_json::{Value, json};
use sha2::Sha256;
use testkit::{Client, Reply, TestService};

/// The cheapest vehicle of the initial catalogue, at 45,000.00.
pub(crate) const SCOOTER: &str = "019aa000-0000-7000-8000-000000000001";
const KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
pub(crate) const SECRET: &str = "sandbox-secret";

/// A running booking service and one member of it.
pub(crate) struct Fixture {
    pub(crate) service: TestService,
    pub(crate) member: UserId,
    pub(crate) referrer: UserId,
    pub(crate) client: Client,
}

pub(crate) fn text<'a>(value: &'a Value, field: &str) -> &'a str {
    value[field].as_str().unwrap_or_else(|| panic!("{field} of {value}"))
}

impl Fixture {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[]).await
    }
    pub(crate) async fn start_with(variables: &[(&str, &str)]) -> Self {
        let keys = [("PII_KEYS", "k1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="), ("PII_INDEX_KEY", KEY)];
        let service = TestService::start_with(booking::service(), &[&keys[..], variables].concat()).await;
        let (member, referrer) = (runtime::id::fresh(), runtime::id::fresh());
        let client = service.as_referred(member, referrer);
        Self { service, member, referrer, client }
    }
    /// The member's client with an access token that is valid at the clock's time.
    pub(crate) fn fresh_client(&self) -> Client {
        self.service.as_referred(self.member, self.referrer)
    }
    pub(crate) fn staff(&self) -> Client {
        self.service.as_staff()
    }
    pub(crate) fn stranger(&self) -> Client {
        self.service.as_role(runtime::id::fresh(), Role::User)
    }

    pub(crate) async fn book(&self, amount: &str) -> Value {
        self.book_with(json!({ "vehicle_id": SCOOTER, "booking_amount": amount })).await
    }
    pub(crate) async fn book_with(&self, body: Value) -> Value {
        self.fresh_client().post("/bookings", body).await.expect(201)
    }
    pub(crate) async fn booking(&self, id: &str) -> Value {
        self.fresh_client().get(&format!("/bookings/{id}")).await.expect(200)
    }
    pub(crate) async fn try_pay(&self, booking: &str, amount: &str, method: &str) -> Reply {
        let body = json!({ "amount": amount, "method": method });
        self.fresh_client().post(&format!("/bookings/{booking}/payments"), body).await
    }
    pub(crate) async fn pay(&self, booking: &str, amount: &str, method: &str) -> Value {
        self.try_pay(booking, amount, method).await.expect(201)
    }
    pub(crate) async fn payment(&self, id: &str) -> Value {
        self.fresh_client().get(&format!("/payments/{id}")).await.expect(200)
    }
    /// Starts an online payment and sends its capture; returns the payment as it was started.
    pub(crate) async fn pay_online(&self, booking: &str, amount: &str) -> Value {
        let payment = self.pay(booking, amount, "online").await;
        self.capture(&payment, &format!("pay_{}", text(&payment, "id")), amount).await.expect(200);
        payment
    }
    pub(crate) async fn pay_cash(&self, booking: &str, amount: &str) -> Value {
        let payment = self.pay(booking, amount, "cash").await;
        let path = format!("/payments/{}/confirm", text(&payment, "id"));
        self.staff().post(&path, json!({ "reference": "till 1" })).await.expect(200)
    }
    pub(crate) async fn capture(&self, payment: &Value, gateway_payment_id: &str, amount: &str) -> Reply {
        self.webhook("payment.captured", text(&payment["checkout"], "order_id"), gateway_payment_id, amount).await
    }
    pub(crate) async fn webhook(&self, event: &str, order: &str, gateway_payment_id: &str, amount: &str) -> Reply {
        let body =
            json!({ "event": event, "order_id": order, "gateway_payment_id": gateway_payment_id, "amount": amount });
        self.raw_webhook(&body.to_string(), Some(&sign(&body.to_string()))).await
    }
    pub(crate) async fn raw_webhook(&self, body: &str, signature: Option<&str>) -> Reply {
        let anyone = self.service.anonymous();
        let mut request = anyone.request(reqwest::Method::POST, "/payments/webhooks/sandbox").body(body.to_owned());
        if let Some(signature) = signature {
            request = request.header("X-Sandbox-Signature", signature);
        }
        anyone.send(request.header("content-type", "application/json")).await
    }
    pub(crate) async fn decide_wallet_payment(&self, payment: &Value, paid: bool) {
        let id: domain::PaymentId = text(payment, "id").parse().expect("an id");
        let booking: domain::BookingId = text(payment, "booking_id").parse().expect("an id");
        let amount: domain::Money = text(payment, "amount").parse().expect("an amount");
        let now = self.service.now();
        let decided = WalletPaymentDecided {
            payment_id: id.into(),
            booking_id: booking.into(),
            user_id: self.member.into(),
            amount_paise: amount.paise(),
            paid,
            reason: if paid { String::new() } else { "insufficient_funds".into() },
            decided_at: now.micros(),
        };
        self.service.deliver(now, &decided).await;
    }
    pub(crate) async fn deliver_reserve(&self, paise: i64) -> EmiReserved {
        let now = self.service.now();
        let reserved = EmiReserved {
            reserve_id: runtime::id::fresh::<domain::ReserveId>().into(),
            user_id: self.member.into(),
            amount_paise: paise,
            source_kind: "pair".into(),
            source_id: runtime::id::fresh::<domain::EventId>().into(),
            reserved_at: now.micros(),
        };
        self.service.deliver(now, &reserved).await;
        reserved
    }
    pub(crate) async fn completed_payments(&self) -> Vec<PaymentCompleted> {
        self.service.published().await
    }
    /// The last `BookingChanged` of a booking. Asserts that its versions have no gaps.
    pub(crate) async fn last_snapshot(&self, id: &str) -> BookingChanged {
        let id: domain::BookingId = id.parse().expect("an id");
        let all: Vec<BookingChanged> = self.service.published().await;
        let versions: Vec<u64> =
            all.iter().filter(|b| b.booking_id == Vec::<u8>::from(id)).map(|b| b.version).collect();
        let without_gaps: Vec<u64> = (1..).take(versions.len()).collect();
        assert_eq!(versions, without_gaps, "versions of a booking");
        all.into_iter().rfind(|b| b.booking_id == Vec::<u8>::from(id)).expect("a snapshot")
    }
}

pub(crate) fn sign(body: &str) -> String {
    let mut mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).expect("any length");
    mac.update(body.as_bytes());
    hex::encode(mac.finalize().into_bytes())
}
