//! Table of the last certificate number of each financial year.

use crate::schema::certificate_counters;
use domain::FinancialYear;

db::year_counters!(certificate_counters, FinancialYear);
