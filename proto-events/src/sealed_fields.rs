//! Fields of events whose values are sealed with the PII keys, and their replacement in an encoded event.

use crate::envelope::DecodeError;
use prost::encoding::{DecodeContext, WireType, decode_key, decode_varint, encode_key, encode_varint, skip_field};

/// A sealed field of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SealedField {
    pub event_type: &'static str,
    /// Numbers of the fields from the event's message down to the value.
    pub path: &'static [u32],
    /// What the value is sealed for.
    pub purpose: &'static str,
}

/// All sealed fields. A test compares them with the contracts.
pub const SEALED_FIELDS: [SealedField; 5] = [
    SealedField { event_type: "auth.v1.KycDecided", path: &[6], purpose: "pan" },
    SealedField { event_type: "auth.v1.KycDecided", path: &[9], purpose: "bank_account" },
    SealedField { event_type: "payout.v1.PayoutApproved", path: &[2, 9], purpose: "pan" },
    SealedField { event_type: "payout.v1.PayoutCompleted", path: &[2, 9], purpose: "pan" },
    SealedField { event_type: "payout.v1.PayoutReversed", path: &[2, 9], purpose: "pan" },
];

/// Gives a sealed value, by its purpose, its replacement; `None` leaves it.
pub type ReplaceSealed<'a> = &'a mut dyn FnMut(&'static str, &[u8]) -> Option<Vec<u8>>;

/// Replaces the sealed values of an encoded event, and leaves all other bytes, also those of fields that this version
/// does not know. `None` when no value is replaced. Errors when the bytes are not valid Protobuf.
pub fn replace_sealed(
    event_type: &str,
    data: &[u8],
    replace: ReplaceSealed<'_>,
) -> Result<Option<Vec<u8>>, DecodeError> {
    let fields = SEALED_FIELDS.iter().filter(|field| field.event_type == event_type);
    let fields: Vec<(&[u32], &'static str)> = fields.map(|field| (field.path, field.purpose)).collect();
    if fields.is_empty() {
        return Ok(None);
    }
    let failed = |reason: String| DecodeError { event_type: event_type.to_owned(), reason };
    replace_in(data, &fields, replace).map_err(failed)
}

fn replace_in(
    data: &[u8],
    fields: &[(&[u32], &'static str)],
    replace: ReplaceSealed<'_>,
) -> Result<Option<Vec<u8>>, String> {
    let (mut rest, mut changed, mut replaced) = (data, Vec::with_capacity(data.len()), false);
    while !rest.is_empty() {
        let field = rest;
        let (number, wire_type) = decode_key(&mut rest).map_err(|e| e.to_string())?;
        if wire_type == WireType::LengthDelimited {
            let length = decode_varint(&mut rest).map_err(|e| e.to_string())?;
            let length = usize::try_from(length).map_err(|e| e.to_string())?;
            let (value, after) = rest.split_at_checked(length).ok_or("a field is longer than the message")?;
            rest = after;
            if let Some(new) = replacement(value, &below(fields, number), replace)? {
                encode_key(number, wire_type, &mut changed);
                encode_varint(u64::try_from(new.len()).map_err(|e| e.to_string())?, &mut changed);
                changed.extend_from_slice(&new);
                replaced = true;
                continue;
            }
        } else {
            skip_field(wire_type, number, &mut rest, DecodeContext::default()).map_err(|e| e.to_string())?;
        }
        changed.extend_from_slice(field.get(..field.len() - rest.len()).unwrap_or_default());
    }
    Ok(replaced.then_some(changed))
}

/// The fields at or below the field with this number, with the rest of their paths.
fn below<'a>(fields: &[(&'a [u32], &'static str)], number: u32) -> Vec<(&'a [u32], &'static str)> {
    fields.iter().filter_map(|(path, purpose)| Some((path.strip_prefix(&[number])?, *purpose))).collect()
}

fn replacement(
    value: &[u8],
    fields: &[(&[u32], &'static str)],
    replace: ReplaceSealed<'_>,
) -> Result<Option<Vec<u8>>, String> {
    match fields {
        [] => Ok(None),
        [([], _)] if value.is_empty() => Ok(None),
        [([], purpose)] => Ok(replace(purpose, value)),
        inner => replace_in(value, inner, replace),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::v1::KycDecided;
    use crate::payout::v1::{Payout, PayoutCompleted, TaxLine};
    use prost::{Message, Name};

    fn reversed(purpose: &str, value: &[u8]) -> Option<Vec<u8>> {
        let new = value.iter().rev().copied().chain(purpose.bytes()).collect();
        (value != b"new").then_some(new)
    }

    #[test]
    fn only_sealed_values_are_replaced_and_unknown_fields_stay() {
        let event = KycDecided {
            kyc_id: vec![1; 16],
            pan_sealed: b"abc".to_vec(),
            pan_index: b"abc".to_vec(),
            account_sealed: b"xyz".to_vec(),
            decided_at: -5,
            ..KycDecided::default()
        };
        let expected =
            KycDecided { pan_sealed: b"cbapan".to_vec(), account_sealed: b"zyxbank_account".to_vec(), ..event.clone() };
        let mut data = event.encode_to_vec();
        // A field of a later version.
        let unknown = [0xFA, 0x3E, 0x03, 1, 2, 3];
        data.extend(unknown);
        let changed = replace_sealed(&KycDecided::full_name(), &data, &mut reversed).unwrap().expect("replaced");
        assert_eq!(KycDecided::decode(&*changed).unwrap(), expected);
        assert!(changed.ends_with(&unknown));
        assert_eq!(replace_sealed("auth.v1.UserUpdated", &data, &mut reversed).unwrap(), None);
        assert!(replace_sealed(&KycDecided::full_name(), &data[..data.len() - 1], &mut reversed).is_err());
    }

    #[test]
    fn a_value_inside_another_message_is_replaced_and_an_empty_or_new_one_is_left() {
        let event = |pan: &[u8]| PayoutCompleted {
            payout: Some(Payout { payout_id: vec![2; 16], ..Payout::default() }),
            tax: Some(TaxLine { pan_sealed: pan.to_vec(), rate: "0.05".into(), ..TaxLine::default() }),
        };
        let replaced = |pan: &[u8]| {
            let data = event(pan).encode_to_vec();
            replace_sealed(&PayoutCompleted::full_name(), &data, &mut reversed).unwrap()
        };
        assert_eq!(PayoutCompleted::decode(&*replaced(b"abc").expect("replaced")).unwrap(), event(b"cbapan"));
        assert_eq!(replaced(b"new"), None);
        assert_eq!(replaced(b""), None);
    }
}
