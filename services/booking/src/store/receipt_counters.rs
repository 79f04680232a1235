//! Table of the last receipt number of each financial year.

use crate::schema::receipt_counters;
use domain::FinancialYear;

db::year_counters!(receipt_counters, FinancialYear);
