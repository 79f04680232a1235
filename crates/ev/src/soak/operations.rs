//! The operations of the load, each as one or more requests of one member.

use super::api::{Api, Refusal, Request};
use super::dice::Dice;
use super::member::{Booking, Member, Members, Outcome, PaidBy, Payment, Payout, Person};
use domain::Money;
use futures_util::future::join_all;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Of a booking, so that it is never paid in full.
const MOST_PAYMENTS: usize = 12;
const AMOUNTS: [&str; 6] = ["500.00", "600.00", "1200.00", "4500.00", "12.34", "999.90"];
const BOOKING_AMOUNT: &str = "500.00";
const DEPOSIT: &str = "2500.00";
const WALLET_PAYMENT: &str = "150.00";
const PAYOUT: &str = "210.10";
/// How long one service may need to hear from another.
const PROPAGATION: Duration = Duration::from_secs(90);
const POLL_INTERVAL: Duration = Duration::from_millis(300);
/// Refusals that rest on what another service knows, which may be a moment away.
const NOT_YET: [&str; 4] =
    ["payout.kyc_not_approved", "payout.insufficient_balance", "payout.bank_account_unverified", "request.not_found"];

/// What every operation needs.
pub(crate) struct Load {
    pub(crate) api: Api,
    pub(crate) members: Members,
    pub(crate) admin: Arc<Person>,
    pub(crate) staff: Arc<Person>,
    pub(crate) vehicle: String,
    /// Keeps members of several runs on one platform apart.
    pub(crate) tag: String,
}

fn text(value: &Value, pointer: &str) -> Result<String, Refusal> {
    value.pointer(pointer).and_then(Value::as_str).map(str::to_owned).ok_or_else(|| Refusal::Problem {
        status: 200,
        code: "driver.field_missing".into(),
        text: format!("{pointer} is missing in {value}"),
    })
}

pub(crate) fn money(text: &str) -> Money {
    text.parse().unwrap_or_default()
}

impl Load {
    pub(crate) async fn get(&self, person: &Person, path: impl Into<String>) -> Result<Value, Refusal> {
        self.api.send(&Request::get(path, person.token(&self.api).await?)).await
    }
    pub(crate) async fn post(&self, person: &Person, path: &str, body: &Value) -> Result<Value, Refusal> {
        self.api.send(&Request::post(path, person.token(&self.api).await?, body)).await
    }
    /// Asks anew, each time under a key of its own, until what the answer rests on has arrived.
    async fn post_soon(&self, person: &Person, path: &str, body: &Value) -> Result<Value, Refusal> {
        let started = Instant::now();
        loop {
            match self.post(person, path, body).await {
                Err(refusal) if refusal.is(&NOT_YET) && started.elapsed() < PROPAGATION => {
                    tokio::time::sleep(POLL_INTERVAL).await;
                }
                answer => return answer,
            }
        }
    }
    /// Polls a resource until its status is another one.
    async fn leaves(&self, person: &Person, path: &str, statuses: &[&str]) -> Result<String, Refusal> {
        let started = Instant::now();
        loop {
            let status = text(&self.get(person, path).await?, "/status")?;
            if !statuses.contains(&status.as_str()) {
                return Ok(status);
            }
            if started.elapsed() > PROPAGATION {
                self.api.meter.fault(&format!("{path} is still {status} after {} s", PROPAGATION.as_secs()));
                return Err(Refusal::NoAnswer);
            }
            tokio::time::sleep(POLL_INTERVAL).await;
        }
    }

    /// A new member with a booking, referred by an earlier one more often than not.
    pub(crate) async fn register(&self, dice: &mut Dice) -> Result<(), Refusal> {
        let referrer = if dice.below(5) == 0 { None } else { self.members.person(dice.below(usize::MAX)) };
        let email = format!("soak.{}.{}@example.in", dice.word(), self.tag);
        let code = referrer.as_ref().map(|(_, person)| person.referral_code.as_str());
        let session = self.api.sign_in(&email, "Soak", code).await?;
        let mut member = Member::new(Person::new(&email, session), referrer.map(|(number, _)| number));
        let booked = self.book(&mut member).await;
        member.is_uncertain = booked.is_err();
        self.members.add(member);
        booked.map(drop)
    }

