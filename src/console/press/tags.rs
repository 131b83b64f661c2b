//! The tags of an image.

use crate::{
    console::{
        effect::Effect,
        model::{Depth, Loaded, Model},
    },
    domain::sign::Tone,
};

pub fn look_again(model: &mut Model) -> Vec<Effect> {
    if !model.tags.ask(Depth::Fresh) {
        model.say(Tone::Notice, "the registry is being asked already");
    }
    if matches!(model.project, Loaded::Failed(_)) {
        model.project = Loaded::Not;
        return vec![Effect::LoadProject];
    }
    Vec::new()
}

pub fn identity(model: &mut Model) -> Vec<Effect> {
    model.tags.identity = model.tags.identity.other();
    Vec::new()
}

pub fn next_image(model: &mut Model) -> Vec<Effect> {
    if let Loaded::Yes(project) = &model.project {
        model.tags.next_image(&project.images);
    }
    Vec::new()
}

pub fn one_image(model: &Model) -> Option<String> {
    (model.images().len() < 2).then(|| "the project has no other image".to_owned())
}
