//! E-mail about one notification, or about those of a day.

use super::{page_of, text_of};
use crate::config::Config;
use crate::domain::texts::Locale;
use crate::store::notifications::NotificationRow;
use askama::Template;

/// Limit of the notifications that a digest shows in full.
const MAX_ITEMS: usize = 50;

/// An e-mail in both forms.
#[derive(Debug)]
pub(super) struct Email {
    pub(super) subject: String,
    pub(super) text: String,
    pub(super) html: String,
}

/// The HTML form. Its template escapes every value.
#[derive(Template)]
#[template(path = "email.html")]
struct Page<'a> {
    lang: Locale,
    brand: &'a str,
    subject: &'a str,
    items: &'a [Item],
    open: &'a str,
    more: Option<&'a str>,
    footer: &'a str,
    preferences: &'a str,
}

struct Item {
    title: String,
    body: String,
    link: String,
}

/// Words of an e-mail around its notifications.
struct Words {
    open: &'static str,
    footer: &'static str,
    digest: fn(usize) -> String,
    more: fn(usize) -> String,
}

fn words(locale: Locale) -> Words {
    match locale {
        Locale::English => Words {
            open: "Open",
            footer: "You choose which messages you get, and when, here:",
            digest: |count| format!("Your {count} notifications of the day"),
            more: |count| format!("And {count} more."),
        },
        Locale::Hindi => Words {
            open: "खोलें",
            footer: "कौन-से संदेश कब मिलें, यह आप यहाँ चुनते हैं:",
            digest: |count| format!("आज की आपकी {count} सूचनाएँ"),
            more: |count| format!("और {count} सूचनाएँ।"),
        },
    }
}

/// Writes an e-mail about these notifications.
pub(super) fn compose(
    notifications: &[NotificationRow],
    locale: Locale,
    Config { public_url, company_name, .. }: &Config,
) -> Result<Email, askama::Error> {
    let words = words(locale);
    let items: Vec<Item> = notifications
        .iter()
        .take(MAX_ITEMS)
        .map(|notification| {
            let (title, body) = text_of(notification, locale);
            Item { title, body, link: format!("{public_url}{}", page_of(notification)) }
        })
        .collect();
    let subject = match items.as_slice() {
        [only] => only.title.clone(),
        _ => (words.digest)(notifications.len()),
    };
    let more = notifications.len().checked_sub(MAX_ITEMS).filter(|more| *more > 0).map(words.more);
    let preferences = format!("{public_url}/profile");
    let mut text = String::new();
    for Item { title, body, link } in &items {
        text.push_str(&format!("{title}\n{body}\n{link}\n\n"));
    }
    if let Some(more) = &more {
        text.push_str(&format!("{more}\n\n"));
    }
    text.push_str(&format!("--\n{company_name}\n{} {preferences}\n", words.footer));
    let page = Page {
        lang: locale,
        brand: company_name,
        subject: &subject,
        items: &items,
        open: words.open,
        more: more.as_deref(),
        footer: words.footer,
        preferences: &preferences,
    };
    let html = page.render()?;
    Ok(Email { subject, text, html })
}

#[cfg(test)]
mod tests {
    use super::super::sms_text;
    use super::*;
    use crate::domain::notice::Text;
    use crate::domain::{Notice, Template as T};
    use domain::{Timestamp, UserId};
    use runtime::{Env, id};

    const HOSTILE: &str = "<script>alert(1)</script> \"&' \r\nBcc: eve@example.com";

    fn config() -> Config {
        let settings = [("PUBLIC_URL", "https://ev.example"), ("COMPANY_NAME", "Bharat & Sons EV")];
        Config::from_env(&Env::from_pairs(settings)).expect("settings")
    }

    /// A notification of this template in which every value is hostile text.
    fn hostile(template: T) -> NotificationRow {
        let names = [
            "referral_code",
            "reason",
            "booking_number",
            "vehicle",
            "amount",
            "net",
            "account",
            "n",
            "due_on",
            "level",
            "numbers",
            "count",
            "financial_year",
            "device",
            "network",
            "at",
        ];
        let text = Text::new(template, names.map(|name| (name, HOSTILE.to_owned())));
        let user: UserId = id::fresh();
        NotificationRow::new(
            id::fresh(),
            id::fresh(),
            Notice::new(user, Timestamp::UNIX_EPOCH, ("booking", user), text),
        )
    }

    #[test]
    fn every_template_has_every_form_in_both_languages_and_no_value_is_read_as_markup() {
        for template in T::ALL {
            let row = hostile(*template);
            let mut bodies = Vec::new();
            for locale in Locale::ALL {
                let email = compose(std::slice::from_ref(&row), *locale, &config()).expect("an e-mail");
                let sms = sms_text(std::slice::from_ref(&row), *locale);
                assert!(!email.subject.is_empty() && !email.subject.contains(['\r', '\n', '<']), "{template}");
                assert!(email.html.contains(&format!("<html lang=\"{locale}\">")), "{template}");
                assert!(email.text.contains("--\nBharat & Sons EV\n"), "{template}");
                assert!(!email.html.contains("Bharat & Sons"), "{template}: the name is escaped");
                assert!(!email.html.contains("<script"), "{template}: {}", email.html);
                assert!(email.html.contains("href=\"https://ev.example/bookings/"), "{template}");
                assert!(!sms.is_empty() && !sms.contains(['\r', '\n']) && sms.chars().count() <= 200, "{template}");
                assert!(!email.text.contains("\nBcc:"), "{template}: {}", email.text);
                bodies.push((email.subject, sms));
            }
            assert_ne!(bodies[0].0, bodies[1].0, "{template} has one title in both languages");
            assert_ne!(bodies[0].1, bodies[1].1, "{template} has one body in both languages");
        }
    }

    #[test]
    fn a_digest_shows_fifty_notifications_and_counts_the_others() {
        for (count, shown, more) in [(2, 2, None), (50, 50, None), (51, 50, Some("And 1 more."))] {
            let rows: Vec<NotificationRow> = (0..count).map(|_| hostile(T::Deposit)).collect();
            let email = compose(&rows, Locale::English, &config()).expect("an e-mail");
            assert_eq!(email.subject, format!("Your {count} notifications of the day"));
            assert_eq!(email.html.matches("<h1").count(), shown);
            assert_eq!(email.text.lines().find(|line| line.starts_with("And")), more);
        }
    }
}
