//! Integer columns converted to values of the tree.

use crate::domain::Tree;
use crate::error::BinaryError;
use domain::UserId;

/// A node index, a number or a version. Errors with `Journal` when it is out of range.
pub fn from_column<T: TryFrom<i64>>(column: i64) -> Result<T, BinaryError> {
    T::try_from(column).map_err(|_| BinaryError::Journal(format!("{column} is out of range")))
}

/// The member at a node; `None` for the company. Errors with `Journal` when there is no such node.
pub fn find_member(tree: &Tree, node: i64) -> Result<Option<UserId>, BinaryError> {
    let found = tree.node(from_column(node)?);
    Ok(found.ok_or_else(|| BinaryError::Journal(format!("there is no node {node}")))?.user)
}

/// The member at a node. Errors with `Journal` when there is none.
pub fn load_member(tree: &Tree, node: i64) -> Result<UserId, BinaryError> {
    find_member(tree, node)?.ok_or_else(|| BinaryError::Journal(format!("node {node} has no member")))
}
