//! Names of members.

use super::scope::load_own_top;
use crate::domain::{NodeIndex, ROOT};
use crate::error::BinaryError;
use crate::state::BinaryState;
use crate::store::members;
use actix_web::web;
use db::DbConnection;
use domain::UserId;
use http_api::{Body, Caller, Json, Problem, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

const MAX_IDS: usize = 200;

/// A member with their name.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct MemberNameView {
    pub(super) user_id: UserId,
    pub(super) name: String,
}

/// The names of the known ones of these members.
pub(super) async fn load_names(c: &mut DbConnection, ids: &[UserId]) -> Result<HashMap<UserId, String>, BinaryError> {
    Ok(members::find_all(c, ids).await?.into_iter().map(|member| (member.user_id, member.name)).collect())
}

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct NamesInput {
    /// At most 200.
    ids: Vec<UserId>,
}

#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct NamesView {
    /// In the order of the ids.
    items: Vec<MemberNameView>,
}

/// Names of members in my part of the tree.
///
/// Ids that are unknown, or not in the caller's part of the tree, are left out; staff get the name of every member.
/// 404 with `binary.not_placed` before the caller's first completed payment. 422 with `binary.too_many_ids` for more
/// than 200 ids.
#[operation]
pub(super) async fn list(
    state: web::Data<BinaryState>,
    caller: Caller,
    body: Body<NamesInput>,
) -> Result<Json<NamesView>, Problem> {
    let mut ids = body.read().await?.ids;
    if ids.len() > MAX_IDS {
        let detail = format!("ask for at most {MAX_IDS} names at once");
        return Err(Problem::unprocessable("binary.too_many_ids", detail));
    }
    let mut c = state.ctx.db().read().await?;
    {
        let tree_state = state.tree_store.read(&mut c).await?;
        let tree = &tree_state.tree;
        let top = load_own_top(tree, &caller)?;
        if top != ROOT {
            let placed: Vec<NodeIndex> = ids.iter().filter_map(|id| tree.find(*id)).collect();
            let visible = tree.retain_within(&placed, top).into_iter();
            ids = visible.filter_map(|node| tree.node(node)?.user).collect();
        }
    }
    let mut names = load_names(&mut c, &ids).await?;
    // Removed, so that an id given twice is answered once.
    let items = ids.into_iter().filter_map(|user_id| Some(MemberNameView { user_id, name: names.remove(&user_id)? }));
    Ok(Json::new(NamesView { items: items.collect() }))
}
