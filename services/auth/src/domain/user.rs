//! User: validation of personal details, and changes of rights by administrators.

use domain::bounded_text::MAX_NAME_CHARS;
use domain::{Day, Role, UserId};

const MAX_AGE_MONTHS: u32 = 120 * 12;
const MIN_MEMBER_AGE_MONTHS: u32 = 18 * 12;

domain::text_enum! {
    /// Gender in a profile.
    pub enum Gender { Male = "male", Female = "female", Other = "other" }
}

domain::text_enum! {
    /// Language of a user.
    #[derive(Default)]
    pub enum Locale {
        #[default]
        En = "en",
        Hi = "hi",
    }
}

/// The name that people see who may not see the full one: the first name and the initial of the last, "Asha P.".
pub(crate) fn short_name(name: &str) -> String {
    let mut words = name.split_whitespace();
    let first = words.next().unwrap_or_default();
    match words.next_back().and_then(|last| last.chars().next()) {
        Some(initial) => format!("{first} {initial}."),
        None => first.to_owned(),
    }
}

/// Lower-case form of a name for the column `name_folded`.
pub(crate) fn fold_name(name: &str) -> String {
    name.to_lowercase().chars().take(MAX_NAME_CHARS).collect()
}

/// Whether a person born on this day is at most 120 years old.
pub(crate) fn is_plausible_birth_date(born: Day, today: Day) -> bool {
    born.plus_months(MAX_AGE_MONTHS) >= today
}

/// Whether a person born on this day can be a member: 18 to 120 years old, as a member enters contracts.
pub(crate) fn is_member_birth_date(born: Day, today: Day) -> bool {
    born.plus_months(MIN_MEMBER_AGE_MONTHS) <= today && is_plausible_birth_date(born, today)
}

/// A postal address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PostalAddress {
    pub(crate) line1: String,
    pub(crate) line2: Option<String>,
    pub(crate) city: String,
    pub(crate) state: String,
    pub(crate) pincode: String,
    pub(crate) country: String,
}

/// Reads a pincode: six digits that do not begin with 0, which are often written in two groups of three.
pub(crate) fn parse_pincode(text: &str) -> Option<String> {
    let text = text.trim();
    let digits = match text.split_once(' ') {
        Some((first, last)) if first.len() == 3 => format!("{first}{last}"),
        Some(_) | None => text.to_owned(),
    };
    let is_valid = digits.len() == 6 && digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0');
    is_valid.then_some(digits)
}

/// Reasons for which a change of rights is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RightsRefusal {
    #[error("changing your own rights is not allowed")]
    OwnRights,
    #[error("you are not an administrator any more")]
    ActorNotAdmin,
}

/// Change that an administrator requests; `None` leaves a right as it is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct RightsUpdate {
    pub(crate) role: Option<Role>,
    pub(crate) is_distributor: Option<bool>,
    pub(crate) is_active: Option<bool>,
}

/// Rights and labels of a user that administrators may change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rights {
    pub(crate) role: Role,
    pub(crate) is_distributor: bool,
    pub(crate) is_active: bool,
}

/// The rights after a change, and whether it affects access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RightsChange {
    Unchanged,
    /// Only a label changes; sessions continue.
    LabelOnly(Rights),
    /// Role or activity changes: every session ends, as its access tokens state the old role.
    AccessChanged(Rights),
}

/// Refuses a change of one's own rights, so that one administrator always remains.
pub(crate) fn may_change_rights(actor: UserId, subject: UserId) -> Result<(), RightsRefusal> {
    if actor == subject { Err(RightsRefusal::OwnRights) } else { Ok(()) }
}

/// Decides a grant of the role of an active administrator by the operator.
pub(crate) fn decide_admin_grant(rights: Rights) -> RightsChange {
    let after = Rights { role: Role::Admin, is_active: true, ..rights };
    if after == rights { RightsChange::Unchanged } else { RightsChange::AccessChanged(after) }
}

