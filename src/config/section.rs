//! A typed look at TOML tables that knows where everything stands, and collects problems instead of
//! ending at the first. What a key means is not known here.

use std::{fmt::Display, ops::Range, str::FromStr};

use toml::{
    Spanned,
    de::{DeTable, DeValue},
};

use super::{ConfigError, Diagnostic};
use crate::domain::{
    nearest::nearest,
    template::{BadTemplate, Template},
};

/// A file that is being read, and what was found wrong with it so far.
pub(super) struct Reader<'t> {
    file: &'t str,
    text: &'t str,
    problems: Vec<Diagnostic>,
}

/// One table of the file.
pub(super) struct Section<'a> {
    /// As people write it: `[policy]`, `[[image]]`.
    title: String,
    table: &'a DeTable<'a>,
    span: Range<usize>,
    /// Keys that are there under a misspelt name, which is reported already.
    misspelt: Vec<String>,
}

/// A string of the file.
#[derive(Clone)]
pub(super) struct Text<'a> {
    pub value: &'a str,
    pub span: Range<usize>,
}

impl<'t> Reader<'t> {
    pub fn new(file: &'t str, text: &'t str) -> Self {
        Self { file, text, problems: Vec::new() }
    }

    /// The whole file as a table, or every mistake of its syntax.
    pub fn document(&mut self) -> Option<Spanned<DeTable<'t>>> {
        let (document, errors) = DeTable::parse_recoverable(self.text);
        for error in &errors {
            let message = error.message().trim().replace('\n', ", ");
            self.problem(error.span().unwrap_or(0..0), &message, None);
        }
        errors.is_empty().then_some(document)
    }

    pub fn problem(&mut self, span: Range<usize>, message: &str, suggestion: Option<&str>) {
        self.problems.push(Diagnostic::at(self.file, self.text, span, message, suggestion));
    }

    /// Where a word of the file stands, for whoever judges it later.
    pub fn place(&self, text: &Text<'_>) -> Diagnostic {
        Diagnostic::at(self.file, self.text, text.span.clone(), "", None)
    }

    /// The same as [`Self::problem`], with the nearest of these words as the suggestion.
    pub fn misspelt<'c>(
        &mut self,
        span: Range<usize>,
        message: &str,
        word: &str,
        known: impl IntoIterator<Item = &'c str, IntoIter: Clone>,
    ) {
        let known = known.into_iter();
        let suggestion = match nearest(word, known.clone()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => match known.map(|word| format!("`{word}`")).collect::<Vec<_>>() {
                none if none.is_empty() => String::new(),
                all => format!("expected {}", all.join(", ")),
            },
        };
        self.problem(span, message, Some(suggestion.as_str()).filter(|text| !text.is_empty()));
    }

    /// `value`, unless anything was wrong.
    pub fn finish<T>(mut self, value: Option<T>) -> Result<T, ConfigError> {
        match value {
            Some(value) if self.problems.is_empty() => Ok(value),
            _ => {
                self.problems.sort_by_key(|problem| (problem.line, problem.column));
                Err(ConfigError::Invalid { file: self.file.to_owned(), problems: self.problems })
            }
        }
    }

    /// A string as a `T`; what `T` says against it becomes the problem.
    pub fn parsed<T: FromStr<Err: Display>>(&mut self, text: &Text<'_>) -> Option<T> {
        text.value.parse().map_err(|why: T::Err| self.problem(text.span.clone(), &why.to_string(), None)).ok()
    }

    /// A string as a template; the caret stands under the placeholder that is wrong.
    pub fn template(&mut self, text: &Text<'_>) -> Option<Template> {
        let blame = |bad: BadTemplate| {
            self.problem(self.inside(text, bad.span()), &bad.to_string(), Some(&bad.suggestion()));
        };
        text.value.parse().map_err(blame).ok()
    }

    /// Where these bytes of a string stand in the file; the whole string where escapes shift them.
    fn inside(&self, text: &Text<'_>, part: Range<usize>) -> Range<usize> {
        let start = text.span.start + 1;
        let plain = self.text.get(start..start + text.value.len()) == Some(text.value);
        if plain { start + part.start..start + part.end } else { text.span.clone() }
    }
}

impl<'a> Section<'a> {
    pub fn of(title: &str, table: &'a DeTable<'a>, span: Range<usize>) -> Self {
        Self { title: title.to_owned(), table, span, misspelt: Vec::new() }
    }

    /// Where the table begins: what is missing in it is reported there.
    pub fn span(&self) -> Range<usize> {
        self.span.clone()
    }

    /// Reports every other key.
    pub fn only(mut self, reader: &mut Reader<'_>, keys: &[&str]) -> Self {
        for key in self.table.keys().filter(|key| !keys.contains(&key.get_ref().as_ref())) {
            let unused = keys.iter().copied().filter(|known| !self.table.contains_key(*known));
            let word = key.get_ref();
            self.misspelt.extend(nearest(word, unused.clone()).map(ToOwned::to_owned));
            reader.misspelt(key.span(), &format!("unknown key `{word}` in {}", self.title), word, unused);
        }
        self
    }

