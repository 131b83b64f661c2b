//! The actions that a decision task offers in its `public/actions.json`: which there are, what each is for, what it may be
//! given, and what its hook is fired with. Pure. Templates are rendered elsewhere: they may ask for the time.
//! Source: Taskcluster, "Action Specification".
//!
//! Whoever writes the tasks of a group writes this file too. What it says is made harmless as it is read, and that it says
//! something is no reason to do it: see `release::cluster_action`.

use std::collections::{BTreeMap, HashSet};

use serde_json::{Map, Value};

use super::{
    payload,
    task::{Task, TaskId},
};

/// The artifact.
pub const FILE: &str = "public/actions.json";

/// Those of a decision task, in its order.
#[derive(Debug, Clone, PartialEq)]
pub struct Actions {
    variables: Map<String, Value>,
    all: Vec<Action>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    pub name: String,
    pub title: String,
    pub description: String,
    /// Tags: it is for the tasks that have all of one of these; with none of them for the group.
    context: Vec<BTreeMap<String, String>>,
    /// JSON Schema of what it is given; `null`: it is given nothing.
    pub schema: Value,
    /// The hook that does it, or why it is not done from here.
    pub hook: Result<Hook, String>,
}

/// What an action fires.
#[derive(Debug, Clone, PartialEq)]
pub struct Hook {
    pub group: String,
    pub id: String,
    /// JSON-e: what it is fired with.
    pub payload: Value,
}

impl Actions {
    /// What the file says; `clean` makes harmless what others wrote.
    ///
    /// # Errors
    /// When it is no list of actions. What is wrong with one of them is said of that one.
    pub fn read(bytes: &[u8], clean: fn(&str) -> String) -> Result<Self, String> {
        let document: Value = serde_json::from_slice(bytes).map_err(|e| e.to_string())?;
        if document["version"] != 1 {
            return Err(format!("version 1 is known, and its version is {}", clean(&document["version"].to_string())));
        }
        let entries = document["actions"].as_array().ok_or("it has no list of actions")?;
        let variables = document["variables"].as_object().cloned().unwrap_or_default();
        Ok(Self { variables, all: entries.iter().map(|entry| Action::read(entry, clean)).collect() })
    }

    /// Those for a task with these tags, or for the group: of each name the first.
    fn of<'a>(&'a self, tags: Option<&BTreeMap<String, String>>) -> impl Iterator<Item = &'a Action> {
        let mut seen = HashSet::new();
        self.all.iter().filter(move |action| action.is_for(tags) && seen.insert(action.name.as_str()))
    }

    /// The action of this name for this task, or for the group.
    #[must_use]
    pub fn named(&self, name: &str, task: Option<&Task>) -> Option<&Action> {
        self.of(task.map(|task| &task.definition.tags)).find(|action| action.name == name)
    }

    /// All, each with those of these tasks that it is for; `refused` says why one that could be done is not.
    pub fn offers(
        &self,
        tasks: &[&Task],
        clean: fn(&str) -> String,
        refused: impl Fn(&Hook) -> Option<String>,
    ) -> Vec<Offer> {
        let mut on: Vec<On> = self.all.iter().map(Action::on).collect();
        let at = |action: &Action| self.all.iter().position(|other| std::ptr::eq(other, action));
        for task in tasks {
            for found in self.of(Some(&task.definition.tags)).filter_map(at) {
                if let Some(On::Tasks(tasks)) = on.get_mut(found) {
                    tasks.push((task.id().clone(), clean(task.name())));
                }
            }
        }
        let of_group: HashSet<usize> = self.of(None).filter_map(at).collect();
        let offer = |(at, (action, on)): (usize, (&Action, On))| {
            let nobody = match &on {
                On::Tasks(tasks) if tasks.is_empty() => Some("it is for none of these tasks".to_owned()),
                On::Group if !of_group.contains(&at) => Some("another one before it has its name".to_owned()),
                On::Group | On::Tasks(_) => None,
            };
            let refused = match &action.hook {
                Err(why) => Some(why.clone()),
                Ok(hook) => nobody.or_else(|| refused(hook)),
            };
            Offer {
                name: action.name.clone(),
                title: action.title.clone(),
                description: action.description.clone(),
                on,
                hook: action.hook.as_ref().ok().map(Hook::name),
                schema: action.schema.clone(),
                refused,
            }
        };
        self.all.iter().zip(on).enumerate().map(offer).collect()
    }

    /// The hooks of those that have one, by the names of the actions.
    pub fn hooks(&self) -> impl Iterator<Item = (&str, &Hook)> {
        self.all.iter().filter_map(|action| Some((action.name.as_str(), action.hook.as_ref().ok()?)))
    }

    /// What a template is rendered with. What the file calls a variable comes before what is always there.
    #[must_use]
    pub fn context(&self, group: &TaskId, task: Option<&TaskId>, input: Value) -> Value {
        let task = task.map_or(Value::Null, |task| task.as_str().into());
        let own = [("taskGroupId", group.as_str().into()), ("taskId", task), ("input", input)];
        let own = own.map(|(name, value)| (name.to_owned(), value)).into_iter();
        Value::Object(own.chain(self.variables.clone()).collect())
    }
}

