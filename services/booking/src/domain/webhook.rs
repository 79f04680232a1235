//! Processing state of a webhook event. Events are stored before they are parsed.

domain::text_enum! {
    /// Processing state of a stored webhook event.
    pub enum WebhookState {
        /// Processing failed and will be retried.
        Pending = "pending",
        Processed = "processed",
        /// Its kind is not handled.
        Unhandled = "unhandled",
        /// It cannot be parsed: staff see the reason and may retry it.
        Unreadable = "unreadable",
    }
}
