//! Where a gateway's message stands. It is stored before it is understood.

domain::text_enum! {
    pub enum WebhookState {
        /// Its processing failed and is tried again.
        Pending = "pending",
        Processed = "processed",
        /// Of a kind that nothing is done about.
        Unhandled = "unhandled",
        /// It cannot be read: staff see why, and may have it read again.
        Unreadable = "unreadable",
    }
}
