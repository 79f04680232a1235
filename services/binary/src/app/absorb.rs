//! Facts become inputs of the tree, each once, in an order that is good for all of them.

use super::batch::Batch;
use super::directory::{Chain, Directory};
use super::facts::{self, Arrived, Fact};
use super::open::{day_id, open_further};
use crate::domain::{Input, Ix};
use crate::error::Failure;
use crate::store::members::{self, Member};
use crate::store::payments::{self, Payment, RefundId};
use crate::store::preferences;
use crate::store::referrals::{self, Referral, ReferralRefund};
use chassis::events::{Envelope, HandleError, waiting};
use chassis::telemetry;
use db::DbConnection;
use domain::{Day, PaymentId, Side, Timestamp, UserId};
use std::collections::HashMap;

/// Pairs that a batch makes before it leaves the rest of an opening to the next.
const ENOUGH_PAIRS: usize = 10_000;

/// How far ahead of this process's clock an event may be. The tree's time never goes back, so one producer with a wrong
/// clock would move it for everybody.
const CLOCK_TOLERANCE_SECS: i64 = 60;
/// What events wait for that are further ahead.
const CLOCK: &str = "clock";
/// Events taken up at once.
const DUE: i64 = 1_000;

/// The latest time that the tree takes.
fn latest(now: Timestamp) -> Timestamp {
    now.plus_secs(CLOCK_TOLERANCE_SECS)
}

/// How many events wait because they are ahead of the clock.
pub async fn count_ahead(c: &mut DbConnection) -> Result<i64, Failure> {
    Ok(waiting::count(c, CLOCK).await?)
}

/// Takes out events that are not ahead of the clock any more.
pub async fn take_due(c: &mut DbConnection, now: Timestamp) -> Result<Vec<Arrived>, Failure> {
    read(&waiting::take_due(c, CLOCK, latest(now), DUE).await?)
}

/// Takes in what has arrived: members first, then those who waited for them, then the rest as it came.
pub async fn absorb(
    c: &mut DbConnection,
    batch: &mut Batch,
    arrived: Vec<Arrived>,
    now: Timestamp,
) -> Result<(), Failure> {
    let mut intake = Intake {
        batch,
        now,
        directory: Directory::default(),
        preferences: HashMap::new(),
        payments: HashMap::new(),
        noted: Vec::new(),
        referrals: Vec::new(),
        taken: Vec::new(),
    };
    intake.open_further(ENOUGH_PAIRS)?;
    let (told, rest): (Vec<_>, Vec<_>) = arrived.into_iter().partition(|a| matches!(a.fact, Fact::Member(_)));
    let new = intake.members(c, told).await?;
    let mut queue = take(c, new.iter().map(|id| user_key(*id)).collect()).await?;
    queue.extend(rest);
    while !queue.is_empty() {
        intake.load(c, &queue).await?;
        for one in queue {
            intake.take(c, one).await?;
        }
        let keys = intake.noted.drain(..).map(payment_key).collect();
        queue = take(c, keys).await?;
    }
    intake.save(c).await
}

fn user_key(id: UserId) -> String {
    format!("user:{id}")
}
fn payment_key(id: PaymentId) -> String {
    format!("payment:{id}")
}

async fn take(c: &mut DbConnection, keys: Vec<String>) -> Result<Vec<Arrived>, Failure> {
    read(&waiting::take(c, &keys).await?)
}

fn read(events: &[Envelope]) -> Result<Vec<Arrived>, Failure> {
    let read: Result<Vec<_>, HandleError> = events.iter().filter_map(|e| facts::read(e).transpose()).collect();
    Ok(read?)
}

/// What is to become of a payment's row.
struct Noted {
    payment: Payment,
    is_new: bool,
    is_refunded_now: bool,
}

struct Intake<'a> {
    batch: &'a mut Batch,
    now: Timestamp,
    directory: Directory,
    /// Sides that members chose themselves, after registering.
    preferences: HashMap<UserId, Option<Side>>,
    payments: HashMap<PaymentId, Noted>,
    /// Payments new to the tree, for which refunds may be waiting.
    noted: Vec<PaymentId>,
    /// Of those payments.
    referrals: Vec<Referral>,
    /// Of the refunds.
    taken: Vec<ReferralRefund>,
}

