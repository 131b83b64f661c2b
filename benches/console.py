"""The console's figures: a log of a million lines while it is made, while it comes in, opened and searched, a line that is
longer than any screen, and a console that nobody touches."""

import hashlib
import itertools
import os
import pathlib
import random
import re
import statistics
import time

from figure import Count, Failed, Row, Sample, Side
from terminal import FRAME_END, Terminal, Usage
from worker import Worker

LINES = 1_000_000
# With its number before it and LF behind it a line has 127 bytes, and differs from its neighbours in every column, so
# that a frame has all of it. One of a thousand is to be found.
USUAL = (
    "step 3 of 9: a line of a build as builds print them, with some of this and some of that, "
    "and long enough to be one: ok"
)
FOUND = (
    "step 3 of 9: ERROR, as builds print them now and then and go on, with some of this and that, "
    "and as long as others are"
)
MATCHES = LINES // 1000
LONG_LINE = 50_000_000  # bytes
# Between two keys that are typed into a flood, in seconds; a live log that comes as fast as it is read is soon over.
KEYS_EVERY, LIVE_KEYS_EVERY, LIVE_KEYS = 0.1, 0.02, 80
# Seconds between two looks at the memory of a release, and the longest wait for the terminal.
LOOKS_EVERY, WAITS = 0.25, 0.02
ENTER, ESCAPE = "\r", "\x1b"
# Seconds in which nobody touches it, and seconds after which what was begun before is over.
IDLE, SETTLED = 60, 20


