//! What the box of a rotation shows: each step, and where it stands.

use super::dialog_box::{Answers, Words};
use crate::{
    console::{
        action::Id,
        model::{Line, Look, Model, Wizard},
    },
    domain::{
        rotation::{End, Holds, Standing, Step, StepState, StepView, revoked_by},
        sign::Tone,
        written::time,
    },
};

const RUNNING: Answers = &[(Id::WizardClose, "do not watch; it goes on")];
const OPEN: Answers =
    &[(Id::WizardResume, "finish it"), (Id::WizardRollBack, "roll back"), (Id::WizardClose, "leave it open")];
const CORRECT: Answers = &[(Id::WizardCorrect, "correct what was typed"), (Id::WizardClose, "close")];
const ENDED: Answers = &[(Id::WizardClose, "close")];

pub fn wizard(model: &Model, wizard: &Wizard) -> Words {
    let look = model.look;
    let mut lines: Vec<Line> = wizard.steps.iter().flat_map(|view| step(look, wizard, view)).collect();
    if wizard.steps.iter().all(|view| !matches!(view.step, Step::Restore | Step::VerifyOld)) {
        let retired = wizard.account.as_ref().is_some_and(|account| account.stands == Standing::Ended(End::Rotated));
        let (mark, tone) = if retired { (look.signs.glyph("✓", "+"), Tone::Good) } else { mark_pending(look) };
        lines.push(Line::new("", format!("{mark} retire old"), tone));
    }
    if wizard.account.is_some() || wizard.stopped.is_some() {
        lines.push(Line::plain(""));
    }
    let mut answers = if wizard.running { RUNNING } else { ENDED };
    if let Some(account) = &wizard.account {
        let (tone, said) = match &account.stands {
            _ if wizard.running => (Tone::Notice, "it goes on".to_owned()),
            Standing::Ended(End::Rotated) => (Tone::Good, account.said()),
            Standing::Open(_) | Standing::Ended(End::RolledBack { old: Ok(()), .. }) => (Tone::Notice, account.said()),
            Standing::Ended(_) => (Tone::Bad, account.said()),
        };
        lines.push(Line::new("", said, tone));
        let arrow = look.signs.glyph("→", "->");
        let prints = format!("{} {arrow} {}", account.old.join(", "), account.new.join(", "));
        lines.push(Line::new("print", prints, Tone::Dim));
        if !wizard.running {
            match &account.stands {
                Standing::Open(stage) => {
                    let begun = format!("{} UTC by {}", time(account.begun), account.by);
                    lines.push(Line::new("begun", begun, Tone::Dim));
                    if stage.holds() == Holds::New {
                        lines.push(Line::new("", "to roll back makes the old one the secret again", Tone::Dim));
                    }
                    answers = OPEN;
                }
                Standing::Ended(End::Rotated) => {
                    lines.push(Line::new("revoke", revoked_by(&account.repositories).join("\n"), Tone::Bold));
                }
                Standing::Ended(_) => {
                    if let Some(failure) = account.failure() {
                        lines.push(Line::new("next", failure.next, Tone::Plain));
                    }
                }
            }
        }
    }
    if let Some(stopped) = &wizard.stopped {
        lines.push(Line::new("", format!("{} {}", look.signs.glyph("✗", "x"), stopped.what), Tone::Bad));
        lines.push(Line::new("why", &stopped.why, Tone::Plain));
        lines.push(Line::new("next", &stopped.next, Tone::Plain));
    }
    if wizard.can_go_back() {
        answers = CORRECT;
    }
    Words::new(format!("Rotation of {}", wizard.secret), lines, Vec::new(), answers)
}

fn mark_pending(look: Look) -> (&'static str, Tone) {
    (look.signs.glyph("·", "."), Tone::Dim)
}

fn step(look: Look, wizard: &Wizard, view: &StepView) -> Vec<Line> {
    let name = view.step.name();
    let (mark, tone, said) = match &view.state {
        StepState::Pending if wizard.under_way() == Some(view.step) => {
            (look.signs.glyph("◐", "~"), Tone::Notice, vec![])
        }
        StepState::Pending => {
            let (mark, tone) = mark_pending(look);
            (mark, tone, vec![])
        }
        StepState::Done { note } => (look.signs.glyph("✓", "+"), Tone::Good, note.clone().into_iter().collect()),
        StepState::Failed(failure) => {
            (look.signs.glyph("✗", "x"), Tone::Bad, vec![format!("{}: {}", failure.what, failure.why)])
        }
    };
    let words = match said.first() {
        Some(said) => format!("{mark} {name}: {said}"),
        None => format!("{mark} {name}"),
    };
    vec![Line::new("", words, tone)]
}
