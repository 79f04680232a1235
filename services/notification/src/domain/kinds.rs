//! Table of the notifications: which event makes which text, on which channels, and whether a member may mute it.
//!
//! The list in the application has every notification. A new one is a line here, a line in [`Template`], a text in each
//! language, and its effect in the consumer.

use super::{Channel, NotificationKind as Kind, Template};
use Channel::{Email, Push, Sms};
use Template as T;

/// One line of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Type of the event that makes the notification.
    pub event: &'static str,
    pub template: Template,
    pub kind: Kind,
    /// Channels that bring it if the member wants them.
    pub channels: &'static [Channel],
    /// Whether these channels always bring it: money leaves, or someone signs in.
    pub mandatory: bool,
}

const BY_MAIL: &[Channel] = &[Email, Push];
const BY_ALL: &[Channel] = &[Email, Sms, Push];

const fn line(event: &'static str, template: Template, kind: Kind, channels: &'static [Channel]) -> Line {
    Line { event, template, kind, channels, mandatory: false }
}

const fn mandatory(event: &'static str, template: Template, kind: Kind, channels: &'static [Channel]) -> Line {
    Line { event, template, kind, channels, mandatory: true }
}

/// The table.
pub const LINES: &[Line] = &[
    line("auth.v1.UserRegistered", T::Welcome, Kind::Welcome, BY_MAIL),
    mandatory("auth.v1.SessionStarted", T::NewDevice, Kind::Security, BY_ALL),
    line("auth.v1.KycDecided", T::KycApproved, Kind::Kyc, BY_MAIL),
    line("auth.v1.KycDecided", T::KycRejected, Kind::Kyc, BY_MAIL),
    line("auth.v1.DistributorDecided", T::DistributorApproved, Kind::Distributor, BY_MAIL),
    line("auth.v1.DistributorDecided", T::DistributorRejected, Kind::Distributor, BY_MAIL),
    line("booking.v1.BookingChanged", T::BookingConfirmed, Kind::Booking, BY_MAIL),
    line("booking.v1.BookingChanged", T::BookingCompleted, Kind::Booking, BY_MAIL),
    line("booking.v1.BookingChanged", T::BookingCancelled, Kind::Booking, BY_MAIL),
    line("booking.v1.BookingChanged", T::BookingExpired, Kind::Booking, BY_MAIL),
    line("booking.v1.BookingChanged", T::BookingDelivered, Kind::Booking, BY_MAIL),
    line("booking.v1.BookingChanged", T::BookingReturned, Kind::Booking, BY_MAIL),
    line("booking.v1.PaymentCompleted", T::PaymentReceived, Kind::Payment, BY_MAIL),
    mandatory("booking.v1.PaymentCompleted", T::WalletPayment, Kind::Payment, BY_MAIL),
    line("booking.v1.PaymentRefunded", T::PaymentRefunded, Kind::Payment, BY_MAIL),
    line("booking.v1.PaymentReturned", T::PaymentReturned, Kind::Payment, BY_MAIL),
    line("booking.v1.PaymentReturned", T::RefundReturned, Kind::Payment, BY_MAIL),
    line("booking.v1.EmiOverdue", T::InstalmentOverdue, Kind::Emi, BY_ALL),
    line("booking.v1.EmiReminded", T::InstalmentComing, Kind::Emi, BY_ALL),
    line("booking.v1.EmiReminded", T::InstalmentDueToday, Kind::Emi, BY_ALL),
    line("wallet.v1.WalletChanged", T::ReferralBonus, Kind::Earning, BY_MAIL),
    line("wallet.v1.WalletChanged", T::PairEarning, Kind::Earning, BY_MAIL),
    line("wallet.v1.WalletChanged", T::EarningReversed, Kind::Wallet, BY_MAIL),
    line("wallet.v1.WalletChanged", T::EarningRecovered, Kind::Wallet, BY_MAIL),
    line("wallet.v1.WalletChanged", T::Deposit, Kind::Wallet, BY_MAIL),
    line("wallet.v1.WalletChanged", T::Refund, Kind::Wallet, BY_MAIL),
    line("wallet.v1.WalletChanged", T::ReserveReleased, Kind::Wallet, BY_MAIL),
    mandatory("wallet.v1.WalletChanged", T::Adjustment, Kind::Wallet, BY_MAIL),
    line("binary.v1.PlacementMade", T::MemberPlaced, Kind::Tree, BY_MAIL),
    line("binary.v1.PairsMatched", T::PairsMatchedInPeriod, Kind::Tree, BY_MAIL),
    line("binary.v1.PairsMatched", T::PairsRematched, Kind::Tree, BY_MAIL),
    line("binary.v1.PairsMatched", T::PairsMatched, Kind::Tree, BY_MAIL),
    line("binary.v1.PairsVoided", T::PairsVoided, Kind::Tree, BY_MAIL),
    line("compliance.v1.DocumentReviewed", T::DocumentVerified, Kind::Document, BY_MAIL),
    line("compliance.v1.DocumentReviewed", T::DocumentRejected, Kind::Document, BY_MAIL),
    line("compliance.v1.GrievanceMoved", T::GrievanceFiled, Kind::Grievance, BY_MAIL),
    line("compliance.v1.GrievanceMoved", T::GrievanceAcknowledged, Kind::Grievance, BY_MAIL),
    line("compliance.v1.GrievanceMoved", T::GrievanceReplied, Kind::Grievance, BY_MAIL),
    line("compliance.v1.GrievanceMoved", T::GrievanceEscalated, Kind::Grievance, BY_MAIL),
    line("compliance.v1.GrievanceMoved", T::GrievanceClosed, Kind::Grievance, BY_MAIL),
    line("compliance.v1.GrievanceMoved", T::GrievanceReopened, Kind::Grievance, BY_MAIL),
    line("compliance.v1.CertificateIssued", T::CertificateIssued, Kind::Document, BY_MAIL),
    mandatory("payout.v1.PayoutRequested", T::PayoutRequested, Kind::Payout, BY_ALL),
    mandatory("payout.v1.PayoutApproved", T::PayoutApproved, Kind::Payout, BY_MAIL),
    mandatory("payout.v1.PayoutCancelled", T::PayoutCancelled, Kind::Payout, BY_MAIL),
    mandatory("payout.v1.PayoutCompleted", T::PayoutCompleted, Kind::Payout, BY_ALL),
    mandatory("payout.v1.PayoutCompleted", T::PayoutCompletedEmpty, Kind::Payout, BY_MAIL),
    mandatory("payout.v1.PayoutRejected", T::PayoutRejected, Kind::Payout, BY_MAIL),
    mandatory("payout.v1.PayoutFailed", T::PayoutFailed, Kind::Payout, BY_MAIL),
    mandatory("payout.v1.PayoutReversed", T::PayoutReversed, Kind::Payout, BY_MAIL),
];