impl Action {
    fn read(entry: &Value, clean: fn(&str) -> String) -> Self {
        let text = |field: &str| entry[field].as_str().map(clean).unwrap_or_default();
        let context: Option<Vec<BTreeMap<String, String>>> = serde_json::from_value(entry["context"].clone()).ok();
        let known = context.is_some();
        let hook = Hook::read(entry, clean).and_then(|hook| match known {
            true if entry["name"].is_string() => Ok(hook),
            true => Err("it has no name".to_owned()),
            false => Err("it does not say which tasks it is for".to_owned()),
        });
        Self {
            name: text("name"),
            title: text("title"),
            description: text("description"),
            context: context.unwrap_or_default(),
            schema: entry["schema"].clone(),
            hook,
        }
    }

    fn is_for(&self, tags: Option<&BTreeMap<String, String>>) -> bool {
        let Some(tags) = tags else { return self.context.is_empty() };
        self.context.iter().any(|wanted| wanted.iter().all(|(tag, value)| tags.get(tag) == Some(value)))
    }

    fn on(&self) -> On {
        if self.context.is_empty() { On::Group } else { On::Tasks(Vec::new()) }
    }

    /// What its template gets as its input, of what somebody gives it: where that is nothing, what its schema says is usual.
    ///
    /// # Errors
    /// When it is not as the schema says: JSON pointers, and what is wrong there.
    pub fn input(&self, given: Option<Value>) -> Result<Value, String> {
        taken(&self.schema, given)
    }

    /// Words of its schema that were not held against this input: nobody does that before the task of the action runs.
    #[must_use]
    pub fn unchecked(&self, input: &Value) -> Vec<String> {
        if self.schema.is_null() {
            Vec::new()
        } else {
            payload::check(&self.schema, input).unchecked.into_iter().collect()
        }
    }
}

fn taken(schema: &Value, given: Option<Value>) -> Result<Value, String> {
    let given = given.filter(|given| given.as_object().is_none_or(|fields| !fields.is_empty()));
    if schema.is_null() {
        return match given {
            None => Ok(Value::Null),
            Some(_) => Err("it is given nothing: it has no schema".to_owned()),
        };
    }
    let input = given.unwrap_or_else(|| payload::defaults(schema));
    match payload::check(schema, &input).told() {
        None => Ok(input),
        Some(why) => Err(why),
    }
}

