//! Reminders of instalments that are due soon.

use super::change::Change;
use super::event::BookingEvent;
use crate::domain::BookingStatus;
use crate::domain::emi::decide_reminder;
use domain::Day;

impl Change<'_> {
    /// Records the reminders of a confirmed booking that are due on `today`. The booking keeps its version, because
    /// nothing of it changes for others.
    pub(super) fn remind(&mut self, today: Day) {
        let (booking, at) = (&self.state.booking, self.context.now);
        if booking.status != BookingStatus::Confirmed {
            return;
        }
        for instalment in &mut self.state.instalments {
            if let Some(kind) = decide_reminder(instalment.status, instalment.due_on, instalment.reminded, today) {
                instalment.reminded = Some(kind);
                self.events.push(BookingEvent::EmiReminded {
                    user_id: booking.user_id,
                    booking_number: booking.number.clone(),
                    instalment: instalment.clone(),
                    kind,
                    at,
                });
            }
        }
    }
}
