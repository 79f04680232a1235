//! Comparison of the gateways' lists with what is recorded, for an operator: each difference, repaired as a webhook
//! would have been applied.
//!
//! It reads one page at a time, day by day, and every repair is committed, so a comparison that stopped begins again on
//! the day that it had reached.

use super::reconcile::{apply_missing, apply_refund};
use crate::BookingState;
use crate::app::compare_lists::{self, RecordedAt};
use crate::domain::GatewayName;
use crate::domain::gateway_event::{CapturedPayment, ReportedRefund};
use crate::domain::list_comparison::{
    DifferenceKind, RecordedCapture, RecordedRefund, decide_capture_difference, decide_refund_difference,
};
use crate::domain::reconciliation::{ListPosition, Window};
use crate::error::BookingError;
use crate::gateway::{MAX_PAGE_ITEMS, PaymentGateway};
use domain::{Money, Timestamp};
use runtime::jobs::JobError;
use std::collections::{BTreeMap, BTreeSet};

/// What to compare.
#[derive(Debug, Clone)]
pub struct Comparison {
    /// Only this gateway.
    pub gateway: Option<GatewayName>,
    /// First instant at which a payment or refund was created at the gateway.
    pub from: Timestamp,
    /// Last instant, exclusive.
    pub to: Timestamp,
    /// Whether nothing is repaired.
    pub dry_run: bool,
}

/// A payment or a refund that differs between a gateway and what is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    pub gateway: GatewayName,
    /// Whether it is a refund, else a captured payment.
    pub is_refund: bool,
    /// The gateway's id.
    pub id: String,
    pub kind: DifferenceKind,
    /// The amount that the gateway lists.
    pub listed: Option<Money>,
    /// The recorded amount, before a repair.
    pub recorded: Option<Money>,
    /// How it still differs; `None` when it was repaired.
    pub left: Option<DifferenceKind>,
}

/// Counts of a comparison.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComparisonTotals {
    pub payments: u64,
    pub refunds: u64,
    pub differences: u64,
    /// Differences that were repaired.
    pub repaired: u64,
}

/// Why a comparison stopped.
#[derive(Debug, thiserror::Error)]
pub enum ComparisonError {
    #[error("no gateway is configured whose list could be compared")]
    NoGateway,
    #[error("the gateway {0} is not configured, or has no list")]
    NotConfigured(GatewayName),
    #[error("the first instant must be before the last one")]
    EmptyRange,
    #[error("{gateway} until {reached} is compared; then: {cause}")]
    Stopped { gateway: GatewayName, reached: Timestamp, cause: JobError },
}

/// Compares the lists, oldest day first, and passes each difference to `report`.
pub async fn compare(
    state: &BookingState,
    comparison: &Comparison,
    mut report: impl FnMut(&Difference) + Send,
) -> Result<ComparisonTotals, ComparisonError> {
    if comparison.from >= comparison.to {
        return Err(ComparisonError::EmptyRange);
    }
    let is_meant = |name: GatewayName| comparison.gateway.is_none_or(|only| only == name);
    let gateways: Vec<_> = state.gateways.with_api().filter(|gateway| is_meant(gateway.name())).collect();
    if gateways.is_empty() {
        return Err(comparison.gateway.map_or(ComparisonError::NoGateway, ComparisonError::NotConfigured));
    }
    let mut totals = ComparisonTotals::default();
    for gateway in gateways {
        let mut reached = comparison.from;
        while reached < comparison.to {
            let until = reached.plus_hours(24).min(comparison.to);
            // The ends of a window are whole seconds and part of it.
            let window = Window { from: reached, until: until.plus_secs(-1).max(reached) };
            let mut pages = Pages { state, gateway: &**gateway, dry_run: comparison.dry_run, totals: &mut totals };
            let stopped = |cause| ComparisonError::Stopped { gateway: gateway.name(), reached, cause };
            let listed = pages.compare_payments(window, &mut report).await.map_err(stopped)?;
            pages.find_unlisted((reached, until), &listed, &mut report).await.map_err(stopped)?;
            pages.compare_refunds(window, &mut report).await.map_err(stopped)?;
            reached = until;
        }
    }
    Ok(totals)
}

/// The pages of one gateway's lists.
struct Pages<'a> {
    state: &'a BookingState,
    gateway: &'a dyn PaymentGateway,
    dry_run: bool,
    totals: &'a mut ComparisonTotals,
}

