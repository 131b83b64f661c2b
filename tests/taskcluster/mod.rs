//! Taskcluster: the double that the tests ask in its place, and the program before it.

mod double;
mod outputs;
mod releases;
mod site;
