//! The namespace as its users see it: one by one against HDFS's answers, at random against a model.

mod attributes;
mod check;
mod files;
mod fs;
mod model;
mod random;
mod recovery;
mod steps;
mod tree;
