//! Texts of the notifications in each language, and the values in them.

mod en;
mod hi;

use super::{Params, Template};
use domain::{Day, Money, Timestamp};

domain::text_enum! {
    /// Language of messages to a member.
    pub enum Locale { English = "en", Hindi = "hi" }
}

/// Title and body of a template in one language.
struct Text {
    template: Template,
    title: &'static str,
    body: Body,
}

/// A body; `{name}` stands for the value of that name.
enum Body {
    Plain(&'static str),
    /// Two forms, chosen by the value `count`.
    Counted {
        one: &'static str,
        other: &'static str,
    },
}

const fn text(template: Template, title: &'static str, body: &'static str) -> Text {
    Text { template, title, body: Body::Plain(body) }
}

const fn counted(template: Template, title: &'static str, one: &'static str, other: &'static str) -> Text {
    Text { template, title, body: Body::Counted { one, other } }
}

/// A notification as people read it: one line each, without control characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    pub title: &'static str,
    pub body: String,
}

/// Writes the text of a template in one language.
pub fn render(locale: Locale, template: Template, params: &Params) -> Rendered {
    let (texts, reason_word) = match locale {
        Locale::English => (en::TEXTS, en::REASON),
        Locale::Hindi => (hi::TEXTS, hi::REASON),
    };
    let Some(text) = texts.iter().find(|text| text.template == template) else {
        // A test refuses a template without a text.
        return Rendered { title: template.as_str(), body: String::new() };
    };
    let pattern = match text.body {
        Body::Plain(body) => body,
        Body::Counted { one, .. } if params.get("count").is_some_and(|count| count == "1") => one,
        Body::Counted { other, .. } => other,
    };
    let mut body = fill(pattern, params);
    if let Some(reason) = params.get("reason").filter(|reason| !reason.is_empty()) {
        body = format!("{body} {reason_word} {}", one_line(reason));
    }
    Rendered { title: text.title, body }
}

/// Replaces each `{name}` by its value; an unknown name becomes empty.
fn fill(pattern: &str, params: &Params) -> String {
    let mut filled = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}').unwrap_or((after, ""));
        filled.push_str(before);
        if let Some(value) = params.get(name) {
            filled.push_str(&written(name, value));
        }
        rest = after;
    }
    filled.push_str(rest);
    filled
}

/// A value as texts show it: amounts grouped, days and times as in India, everything else on one line.
pub(super) fn written(name: &str, value: &str) -> String {
    let written = match name {
        "amount" | "net" => value.parse::<Money>().ok().map(|_| grouped(value)),
        "due_on" => value.parse::<Day>().ok().map(|day| day.date().format("%d-%m-%Y").to_string()),
        "at" => value.parse::<Timestamp>().ok().map(in_india),
        _ => None,
    };
    written.unwrap_or_else(|| one_line(value))
}

/// Groups the digits of a decimal amount as in India: `1234567.50` becomes `12,34,567.50`.
fn grouped(amount: &str) -> String {
    let (sign, digits) = amount.strip_prefix('-').map_or(("", amount), |digits| ("-", digits));
    let (whole, part) = digits.split_once('.').map_or((digits, None), |(whole, part)| (whole, Some(part)));
    let length = whole.len();
    let mut grouped = String::from(sign);
    for (at, digit) in whole.chars().enumerate() {
        let left = length - at;
        if at > 0 && (left == 3 || (left > 3 && left % 2 == 1)) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    if let Some(part) = part {
        grouped.push('.');
        grouped.push_str(part);
    }
    grouped
}

/// Day and time in India.
fn in_india(at: Timestamp) -> String {
    let of_day = at.since(at.day().starts_at());
    let (hours, minutes) = (of_day.num_hours(), of_day.num_minutes() % 60);
    format!("{} {hours:02}:{minutes:02} IST", at.day().date().format("%d-%m-%Y"))
}

/// The text without line breaks and other control characters, which could begin a header or another message.
fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect::<Vec<_>>()
        .join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The names in the bodies of a template.
    fn names(text: &Text) -> BTreeSet<&'static str> {
        let bodies = match text.body {
            Body::Plain(body) => vec![body],
            Body::Counted { one, other } => vec![one, other],
        };
        let parts = bodies.into_iter().flat_map(|body| body.split('{').skip(1));
        parts.map(|part| part.split_once('}').expect("a closing brace").0).collect()
    }

    #[test]
    fn every_template_has_one_text_in_each_language_with_the_same_values() {
        for template in Template::ALL {
            let of =
                |texts: &'static [Text]| texts.iter().filter(|text| text.template == *template).collect::<Vec<_>>();
            let (english, hindi) = (of(en::TEXTS), of(hi::TEXTS));
            assert_eq!((english.len(), hindi.len()), (1, 1), "{template}");
            assert_eq!(names(english[0]), names(hindi[0]), "{template}");
            assert!(!english[0].title.is_ascii() || hindi[0].title != english[0].title, "{template}");
            assert!(!hindi[0].title.is_ascii(), "{template} has no Hindi title");
        }
    }

    #[test]
    fn an_amount_a_day_and_a_time_are_written_as_in_india() {
        for (amount, written) in [
            ("0.00", "0.00"),
            ("999.90", "999.90"),
            ("1000.00", "1,000.00"),
            ("99999.00", "99,999.00"),
            ("100000.00", "1,00,000.00"),
            ("12345678.05", "1,23,45,678.05"),
            ("-1000.00", "-1,000.00"),
        ] {
            assert_eq!(grouped(amount), written);
        }
        assert_eq!(written("due_on", "2026-12-05"), "05-12-2026");
        assert_eq!(written("at", "2026-12-31T20:00:00Z"), "01-01-2027 01:30 IST");
        assert_eq!(written("at", "soon"), "soon");
    }

    #[test]
    fn a_value_cannot_add_a_line_and_is_not_read_as_a_pattern() {
        let params = Params::from([("reason".into(), "too dark\r\nBcc: eve@example.com {amount}".into())]);
        let text = render(Locale::English, Template::DocumentRejected, &params);
        assert_eq!(text.body, "Your document was rejected. Reason: too dark Bcc: eve@example.com {amount}");
        let hindi = render(Locale::Hindi, Template::DocumentRejected, &params);
        assert_eq!(hindi.body, "आपका दस्तावेज़ अस्वीकृत हुआ। कारण: too dark Bcc: eve@example.com {amount}");
    }

    #[test]
    fn a_count_of_one_has_a_form_of_its_own() {
        let text = |count: &str, numbers: &str| {
            let params = Params::from([("count".into(), count.into()), ("numbers".into(), numbers.into())]);
            render(Locale::English, Template::PairsMatched, &params).body
        };
        assert_eq!(text("1", "7"), "Your pair 7 was matched as a member counts again.");
        assert_eq!(text("2", "7, 8"), "Your pairs 7, 8 were matched as a member counts again.");
    }
}
