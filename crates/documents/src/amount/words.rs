//! Amounts in English and Hindi words, by crore, lakh and thousand.

use crate::Language;
use domain::Money;

/// English words from zero to nineteen.
const BELOW_TWENTY: [&str; 20] = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
];

/// English words of the tens, from twenty.
const TENS: [&str; 8] = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"];

/// Hindi words from zero to ninety-nine; each is a word of its own.
#[rustfmt::skip]
const HINDI_BELOW_HUNDRED: [&str; 100] = [
    "शून्य", "एक", "दो", "तीन", "चार", "पाँच", "छह", "सात", "आठ", "नौ",
    "दस", "ग्यारह", "बारह", "तेरह", "चौदह", "पंद्रह", "सोलह", "सत्रह", "अठारह", "उन्नीस",
    "बीस", "इक्कीस", "बाईस", "तेईस", "चौबीस", "पच्चीस", "छब्बीस", "सत्ताईस", "अट्ठाईस", "उनतीस",
    "तीस", "इकतीस", "बत्तीस", "तैंतीस", "चौंतीस", "पैंतीस", "छत्तीस", "सैंतीस", "अड़तीस", "उनतालीस",
    "चालीस", "इकतालीस", "बयालीस", "तैंतालीस", "चौवालीस", "पैंतालीस", "छियालीस", "सैंतालीस", "अड़तालीस", "उनचास",
    "पचास", "इक्यावन", "बावन", "तिरपन", "चौवन", "पचपन", "छप्पन", "सत्तावन", "अट्ठावन", "उनसठ",
    "साठ", "इकसठ", "बासठ", "तिरसठ", "चौंसठ", "पैंसठ", "छियासठ", "सड़सठ", "अड़सठ", "उनहत्तर",
    "सत्तर", "इकहत्तर", "बहत्तर", "तिहत्तर", "चौहत्तर", "पचहत्तर", "छिहत्तर", "सतहत्तर", "अठहत्तर", "उन्यासी",
    "अस्सी", "इक्यासी", "बयासी", "तिरासी", "चौरासी", "पचासी", "छियासी", "सत्तासी", "अट्ठासी", "नवासी",
    "नब्बे", "इक्यानवे", "बानवे", "तिरानवे", "चौरानवे", "पंचानवे", "छियानवे", "सत्तानवे", "अट्ठानवे", "निन्यानवे",
];

/// The units above a hundred, the largest first: size, English word, Hindi word.
const UNITS: [(u64, &str, &str); 4] =
    [(10_000_000, "crore", "करोड़"), (100_000, "lakh", "लाख"), (1_000, "thousand", "हज़ार"), (100, "hundred", "सौ")];

/// The amount in words, without its sign: `Rupees two thousand six hundred thirty-six and fifty paise only`.
pub fn in_words(amount: Money, language: Language) -> String {
    let paise = amount.paise().unsigned_abs();
    let (rupees, paise) = (paise / 100, paise % 100);
    let (whole, part) = (number(rupees, language), number(paise, language));
    match (language, paise) {
        (Language::English, 0) => format!("Rupees {whole} only"),
        (Language::English, _) if rupees == 0 => format!("{} paise only", capitalised(&part)),
        (Language::English, _) => format!("Rupees {whole} and {part} paise only"),
        (Language::Hindi, 0) => format!("{whole} रुपये मात्र"),
        (Language::Hindi, _) if rupees == 0 => format!("{part} पैसे मात्र"),
        (Language::Hindi, _) => format!("{whole} रुपये और {part} पैसे मात्र"),
    }
}

fn number(n: u64, language: Language) -> String {
    let mut words = Vec::new();
    push_number(n, language, &mut words);
    words.join(" ")
}

fn push_number(n: u64, language: Language, words: &mut Vec<String>) {
    let mut rest = n;
    for (size, english, hindi) in UNITS {
        let count = rest / size;
        if count > 0 {
            // More than 99 crore are counted in the same way.
            push_number(count, language, words);
            words.push(language.pick(english, hindi).to_owned());
            rest %= size;
        }
    }
    if rest > 0 || n == 0 {
        words.push(below_hundred(rest, language));
    }
}

fn below_hundred(n: u64, language: Language) -> String {
    let at = |list: &[&'static str], n: u64| usize::try_from(n).ok().and_then(|n| list.get(n).copied()).unwrap_or("");
    match language {
        Language::Hindi => at(&HINDI_BELOW_HUNDRED, n).to_owned(),
        Language::English if n < 20 => at(&BELOW_TWENTY, n).to_owned(),
        Language::English => {
            let tens = at(&TENS, (n / 10).saturating_sub(2));
            if n.is_multiple_of(10) { tens.to_owned() } else { format!("{tens}-{}", at(&BELOW_TWENTY, n % 10)) }
        }
    }
}

fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn amounts_are_said_as_a_bank_writes_them() {
        for (paise, english, hindi) in [
            (0, "Rupees zero only", "शून्य रुपये मात्र"),
            (50, "Fifty paise only", "पचास पैसे मात्र"),
            (100, "Rupees one only", "एक रुपये मात्र"),
            (
                263_650,
                "Rupees two thousand six hundred thirty-six and fifty paise only",
                "दो हज़ार छह सौ छत्तीस रुपये और पचास पैसे मात्र",
            ),
            (
                -263_650,
                "Rupees two thousand six hundred thirty-six and fifty paise only",
                "दो हज़ार छह सौ छत्तीस रुपये और पचास पैसे मात्र",
            ),
            (10_000_000, "Rupees one lakh only", "एक लाख रुपये मात्र"),
            (
                1_234_567_899,
                "Rupees one crore twenty-three lakh forty-five thousand six hundred seventy-eight and ninety-nine paise \
                 only",
                "एक करोड़ तेईस लाख पैंतालीस हज़ार छह सौ अठहत्तर रुपये और निन्यानवे पैसे मात्र",
            ),
            (100_000_000_000, "Rupees one hundred crore only", "एक सौ करोड़ रुपये मात्र"),
        ] {
            assert_eq!(in_words(Money::from_paise(paise), Language::English), english);
            assert_eq!(in_words(Money::from_paise(paise), Language::Hindi), hindi);
        }
        let largest = in_words(Money::MAX, Language::English);
        assert!(largest.starts_with("Rupees nine hundred twenty-two crore thirty-three lakh"), "{largest}");
    }

    #[test]
    fn different_numbers_have_different_words() {
        for language in [Language::English, Language::Hindi] {
            let words: HashSet<String> = (0..200_000).map(|n| number(n, language)).collect();
            assert_eq!(words.len(), 200_000);
        }
    }
}
