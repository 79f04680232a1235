//! Parts of the tree: the shape below a node, the steps down to one, and the nodes that are within one.
//!
//! Nothing recurses, so a chain of any length is safe.

use super::legs::Legs;
use super::node::{Node, NodeIndex, ROOT};
use super::tree::Tree;
use domain::{Side, UserId};
use std::collections::HashMap;

/// A node and all nodes below it in preorder, left before right, without names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shape {
    pub nodes: Vec<ShapeNode>,
    /// Whether nodes are left out because there are more than the maximum: those that come last breadth-first.
    pub is_truncated: bool,
}

/// One node of a shape.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ShapeNode {
    /// `None` for the company.
    pub user: Option<UserId>,
    /// Position of the parent in the shape; `None` for the top.
    pub parent: Option<usize>,
    /// Side under the parent; left for the top.
    pub side: Side,
    pub is_active_buyer: bool,
}

/// A node that the breadth-first search has found.
struct Found {
    node: ShapeNode,
    children: Legs<Option<NodeIndex>>,
    /// Positions of those children that have been found, in the order of the search.
    found_children: Legs<Option<usize>>,
}

impl Found {
    fn new(node: &Node, side: Side) -> Self {
        let Node { user, children, is_active_buyer, .. } = *node;
        let node = ShapeNode { user, parent: None, side, is_active_buyer };
        Self { node, children, found_children: Legs::new(None, None) }
    }
}

impl Shape {
    /// The shape below `top` with at most `max` nodes, at least the top; `None` where `node` knows no top.
    pub fn of(node: impl Fn(NodeIndex) -> Option<Node>, top: NodeIndex, max: usize) -> Option<Self> {
        let (found, is_truncated) = find_breadth_first(node, top, max)?;
        let mut nodes: Vec<ShapeNode> = Vec::with_capacity(found.len());
        let mut stack = vec![(0, None)];
        while let Some((position, parent)) = stack.pop() {
            let Some(Found { node, found_children, .. }) = found.get(position) else { continue };
            let own = Some(nodes.len());
            // The last one pushed comes first.
            stack.extend(found_children.right().map(|child| (child, own)));
            stack.extend(found_children.left().map(|child| (child, own)));
            nodes.push(ShapeNode { parent, ..*node });
        }
        Some(Self { nodes, is_truncated })
    }
}

/// The first `max` nodes level by level, and whether there are more.
fn find_breadth_first(
    node: impl Fn(NodeIndex) -> Option<Node>,
    top: NodeIndex,
    max: usize,
) -> Option<(Vec<Found>, bool)> {
    let mut found = vec![Found::new(&node(top)?, Side::Left)];
    let mut next = 0;
    while let Some(children) = found.get(next).map(|parent| parent.children) {
        for side in [Side::Left, Side::Right] {
            let Some(child) = children.get(side).and_then(&node) else { continue };
            let position = found.len();
            if position >= max {
                return Some((found, true));
            }
            found.push(Found::new(&child, side));
            if let Some(parent) = found.get_mut(next) {
                parent.found_children.set(side, Some(position));
            }
        }
        next += 1;
    }
    Some((found, false))
}

impl Tree {
    /// The shape below a node with at most `max` nodes; `None` for an index without a node.
    pub fn shape(&self, top: NodeIndex, max: usize) -> Option<Shape> {
        Shape::of(|index| self.node(index), top, max)
    }

    /// The steps from `top` down to `node`: each node on the way and the leg that is taken there, without `node`.
    /// `None` when `node` is neither `top` nor below it.
    pub fn steps_between(&self, top: NodeIndex, node: NodeIndex) -> Option<Vec<(NodeIndex, Side)>> {
        let mut steps = Vec::new();
        let mut at = node;
        while at != top {
            let step = self.node(at)?.parent?;
            steps.push(step);
            at = step.0;
        }
        steps.reverse();
        Some(steps)
    }

