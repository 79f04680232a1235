//! Settings from the environment.

use crate::bank_templates::Templates;
use domain::AccountNumber;
use domain::tax::{TaxRule, preset};
use pii::Sealer;
use runtime::{ConfigError, Env};
use secrecy::SecretString;

/// Settings of the payout service.
#[derive(Debug)]
pub struct Config {
    /// `PII_KEYS`, `PII_INDEX_KEY`: keys that encrypt and index PANs and account numbers.
    pub sealer: Sealer,
    /// `TAX_PRESET`: tax rules of a new database, `seed` (default) or `it_act_2025`. An administrator adds later
    /// rules.
    pub first_rules: Vec<TaxRule>,
    /// `BANK_ACCOUNT_WAIT_HOURS`: hours between adding a bank account and the earliest time its owner can verify it
    /// with a fresh one-time code. Staff can verify it at once. 72 (default); 0 to 8760.
    pub account_wait_hours: i64,
    /// `PAYOUT_EXPIRY_DAYS`: days after which a pending request is rejected and its wallet hold released. 30
    /// (default); 1 to 3650, or `none` to disable expiry.
    pub expiry_days: Option<i64>,
    /// Transfers by the API of RazorpayX; without its settings payouts go by a file.
    pub razorpayx: Option<RazorpayXConfig>,
    /// `BANK_FILE_TEMPLATES`: path of a JSON file with templates of bank files, which are added to the built-in ones or
    /// replace them. Default none.
    pub templates: Templates,
    /// `BANK_DEBIT_ACCOUNT`: number of the company's account that bank files name, 9 to 18 digits. Default none.
    pub debit_account: Option<AccountNumber>,
}

/// RazorpayX; configured when all of its settings but the address are set.
#[derive(Debug, Clone)]
pub struct RazorpayXConfig {
    /// `RAZORPAYX_KEY_ID`: public id of the API key.
    pub key_id: String,
    /// `RAZORPAYX_KEY_SECRET`: secret of the API key.
    pub key_secret: SecretString,
    /// `RAZORPAYX_WEBHOOK_SECRET`: key of the webhook signature.
    pub webhook_secret: SecretString,
    /// `RAZORPAYX_ACCOUNT_NUMBER`: the company's account at RazorpayX that payouts come from.
    pub account_number: String,
    /// `RAZORPAYX_API_URL`: base URL. Default `https://api.razorpay.com`.
    pub api_url: String,
}

impl Config {
    /// Reads the settings. Errors with the name of the variable that is missing or invalid.
    pub fn from_env(env: &Env) -> Result<Self, ConfigError> {
        let account_wait_hours = env.parse_in_range("BANK_ACCOUNT_WAIT_HOURS", 72_i64, 0..=8_760, "hours")?;
        let expiry_days = match env.get_or("PAYOUT_EXPIRY_DAYS", "30") {
            "none" => None,
            _ => Some(env.parse_in_range("PAYOUT_EXPIRY_DAYS", 30_i64, 1..=3_650, "days, or none,")?),
        };
        let name = env.get_or("TAX_PRESET", "seed");
        let rules = preset(name);
        let debit_account = env.get("BANK_DEBIT_ACCOUNT").map(AccountNumber::try_new).transpose();
        Ok(Self {
            sealer: Sealer::from_env(env)?,
            first_rules: rules.ok_or_else(|| ConfigError::refused("TAX_PRESET", name, "seed or it_act_2025"))?,
            account_wait_hours,
            expiry_days,
            razorpayx: razorpayx(env)?,
            templates: Templates::read("BANK_FILE_TEMPLATES", env.get("BANK_FILE_TEMPLATES"))?,
            debit_account: debit_account.map_err(|error| ConfigError::new("BANK_DEBIT_ACCOUNT", error))?,
        })
    }
}

const MIN_SECRET_LENGTH: usize = 8;

fn razorpayx(env: &Env) -> Result<Option<RazorpayXConfig>, ConfigError> {
    let variables =
        ["RAZORPAYX_KEY_ID", "RAZORPAYX_KEY_SECRET", "RAZORPAYX_WEBHOOK_SECRET", "RAZORPAYX_ACCOUNT_NUMBER"];
    if variables.iter().all(|v| env.get(v).is_none()) {
        return Ok(None);
    }
    let secret = |variable| match env.required(variable)? {
        text if text.len() < MIN_SECRET_LENGTH => {
            Err(ConfigError::new(variable, format!("must have at least {MIN_SECRET_LENGTH} characters")))
        }
        text => Ok(SecretString::from(text)),
    };
    let account_number = env.required("RAZORPAYX_ACCOUNT_NUMBER")?;
    if account_number.is_empty() || !account_number.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return Err(ConfigError::new("RAZORPAYX_ACCOUNT_NUMBER", "must have letters and digits only"));
    }
    Ok(Some(RazorpayXConfig {
        key_id: env.required("RAZORPAYX_KEY_ID")?.to_owned(),
        key_secret: secret("RAZORPAYX_KEY_SECRET")?,
        webhook_secret: secret("RAZORPAYX_WEBHOOK_SECRET")?,
        account_number: account_number.to_owned(),
        api_url: env.get_or("RAZORPAYX_API_URL", "https://api.razorpay.com").trim_end_matches('/').to_owned(),
    }))
}