impl Pages<'_> {
    /// Compares the listed payments; returns their ids.
    async fn compare_payments(
        &mut self,
        window: Window,
        report: &mut (impl FnMut(&Difference) + Send),
    ) -> Result<BTreeSet<String>, JobError> {
        let (name, mut from) = (self.gateway.name(), ListPosition::default());
        let mut ids = BTreeSet::new();
        loop {
            let page = self.gateway.list_payments(window, &from).await?;
            let recorded = self.find_captures(&page.items).await?;
            for listed in &page.items {
                self.totals.payments += 1;
                ids.insert(listed.gateway_payment_id.clone());
                let own = recorded.get(&listed.gateway_payment_id);
                let Some(kind) = decide_capture_difference(listed, own) else { continue };
                let mut left = Some(kind);
                if kind.is_repairable() && !self.dry_run {
                    apply_missing(self.state, name, vec![listed.clone()]).await?;
                    let recorded = self.find_captures(std::slice::from_ref(listed)).await?;
                    left = decide_capture_difference(listed, recorded.get(&listed.gateway_payment_id));
                }
                let (id, listed) = (listed.gateway_payment_id.clone(), Some(listed.amount));
                let recorded = own.map(|own| own.amount);
                self.add(Difference { gateway: name, is_refund: false, id, kind, listed, recorded, left }, report);
            }
            match page.next {
                Some(next) => from = next,
                None => return Ok(ids),
            }
        }
    }

    /// Reports the captures recorded in this time that the gateway does not have. It lists payments by their creation,
    /// which may be days before the capture, and none that is refunded, so it is asked for each that it did not list.
    async fn find_unlisted(
        &mut self,
        range: (Timestamp, Timestamp),
        listed: &BTreeSet<String>,
        report: &mut (impl FnMut(&Difference) + Send),
    ) -> Result<(), JobError> {
        let (name, mut after) = (self.gateway.name(), None);
        loop {
            let page = self.list_recorded(range, after.as_ref()).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = Some((last.at, last.id.clone()));
            for RecordedAt { id, amount, .. } in page {
                if listed.contains(&id) || self.gateway.has_captured(&id).await? {
                    continue;
                }
                let kind = DifferenceKind::Unlisted;
                let (listed, recorded, left) = (None, Some(amount), Some(kind));
                self.add(Difference { gateway: name, is_refund: false, id, kind, listed, recorded, left }, report);
            }
        }
    }

    async fn compare_refunds(
        &mut self,
        window: Window,
        report: &mut (impl FnMut(&Difference) + Send),
    ) -> Result<(), JobError> {
        let (name, mut from) = (self.gateway.name(), ListPosition::default());
        loop {
            let page = self.gateway.list_refunds(window, &from).await?;
            let recorded = self.find_refunds(&page.items).await?;
            for listed in &page.items {
                self.totals.refunds += 1;
                let own = recorded.get(&listed.id);
                let Some(kind) = decide_refund_difference(listed, own) else { continue };
                let mut left = Some(kind);
                if kind.is_repairable() && !self.dry_run {
                    apply_refund(self.state, name, listed).await?;
                    let recorded = self.find_refunds(std::slice::from_ref(listed)).await?;
                    left = decide_refund_difference(listed, recorded.get(&listed.id));
                }
                let (id, listed, recorded) = (listed.id.clone(), Some(listed.amount), own.map(|own| own.amount));
                self.add(Difference { gateway: name, is_refund: true, id, kind, listed, recorded, left }, report);
            }
            match page.next {
                Some(next) => from = next,
                None => return Ok(()),
            }
        }
    }

    fn add(&mut self, difference: Difference, report: &mut (impl FnMut(&Difference) + Send)) {
        self.totals.differences += 1;
        self.totals.repaired += u64::from(difference.left.is_none());
        report(&difference);
    }

    async fn find_captures(
        &self,
        listed: &[CapturedPayment],
    ) -> Result<BTreeMap<String, RecordedCapture>, BookingError> {
        compare_lists::find_captures(&mut *self.state.ctx.db().read().await?, self.gateway.name(), listed).await
    }

    async fn list_recorded(
        &self,
        range: (Timestamp, Timestamp),
        after: Option<&(Timestamp, String)>,
    ) -> Result<Vec<RecordedAt>, BookingError> {
        let c = &mut *self.state.ctx.db().read().await?;
        compare_lists::list_recorded(c, self.gateway.name(), range, after, i64::from(MAX_PAGE_ITEMS)).await
    }

    async fn find_refunds(&self, listed: &[ReportedRefund]) -> Result<BTreeMap<String, RecordedRefund>, BookingError> {
        compare_lists::find_refunds(&mut *self.state.ctx.db().read().await?, self.gateway.name(), listed).await
    }
}
