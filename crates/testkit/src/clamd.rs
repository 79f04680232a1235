//! Double of clamd, the virus scanner, on a TCP port: checks the protocol, and answers as a test decides.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How a call is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ScanAnswer {
    /// This text and a null byte, after the whole file.
    Text(&'static str),
    /// The same, byte by byte.
    InPieces(&'static str),
    /// This text without its end; then the connection is closed.
    Cut(&'static str),
    /// This text and a null byte after the first bytes of the file; then the connection is closed.
    Early(&'static str),
    /// The connection is closed before anything is read.
    Closed,
    /// No answer, while the connection stays open.
    Silent,
}

#[derive(Default)]
struct State {
    answers: VecDeque<ScanAnswer>,
    files: Vec<Vec<u8>>,
    calls: usize,
}

/// A clamd that finds every file clean, except where a test decides otherwise.
#[derive(Clone, Default)]
pub struct FakeClamd(Arc<Mutex<State>>);

impl FakeClamd {
    /// Starts it on a free port and returns the value of `CLAMD_URL`.
    pub async fn listen(&self) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address: SocketAddr = listener.local_addr().unwrap();
        let double = self.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let double = double.clone();
                tokio::spawn(async move { double.answer(stream).await });
            }
        });
        format!("tcp://{address}")
    }

    /// Answers of the next calls, in order.
    pub fn answer_with(&self, answers: impl IntoIterator<Item = ScanAnswer>) {
        self.0.lock().answers.extend(answers);
    }

    /// Calls since the last time.
    pub fn take_calls(&self) -> usize {
        std::mem::take(&mut self.0.lock().calls)
    }

    /// Files that were sent completely since the last time.
    pub fn take_files(&self) -> Vec<Vec<u8>> {
        std::mem::take(&mut self.0.lock().files)
    }

    async fn answer(&self, mut stream: TcpStream) -> io::Result<()> {
        let answer = {
            let mut state = self.0.lock();
            state.calls += 1;
            state.answers.pop_front().unwrap_or(ScanAnswer::Text("stream: OK"))
        };
        stream.set_nodelay(true)?;
        match answer {
            ScanAnswer::Closed => return Ok(()),
            ScanAnswer::Silent => return std::future::pending().await,
            ScanAnswer::Early(text) => {
                stream.read_exact(&mut [0; 16]).await?;
                stream.write_all(&[text.as_bytes(), &[0]].concat()).await?;
                return stream.shutdown().await;
            }
            ScanAnswer::Text(_) | ScanAnswer::InPieces(_) | ScanAnswer::Cut(_) => {}
        }
        let file = read_file(&mut stream).await?;
        self.0.lock().files.push(file);
        match answer {
            ScanAnswer::InPieces(text) => {
                for byte in text.bytes().chain([0]) {
                    stream.write_all(&[byte]).await?;
                    tokio::task::yield_now().await;
                }
            }
            ScanAnswer::Text(text) => stream.write_all(&[text.as_bytes(), &[0]].concat()).await?,
            ScanAnswer::Cut(text) => stream.write_all(text.as_bytes()).await?,
            ScanAnswer::Early(_) | ScanAnswer::Closed | ScanAnswer::Silent => {}
        }
        stream.shutdown().await
    }
}

/// Reads the command and all chunks. Panics on another command.
async fn read_file(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let mut command = [0; 10];
    stream.read_exact(&mut command).await?;
    assert_eq!(&command, b"zINSTREAM\0");
    let mut file = Vec::new();
    loop {
        let length = stream.read_u32().await?;
        if length == 0 {
            return Ok(file);
        }
        let mut chunk = vec![0; length.try_into().unwrap()];
        stream.read_exact(&mut chunk).await?;
        file.extend(chunk);
    }
}
