//! What news of secrets change.

use crate::{
    console::{
        effect::Effect,
        model::{
            Errand, Holdings, Known, Layer, Loaded, Model, NotSet, Offer, Reload, Screen, SecretForm, SecretNews,
            Wizard,
        },
        press::secrets::look,
    },
    domain::{
        audit::{Act, AuditRow, Outcome},
        failure::{Failure, FailureKind},
        holdings::{Changed, Held, Unfinished},
        name::SecretName,
        proof::PushProof,
        rotation::{Account, End, Holds, Standing},
        sign::Tone,
    },
};

pub(super) fn heard(model: &mut Model, news: SecretNews) -> Vec<Effect> {
    match news {
        SecretNews::Holdings(holdings) => return looked(model, holdings),
        SecretNews::Docker(name, offer) => {
            if let Some(form) = form(model, &name).filter(|form| form.docker == Offer::Asked) {
                form.docker = match offer {
                    Ok(None) => Offer::None,
                    Ok(Some(words)) => Offer::There(words),
                    Err(Failure { what, why, .. }) => Offer::Refused(format!("{what}: {why}")),
                };
            }
        }
        SecretNews::Set(name, Ok(said)) => {
            model.layers.retain(|layer| !matches!(layer, Layer::Form(form) if form.secret == name && form.busy));
            model.secrets.forget(&name);
            for words in said {
                model.say(Tone::Good, words);
            }
            return look(model);
        }
        SecretNews::Set(name, Err(why)) => {
            let (NotSet::Unfit(failure) | NotSet::Failed(failure)) = &why;
            let failure = failure.clone();
            model.toasts.clear();
            match form(model, &name) {
                Some(form) => {
                    form.refuse(why);
                    if failure.kind != FailureKind::Cancelled {
                        model.activity.add(model.now, Tone::Bad, failure.to_string(), None);
                    }
                }
                None => fails(model, failure),
            }
        }
        SecretNews::Bound(name, Ok(to)) => {
            model.say(Tone::Good, format!("{name} may be used for {}", to.join(", ")));
            return look(model);
        }
        SecretNews::Checked(name, found) => {
            model.secrets.checking.remove(&name);
            match found {
                Ok(found) => {
                    let may = found
                        .iter()
                        .filter(|(_, report)| report.as_ref().is_ok_and(|report| report.push == PushProof::May));
                    let cannot_tell = found
                        .iter()
                        .any(|(_, report)| report.as_ref().is_ok_and(|report| report.push == PushProof::CannotTell));
                    let (tone, words) = match (may.count() == found.len(), cannot_tell) {
                        (true, _) => (Tone::Good, format!("{name} is accepted and may push")),
                        (false, true) => (Tone::Notice, format!("{name}: cannot tell whether it may push: read-only")),
                        (false, false) => (Tone::Bad, format!("{name} does not work everywhere")),
                    };
                    model.say(tone, words);
                    let images = model.images().to_vec();
                    for (repository, report) in &found {
                        let of = images.iter().filter(|image| image.repository == *repository);
                        of.for_each(|image| model.standing.proven(&image.name, report));
                    }
                    model.secrets.checked(&name, model.now, found);
                }
                Err(failure) => fails(model, failure),
            }
        }
        SecretNews::Step(name, view) => {
            if let Some(wizard) = wizard(model, &name) {
                wizard.told(view);
                // Where it stands changes with each step; how is told at the end.
                let due = wizard.under_way();
                model.rotation = Some(Unfinished { secret: name, due });
            }
        }
        SecretNews::Rotated(name, told) => return rotated(model, &name, told.map(|account| *account)),
        SecretNews::Removed(name, Ok(())) => {
            model.secrets.forget(&name);
            model.say(Tone::Good, format!("{name} is removed"));
            return look(model);
        }
        SecretNews::Bound(_, Err(failure)) | SecretNews::Removed(_, Err(failure)) => fails(model, failure),
    }
    Vec::new()
}

/// The audit trail may tell of a rotation that has not ended. What the vault says counts for more. Where it tells of a
/// change that was not known, what is shown of the stores is looked at again: nobody is asked for a passphrase by that.
pub(super) fn told(model: &mut Model, trail: &[AuditRow]) -> Vec<Effect> {
    let changes: Vec<AuditRow> = trail.iter().filter(|row| changes(row)).cloned().collect();
    let before = model.secrets.changes.replace(changes.clone());
    let is_news = |row: &&AuditRow| before.as_ref().is_some_and(|before| !before.contains(*row));
    let news: Vec<&AuditRow> = changes.iter().filter(is_news).collect();
    if !matches!(model.secrets.holdings, Loaded::Yes(_)) {
        model.rotation = Unfinished::in_trail(trail);
    }
    let mut effects = Vec::new();
    if news.iter().any(|row| !row.what.is_of_secret()) {
        effects.push(Effect::SeeAsker);
    }
    let shown = model.screen == Screen::Secrets && matches!(model.secrets.holdings, Loaded::Yes(_));
    if shown && !news.is_empty() && model.secrets.ask() {
        effects.push(Effect::Secrets(Errand::Look));
    }
    effects
}