impl Intake<'_> {
    /// The highest version wins. Returns who was not known before.
    async fn members(&mut self, c: &mut DbConnection, told: Vec<Arrived>) -> Result<Vec<UserId>, Failure> {
        let mut newest: HashMap<UserId, (Member, Timestamp)> = HashMap::new();
        for one in told {
            let at = Timestamp::from_micros(one.event.time_micros).unwrap_or(Timestamp::UNIX_EPOCH);
            let Fact::Member(member) = one.fact else { continue };
            match newest.get(&member.user_id) {
                Some((other, _)) if other.version >= member.version => {}
                Some(_) | None => drop(newest.insert(member.user_id, (member, at))),
            }
        }
        let mut newest: Vec<(Member, Timestamp)> = newest.into_values().collect();
        newest.sort_by_key(|(member, _)| member.user_id);
        self.directory.load(c, newest.iter().map(|(member, _)| member.user_id)).await?;
        let mut new = Vec::new();
        for (member, at) in newest {
            let before = self.directory.get(member.user_id).map(|m| m.version);
            match before {
                None => new.push(member.clone()),
                Some(version) if version < member.version => members::update(c, &member).await?,
                Some(_) => continue,
            }
            self.label(&member, at)?;
            self.directory.put(member);
        }
        let ids = new.iter().map(|m| m.user_id).collect();
        members::insert(c, new).await?;
        Ok(ids)
    }

    fn label(&mut self, member: &Member, at: Timestamp) -> Result<(), Failure> {
        let tree = self.batch.tree();
        let labelled = tree.find(member.user_id).map(|node| tree.arena().is_distributor(node));
        if labelled.is_some_and(|label| label != member.is_distributor) {
            let at = at.min(self.now);
            let input = Input::Labelled { user: member.user_id, distributor: member.is_distributor };
            self.batch.apply(at, &input, None)?;
        }
        Ok(())
    }

    /// Reads everything the decisions need, in a few statements for all of them.
    async fn load(&mut self, c: &mut DbConnection, queue: &[Arrived]) -> Result<(), Failure> {
        let mut ids: Vec<PaymentId> = Vec::new();
        let mut payers: Vec<UserId> = Vec::new();
        let mut refunded: Vec<Ix> = Vec::new();
        let tree = self.batch.tree();
        for one in queue {
            match &one.fact {
                Fact::Paid { payment, .. } => {
                    ids.push(payment.payment_id);
                    if payment.is_counted && tree.find(payment.user_id).is_none() {
                        payers.push(payment.user_id);
                    }
                }
                Fact::Refunded { payment_id, user_id, .. } => {
                    ids.push(*payment_id);
                    refunded.extend(tree.find(*user_id));
                }
                Fact::Member(_) | Fact::DayStarted { .. } => {}
            }
        }
        ids.retain(|id| !self.payments.contains_key(id));
        for payment in payments::find_all(c, &ids).await? {
            let noted = Noted { payment, is_new: false, is_refunded_now: false };
            self.payments.insert(noted.payment.payment_id, noted);
        }
        let chosen = preferences::find_all(c, &payers).await?;
        self.preferences.extend(chosen.into_iter().map(|chosen| (chosen.user_id, chosen.side)));
        self.directory.load_chains(c, tree, payers).await?;
        refunded.sort_unstable();
        refunded.dedup();
        self.batch.load_standing(c, &refunded).await
    }

    async fn take(&mut self, c: &mut DbConnection, one: Arrived) -> Result<(), Failure> {
        if one.fact.at().is_some_and(|at| at > latest(self.now)) {
            tracing::error!(event = one.event.event_type, subject = one.event.subject, source = one.event.source,
                at = %Timestamp::from_micros(one.event.time_micros).unwrap_or(Timestamp::UNIX_EPOCH),
                "an event is ahead of the clock; it waits until its time has come");
            return Ok(waiting::put(c, CLOCK, &one.event, self.now).await?);
        }
        // What comes of an event goes on with the trace of that event, whatever else is in the batch.
        let waits_for = telemetry::event_span("binary", &one.event).in_scope(|| match &one.fact {
            Fact::Paid { payment, referral, at } => self.paid(payment, referral.as_ref(), *at),
            Fact::Refunded { payment_id, refund_id, taken, at, .. } => {
                self.refunded(*payment_id, *refund_id, taken.as_ref(), *at)
            }
            Fact::DayStarted { day, at } => self.day_started(*day, *at).map(|()| None),
            // Taken in before, all of them.
            Fact::Member(_) => Ok(None),
        })?;
        if let Some(key) = waits_for {
            waiting::put(c, &key, &one.event, self.now).await?;
        }
        Ok(())
    }

    /// Counts a payment, or says what it has to wait for.
    fn paid(
        &mut self,
        payment: &Payment,
        referral: Option<&Referral>,
        at: Timestamp,
    ) -> Result<Option<String>, Failure> {
        if self.payments.contains_key(&payment.payment_id) {
            return Ok(None);
        }
        if payment.is_counted {
            let (user, amount) = (payment.user_id, payment.amount_paise);
            let input = if self.batch.tree().find(user).is_some() {
                Input::Paid { user, amount }
            } else {
                let sponsor = match self.directory.chain(self.batch.tree(), user) {
                    Chain::Sponsor(sponsor) => sponsor,
                    Chain::Unknown(id) => return Ok(Some(user_key(id))),
                };
                let member = self.directory.get(user);
                let registered = member.and_then(|m| m.preferred_side);
                let prefers = self.preferences.get(&user).copied().unwrap_or(registered);
                let distributor = member.is_some_and(|m| m.is_distributor);
                Input::Placed { user, sponsor, prefers, distributor, amount }
            };
            self.batch.apply(at, &input, Some(payment.cause()))?;
        }
        self.referrals.extend(referral.cloned());
        let noted = Noted { payment: payment.clone(), is_new: true, is_refunded_now: false };
        self.payments.insert(payment.payment_id, noted);
        self.noted.push(payment.payment_id);
        Ok(None)
    }

    /// Takes a payment back, whole and once, or waits for the payment.
    fn refunded(
        &mut self,
        id: PaymentId,
        refund: RefundId,
        taken: Option<&ReferralRefund>,
        at: Timestamp,
    ) -> Result<Option<String>, Failure> {
        let Some(noted) = self.payments.get_mut(&id) else { return Ok(Some(payment_key(id))) };
        if noted.payment.refund_id.is_some() {
            return Ok(None);
        }
        noted.payment.refund_id = Some(refund);
        noted.is_refunded_now = true;
        self.taken.extend(taken.cloned());
        if noted.payment.is_counted {
            let input = Input::Refunded { user: noted.payment.user_id, amount: noted.payment.amount_paise };
            self.batch.apply(at, &input, Some(refund.uuid()))?;
        }
        Ok(None)
    }

    fn day_started(&mut self, day: Day, at: Timestamp) -> Result<(), Failure> {
        if !self.batch.tree().is_new_day(at) {
            return Ok(());
        }
        self.batch.apply(at, &Input::DayStarted, Some(day_id(day)))?;
        self.open_further(ENOUGH_PAIRS)
    }

    fn open_further(&mut self, enough: usize) -> Result<(), Failure> {
        while self.batch.tree().is_opening() && self.batch.pairs_made() < enough {
            open_further(self.batch)?;
        }
        Ok(())
    }

    async fn save(self, c: &mut DbConnection) -> Result<(), Failure> {
        let mut new = Vec::new();
        for (id, noted) in self.payments {
            if noted.is_new {
                new.push(noted.payment);
            } else if let (true, Some(refund)) = (noted.is_refunded_now, noted.payment.refund_id) {
                payments::set_refund(c, id, refund).await?;
            }
        }
        new.sort_by_key(|p| p.payment_id);
        payments::insert(c, new).await?;
        referrals::insert(c, self.referrals).await?;
        referrals::insert_refunds(c, self.taken).await?;
        Ok(())
    }
}
