//! What an engine says of its machine now. What does not change is in [`About`](super::About).

use std::path::PathBuf;

use jiff::Timestamp;

use super::{Engine, EngineError, answers::Info};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Its clock, where it tells.
    pub time: Option<Timestamp>,
    /// When it was asked, and when it had answered, by our clock.
    pub asked: Timestamp,
    pub answered: Timestamp,
    /// The folder of images and layers on the engine's machine, where it tells.
    pub root: Option<PathBuf>,
}

impl Engine {
    /// # Errors
    /// When the engine does not answer, or not in a way that is understood.
    pub async fn state(&self) -> Result<State, EngineError> {
        let asked = Timestamp::now();
        let info: Info = self.json("/info", "asking the container engine how it is").await?;
        Ok(State {
            time: info.time.parse().ok(),
            asked,
            answered: Timestamp::now(),
            root: Some(PathBuf::from(info.root)).filter(|root| root.is_absolute()),
        })
    }
}
