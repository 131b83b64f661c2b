//! Runs the checks of the doctor, each of which tells what it found as soon as it has; and the one cheap look at what
//! is around, which asks nobody for anything.

use super::Shared;
use crate::{
    commands::doctor as command,
    console::{
        message::Message,
        model::{Around, Subject, Which},
    },
    doctor,
    engine::{Endpoint, Engine, Limits, context::resolve},
};

impl Shared {
    pub(super) async fn examine(&self, which: Which) {
        let (check, image) = match which {
            Which::All => (None, None),
            Which::One(Subject { check, image }) => (Some(check), image),
        };
        let machine = command::machine(&self.ground, self.ground.project(), image);
        Box::pin(doctor::examine(machine, check, |report| self.tell(Message::Checked(report)))).await;
        self.tell(Message::Examined).await;
    }

    /// An engine at the other end of ssh is left alone: reaching it may ask somebody for a password.
    pub(super) async fn look_around(&self) -> Around {
        let environment = &*self.ground.environment;
        let engine = match resolve(&environment) {
            Ok(Endpoint::Ssh { .. }) => None,
            Ok(endpoint) => Some(Engine::connect_within(endpoint, Limits::default()).await.map_err(Into::into)),
            Err(error) => Some(Err(error.into())),
        };
        let engine = engine.map(|engine| engine.map(|engine| engine.about().upstream_version().to_owned()));
        let project = self.ground.project().ok().filter(|_| !self.ground.paths.vault().exists());
        let images = project.into_iter().flat_map(|project| project.images);
        let absent = images.filter(|image| image.secret.store.is_vault()).map(|image| image.name).collect();
        Around { engine, absent }
    }
}