    async fn book(&self, member: &mut Member) -> Result<usize, Refusal> {
        let body = json!({ "vehicle_id": self.vehicle, "booking_amount": BOOKING_AMOUNT });
        let booking = self.post(&member.person, "/bookings", &body).await?;
        member.bookings.push(Booking { id: text(&booking, "/id")?, is_open: true });
        Ok(member.bookings.len() - 1)
    }
    async fn booking(&self, member: &mut Member) -> Result<(usize, String), Refusal> {
        let number = match member.open_booking(MOST_PAYMENTS) {
            Some(number) => number,
            None => self.book(member).await?,
        };
        let id = member.bookings.get(number).map(|b| b.id.clone()).unwrap_or_default();
        Ok((number, id))
    }

    /// The payment's id and the gateway's order.
    async fn order(&self, member: &Member, booking: &str, amount: &str) -> Result<(String, String), Refusal> {
        let body = json!({ "amount": amount, "method": "online" });
        let payment = self.post(&member.person, &format!("/bookings/{booking}/payments"), &body).await?;
        Ok((text(&payment, "/id")?, text(&payment, "/checkout/order_id")?))
    }

    /// An online payment: the gateway says so once, or several times at once, and now and then once more later.
    pub(crate) async fn pay(&self, member: &mut Member, dice: &mut Dice) -> Result<(), Refusal> {
        let (number, booking) = self.booking(member).await?;
        let amount = AMOUNTS.get(dice.below(AMOUNTS.len())).copied().unwrap_or(BOOKING_AMOUNT);
        let (id, order) = self.order(member, &booking, amount).await?;
        let gateway_payment = format!("pay_{id}");
        let at_once = if dice.below(3) == 0 { 1 + dice.below(3) } else { 1 };
        let calls = (0..at_once).map(|_| self.api.capture(&order, &gateway_payment, amount));
        join_all(calls).await.into_iter().collect::<Result<Vec<()>, _>>()?;
        if dice.below(4) == 0 {
            self.api.capture(&order, &gateway_payment, amount).await?;
        }
        let (amount, outcome) = (money(amount), Outcome::Completed);
        member.payments.push(Payment { id, amount, method: PaidBy::Online, booking: number, outcome });
        Ok(())
    }

    /// A second order takes the place of the first, and the customer pays both.
    pub(crate) async fn pay_superseded(&self, member: &mut Member) -> Result<(), Refusal> {
        let (number, booking) = self.booking(member).await?;
        let (first, first_order) = self.order(member, &booking, BOOKING_AMOUNT).await?;
        let (second, second_order) = self.order(member, &booking, BOOKING_AMOUNT).await?;
        let amount = money(BOOKING_AMOUNT);
        for (id, order, outcome) in
            [(first, first_order, Outcome::Returned), (second, second_order, Outcome::Completed)]
        {
            self.api.capture(&order, &format!("pay_{id}"), BOOKING_AMOUNT).await?;
            member.payments.push(Payment { id, amount, method: PaidBy::Online, booking: number, outcome });
        }
        Ok(())
    }

    async fn available(&self, member: &Member) -> Result<Money, Refusal> {
        Ok(money(&text(&self.get(&member.person, "/wallet").await?, "/available")?))
    }

    pub(crate) async fn deposit(&self, member: &mut Member) -> Result<(), Refusal> {
        let path = format!("/wallets/{}/deposits", member.person.id);
        self.post_soon(&self.admin, &path, &json!({ "amount": DEPOSIT, "reason": "soak test" })).await?;
        member.deposits.push(money(DEPOSIT));
        Ok(())
    }

