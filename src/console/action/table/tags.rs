//! The tags of an image.

use ratatui::crossterm::event::KeyCode;

use super::on;
use crate::console::{
    action::{Action, Id, Scope, action, keymap::Key},
    press::{screens, tags},
};

pub const ROWS: &[Action] = &[
    action(
        Id::LookAgain,
        Scope::Tags,
        &[Key::char('r')],
        "look again: fetch and hash everything now",
        tags::look_again,
    )
    .hinted("look again")
    .same_as("tags --image IMAGE --fresh"),
    action(Id::PointTag, Scope::Tags, &[Key::char('p')], "point the moving tag to another release", tags::point)
        .hinted("point")
        .asking()
        .same_as("point TAG RELEASE --yes")
        .unless(tags::cannot_point),
    action(Id::VerifyTag, Scope::Tags, &[Key::char('v')], "verify the tag: fetch and hash it now", tags::verify)
        .hinted("verify")
        .same_as("verify TAG --image IMAGE")
        .unless(tags::none_selected),
    action(Id::History, Scope::Tags, &[Key::char('h')], "what the tag showed, and when", tags::history)
        .hinted("history")
        .same_as("tags --image IMAGE --history TAG")
        .unless(tags::none_selected),
    action(
        Id::Evidence,
        Scope::Tags,
        &[on(KeyCode::Enter)],
        "all that is known of the tag, or the table again",
        tags::evidence,
    )
    .hinted("evidence")
    .unless(tags::none_selected),
    action(Id::TagsBack, Scope::Tags, &[on(KeyCode::Esc)], "back to the table, and to all tags", tags::back)
        .hinted("back")
        .unless(tags::nowhere_back),
    action(
        Id::NextClass,
        Scope::Tags,
        &[Key::char('f')],
        "only the bad ones, notices, unknown ones, good ones, or all",
        tags::next_class,
    )
    .hinted("filter")
    .unless(tags::no_tags),
    action(
        Id::TagName,
        Scope::Tags,
        &[Key::char('/')],
        "only tags with this in their name; of a digest, what it is",
        tags::type_name,
    )
    .hinted("find")
    .same_as("find DIGEST"),
    action(Id::CopyTag, Scope::Tags, &[Key::char('y')], "copy repository@sha256:… of what the tag shows", tags::copy)
        .hinted("copy digest")
        .unless(tags::shows_nothing),
    action(Id::BrowseTag, Scope::Tags, &[Key::char('b')], "open the registry's page of the tag", tags::browse)
        .unless(tags::no_page),
    action(
        Id::Identity,
        Scope::Tags,
        &[Key::char('i')],
        "switch between image ids and manifest digests",
        tags::identity,
    )
    .hinted("id or digest"),
    action(
        Id::TagsOfNextImage,
        Scope::Tags,
        &[on(KeyCode::Tab)],
        "the tags of the project's next image",
        screens::next_image,
    )
    .unless(screens::one_image),
];
