//! A registered person, what may be said of one, and what an administrator may change.

use domain::{Day, Role, UserId};

const MAX_NAME: usize = 100;
const LONGEST_LIFE_MONTHS: u32 = 120 * 12;
const MAJORITY_MONTHS: u32 = 18 * 12;

domain::text_enum! {
    pub enum Gender { Male = "male", Female = "female", Other = "other" }
}

/// A text of one line: 1 to `max` characters, no control characters.
pub(crate) fn is_line(text: &str, max: usize) -> bool {
    (1..=max).contains(&text.chars().count()) && !text.chars().any(char::is_control)
}

pub(crate) fn is_name(text: &str) -> bool {
    is_line(text, MAX_NAME)
}

/// Names are searched for without regard to case.
pub(crate) fn folded(name: &str) -> String {
    name.to_lowercase().chars().take(MAX_NAME).collect()
}

pub(crate) fn is_within_a_lifetime(born: Day, today: Day) -> bool {
    born.plus_months(LONGEST_LIFE_MONTHS) >= today
}

/// A member enters contracts, so is of age.
pub(crate) fn is_members_birth_date(born: Day, today: Day) -> bool {
    born.plus_months(MAJORITY_MONTHS) <= today && is_within_a_lifetime(born, today)
}

/// Six digits that do not begin with 0.
pub(crate) fn is_pincode(text: &str) -> bool {
    text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) && !text.starts_with('0')
}

/// What stands in the way of a change to a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum PersonRefused {
    #[error("nobody changes their own rights")]
    OwnRights,
    #[error("your rights have just changed")]
    NoLongerAdmin,
}

/// What an administrator asks to change.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct AdminChange {
    pub(crate) role: Option<Role>,
    pub(crate) is_distributor: Option<bool>,
    pub(crate) is_active: Option<bool>,
}

/// What an administrator may change of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) role: Role,
    pub(crate) is_distributor: bool,
    pub(crate) is_active: bool,
}

/// The rights after a change, and what it brings about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RightsChange {
    Unchanged,
    /// A label only.
    Relabelled(Rights),
    /// What the person may do is different: every session ends, for its tokens say otherwise.
    Changed(Rights),
}

/// Whether `actor` may change the rights of `subject`. Nobody changes their own, so there is always an administrator left.
pub(crate) fn may_change_rights(actor: UserId, subject: UserId) -> Result<(), PersonRefused> {
    if actor == subject { Err(PersonRefused::OwnRights) } else { Ok(()) }
}

/// Decides a change by `actor`, given the administrators that are active right now.
pub(crate) fn change_rights(
    subject: UserId,
    rights: Rights,
    change: AdminChange,
    actor: UserId,
    active_admins: &[UserId],
) -> Result<RightsChange, PersonRefused> {
    may_change_rights(actor, subject)?;
    let after = Rights {
        role: change.role.unwrap_or(rights.role),
        is_distributor: change.is_distributor.unwrap_or(rights.is_distributor),
        is_active: change.is_active.unwrap_or(rights.is_active),
    };
    if after == rights {
        return Ok(RightsChange::Unchanged);
    }
    if !active_admins.contains(&actor) {
        return Err(PersonRefused::NoLongerAdmin);
    }
    if after.role == rights.role && after.is_active == rights.is_active {
        return Ok(RightsChange::Relabelled(after));
    }
    Ok(RightsChange::Changed(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> UserId {
        uuid::Uuid::from_u128(n).into()
    }
    const ADMIN: Rights = Rights { role: Role::Admin, is_distributor: false, is_active: true };

    #[test]
    fn nobody_changes_their_own_rights() {
        let admins = [id(1), id(2)];
        for change in [
            AdminChange { role: Some(Role::User), ..AdminChange::default() },
            AdminChange { is_active: Some(false), ..AdminChange::default() },
            AdminChange { is_distributor: Some(true), ..AdminChange::default() },
            AdminChange { role: Some(Role::Admin), ..AdminChange::default() },
        ] {
            assert_eq!(change_rights(id(1), ADMIN, change, id(1), &admins), Err(PersonRefused::OwnRights));
            assert!(change_rights(id(2), ADMIN, change, id(1), &admins).is_ok());
        }
        // Two who demote each other at once: the second is no administrator any more.
        let demoted = AdminChange { role: Some(Role::User), ..AdminChange::default() };
        let too_late = change_rights(id(1), ADMIN, demoted, id(2), &[id(1)]);
        assert_eq!(too_late, Err(PersonRefused::NoLongerAdmin));
    }

    #[test]
    fn a_label_ends_no_session_and_no_change_is_no_change() {
        let label = AdminChange { is_distributor: Some(true), ..AdminChange::default() };
        assert!(matches!(change_rights(id(2), ADMIN, label, id(1), &[id(1)]), Ok(RightsChange::Relabelled(_))));
        let same = AdminChange { role: Some(Role::Admin), is_active: Some(true), is_distributor: Some(false) };
        assert_eq!(change_rights(id(2), ADMIN, same, id(1), &[id(1)]), Ok(RightsChange::Unchanged));
    }

    #[test]
    fn a_member_is_of_age_and_a_pincode_has_six_digits() {
        let day = |text: &str| text.parse::<Day>().expect(text);
        let today = day("2026-11-22");
        for (born, holds) in [("2008-11-22", true), ("2008-11-23", false), ("1900-01-01", false)] {
            assert_eq!(is_members_birth_date(day(born), today), holds, "{born}");
        }
        for (text, holds) in
            [("400001", true), ("040001", false), ("40001", false), ("4000011", false), ("40000a", false)]
        {
            assert_eq!(is_pincode(text), holds, "{text}");
        }
        assert!(is_name("आशा कुमारी") && !is_name("") && !is_name("a\nb") && !is_name(&"x".repeat(101)));
    }
}
