//! Search of placed members by name or referral code.

use super::column::from_column;
use super::tree_store::TreeStore;
use crate::domain::NodeIndex;
use crate::domain::search::{derive_words, matches};
use crate::error::BinaryError;
use crate::store::member_words::{self, MemberWordRow};
use crate::store::members::{self, MemberRow};
use crate::store::nodes;
use db::DbConnection;
use domain::{Side, UserId};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// A part of the tree with up to this many nodes is read whole; a search in a larger one reads the index of words.
const MAX_NODES_READ: usize = 1_000;
/// Words read at once.
const PAGE_WORDS: i64 = 500;
/// Pages of words that one search reads.
const MAX_PAGES: usize = 20;

/// Members that a search found.
#[derive(Debug, Default)]
pub struct SearchResult {
    /// By name.
    pub members: Vec<FoundMember>,
    /// Whether there may be more.
    pub has_more: bool,
}

/// A member that a search found.
#[derive(Debug)]
pub struct FoundMember {
    pub user_id: UserId,
    pub name: String,
    pub referral_code: Option<String>,
    pub sponsor_id: Option<UserId>,
    /// Levels below the company.
    pub depth: i64,
    /// The legs to take from the top of the search down to the member.
    pub path: Vec<Side>,
}

/// Up to `limit` members at or below `top` of whose words each of `prefixes` begins one. Finds all of them in a part of
/// the tree with up to [`MAX_NODES_READ`] nodes; in a larger one it reads the first [`MAX_PAGES`] pages of the words
/// that begin with the longest prefix.
pub async fn search(
    c: &mut DbConnection,
    tree_store: &TreeStore,
    top: NodeIndex,
    prefixes: &[String],
    limit: usize,
) -> Result<SearchResult, BinaryError> {
    let shape = tree_store.read(c).await?.tree.shape(top, MAX_NODES_READ);
    let Some(shape) = shape else { return Ok(SearchResult::default()) };
    let (mut found, is_complete) = if shape.is_truncated {
        find_by_words(c, tree_store, top, prefixes, limit).await?
    } else {
        let ids: Vec<UserId> = shape.nodes.iter().filter_map(|node| node.user).collect();
        (find_among(c, &ids, prefixes).await?, true)
    };
    found.sort_by(|a, b| (&a.name, a.user_id).cmp(&(&b.name, b.user_id)));
    let has_more = !is_complete || found.len() > limit;
    found.truncate(limit);
    Ok(SearchResult { members: describe(c, tree_store, top, found).await?, has_more })
}

/// Those of these members that match.
async fn find_among(c: &mut DbConnection, ids: &[UserId], prefixes: &[String]) -> Result<Vec<MemberRow>, BinaryError> {
    let mut found = members::find_all(c, ids).await?;
    found.retain(|member| matches(&derive_words(&member.name, member.referral_code.as_deref()), prefixes));
    Ok(found)
}

/// More than `limit` matching members, or all that there are, in the order of the index; and whether it was read to its
/// end.
async fn find_by_words(
    c: &mut DbConnection,
    tree_store: &TreeStore,
    top: NodeIndex,
    prefixes: &[String],
    limit: usize,
) -> Result<(Vec<MemberRow>, bool), BinaryError> {
    let (mut found, mut seen) = (Vec::new(), HashSet::new());
    let Some(prefix) = prefixes.first() else { return Ok((found, true)) };
    let mut after = MemberWordRow { word: prefix.clone(), user_id: Uuid::nil().into() };
    for _ in 0..MAX_PAGES {
        let page = member_words::list_prefixed_after(c, prefix, &after, PAGE_WORDS).await?;
        let is_last = i64::try_from(page.len()).is_ok_and(|words| words < PAGE_WORDS);
        let Some(last) = page.last() else { return Ok((found, true)) };
        after = last.clone();
        let new: Vec<UserId> = page.iter().map(|row| row.user_id).filter(|id| seen.insert(*id)).collect();
        let within: Vec<UserId> = {
            let tree_state = tree_store.read(c).await?;
            let tree = &tree_state.tree;
            let placed: Vec<NodeIndex> = new.iter().filter_map(|id| tree.find(*id)).collect();
            tree.retain_within(&placed, top).into_iter().filter_map(|node| tree.node(node)?.user).collect()
        };
        found.extend(find_among(c, &within, prefixes).await?);
        if is_last || found.len() > limit {
            return Ok((found, is_last));
        }
    }
    Ok((found, false))
}

/// Adds the positions.
async fn describe(
    c: &mut DbConnection,
    tree_store: &TreeStore,
    top: NodeIndex,
    found: Vec<MemberRow>,
) -> Result<Vec<FoundMember>, BinaryError> {
    let ids: Vec<UserId> = found.iter().map(|member| member.user_id).collect();
    let rows: HashMap<UserId, _> = nodes::find_all(c, &ids).await?.into_iter().map(|row| (row.user_id, row)).collect();
    let tree_state = tree_store.read(c).await?;
    let mut described = Vec::with_capacity(found.len());
    for member in found {
        let Some(row) = rows.get(&member.user_id) else { continue };
        let steps = tree_state.tree.steps_between(top, from_column(row.node)?).unwrap_or_default();
        described.push(FoundMember {
            user_id: member.user_id,
            name: member.name,
            referral_code: member.referral_code,
            sponsor_id: row.sponsor_id,
            depth: row.depth,
            path: steps.into_iter().map(|(_, side)| side).collect(),
        });
    }
    Ok(described)
}
