//! Personal numbers: encryption and blind index.

use pii::{PiiError, Sealer};
use runtime::Env;
use secrecy::ExposeSecret;

fn opened(sealer: &Sealer, purpose: &str, sealed: &[u8]) -> Result<String, PiiError> {
    sealer.open(purpose, sealed).map(|text| text.expose_secret().to_owned())
}

#[test]
fn a_sealed_value_can_be_opened_and_differs_each_time() {
    let sealer = Sealer::generate();
    for plain in ["", "A", "ABCDE1234F", "₹ नाम", &"9".repeat(10_000)] {
        let (one, two) = (sealer.seal("pan", plain), sealer.seal("pan", plain));
        assert_ne!(one, two);
        assert_eq!(opened(&sealer, "pan", &one).unwrap(), plain);
        assert_eq!(opened(&sealer, "pan", &two).unwrap(), plain);
        assert!(plain.len() < 2 || !one.windows(plain.len()).any(|w| w == plain.as_bytes()));
    }
}

#[test]
fn a_value_sealed_for_one_purpose_does_not_open_for_another() {
    let sealer = Sealer::generate();
    let sealed = sealer.seal("pan", "ABCDE1234F");
    for purpose in ["", "pa", "pan ", "PAN", "bank_account"] {
        assert_eq!(opened(&sealer, purpose, &sealed).unwrap_err(), PiiError::Forged, "{purpose}");
    }
}

#[test]
fn a_value_that_was_changed_anywhere_does_not_open() {
    let sealer = Sealer::generate();
    let sealed = sealer.seal("pan", "ABCDE1234F");
    for at in 0..sealed.len() {
        for bit in [1_u8, 0x80] {
            let mut changed = sealed.clone();
            changed[at] ^= bit;
            assert!(sealer.open("pan", &changed).is_err(), "byte {at}");
        }
        assert!(sealer.open("pan", &sealed[..at]).is_err(), "cut at {at}");
    }
    assert!(sealer.open("pan", &[sealed.as_slice(), &[0]].concat()).is_err());
}

#[test]
fn parts_of_two_values_cannot_be_combined() {
    let sealer = Sealer::generate();
    let (one, two) = (sealer.seal("pan", "ABCDE1234F"), sealer.seal("pan", "FGHIJ5678K"));
    let middle = one.len() - (12 + 10 + 16);
    assert!(sealer.open("pan", &[&one[..middle], &two[middle..]].concat()).is_err());
}

#[test]
fn keys_are_rotated_by_adding_a_new_one_in_front() {
    let before = Sealer::generate();
    let [(_, old_key), (_, index_key)] = before.to_env();
    let sealed = before.seal("pan", "ABCDE1234F");
    let [(_, new_key), _] = Sealer::generate().to_env();
    let new_key = new_key.replace("k1:", "k2:");
    let from =
        |keys: &str| Sealer::from_env(&Env::from_pairs([("PII_KEYS", keys), ("PII_INDEX_KEY", &index_key)])).unwrap();
    let rotated = from(&format!("{new_key}, {old_key}"));
    assert_eq!(opened(&rotated, "pan", &sealed).unwrap(), "ABCDE1234F");
    let again = rotated.seal("pan", "ABCDE1234F");
    assert_eq!(opened(&before, "pan", &again).unwrap_err(), PiiError::UnknownKey);
    assert_eq!(opened(&from(&new_key), "pan", &sealed).unwrap_err(), PiiError::UnknownKey);
    assert_eq!(rotated.index("pan", "ABCDE1234F"), before.index("pan", "ABCDE1234F"));
    // Another key with the same id opens nothing.
    let impostor = new_key.replace("k2:", "k1:");
    assert_eq!(opened(&from(&impostor), "pan", &sealed).unwrap_err(), PiiError::Forged);
}

#[test]
fn a_value_is_sealed_again_only_if_another_key_than_the_first_sealed_it() {
    let before = Sealer::generate();
    let [(_, old_key), (_, index_key)] = before.to_env();
    let [(_, new_key), _] = Sealer::generate().to_env();
    // The id of the new key begins with that of the old one.
    let keys = format!("{}\n{old_key}\n", new_key.replace("k1:", "k12:"));
    let env = Env::from_pairs([("PII_KEYS", &*keys), ("PII_INDEX_KEY", &*index_key)]);
    let rotated = Sealer::from_env(&env).unwrap();
    let old = before.seal("pan", "ABCDE1234F");
    let new = rotated.reseal("pan", &old).unwrap().expect("sealed again");
    assert_eq!(opened(&rotated, "pan", &new).unwrap(), "ABCDE1234F");
    assert_eq!(rotated.reseal("pan", &new).unwrap(), None);
    assert_eq!(before.reseal("pan", &new).unwrap_err(), PiiError::UnknownKey);
    assert_eq!(rotated.reseal("bank_account", &old).unwrap_err(), PiiError::Forged);
    assert_eq!(rotated.reseal("pan", b"").unwrap_err(), PiiError::Malformed);
    assert_eq!(rotated.first_key_id(), "k12");
}

#[test]
fn equal_numbers_have_equal_indexes_in_any_notation() {
    let sealer = Sealer::generate();
    let index = sealer.index("pan", "ABCDE1234F");
    for same in ["abcde1234f", " ABCDE 1234 F ", "ABCDE-1234-F", "ABCDE1234F\n"] {
        assert_eq!(sealer.index("pan", same), index, "{same}");
    }
    assert_ne!(sealer.index("pan", "ABCDE1234G"), index);
    assert_ne!(sealer.index("bank_account", "ABCDE1234F"), index);
    assert_ne!(Sealer::generate().index("pan", "ABCDE1234F"), index);
}

#[test]
fn a_bad_key_is_refused_by_name_and_never_shown() {
    let key = "QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=";
    let good = format!("a:{key}");
    let twice = format!("a:{key},a:{key}");
    let short = "a:QUFBQQ==";
    for (keys, index, named) in [
        ("", key, "PII_KEYS"),
        (key, key, "PII_KEYS"),
        (short, key, "PII_KEYS"),
        (&*twice, key, "PII_KEYS"),
        (":QUFB", key, "PII_KEYS"),
        (",", key, "PII_KEYS"),
        (&*good, "", "PII_INDEX_KEY"),
        (&*good, "QUFBQQ==", "PII_INDEX_KEY"),
    ] {
        let error = Sealer::from_env(&Env::from_pairs([("PII_KEYS", keys), ("PII_INDEX_KEY", index)])).unwrap_err();
        assert_eq!(error.variable, named, "{keys}");
        assert!(!error.to_string().contains("QUFB"), "{error}");
    }
    let sealer = Sealer::from_env(&Env::from_pairs([("PII_KEYS", &*good), ("PII_INDEX_KEY", key)])).unwrap();
    assert_eq!(format!("{sealer:?}"), r#"["a"]"#);
}
