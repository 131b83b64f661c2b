//! What is over the screen: what a dialog waited for is there, or a worker has a question of its own.

use crate::{
    console::{
        dialogs::Answer,
        effect::Effect,
        model::{Inquiry, Layer, Model, masked::Masked},
        request::Request,
        update::{releases::select, secrets},
    },
    domain::failure::{Failure, FailureKind},
};

/// A dialog that was closed meanwhile stays closed.
pub(super) fn prepared(model: &mut Model, request: &Request, prepared: Result<Answer, Failure>) -> Vec<Effect> {
    let mut there = None;
    if matches!(model.layers.last(), Some(Layer::Waiting(asked)) if asked == request) {
        model.layers.pop();
        match prepared {
            Ok(answer) => {
                there = answer.there();
                if there.is_some() {
                    // Nothing is left to be typed.
                    model.layers.pop_if(|below| matches!(below, Layer::Ask(_)));
                }
                model.layers.push(answer.layer(request, model.look.signs, model.now));
            }
            // Whoever gave no passphrase needs no card about it.
            Err(failure) if failure.kind == FailureKind::Cancelled => {}
            Err(failure) => model.fails(failure),
        }
    }
    there.map_or_else(Vec::new, |release| select(model, release))
}

/// The passphrase is asked for, unless what it is for was closed meanwhile.
pub(super) fn asked(model: &mut Model, question: String) -> Vec<Effect> {
    let is_waited_for = matches!(model.layers.last(), Some(Layer::Waiting(_)))
        || model.tags.inquiry == Inquiry::Sent
        || model.doctor.runs()
        || model.standing.unlocks
        || secrets::waits(model);
    if !is_waited_for {
        return vec![Effect::Answer(None)];
    }
    model.layers.push(Layer::Secret { question, typed: Masked::default() });
    Vec::new()
}
