"""A program in a pseudo-terminal that takes whatever it is given at once, and answers one question alone: whether it is
there."""

import codecs
import contextlib
import dataclasses
import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time

from figure import Failed

# A control sequence, a string of the terminal's, another escape sequence, a control character, or text.
TOKEN = re.compile(
    r"\x1b\[(?P<private>[<-?]*)(?P<numbers>[0-9;:]*)[ -/]*(?P<kind>[@-~])"
    r"|\x1b[\]P][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|[\x00-\x1f]|[^\x00-\x1f]+"
)
# One that goes on in the next piece.
CUT_OFF = re.compile(r"\x1b(?:\[[0-?]*[ -/]*|[\]P][^\x07\x1b]*\x1b?|[ -/]*)$")
# "Are you there?" and "yes", as every terminal says: DSR 5 of ECMA-48.
QUESTION, ANSWER = b"\x1b[5n", b"\x1b[0n"
# What the console draws in one go ends so: synchronised output, and the question whether it got there.
FRAME_END = (b"\x1b[?2026l", b"\x1b[?2026l" + QUESTION)


class Screen:
    """The characters on a terminal, as far as the programs that are measured place them."""

    def __init__(self, columns, rows):
        self.columns, self.rows = columns, rows
        self.row = self.column = 0
        self.decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self.rest = ""
        self.last = " "
        self.lines = [" " * columns] * rows

    def __contains__(self, text):
        return any(text in line for line in self.lines)

    def __str__(self):
        return "\n".join(line.rstrip() for line in self.lines)

    def feed(self, piece):
        text = self.rest + self.decoder.decode(piece)
        cut_off = CUT_OFF.search(text)
        self.rest = cut_off[0] if cut_off else ""
        for token in TOKEN.finditer(text, 0, len(text) - len(self.rest)):
            if token["kind"]:
                if not token["private"] and ":" not in token["numbers"]:
                    self.control(token["kind"], [int(number or 0) for number in token["numbers"].split(";")])
            elif token[0] >= " ":
                self.put(token[0])
            else:
                self.character(token[0])

    def put(self, text):
        self.last = text[-1]
        self.replace(text)
        self.column = min(self.column + len(text), self.columns - 1)

    def replace(self, text):
        """From the cursor on."""
        line = self.lines[self.row]
        self.lines[self.row] = (line[: self.column] + text + line[self.column + len(text) :])[: self.columns]

    def character(self, text):
        match text:
            case "\r":
                self.column = 0
            case "\b":
                self.column = max(self.column - 1, 0)
            case "\n" if self.row == self.rows - 1:
                self.lines = [*self.lines[1:], " " * self.columns]
            case "\n":
                self.row += 1
            case "\x1bM":
                self.row = max(self.row - 1, 0)

    def control(self, kind, numbers):
        first = numbers[0] or 1
        match kind:
            case "H":
                self.row = min(first, self.rows) - 1
                self.column = min(numbers[1] or 1 if len(numbers) > 1 else 1, self.columns) - 1
            case "d":
                self.row = min(first, self.rows) - 1
            case "G":
                self.column = min(first, self.columns) - 1
            case "A" | "B":
                self.row = min(max(self.row + (first if kind == "B" else -first), 0), self.rows - 1)
            case "C" | "D":
                self.column = min(max(self.column + (first if kind == "C" else -first), 0), self.columns - 1)
            case "X":
                self.replace(" " * first)
            case "b":
                self.put(self.last * first)
            case "K" if numbers[0] == 0:
                self.replace(" " * self.columns)
            case "K":
                before = self.columns if numbers[0] == 2 else self.column + 1
                self.lines[self.row] = " " * before + self.lines[self.row][before:]
            case "J" if numbers[0] == 0:
                self.replace(" " * self.columns)
                self.lines[self.row + 1 :] = [" " * self.columns] * (self.rows - self.row - 1)
            case "J":
                self.lines = [" " * self.columns] * self.rows


class Terminal:
    """Starts a program and ends it. Times are those of `time.perf_counter`."""

    def __init__(self, *words, cwd, environment, size=(180, 50)):
        self.screen = Screen(*size)
        self.pieces = []  # when each came, and what it is
        self.shown = 0  # of them, on the screen
        self.asked = b""  # the end of the last piece
        self.ended = False
        words = [str(word) for word in words]
        self.began = time.perf_counter()
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            with contextlib.suppress(BaseException):
                fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
                os.chdir(cwd)
                os.execvpe(words[0], words, environment | {"TERM": "xterm-256color"})
            os._exit(127)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.kill(self.pid, signal.SIGHUP)
        end = time.perf_counter() + 10
        while os.waitpid(self.pid, os.WNOHANG) == (0, 0):
            if time.perf_counter() > end:
                os.kill(self.pid, signal.SIGKILL)
            self.take(0.02)
        os.close(self.master)

    def take(self, seconds):
        """Takes one piece, if one comes within this time."""
        if select.select([self.master], [], [], max(seconds, 0))[0]:
            try:
                piece = os.read(self.master, 1 << 16)
                self.pieces.append((time.perf_counter(), piece))
                # Its beginning may have come before.
                read = self.asked + piece
                os.write(self.master, ANSWER * read.count(QUESTION))
                self.asked = read[-len(QUESTION) + 1 :]
            except OSError:  # nobody has the other side open any more
                self.ended = True
                time.sleep(0.01)

    def take_all(self, seconds):
        """Takes whatever comes within this time."""
        end = time.perf_counter() + seconds
        while (left := end - time.perf_counter()) > 0:
            self.take(left)

    def press(self, keys):
        now = time.perf_counter()
        os.write(self.master, keys.encode())
        return now

    def show(self):
        """Puts the next piece on the screen, and says when it came; `None` if there is none."""
        if self.shown == len(self.pieces):
            return None
        when, piece = self.pieces[self.shown]
        self.shown += 1
        self.screen.feed(piece)
        return when

    def until(self, shows, patience=60):
        """When the screen came to show this text, or to be as this predicate says."""
        wanted = shows if callable(shows) else lambda screen: shows in screen
        end = time.perf_counter() + patience
        while True:
            while when := self.show():
                if wanted(self.screen):
                    return when
            if self.ended or time.perf_counter() > end:
                when = "before the program ended" if self.ended else f"within {patience} s"
                raise Failed(f"not shown {when}: {shows}; but:\n{self.screen}")
            self.take(0.1)

    def usage(self):
        return Usage.of(self.pid)


@dataclasses.dataclass
class Usage:
    """What a process used since it began."""

    resident: float  # MB at its peak
    seconds: float  # of a CPU
    wakes: int  # times that a thread of it went on after it had waited

    @classmethod
    def of(cls, pid):
        """`None` once it has ended."""

        def read(name):
            with open(f"/proc/{pid}/{name}") as file:
                return file.read()

        def number(text, name):
            return int(re.search(rf"^{name}:\s+(\d+)", text, re.MULTILINE)[1])

        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            status = read("status")
            # Behind the program's name, which may have anything in it.
            user, system = read("stat").rpartition(")")[2].split()[11:13]
            threads = [read(f"task/{thread}/status") for thread in os.listdir(f"/proc/{pid}/task")]
            if "VmHWM" in status:  # else it has ended, and is waited for
                return cls(
                    resident=number(status, "VmHWM") * 1024 / 1e6,
                    seconds=(int(user) + int(system)) / os.sysconf("SC_CLK_TCK"),
                    wakes=sum(number(thread, "voluntary_ctxt_switches") for thread in threads),
                )
        return None
