//! Sources of subscriptions: values as they come, and why they end.

use futures_util::future::BoxFuture;
use futures_util::stream::BoxStream;
use http_api::{Caller, Problem, ReadCall};
use serde_json::Value;
use std::sync::{Arc, OnceLock};

/// The caller of a subscription. The source verifies the token again while it is open.
pub struct LiveClient {
    pub caller: Caller,
    pub token: String,
}

/// Why a source ends.
#[derive(Debug)]
pub enum LiveEnd {
    /// The subscription ends with this problem; the connection stays open.
    Failed(Problem),
    /// The connection is closed with this code and reason.
    Closed(u16, &'static str),
}

impl From<Problem> for LiveEnd {
    fn from(problem: Problem) -> Self {
        Self::Failed(problem)
    }
}

/// Values of a source. The next one is asked for when the client has accepted the one before.
pub type LiveStream<V> = BoxStream<'static, Result<V, LiveEnd>>;

/// A connection that is counted until it is dropped.
pub trait ConnectionPermit: Send {
    /// Stops counting the connection as one without a token.
    fn mark_authenticated(&mut self);
}

/// Admits one more connection, at first without a token; `None` at a limit.
pub(crate) type Admit = Arc<dyn Fn() -> Option<Box<dyn ConnectionPermit>> + Send + Sync>;
/// Opens a source with the arguments of the call and the token of its caller.
pub(crate) type OpenLive =
    Arc<dyn Fn(ReadCall, String) -> BoxFuture<'static, Result<LiveStream<Value>, LiveEnd>> + Send + Sync>;
/// Code and reason with which a source closes the connection.
pub(crate) type Ending = Arc<OnceLock<(u16, &'static str)>>;
