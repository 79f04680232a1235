//! Table of leases.

diesel::table! {
    leases (name) {
        name -> Text,
        holder -> Binary,
        held_until -> Timestamp,
    }
}
