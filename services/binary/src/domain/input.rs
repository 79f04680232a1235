//! What may happen to the tree, and what comes of it.

use super::node::Ix;
use domain::plan::PairPay;
use domain::{Money, PlanError, PlanVersion, Side, Timestamp, UserId};

domain::text_enum! {
    /// The kinds of rows in the tree's journal.
    pub enum Kind {
        /// A first payment: the member is placed by level order and counts.
        Placed = "placed",
        /// An administrator named parent and side; the member does not count yet.
        PlacedManually = "placed_manually",
        /// A further payment of a placed member.
        Paid = "paid",
        Refunded = "refunded",
        /// The distributor label was given or taken.
        Labelled = "labelled",
        /// A business day began: earners with a backlog match again if their period allows.
        DayStarted = "day_started",
        /// The rest of an opening that was too much for one input.
        PeriodOpened = "period_opened",
        PlanPublished = "plan_published",
    }
}

/// One input. Everything a decision needs travels in it or is in the tree already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    Placed {
        user: UserId,
        /// The nearest placed member up the referral chain; none: the company.
        sponsor: Option<UserId>,
        prefers: Option<Side>,
        distributor: bool,
        amount: Money,
    },
    PlacedManually {
        user: UserId,
        sponsor: Option<UserId>,
        /// None: directly under the company.
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
    /// Boxed: it would make every input three times as big.
    PlanPublished(Box<PlanVersion>),
}

impl Input {
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Placed { .. } => Kind::Placed,
            Self::PlacedManually { .. } => Kind::PlacedManually,
            Self::Paid { .. } => Kind::Paid,
            Self::Refunded { .. } => Kind::Refunded,
            Self::Labelled { .. } => Kind::Labelled,
            Self::DayStarted => Kind::DayStarted,
            Self::PeriodOpened => Kind::PeriodOpened,
            Self::PlanPublished(_) => Kind::PlanPublished,
        }
    }
    pub const fn user(&self) -> Option<UserId> {
        match self {
            Self::Placed { user, .. }
            | Self::PlacedManually { user, .. }
            | Self::Paid { user, .. }
            | Self::Refunded { user, .. }
            | Self::Labelled { user, .. } => Some(*user),
            Self::DayStarted | Self::PeriodOpened | Self::PlanPublished(_) => None,
        }
    }
    /// Below whom a member is placed.
    pub const fn sponsor(&self) -> Option<UserId> {
        match self {
            Self::Placed { sponsor, .. } => *sponsor,
            Self::PlacedManually { parent, .. } => *parent,
            Self::Paid { .. }
            | Self::Refunded { .. }
            | Self::Labelled { .. }
            | Self::DayStarted
            | Self::PeriodOpened
            | Self::PlanPublished(_) => None,
        }
    }
}

/// A position, once for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placed {
    pub node: Ix,
    pub parent: Ix,
    pub side: Side,
    pub depth: u32,
}

/// A pair and the whole decision about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PairMade {
    /// Over all earners, from 1: the order in which pairs were made.
    pub ordinal: u64,
    pub earner: Ix,
    /// Of this earner, from 1, gap-free, for life.
    pub number: u32,
    pub left: Ix,
    pub right: Ix,
    /// `YYYYMM` or `YYYYMMDD`, as the plan's limit counts.
    pub period: u32,
    /// In that period, from 1; none when the pair was flushed.
    pub slot: Option<u32>,
    pub earner_active_buyer: bool,
    pub plan_version: u32,
    pub pay: PairPay,
}

/// What one input did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    pub seq: i64,
    /// The tree's time: the event's own, or that of the input before if that was later.
    pub at: Timestamp,
    pub placed: Option<Placed>,
    /// Earner and number of every pair that lost a member.
    pub voided: Vec<(Ix, u32)>,
    pub made: Vec<PairMade>,
}

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TreeError {
    #[error("{0} has a place already")]
    AlreadyPlaced(UserId),
    #[error("{0} has no place")]
    NotPlaced(UserId),
    #[error("the slot is taken")]
    SlotTaken,
    #[error("the tree can hold no more")]
    Full,
    #[error("an amount must be more than zero")]
    BadAmount,
    #[error(transparent)]
    Plan(#[from] PlanError),
    #[error("an amount is out of range")]
    Money(#[from] domain::MoneyError),
    #[error("the tree contradicts itself: {0}")]
    Inconsistent(&'static str),
}
