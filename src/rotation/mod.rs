//! The use cases around a secret's life: for now the proof that it works.

pub mod check;
