//! Mail and SMS against small test servers.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use domain::Timestamp;
use runtime::Env;
use runtime::mail;
use runtime::mail::{MailError, Mailer, Message, SmsSender, SmtpMailer};
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// A mail server that responds to `RCPT` with `to_recipients` and passes each mail to the receiver.
async fn server(to_recipients: &'static str) -> (SocketAddr, mpsc::UnboundedReceiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, mails) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            write.write_all(b"220 test\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                let answer = match line.get(..4).unwrap_or_default() {
                    "RCPT" => to_recipients,
                    "DATA" => "354 go on",
                    "QUIT" => "221 bye",
                    _ => "250 ok",
                };
                write.write_all(format!("{answer}\r\n").as_bytes()).await.unwrap();
                if line.starts_with("DATA") {
                    let mut mail = String::new();
                    while let Ok(Some(line)) = lines.next_line().await
                        && line != "."
                    {
                        mail.push_str(&line);
                        mail.push('\n');
                    }
                    sender.send(mail).unwrap();
                    write.write_all(b"250 taken\r\n").await.unwrap();
                }
            }
        }
    });
    (address, mails)
}

fn message(to: &str) -> Message {
    Message {
        to: to.into(),
        channel: "email".into(),
        subject: "Your code".into(),
        body: "It is 123456.\n".into(),
        html: None,
        key: None,
        code: Some("123456".into()),
        sent_at: Timestamp::UNIX_EPOCH,
    }
}

fn mailer(address: SocketAddr) -> SmtpMailer {
    SmtpMailer::from_url(&format!("smtp://{address}"), "EV <no-reply@ev.example>").unwrap()
}

#[tokio::test]
async fn a_mail_arrives_as_it_was_written_and_has_the_same_id_when_sent_again() {
    let (address, mut mails) = server("250 ok").await;
    let mailer = mailer(address);
    mailer.send(&message("asha@example.com")).await.unwrap();
    mailer.send(&message("asha@example.com")).await.unwrap();
    mailer.send(&message("ravi@example.com")).await.unwrap();
    let id = |mail: &str| mail.lines().find(|l| l.starts_with("Message-ID:")).unwrap().to_owned();
    let (one, two, three) = (mails.recv().await.unwrap(), mails.recv().await.unwrap(), mails.recv().await.unwrap());
    for part in ["To: asha@example.com", "no-reply@ev.example", "Subject: Your code", "\n\nIt is 123456."] {
        assert!(one.contains(part), "{part} in {one}");
    }
    assert_eq!(id(&one), id(&two));
    assert_ne!(id(&one), id(&three));
}

#[tokio::test]
async fn a_mail_with_html_has_both_forms_and_the_id_of_its_key() {
    let (address, mut mails) = server("250 ok").await;
    let html = |key: u128, body: &str| Message {
        html: Some(format!("<p>{body}</p>")),
        key: Some(uuid::Uuid::from_u128(key)),
        body: body.to_owned(),
        ..message("asha@example.com")
    };
    // The text may differ between two attempts, as after a release.
    for message in [html(1, "It is paid."), html(1, "It is paid now."), html(2, "It is paid.")] {
        mailer(address).send(&message).await.unwrap();
    }
    let (one, two, three) = (mails.recv().await.unwrap(), mails.recv().await.unwrap(), mails.recv().await.unwrap());
    for part in ["multipart/alternative", "text/plain", "text/html", "\n\nIt is paid.", "<p>It is paid.</p>"] {
        assert!(one.contains(part), "{part} in {one}");
    }
    assert!(one.find("text/plain") < one.find("text/html"), "the last form is the preferred one");
    let id = |mail: &str| mail.lines().find(|l| l.starts_with("Message-ID:")).unwrap().to_owned();
    assert_eq!(id(&one), id(&two));
    assert_ne!(id(&one), id(&three));
}

#[tokio::test]
async fn a_permanent_error_is_refused_and_a_temporary_one_is_unavailable() {
    let (address, _mails) = server("550 no such user").await;
    assert!(matches!(mailer(address).send(&message("a@example.com")).await, Err(MailError::Refused(_))));
    for bad in ["", "unknown", "a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com"] {
        assert!(matches!(mailer(address).send(&message(bad)).await, Err(MailError::Refused(_))), "{bad}");
    }
    let sms = Message { channel: "sms".into(), ..message("9876543210") };
    assert!(matches!(mailer(address).send(&sms).await, Err(MailError::Refused(_))));
    let (address, _mails) = server("451 later").await;
    assert!(matches!(mailer(address).send(&message("a@example.com")).await, Err(MailError::Unavailable(_))));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    assert!(matches!(mailer(free).send(&message("a@example.com")).await, Err(MailError::Unavailable(_))));
}

