//! Reports' part of the read graph: the dashboards.

use super::members::MemberDashboardView;
use super::{dashboard, members};
use crate::ReportsState;
use actix_web::web;
use domain::UserId;
use graph::Part;
use http_api::Access::Staff;
use http_api::{Caller, Json, Path, Problem, documented, operation};

/// All fields of this service.
pub(crate) fn part(state: ReportsState) -> Part {
    Part::new("reports", state)
        .query("dashboard", Staff, documented!(dashboard::get))
        .of_user("figures", documented!(read_figures))
}

/// The figures of the user.
#[operation]
async fn read_figures(
    state: web::Data<ReportsState>,
    caller: Caller,
    Path(id): Path<UserId>,
) -> Result<Json<MemberDashboardView>, Problem> {
    if caller.user_id == id { members::get_own(state, caller).await } else { members::get(state, Path(id)).await }
}