/// Decides a change of `subject` by `actor`, who has to be one of the currently active administrators.
pub(crate) fn decide_rights_change(
    subject: UserId,
    rights: Rights,
    update: RightsUpdate,
    actor: UserId,
    active_admins: &[UserId],
) -> Result<RightsChange, RightsRefusal> {
    may_change_rights(actor, subject)?;
    let after = Rights {
        role: update.role.unwrap_or(rights.role),
        is_distributor: update.is_distributor.unwrap_or(rights.is_distributor),
        is_active: update.is_active.unwrap_or(rights.is_active),
    };
    if after == rights {
        return Ok(RightsChange::Unchanged);
    }
    if !active_admins.contains(&actor) {
        return Err(RightsRefusal::ActorNotAdmin);
    }
    if after.role == rights.role && after.is_active == rights.is_active {
        return Ok(RightsChange::LabelOnly(after));
    }
    Ok(RightsChange::AccessChanged(after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(n: u128) -> UserId {
        uuid::Uuid::from_u128(n).into()
    }
    const ADMIN: Rights = Rights { role: Role::Admin, is_distributor: false, is_active: true };

    #[test]
    fn changing_ones_own_rights_is_refused() {
        let admins = [id(1), id(2)];
        for change in [
            RightsUpdate { role: Some(Role::User), ..RightsUpdate::default() },
            RightsUpdate { is_active: Some(false), ..RightsUpdate::default() },
            RightsUpdate { is_distributor: Some(true), ..RightsUpdate::default() },
            RightsUpdate { role: Some(Role::Admin), ..RightsUpdate::default() },
        ] {
            assert_eq!(decide_rights_change(id(1), ADMIN, change, id(1), &admins), Err(RightsRefusal::OwnRights));
            assert!(decide_rights_change(id(2), ADMIN, change, id(1), &admins).is_ok());
        }
        // Two administrators demote each other at the same time: the second is not an administrator any more.
        let demotion = RightsUpdate { role: Some(Role::User), ..RightsUpdate::default() };
        let too_late = decide_rights_change(id(1), ADMIN, demotion, id(2), &[id(1)]);
        assert_eq!(too_late, Err(RightsRefusal::ActorNotAdmin));
    }

    #[test]
    fn a_label_ends_no_session_and_equal_rights_are_unchanged() {
        let label = RightsUpdate { is_distributor: Some(true), ..RightsUpdate::default() };
        assert!(matches!(decide_rights_change(id(2), ADMIN, label, id(1), &[id(1)]), Ok(RightsChange::LabelOnly(_))));
        let same = RightsUpdate { role: Some(Role::Admin), is_active: Some(true), is_distributor: Some(false) };
        assert_eq!(decide_rights_change(id(2), ADMIN, same, id(1), &[id(1)]), Ok(RightsChange::Unchanged));
    }

    #[test]
    fn a_short_name_has_the_first_name_and_one_initial() {
        for (name, short) in [
            ("Asha Patel", "Asha P."),
            (" Asha  Kumari Patel ", "Asha P."),
            ("Asha", "Asha"),
            ("Zoë Élodie", "Zoë É."),
            ("आशा पटेल", "आशा प."),
            ("", ""),
        ] {
            assert_eq!(short_name(name), short, "{name}");
        }
    }

    #[test]
    fn a_member_is_adult_and_a_pincode_has_six_digits() {
        let day = |text: &str| text.parse::<Day>().expect(text);
        let today = day("2026-11-22");
        for (born, expected) in [("2008-11-22", true), ("2008-11-23", false), ("1900-01-01", false)] {
            assert_eq!(is_member_birth_date(day(born), today), expected, "{born}");
        }
        for text in ["400001", " 400001 ", "400 001"] {
            assert_eq!(parse_pincode(text).as_deref(), Some("400001"), "{text}");
        }
        for text in ["040001", "040 001", "40001", "4000011", "40000a", "40 0001", "400  001", "4 0 0 0 0 1", ""] {
            assert_eq!(parse_pincode(text), None, "{text}");
        }
    }
}
