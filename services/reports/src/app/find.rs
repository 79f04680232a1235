//! Answers of the search: what an index finds, as the facts are now.

use super::search_documents::{self, Found, join_fields, kind_number};
use crate::domain::search::{FieldWords, QueryWords, SearchField, SearchKind};
use crate::store::members;
use crate::store::search_documents::FoundId;
use db::DbConnection;
use diesel::QueryResult;
use domain::{Money, UserId};
use search_index::{Hit, Precision, Query};
use std::collections::{BTreeMap, BTreeSet};

/// Something that is found.
#[derive(Debug)]
pub(crate) struct Item {
    pub(crate) kind: SearchKind,
    pub(crate) id: FoundId,
    pub(crate) title: String,
    /// Name or address of the person, or further numbers, and the vehicle.
    pub(crate) subtitle: String,
    pub(crate) user_id: UserId,
    pub(crate) amount: Option<Money>,
    pub(crate) matched: SearchField,
    pub(crate) precision: Precision,
}

/// The kinds of a query as an index numbers them.
pub(crate) fn kind_numbers(kinds: &BTreeSet<SearchKind>) -> BTreeSet<u8> {
    kinds.iter().map(|kind| kind_number(*kind)).collect()
}

/// Describes what an index found, in its order. What no longer matches, because its fact changed since or is erased, is
/// left out.
pub(crate) async fn describe(c: &mut DbConnection, words: &QueryWords, hits: &[Hit]) -> QueryResult<Vec<Item>> {
    let kind_of = |hit: &Hit| SearchKind::ALL.iter().copied().find(|kind| kind_number(*kind) == hit.reference.kind);
    let references: Vec<(SearchKind, FoundId)> =
        hits.iter().filter_map(|hit| Some((kind_of(hit)?, uuid::Uuid::from_u128(hit.reference.id).into()))).collect();
    let found = search_documents::load(c, references.iter().copied()).await?;
    let query = Query { alternatives: words.clone() };
    let mut items = Vec::with_capacity(references.len());
    for (kind, id) in references {
        let Some(fields) = found.words(kind, id) else { continue };
        let (names, codes) = join_fields(&fields);
        let Some(precision) = query.precision(&names, &codes) else { continue };
        let Some(matched) = matched_field(words, &fields) else { continue };
        items.extend(item(&found, kind, id, (matched, precision)));
    }
    name_owners(c, &mut items).await?;
    Ok(items)
}

/// The field with the closest word.
fn matched_field(words: &QueryWords, fields: &[FieldWords]) -> Option<SearchField> {
    let alternatives = words.iter().flatten().map(|word| BTreeSet::from([word.clone()])).collect();
    let any_word = Query { alternatives };
    let matched = fields.iter().filter_map(|f| Some((any_word.precision(&f.names, &f.codes)?, f.field)));
    matched.min().map(|(_, field)| field)
}

fn item(found: &Found, kind: SearchKind, id: FoundId, (matched, precision): (SearchField, Precision)) -> Option<Item> {
    let (title, subtitle, user_id, amount) = match kind {
        SearchKind::Person => {
            let person = found.persons.get(&id)?;
            let address = if person.email.is_empty() { &person.mobile } else { &person.email };
            (person.name.clone(), join(&[address, &person.referral_code]), person.user_id, None)
        }
        SearchKind::Booking => {
            let booking = found.bookings.get(&id)?;
            (booking.number.clone(), booking.vehicle.clone(), booking.user_id, None)
        }
        SearchKind::Payment => {
            let payment = found.payments.get(&id)?;
            let numbers = join(&[&payment.gateway_payment_id, &payment.reference]);
            (payment.receipt_number.clone(), numbers, payment.user_id, Some(payment.amount_paise))
        }
        SearchKind::Payout => {
            let payout = found.payouts.get(&id)?;
            (payout.utr.clone(), String::new(), payout.user_id, Some(payout.net_paise))
        }
    };
    Some(Item { kind, id, title, subtitle, user_id, amount, matched, precision })
}

/// Puts the owner's name before the subtitle of all but persons.
async fn name_owners(c: &mut DbConnection, items: &mut [Item]) -> QueryResult<()> {
    let owned = |item: &Item| item.kind != SearchKind::Person;
    let owners: BTreeSet<UserId> = items.iter().filter(|item| owned(item)).map(|item| item.user_id).collect();
    let owners: Vec<UserId> = owners.into_iter().collect();
    let names: BTreeMap<UserId, String> =
        members::list_by_ids(c, &owners).await?.into_iter().map(|person| (person.user_id, person.name)).collect();
    for item in items.iter_mut().filter(|item| owned(item)) {
        let name = names.get(&item.user_id).map(String::as_str).unwrap_or_default();
        item.subtitle = join(&[name, &item.subtitle]);
    }
    Ok(())
}

fn join(parts: &[&str]) -> String {
    let parts: Vec<&str> = parts.iter().copied().filter(|part| !part.is_empty()).collect();
    parts.join(" · ")
}
