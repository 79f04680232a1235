//! Settings of the tax in receipts.

use domain::gst::{GstRate, GstTerms, GstTermsRefusal};
use runtime::{ConfigError, Env};

/// Reads `GST_GSTIN` (the company's number; none = receipts without tax), `GST_HSN` (code of vehicles that have none of
/// their own) and `GST_RATES`: `FROM CODE PERCENT`, separated by commas, such as `2026-04-01 871160 5`. Errors with the
/// name of a variable that is missing or invalid.
pub(super) fn read(env: &Env) -> Result<Option<GstTerms>, ConfigError> {
    if env.get("GST_GSTIN").is_none() {
        // A rate alone would look as if tax was printed.
        let alone = ["GST_HSN", "GST_RATES"].into_iter().find(|variable| env.get(variable).is_some());
        return match alone {
            Some(variable) => Err(ConfigError::new("GST_GSTIN", format!("must be set when {variable} is"))),
            None => Ok(None),
        };
    }
    let gstin = env.required("GST_GSTIN")?.parse().map_err(|error| ConfigError::new("GST_GSTIN", error))?;
    let hsn = env.required("GST_HSN")?.parse().map_err(|error| ConfigError::new("GST_HSN", error))?;
    let rates = env.required("GST_RATES")?.split(',').map(rate).collect::<Result<Vec<_>, _>>()?;
    let terms = GstTerms::try_new(gstin, hsn, rates).map_err(|error| match error {
        GstTermsRefusal::NoRate(_) | GstTermsRefusal::TwoRates { .. } => ConfigError::new("GST_RATES", error),
        GstTermsRefusal::Gstin(_) => ConfigError::new("GST_GSTIN", error),
    })?;
    Ok(Some(terms))
}

fn rate(text: &str) -> Result<GstRate, ConfigError> {
    let refused = || ConfigError::new("GST_RATES", "is not FROM CODE PERCENT, such as 2026-04-01 871160 5");
    let [from, code, percent] = text.split_whitespace().collect::<Vec<_>>().try_into().map_err(|_| refused())?;
    let parsed = (from.parse(), code.parse(), percent.parse());
    let (Ok(from), Ok(hsn), Ok(rate)) = parsed else { return Err(refused()) };
    Ok(GstRate { from, hsn, rate })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [(&str, &str); 3] = [
        ("GST_GSTIN", "27AAPFU0939F1ZV"),
        ("GST_HSN", "871160"),
        ("GST_RATES", "2026-04-01 871160 5, 2027-04-01 871160 7.5,2026-04-01 870380 5"),
    ];

    #[test]
    fn tax_is_off_by_default_and_needs_all_its_settings() {
        assert_eq!(read(&Env::default()), Ok(None));
        assert!(read(&Env::from_pairs(ALL)).is_ok_and(|terms| terms.is_some()));
        for missing in ALL.map(|(variable, _)| variable) {
            let rest = ALL.into_iter().filter(|(variable, _)| *variable != missing);
            assert_eq!(read(&Env::from_pairs(rest)).expect_err(missing).variable, missing);
        }
    }

    #[test]
    fn a_bad_setting_is_refused_by_its_name() {
        for (variable, value) in [
            ("GST_GSTIN", "27AAPFU0939F1ZA"),
            ("GST_HSN", "87"),
            ("GST_HSN", "8704"),
            ("GST_RATES", "2026-04-01 871160"),
            ("GST_RATES", "2026-04-01 871160 101"),
            ("GST_RATES", "2026-02-30 871160 5"),
            ("GST_RATES", "2026-04-01 871160 5,"),
            ("GST_RATES", "2026-04-01 871160 5,2026-04-01 871160 12"),
        ] {
            let refused = read(&Env::from_pairs(ALL).with(variable, value)).expect_err(value);
            // A code without a rate is a fault of the rates.
            let named = if value == "8704" { "GST_RATES" } else { variable };
            assert_eq!(refused.variable, named, "{value}");
        }
    }
}