    /// Those of `nodes` that are `top` or below it, in the given order. Visits each node of their uplines once.
    pub fn retain_within(&self, nodes: &[NodeIndex], top: NodeIndex) -> Vec<NodeIndex> {
        if top == ROOT {
            return nodes.to_vec();
        }
        let mut is_within = HashMap::from([(top, true), (ROOT, false)]);
        let mut visited = Vec::new();
        let mut is_inside = |node: NodeIndex| {
            let mut at = node;
            let answer = loop {
                // An ancestor is placed before its descendants, so below the top's index the search is over.
                match is_within.get(&at) {
                    Some(known) => break *known,
                    None if at < top => break false,
                    None => visited.push(at),
                }
                at = self.node(at).and_then(|node| node.parent).map_or(ROOT, |(parent, _)| parent);
            };
            is_within.extend(visited.drain(..).map(|node| (node, answer)));
            answer
        };
        nodes.iter().copied().filter(|node| is_inside(*node)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{Input, VoidablePairs};
    use domain::{Money, Timestamp};

    const MEMBERS: u32 = 700;

    fn user(n: u32) -> UserId {
        UserId::from(uuid::Uuid::from_u128(u128::from(n)))
    }

    /// A tree with bushy parts, chains and one-sided nodes, in which every third member is an Active Buyer.
    fn sample_tree() -> Tree {
        let (mut tree, mut voidable_pairs) = (Tree::default(), VoidablePairs::default());
        for n in 1..=MEMBERS {
            let sponsor = (n > 1).then(|| user(1 + n.wrapping_mul(2_654_435_761) % (n - 1)));
            let prefers = [None, Some(Side::Left), Some(Side::Right)][usize::try_from(n % 3).expect("small")];
            let amount = Money::from_rupees(if n % 3 == 0 { 5_000 } else { 500 });
            let input = Input::Placed { user: user(n), sponsor, prefers, distributor: false, amount };
            tree.apply(Timestamp::UNIX_EPOCH, &input, &mut voidable_pairs).expect("placed");
        }
        tree
    }

    /// All nodes below `top`, recursively: position of the parent, and the node.
    fn preorder(tree: &Tree, top: NodeIndex, parent: Option<usize>, all: &mut Vec<(Option<usize>, Node)>) {
        let node = tree.node(top).expect("a node");
        let own = Some(all.len());
        all.push((parent, node));
        for child in [node.children.left(), node.children.right()].into_iter().flatten() {
            preorder(tree, child, own, all);
        }
    }

    #[test]
    fn a_shape_has_every_node_below_its_top_in_preorder() {
        let tree = sample_tree();
        for top in [ROOT, 1, 2, 17, 400, MEMBERS] {
            let mut expected = Vec::new();
            preorder(&tree, top, None, &mut expected);
            for max in [expected.len(), expected.len() + 1] {
                let shape = tree.shape(top, max).expect("a node");
                assert!(!shape.is_truncated, "{top}");
                let expected = expected.iter().map(|(parent, node)| ShapeNode {
                    user: node.user,
                    parent: *parent,
                    side: node.parent.filter(|_| parent.is_some()).map_or(Side::Left, |(_, side)| side),
                    is_active_buyer: node.is_active_buyer,
                });
                assert_eq!(shape.nodes, expected.collect::<Vec<_>>(), "{top}");
            }
        }
        assert_eq!(tree.shape(MEMBERS + 1, 10), None);
    }

    #[test]
    fn a_truncated_shape_has_the_upper_levels() {
        let tree = sample_tree();
        let whole = tree.shape(1, usize::MAX).expect("a node");
        let placed = |user: Option<UserId>| tree.find(user.expect("a member")).expect("placed");
        let depth = |node: &ShapeNode| tree.node(placed(node.user)).expect("a node").depth;
        for max in [1, 2, 3, 50, whole.nodes.len() - 1] {
            let shape = tree.shape(1, max).expect("a node");
            assert_eq!((shape.nodes.len(), shape.is_truncated), (max, true));
            let deepest = shape.nodes.iter().map(depth).max().expect("the top");
            let above = whole.nodes.iter().filter(|node| depth(node) < deepest);
            assert!(above.into_iter().all(|node| shape.nodes.iter().any(|shown| shown.user == node.user)), "{max}");
            // Still in preorder: the order of the whole shape, and parents before their children.
            let shown: Vec<_> = shape.nodes.iter().map(|node| node.user).collect();
            let order = whole.nodes.iter().map(|node| node.user).filter(|user| shown.contains(user));
            assert_eq!(shown, order.collect::<Vec<_>>());
            for node in shape.nodes.iter().skip(1) {
                let parent = placed(shape.nodes[node.parent.expect("below the top")].user);
                assert_eq!(tree.node(placed(node.user)).expect("a node").parent, Some((parent, node.side)));
            }
        }
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_needs_no_recursion() {
        const LENGTH: u32 = 100_000;
        let chain = |index: NodeIndex| {
            let child = Some(index + 1).filter(|child| *child < LENGTH);
            (index < LENGTH).then(|| Node {
                index,
                user: Some(user(index)),
                parent: index.checked_sub(1).map(|parent| (parent, Side::Right)),
                children: Legs::new(None, child),
                depth: index,
                leg_counts: Legs::default(),
                matching_order: None,
                net_paid: Money::ZERO,
                is_active_buyer: false,
                is_distributor: false,
                last_pair_number: 0,
                unmatched: Legs::default(),
            })
        };
        let length = usize::try_from(LENGTH).expect("fits");
        for (max, is_truncated) in [(length - 1, true), (length, false), (length + 1, false)] {
            let shape = Shape::of(chain, 0, max).expect("a node");
            assert_eq!((shape.nodes.len(), shape.is_truncated), (max.min(length), is_truncated));
            assert!(shape.nodes.iter().enumerate().all(|(at, node)| node.parent == at.checked_sub(1)));
        }
    }

    #[test]
    fn steps_and_membership_agree_with_the_upline() {
        let tree = sample_tree();
        let all: Vec<NodeIndex> = (0..=MEMBERS).rev().collect();
        for top in [ROOT, 1, 2, 17, 400, MEMBERS] {
            let expected: Vec<_> = all.iter().copied().filter(|node| tree.is_within(*node, top)).collect();
            assert_eq!(tree.retain_within(&all, top), expected, "{top}");
            for node in &all {
                let steps = tree.steps_between(top, *node);
                assert_eq!(steps.is_some(), tree.is_within(*node, top), "{top} {node}");
                let end = steps.map(|steps| {
                    steps.iter().fold(top, |at, (from, side)| {
                        assert_eq!(at, *from);
                        tree.node(at).expect("a node").children.get(*side).expect("a child")
                    })
                });
                assert!(end.is_none_or(|end| end == *node), "{top} {node}");
            }
        }
    }
}
