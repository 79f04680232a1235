//! Pure rules: document content and review ([`document`]), the sums of a quarterly statement ([`statement`]), challans
//! and what they cover ([`challan`]), the government's text file ([`return_file`]), who reads which audit entries
//! ([`audit`]), and the steps of grievances ([`grievance`]).

pub mod audit;
pub mod challan;
pub mod document;
pub mod grievance;
pub mod return_file;
pub mod statement;
