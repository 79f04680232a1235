//! Secrets and personal data, which no log line contains.

use super::double::{Answer, Provider};
use super::{ACCOUNT_SID, TO, TOKEN, acceptances, mailer, outcome, providers, sms};
use std::io;
use std::sync::{Arc, Mutex};
use tracing_subscriber::fmt::MakeWriter;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl io::Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
impl<'a> MakeWriter<'a> for Lines {
    type Writer = Self;
    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_log_line_of_any_level_has_a_secret_a_number_or_a_code() {
    let lines = Lines::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(lines.clone());
    let _guard = tracing::subscriber::set_default(subscriber.finish());
    let provider = Provider::start(Answer::Never).await;
    for (settings, accepted) in providers(&provider.endpoint()).into_iter().zip(acceptances()) {
        let quoting = format!(r#"{{"type":"error","code":21211,"message":"{TO} {TOKEN} 123456"}}"#);
        for answer in [accepted, Answer::Text(400, quoting), Answer::Cut(200)] {
            provider.set(answer);
            let _kind = outcome(mailer(&settings).send(&sms(TO)).await);
        }
    }
    let text = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
    let ids = text.matches("message_id").count();
    assert_eq!(ids, acceptances().len(), "{text}");
    for hidden in [TOKEN, ACCOUNT_SID, &TO[1..], "123456 "] {
        assert!(!text.contains(hidden), "{hidden} in {text}");
    }
}
