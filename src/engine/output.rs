//! What a build says while it runs, the same for all builders.

/// Text of the classic builder: raw, in the order of its arrival.
pub const CLASSIC: u32 = 0;
/// What the classic builder says of images it pulls; whole lines.
pub const PULLS: u32 = u32::MAX - 1;
/// What windlass itself has to say of a build; whole lines.
pub const NOTICES: u32 = u32::MAX;

/// One thing that happened in a build.
#[derive(Debug)]
pub enum BuildEvent<'a> {
    /// So much of the context was read and sent: files, and their bytes before tar.
    Context { files: u64, bytes: u64 },
    /// Output, untrusted. `stream` says which text it continues: [`CLASSIC`], [`PULLS`], [`NOTICES`] or the number of
    /// a BuildKit vertex. The pieces of [`CLASSIC`] end anywhere; all others are whole lines.
    Text { stream: u32, bytes: &'a [u8] },
    /// No more text of this stream is expected.
    StreamEnd { stream: u32 },
    /// A step began, or (told again, with `cached`) turned out to need no work. `number` counts within a build stage.
    Step { number: u32, total: Option<u32>, name: &'a str, cached: bool },
    /// BuildKit dropped output: the log is not the whole log.
    Clipped,
}

/// Whoever takes the events.
pub(super) type On<'a> = &'a mut (dyn FnMut(BuildEvent<'_>) + Send);

/// Steps that were done and how many of them were cached.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Tally {
    pub steps: u32,
    pub cached: u32,
}
