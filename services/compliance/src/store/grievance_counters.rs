//! Table of the last grievance number of each financial year.

use crate::schema::grievance_counters;
use domain::FinancialYear;

db::year_counters!(grievance_counters, FinancialYear);
