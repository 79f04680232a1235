//! Documents of the search: which facts change them, the numbers of their changes, and their words.

use crate::domain::search::{FieldWords, PersonTexts, SearchField, SearchKind, number_words, person_words};
use crate::store::Replaced;
use crate::store::bookings::{self, Booking, NumberedBooking};
use crate::store::members::{self, Member, Person};
use crate::store::numbered_receipts::{self, NumberedReceipt};
use crate::store::payouts::{self, PaidPayout, Payout};
use crate::store::search_documents::{self as store, FoundId, SearchState};
use db::DbConnection;
use diesel::QueryResult;
use search_index::{Change, Document, Position, Reference};
use std::collections::{BTreeMap, BTreeSet};

/// Documents that are read at once.
pub(crate) const MAX_PAGE_DOCUMENTS: usize = 1_000;

/// Documents whose words changed.
#[derive(Debug, Default)]
pub(super) struct Changes(BTreeSet<(SearchKind, FoundId)>);

impl Changes {
    pub(super) fn add_persons(&mut self, rows: &[Replaced<Member>]) {
        fn texts(m: &Member) -> [&str; 4] {
            [&m.name, &m.email, &m.mobile, &m.referral_code]
        }
        let changed = rows.iter().filter(|row| row.old.as_ref().map(texts) != Some(texts(&row.new)));
        self.add(SearchKind::Person, changed.map(|row| row.new.user_id.uuid().into()));
    }

    pub(super) fn add_bookings(&mut self, rows: &[Replaced<Booking>]) {
        let changed = rows.iter().filter(|row| row.old.as_ref().map(|b| &b.number) != Some(&row.new.number));
        self.add(SearchKind::Booking, changed.map(|row| row.new.booking_id.uuid().into()));
    }

    pub(super) fn add_payments(&mut self, new: &[NumberedReceipt]) {
        self.add(SearchKind::Payment, new.iter().map(|receipt| receipt.payment_id.uuid().into()));
    }

    pub(super) fn add_payouts(&mut self, rows: &[Replaced<Payout>]) {
        let utr = |payout: Option<&Payout>| payout.map(|p| p.utr.clone()).unwrap_or_default();
        let changed = rows.iter().filter(|row| utr(row.old.as_ref()) != row.new.utr);
        self.add(SearchKind::Payout, changed.map(|row| row.new.payout_id.uuid().into()));
    }

    fn add(&mut self, kind: SearchKind, ids: impl Iterator<Item = FoundId>) {
        self.0.extend(ids.map(|id| (kind, id)));
    }

    pub(super) fn documents(self) -> impl Iterator<Item = (SearchKind, FoundId)> {
        self.0.into_iter()
    }
}

/// Gives the next numbers to the changes of these documents.
pub(super) async fn number(
    c: &mut DbConnection,
    documents: impl Iterator<Item = (SearchKind, FoundId)>,
) -> QueryResult<()> {
    let documents: Vec<_> = documents.collect();
    if documents.is_empty() {
        return Ok(());
    }
    let mut state = store::lock_state(c).await?;
    let mut numbered = Vec::with_capacity(documents.len());
    for (kind, id) in documents {
        state.last_change += 1;
        numbered.push((kind, id, state.last_change));
    }
    store::number(c, &numbered).await?;
    store::save_state(c, state).await
}

/// The newest position of the documents; the first of all before there are any.
pub(crate) async fn find_head(c: &mut DbConnection) -> QueryResult<Position> {
    let state = store::find_state(c).await?;
    Ok(state.map_or_else(Position::default, |SearchState { generation, last_change: change }| Position {
        generation,
        change,
    }))
}

/// Changes of documents in their order.
pub(crate) struct ChangePage {
    pub(crate) changes: Vec<Change>,
    /// Number of the last of them.
    pub(crate) last: i64,
}

