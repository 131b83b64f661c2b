//! Taskcluster: the double that the tests ask in its place.

mod double;
