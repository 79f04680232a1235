//! Commands to the ledger: one for each kind of entry, with every input of its rule.
//!
//! Nothing here knows a kind: the commands are declared from the table of [`entries`], and do what their rule says.

use super::LedgerError;
use super::decision::{Decision, LedgerEvent, RejectionReason};
use super::entries::{self, Cause, CommandInputs, EntryRule};
use super::entry::{EntryKey, EntryKind, TransactionType};
use super::explanation::{Derivation, ExplainedLine, Relation};
use super::loaded_rows::{LoadedRows, RowKeys};
use domain::UserId;
use serde::{Deserialize, Deserializer, Serialize};

macro_rules! declare_commands {
    ($($(#[$doc:meta])* $kind:ident = $text:literal by $file:ident::$rule:ident;)+) => {
        /// A command to the ledger. It serialises as its inputs; the kind of the entry identifies the command.
        #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
        #[serde(untagged)]
        pub enum Command {
            $($kind(<entries::$file::$rule as EntryRule>::Inputs),)+
        }

        impl Command {
            /// Reads a command back from its inputs and the kind of its entry. Errors when they are not its inputs.
            pub fn deserialize_inputs<'de, D: Deserializer<'de>>(kind: EntryKind, inputs: D) -> Result<Self, D::Error> {
                match kind {
                    $(EntryKind::$kind => Deserialize::deserialize(inputs).map(Self::$kind),)+
                }
            }

            /// The kind of the entry that the command posts.
            pub const fn kind(&self) -> EntryKind {
                match self {
                    $(Self::$kind(_) => EntryKind::$kind,)+
                }
            }

            fn inputs(&self) -> &dyn CommandInputs {
                match self {
                    $(Self::$kind(c) => c,)+
                }
            }

            /// The plan version that decided the amount, if one did.
            pub fn plan_version(&self) -> Option<u32> {
                match self {
                    $(Self::$kind(c) => entries::$file::$rule::plan_version(c),)+
                }
            }

            fn add_reads_of_rule(&self, rows: &mut RowKeys) {
                match self {
                    $(Self::$kind(c) => entries::$file::$rule::add_reads(c, rows),)+
                }
            }

            /// Decides the command by its rule.
            pub(super) fn decide(&self, rows: &LoadedRows) -> Decision {
                match self {
                    $(Self::$kind(c) => entries::$file::$rule::decide(self.key(), c, rows),)+
                }
            }

            /// The event that answers the command, if it is a request.
            pub(super) fn answer(&self, rejection: Option<RejectionReason>) -> Option<LedgerEvent> {
                match self {
                    $(Self::$kind(c) => entries::$file::$rule::answer(c, rejection),)+
                }
            }

            fn explain_by_rule(&self, line: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
                match self {
                    $(Self::$kind(c) => entries::$file::$rule::explain(c, line),)+
                }
            }
        }

        impl EntryKind {
            /// The type of the cause, for `reference` in the API.
            pub const fn reference_type(self) -> &'static str {
                match self {
                    $(Self::$kind => entries::$file::$rule::REFERENCE_TYPE,)+
                }
            }

            /// The code of the event that causes the entry.
            pub const fn cause_event(self) -> &'static str {
                match self {
                    $(Self::$kind => entries::$file::$rule::CAUSE_EVENT,)+
                }
            }

            /// The sign of the entry's amount in the member's total withdrawn: 1, -1 or 0.
            pub const fn withdrawn_sign(self) -> i64 {
                match self {
                    $(Self::$kind => entries::$file::$rule::WITHDRAWN_SIGN,)+
                }
            }
        }
    };
}
entry_kinds!(declare_commands);

impl Command {
    /// The cause of the entry.
    pub fn cause(&self) -> Cause {
        self.inputs().cause()
    }

    /// The number by which members know the cause: of a booking or of a pair.
    pub fn label(&self) -> Option<String> {
        self.inputs().label()
    }

    /// The owner of the wallet, then the other members that the entry concerns.
    pub fn people(&self) -> Vec<(UserId, Relation)> {
        let mut people = vec![(self.cause().member, Relation::Member)];
        people.extend(self.inputs().others());
        people
    }

    /// The identity of the entry that the command posts.
    pub fn key(&self) -> EntryKey {
        EntryKey::new(self.kind(), self.cause().id)
    }

    /// Adds the rows that the decision reads.
    pub fn add_reads(&self, rows: &mut RowKeys) {
        rows.wallets.insert(self.cause().member);
        rows.entries.insert(self.key());
        rows.plans.extend(self.plan_version());
        self.add_reads_of_rule(rows);
    }

    /// Derives the amount of a line of the entry.
    pub fn explain(&self, line: &ExplainedLine<'_>) -> Result<Derivation, LedgerError> {
        if line.kind == TransactionType::Clawback {
            return entries::explain_recovery(line);
        }
        self.explain_by_rule(line)
    }
}
