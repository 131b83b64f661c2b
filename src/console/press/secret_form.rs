//! The form of a secret. Values go from it to a worker alone.

use crate::{
    console::{
        effect::Effect,
        model::{Errand, Layer, Model, SecretForm, Wizard},
        press::layers,
    },
    domain::{holdings::Unfinished, rotation::Step},
};

fn form(model: &mut Model) -> Option<&mut SecretForm> {
    model.scrolled = 0;
    match model.layers.last_mut() {
        Some(Layer::Form(form)) if !form.busy => Some(form),
        _ => None,
    }
}

/// On in the form; at its end it is done.
pub fn go_on(model: &mut Model) -> Vec<Effect> {
    let Some(filled) = form(model).and_then(|form| Some((form.go_on()?, form.words()))) else { return Vec::new() };
    let (wanted, words) = filled;
    match &wanted {
        Errand::Rotate { secret, .. } => {
            model.did(format!("rotating {secret}"), Some(&words));
            model.rotation = Some(Unfinished { secret: secret.clone(), due: Some(Step::VerifyNew) });
            if let Some(Layer::Form(form)) = model.layers.pop() {
                model.layers.push(Layer::Wizard(Box::new(Wizard::begins(form))));
            }
        }
        Errand::Set { secret, .. } => model.did(format!("storing {secret}"), Some(&words)),
        _ => {}
    }
    vec![Effect::Secrets(wanted)]
}

pub fn field_down(model: &mut Model) -> Vec<Effect> {
    if let Some(form) = form(model) {
        form.step(true);
    }
    Vec::new()
}

pub fn field_up(model: &mut Model) -> Vec<Effect> {
    if let Some(form) = form(model) {
        form.step(false);
    }
    Vec::new()
}

pub fn wipe_field(model: &mut Model) -> Vec<Effect> {
    if let Some(form) = form(model) {
        form.wipe();
    }
    Vec::new()
}

pub fn take_docker(model: &mut Model) -> Vec<Effect> {
    if let Some(form) = form(model) {
        form.toggle_docker();
    }
    Vec::new()
}

pub fn replace_all(model: &mut Model) -> Vec<Effect> {
    if let Some(form) = form(model) {
        form.toggle_replace();
    }
    Vec::new()
}

/// Back to the first page, or out: what was typed is wiped.
pub fn close_form(model: &mut Model) -> Vec<Effect> {
    if let Some(Layer::Form(form)) = model.layers.last_mut()
        && form.back()
    {
        model.scrolled = 0;
        return Vec::new();
    }
    layers::close(model)
}
