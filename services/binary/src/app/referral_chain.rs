//! Referral chains: members cached for one batch, and the search for the nearest placed referrer.

use crate::domain::Tree;
use crate::store::members::{self, MemberRow};
use db::DbConnection;
use diesel::QueryResult;
use domain::UserId;
use std::collections::{HashMap, HashSet};

/// Members loaded for one batch.
#[derive(Default)]
pub struct MemberCache {
    members: HashMap<UserId, MemberRow>,
    requested: HashSet<UserId>,
}

/// End of a referral chain.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainEnd {
    /// The nearest placed member; `None`: the company.
    Sponsor(Option<UserId>),
    /// A member who is not known yet.
    Unknown(UserId),
}

impl MemberCache {
    /// A loaded member.
    pub fn get(&self, id: UserId) -> Option<&MemberRow> {
        self.members.get(&id)
    }

    /// Adds or replaces a member.
    pub fn insert(&mut self, member: MemberRow) {
        self.requested.insert(member.user_id);
        self.members.insert(member.user_id, member);
    }

    /// Loads the members that were not requested before.
    pub async fn load(&mut self, c: &mut DbConnection, ids: impl IntoIterator<Item = UserId>) -> QueryResult<()> {
        let new: Vec<UserId> = ids.into_iter().filter(|id| self.requested.insert(*id)).collect();
        for member in members::find_all(c, &new).await? {
            self.members.insert(member.user_id, member);
        }
        Ok(())
    }

    /// Loads members and their referrers, up to the nearest placed one.
    pub async fn load_chains(&mut self, c: &mut DbConnection, tree: &Tree, ids: Vec<UserId>) -> QueryResult<()> {
        let mut wanted = ids;
        while !wanted.is_empty() {
            self.load(c, wanted.iter().copied()).await?;
            let above = wanted.iter().filter_map(|id| self.get(*id)?.referrer_id);
            // The chain of a member requested before is loaded already.
            wanted = above.filter(|id| tree.find(*id).is_none() && !self.requested.contains(id)).collect();
        }
        Ok(())
    }

    /// The sponsor of a member: the nearest placed referrer. Needs [`MemberCache::load_chains`] first.
    pub fn find_sponsor(&self, tree: &Tree, user: UserId) -> ChainEnd {
        let mut at = user;
        // A referrer registers before the referred member, so a chain is at most as long as the number of members.
        for _ in 0..=self.members.len() {
            let Some(member) = self.get(at) else { return ChainEnd::Unknown(at) };
            match member.referrer_id {
                None => return ChainEnd::Sponsor(None),
                Some(referrer) if tree.find(referrer).is_some() => return ChainEnd::Sponsor(Some(referrer)),
                Some(referrer) => at = referrer,
            }
        }
        ChainEnd::Unknown(at)
    }
}
