//! The reports by name: their columns, the services whose events they come from, and their figures.

use super::{breakdowns, figures};
use crate::domain::fact::Source;
use crate::domain::filter::ReportFilters;
use crate::domain::report::{Column, DailyFigure, Table};
use db::DbConnection;
use domain::Day;
use http_api::Problem;

domain::text_enum! {
    /// A report with a row for each period.
    pub(super) enum PeriodReport {
        Sales = "sales", Users = "users", Wallet = "wallet", Payouts = "payouts", Binary = "binary",
        Cohorts = "cohorts",
    }
}

domain::text_enum! {
    /// A report with rows of another kind.
    pub(super) enum Breakdown {
        Generations = "generations", EmiAgeing = "emi-ageing", PayoutAgeing = "payout-ageing",
    }
}

impl PeriodReport {
    pub(super) const fn columns(self) -> &'static [Column] {
        match self {
            Self::Sales => figures::SALES,
            Self::Users => figures::USERS,
            Self::Wallet => figures::WALLET,
            Self::Payouts => figures::PAYOUTS,
            Self::Binary => figures::BINARY,
            Self::Cohorts => figures::COHORTS,
        }
    }

    pub(super) const fn sources(self) -> &'static [Source] {
        match self {
            Self::Sales => &[Source::Auth, Source::Booking],
            Self::Users => &[Source::Auth, Source::Binary],
            Self::Wallet => &[Source::Auth, Source::Wallet],
            Self::Payouts => &[Source::Auth, Source::Payout],
            Self::Binary => &[Source::Auth, Source::Binary],
            Self::Cohorts => &[Source::Auth, Source::Booking, Source::Binary, Source::Wallet],
        }
    }

    /// Whether it reads the facts themselves: only reports of all facts have rollups.
    pub(super) fn reads_facts(self, filters: &ReportFilters) -> bool {
        self == Self::Cohorts || !filters.is_empty()
    }

    /// Loads the figures of the days, both included.
    pub(super) async fn load(
        self,
        c: &mut DbConnection,
        days: (Day, Day),
        filters: &ReportFilters,
    ) -> Result<Vec<DailyFigure>, Problem> {
        match self {
            Self::Sales => figures::sales(c, days, filters).await,
            Self::Users => figures::users(c, days, filters).await,
            Self::Wallet => figures::wallet(c, days, filters).await,
            Self::Payouts => figures::payouts(c, days, filters).await,
            Self::Binary => figures::binary(c, days, filters).await,
            Self::Cohorts => figures::cohorts(c, days, filters).await,
        }
    }
}

impl Breakdown {
    pub(super) const fn columns(self) -> &'static [Column] {
        match self {
            Self::Generations => breakdowns::GENERATIONS,
            Self::EmiAgeing => breakdowns::EMI_AGEING,
            Self::PayoutAgeing => breakdowns::PAYOUT_AGEING,
        }
    }

    pub(super) const fn sources(self) -> &'static [Source] {
        match self {
            Self::Generations => &[Source::Auth, Source::Wallet, Source::Binary],
            Self::EmiAgeing => &[Source::Booking],
            Self::PayoutAgeing => &[Source::Payout],
        }
    }

    /// Whether it is of a range of days; the others are of today.
    pub(super) fn has_range(self) -> bool {
        self == Self::Generations
    }

    /// Loads the report of the days, or of the last of them.
    pub(super) async fn load(
        self,
        c: &mut DbConnection,
        days: (Day, Day),
        filters: &ReportFilters,
        columns: Vec<Column>,
    ) -> Result<Table, Problem> {
        match self {
            Self::Generations => breakdowns::generations(c, days, filters, columns).await,
            Self::EmiAgeing => breakdowns::emi_ageing(c, days.1, columns).await,
            Self::PayoutAgeing => breakdowns::payout_ageing(c, days.1, columns).await,
        }
    }
}
