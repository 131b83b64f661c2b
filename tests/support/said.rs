//! What `windlass doctor` says of a project, check by check.

use super::project::{Project, Ran};

/// What one check says.
pub struct Said {
    pub outcome: String,
    pub evidence: String,
    pub fix: String,
    pub owner: String,
}

impl Said {
    pub fn of(ran: &Ran, check: &str) -> Self {
        let document = ran.json();
        assert_eq!(document["schema"], "windlass.doctor/1");
        let checks = document["checks"].as_array().expect("a list");
        let found =
            checks.iter().find(|found| found["id"] == check).unwrap_or_else(|| panic!("no {check}: {document}"));
        let text = |key: &str| found[key].as_str().unwrap_or_default().to_owned();
        let said =
            Self { outcome: text("outcome"), evidence: text("evidence"), fix: text("fix"), owner: text("owner") };
        assert_eq!(said.outcome == "pass", found["fix"].is_null() && found["owner"].is_null(), "{found}");
        assert!(!said.evidence.is_empty(), "{found}");
        said
    }

    #[track_caller]
    pub fn is(&self, outcome: &str, evidence: &str) -> &Self {
        assert_eq!(self.outcome, outcome, "{} | {}", self.evidence, self.fix);
        assert!(self.evidence.contains(evidence), "nothing of `{evidence}`: {}", self.evidence);
        self
    }

    #[track_caller]
    pub fn fixed_by(&self, fix: &str) -> &Self {
        assert!(self.fix.contains(fix), "nothing of `{fix}`: {}", self.fix);
        self
    }
}

/// One check of a project, which must end like this.
#[track_caller]
pub fn said(project: &Project, check: &str, code: i32) -> Said {
    Said::of(&project.windlass(&["doctor", check, "--json"]).exits(code), check)
}