#[tokio::test]
async fn a_subject_cannot_add_a_header() {
    let (address, mut mails) = server("250 ok").await;
    let sly = Message { subject: "Hello\r\nBcc: eve@example.com".into(), ..message("a@example.com") };
    if mailer(address).send(&sly).await.is_ok() {
        let mail = mails.recv().await.unwrap();
        assert!(!mail.lines().any(|l| l.starts_with("Bcc:")), "{mail}");
    }
}

#[test]
fn a_bad_setting_is_refused_by_name_and_never_shown() {
    for (url, from, named) in [
        ("http://hunter2@x", "a@b.example", "SMTP_URL"),
        ("hunter2", "a@b.example", "SMTP_URL"),
        ("smtp://localhost:25", "unknown", "SMTP_FROM"),
    ] {
        let error = SmtpMailer::from_url(url, from).err().unwrap();
        assert_eq!(error.variable, named);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}

/// Requests of the gateway: authorization, idempotency key, body.
type Received = Arc<Mutex<Vec<(String, String, Value)>>>;

/// An SMS gateway that responds with `status`.
fn gateway(status: u16) -> (String, Received) {
    let received = Received::default();
    let stored = received.clone();
    let server = HttpServer::new(move || {
        let stored = stored.clone();
        let answer = move |request: HttpRequest, body: web::Json<Value>| {
            let header = |name: &str| request.headers().get(name).unwrap().to_str().unwrap().to_owned();
            stored.lock().unwrap().push((header("authorization"), header("idempotency-key"), body.into_inner()));
            async move { HttpResponse::build(actix_web::http::StatusCode::from_u16(status).unwrap()).finish() }
        };
        App::new().route("/sms", web::post().to(answer))
    });
    let server = server.workers(1).disable_signals().bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/sms", server.addrs()[0]);
    tokio::spawn(server.run());
    (url, received)
}

fn sms(to: &str) -> Message {
    Message { channel: "sms".into(), ..message(to) }
}

#[actix_web::test]
async fn an_sms_is_posted_with_the_token_and_has_the_same_key_when_sent_again() {
    let (url, received) = gateway(202);
    let sender = SmsSender::new(&url, "hunter2".into()).unwrap();
    sender.send(&sms("+919876543210")).await.unwrap();
    sender.send(&sms("+919876543210")).await.unwrap();
    sender.send(&sms("+919876543211")).await.unwrap();
    let received = received.lock().unwrap().clone();
    assert_eq!(
        (received[0].0.as_str(), &received[0].2),
        ("Bearer hunter2", &json!({ "to": "+919876543210", "text": "It is 123456.\n" }))
    );
    assert_eq!(received[0].1, received[1].1);
    assert_ne!(received[0].1, received[2].1);
    assert!(matches!(sender.send(&message("a@example.com")).await, Err(MailError::Refused(_))));
}

#[actix_web::test]
async fn a_temporary_error_of_an_sms_is_unavailable_and_a_permanent_one_is_refused() {
    for (status, waits) in [(400, false), (422, false), (401, true), (404, true), (429, true), (503, true)] {
        let (url, _) = gateway(status);
        let sent = SmsSender::new(&url, "t".into()).unwrap().send(&sms("+919876543210")).await;
        assert_eq!(matches!(sent, Err(MailError::Unavailable(_))), waits, "{status}");
        assert_eq!(matches!(sent, Err(MailError::Refused(_))), !waits, "{status}");
    }
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let unreachable = SmsSender::new(&format!("http://{free}/sms?key=hunter2"), "t".into()).unwrap();
    match unreachable.send(&sms("+919876543210")).await {
        Err(MailError::Unavailable(reason)) => assert!(!reason.contains("hunter2"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

#[actix_web::test]
async fn each_channel_has_its_mailer_and_an_sms_without_one_is_refused() {
    let (address, mut mails) = server("250 ok").await;
    let (url, received) = gateway(200);
    let smtp = format!("smtp://{address}");
    let with = [("SMTP_URL", smtp.as_str()), ("SMS_URL", &url), ("SMS_TOKEN", "t")];
    let both = mail::from_env(&Env::from_pairs(with)).unwrap();
    both.send(&message("asha@example.com")).await.unwrap();
    both.send(&sms("+919876543210")).await.unwrap();
    assert!(mails.recv().await.unwrap().contains("To: asha@example.com"));
    assert_eq!(received.lock().unwrap().len(), 1);
    let mail_alone = mail::from_env(&Env::from_pairs([("SMTP_URL", smtp.as_str())])).unwrap();
    assert!(matches!(mail_alone.send(&sms("+919876543210")).await, Err(MailError::Refused(_))));
    for (pairs, named) in [
        (vec![("SMS_URL", "ftp://hunter2"), ("SMS_TOKEN", "t")], "SMS_URL"),
        (vec![("SMS_URL", "hunter2"), ("SMS_TOKEN", "t")], "SMS_URL"),
        (vec![("SMS_URL", "http://localhost/sms")], "SMS_TOKEN"),
    ] {
        let error = mail::from_env(&Env::from_pairs(pairs)).err().unwrap();
        assert_eq!(error.variable, named);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
