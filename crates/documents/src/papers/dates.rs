//! Dates as documents print them.

use crate::Language;
use domain::{Day, Month};

const ENGLISH: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const HINDI: [&str; 12] =
    ["जनवरी", "फ़रवरी", "मार्च", "अप्रैल", "मई", "जून", "जुलाई", "अगस्त", "सितंबर", "अक्टूबर", "नवंबर", "दिसंबर"];

/// A month with its year: `November 2026`.
pub fn month_name(month: Month, language: Language) -> String {
    let text = month.to_string();
    let (year, number) = text.split_once('-').unwrap_or((&text, ""));
    format!("{} {year}", name(number, language))
}

/// A date: `30 November 2026`.
pub fn long_date(day: Day, language: Language) -> String {
    let (month, number) = (month_name(day.month(), language), number_of(day));
    format!("{number} {month}")
}

/// A date for a narrow column: `30 Nov 2026`; in Hindi the month has its full name.
pub(super) fn short_date(day: Day, language: Language) -> String {
    let long = long_date(day, language);
    match (language, long.split(' ').collect::<Vec<_>>().as_slice()) {
        (Language::English, [number, month, year]) => {
            let short: String = month.chars().take(3).collect();
            format!("{number} {short} {year}")
        }
        _ => long,
    }
}

fn number_of(day: Day) -> String {
    let text = day.to_string();
    text.rsplit('-').next().map_or_else(String::new, |number| number.trim_start_matches('0').to_owned())
}

fn name(number: &str, language: Language) -> &'static str {
    let index = number.parse::<usize>().unwrap_or(1).saturating_sub(1);
    let names = match language {
        Language::English => &ENGLISH,
        Language::Hindi => &HINDI,
    };
    names.get(index).copied().unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_have_the_names_of_months() {
        let day: Day = "2026-02-05".parse().expect("a day");
        assert_eq!(long_date(day, Language::English), "5 February 2026");
        assert_eq!(long_date(day, Language::Hindi), "5 फ़रवरी 2026");
        assert_eq!(short_date(day, Language::English), "5 Feb 2026");
        assert_eq!(month_name(day.month(), Language::English), "February 2026");
        let last: Day = "2026-12-31".parse().expect("a day");
        assert_eq!(short_date(last, Language::English), "31 Dec 2026");
    }
}