/// What a template without a line would be: a test refuses one.
const UNLISTED: Line = line("", T::Welcome, Kind::Welcome, &[]);

impl Template {
    /// The line of this template.
    pub fn line(self) -> &'static Line {
        LINES.iter().find(|line| line.template == self).unwrap_or(&UNLISTED)
    }
}

impl Kind {
    /// The channels that bring notifications of this kind.
    pub fn channels(self) -> impl Iterator<Item = Channel> {
        Channel::ALL.iter().copied().filter(move |channel| self.lines(*channel).next().is_some())
    }

    /// Whether a channel brings notifications of this kind unless the member decides otherwise. Push is on because a
    /// member has to turn it on in a browser first; e-mail about earnings is off because there may be many in a day.
    pub fn is_on_by_default(self, channel: Channel) -> bool {
        match channel {
            Channel::Email => !matches!(self, Self::Earning | Self::Tree),
            Channel::Sms | Channel::Push => true,
        }
    }

    /// Whether a member may mute this channel for this kind: false if every notification on it is mandatory.
    pub fn may_mute(self, channel: Channel) -> bool {
        self.lines(channel).any(|line| !line.mandatory)
    }

    fn lines(self, channel: Channel) -> impl Iterator<Item = &'static Line> {
        LINES.iter().filter(move |line| line.kind == self && line.channels.contains(&channel))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proto_events::subscriptions;
    use std::collections::BTreeSet;

    /// Subscribed events that only change data.
    const WITHOUT_NOTIFICATION: [&str; 3] =
        ["auth.v1.ErasureRequested", "auth.v1.SessionRevoked", "auth.v1.UserUpdated"];

    #[test]
    fn every_template_has_one_line_and_every_subscribed_event_has_a_line() {
        for template in Template::ALL {
            assert_eq!(LINES.iter().filter(|line| line.template == *template).count(), 1, "{template}");
        }
        let events: BTreeSet<&str> = LINES.iter().map(|line| line.event).chain(WITHOUT_NOTIFICATION).collect();
        let subscribed: BTreeSet<&str> = subscriptions::for_service("notification").iter().copied().collect();
        assert_eq!(events, subscribed);
    }

    #[test]
    fn payouts_and_sign_ins_cannot_be_muted_and_every_other_kind_can() {
        for kind in Kind::ALL {
            for channel in kind.channels() {
                let muteable = !matches!(kind, Kind::Payout | Kind::Security);
                assert_eq!(kind.may_mute(channel), muteable, "{kind} {channel}");
            }
            assert!(kind.channels().count() >= 2, "{kind}");
        }
        let mandatory = |template: Template| template.line().mandatory;
        assert!(mandatory(T::WalletPayment) && !mandatory(T::PaymentReceived));
    }
}
