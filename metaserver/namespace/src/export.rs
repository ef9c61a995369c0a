//! The form of an export: one file with the whole namespace.
