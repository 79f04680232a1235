//! Channels that bring a notification outside the application.

domain::text_enum! {
    /// A channel beside the list in the application, which has every notification.
    pub enum Channel {
        Email = "email",
        Sms = "sms",
        /// Web push, to each browser in which the member turned it on.
        Push = "push",
    }
}
