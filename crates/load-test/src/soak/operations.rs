//! Operations of the load: one or more requests of one member.

use super::api::{Api, Request, RequestError};
use super::member::{Booking, Member, Members, PaidBy, Payment, PaymentOutcome, Payout, TestUser};
use super::rng::SeededRng;
use domain::Money;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Maximum number of payments on a booking, so that it is never paid in full.
const MAX_PAYMENTS_PER_BOOKING: usize = 12;
const AMOUNTS: [&str; 6] = ["500.00", "600.00", "1200.00", "4500.00", "12.34", "999.90"];
const BOOKING_AMOUNT: &str = "500.00";
const DEPOSIT: &str = "2500.00";
const WALLET_PAYMENT: &str = "150.00";
const PAYOUT: &str = "210.10";
/// Maximum time for an event to take effect in another service.
const PROPAGATION_TIMEOUT: Duration = Duration::from_secs(90);
const POLL_INTERVAL: Duration = Duration::from_millis(300);
/// Problem codes that may disappear when an event arrives from another service.
const PROPAGATION_ERRORS: [&str; 4] =
    ["payout.kyc_not_approved", "payout.insufficient_balance", "payout.bank_account_unverified", "request.not_found"];

/// Shared state of all operations.
pub(crate) struct Load {
    pub(crate) api: Api,
    pub(crate) members: Members,
    pub(crate) admin: Arc<TestUser>,
    pub(crate) staff: Arc<TestUser>,
    pub(crate) vehicle: String,
    /// Unique part of the members' addresses, so that runs do not collide.
    pub(crate) tag: String,
}

fn text(value: &Value, pointer: &str) -> Result<String, RequestError> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| RequestError::Problem {
        status: 200,
        code: "driver.field_missing".into(),
        text: format!("{pointer} is missing in {value}"),
    })
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap_or_default()
}

