//! Ids that cross service borders. A service declares its own with [`crate::id_type!`].

crate::id_type! {
    /// A registered person: member, staff or administrator.
    UserId,
    BookingId,
    PaymentId,
    PayoutId,
    /// What wallet put aside for a member's EMI; booking decides what becomes of it.
    ReserveId,
    /// Identity of one event, the same however often it is delivered.
    EventId,
}
