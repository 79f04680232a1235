//! Settings of the officer for grievances.

use runtime::{ConfigError, Env};

/// The officer as published; the company is asked to name one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfficerSettings {
    pub name: String,
    pub address: String,
    pub email: String,
    pub phone: String,
}

impl OfficerSettings {
    /// Reads `GRIEVANCE_OFFICER_NAME`, `…_ADDRESS`, `…_EMAIL` and `…_PHONE`, all of them or none.
    ///
    /// Errors with the name of a variable that is missing or invalid.
    pub fn from_env(env: &Env) -> Result<Option<Self>, ConfigError> {
        let variables = ["NAME", "ADDRESS", "EMAIL", "PHONE"].map(|part| format!("GRIEVANCE_OFFICER_{part}"));
        let texts: Vec<String> = variables.iter().map(|v| env.get(v).unwrap_or_default().trim().to_owned()).collect();
        if texts.iter().all(String::is_empty) {
            return Ok(None);
        }
        for (variable, text) in variables.iter().zip(&texts) {
            let is_line = !text.is_empty() && text.chars().count() <= 300 && !text.chars().any(char::is_control);
            if !is_line {
                return Err(ConfigError::new(variable, "is not one line of 1 to 300 characters"));
            }
        }
        let Ok([name, address, email, phone]) = <[String; 4]>::try_from(texts) else { return Ok(None) };
        Ok(Some(Self { name, address, email, phone }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_officer_is_named_in_full_or_not_at_all() {
        assert_eq!(OfficerSettings::from_env(&Env::default()), Ok(None));
        let all = [
            ("GRIEVANCE_OFFICER_NAME", "Kavita Rao"),
            ("GRIEVANCE_OFFICER_ADDRESS", "1 Main Road, Pune"),
            ("GRIEVANCE_OFFICER_EMAIL", "grievance@ev.example"),
            ("GRIEVANCE_OFFICER_PHONE", "+91 20 1234 5678"),
        ];
        let read = |pairs: &[(&str, &str)]| OfficerSettings::from_env(&Env::from_pairs(pairs.to_vec()));
        assert_eq!(read(&all).expect("settings").expect("an officer").name, "Kavita Rao");
        for (missing, _) in all {
            let rest: Vec<_> = all.into_iter().filter(|(variable, _)| *variable != missing).collect();
            assert_eq!(read(&rest).expect_err(missing).variable, missing);
        }
    }
}
