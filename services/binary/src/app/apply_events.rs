//! Incoming events to inputs of the tree: each event once, members before their payments, payments before refunds.

use super::batch::TreeBatch;
use super::event_reader::{EventContent, IncomingEvents, MemberState, ReadEvent};
use super::index_words::{has_words_of, words_of};
use super::open_period::{continue_opening, day_id};
use super::referral_chain::{ChainEnd, MemberCache};
use crate::domain::{Input, NodeIndex};
use crate::error::BinaryError;
use crate::store::member_words;
use crate::store::members::{self, MemberRow};
use crate::store::payments::{self, PaymentRow, RefundId};
use crate::store::preferences;
use crate::store::referrals::{self, ReferralRefundRow, ReferralRow};
use db::DbConnection;
use domain::{Day, PaymentId, Side, Timestamp, UserId};
use messaging::{EventTable, event_trace, waiting};
use proto_events::Envelope;
use std::collections::{BTreeMap, HashMap};

/// Pairs after which a batch leaves the rest of a period opening to the next batch.
const MAX_PAIRS_PER_BATCH: usize = 10_000;

/// How far ahead of this process's clock an event may be. The tree's time never moves backwards, so one producer with a
/// wrong clock would move it for all members.
const CLOCK_TOLERANCE_SECS: i64 = 60;
/// Waiting key of events that are further ahead.
const CLOCK_KEY: &str = "clock";
/// Due events released at once.
const MAX_DUE_EVENTS: i64 = 1_000;

/// The latest event time that is applied now.
fn latest_accepted(now: Timestamp) -> Timestamp {
    now.plus_secs(CLOCK_TOLERANCE_SECS)
}

/// Number of events that wait because they are ahead of the clock.
pub async fn count_ahead(c: &mut DbConnection) -> Result<i64, BinaryError> {
    Ok(waiting::count(c, CLOCK_KEY).await?)
}

/// Releases the waiting events that are no longer ahead of the clock.
pub async fn release_due(
    c: &mut DbConnection,
    table: &EventTable<IncomingEvents>,
    now: Timestamp,
) -> Result<IncomingEvents, BinaryError> {
    let is_readable = |event: &Envelope| table.is_readable(event);
    let due = waiting::release_due(c, CLOCK_KEY, latest_accepted(now), MAX_DUE_EVENTS, is_readable).await?;
    Ok(table.read(&due)?)
}

/// Applies events: members first, then the events that waited for them, then the rest in order of arrival. An event
/// whose member, referral chain or payment is unknown is stored as waiting. `table` reads those that have waited.
pub async fn apply_events(
    c: &mut DbConnection,
    batch: &mut TreeBatch,
    events: IncomingEvents,
    table: &EventTable<IncomingEvents>,
    now: Timestamp,
) -> Result<(), BinaryError> {
    let mut event_batch = EventBatch {
        batch,
        now,
        member_cache: MemberCache::default(),
        preferences: HashMap::new(),
        payments: HashMap::new(),
        new_payments: Vec::new(),
        referrals: Vec::new(),
        referral_refunds: Vec::new(),
        waiting: Vec::new(),
    };
    event_batch.continue_opening(MAX_PAIRS_PER_BATCH)?;
    let new = event_batch.apply_members(c, events.members).await?;
    let mut queue = release(c, table, new.iter().map(|id| user_key(*id)).collect()).await?;
    queue.extend(events.tree_events);
    while !queue.is_empty() {
        event_batch.load(c, &queue).await?;
        for event in queue {
            event_batch.apply(event)?;
        }
        // Stored before the release, which finds a refund that came before its payment in this batch.
        event_batch.store_waiting(c).await?;
        let keys = event_batch.new_payments.drain(..).map(payment_key).collect();
        queue = release(c, table, keys).await?;
    }
    event_batch.save(c).await
}

fn user_key(id: UserId) -> String {
    format!("user:{id}")
}
fn payment_key(id: PaymentId) -> String {
    format!("payment:{id}")
}

async fn release(
    c: &mut DbConnection,
    table: &EventTable<IncomingEvents>,
    keys: Vec<String>,
) -> Result<Vec<ReadEvent>, BinaryError> {
    // Events of members never wait.
    let released = waiting::release(c, &keys, |event| table.is_readable(event)).await?;
    Ok(table.read(&released)?.tree_events)
}

/// A payment row and the changes that the batch makes to it.
struct PaymentUpdate {
    payment: PaymentRow,
    is_new: bool,
    is_refunded_now: bool,
}

