//! Columns that are sealed with the PII keys.

use crate::app::receive_webhook::SEAL_PURPOSE;
use crate::schema::webhook_events;
use db::rewritable_column;
use db::rewrite::RewritableColumn;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;

// A job seals the bodies of earlier releases that are still in plain text, and gives them their ids.
pub(crate) const COLUMNS: &[RewritableColumn] = &[rewritable_column!(
    webhook_events, id as Option<Vec<u8>>, body as (SEAL_PURPOSE), if webhook_events::sealed.eq(true)
)];
