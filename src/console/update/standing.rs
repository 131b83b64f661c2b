//! What a release stands on, as far as it is known without a question: the engine, the vault, and who the deployment is
//! asked as.

use crate::{
    console::{
        effect::Effect,
        message::Message,
        model::{Model, remote},
    },
    domain::{
        asker::Asker,
        failure::{Failure, FailureKind},
        sign::Tone,
    },
};

/// Who the deployment is asked as is looked at with project and list, and once the vault may have been opened.
pub(super) fn sees_asker(model: &Model, message: &Message) -> bool {
    match message {
        Message::Project(Ok(_)) | Message::Cluster(..) => true,
        Message::Secrets(_) | Message::Tags(..) | Message::Prepared(..) | Message::Examined => {
            model.standing.is_locked()
        }
        _ => false,
    }
}

/// What was seen as somebody else is looked at again.
pub(super) fn asked_as(model: &mut Model, asker: Option<Asker>) {
    let before = std::mem::replace(&mut model.standing.asker, asker);
    let client = |asker: &Option<Asker>| asker.as_ref().and_then(|asker| asker.client.clone());
    if before.is_some() && client(&before) != client(&model.standing.asker) {
        remote::again(model);
    }
}

/// The vault was to be opened for the sign-in in it.
pub(super) fn unlocked(model: &mut Model, opened: Result<(), Failure>) -> Vec<Effect> {
    model.standing.unlocks = false;
    match opened {
        Ok(()) => {
            model.say(Tone::Good, "the vault is open");
            vec![Effect::SeeAsker]
        }
        Err(failure) if failure.kind == FailureKind::Cancelled => Vec::new(),
        Err(failure) => {
            model.fails(failure);
            Vec::new()
        }
    }
}
