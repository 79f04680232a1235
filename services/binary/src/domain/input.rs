//! Inputs of the tree and their outcomes.

use super::node::NodeIndex;
use domain::plan::PairPay;
use domain::{Money, PlanError, PlanVersion, Side, Timestamp, UserId};

domain::text_enum! {
    /// The kinds of rows in the tree's journal.
    pub enum InputKind {
        /// First payment: the member is placed in level order and counts.
        Placed = "placed",
        /// Placement by an administrator under a given parent and side; the member does not count yet.
        PlacedManually = "placed_manually",
        /// Payment of a placed member.
        Paid = "paid",
        Refunded = "refunded",
        /// The distributor label was granted or revoked.
        Labelled = "labelled",
        /// Start of a business day: earners with a backlog are matched if their limit allows.
        DayStarted = "day_started",
        /// Continuation of a period opening that exceeded the limits of one input.
        PeriodOpened = "period_opened",
        PlanPublished = "plan_published",
        PlanWithdrawn = "plan_withdrawn",
    }
}

/// One input. Everything that the decision needs is in the input or in the tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Placed {
        user: UserId,
        /// The nearest placed member up the referral chain; `None`: the company.
        sponsor: Option<UserId>,
        prefers: Option<Side>,
        distributor: bool,
        amount: Money,
    },
    PlacedManually {
        user: UserId,
        sponsor: Option<UserId>,
        /// `None`: directly under the company.
        parent: Option<UserId>,
        side: Side,
        distributor: bool,
    },
    Paid {
        user: UserId,
        amount: Money,
    },
    Refunded {
        user: UserId,
        amount: Money,
    },
    Labelled {
        user: UserId,
        distributor: bool,
    },
    DayStarted,
    PeriodOpened,
    /// Boxed, because it would triple the size of every input.
    PlanPublished(Box<PlanVersion>),
    /// A version that has not begun never will.
    PlanWithdrawn(u32),
}

impl Input {
    /// The kind of its journal row.
    pub const fn kind(&self) -> InputKind {
        match self {
            Self::Placed { .. } => InputKind::Placed,
            Self::PlacedManually { .. } => InputKind::PlacedManually,
            Self::Paid { .. } => InputKind::Paid,
            Self::Refunded { .. } => InputKind::Refunded,
            Self::Labelled { .. } => InputKind::Labelled,
            Self::DayStarted => InputKind::DayStarted,
            Self::PeriodOpened => InputKind::PeriodOpened,
            Self::PlanPublished(_) => InputKind::PlanPublished,
            Self::PlanWithdrawn(_) => InputKind::PlanWithdrawn,
        }
    }
    /// The member concerned; `None` for inputs that concern all members.
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::Placed { user, .. }
            | Self::PlacedManually { user, .. }
            | Self::Paid { user, .. }
            | Self::Refunded { user, .. }
            | Self::Labelled { user, .. } => Some(*user),
            Self::DayStarted | Self::PeriodOpened | Self::PlanPublished(_) | Self::PlanWithdrawn(_) => None,
        }
    }
    /// The member below which this input places another; `None` for the company and for other inputs.
    pub const fn sponsor(&self) -> Option<UserId> {
        match self {
            Self::Placed { sponsor, .. } => *sponsor,
            Self::PlacedManually { parent, .. } => *parent,
            Self::Paid { .. }
            | Self::Refunded { .. }
            | Self::Labelled { .. }
            | Self::DayStarted
            | Self::PeriodOpened
            | Self::PlanPublished(_)
            | Self::PlanWithdrawn(_) => None,
        }
    }
}

/// A permanent position in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PlacedNode {
    pub node: NodeIndex,
    pub parent: NodeIndex,
    pub side: Side,
    pub depth: u32,
}

/// A pair with the complete decision about its pay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairMade {
    /// Sequence number over all earners, from 1.
    pub ordinal: i64,
    pub earner: NodeIndex,
    /// Sequence number of this earner's pairs, from 1, without gaps.
    pub number: u32,
    pub left: NodeIndex,
    pub right: NodeIndex,
    /// Period of the plan's limit: `YYYYMM` or `YYYYMMDD`.
    pub period: u32,
    /// Slot in that period, from 1; `None` when the pair was flushed.
    pub slot: Option<u32>,
    pub earner_active_buyer: bool,
    pub plan_version: u32,
    pub pay: PairPay,
}

/// Effects of one input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InputOutcome {
    pub seq: i64,
    /// The tree's time: the later of the event's time and the time of the input before.
    pub at: Timestamp,
    pub placed: Option<PlacedNode>,
    /// Earner and number of every voided pair.
    pub voided: Vec<(NodeIndex, u32)>,
    pub made: Vec<PairMade>,
}

/// Refusals of an input.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    #[error("member {0} is already placed")]
    AlreadyPlaced(UserId),
    #[error("member {0} is not placed")]
    NotPlaced(UserId),
    #[error("the slot is taken")]
    SlotTaken,
    #[error("the tree has reached its maximum size")]
    Full,
    #[error("the amount must be greater than zero")]
    BadAmount,
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("the amount is out of range")]
    Money(#[from] domain::MoneyError),
    #[error("the tree is inconsistent: {0}")]
    Inconsistent(&'static str),
}
