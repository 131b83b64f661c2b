//! Adding up what the engine says into [`Progress`].

use std::collections::BTreeMap;

pub use crate::domain::progress::Progress;
use crate::{
    domain::reference::Tag,
    engine::{LayerState, PushEvent},
};

/// A remark is cut off after so many characters: nobody draws more in a line.
const LONGEST_REMARK: usize = 500;

/// Adds up what an engine says about the layers of a push.
#[derive(Debug, Default)]
pub(super) struct Tally {
    tag: Option<Tag>,
    /// Sent and total, by the layer's id.
    layers: BTreeMap<String, (u64, u64)>,
}

impl Tally {
    pub fn add(&mut self, tag: &Tag, event: &PushEvent) -> Progress {
        if self.tag.as_ref() != Some(tag) {
            self.tag = Some(tag.clone());
            self.layers.clear();
        }
        let tag = tag.clone();
        match event {
            PushEvent::Status(text) => Progress::Remark { tag, text: text.chars().take(LONGEST_REMARK).collect() },
            PushEvent::Layer { id, state } => {
                let known = self.layers.entry(id.clone()).or_default();
                match state {
                    LayerState::Pushing { current, total } => *known = ((*current).min(*total), *total),
                    LayerState::Pushed | LayerState::Exists | LayerState::Mounted => known.0 = known.1,
                    LayerState::Retrying { seconds } => {
                        return Progress::Retrying { tag, layer: id.clone(), seconds: *seconds };
                    }
                    LayerState::Preparing | LayerState::Waiting => {}
                }
                let add = |sum: (u64, u64), of: &(u64, u64)| (sum.0.saturating_add(of.0), sum.1.saturating_add(of.1));
                let (sent, total) = self.layers.values().fold((0, 0), add);
                Progress::Layers { tag, layers: self.layers.len(), sent, total }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_add_up_for_each_tag_alone() {
        let mut tally = Tally::default();
        let [frozen, moving]: [Tag; 2] = ["v1", "latest"].map(|tag| tag.parse().unwrap());
        let layer = |id: &str, state| PushEvent::Layer { id: id.to_owned(), state };
        tally.add(&frozen, &layer("a", LayerState::Pushing { current: 10, total: 100 }));
        assert_eq!(
            tally.add(&frozen, &layer("b", LayerState::Pushing { current: 7, total: 5 })),
            Progress::Layers { tag: frozen.clone(), layers: 2, sent: 15, total: 105 },
            "never more than there is"
        );
        let retried = tally.add(&frozen, &layer("b", LayerState::Retrying { seconds: 5 }));
        assert_eq!(retried, Progress::Retrying { tag: frozen.clone(), layer: "b".to_owned(), seconds: 5 });
        assert_eq!(
            tally.add(&frozen, &layer("a", LayerState::Pushed)),
            Progress::Layers { tag: frozen, layers: 2, sent: 105, total: 105 }
        );
        assert_eq!(
            tally.add(&moving, &layer("a", LayerState::Exists)),
            Progress::Layers { tag: moving.clone(), layers: 1, sent: 0, total: 0 }
        );
        let endless = || LayerState::Pushing { current: u64::MAX, total: u64::MAX };
        tally.add(&moving, &layer("a", endless()));
        assert_eq!(
            tally.add(&moving, &layer("b", endless())),
            Progress::Layers { tag: moving.clone(), layers: 2, sent: u64::MAX, total: u64::MAX },
            "whatever an engine says"
        );
        let Progress::Remark { text, .. } = tally.add(&moving, &PushEvent::Status("é".repeat(9000))) else { panic!() };
        assert_eq!(text.chars().count(), LONGEST_REMARK);
    }
}
