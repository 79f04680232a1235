//! Mail, against a mail server of a few lines.

use chassis::mail::{MailError, Mailer, Message, SmtpMailer};
use domain::Timestamp;
use std::net::SocketAddr;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

/// Accepts mail, answering `RCPT` with `to_recipients`, and hands each mail over.
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
async fn what_will_never_be_accepted_is_refused_and_what_may_be_later_is_not() {
    let (address, _mails) = server("550 no such user").await;
    assert!(matches!(mailer(address).send(&message("a@example.com")).await, Err(MailError::Refused(_))));
    for bad in ["", "nobody", "a@example.com, b@example.com", "a@example.com\r\nBcc: b@example.com"] {
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
        ("smtp://localhost:25", "nobody", "SMTP_FROM"),
    ] {
        let error = SmtpMailer::from_url(url, from).err().unwrap();
        assert_eq!(error.variable, named);
        assert!(!error.to_string().contains("hunter2"), "{error}");
    }
}
