//! Mail sink for tests of separate services: an SMTP server that stores every mail, an SMS gateway at `POST /sms`, and
//! `GET /dev/messages` as in the embedded run. It never relays, and listens on loopback only.

use crate::pages;
use actix_web::{App, HttpResponse, HttpServer, web};
use mail_parser::MessageParser;
use runtime::clock::{Clock, SystemClock};
use runtime::mail::{Mailer, Message, MessageLog};
use serde::Deserialize;
use std::io;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// Maximum size of a mail, in bytes.
const MAX_MAIL_BYTES: usize = 1 << 20;

/// Runs the sink until the process ends. Errors when an address is not a loopback address or cannot be bound.
pub async fn run(smtp: SocketAddr, http: SocketAddr) -> io::Result<()> {
    if !smtp.ip().is_loopback() || !http.ip().is_loopback() {
        return Err(io::Error::other("a mail sink shows every mail to every client: use loopback addresses"));
    }
    let log = MessageLog::default();
    let listener = TcpListener::bind(smtp).await?;
    let extra = pages::messages_only(log.clone());
    let server = HttpServer::new(move || {
        let extra = extra.clone();
        App::new().configure(move |config| extra(config)).route("/sms", web::post().to(receive_sms))
    });
    let server = server.workers(1).bind(http)?.run();
    tracing::info!(%smtp, %http, "mail sink started");
    let accepting = async {
        loop {
            let (stream, _) = listener.accept().await?;
            let log = log.clone();
            tokio::spawn(async move {
                if let Err(error) = serve_smtp(stream, &log).await {
                    tracing::debug!(%error, "SMTP connection failed");
                }
            });
        }
    };
    tokio::select! {
        stopped = server => stopped,
        failed = accepting => failed,
    }
}

async fn serve_smtp(stream: TcpStream, log: &MessageLog) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    send_line(&mut stream, "220 mail sink").await?;
    let mut to: Vec<String> = Vec::new();
    loop {
        let Some(line) = read_line(&mut stream).await? else { return Ok(()) };
        let verb: String = line.chars().take(4).flat_map(char::to_uppercase).collect();
        let reply = match verb.as_str() {
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
                send_line(&mut stream, "354 end with a dot").await?;
                let mail = read_mail(&mut stream).await?;
                for recipient in to.drain(..) {
                    store(log, recipient, &mail).await;
                }
                "250 stored"
            }
            "QUIT" => return send_line(&mut stream, "221 bye").await,
            _ => "502 not implemented",
        };
        send_line(&mut stream, reply).await?;
    }
}

async fn send_line(stream: &mut BufReader<TcpStream>, line: &str) -> io::Result<()> {
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
        if stream.read_until(b'\n', &mut line).await? == 0 || mail.len() > MAX_MAIL_BYTES {
            return Err(io::Error::other("the mail is truncated or too large"));
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

async fn store(log: &MessageLog, to: String, mail: &[u8]) {
    let parsed = MessageParser::default().parse(mail);
    let subject = parsed.as_ref().and_then(|m| m.subject()).unwrap_or_default().to_owned();
    let body = parsed.as_ref().and_then(|m| m.body_text(0)).unwrap_or_default().into_owned();
    let code = find_code(&body);
    let (channel, html, key, sent_at) = ("email".into(), None, None, SystemClock.now());
    let message = Message { to, channel, subject, body, html, key, code, sent_at };
    if let Err(error) = log.send(&message).await {
        tracing::warn!(%error, "mail could not be stored");
    }
}

/// Body of a request to the SMS gateway.
#[derive(Deserialize)]
struct Sms {
    to: String,
    text: String,
}

async fn receive_sms(log: web::Data<MessageLog>, sms: web::Json<Sms>) -> HttpResponse {
    let Sms { to, text: body } = sms.into_inner();
    let (code, sent_at) = (find_code(&body), SystemClock.now());
    let (channel, subject, html, key) = ("sms".into(), String::new(), None, None);
    let message = Message { to, channel, subject, body, html, key, code, sent_at };
    match log.send(&message).await {
        Ok(_) => HttpResponse::Accepted().finish(),
        Err(error) => HttpResponse::ServiceUnavailable().body(error.to_string()),
    }
}

/// The one-time code in a message: the first number with six digits. A message with a link is a notification, whose
/// numbers are no codes.
fn find_code(body: &str) -> Option<String> {
    if body.contains("://") || !body.contains("code") {
        return None;
    }
    body.split(|c: char| !c.is_ascii_digit()).find(|digits| digits.len() == 6).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::test;
    use serde_json::{Value, json};

    #[actix_web::test]
    async fn an_sms_is_listed_with_its_code_for_every_spelling_of_its_number() {
        let extra = pages::messages_only(MessageLog::default());
        let app = App::new().configure(move |config| extra(config)).route("/sms", web::post().to(receive_sms));
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
