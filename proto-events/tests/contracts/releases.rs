//! Record of what each release published: messages and fields, subscriptions, and the words of text fields.
//!
//! During a release, and after it is rolled back, services of two versions exchange events. So whatever an earlier
//! version sends stays known: lines of `releases/<version>.txt` may only be added to. A word or type that an earlier
//! version does not know is deferred there until its release.
//!
//! A release records itself: `EV_RELEASE=<version> EV_UPDATE=1 cargo test -p proto-events`.

use crate::contract_lines;
use domain::vocabulary::{KycStatus, PaymentMethod, Role, Side};
use proto_events::subscriptions::SUBSCRIPTIONS;
use proto_events::vocabulary::{
    BookingStatus, InstalmentStatus, MatchCause, PairStatus, PayoutStatus, RefundTo, ReserveSource, ReturnCause,
    TransactionType,
};
use std::collections::BTreeSet;
use std::path::Path;

/// Lines of the vocabularies.
macro_rules! words {
    ($lines:ident: $($name:ident),+ $(,)?) => {
        $($lines.extend($name::ALL.iter().map(|word| format!("word {} {word}", stringify!($name))));)+
    };
}

/// What this version publishes, a line each.
fn published() -> BTreeSet<String> {
    let mut lines: BTreeSet<String> = contract_lines().into_iter().map(|line| format!("message {line}")).collect();
    for subscription in SUBSCRIPTIONS {
        let line = |event_type: &&str| format!("subscription {} {event_type}", subscription.service);
        lines.extend(subscription.types.iter().map(line));
    }
    words!(lines: BookingStatus, InstalmentStatus, KycStatus, MatchCause, PairStatus, PaymentMethod, PayoutStatus,
        RefundTo, ReserveSource, ReturnCause, Role, Side, TransactionType);
    lines
}

#[test]
fn what_a_release_published_stays_known() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("releases");
    let now = published();
    if let (Some(version), Some(_)) = (std::env::var_os("EV_RELEASE"), std::env::var_os("EV_UPDATE")) {
        let file = folder.join(version).with_added_extension("txt");
        assert!(!file.exists(), "{} is recorded already", file.display());
        let lines: Vec<&str> = now.iter().map(String::as_str).collect();
        std::fs::write(file, lines.join("\n") + "\n").expect("a file that can be written");
    }
    let mut releases = 0;
    for file in std::fs::read_dir(folder).expect("the folder of releases") {
        let path = file.expect("a file").path();
        let recorded = std::fs::read_to_string(&path).expect("a recorded release");
        let missing: Vec<&str> = recorded.lines().filter(|line| !now.contains(*line)).collect();
        assert!(missing.is_empty(), "{} published what is unknown now: {missing:#?}", path.display());
        releases += 1;
    }
    assert!(releases > 0, "no release is recorded");
}