/// The state of one call of [`apply_events`].
struct EventBatch<'a> {
    batch: &'a mut TreeBatch,
    now: Timestamp,
    member_cache: MemberCache,
    /// Sides that members chose after registration; `None`: either.
    preferences: HashMap<UserId, Option<Side>>,
    payments: HashMap<PaymentId, PaymentUpdate>,
    /// Newly applied payments, for which refunds may be waiting.
    new_payments: Vec<PaymentId>,
    /// Referral data of the new payments.
    referrals: Vec<ReferralRow>,
    /// Referral data of the refunds.
    referral_refunds: Vec<ReferralRefundRow>,
    /// Events that have to wait, with their keys, not stored yet.
    waiting: Vec<(String, Envelope)>,
}

impl EventBatch<'_> {
    /// Inserts and updates members; the highest version wins. Returns the ids that were unknown before.
    async fn apply_members(
        &mut self,
        c: &mut DbConnection,
        states: BTreeMap<UserId, MemberState>,
    ) -> Result<Vec<UserId>, BinaryError> {
        self.member_cache.load(c, states.keys().copied()).await?;
        let (mut changed, mut new) = (Vec::new(), Vec::new());
        let (mut words, mut with_old_words) = (Vec::new(), Vec::new());
        for MemberState { row, at } in states.into_values() {
            match self.member_cache.get(row.user_id) {
                None => {
                    new.push(row.user_id);
                    words.extend(words_of(&row));
                }
                Some(known) if known.version < row.version => {
                    if !has_words_of(known, &row) {
                        with_old_words.push(row.user_id);
                        words.extend(words_of(&row));
                    }
                }
                Some(_) => continue,
            }
            self.apply_label(&row, at)?;
            changed.push(row.clone());
            self.member_cache.insert(row);
        }
        members::save_newer(c, changed).await?;
        member_words::delete_all_of(c, &with_old_words).await?;
        member_words::insert(c, words).await?;
        Ok(new)
    }

    fn apply_label(&mut self, member: &MemberRow, at: Timestamp) -> Result<(), BinaryError> {
        let tree = self.batch.tree();
        let node = tree.find(member.user_id).and_then(|node| tree.node(node));
        if node.is_some_and(|node| node.is_distributor != member.is_distributor) {
            let at = at.min(self.now);
            let input = Input::Labelled { user: member.user_id, distributor: member.is_distributor };
            self.batch.apply(at, &input, None)?;
        }
        Ok(())
    }

    /// Loads everything that the decisions need, in a few statements for all events.
    async fn load(&mut self, c: &mut DbConnection, queue: &[ReadEvent]) -> Result<(), BinaryError> {
        let mut ids: Vec<PaymentId> = Vec::new();
        let mut payers: Vec<UserId> = Vec::new();
        let mut refunded: Vec<NodeIndex> = Vec::new();
        let tree = self.batch.tree();
        for event in queue {
            match &event.content {
                EventContent::PaymentCompleted { payment, .. } => {
                    ids.push(payment.payment_id);
                    if payment.is_counted && tree.find(payment.user_id).is_none() {
                        payers.push(payment.user_id);
                    }
                }
                EventContent::PaymentRefunded { payment_id, user_id, .. } => {
                    ids.push(*payment_id);
                    refunded.extend(tree.find(*user_id));
                }
                EventContent::DayStarted { .. } => {}
            }
        }
        ids.retain(|id| !self.payments.contains_key(id));
        for payment in payments::find_all(c, &ids).await? {
            let update = PaymentUpdate { payment, is_new: false, is_refunded_now: false };
            self.payments.insert(update.payment.payment_id, update);
        }
        let chosen = preferences::find_all(c, &payers).await?;
        self.preferences.extend(chosen.into_iter().map(|chosen| (chosen.user_id, chosen.side)));
        self.member_cache.load_chains(c, tree, payers).await?;
        refunded.sort_unstable();
        refunded.dedup();
        self.batch.load_outstanding_pairs(c, &refunded).await
    }

    fn apply(&mut self, event: ReadEvent) -> Result<(), BinaryError> {
        let ReadEvent { content, envelope } = event;
        if content.at() > latest_accepted(self.now) {
            tracing::error!(event = envelope.event_type, subject = envelope.subject, source = envelope.source,
                at = %content.at(), "event ahead of the clock, stored as waiting");
            self.waiting.push((CLOCK_KEY.to_owned(), envelope));
            return Ok(());
        }
        // The events that result continue the trace of this event, not that of the batch.
        let waits_for = event_trace::event_span("binary", &envelope).in_scope(|| match &content {
            EventContent::PaymentCompleted { payment, referral, at } => {
                self.apply_payment(payment, referral.as_ref(), *at)
            }
            EventContent::PaymentRefunded { payment_id, refund_id, referral_refund, at, .. } => {
                self.apply_refund(*payment_id, *refund_id, referral_refund.as_ref(), *at)
            }
            EventContent::DayStarted { day, at } => self.start_day(*day, *at).map(|()| None),
        })?;
        self.waiting.extend(waits_for.map(|key| (key, envelope)));
        Ok(())
    }

    async fn store_waiting(&mut self, c: &mut DbConnection) -> Result<(), BinaryError> {
        let events = std::mem::take(&mut self.waiting);
        let keyed: Vec<_> = events.iter().map(|(key, event)| (key.clone(), event)).collect();
        Ok(waiting::store(c, &keyed, self.now).await?)
    }

    /// Applies a payment once. Returns the waiting key when the member or the referral chain is unknown.
    fn apply_payment(
        &mut self,
        payment: &PaymentRow,
        referral: Option<&ReferralRow>,
        at: Timestamp,
    ) -> Result<Option<String>, BinaryError> {
        if self.payments.contains_key(&payment.payment_id) {
            return Ok(None);
        }
        if payment.is_counted {
            let (user, amount) = (payment.user_id, payment.amount_paise);
            let input = if self.batch.tree().find(user).is_some() {
                Input::Paid { user, amount }
            } else {
                let sponsor = match self.member_cache.find_sponsor(self.batch.tree(), user) {
                    ChainEnd::Sponsor(sponsor) => sponsor,
                    ChainEnd::Unknown(id) => return Ok(Some(user_key(id))),
                };
                let member = self.member_cache.get(user);
                let registered = member.and_then(|m| m.preferred_side);
                let prefers = self.preferences.get(&user).copied().unwrap_or(registered);
                let distributor = member.is_some_and(|m| m.is_distributor);
                Input::Placed { user, sponsor, prefers, distributor, amount }
            };
            self.batch.apply(at, &input, Some(payment.cause_id()))?;
        }
        self.referrals.extend(referral.cloned());
        let update = PaymentUpdate { payment: payment.clone(), is_new: true, is_refunded_now: false };
        self.payments.insert(payment.payment_id, update);
        self.new_payments.push(payment.payment_id);
        Ok(None)
    }

    /// Applies the refund of a whole payment once. Returns the waiting key when the payment is unknown.
    fn apply_refund(
        &mut self,
        id: PaymentId,
        refund: RefundId,
        referral_refund: Option<&ReferralRefundRow>,
        at: Timestamp,
    ) -> Result<Option<String>, BinaryError> {
        let Some(update) = self.payments.get_mut(&id) else { return Ok(Some(payment_key(id))) };
        if update.payment.refund_id.is_some() {
            return Ok(None);
        }
        update.payment.refund_id = Some(refund);
        update.is_refunded_now = true;
        self.referral_refunds.extend(referral_refund.cloned());
        if update.payment.is_counted {
            let input = Input::Refunded { user: update.payment.user_id, amount: update.payment.amount_paise };
            self.batch.apply(at, &input, Some(refund.uuid().into()))?;
        }
        Ok(None)
    }

    fn start_day(&mut self, day: Day, at: Timestamp) -> Result<(), BinaryError> {
        if !self.batch.tree().is_new_day(at) {
            return Ok(());
        }
        self.batch.apply(at, &Input::DayStarted, Some(day_id(day)))?;
        self.continue_opening(MAX_PAIRS_PER_BATCH)
    }

    fn continue_opening(&mut self, max_pairs: usize) -> Result<(), BinaryError> {
        while self.batch.tree().is_opening() && self.batch.pairs_made() < max_pairs {
            continue_opening(self.batch)?;
        }
        Ok(())
    }

    async fn save(self, c: &mut DbConnection) -> Result<(), BinaryError> {
        let (mut new, mut refunded) = (Vec::new(), Vec::new());
        for update in self.payments.into_values() {
            if update.is_new {
                new.push(update.payment);
            } else if update.is_refunded_now {
                refunded.push(update.payment);
            }
        }
        refunded.sort_by_key(|p| p.payment_id);
        payments::save_refunds(c, refunded).await?;
        new.sort_by_key(|p| p.payment_id);
        payments::insert(c, new).await?;
        referrals::insert(c, self.referrals).await?;
        referrals::insert_refunds(c, self.referral_refunds).await?;
        Ok(())
    }
}
