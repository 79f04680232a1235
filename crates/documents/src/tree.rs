//! The tree of a document's parts, which assistive programs read.

use crate::layout::page::{NodeId, Role};
use krilla::tagging::{Identifier, Node, TableHeaderScope, Tag, TagGroup, TagKind, TagTree};
use std::num::NonZeroU16;

/// The parts in the order in which they are read.
#[derive(Default)]
pub(crate) struct PartTree {
    parts: Vec<Part>,
}

struct Part {
    role: Role,
    parent: Option<NodeId>,
    /// What was drawn for it; nearly every part is drawn at once.
    drawn: Vec<Identifier>,
}

impl PartTree {
    pub(crate) fn add(&mut self, parent: Option<NodeId>, role: Role) -> NodeId {
        self.parts.push(Part { role, parent, drawn: Vec::new() });
        NodeId(self.parts.len() - 1)
    }

    pub(crate) fn add_drawn(&mut self, node: NodeId, identifier: Identifier) {
        if let Some(part) = self.parts.get_mut(node.0) {
            part.drawn.reserve_exact(1);
            part.drawn.push(identifier);
        }
    }

    /// The tree for the file. Parts without content are left out.
    pub(crate) fn into_tag_tree(mut self) -> TagTree {
        let mut children: Vec<Vec<Node>> = Vec::new();
        children.resize_with(self.parts.len(), Vec::new);
        let mut roots = Vec::new();
        // A parent is added before its parts, so the last part is complete first.
        while let Some(part) = self.parts.pop() {
            let mut below = children.pop().unwrap_or_default();
            below.reverse();
            let mut nodes: Vec<Node> = Vec::with_capacity(part.drawn.len() + below.len());
            nodes.extend(part.drawn.into_iter().map(Node::from));
            nodes.append(&mut below);
            if nodes.is_empty() && part.role != Role::Cell {
                continue;
            }
            let group = TagGroup::with_children(tag(part.role), nodes);
            match part.parent.and_then(|parent| children.get_mut(parent.0)) {
                Some(siblings) => siblings.push(group.into()),
                None => roots.push(Node::from(group)),
            }
        }
        roots.reverse();
        let mut tree = TagTree::new();
        for root in roots {
            tree.push(root);
        }
        tree
    }
}

fn tag(role: Role) -> TagKind {
    let level = |n: u16| NonZeroU16::new(n).unwrap_or(NonZeroU16::MIN);
    match role {
        Role::Section => Tag::Section.into(),
        Role::Title(text) => Tag::Hn(level(1), Some(text)).into(),
        Role::Heading(text) => Tag::Hn(level(2), Some(text)).into(),
        Role::Paragraph => Tag::P.into(),
        Role::Table => Tag::Table.into(),
        Role::TableHead => Tag::THead.into(),
        Role::TableBody => Tag::TBody.into(),
        Role::Row => Tag::TR.into(),
        Role::ColumnName => Tag::TH(TableHeaderScope::Column).into(),
        Role::Cell => Tag::TD.into(),
        Role::Figure(description) => Tag::Figure(Some(description)).into(),
    }
}
