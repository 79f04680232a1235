//! Double of an SMS provider: a server that stores each request and gives the answer that a test sets.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A request as it arrived; header names are in lower case.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }
    /// The decoded fields of a form, in their order.
    pub(crate) fn form(&self) -> Vec<(String, String)> {
        let url = reqwest::Url::parse(&format!("http://form/?{}", self.body)).unwrap();
        url.query_pairs().into_owned().collect()
    }
}

#[derive(Debug, Clone)]
pub(crate) enum Answer {
    Text(u16, String),
    /// A redirect to an address.
    Redirect(String),
    /// The connection stays open, and no answer comes.
    Never,
    /// The connection is closed in the middle of the body.
    Cut(u16),
}

impl Answer {
    pub(crate) fn text(status: u16, text: &str) -> Self {
        Self::Text(status, text.to_owned())
    }
}

pub(crate) struct Provider {
    pub(crate) address: SocketAddr,
    requests: Arc<Mutex<Vec<Request>>>,
    answer: Arc<Mutex<Answer>>,
}

impl Provider {
    pub(crate) async fn start(answer: Answer) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (requests, answer) = (Arc::default(), Arc::new(Mutex::new(answer)));
        let provider = Self { address, requests: Arc::clone(&requests), answer: Arc::clone(&answer) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, Arc::clone(&requests), Arc::clone(&answer)));
            }
        });
        provider
    }
    pub(crate) fn endpoint(&self) -> String {
        format!("http://{}", self.address)
    }
    pub(crate) fn set(&self, answer: Answer) {
        *self.answer.lock().unwrap() = answer;
    }
    pub(crate) fn requests(&self) -> Vec<Request> {
        self.requests.lock().unwrap().clone()
    }
}

async fn serve(stream: TcpStream, requests: Arc<Mutex<Vec<Request>>>, answer: Arc<Mutex<Answer>>) {
    let mut stream = BufReader::new(stream);
    let Some(request) = read(&mut stream).await else { return };
    requests.lock().unwrap().push(request);
    let answer = answer.lock().unwrap().clone();
    let response = match answer {
        Answer::Text(status, text) => {
            format!("HTTP/1.1 {status} X\r\ncontent-length: {}\r\nconnection: close\r\n\r\n{text}", text.len())
        }
        Answer::Redirect(address) => {
            format!("HTTP/1.1 307 X\r\nlocation: {address}\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        }
        Answer::Cut(status) => format!("HTTP/1.1 {status} X\r\ncontent-length: 1000\r\n\r\n{{\"sid\":"),
        Answer::Never => std::future::pending().await,
    };
    stream.get_mut().write_all(response.as_bytes()).await.unwrap();
}

async fn read(stream: &mut BufReader<TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let mut lines = lines.into_iter();
    let line = lines.next()?;
    let header = |line: String| line.split_once(": ").map(|(n, v)| (n.to_ascii_lowercase(), v.to_owned()));
    let headers: BTreeMap<String, String> = lines.filter_map(header).collect();
    let length = headers.get("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some(Request { line, headers, body: String::from_utf8(body).ok()? })
}