impl Load {
    pub(crate) async fn get(&self, user: &TestUser, path: impl Into<String>) -> Result<Value, RequestError> {
        self.api.send(&Request::get(path, user.token(&self.api).await?)).await
    }
    pub(crate) async fn post(&self, user: &TestUser, path: &str, body: &Value) -> Result<Value, RequestError> {
        self.api.send(&Request::post(path, user.token(&self.api).await?, body)).await
    }
    /// Repeats a POST with new idempotency keys until its refusal no longer depends on a pending event.
    async fn post_until_propagated(&self, user: &TestUser, path: &str, body: &Value) -> Result<Value, RequestError> {
        let started = Instant::now();
        loop {
            match self.post(user, path, body).await {
                Err(refusal) if refusal.is(&PROPAGATION_ERRORS) && started.elapsed() < PROPAGATION_TIMEOUT => {
                    tokio::time::sleep(POLL_INTERVAL).await;
                }
                answer => return answer,
            }
        }
    }
    /// Polls a resource until its status is none of `statuses`, and returns the status.
    async fn wait_until_not(&self, user: &TestUser, path: &str, statuses: &[&str]) -> Result<String, RequestError> {
        let started = Instant::now();
        loop {
            let status = text(&self.get(user, path).await?, "/status")?;
            if !statuses.contains(&status.as_str()) {
                return Ok(status);
            }
            if started.elapsed() > PROPAGATION_TIMEOUT {
                self.api
                    .meter
                    .record_failure(&format!("{path} is still {status} after {} s", PROPAGATION_TIMEOUT.as_secs()));
                return Err(RequestError::NoResponse);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// Registers a member with a booking. Four of five are referred by an earlier member.
    pub(crate) async fn register(&self, rng: &mut SeededRng) -> Result<(), RequestError> {
        let referrer = if rng.below(5) == 0 { None } else { self.members.user(rng.below(usize::MAX)) };
        let email = format!("soak.{}.{}@example.in", rng.hex(), self.tag);
        let code = referrer.as_ref().map(|(_, user)| user.referral_code.as_str());
        let session = self.api.sign_in(&email, "Soak", code).await?;
        let mut member = Member::new(TestUser::new(&email, session), referrer.map(|(number, _)| number));
        let booked = self.book(&mut member).await;
        member.is_uncertain = booked.is_err();
        self.members.add(member);
        booked.map(drop)
    }

    async fn book(&self, member: &mut Member) -> Result<usize, RequestError> {
        let body = json!({ "vehicle_id": self.vehicle, "booking_amount": BOOKING_AMOUNT });
        let booking = self.post(&member.user, "/bookings", &body).await?;
        member.bookings.push(Booking { id: text(&booking, "/id")?, is_open: true });
        Ok(member.bookings.len() - 1)
    }
    async fn booking(&self, member: &mut Member) -> Result<(usize, String), RequestError> {
        let number = match member.open_booking(MAX_PAYMENTS_PER_BOOKING) {
            Some(number) => number,
            None => self.book(member).await?,
        };
        let id = member.bookings.get(number).map(|b| b.id.clone()).unwrap_or_default();
        Ok((number, id))
    }

    /// Creates an online payment and returns its id and the gateway's order id.
    async fn create_order(
        &self,
        member: &Member,
        booking: &str,
        amount: &str,
    ) -> Result<(String, String), RequestError> {
        let body = json!({ "amount": amount, "method": "online" });
        let payment = self.post(&member.user, &format!("/bookings/{booking}/payments"), &body).await?;
        Ok((text(&payment, "/id")?, text(&payment, "/checkout/order_id")?))
    }

    /// Pays online. The gateway sends the webhook once or several times at once, and sometimes again later.
    pub(crate) async fn pay(&self, member: &mut Member, rng: &mut SeededRng) -> Result<(), RequestError> {
        let (number, booking) = self.booking(member).await?;
        let amount = AMOUNTS.get(rng.below(AMOUNTS.len())).copied().unwrap_or(BOOKING_AMOUNT);
        let (id, order) = self.create_order(member, &booking, amount).await?;
        let gateway_payment = format!("pay_{id}");
        let webhooks = if rng.below(3) == 0 { 1 + rng.below(3) } else { 1 };
        let calls = (0..webhooks).map(|_| self.api.capture(&order, &gateway_payment, amount));
        join_all(calls).await.into_iter().collect::<Result<Vec<()>, _>>()?;
        if rng.below(4) == 0 {
            self.api.capture(&order, &gateway_payment, amount).await?;
        }
        let (amount, outcome) = (money(amount), PaymentOutcome::Completed);
        member.payments.push(Payment { id, amount, method: PaidBy::Online, booking: number, outcome });
        Ok(())
    }

    /// Creates a second order that supersedes the first, and pays both.
    pub(crate) async fn pay_superseded(&self, member: &mut Member) -> Result<(), RequestError> {
        let (number, booking) = self.booking(member).await?;
        let (first, first_order) = self.create_order(member, &booking, BOOKING_AMOUNT).await?;
        let (second, second_order) = self.create_order(member, &booking, BOOKING_AMOUNT).await?;
        let amount = money(BOOKING_AMOUNT);
        for (id, order, outcome) in
            [(first, first_order, PaymentOutcome::Returned), (second, second_order, PaymentOutcome::Completed)]
        {
            self.api.capture(&order, &format!("pay_{id}"), BOOKING_AMOUNT).await?;
            member.payments.push(Payment { id, amount, method: PaidBy::Online, booking: number, outcome });
        }
        Ok(())
    }

    async fn available(&self, member: &Member) -> Result<Money, RequestError> {
        Ok(money(&text(&self.get(&member.user, "/wallet").await?, "/available")?))
    }

    pub(crate) async fn deposit(&self, member: &mut Member) -> Result<(), RequestError> {
        let path = format!("/wallets/{}/deposits", member.user.id);
        self.post_until_propagated(&self.admin, &path, &json!({ "amount": DEPOSIT, "reason": "soak test" })).await?;
        member.deposits.push(money(DEPOSIT));
        Ok(())
    }

    pub(crate) async fn pay_by_wallet(&self, member: &mut Member) -> Result<(), RequestError> {
        if self.available(member).await? < money(WALLET_PAYMENT) {
            return self.deposit(member).await;
        }
        let (number, booking) = self.booking(member).await?;
        let body = json!({ "amount": WALLET_PAYMENT, "method": "wallet" });
        let payment = self.post(&member.user, &format!("/bookings/{booking}/payments"), &body).await?;
        let id = text(&payment, "/id")?;
        if self.wait_until_not(&member.user, &format!("/payments/{id}"), &["pending"]).await? == "completed" {
            let (amount, outcome) = (money(WALLET_PAYMENT), PaymentOutcome::Completed);
            member.payments.push(Payment { id, amount, method: PaidBy::Wallet, booking: number, outcome });
        }
        Ok(())
    }

    pub(crate) async fn refund(&self, member: &mut Member) -> Result<(), RequestError> {
        let Some(payment) = member.payments.iter_mut().rfind(|p| p.outcome == PaymentOutcome::Completed) else {
            return Ok(());
        };
        let body = json!({ "reason": "soak test", "refund_to": "wallet" });
        self.post(&self.admin, &format!("/payments/{}/refund", payment.id), &body).await?;
        payment.outcome = PaymentOutcome::Refunded;
        Ok(())
    }

    pub(crate) async fn cancel(&self, member: &mut Member) -> Result<(), RequestError> {
        let (number, booking) = self.booking(member).await?;
        let body = json!({ "reason": "soak test", "refund_to": "wallet" });
        self.post(&member.user, &format!("/bookings/{booking}/cancel"), &body).await?;
        member.cancel(number);
        Ok(())
    }

    pub(crate) async fn apply_for_kyc(&self, member: &mut Member, rng: &mut SeededRng) -> Result<(), RequestError> {
        let applied = self.post(&member.user, "/users/me/kyc", &kyc_application(rng)).await?;
        let id = text(&applied, "/id")?;
        self.post(&self.staff, &format!("/kyc/{id}/approve"), &json!({})).await?;
        member.kyc_approved = true;
        Ok(())
    }

    /// Requests a payout that is paid, fails at the bank, or is cancelled by the member.
    pub(crate) async fn pay_out(&self, member: &mut Member, rng: &mut SeededRng) -> Result<(), RequestError> {
        if self.available(member).await? < money(PAYOUT) {
            return self.deposit(member).await;
        }
        let body = json!({ "amount": PAYOUT, "emi_autofill": false });
        let payout = match self.post_until_propagated(&member.user, "/payouts", &body).await {
            // A due clawback must be settled first.
            Err(refusal) if refusal.is(&["payout.clawback_due"]) => return Ok(()),
            answer => text(&answer?, "/id")?,
        };
        let path = format!("/payouts/{payout}");
        if self.wait_until_not(&member.user, &path, &["requested"]).await? != "pending" {
            return Ok(());
        }
        if rng.below(6) == 0 {
            return self.post(&member.user, &format!("{path}/cancel"), &json!({})).await.map(drop);
        }
        self.post(&self.staff, &format!("{path}/approve"), &json!({})).await?;
        let failed = rng.below(4) == 0;
        member.payouts.push(Payout { amount: money(PAYOUT), failed });
        let outcome = if failed {
            json!({ "outcome": "failed", "reason": "soak test" })
        } else {
            json!({ "outcome": "paid", "utr": format!("UTR{payout}") })
        };
        self.post(&self.staff, &format!("{path}/settle"), &outcome).await.map(drop)
    }
}

/// A KYC application with a random PAN and account number.
fn kyc_application(rng: &mut SeededRng) -> Value {
    let letters: String = (0..6).map(|_| rng.letter()).collect();
    let (first_letters, last_letter) = letters.split_at(5);
    let pan = format!("{first_letters}{:04}{last_letter}", rng.below(10_000));
    json!({
        "pan": pan, "aadhaar_last4": "1234",
        "bank": {
            "account_number": format!("{:012}", rng.below(1_000_000_000_000)), "ifsc": "HDFC0001234",
            "holder_name": "Soak", "bank_name": "HDFC Bank",
        },
        "address": { "line1": "1 MG Road", "city": "Pune", "state": "Maharashtra", "pincode": "411001", "country": "IN" },
    })
}
