//! How far the release that runs is, for the terminal to show beside its title.

use crate::{
    console::model::{Model, runs},
    domain::{
        event::Step,
        progress::Progress,
        release::{Release, StepState},
    },
};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bar {
    /// Nobody knows how far.
    Busy,
    Percent(u8),
}

impl Bar {
    /// Of the newest release that builds or pushes; `None` where there is none.
    pub fn of(model: &Model) -> Option<Self> {
        let release = model.list().iter().find(|release| runs(release) && works(release))?;
        Some(match model.doing(&release.plan.release).map(|doing| &doing.progress) {
            Some(Progress::Layers { sent, total, .. }) if *total > 0 => {
                let percent = sent.saturating_mul(100) / total;
                Self::Percent(u8::try_from(percent.min(100)).unwrap_or(100))
            }
            _ => Self::Busy,
        })
    }
}

fn works(release: &Release) -> bool {
    let running = |step| release.steps.iter().any(|row| row.step == step && row.state == StepState::Running);
    [Step::Build, Step::Archive, Step::Push].into_iter().any(running)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        console::{
            message::News,
            sample::{console, news, release, running, tell},
        },
        domain::event::Event,
    };

    #[test]
    fn a_push_has_a_percentage_and_a_build_has_none() {
        let building = vec![Event::StepStarted { step: Step::Build }];
        let model = console((100, 30), vec![release(3, "2026-11-21T09:30:00Z", building)]);
        assert_eq!(Bar::of(&model), Some(Bar::Busy));
        let mut model = console((100, 30), vec![running(1)]);
        let layers = |sent| Progress::Layers { tag: "latest".parse().unwrap(), layers: 3, sent, total: 200 };
        tell(&mut model, news(1, News::Progress(layers(124))));
        assert_eq!(Bar::of(&model), Some(Bar::Percent(62)));
        tell(&mut model, news(1, News::Progress(layers(900))));
        assert_eq!(Bar::of(&model), Some(Bar::Percent(100)));
        let ended = release(2, "2026-11-21T09:30:00Z", vec![Event::Finished]);
        assert_eq!(Bar::of(&console((100, 30), vec![ended])), None);
    }
}
