//! Columns that are sealed with the PII keys.

use crate::app::batches::ACCOUNT_PURPOSE;
use crate::schema::{bank_accounts, members, payouts};
use db::rewritable_column;
use db::rewrite::RewritableColumn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// Auth seals PANs for this purpose.
const PAN_PURPOSE: &str = "pan";

pub(crate) const COLUMNS: &[RewritableColumn] = &[
    rewritable_column!(members, user_id as Vec<u8>, pan_sealed as (PAN_PURPOSE)),
    rewritable_column!(bank_accounts, id as Vec<u8>, account_sealed as (ACCOUNT_PURPOSE)),
    rewritable_column!(payouts, id as Vec<u8>, account_sealed as (ACCOUNT_PURPOSE)),
    rewritable_column!(payouts, id as Vec<u8>, pan_sealed as (PAN_PURPOSE)),
];
