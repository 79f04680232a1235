//! References to causes: payments, pairs, payouts, manual entries.

use crate::app::derivation;
use crate::domain::{Command, EntryKind};
use crate::store::entries::CauseId;
use schemars::JsonSchema;
use serde::Serialize;
use uuid::Uuid;

/// The cause of an entry or forfeit.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Reference")]
pub(crate) struct ReferenceView {
    #[serde(rename = "type")]
    kind: &'static str,
    #[schemars(with = "String")]
    id: Uuid,
    /// The number by which members know the cause, of a booking or of a pair; null when it has none.
    label: Option<String>,
}

impl ReferenceView {
    /// The reference to the cause of a command.
    pub(super) fn of(command: &Command) -> Self {
        let key = command.key();
        Self { kind: key.kind.reference_type(), id: key.cause, label: command.label() }
    }

    /// The reference to the cause of a stored entry or forfeit. It has no label when the inputs cannot be read, so that
    /// one changed row, which the verification reports, does not hide the rest of a list.
    pub(super) fn of_stored(kind: EntryKind, cause: CauseId, inputs: &str) -> Self {
        let label = derivation::parse_command(kind, inputs).ok().and_then(|command| command.label());
        Self { kind: kind.reference_type(), id: cause.uuid(), label }
    }
}