    pub(crate) async fn pay_by_wallet(&self, member: &mut Member) -> Result<(), Refusal> {
        if self.available(member).await? < money(WALLET_PAYMENT) {
            return self.deposit(member).await;
        }
        let (number, booking) = self.booking(member).await?;
        let body = json!({ "amount": WALLET_PAYMENT, "method": "wallet" });
        let payment = self.post(&member.person, &format!("/bookings/{booking}/payments"), &body).await?;
        let id = text(&payment, "/id")?;
        if self.leaves(&member.person, &format!("/payments/{id}"), &["pending"]).await? == "completed" {
            let (amount, outcome) = (money(WALLET_PAYMENT), Outcome::Completed);
            member.payments.push(Payment { id, amount, method: PaidBy::Wallet, booking: number, outcome });
        }
        Ok(())
    }

    pub(crate) async fn refund(&self, member: &mut Member) -> Result<(), Refusal> {
        let Some(payment) = member.payments.iter_mut().rfind(|p| p.outcome == Outcome::Completed) else {
            return Ok(());
        };
        let body = json!({ "reason": "soak test", "refund_to": "wallet" });
        self.post(&self.admin, &format!("/payments/{}/refund", payment.id), &body).await?;
        payment.outcome = Outcome::Refunded;
        Ok(())
    }

    pub(crate) async fn cancel(&self, member: &mut Member) -> Result<(), Refusal> {
        let (number, booking) = self.booking(member).await?;
        let body = json!({ "reason": "soak test", "refund_to": "wallet" });
        self.post(&member.person, &format!("/bookings/{booking}/cancel"), &body).await?;
        member.cancel(number);
        Ok(())
    }

    pub(crate) async fn apply_for_kyc(&self, member: &mut Member, dice: &mut Dice) -> Result<(), Refusal> {
        let applied = self.post(&member.person, "/users/me/kyc", &kyc(dice)).await?;
        let id = text(&applied, "/id")?;
        self.post(&self.staff, &format!("/kyc/{id}/approve"), &json!({})).await?;
        member.kyc_approved = true;
        Ok(())
    }

    /// A payout that is paid, or fails at the bank, or is called off by its owner.
    pub(crate) async fn pay_out(&self, member: &mut Member, dice: &mut Dice) -> Result<(), Refusal> {
        if self.available(member).await? < money(PAYOUT) {
            return self.deposit(member).await;
        }
        let body = json!({ "amount": PAYOUT, "emi_autofill": false });
        let payout = match self.post_soon(&member.person, "/payouts", &body).await {
            // What was taken back from the member is owed first.
            Err(refusal) if refusal.is(&["payout.clawback_due"]) => return Ok(()),
            answer => text(&answer?, "/id")?,
        };
        let path = format!("/payouts/{payout}");
        if self.leaves(&member.person, &path, &["requested"]).await? != "pending" {
            return Ok(());
        }
        if dice.below(6) == 0 {
            return self.post(&member.person, &format!("{path}/cancel"), &json!({})).await.map(drop);
        }
        self.post(&self.staff, &format!("{path}/approve"), &json!({})).await?;
        let failed = dice.below(4) == 0;
        member.payouts.push(Payout { amount: money(PAYOUT), failed });
        let outcome = if failed {
            json!({ "outcome": "failed", "reason": "soak test" })
        } else {
            json!({ "outcome": "paid", "utr": format!("UTR{payout}") })
        };
        self.post(&self.staff, &format!("{path}/settle"), &outcome).await.map(drop)
    }
}

/// An application with a PAN and an account that nobody else has.
fn kyc(dice: &mut Dice) -> Value {
    let letters: String = (0..6).map(|_| dice.letter()).collect();
    let (most, last) = letters.split_at(5);
    let pan = format!("{most}{:04}{last}", dice.below(10_000));
    json!({
        "pan": pan, "aadhaar_last4": "1234",
        "bank": {
            "account_number": format!("{:012}", dice.below(1_000_000_000_000)), "ifsc": "HDFC0001234",
            "holder_name": "Soak", "bank_name": "HDFC Bank",
        },
        "address": { "line1": "1 MG Road", "city": "Pune", "state": "Maharashtra", "pincode": "411001", "country": "IN" },
    })
}
