//! Reads what comes from the terminal, when somebody asks for it and never else: while a pager has the terminal, its
//! keys are the pager's. Not crossterm's reader, which spins for ever on a terminal that is gone, keeps what was pasted,
//! and has no way to hear what the terminal answers.

use std::{io, os::fd::BorrowedFd, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::{Errno, read},
    stdio::stdin,
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    time::timeout,
};
use zeroize::{Zeroize as _, Zeroizing};

use super::{
    decode::{Decoder, Input},
    terminal,
};
use crate::domain::failure::Failure;

/// Bytes that are read at once; what is left waits in the kernel.
const CHUNK: usize = 64 * 1024;
/// How long the rest of an escape sequence may take. Without a rest it was the key.
const SEQUENCE: Duration = Duration::from_millis(20);

pub struct Keyboard {
    stdin: AsyncFd<BorrowedFd<'static>>,
    chunk: Zeroizing<Vec<u8>>,
    decoder: Decoder,
}

impl Keyboard {
    pub fn open() -> Result<Self, Failure> {
        #[expect(
            deprecated,
            reason = "unsound for what may be closed meanwhile; stdin stays open as long as the process"
        )]
        let stdin = AsyncFd::with_interest(stdin(), Interest::READABLE).map_err(|error| terminal::failed(&error))?;
        Ok(Self { stdin, chunk: Zeroizing::new(vec![0; CHUNK]), decoder: Decoder::default() })
    }

    /// The next input; `None` when the terminal is gone. Can be dropped at any time.
    pub async fn next(&mut self) -> Option<Input> {
        loop {
            if let Some(input) = self.decoder.next() {
                return Some(input);
            }
            let more = if self.decoder.is_unsure() {
                match timeout(SEQUENCE, self.readable()).await {
                    Ok(more) => more,
                    Err(_) => match self.decoder.settle() {
                        Some(input) => return Some(input),
                        None => continue,
                    },
                }
            } else {
                self.readable().await
            };
            // Whoever closes a terminal leaves an end or an error there.
            more.ok().filter(|count| *count > 0)?;
        }
    }

    /// What was read already.
    pub fn at_hand(&mut self) -> Option<Input> {
        self.decoder.next()
    }

    /// Waits, and reads once. Gives the number of bytes.
    async fn readable(&mut self) -> io::Result<usize> {
        loop {
            let mut ready = self.stdin.readable().await?;
            // Where nothing was there after all, it is told when there is.
            if let Ok(read) = ready.try_io(|stdin| read_within(*stdin.get_ref(), &mut self.chunk, Duration::ZERO)) {
                let count = read?;
                self.decoder.feed(&self.chunk[..count]);
                self.chunk[..count].zeroize();
                return Ok(count);
            }
        }
    }
}

/// Reads what comes within this time. The terminal is in no mode in which reading never waits: that mode would be
/// everybody's who has it open.
///
/// # Errors
/// `WouldBlock` when nothing comes, and when the terminal cannot be read.
pub fn read_within(terminal: BorrowedFd<'_>, into: &mut [u8], time: Duration) -> io::Result<usize> {
    let time = Timespec::try_from(time).map_err(io::Error::other)?;
    loop {
        match poll(&mut [PollFd::new(&terminal, PollFlags::IN)], Some(&time)) {
            Ok(0) => return Err(io::ErrorKind::WouldBlock.into()),
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        match read(terminal, &mut *into) {
            Err(Errno::INTR) => {}
            done => return Ok(done?),
        }
    }
}