impl Hook {
    fn read(entry: &Value, clean: fn(&str) -> String) -> Result<Self, String> {
        match entry["kind"].as_str() {
            Some("hook") => {}
            Some(kind) => return Err(format!("its kind is {}: only hooks are fired from here", clean(kind))),
            None => return Err("it does not say of which kind it is".to_owned()),
        }
        // Source: hooks, patterns of `hookGroupId` and `hookId`.
        let is_name = |text: &&str| {
            let known = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'/');
            !text.is_empty() && text.len() <= 1000 && text.bytes().all(known)
        };
        let name = |field: &str| entry[field].as_str().filter(is_name);
        match (name("hookGroupId").filter(|group| !group.contains('/')), name("hookId")) {
            (Some(group), Some(id)) => {
                Ok(Self { group: group.to_owned(), id: id.to_owned(), payload: entry["hookPayload"].clone() })
            }
            _ => Err("it names no hook".to_owned()),
        }
    }

    /// `group/id`
    #[must_use]
    pub fn name(&self) -> String {
        format!("{}/{}", self.group, self.id)
    }

    /// The level of trust that it says it has. Source: taskgraph, actions: `in-tree-action-3-generic/0123456789`.
    #[must_use]
    pub fn level(&self) -> Option<u8> {
        level(self.id.strip_prefix("in-tree-action-")?)
    }
}

/// The level of trust that a scheduler is of. Source: taskgraph: `balrog-level-3`.
#[must_use]
pub fn level_of_scheduler(id: &str) -> Option<u8> {
    let (_, level_of) = id.rsplit_once("-level-")?;
    level(level_of)
}

/// Levels are one digit.
fn level(text: &str) -> Option<u8> {
    let (digits, _) = text.split_once('-').unwrap_or((text, ""));
    digits.parse().ok().filter(|level| *level < 10)
}

/// What an action is done to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum On {
    Group,
    /// Each of these, by itself.
    Tasks(Vec<(TaskId, String)>),
}

/// An action, for whoever chooses from several.
#[derive(Debug, Clone, PartialEq)]
pub struct Offer {
    pub name: String,
    pub title: String,
    pub description: String,
    pub on: On,
    /// `group/id`
    pub hook: Option<String>,
    pub schema: Value,
    /// Why it is not done from here.
    pub refused: Option<String>,
}

impl Offer {
    /// It may be given something that makes a difference.
    #[must_use]
    pub fn asks(&self) -> bool {
        let fields = self.schema["properties"].as_object().is_some_and(|fields| !fields.is_empty());
        fields || !(self.schema.is_null() || self.schema["type"] == "object")
    }

    /// What it is given where nobody says otherwise, as JSON.
    #[must_use]
    pub fn usual(&self) -> String {
        payload::defaults(&self.schema).to_string()
    }

    /// Whether it can be given this.
    ///
    /// # Errors
    /// When it is no JSON, or not as the schema says.
    pub fn takes(&self, text: &str) -> Result<(), String> {
        let given = serde_json::from_str(text).map_err(|e| format!("it is no JSON: {e}"))?;
        taken(&self.schema, Some(given)).map(drop)
    }

    /// A row for each thing that it can be given, and what is said of it.
    #[must_use]
    pub fn fields(&self, clean: fn(&str) -> String) -> Vec<(String, String)> {
        let field = |(name, schema): (&String, &Value)| {
            let kind = match &schema["type"] {
                Value::String(kind) => clean(kind),
                _ => String::new(),
            };
            let said = ["title", "description"].into_iter().find_map(|word| schema[word].as_str());
            let said = said.map(clean).unwrap_or_default();
            (clean(name), [kind, said].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().join(": "))
        };
        self.schema["properties"].as_object().into_iter().flatten().map(field).collect()
    }
}