class Console:
    """With the classic builder: BuildKit drops what a step prints faster than 200 KiB/s, unless the engine was started
    with another limit (BUILDKIT_STEP_LOG_MAX_SPEED), and what is clipped is no flood."""

    def __init__(self, bench, label):
        self.bench = bench
        self.label = label
        self.flooded = None  # the project whose last release printed the million lines

    # ---- A flood -------------------------------------------------------------------------------------------

    def flood(self):
        folder = self.flood_project()
        rates, waits = [], []

        def ours():
            sample, written, latencies = self.release_watched(folder)
            rates.append(written / sample.seconds / 1e6)
            waits.extend(latencies)
            return sample

        def peer():
            self.touch(folder)
            quiet = ["sh", "-c", 'exec "$@" >/dev/null', "sh"]
            # A release's image gets as many: each is a step of a classic build.
            labels = [
                word for name in ("created", "revision", "source") for word in ("--label", f"{name}={time.time()}")
            ]
            command = [self.bench.docker, "build", *labels, "--tag", f"{self.bench.registry}/bench/flood-peer", "."]
            return self.bench.measure(*quiet, *command, cwd=folder, environment={"DOCKER_BUILDKIT": "0"})

        mine, theirs = self.bench.take_turns(ours, peer)
        what = "1 M lines of build output, console open"
        p99 = statistics.quantiles(waits, n=100)[98]
        return [
            Row(what, mine, "docker build >/dev/null, classic", theirs, ratio_limit=1.05, resident_limit=40),
            # 2 MB where the build takes 5.4 s: a machine that takes longer draws for longer.
            Count(f"{what}: written to the terminal, at most", max(rates), "MB/s", round(2 / 5.4, 2)),
            Count(f"{what}: key to its frame, p99 of {len(waits)}", 1000 * p99, "ms", 50),
        ]

    def flood_project(self):
        folder = self.bench.project(
            "flood",
            f"""\
FROM scratch
LABEL {self.label}=1
COPY busybox flood.awk /
COPY data /data
RUN ["/busybox", "awk", "-f", "/flood.awk"]
""",
            f"{self.bench.registry}/bench/flood",
            "classic",
            {
                "flood.awk": f"""\
BEGIN {{
    usual = "{USUAL}"
    for (i = 1; i <= {LINES}; i++) {{
        at = i % length(usual)
        printf "%07d %s\\n", i, i % 1000 ? substr(usual, at + 1) substr(usual, 1, at) : "{FOUND}"
    }}
}}
"""
            },
        )
        (folder / "data").mkdir()
        self.flooded = folder
        return folder

    def touch(self, folder):
        """So that the step that prints is not taken from a cache."""
        (folder / "data" / "run").write_text(str(time.time()))

    def release_watched(self, folder):
        """The build step's time and the memory of the larger process; bytes written to the terminal; how long each key
        waited for the frame that shows it."""
        self.touch(folder)
        self.bench.at_a_full_second()
        self.bench.run(self.bench.windlass, "release", "--yes", "--detach", cwd=folder)
        release = detached(self.bench.windlass)
        log = self.log_of(folder)
        keys = letters()
        first = "".join(itertools.islice(keys, 4))
        pressed, peak, size = [], 0, 0
        with self.console(folder) as console:
            # There is something to search then.
            console.until(lambda screen: re.search(r"following . [\d ]+ lines", str(screen)))
            console.press(f"/{first}")
            due = time.perf_counter() + KEYS_EVERY
            looks = 0.0
            while True:
                # Seldom: both processors are busy, and what measures is to take little of them.
                if time.perf_counter() >= looks:
                    if not (usage := Usage.of(release)):
                        break
                    peak, looks = usage.resident, time.perf_counter() + LOOKS_EVERY
                left = due - time.perf_counter()
                console.take(left if 0 < left < WAITS else WAITS)
                # Only while it prints.
                if time.perf_counter() >= due and size != (size := log.stat().st_size):
                    key = next(keys)
                    pressed.append((console.press(key), key))
                    due = time.perf_counter() + KEYS_EVERY
            waits = latencies(console, first, pressed)
            peak = max(peak, console.usage().resident)
        shown = self.bench.released(folder)
        if shown["state"] != "succeeded":
            raise Failed(f"the release failed: {shown['failure']}")
        nothing_is_lost(log)
        seconds = next(step["seconds"] for step in shown["steps"] if step["name"] == "build")
        written = sum(len(piece) for _, piece in console.pieces)
        return Sample(seconds, peak), written, waits

    # ---- A live log on Taskcluster ---------------------------------------------------------------------------

    def live(self):
        folder = self.bench.project("live", "FROM scratch\n", f"{self.bench.registry}/bench/live")
        with Worker(lines()) as worker:
            with (folder / "windlass.toml").open("a") as file:
                file.write(f'[taskcluster]\nroot-url = "{worker.root}"\ngithub = "bench/app"\n')
            return [*self.followed(folder, worker), *self.fetched(folder, worker)]

    def followed(self, folder, worker):
        """As it comes, in the console; its memory is that of all of it, until the log is whole."""
        end, waits, keys = f"{LINES:07} ", [], letters()

        def ours():
            with self.opened_live(folder, worker) as console:
                seconds = console.until(end) - console.began
                return Sample(seconds, self.memory_of_all(console, worker))

        def typing():
            with self.opened_live(folder, worker) as console:
                waits.extend(self.typed_into(console, worker, keys))
                self.memory_of_all(console, worker)

        def lnav():
            worker.runs()
            with self.peer("bash", "-c", 'exec lnav < <(exec curl -sSN "$0")', worker.live) as peer:
                return self.sample(peer, peer.until(end))

        def curl():
            worker.runs()
            return self.bench.measure("curl", "-sSN", "-o", self.bench.work / "live.log", worker.live)

        what = "a live log of 1 M lines, from the start to its end on the screen"
        rows = [
            Row(what, *self.beside(ours, "curl into lnav", lnav), ratio_limit=0.5, resident_limit=40),
            Row(what, *self.beside(ours, "curl -o", curl)),
        ]
        for _ in range(self.bench.runs):
            typing()
        p99 = statistics.quantiles(waits, n=100)[98]
        return [*rows, Count(f"meanwhile: key to its frame, p99 of {len(waits)}", 1000 * p99, "ms", 50)]

    def opened_live(self, folder, worker):
        worker.runs()
        return self.console(folder)

    def typed_into(self, console, worker, keys):
        """How long each key waited for its frame, while the log came in."""
        first = "".join(itertools.islice(keys, 4))
        console.until(lambda screen: re.search(r"following . [\d ]+ lines", str(screen)))
        console.press(f"/{first}")
        pressed = []
        # As many as the line of the search has room for.
        while not worker.over and len(pressed) < LIVE_KEYS:
            key = next(keys)
            pressed.append((console.press(key), key))
            console.take_all(LIVE_KEYS_EVERY)
        return latencies(console, first, pressed)

    def memory_of_all(self, console, worker):
        """At its peak, once the log is whole and nothing of it is lost."""
        log = self.log_of_run(worker)
        while not is_whole(log):
            console.take(WAITS)
        nothing_is_lost(log)
        log.unlink()
        return console.usage().resident

    def fetched(self, folder, worker):
        """One that was kept, packed, and is unpacked here."""

        def ours():
            worker.runs()
            worker.over = True
            quiet = ["sh", "-c", 'exec "$@" >/dev/null', "sh"]
            sample = self.bench.measure(*quiet, self.bench.windlass, "log", worker.task, cwd=folder)
            nothing_is_lost(self.log_of_run(worker))
            self.log_of_run(worker).unlink()
            return sample

        def peer():
            return self.bench.measure("curl", "-sS", "--compressed", "-o", self.bench.work / "kept.log", worker.kept)

        what = "a kept log of 1 M lines, fetched, redacted and printed"
        return [Row(what, *self.beside(ours, "curl --compressed -o", peer), resident_limit=40)]

    # ---- A log that is there -------------------------------------------------------------------------------

    def opened(self):
        folder = self.released_flood()
        log = self.log_of(folder)
        index = log.with_suffix(".idx")
        end = last_line(log)

        def ours():
            with self.console(folder) as console:
                return self.sample(console, console.until(end))

        def ours_without_index():
            index.unlink()
            return ours()

        def lnav():
            with self.peer("lnav", log) as peer:
                return self.sample(peer, peer.until(end))

        def less():
            with self.peer("less", log) as peer:
                peer.until(paint)
                peer.press("G")
                return self.sample(peer, peer.until(end))

        what = "a log of 1 M lines, from the start to its end on the screen"
        limits = {"ratio_limit": 0.5, "resident_limit": 40}
        return [
            Row(what, *self.beside(ours, "lnav", lnav), **limits),
            Row(f"{what}, its index lost", *self.beside(ours_without_index, "lnav", lnav), **limits),
            Row(what, *self.beside(ours, "less", less)),
        ]

    def searched(self):
        folder = self.released_flood()
        log = self.log_of(folder)
        end = last_line(log)
        rows = []
        with self.console(folder) as console, self.peer("lnav", log) as lnav:
            for terminal in (console, lnav):
                terminal.until(end)
            console.press(ENTER)  # keys are for the log

            # What was found is kept: each search is for a little more of the same lines.
            longer = itertools.count()
            rest = FOUND.partition("ERROR,")[2]

            def ours(begin):
                pattern = begin + rest[: next(longer)]
                console.press("G")
                console.until(end)
                console.press("/")
                console.press(pattern)
                console.until(f"/{pattern} ")
                enter = console.press(ENTER)
                done = console.until(lambda screen: re.search(rf"match [\d ]+ of {count(MATCHES)}\b", str(screen)))
                console.press(ESCAPE)
                console.until(lambda screen: f"/{pattern} " not in screen)
                return Sample(done - enter, console.usage().resident)

            def peer(pattern):
                lnav.press("/")
                lnav.press(pattern)
                lnav.until(f"/{pattern}")
                enter = lnav.press(ENTER)
                done = lnav.until(
                    lambda screen: re.search(rf"\b{MATCHES // 1000},?{MATCHES % 1000:03} hits", str(screen))
                )
                return Sample(done - enter, lnav.usage().resident)

            def grep(*options):
                return lambda: self.bench.measure("grep", "-c", *options, log)

            what = "1 M lines searched, 1 000 found"
            rows.append(Row(what, *self.beside(lambda: ours("ERROR,"), "grep -c", grep("ERROR")), ratio_limit=2))
            what = "the same, in either case"
            rows.append(Row(what, *self.beside(lambda: ours("error,"), "grep -ci", grep("-i", "error,"))))
            # It keeps what it found: a second search for the same is none.
            theirs = Side([peer("ERROR,")])
        rows.append(Row("1 M lines searched, lnav's first search", rows[0].ours, "lnav", theirs))
        return rows

    def wrapped(self):
        folder = self.bench.project(
            "wrapped",
            f"FROM scratch\nLABEL {self.label}=1\nCOPY site /site\n",
            f"{self.bench.registry}/bench/wrapped",
            "classic",
        )
        self.bench.release(folder)
        log = self.log_of(folder)
        log.with_suffix(".idx").unlink()
        with log.open("wb") as file:
            file.write(b"before\n")
            for number in range(LONG_LINE // 50):
                file.write(b"piece %09d of a line that has fifty millions: " % number)
            file.write(b"\nafter\n")
        with self.console(folder) as console:
            console.until("after")

            def toggle(shows):
                pressed = console.press("w")
                return Sample(console.until(shows) - pressed, console.usage().resident)

            side = Side()
            for _ in range(self.bench.runs):
                side.samples.append(toggle(lambda screen: wrapped_rows(screen) > 1))
                side.samples.append(toggle(lambda screen: wrapped_rows(screen) <= 1))
        return [Row("a line of 50 MB wrapped, and not any more", side, "–", seconds_limit=0.1, resident_limit=40)]

    # ---- A console that nobody touches ---------------------------------------------------------------------

    def started(self):
        folder = self.released_flood()
        log = self.log_of(folder)

        def first_paint(terminal):
            with terminal:
                return self.sample(terminal, terminal.until(paint))

        beside = self.beside(
            lambda: first_paint(self.console(folder)), "lnav", lambda: first_paint(self.peer("lnav", log))
        )
        return [Row("from the start to the first frame, 1 M lines to open", *beside, seconds_limit=0.05)]

    def idle(self):
        folder = self.released_flood()
        log = self.log_of(folder)
        with self.console(folder) as console, self.peer("lnav", log) as lnav:
            both = (console, lnav)
            for terminal in both:
                terminal.until(last_line(log))
            # A registry was asked, and nobody waits for it any more.
            console.press("2")
            console.until("as of")
            console.press("1")
            console.until(last_line(log))
            take_from(both, SETTLED)
            before = [(terminal.usage(), len(terminal.pieces)) for terminal in both]
            take_from(both, IDLE)
            used = []
            for terminal, (usage, pieces) in zip(both, before, strict=True):
                after = terminal.usage()
                written = sum(len(piece) for _, piece in terminal.pieces[pieces:])
                used.append((after.wakes - usage.wakes, written, 100 * (after.seconds - usage.seconds) / IDLE))
        (wakes, written, _), (their_wakes, their_written, their_load) = used
        what = f"nobody touches it for {IDLE} s"
        theirs = f"lnav: {their_wakes} times, {their_load:.1f} % of a CPU"
        return [
            Count(f"{what}: times a thread woke", wakes, "times", 0, theirs),
            Count(f"{what}: written to the terminal", written, "bytes", 0, f"lnav: {their_written} bytes"),
        ]

    # ---- What they stand on --------------------------------------------------------------------------------

    def console(self, folder):
        return Terminal(self.bench.windlass, cwd=folder, environment=self.bench.environment)

    def peer(self, *words):
        # Neither settings nor a history of whoever measures.
        home = {"HOME": str(self.bench.work), "XDG_CONFIG_HOME": str(self.bench.work)}
        return Terminal(*words, cwd=self.bench.work, environment=self.bench.environment | home)

    def beside(self, ours, name, theirs):
        mine, peer = self.bench.take_turns(ours, theirs)
        return mine, name, peer

    def sample(self, terminal, when):
        return Sample(when - terminal.began, terminal.usage().resident)

    def log_of(self, folder):
        return self.log_named(self.bench.released(folder)["id"])

    def log_of_run(self, worker):
        return self.log_named(f"{worker.task}.0")

    def log_named(self, name):
        return pathlib.Path(self.bench.environment["WINDLASS_HOME"], "logs", f"{name}.log")

    def released_flood(self):
        """A project whose newest release left a log of a million lines, and its index."""
        if self.flooded is None:
            self.release_watched(self.flood_project())
        return self.flooded


def lines():
    for number in range(1, LINES + 1):
        at = number % len(USUAL)
        yield f"{number:07} {USUAL[at:] + USUAL[:at] if number % 1000 else FOUND}\n".encode()


def nothing_is_lost(log):
    numbered = re.compile(rb"\d{7} ")
    digest, expected = hashlib.sha256(), hashlib.sha256()
    with log.open("rb") as file:
        for line in file:
            if numbered.match(line):
                digest.update(line)
    for line in lines():
        expected.update(line)
    if digest.digest() != expected.digest():
        raise Failed(f"{log} has not the lines that were printed")


def is_whole(log):
    """What windlass has all of is for reading alone."""
    return log.exists() and not log.stat().st_mode & 0o200


def last_line(log):
    with log.open("rb") as file:
        file.seek(-1000, os.SEEK_END)
        return file.read().splitlines()[-1].decode()


def count(number):
    """As the console writes it."""
    return f"{number:,}".replace(",", " ")


def paint(screen):
    return any(line.strip() for line in screen.lines)


def wrapped_rows(screen):
    return sum("piece" in line for line in screen.lines)


def letters():
    """For ever, such that four in a row are on no line of the log and seldom come again."""
    rng = random.Random(0)
    return iter(lambda: rng.choice("zqxjkvw"), None)


def latencies(console, first, pressed):
    """For each key, how long it was until the first whole frame that has it at the end of what was typed, or a later
    one: keys that came together are drawn together."""
    typed = first + "".join(key for _, key in pressed)

    def has(at):
        ends = [typed[start : start + 4] + " " for start in range(at + 1, min(at + 20, len(pressed)) + 1)]
        return lambda screen: whole() and any(end in screen for end in ends)

    def whole():
        return console.pieces[console.shown - 1][1].endswith(FRAME_END)

    return [console.until(has(at)) - when for at, (when, _) in enumerate(pressed)]


def detached(program):
    """The process of the release that was started last."""
    for entry in pathlib.Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"--detached" in words and os.fsencode(program) == words[0]:
            return int(entry.parent.name)
    raise Failed("the release has ended before it could be looked at")


def take_from(terminals, seconds):
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        for terminal in terminals:
            terminal.take(0.1)
