//! Faults of the ledger, as a verification finds them.

use schemars::JsonSchema;
use serde::Serialize;

/// A stored value that differs from the value computed from the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Fault {
    /// `chain_broken`, `balance_differs`, `line_differs`, `unbalanced_entry`, `closing_differs` or `rollup_differs`.
    pub kind: &'static str,
    /// The entry, a field of its line (`entry:…:1:balance_before`), a field of a wallet (`member:…:available`), or an
    /// account.
    pub subject: String,
    pub expected: String,
    pub found: String,
}
