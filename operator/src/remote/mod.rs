//! The copy in Tablestore, as the resource has it: what is asked of the servers ([`spec`]), whose
//! credentials they get ([`credentials`]), what they say of it ([`word`]), and how that is told: in
//! numbers ([`report`]), in conditions ([`conditions`]) and in Events ([`notes`]). Pure; the servers
//! do the work.

pub mod conditions;
pub mod credentials;
pub mod notes;
pub mod report;
pub mod spec;
pub mod word;

#[cfg(test)]
pub(crate) mod tests;
