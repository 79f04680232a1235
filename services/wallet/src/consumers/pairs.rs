//! Events of pairs, read into commands.

use super::{Batch, CommandBatch, LedgerTable, parse_uuid};
use crate::app::ids;
use crate::domain::Command;
use crate::domain::entries::pair::{PairEarning, PairVoid};
use messaging::{EventTable, HandleError, decode};
use proto_events::binary::v1::{Pair, PairsMatched, PairsVoided, PlacementMade};
use proto_events::vocabulary::PairStatus;

/// Adds the events of pairs to `table`.
pub(super) fn add(table: EventTable<Batch>) -> EventTable<Batch> {
    table
        .on_ledger::<PlacementMade>(|event| pair_earnings(&event.pairs))
        .on_ledger::<PairsMatched>(|event| pair_earnings(&event.pairs))
        .on_ledger::<PairsVoided>(pairs_voided)
}

fn pair_earnings(pairs: &[Pair]) -> CommandBatch {
    pairs.iter().map(|pair| pair_earning(pair).map(Command::Pair)).collect()
}

fn pair_earning(pair: &Pair) -> Result<PairEarning, HandleError> {
    let pair_id = parse_uuid("pair_id", &pair.pair_id)?;
    let flushed = match decode::word("status", &pair.status)? {
        PairStatus::Matched => false,
        PairStatus::Flushed => true,
        PairStatus::Voided => return Err(HandleError::poison("a new pair cannot be voided")),
    };
    Ok(PairEarning {
        pair_id,
        earner_id: decode::id("earner_id", &pair.earner_id)?,
        number: pair.number,
        left_user_id: decode::id("left_user_id", &pair.left_user_id)?,
        right_user_id: decode::id("right_user_id", &pair.right_user_id)?,
        period: pair.period,
        slot: pair.slot,
        flushed,
        earner_active_buyer: pair.earner_active_buyer,
        plan_version: pair.plan_version,
        gross: decode::money(pair.gross_paise),
        emi_deduction: decode::money(pair.emi_deduction_paise),
        reserve_deduction: decode::money(pair.reserve_deduction_paise),
        available: decode::money(pair.available_paise),
        forgone: decode::money(pair.forgone_paise),
        reserve_id: ids::reserve("pair", pair_id),
        at: decode::time("matched_at", pair.matched_at)?,
    })
}

fn pairs_voided(event: PairsVoided) -> CommandBatch {
    let at = decode::time("voided_at", event.voided_at)?;
    let (left_by, refund_id) = (decode::id("user_id", &event.user_id)?, parse_uuid("refund_id", &event.refund_id)?);
    let void = |pair: &Pair| {
        Ok(Command::PairVoid(PairVoid {
            pair_id: parse_uuid("pair_id", &pair.pair_id)?,
            earner_id: decode::id("earner_id", &pair.earner_id)?,
            number: pair.number,
            left_by,
            refund_id,
            at,
        }))
    };
    event.pairs.iter().map(void).collect()
}