/// What stores hold, or who asks them, is another after it. What only began has changed nothing yet, but for a rotation.
fn changes(row: &AuditRow) -> bool {
    let signs = matches!(row.what, Act::SignIn | Act::SignOut);
    let rotates = matches!(row.what, Act::SecretRotate | Act::SecretResume | Act::SecretRollback);
    (row.what.is_of_secret() || signs) && (rotates || row.outcome != Outcome::Begun)
}

/// Whoever gave no passphrase needs no card about it.
fn fails(model: &mut Model, failure: Failure) {
    if failure.kind != FailureKind::Cancelled {
        model.fails(failure);
    }
}

fn looked(model: &mut Model, holdings: Result<Box<Holdings>, Failure>) -> Vec<Effect> {
    let again = model.secrets.take(holdings);
    if matches!(model.secrets.holdings, Loaded::Yes(_)) {
        let mut open = model.secrets.rows().iter().filter_map(|row| row.rotation.as_ref());
        model.rotation = open.find_map(Unfinished::of);
    }
    let Model { secrets, standing, .. } = model;
    for row in secrets.rows() {
        let (word, tone) = row.standing();
        let words = match &row.held {
            // Beside it stands where the rotation is.
            _ if row.rotation.is_some() => String::new(),
            Some(Held { changed: Ok(Changed { at, .. }), .. }) if tone == Tone::Good => {
                format!("{word} {}", at.strftime("%-d %b"))
            }
            _ => word.to_owned(),
        };
        for image in row.needed.iter().flat_map(|needed| &needed.images) {
            standing.held(image, Known { tone, words: words.clone() }, row.held.is_some());
        }
    }
    // A rotation that could not go on is still there: it can be taken up.
    if let Some(Layer::Wizard(wizard)) = model.layers.last_mut()
        && !wizard.running
        && let Some(open) = model.secrets.row(&wizard.secret).and_then(|row| row.rotation.clone())
    {
        wizard.stands(open);
    }
    if again { vec![Effect::Secrets(Errand::Look)] } else { Vec::new() }
}

fn rotated(model: &mut Model, name: &SecretName, told: Result<Account, Failure>) -> Vec<Effect> {
    // A check of the old one still counts where that is the secret.
    let overtaken = |account: &Account| matches!(account.stands, Standing::Ended(End::Overtaken(_)));
    if told.as_ref().is_ok_and(|account| account.stands.holds() == Holds::New || overtaken(account)) {
        model.secrets.forget(name);
    }
    let (tone, words) = match &told {
        Ok(account) => match &account.stands {
            Standing::Ended(End::Rotated) => {
                (Tone::Good, format!("{name} is rotated; revoke the old one at the registry"))
            }
            Standing::Ended(End::RolledBack { old: Ok(()), .. }) => {
                (Tone::Notice, format!("{name}: {}", account.said()))
            }
            _ => (Tone::Bad, format!("{name}: {}", account.said())),
        },
        Err(failure) => (Tone::Bad, format!("{}: {}", failure.what, failure.why)),
    };
    model.say(tone, words);
    if let Ok(account) = &told {
        model.rotation = Unfinished::of(account);
    }
    if let Some(wizard) = wizard(model, name) {
        wizard.ends(told);
    }
    look(model)
}

fn form<'a>(model: &'a mut Model, name: &SecretName) -> Option<&'a mut SecretForm> {
    model.layers.iter_mut().find_map(|layer| match layer {
        Layer::Form(form) if form.secret == *name => Some(&mut **form),
        _ => None,
    })
}

fn wizard<'a>(model: &'a mut Model, name: &SecretName) -> Option<&'a mut Wizard> {
    model.layers.iter_mut().find_map(|layer| match layer {
        Layer::Wizard(wizard) if wizard.secret == *name => Some(&mut **wizard),
        _ => None,
    })
}

/// A worker may ask for the passphrase of the vault: something of ours is under way.
pub(super) fn waits(model: &Model) -> bool {
    let busy = |layer: &Layer| match layer {
        Layer::Form(form) => form.busy,
        Layer::Wizard(wizard) => wizard.running,
        _ => false,
    };
    model.secrets.reload != Reload::Idle || !model.secrets.checking.is_empty() || model.layers.iter().any(busy)
}

#[cfg(test)]
mod tests;
