//! Ids used by several services. A service declares its own ids with [`crate::id_type!`].

crate::id_type! {
    /// A registered person: member, staff or administrator.
    UserId,
    /// A vehicle booking.
    BookingId,
    /// A payment on a booking.
    PaymentId,
    /// A member's withdrawal request.
    PayoutId,
    /// Money that wallet reserved for a member's EMI; booking decides whether it is applied or released.
    ReserveId,
    /// An event; every delivery of the same event carries the same id.
    EventId,
}