    /// The key is not there, under a misspelt name neither.
    pub fn lacks(&self, key: &str) -> bool {
        !self.has(key) && !self.misspelt.iter().any(|meant| meant == key)
    }

    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// Every key with where it stands, and its value.
    pub fn entries(&self) -> impl Iterator<Item = (Text<'a>, &'a Spanned<DeValue<'a>>)> + use<'a> {
        self.table.iter().map(|(key, value)| (Text { value: key.get_ref(), span: key.span() }, value))
    }

    /// Reports these keys where they are not there.
    pub fn require(&self, reader: &mut Reader<'_>, keys: &[&str]) {
        for key in keys.iter().filter(|key| self.lacks(key)) {
            let message = format!("{} has no `{key}`", self.title);
            reader.problem(self.span(), &message, Some(&format!("add `{key} = …`")));
        }
    }

    pub fn boolean(&self, reader: &mut Reader<'_>, key: &str) -> Option<bool> {
        let value = self.table.get(key)?;
        let found = value.get_ref().as_bool();
        found.or_else(|| wrong_type(reader, key, value, "true or false is"))
    }

    /// A string that is not empty.
    pub fn string(&self, reader: &mut Reader<'_>, key: &str) -> Option<Text<'a>> {
        text(reader, key, self.table.get(key)?)
    }

    pub fn parsed<T: FromStr<Err: Display>>(&self, reader: &mut Reader<'_>, key: &str) -> Option<T> {
        let text = self.string(reader, key)?;
        reader.parsed(&text)
    }

    /// One of these words.
    pub fn choice<T: Copy>(&self, reader: &mut Reader<'_>, key: &str, words: &[(&str, T)]) -> Option<T> {
        let text = self.string(reader, key)?;
        let chosen = words.iter().find(|(word, _)| *word == text.value).map(|(_, choice)| *choice);
        if chosen.is_none() {
            let message = format!("`{}` is no `{key}`", text.value);
            reader.misspelt(text.span, &message, text.value, words.iter().map(|(word, _)| *word));
        }
        chosen
    }

    /// An array of strings that are not empty.
    pub fn strings(&self, reader: &mut Reader<'_>, key: &str) -> Option<Vec<Text<'a>>> {
        let value = self.table.get(key)?;
        match value.get_ref().as_array() {
            Some(items) => Some(items.iter().filter_map(|item| text(reader, key, item)).collect()),
            None => wrong_type(reader, key, value, "an array of strings is"),
        }
    }

    /// A string that is not empty, or an array of them with at least one.
    pub fn one_or_more(&self, reader: &mut Reader<'_>, key: &str) -> Option<Vec<Text<'a>>> {
        let value = self.table.get(key)?;
        if let Some(items) = value.get_ref().as_array() {
            if items.is_empty() {
                reader.problem(value.span(), &format!("`{key}` has none"), Some("name one, or remove the line"));
            }
            return self.strings(reader, key);
        }
        text(reader, key, value).map(|text| vec![text])
    }

    pub fn section(&self, reader: &mut Reader<'_>, key: &str, title: &str) -> Option<Section<'a>> {
        section(reader, key, title, self.table.get(key)?)
    }

    /// The tables of `[[key]]`.
    pub fn sections(&self, reader: &mut Reader<'_>, key: &str) -> Option<Vec<Section<'a>>> {
        let title = format!("[[{key}]]");
        let value = self.table.get(key)?;
        match value.get_ref() {
            DeValue::Array(items) => Some(items.iter().filter_map(|item| section(reader, key, &title, item)).collect()),
            DeValue::Table(_) => {
                let message = format!("there may be several `{key}`, so its heading has two brackets");
                reader.problem(value.span(), &message, Some(&format!("write {title}")));
                None
            }
            _ => wrong_type(reader, key, value, &format!("{title} is")),
        }
    }
}

pub(super) fn section<'a>(
    reader: &mut Reader<'_>,
    key: &str,
    title: &str,
    value: &'a Spanned<DeValue<'a>>,
) -> Option<Section<'a>> {
    match value.get_ref().as_table() {
        Some(table) => Some(Section::of(title, table, value.span())),
        None => wrong_type(reader, key, value, "a table is"),
    }
}

pub(super) fn text<'a>(reader: &mut Reader<'_>, key: &str, value: &'a Spanned<DeValue<'a>>) -> Option<Text<'a>> {
    match value.get_ref().as_str() {
        Some("") => {
            reader.problem(value.span(), &format!("`{key}` is empty"), None);
            None
        }
        Some(found) => Some(Text { value: found, span: value.span() }),
        None => wrong_type(reader, key, value, "a string is"),
    }
}

fn wrong_type<T>(reader: &mut Reader<'_>, key: &str, value: &Spanned<DeValue<'_>>, expected: &str) -> Option<T> {
    let found = match value.get_ref() {
        DeValue::Array(_) => "an array",
        DeValue::Boolean(_) => "a boolean",
        DeValue::Datetime(_) => "a time",
        DeValue::Float(_) | DeValue::Integer(_) => "a number",
        DeValue::String(_) => "a string",
        DeValue::Table(_) => "a table",
    };
    reader.problem(value.span(), &format!("`{key}` is {found}; {expected} expected"), None);
    None
}
