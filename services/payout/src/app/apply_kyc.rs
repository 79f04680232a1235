//! KYC decisions: a member's approval, PAN and verified bank account. The highest version wins.

use crate::domain::BankAccountId;
use crate::domain::account::AccountSource;
use crate::store::accounts::{self, BankAccount};
use crate::store::members::{self, MemberRow};
use db::DbConnection;
use domain::{Timestamp, UserId};
use messaging::{HandleError, decode};
use proto_events::auth::v1::KycDecided;
use runtime::id;
use std::collections::{BTreeMap, BTreeSet};

/// Applies KYC decisions in their order; one with an older version than the stored one changes nothing. Locks all
/// members in one statement and their accounts in another, and saves the changed rows of each in one more.
pub async fn apply_kyc(c: &mut DbConnection, events: &[KycDecided]) -> Result<(), HandleError> {
    if events.is_empty() {
        return Ok(());
    }
    let ids = events.iter().map(|event| decode::id("user_id", &event.user_id));
    let ids: BTreeSet<UserId> = ids.collect::<Result<_, _>>()?;
    let ids: Vec<UserId> = ids.into_iter().collect();
    let members = members::lock_many(c, &ids).await?;
    let mut kyc = KycRows::new(members, accounts::lock_of_members(c, &ids).await?);
    for event in events {
        kyc.apply(event)?;
    }
    kyc.accounts.retain(|account| kyc.changed_accounts.contains(&account.id));
    kyc.members.retain(|id, _| kyc.changed_members.contains(id));
    accounts::save_many(c, &kyc.accounts).await?;
    let members: Vec<MemberRow> = kyc.members.into_values().collect();
    Ok(members::save_kyc(c, &members).await?)
}

/// The locked rows that a batch of decisions may change.
struct KycRows {
    members: BTreeMap<UserId, MemberRow>,
    /// The members' accounts, including those that the batch adds or removes.
    accounts: Vec<BankAccount>,
    changed_members: BTreeSet<UserId>,
    changed_accounts: BTreeSet<BankAccountId>,
}

impl KycRows {
    fn new(members: Vec<MemberRow>, accounts: Vec<BankAccount>) -> Self {
        Self {
            members: members.into_iter().map(|member| (member.user_id, member)).collect(),
            accounts,
            changed_members: BTreeSet::new(),
            changed_accounts: BTreeSet::new(),
        }
    }

    /// Applies a decision unless it is older than the member's stored one.
    fn apply(&mut self, event: &KycDecided) -> Result<(), HandleError> {
        let version = decode::version(event.version)?;
        let user_id = decode::id("user_id", &event.user_id)?;
        let decided_at = decode::time("decided_at", event.decided_at)?;
        let Some(stored) = self.members.get(&user_id).filter(|member| member.kyc_version < version) else {
            return Ok(());
        };
        let mut member = MemberRow { kyc_version: version, kyc_approved: event.approved, ..stored.clone() };
        if event.approved {
            let account_id = self.upsert_kyc_account(user_id, event, decided_at)?;
            if let Some(earlier) = member.kyc_account_id.filter(|id| *id != account_id) {
                self.remove_account(earlier);
            }
            member.kyc_account_id = Some(account_id);
            member.pan_sealed.clone_from(&event.pan_sealed);
            member.pan_index.clone_from(&event.pan_index);
            member.pan_mask.clone_from(&event.pan_mask);
            member.pan_holder.clone_from(&event.holder_name);
        }
        self.members.insert(user_id, member);
        self.changed_members.insert(user_id);
        Ok(())
    }

    /// Makes the account of an approved KYC a verified one, also if the member added the same number before.
    fn upsert_kyc_account(
        &mut self,
        user_id: UserId,
        event: &KycDecided,
        at: Timestamp,
    ) -> Result<BankAccountId, HandleError> {
        let is_known = |account: &&mut BankAccount| {
            account.user_id == user_id && account.live == Some(true) && account.account_index == event.account_index
        };
        let known = self.accounts.iter_mut().find(is_known);
        let decided_by = Some(event.decided_by.as_slice()).filter(|bytes| !bytes.is_empty());
        let account = BankAccount {
            id: known.as_ref().map_or_else(id::fresh, |a| a.id),
            user_id,
            source: AccountSource::Kyc,
            account_sealed: event.account_sealed.clone(),
            account_index: event.account_index.clone(),
            account_mask: event.account_mask.clone(),
            ifsc: event.ifsc.clone(),
            holder_name: event.holder_name.clone(),
            bank_name: event.bank_name.clone(),
            verified_at: Some(at),
            verified_by: decode::optional_id("decided_by", decided_by)?,
            live: Some(true),
            created_at: known.as_ref().map_or(at, |a| a.created_at),
        };
        let id = account.id;
        match known {
            Some(known) => *known = account,
            None => self.accounts.push(account),
        }
        self.changed_accounts.insert(id);
        Ok(id)
    }

    /// Removes the account of an earlier KYC, unless it is removed already.
    fn remove_account(&mut self, id: BankAccountId) {
        if let Some(account) = self.accounts.iter_mut().find(|a| a.id == id && a.live == Some(true)) {
            account.live = None;
            self.changed_accounts.insert(id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn decisions_of_one_batch_apply_in_their_order_and_an_older_version_does_not() {
        let user = UserId::from(Uuid::from_u128(1));
        let decided = |version, approved, account: u8| KycDecided {
            user_id: user.into(),
            version,
            approved,
            account_index: vec![account],
            ..KycDecided::default()
        };
        let mut kyc = KycRows::new(vec![MemberRow::unknown(user)], Vec::new());
        for event in [decided(1, true, 1), decided(3, true, 2), decided(2, true, 1), decided(4, false, 0)] {
            kyc.apply(&event).expect("a valid event");
        }
        let live: Vec<(u8, bool)> =
            kyc.accounts.iter().map(|a| (a.account_index.iter().sum(), a.live == Some(true))).collect();
        assert_eq!(live, [(1, false), (2, true)]);
        let member = kyc.members.get(&user).expect("the member");
        assert_eq!((member.kyc_version, member.kyc_approved), (4, false));
        assert_eq!(member.kyc_account_id, kyc.accounts.last().map(|a| a.id));
    }
}
