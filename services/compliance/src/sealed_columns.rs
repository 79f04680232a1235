//! Columns that are sealed with the PII keys.

use crate::schema::tds_records;
use db::rewritable_column;
use db::rewrite::RewritableColumn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

/// Auth seals PANs for this purpose.
pub(crate) const PAN_PURPOSE: &str = "pan";

pub(crate) const COLUMNS: &[RewritableColumn] =
    &[rewritable_column!(tds_records, id as Vec<u8>, pan_sealed as (PAN_PURPOSE))];