/// The tasks of these that an action task made, where they say so: its own end says nothing of theirs.
/// Source: taskgraph, actions: `extra.parent`, and a dependency on it.
pub fn made_by<'a>(action: &'a TaskId, tasks: &'a [Task]) -> impl Iterator<Item = &'a Task> {
    tasks.iter().filter(move |task| {
        let definition = &task.definition;
        let made =
            definition.extra["parent"].as_str() == Some(action.as_str()) || definition.dependencies.contains(action);
        made && task.id() != action
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const GROUP: &str = "f18OCIBgRoSL6-8OrQg82Q";
    const OTHER: &str = "LHIFqN2-Twa_NSAVguP9dw";

    fn clean(text: &str) -> String {
        text.replace('\u{1b}', "")
    }

    fn task(id: &str, tags: &Value, more: &Value) -> Task {
        let mut task = json!({
            "status": {"taskId": id, "taskGroupId": GROUP, "deadline": "2026-11-23T07:14:15Z", "state": "completed"},
            "task": {
                "taskGroupId": GROUP, "created": "2026-11-23T06:14:15Z", "deadline": "2026-11-23T07:14:15Z",
                "metadata": {"name": "push\u{1b}"}, "tags": tags,
            },
        });
        for (key, value) in more.as_object().into_iter().flatten() {
            task["task"][key] = value.clone();
        }
        serde_json::from_value(task).unwrap()
    }

    fn action(name: &str, title: &str, context: &Value) -> Value {
        json!({
            "name": name, "title": title, "description": "d", "context": context, "kind": "hook",
            "hookGroupId": "project-x", "hookId": "in-tree-action-3-generic/0123", "hookPayload": {"a": {"$eval": "input"}},
        })
    }

    fn read(actions: &[Value]) -> Actions {
        let document = json!({"version": 1, "variables": {"taskId": "mine", "x": 1}, "actions": actions});
        Actions::read(document.to_string().as_bytes(), clean).unwrap()
    }

    #[test]
    fn the_first_of_a_name_that_fits_the_tags_is_the_one() {
        let actions = read(&[
            action("retrigger", "of builds", &json!([{"kind": "build", "os": "linux"}, {"kind": "image"}])),
            action("retrigger", "of all", &json!([{}])),
            action("retrigger", "of the group", &json!([])),
            action("retrigger", "never", &json!([])),
        ]);
        let title = |task: Option<&Task>| actions.named("retrigger", task).unwrap().title.clone();
        for (tags, wanted) in [
            (json!({"kind": "build", "os": "linux", "more": "x"}), "of builds"),
            (json!({"kind": "image"}), "of builds"),
            (json!({"kind": "build"}), "of all"),
            (json!({}), "of all"),
        ] {
            assert_eq!(title(Some(&task(OTHER, &tags, &json!({})))), wanted, "{tags}");
        }
        assert_eq!(title(None), "of the group");
        assert_eq!(actions.named("cancel", None), None);
        let build = task(OTHER, &json!({"kind": "image"}), &json!({}));
        let offers = actions.offers(&[&build], clean, |hook| (hook.level() != Some(3)).then(String::new));
        let told: Vec<_> = offers.iter().map(|offer| (offer.on.clone(), offer.refused.as_deref())).collect();
        assert_eq!(
            told,
            [
                (On::Tasks(vec![(OTHER.parse().unwrap(), "push".to_owned())]), None),
                (On::Tasks(Vec::new()), Some("it is for none of these tasks")),
                (On::Group, None),
                (On::Group, Some("another one before it has its name")),
            ]
        );
    }

    #[test]
    fn what_is_not_known_here_is_listed_and_not_offered() {
        let with = |field: &str, value: Value| {
            let mut changed = action("x", "\u{1b}[2Jt", &json!([]));
            changed[field] = value;
            changed
        };
        for (entry, why) in [
            (with("kind", json!("task")), "its kind is task: only hooks are fired from here"),
            (with("kind", Value::Null), "it does not say of which kind it is"),
            (with("hookId", json!("a b")), "it names no hook"),
            (with("hookGroupId", json!("a/b")), "it names no hook"),
            (with("hookGroupId", json!("a\u{202e}b")), "it names no hook"),
            (with("context", json!("x")), "it does not say which tasks it is for"),
            (with("context", json!([{"kind": 1}])), "it does not say which tasks it is for"),
            (with("name", json!(5)), "it has no name"),
            (json!("x"), "it does not say of which kind it is"),
        ] {
            let offers = read(std::slice::from_ref(&entry)).offers(&[], clean, |_| None);
            assert_eq!(offers[0].refused.as_deref(), Some(why), "{entry}");
            assert!(!offers[0].title.contains('\u{1b}'));
        }
        for text in ["", "[]", r#"{"version": 2, "actions": []}"#, r#"{"version": 1, "actions": {}}"#] {
            Actions::read(text.as_bytes(), clean).unwrap_err();
        }
    }

    #[test]
    fn input_is_what_the_schema_says_and_its_defaults_where_nothing_is_given() {
        let schema = json!({
            "type": "object", "additionalProperties": false,
            "properties": {
                "times": {"type": "integer", "default": 1, "title": "How often\u{1b}", "multipleOf": 1},
                "deep": {"properties": {"a": {"default": 2}}}, "downstream": {"type": "boolean"},
            },
        });
        let usual = json!({"times": 1, "deep": {"a": 2}});
        let mut of = action("x", "t", &json!([]));
        assert_eq!(read(&[of.clone()]).all[0].input(None), Ok(Value::Null));
        assert_eq!(read(&[of.clone()]).all[0].input(Some(json!({}))), Ok(Value::Null));
        assert!(read(&[of.clone()]).all[0].input(Some(json!(1))).is_err());
        of["schema"] = schema;
        let actions = read(&[of]);
        let input = |given: Option<Value>| actions.all[0].input(given);
        assert_eq!(input(None), Ok(usual.clone()));
        assert_eq!(input(Some(json!({}))), Ok(usual.clone()));
        assert_eq!(input(Some(json!({"times": 3}))), Ok(json!({"times": 3})));
        assert_eq!(actions.all[0].unchecked(&json!({"times": 3})), ["multipleOf"]);
        assert_eq!(input(Some(json!({"times": "3"}))), Err("/times: it must be integer".to_owned()));
        let offer = actions.offers(&[], clean, |_| None).remove(0);
        assert!(offer.asks());
        assert_eq!(serde_json::from_str::<Value>(&offer.usual()).unwrap(), usual);
        assert_eq!(offer.takes("{\"times\": 3}"), Ok(()));
        assert!(offer.takes("{\"times\": ").unwrap_err().starts_with("it is no JSON"));
        assert!(offer.takes("{\"time\": 3}").unwrap_err().starts_with("/time: "));
        assert!(offer.fields(clean).contains(&("times".to_owned(), "integer: How often".to_owned())));
    }

    #[test]
    fn templates_know_group_task_input_and_the_files_own_variables() {
        let (group, task) = (GROUP.parse().unwrap(), OTHER.parse().unwrap());
        let context = Actions { variables: Map::new(), all: Vec::new() }.context(&group, Some(&task), json!({"a": 1}));
        assert_eq!(context, json!({"taskGroupId": GROUP, "taskId": OTHER, "input": {"a": 1}}));
        let context = read(&[]).context(&group, None, Value::Null);
        assert_eq!(context, json!({"taskGroupId": GROUP, "taskId": "mine", "input": null, "x": 1}));
    }

    #[test]
    fn levels_are_read_where_they_are_said() {
        for (scheduler, level) in
            [("balrog-level-3", Some(3)), ("x-level-1", Some(1)), ("taskcluster-github", None), ("a-level-x", None)]
        {
            assert_eq!(level_of_scheduler(scheduler), level, "{scheduler}");
        }
        for (id, level) in [("in-tree-action-1-generic/01", Some(1)), ("release/x", None), ("in-tree-action-x", None)] {
            let hook = Hook { group: "g".to_owned(), id: id.to_owned(), payload: Value::Null };
            assert_eq!(hook.level(), level, "{id}");
        }
    }

    #[test]
    fn what_an_action_task_made_is_known_by_its_parent_or_by_waiting_for_it() {
        let action: TaskId = OTHER.parse().unwrap();
        let id = |n: u8| TaskId::from_random([n; 16]).to_string();
        let tasks = [
            task(GROUP, &json!({}), &json!({"extra": {"parent": GROUP}})),
            task(OTHER, &json!({}), &json!({"dependencies": [OTHER]})),
            task(&id(1), &json!({}), &json!({"extra": {"parent": OTHER}})),
            task(&id(2), &json!({}), &json!({"dependencies": [GROUP, OTHER]})),
        ];
        let made: Vec<String> = made_by(&action, &tasks).map(|task| task.id().to_string()).collect();
        assert_eq!(made, [id(1), id(2)]);
    }
}
