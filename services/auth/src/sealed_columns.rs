//! Columns that are sealed with the PII keys.

use crate::app::submit_kyc::{BANK_ACCOUNT_PURPOSE, PAN_PURPOSE};
use crate::schema::{kyc_applications, messages, signing_keys, signups};
use crate::secrets::{MESSAGE, SIGNING_KEY, SIGNUP};
use db::rewritable_column;
use db::rewrite::RewritableColumn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

pub(crate) const COLUMNS: &[RewritableColumn] = &[
    rewritable_column!(kyc_applications, id as Vec<u8>, pan_sealed as (PAN_PURPOSE)),
    rewritable_column!(kyc_applications, id as Vec<u8>, account_sealed as (BANK_ACCOUNT_PURPOSE)),
    rewritable_column!(signups, token_hash as Vec<u8>, sealed as (SIGNUP)),
    rewritable_column!(messages, id as Vec<u8>, sealed as (MESSAGE)),
    rewritable_column!(signing_keys, kid as String, sealed as (SIGNING_KEY)),
];
