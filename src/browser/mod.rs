//! The browser of whoever sits here: opening a page in it, and the way back from one. Not for what a page is for, and not
//! for requests of our own.
//!
//! | file | what |
//! |---|---|
//! | `open.rs` | opens a page, where there is a desktop |
//! | `callback.rs` | [`Callback`]: takes what a page sends the browser back with, once |

mod callback;
mod open;

pub use callback::{Callback, CallbackError};
pub use open::{NotOpened, open, opener};
