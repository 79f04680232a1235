//! Open operations of one connection, and how many it may still begin.

use crate::live::Ending;
use async_graphql::Response;
use futures_util::stream::BoxStream;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::task::{Context, Poll};
use tokio::time::Instant;

/// Operations that are open at once, and that begin in a burst; one more may begin each second.
pub(super) const MAX_OPERATIONS: u32 = 20;

/// A subscription of a client.
pub(super) struct Operation {
    pub(super) id: String,
    pub(super) responses: BoxStream<'static, Response>,
    /// Where its source records that it closes the connection.
    pub(super) ending: Ending,
}

/// What an operation yields.
pub(super) struct Yield {
    pub(super) id: String,
    pub(super) ending: Ending,
    /// `None`: it has ended.
    pub(super) response: Option<Response>,
}

/// The open operations of a connection.
pub(super) struct Operations {
    open: VecDeque<Operation>,
    credit: u32,
    credited_at: Instant,
}

impl Operations {
    pub(super) fn new() -> Self {
        Self { open: VecDeque::new(), credit: MAX_OPERATIONS, credited_at: Instant::now() }
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.open.iter().any(|operation| operation.id == id)
    }

    /// Whether one more may begin now; then it counts.
    pub(super) fn try_begin(&mut self) -> bool {
        let passed = self.credited_at.elapsed().as_secs();
        if passed > 0 {
            let passed = u32::try_from(passed).unwrap_or(MAX_OPERATIONS);
            self.credit = self.credit.saturating_add(passed).min(MAX_OPERATIONS);
            self.credited_at = Instant::now();
        }
        let open = u32::try_from(self.open.len()).unwrap_or(MAX_OPERATIONS);
        if self.credit == 0 || open >= MAX_OPERATIONS {
            return false;
        }
        self.credit -= 1;
        true
    }

    pub(super) fn add(&mut self, operation: Operation) {
        self.open.push_back(operation);
    }

    pub(super) fn remove(&mut self, id: &str) {
        self.open.retain(|operation| operation.id != id);
    }

    /// The next response of any operation, in turn. Waits without end while none is open. An operation that has ended is
    /// removed.
    pub(super) async fn next(&mut self) -> Yield {
        poll_fn(|cx| self.poll_next(cx)).await
    }

    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Yield> {
        for _ in 0..self.open.len() {
            let Some(mut operation) = self.open.pop_front() else { break };
            let polled = operation.responses.as_mut().poll_next(cx);
            let (id, ending) = (operation.id.clone(), operation.ending.clone());
            match polled {
                Poll::Ready(None) => return Poll::Ready(Yield { id, ending, response: None }),
                Poll::Ready(response) => {
                    self.open.push_back(operation);
                    return Poll::Ready(Yield { id, ending, response });
                }
                Poll::Pending => self.open.push_back(operation),
            }
        }
        Poll::Pending
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{FutureExt, StreamExt, stream};

    fn endless(id: &str) -> Operation {
        let responses = stream::repeat_with(|| Response::new(async_graphql::Value::Null)).boxed();
        Operation { id: id.to_owned(), responses, ending: Ending::default() }
    }

    #[test]
    fn operations_yield_in_turn_and_one_that_ends_is_removed() {
        let mut operations = Operations::new();
        operations.add(endless("a"));
        operations.add(endless("b"));
        operations.add(Operation { responses: stream::empty().boxed(), ..endless("c") });
        let mut next = || operations.next().now_or_never().map(|one| (one.id, one.response.is_some()));
        let order: Vec<_> = (0..5).filter_map(|_| next()).collect();
        let expected = [("a", true), ("b", true), ("c", false), ("a", true), ("b", true)];
        assert_eq!(order, expected.map(|(id, is_open)| (id.to_owned(), is_open)));
        assert!(operations.contains("a") && !operations.contains("c"));
        operations.remove("a");
        operations.remove("b");
        assert!(operations.next().now_or_never().is_none());
    }

    #[tokio::test]
    async fn as_many_operations_begin_at_once_as_may_be_open() {
        let mut operations = Operations::new();
        let begun = (0..=MAX_OPERATIONS).filter(|_| operations.try_begin()).count();
        assert_eq!(u32::try_from(begun), Ok(MAX_OPERATIONS));
        operations.credited_at = Instant::now().checked_sub(std::time::Duration::from_secs(2)).expect("a past");
        assert!(operations.try_begin() && operations.try_begin() && !operations.try_begin());
        (0..MAX_OPERATIONS).for_each(|n| operations.add(endless(&n.to_string())));
        operations.credit = 1;
        assert!(!operations.try_begin(), "none ends");
    }
}
