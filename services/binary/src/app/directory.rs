//! Members at hand for one batch, and the way up a referral chain.

use crate::domain::Tree;
use crate::store::members::{self, Member};
use db::DbConnection;
use diesel::QueryResult;
use domain::UserId;
use std::collections::{HashMap, HashSet};

#[derive(Default)]
pub struct Directory {
    known: HashMap<UserId, Member>,
    asked: HashSet<UserId>,
}

/// Where a referral chain leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Chain {
    /// To the nearest placed member, or to the company.
    Sponsor(Option<UserId>),
    /// To somebody the tree has not heard of yet.
    Unknown(UserId),
}

impl Directory {
    pub fn get(&self, id: UserId) -> Option<&Member> {
        self.known.get(&id)
    }

    pub fn put(&mut self, member: Member) {
        self.asked.insert(member.user_id);
        self.known.insert(member.user_id, member);
    }

    /// Reads those members that were not asked for yet.
    pub async fn load(&mut self, c: &mut DbConnection, ids: impl IntoIterator<Item = UserId>) -> QueryResult<()> {
        let new: Vec<UserId> = ids.into_iter().filter(|id| self.asked.insert(*id)).collect();
        for member in members::find_all(c, &new).await? {
            self.known.insert(member.user_id, member);
        }
        Ok(())
    }

    /// Reads members and everybody above them up to the nearest who is placed.
    pub async fn load_chains(&mut self, c: &mut DbConnection, tree: &Tree, ids: Vec<UserId>) -> QueryResult<()> {
        let mut wanted = ids;
        while !wanted.is_empty() {
            self.load(c, wanted.iter().copied()).await?;
            let above = wanted.iter().filter_map(|id| self.get(*id)?.referrer_id);
            // Whoever was asked for before has been followed before.
            wanted = above.filter(|id| tree.find(*id).is_none() && !self.asked.contains(id)).collect();
        }
        Ok(())
    }

    /// The sponsor of a member, as far as it is known.
    pub fn chain(&self, tree: &Tree, user: UserId) -> Chain {
        let mut at = user;
        // A referrer exists before the referred, so a chain is no longer than there are members.
        for _ in 0..=self.known.len() {
            let Some(member) = self.get(at) else { return Chain::Unknown(at) };
            match member.referrer_id {
                None => return Chain::Sponsor(None),
                Some(referrer) if tree.find(referrer).is_some() => return Chain::Sponsor(Some(referrer)),
                Some(referrer) => at = referrer,
            }
        }
        Chain::Unknown(at)
    }
}
