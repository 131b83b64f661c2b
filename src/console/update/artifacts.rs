//! What tasks left, once it is in a file or is not.

use crate::{
    console::{
        dialogs::artifacts,
        effect::Effect,
        message::Download,
        model::{Confirm, Layer, Line, Model},
    },
    domain::{artifact::Got, failure::Failure, sign::Tone, written::bytes},
    log::sanitise::plain,
};

/// Says where it is and what its hash proves; what is there already is replaced only by who says so.
pub(super) fn downloaded(model: &mut Model, Download { left, path }: Download, got: Result<Got, Failure>) {
    match got {
        Ok(Got::Written(written)) => {
            let proof = if written.checked { "its hash fits" } else { "no hash to check it by" };
            let size = bytes(written.bytes);
            model.say(Tone::Good, format!("downloaded, {proof}: {path} ({size}, {})", written.sha256));
        }
        Ok(Got::Exists) => {
            let name = plain(&left.name);
            model.type_again(&artifacts::title(&left));
            let confirm = Confirm {
                title: "Replace this file?".to_owned(),
                lines: vec![
                    Line::new("file", path.clone(), Tone::Bold),
                    Line::new("by", name.clone(), Tone::Plain),
                    Line::plain("what is in it now is lost"),
                ],
                command: Some(left.words(&path, true)),
                typed: None,
                other: None,
                said: format!("downloading {name} to {path}"),
                then: vec![Effect::Download { left, path, over: true }],
            };
            model.layers.push(Layer::Confirm(Box::new(confirm)));
        }
        Err(failure) => {
            model.type_again(&artifacts::title(&left));
            model.fails(failure);
        }
    }
}
