//! The templates of bank files: those of `bank_templates.json`, and the operator's own.

use crate::domain::bank_template::BankTemplate;
use runtime::ConfigError;

const BUILT_IN: &str = include_str!("bank_templates.json");
/// The template of a file that names none.
pub const DEFAULT_TEMPLATE: &str = "generic";

/// The templates by which files are written, and answers read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Templates(Vec<BankTemplate>);

impl Templates {
    /// The built-in templates, and those of the JSON text `own`, which replace built-in ones with the same id. Errors
    /// with what is wrong.
    pub fn try_new(own: Option<&str>) -> Result<Self, String> {
        let parse = |text: &str| serde_json::from_str::<Vec<BankTemplate>>(text).map_err(|e| e.to_string());
        let mut templates = parse(BUILT_IN)?;
        for template in own.map(parse).transpose()?.unwrap_or_default() {
            templates.retain(|known| known.id != template.id);
            templates.push(template);
        }
        for template in &templates {
            if let Some(fault) = template.find_fault() {
                return Err(format!("template {}: {fault}", template.id));
            }
        }
        Ok(Self(templates))
    }

    /// The templates with those of the file at `path`, if it is set. Errors with the name of the variable.
    pub fn read(variable: &'static str, path: Option<&str>) -> Result<Self, ConfigError> {
        let own = path.map(std::fs::read_to_string).transpose();
        let own = own.map_err(|error| ConfigError::new(variable, format!("cannot be read: {error}")))?;
        Self::try_new(own.as_deref()).map_err(|fault| ConfigError::new(variable, fault))
    }

    /// The template with this id; the usual one without an id.
    pub fn find(&self, id: Option<&str>) -> Option<&BankTemplate> {
        let id = id.unwrap_or(DEFAULT_TEMPLATE);
        self.0.iter().find(|template| template.id == id)
    }

    /// All templates, in the order in which they are offered.
    pub fn iter(&self) -> impl Iterator<Item = &BankTemplate> {
        self.0.iter()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_built_in_templates_are_valid() {
        let templates = Templates::try_new(None).expect("valid templates");
        let ids: Vec<&str> = templates.iter().map(|t| t.id.as_str()).collect();
        assert_eq!(ids, ["generic", "neft", "hdfc", "icici", "sbi"]);
        assert_eq!(templates.find(None).map(|t| t.id.as_str()), Some("generic"));
        assert_eq!(templates.find(Some("other")), None);
    }

    #[test]
    fn an_operators_template_replaces_a_built_in_one() {
        let mut all: Vec<serde_json::Value> = serde_json::from_str(BUILT_IN).expect("JSON");
        let mut own = all.remove(2);
        own["name"] = "Another".into();
        let templates = Templates::try_new(Some(&serde_json::json!([own]).to_string())).expect("valid templates");
        assert_eq!(templates.iter().count(), 5);
        assert_eq!(templates.find(Some("hdfc")).map(|t| t.name.as_str()), Some("Another"));
        own["columns"] = serde_json::json!([]);
        let refused = Templates::try_new(Some(&serde_json::json!([own]).to_string()));
        assert!(refused.is_err_and(|fault| fault.starts_with("template hdfc: ")));
        own["unknown"] = true.into();
        assert!(Templates::try_new(Some(&serde_json::json!([own]).to_string())).is_err());
    }
}
