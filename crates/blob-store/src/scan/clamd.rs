//! Virus scan by clamd, the daemon of ClamAV.
//!
//! The protocol: `zINSTREAM\0`, then chunks, each after its length in four bytes, then a length of zero. The answer ends
//! with a null byte: `stream: OK`, `stream: NAME FOUND`, or a text that ends with `ERROR`. An answer that does not end
//! so is incomplete and means nothing. A file above `StreamMaxLength` of clamd, 25 MiB or more unless it is set, is
//! answered with an error before its end; ours are smaller.

use super::config::{ClamdAddress, ScanConfig};
use super::{Infection, ScanError, Scanner, Verdict};
use actix_web::web::Bytes;
use runtime::breaker::CircuitBreaker;
use std::io;
use std::sync::Arc;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::{TcpStream, UnixStream};

/// Attempts of one call, the first included. A scan changes nothing, so it may be repeated.
const MAX_ATTEMPTS: u32 = 2;
const CHUNK_BYTES: usize = 64 * 1024;
/// Size limit of an answer; longer ones are incomplete.
const MAX_ANSWER_BYTES: u64 = 4 * 1024;

/// clamd behind a circuit breaker. Each scan has its own connection.
pub struct Clamd {
    config: ScanConfig,
    service: &'static str,
    breaker: Arc<CircuitBreaker>,
}

impl Clamd {
    /// A scanner for this service. Makes no call.
    pub fn new(config: ScanConfig, service: &'static str, breaker: Arc<CircuitBreaker>) -> Self {
        Self { config, service, breaker }
    }

    /// One attempt, with its time limit.
    async fn attempt(&self, bytes: &Bytes) -> Result<Verdict, ScanError> {
        let call = async {
            match &self.config.address {
                ClamdAddress::Tcp { host, port } => {
                    let stream = TcpStream::connect((host.as_str(), *port)).await?;
                    // The length of a chunk must not wait for the acknowledgement of the chunk before.
                    stream.set_nodelay(true)?;
                    exchange(stream, bytes).await
                }
                ClamdAddress::Unix(path) => exchange(UnixStream::connect(path).await?, bytes).await,
            }
        };
        let answered = tokio::time::timeout(self.config.timeout, call).await;
        let answer = answered.map_err(unavailable)?.map_err(unavailable)?;
        parse(&answer)
    }
}

#[async_trait::async_trait]
impl Scanner for Clamd {
    async fn scan(&self, bytes: Bytes) -> Result<Verdict, ScanError> {
        let result = self.breaker.retry(MAX_ATTEMPTS, || self.attempt(&bytes)).await;
        let outcome = match &result {
            Ok(Verdict::Clean) => "clean",
            Ok(Verdict::Infected(_)) => "infected",
            Err(ScanError::Refused(_)) => "refused",
            Err(ScanError::Unavailable(_) | ScanError::CircuitOpen(_)) => "unavailable",
        };
        metrics::counter!("uploads_scanned_total", "service" => self.service, "outcome" => outcome).increment(1);
        result
    }
}

fn unavailable(source: impl std::error::Error + Send + Sync + 'static) -> ScanError {
    ScanError::Unavailable(Box::new(source))
}

/// Sends the file and reads the answer.
async fn exchange(mut stream: impl AsyncRead + AsyncWrite + Unpin, bytes: &[u8]) -> io::Result<Vec<u8>> {
    let sent = send(&mut stream, bytes).await;
    // clamd answers before the end of a file that is too large and closes the connection, so a failure to send is
    // reported only when there is no answer.
    let mut answer = Vec::new();
    let received = stream.take(MAX_ANSWER_BYTES).read_to_end(&mut answer).await;
    if !answer.ends_with(&[0]) {
        sent?;
        received?;
    }
    Ok(answer)
}

async fn send(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> io::Result<()> {
    stream.write_all(b"zINSTREAM\0").await?;
    for chunk in bytes.chunks(CHUNK_BYTES) {
        stream.write_u32(u32::try_from(chunk.len()).map_err(io::Error::other)?).await?;
        stream.write_all(chunk).await?;
    }
    stream.write_u32(0).await?;
    stream.flush().await
}

/// The verdict of an answer. Anything that is not clearly one is an error.
fn parse(answer: &[u8]) -> Result<Verdict, ScanError> {
    let incomplete = || ScanError::Unavailable("the answer is incomplete".into());
    let text = answer.strip_suffix(&[0]).ok_or_else(incomplete)?;
    let text = String::from_utf8_lossy(text);
    match text.strip_prefix("stream: ") {
        Some("OK") => Ok(Verdict::Clean),
        Some(found) if found.ends_with(" FOUND") => {
            Ok(Verdict::Infected(Infection::new(found.trim_end_matches(" FOUND"))))
        }
        Some(_) | None => Err(ScanError::Refused(text.chars().filter(|c| !c.is_control()).take(200).collect())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_complete_ok_is_clean() {
        assert_eq!(parse(b"stream: OK\0").expect("clean"), Verdict::Clean);
        let found = parse(b"stream: Win.Test.EICAR_HDB-1 FOUND\0").expect("infected");
        assert_eq!(found, Verdict::Infected(Infection::new("Win.Test.EICAR_HDB-1")));
        let odd = parse("stream: a\u{1}b\u{e9} FOUND FOUND\0".as_bytes()).expect("infected");
        assert_eq!(odd, Verdict::Infected(Infection::new("ab")));
        for cut in [&b""[..], b"stream: OK", b"stream: ", b"stream: X FOUND", b"\0stream: OK"] {
            assert!(matches!(parse(cut), Err(ScanError::Unavailable(_))), "{cut:?}");
        }
        for refused in [
            &b"INSTREAM size limit exceeded. ERROR\0"[..],
            b"stream: Can't allocate memory ERROR\0",
            b"UNKNOWN COMMAND\0",
            b"stream: OK\n\0",
            b"stream: OK\0stream: OK\0",
            b"\0",
        ] {
            assert!(matches!(parse(refused), Err(ScanError::Refused(_))), "{refused:?}");
        }
    }

    #[test]
    fn a_signature_is_printable_and_short() {
        assert_eq!(Infection::new(&"x".repeat(101)).signature().len(), 100);
        assert_eq!(Infection::new("a\r\nb<").signature(), "ab<");
    }
}
