//! The side-by-side table in terminals of several widths.

use crate::support::{project::Project, registry::Registry, screen::Screen};

#[test]
fn the_table_leaves_out_what_a_narrow_terminal_has_no_room_for() {
    let registry = Registry::with_login();
    let project = Project::new(&registry);
    project.set_secret();
    let release = project.release();
    let id = release["id"].as_str().expect("an id");
    for (columns, with_release) in [(200, true), (120, false), (100, false), (80, false)] {
        let screen = Screen::start(&project.program(&["tags", "--fresh"]), columns, 24);
        screen.sees("as of");
        screen.until("two whole rows", |screen| {
            let rows: Vec<String> = screen.rows(0, columns).map(|row| row.trim_end().to_owned()).collect();
            let whole = |row: &&String| row.starts_with('│') && row.ends_with('│') && row.contains("✓ match");
            let frame = |row: &&String| row.starts_with(['╭', '╰']) && row.ends_with(['╮', '╯']);
            rows.iter().filter(whole).count() == 2 && rows.iter().filter(frame).count() == 2
        });
        screen.until("the release, where there is room", |screen| screen.contents().contains(id) == with_release);
    }
}
