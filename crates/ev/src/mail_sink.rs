//! An SMTP server that accepts every mail and keeps it, an SMS gateway that does the same at `POST /sms`, and
//! `GET /dev/messages` like in the embedded run: for system tests and trials of separate services. It never relays,
//! and listens on loopback only.

use crate::pages;
use actix_web::{App, HttpResponse, HttpServer, web};
use chassis::clock::{Clock, SystemClock};
use chassis::mail::{Mailer, Message, MessageLog};
use mail_parser::MessageParser;
use serde::Deserialize;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Longest line and largest mail taken.
const MAX_MAIL: usize = 1 << 20;

/// Runs until the process is stopped.
pub async fn run(smtp: SocketAddr, http: SocketAddr) -> io::Result<()> {
    if !smtp.ip().is_loopback() || !http.ip().is_loopback() {
        return Err(io::Error::other("a mail sink shows every mail to everybody: use loopback addresses"));
    }
    let log = MessageLog::default();
    let listener = TcpListener::bind(smtp).await?;
    let extra = pages::with_messages(log.clone());
    let server = HttpServer::new(move || {
        let extra = extra.clone();
        App::new().configure(move |config| extra(config)).route("/sms", web::post().to(take_sms))
    });
    let server = server.workers(1).bind(http)?.run();
    tracing::info!(%smtp, %http, "keeping mails");
    let accepting = async {
        loop {
            let (stream, _) = listener.accept().await?;
            let log = log.clone();
            tokio::spawn(async move {
                if let Err(error) = converse(stream, &log).await {
                    tracing::debug!(%error, "a mail client went away");
                }
            });
        }
    };
    tokio::select! {
        done = server => done,
        failed = accepting => failed,
    }
}

async fn converse(stream: TcpStream, log: &MessageLog) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    say(&mut stream, "220 mail sink").await?;
    let mut to: Vec<String> = Vec::new();
    loop {
        let Some(line) = read_line(&mut stream).await? else { return Ok(()) };
        let verb: String = line.chars().take(4).flat_map(char::to_uppercase).collect();
        let answer = match verb.as_str() {
            "EHLO" => "250-mail sink\r\n250-8BITMIME\r\n250 SMTPUTF8",
            "HELO" | "NOOP" | "MAIL" => "250 ok",
            "RCPT" => {
                to.extend(address(&line));
                "250 ok"
            }
            "RSET" => {
                to.clear();
                "250 ok"
            }
            "DATA" => {
                say(&mut stream, "354 end with a dot").await?;
                let mail = read_mail(&mut stream).await?;
                for recipient in to.drain(..) {
                    keep(log, recipient, &mail).await;
                }
                "250 kept"
            }
            "QUIT" => return say(&mut stream, "221 bye").await,
            _ => "502 not here",
        };
        say(&mut stream, answer).await?;
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> io::Result<()> {
    stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await
}

async fn read_line(stream: &mut BufReader<TcpStream>) -> io::Result<Option<String>> {
    let mut line = Vec::new();
    if stream.read_until(b'\n', &mut line).await? == 0 {
        return Ok(None);
    }
    Ok(Some(String::from_utf8_lossy(&line).trim_end().to_owned()))
}

async fn read_mail(stream: &mut BufReader<TcpStream>) -> io::Result<Vec<u8>> {
    let mut mail = Vec::new();
    loop {
        let mut line = Vec::new();
        if stream.read_until(b'\n', &mut line).await? == 0 || mail.len() > MAX_MAIL {
            return Err(io::Error::other("the mail is cut off or too large"));
        }
        if line.trim_ascii_end() == b"." {
            return Ok(mail);
        }
        mail.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
    }
}

fn address(line: &str) -> Option<String> {
    let (_, rest) = line.split_once('<')?;
    rest.split_once('>').map(|(address, _)| address.to_owned())
}

async fn keep(log: &MessageLog, to: String, mail: &[u8]) {
    let parsed = MessageParser::default().parse(mail);
    let subject = parsed.as_ref().and_then(|m| m.subject()).unwrap_or_default().to_owned();
    let body = parsed.as_ref().and_then(|m| m.body_text(0)).unwrap_or_default().into_owned();
    let code = code_in(&body);
    let message = Message { to, channel: "email".into(), subject, body, code, sent_at: SystemClock.now() };
    if let Err(error) = log.send(&message).await {
        tracing::warn!(%error, "a mail was not kept");
    }
}

/// What an SMS gateway is sent.
#[derive(Deserialize)]
struct Sms {
    to: String,
    text: String,
}

async fn take_sms(log: web::Data<MessageLog>, sms: web::Json<Sms>) -> HttpResponse {
    let Sms { to, text: body } = sms.into_inner();
    let (code, sent_at) = (code_in(&body), SystemClock.now());
    let message = Message { to, channel: "sms".into(), subject: String::new(), body, code, sent_at };
    match log.send(&message).await {
        Ok(()) => HttpResponse::Accepted().finish(),
        Err(error) => HttpResponse::ServiceUnavailable().body(error.to_string()),
    }
}

/// The one-time code in a message: the first number of six digits.
fn code_in(body: &str) -> Option<String> {
    body.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test;
    use serde_json::{Value, json};

    #[actix_web::test]
    async fn an_sms_is_listed_with_its_code_however_its_number_is_spelled() {
        let extra = pages::with_messages(MessageLog::default());
        let app = App::new().configure(move |config| extra(config)).route("/sms", web::post().to(take_sms));
        let app = test::init_service(app).await;
        let sms = json!({ "to": "+919876543210", "text": "Your code is 123456, good for 10 minutes." });
        let posted = test::TestRequest::post().uri("/sms").set_json(sms).to_request();
        assert_eq!(test::call_service(&app, posted).await.status().as_u16(), 202);
        for to in ["9876543210", "%2B919876543210", "+919876543210"] {
            let asked = test::TestRequest::get().uri(&format!("/dev/messages?to={to}")).to_request();
            let list: Value = test::call_and_read_body_json(&app, asked).await;
            let item = &list["items"][0];
            assert_eq!((&item["channel"], &item["code"]), (&json!("sms"), &json!("123456")), "{to}");
        }
    }
}
