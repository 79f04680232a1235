//! Shape of the tree: everything that a picture of it needs, without names.

use super::scope::load_top;
use super::search::side_letter;
use crate::app::background::run_blocking;
use crate::domain::subtree::Shape;
use crate::error::BinaryError;
use crate::state::BinaryState;
use actix_web::body::BoxBody;
use actix_web::http::header::{self, EntityTag};
use actix_web::{HttpRequest, HttpResponse, Responder, web};
use domain::UserId;
use http_api::{Caller, Doc, Problem, Query, Response, has_entity_tag, operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const MAX_NODES: usize = 100_000;

#[derive(Debug, Deserialize, JsonSchema)]
pub(super) struct ShapeFilter {
    /// Top of the shape: yourself by default, the company for staff.
    #[serde(default)]
    root: Option<String>,
}

/// A node and everything below it in preorder, left before right. A position is the same in all four lists.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct ShapeView {
    /// Sequence number of the last applied entry of the tree's journal; the shape is the same while this is.
    sequence: i64,
    /// Null for the company.
    ids: Vec<Option<UserId>>,
    /// Position of the parent; -1 for the first.
    parents: Vec<i32>,
    /// `L` or `R` for each position: the side under the parent, and `L` for the first.
    sides: String,
    /// `1` for an Active Buyer, else `0`, for each position.
    active: String,
    /// Whether nodes are left out because there are more than 100,000: those of the lowest levels.
    is_truncated: bool,
}

impl ShapeView {
    /// Errors with `Journal` when a position is out of range.
    fn try_new(shape: Shape, sequence: i64) -> Result<Self, BinaryError> {
        let position = |parent: Option<usize>| parent.map_or(Ok(-1), i32::try_from);
        let parents: Result<Vec<i32>, _> = shape.nodes.iter().map(|node| position(node.parent)).collect();
        Ok(Self {
            sequence,
            ids: shape.nodes.iter().map(|node| node.user).collect(),
            parents: parents.map_err(|e| BinaryError::Journal(e.to_string()))?,
            sides: shape.nodes.iter().map(|node| side_letter(node.side)).collect(),
            active: shape.nodes.iter().map(|node| if node.is_active_buyer { '1' } else { '0' }).collect(),
            is_truncated: shape.is_truncated,
        })
    }
}

/// 200 with the shape, or 304 when the client has it.
pub(super) struct ShapeResponse {
    tag: EntityTag,
    /// JSON; `None` when the client has it.
    body: Option<Vec<u8>>,
}

impl Responder for ShapeResponse {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut response = if self.body.is_some() { HttpResponse::Ok() } else { HttpResponse::NotModified() };
        response.insert_header(header::ETag(self.tag));
        response.insert_header((header::CACHE_CONTROL, "private, no-cache"));
        match self.body {
            Some(body) => response.content_type("application/json").body(body),
            None => response.finish(),
        }
    }
}

impl Response for ShapeResponse {
    fn describe(doc: Doc) -> Doc {
        doc.responds_with::<ShapeView>(200).empty_response(304)
    }
}

/// Shape of my part of the tree, or below any member for staff.
///
/// At most 100,000 nodes. With the `ETag` of an earlier response in `If-None-Match`, 304 while the tree is unchanged.
/// 404 for a root that is not placed, or not in the caller's part of the tree; without a root, 404 with
/// `binary.not_placed` before the caller's first completed payment.
#[operation]
pub(super) async fn get(
    state: web::Data<BinaryState>,
    caller: Caller,
    request: HttpRequest,
    Query(filter): Query<ShapeFilter>,
) -> Result<ShapeResponse, Problem> {
    let mut c = state.ctx.db().read().await?;
    let tree_state = state.tree_store.read(&mut c).await?;
    drop(c);
    let (top, sequence) = (load_top(&tree_state.tree, &caller, filter.root.as_deref())?, tree_state.tree.seq());
    let tag = EntityTag::new_strong(format!("{sequence}-{top}"));
    if has_entity_tag(&request, &tag) {
        return Ok(ShapeResponse { tag, body: None });
    }
    let body = run_blocking(move || {
        let shape = tree_state.tree.shape(top, MAX_NODES);
        drop(tree_state);
        let shape = shape.ok_or_else(|| BinaryError::Journal(format!("there is no node {top}")))?;
        let view = ShapeView::try_new(shape, sequence)?;
        serde_json::to_vec(&view).map_err(|e| BinaryError::Journal(e.to_string()))
    });
    Ok(ShapeResponse { tag, body: Some(body.await?) })
}