/// Reads the next changes after `after`; `None` when there are none.
pub(crate) async fn read_changes(c: &mut DbConnection, after: i64) -> QueryResult<Option<ChangePage>> {
    let limit = i64::try_from(MAX_PAGE_DOCUMENTS).unwrap_or(i64::MAX);
    let rows = store::list_after(c, after, limit).await?;
    let Some((.., last)) = rows.last().copied() else { return Ok(None) };
    let found = load(c, rows.iter().map(|(kind, id, _)| (*kind, *id))).await?;
    let changes = rows.iter().map(|(kind, id, _)| {
        let reference = reference(*kind, *id);
        match found.words(*kind, *id).filter(|fields| !fields.is_empty()) {
            None => Change::Remove(reference),
            Some(fields) => {
                let (names, codes) = join_fields(&fields);
                Change::Put(Document { reference, names, codes })
            }
        }
    });
    Ok(Some(ChangePage { changes: changes.collect(), last }))
}

pub(crate) fn reference(kind: SearchKind, id: FoundId) -> Reference {
    Reference { kind: kind_number(kind), id: id.uuid().as_u128() }
}

pub(crate) const fn kind_number(kind: SearchKind) -> u8 {
    match kind {
        SearchKind::Person => 0,
        SearchKind::Booking => 1,
        SearchKind::Payment => 2,
        SearchKind::Payout => 3,
    }
}

/// All words of these fields: names, and codes.
pub(super) fn join_fields(fields: &[FieldWords]) -> (BTreeSet<String>, BTreeSet<String>) {
    let names = fields.iter().flat_map(|field| field.names.iter().cloned()).collect();
    (names, fields.iter().flat_map(|field| field.codes.iter().cloned()).collect())
}

/// Facts of documents, by id.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) persons: BTreeMap<FoundId, Person>,
    pub(super) bookings: BTreeMap<FoundId, NumberedBooking>,
    pub(super) payments: BTreeMap<FoundId, NumberedReceipt>,
    pub(super) payouts: BTreeMap<FoundId, PaidPayout>,
}

/// Loads the facts of these documents.
pub(super) async fn load(
    c: &mut DbConnection,
    documents: impl Iterator<Item = (SearchKind, FoundId)>,
) -> QueryResult<Found> {
    let mut ids: BTreeMap<SearchKind, Vec<uuid::Uuid>> = BTreeMap::new();
    for (kind, id) in documents {
        ids.entry(kind).or_default().push(id.uuid());
    }
    fn of<T: From<uuid::Uuid>>(ids: &BTreeMap<SearchKind, Vec<uuid::Uuid>>, kind: SearchKind) -> Vec<T> {
        ids.get(&kind).into_iter().flatten().map(|id| (*id).into()).collect()
    }
    fn by_id<R>(rows: Vec<R>, id: impl Fn(&R) -> uuid::Uuid) -> BTreeMap<FoundId, R> {
        rows.into_iter().map(|row| (id(&row).into(), row)).collect()
    }
    let persons = members::list_by_ids(c, &of(&ids, SearchKind::Person)).await?;
    let bookings = bookings::list_by_ids(c, &of(&ids, SearchKind::Booking)).await?;
    let payments = numbered_receipts::list_by_ids(c, &of(&ids, SearchKind::Payment)).await?;
    let payouts = payouts::list_by_ids(c, &of(&ids, SearchKind::Payout)).await?;
    Ok(Found {
        persons: by_id(persons, |row| row.user_id.uuid()),
        bookings: by_id(bookings, |row| row.booking_id.uuid()),
        payments: by_id(payments, |row| row.payment_id.uuid()),
        payouts: by_id(payouts, |row| row.payout_id.uuid()),
    })
}

impl Found {
    /// The words of a document; `None` without its fact.
    pub(super) fn words(&self, kind: SearchKind, id: FoundId) -> Option<Vec<FieldWords>> {
        Some(match kind {
            SearchKind::Person => {
                let Person { name, email, mobile, referral_code, .. } = self.persons.get(&id)?;
                person_words(PersonTexts { name, email, mobile, referral_code })
            }
            SearchKind::Booking => number_words(&[(SearchField::BookingNumber, &self.bookings.get(&id)?.number)]),
            SearchKind::Payment => {
                let NumberedReceipt { receipt_number, gateway_payment_id, reference, .. } = self.payments.get(&id)?;
                number_words(&[
                    (SearchField::ReceiptNumber, receipt_number),
                    (SearchField::GatewayPaymentId, gateway_payment_id),
                    (SearchField::Reference, reference),
                ])
            }
            SearchKind::Payout => number_words(&[(SearchField::Utr, &self.payouts.get(&id)?.utr)]),
        })
    }
}
