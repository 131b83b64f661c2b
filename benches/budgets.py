"""Measures windlass beside its peers and judges the budgets. Started by run.sh, which brings engine and registry.

The two sides of a figure take turns, so that load from elsewhere meets both; the median of each counts. Nothing
here is a test of what windlass does, but a command that fails ends the run: fast and wrong is not a figure.
"""

import argparse
import base64
import contextlib
import gzip
import hashlib
import io
import itertools
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tarfile
import time
import urllib.request

from console import Console
from distance import Latency
from figure import Failed, Row, Sample, Side

USER = "bench"
LABEL = "windlass.bench"  # by which images that lost their names are found again
MB = 1000 * 1000


class Bench:
    def __init__(self, options):
        self.runs = options.runs
        self.windlass = options.windlass
        self.docker = options.docker
        self.registry = options.registry
        self.password_file = options.password_file
        self.password = options.password_file.read_text()
        self.work = options.work
        self.environment = os.environ | {
            "WINDLASS_HOME": str(self.work / "home"),
            "GIT_CONFIG_GLOBAL": os.devnull,
            "GIT_CONFIG_SYSTEM": os.devnull,
            "LC_ALL": "C.UTF-8",
        }

    # ---- Commands ------------------------------------------------------------------------------------------

    def run(self, *command, cwd=None, stdin=None, environment=()):
        """Runs to the end and gives what it printed."""
        done = subprocess.run(
            [str(word) for word in command],
            cwd=cwd,
            env=self.environment | dict(environment),
            **({"input": stdin} if stdin is not None else {"stdin": subprocess.DEVNULL}),
            capture_output=True,
            text=True,
        )
        if done.returncode != 0:
            said = "\n".join((done.stdout + done.stderr).splitlines()[-20:])
            raise Failed(f"{' '.join(map(str, command))[:200]} ended with {done.returncode}:\n{said}")
        return done.stdout

    def measure(self, *command, cwd=None, environment=()):
        """time(1) reads the memory: it is small itself, and a child's peak begins with that of who started it."""
        usage = self.work / "usage"
        start = time.perf_counter()
        self.run("/usr/bin/time", "-q", "-f", "%M", "-o", usage, *command, cwd=cwd, environment=environment)
        seconds = time.perf_counter() - start
        return Sample(seconds, int(usage.read_text().split()[-1]) * 1024 / MB)

    def take_turns(self, ours, theirs):
        """Each side once without counting, for caches to fill; then in turn, and who goes first changes as well."""
        sides = (ours, Side()), (theirs, Side())
        for step, _ in sides:
            step()
        for number in range(self.runs):
            for step, side in sides if number % 2 == 0 else reversed(sides):
                side.samples.append(step())
        return sides[0][1], sides[1][1]

    # ---- Projects ------------------------------------------------------------------------------------------

    def project(self, name, dockerfile, repository, builder="auto", files=()):
        """A clean, pushed git project with its login in the vault; gives its folder."""
        folder = self.work / name
        (folder / "site").mkdir(parents=True)
        shutil.copy(shutil.which("busybox"), folder / "busybox")
        (folder / "site" / "index.html").write_text("<title>Harbour</title>\n")
        for file, text in {"Dockerfile": dockerfile, **dict(files)}.items():
            (folder / file).write_text(text)
        (folder / ".gitignore").write_text("/data\n")
        (folder / "windlass.toml").write_text(
            f"""\
[[image]]
name = "{name}"
repository = "{repository}"
builder = "{builder}"
[tags]
moving = ["{{alias}}"]
frozen = ["{{branch}}-{{date}}"]
[secret]
store = "vault"
name = "repo:{name}"
recipe = {{ username = "/registry_username", password = "/registry_password" }}
"""
        )
        self.run("git", "init", "--quiet", "--bare", "--initial-branch=master", f"{folder}.git")
        self.run("git", "init", "--quiet", "--initial-branch=master", folder)
        identity = ["-c", "user.name=Bench", "-c", "user.email=bench@example.org"]
        self.run("git", "add", "--all", cwd=folder)
        self.run("git", *identity, "commit", "--quiet", "--message", "The image", cwd=folder)
        self.run("git", "remote", "add", "origin", f"{folder}.git", cwd=folder)
        self.run("git", "push", "--quiet", "--set-upstream", "origin", "master", cwd=folder)
        self.run(
            self.windlass, "secret", "set", "--username", USER, "--password-stdin", cwd=folder, stdin=self.password
        )
        return folder

    def at_a_full_second(self):
        """The frozen tag has the second in it: one that was used would be waited out, on the clock."""
        time.sleep(1 - time.time() % 1)

    def release(self, folder):
        self.at_a_full_second()
        return self.measure(self.windlass, "release", "--yes", cwd=folder)

    def released(self, folder):
        return json.loads(self.run(self.windlass, "show", "@", "--json", cwd=folder))

    # ---- Figures -------------------------------------------------------------------------------------------

    def cached_release(self, builder, kit):
        repository = f"{self.registry}/bench/cached-{builder}"
        folder = self.project(
            f"cached-{builder}",
            f"""\
FROM scratch
LABEL {LABEL}=1
COPY busybox /bin/busybox
SHELL ["/bin/busybox", "sh", "-euc"]
RUN /bin/busybox --install -s /bin
COPY site /srv/site
RUN grep -q Harbour /srv/site/index.html
CMD ["/bin/httpd", "-f", "-h", "/srv/site"]
""",
            repository,
            builder,
        )
        script = self.work / "seed.sh"
        script.write_text(
            """\
set -eu
docker=$1 registry=$2 repository=$3 user=$4 password=$5 out=$6
date=master-$(date -u +%Y-%m-%d-%H-%M-%S)
"$docker" login --username "$user" --password-stdin "$registry" <"$password"
"$docker" build --tag "$repository:latest" .
"$docker" tag "$repository:latest" "$repository:$date"
"$docker" push "$repository:latest"
"$docker" push "$repository:$date"
"$docker" images --no-trunc "$repository" | awk -v tag="$date" '$2 == tag { print $3 }' >"$out"
grep -q sha256: "$out"
"""
        )
        # The peer's own repository: a tag that it wrote would be taken.
        theirs = f"{repository}-peer"
        out = self.work / "sha256.txt"
        words = ["sh", script, self.docker, self.registry, theirs, USER, self.password_file, out]
        environment = {"DOCKER_CONFIG": str(self.work / "docker"), "DOCKER_BUILDKIT": kit}

        def seed():
            self.at_a_full_second()
            return self.measure(*words, cwd=folder, environment=environment)

        ours, peer = self.take_turns(lambda: self.release(folder), seed)
        return Row(f"cached release, {builder}", ours, "docker CLI script", peer, ratio_limit=0.9)

    def context(self):
        """Only the first row is a budget. The others say where the time goes: the classic builder is slow to take a
        context from anybody, and docker's BuildKit client sends only the files that the engine does not have yet."""
        ours = {builder: self.context_project(builder) for builder in ("auto", "classic")}

        def build(builder):
            whole = self.release(ours[builder])
            steps = self.released(ours[builder])["steps"]
            return Sample(next(s["seconds"] for s in steps if s["name"] == "build"), whole.resident)

        def peer(kit):
            tag = f"{self.registry}/bench/context-peer:{kit}"
            environment = {"DOCKER_CONFIG": str(self.work / "docker"), "DOCKER_BUILDKIT": kit}
            return self.measure(self.docker, "build", "--tag", tag, ".", cwd=ours["auto"], environment=environment)

        def row(what, builder, name, kit, **limits):
            mine, theirs = self.take_turns(lambda: build(builder), lambda: peer(kit))
            return Row(what, mine, name, theirs, **limits)

        what = "300 MB context, build step"
        return [
            row(what, "auto", "docker build, classic", "0", ratio_limit=0.75, resident_limit=32),
            row(f"{what}, classic", "classic", "docker build, classic", "0", resident_limit=32),
            row(f"{what}, unchanged", "auto", "docker build, BuildKit", "1", resident_limit=32),
        ]

    def context_project(self, builder):
        folder = self.project(
            f"context-{builder}",
            f"""\
FROM scratch AS all
LABEL {LABEL}=1
COPY busybox /bin/busybox
COPY data /data
RUN ["/bin/busybox", "sh", "-c", "cat /data/* | /bin/busybox wc -c >/total"]
FROM scratch
LABEL {LABEL}=1
COPY --from=all /total /total
""",
            f"{self.registry}/bench/context-{builder}",
            builder,
        )
        (folder / "data").mkdir()
        for number in range(300):
            (folder / "data" / f"{number:03}").write_bytes(os.urandom(MB))
        return folder

    def archive(self):
        """A saved image of 1 GB released, beside a copy of the same archive, each to a repository that has nothing of
        it yet, by somebody who knows nothing of earlier ones. Half of it is random, half is words."""
        saved = self.work / "image.tar"
        context = self.work / "archive-context"
        context.mkdir()
        words = [bytes(random.choices(b"abcdefghijklmnopqrstuvwxyz", k=random.randint(2, 9))) for _ in range(4000)]
        lines = b"".join(b" ".join(random.choices(words, k=12)) + b"\n" for _ in range(200_000))[: 8 * MB]
        dockerfile = f"FROM scratch\nLABEL {LABEL}=1\n"
        for number in range(4):
            with open(context / str(number), "wb") as file:
                for _ in range(16):
                    file.write(os.urandom(8 * MB) + lines)
            dockerfile += f"COPY {number} /data/\n"
        (context / "Dockerfile").write_text(dockerfile)
        name = f"{self.registry}/bench/archive:saved"
        self.run(self.docker, "build", "--quiet", "--tag", name, context)
        self.run(self.docker, "save", "--output", saved, name)
        shutil.rmtree(context)
        self.run("zstd", "--quiet", "-1", saved, "-o", f"{saved}.zst")
        login = self.work / "archive.json"
        token = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        login.write_text(json.dumps({"auths": {self.registry: {"auth": token}}}))
        numbers = itertools.count()

        def release(file):
            number = next(numbers)
            home = {"WINDLASS_HOME": str(self.work / f"archive-home-{number}")}
            before, self.environment = self.environment, self.environment | home
            try:
                folder = self.project(f"archive-{number}", "FROM scratch\n", f"{self.registry}/bench/archive-{number}")
                return self.measure(self.windlass, "release", "--from-archive", file, "--yes", cwd=folder)
            finally:
                self.environment = before

        def copy(file):
            number = next(numbers)
            # As whoever is not root it keeps what it knows of blobs where this says.
            own = {"_CONTAINERS_ROOTLESS_UID": "1", "XDG_DATA_HOME": str(self.work / f"archive-skopeo-{number}")}
            to = f"docker://{self.registry}/bench/archive-{number}:latest"
            words = ["skopeo", "copy", "--quiet", "--dest-tls-verify=false", "--authfile", login]
            return self.measure(*words, f"docker-archive:{file}", to, environment=own)

        def row(what, file):
            ours, peer = self.take_turns(lambda: release(file), lambda: copy(file))
            return Row(what, ours, "skopeo copy", peer, ratio_limit=0.8, resident_limit=64)

        what = "archive of 1 GB (docker save) released"
        return [row(what, saved), row(f"{what}, packed with zstd", f"{saved}.zst")]

    def tags(self):
        path = "bench/tags"
        repository = f"{self.registry}/{path}"
        with Latency(self.registry, 0.05) as far:
            near_folder = self.project("near", "FROM scratch\n", repository)
            far_folder = self.project("far", "FROM scratch\n", f"{far.address}/{path}")
            tags = self.fill(path, {near_folder.name: repository, far_folder.name: f"{far.address}/{path}"})
            script = self.work / "inspect.sh"
            names = " ".join(tags)
            script.write_text(
                f"set -eu\nfor tag in {names}; do\n"
                f'  skopeo inspect --no-tags --tls-verify=false --authfile "$1" "docker://{repository}:$tag"\ndone\n'
            )
            login = self.work / "skopeo.json"
            token = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
            login.write_text(json.dumps({"auths": {self.registry: {"auth": token}}}))

            def verify(folder):
                records = self.work / "records" / folder.name
                return self.measure(self.windlass, "verify", "--json", "--records", records, cwd=folder)

            ours, peer = self.take_turns(lambda: verify(near_folder), lambda: self.measure("sh", script, login))
            self.all_match(near_folder, len(tags))
            verify(far_folder)
            distant = Side([verify(far_folder) for _ in range(self.runs)])
            self.all_match(far_folder, len(tags))
        what = "200 tags over 50 images, observed and verified"
        return [
            Row(what, ours, "skopeo inspect, one by one", peer, ratio_limit=0.2),
            Row(f"{what}, 50 ms away", distant, "–", seconds_wished=1.5),
        ]

    def all_match(self, folder, count):
        records = self.work / "records" / folder.name
        shown = json.loads(self.run(self.windlass, "verify", "--json", "--records", records, cwd=folder))
        verdicts = [row["verdict"] for row in shown["rows"]]
        if verdicts != ["match"] * count:
            raise Failed(f"{count} tags should match: {set(verdicts)} of {len(verdicts)}")

    def fill(self, path, repositories):
        """50 images of four tags each, put into the registry without an engine, and a record for each image."""
        tags = []
        for number in range(50):
            layer, diff_id = layer_of(number)
            config = json.dumps(
                {
                    "architecture": "amd64", "os": "linux", "created": "2026-01-01T00:00:00Z",
                    "config": {"Cmd": ["/bin/sh"], "Labels": {LABEL: str(number)}},
                    "history": [{"created": "2026-01-01T00:00:00Z", "created_by": "COPY"}],
                    "rootfs": {"type": "layers", "diff_ids": [diff_id]},
                }
            ).encode()  # fmt: skip
            for blob in (layer, config):
                self.put_blob(path, blob)
            kind = "application/vnd.docker.distribution.manifest.v2+json"
            manifest = json.dumps(
                {
                    "schemaVersion": 2,
                    "mediaType": kind,
                    "config": described("application/vnd.docker.container.image.v1+json", config),
                    "layers": [described("application/vnd.docker.image.rootfs.diff.tar.gzip", layer)],
                }
            ).encode()
            names = [f"release-{number:02}-{letter}" for letter in "abcd"]
            for name in names:
                self.ask("PUT", f"/v2/{path}/manifests/{name}", manifest, {"Content-Type": kind}).close()
            tags += names
            for folder, repository in repositories.items():
                self.record(folder, repository, number, names, digest(config), digest(manifest), diff_id)
        return tags

    def record(self, folder, repository, number, tags, config, manifest, diff_id):
        place = self.work / "records" / folder / f"{number:02}"
        place.mkdir(parents=True)
        letters = "abcdefghijklmnopqrstuvwxyz"
        document = {
            "schema": "windlass.record/1", "release": letters[number // 26] + letters[number % 26] + "aaaaaaaa",
            "image": folder, "repository": repository, "image_id": config, "id_kind": "config",
            "config_digest": config, "manifest_digest": manifest, "index_digest": None, "diff_ids": [diff_id],
            "platform": "linux/amd64", "tags": [{"tag": tag, "kind": "frozen"} for tag in tags],
            "commit": f"{number:040x}", "ref": "refs/heads/master", "remote": None, "review": "reviewed",
            "dirty": False, "dockerfile_digest": None, "context_digest": None, "log_digest": None,
            "log_clipped": False, "runner": "local", "engine": "Docker", "who": "bench",
            "when": "2026-01-01T00:00:00Z",
        }  # fmt: skip
        (place / "release.json").write_text(json.dumps(document))
        (place / "docker-image-shasum256.txt").write_text(config + "\n")

    def ask(self, method, path, body=None, headers=()):
        url = path if path.startswith("http") else f"http://{self.registry}{path}"
        token = base64.b64encode(f"{USER}:{self.password}".encode()).decode()
        request = urllib.request.Request(url, body, dict(headers) | {"Authorization": f"Basic {token}"}, method=method)
        return urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=60)

    def put_blob(self, path, blob):
        with self.ask("POST", f"/v2/{path}/blobs/uploads/", b"") as begun:
            place = begun.headers["Location"]
        place += ("&" if "?" in place else "?") + f"digest={digest(blob)}"
        self.ask("PUT", place, blob, {"Content-Type": "application/octet-stream"}).close()

    def remove_images(self):
        # Tagged ones by their names, and the stage that none names by its label.
        for listed in (
            ["--format", "{{.Repository}}:{{.Tag}}", f"{self.registry}/bench/*"],
            ["--quiet", "--filter", "dangling=true", "--filter", f"label={LABEL}"],
        ):
            names = self.run(self.docker, "images", *listed).split()
            for name in dict.fromkeys(names):
                with contextlib.suppress(Failed):  # gone with another one's removal
                    self.run(self.docker, "rmi", name)


def digest(content):
    return "sha256:" + hashlib.sha256(content).hexdigest()


def described(kind, content):
    return {"mediaType": kind, "size": len(content), "digest": digest(content)}


def layer_of(number):
    """A layer with one file, and the digest of its tar."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        content = f"image {number}\n".encode()
        entry = tarfile.TarInfo("number")
        entry.size = len(content)
        tar.addfile(entry, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0), digest(buffer.getvalue())


def machine(bench):
    engine = bench.run(bench.docker, "version", "--format", "{{.Server.Version}}").strip()
    skopeo = bench.run("skopeo", "--version").strip()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    return f"{os.cpu_count()} CPUs, load {load}; Docker {engine}, {skopeo}; medians of {bench.runs}, range in brackets."


# What can be measured alone, in the order of the table.
FIGURES = {
    "release": lambda bench, _: [bench.cached_release("classic", "0"), bench.cached_release("buildkit", "1")],
    "context": lambda bench, _: bench.context(),
    "archive": lambda bench, _: bench.archive(),
    "tags": lambda bench, _: bench.tags(),
    "flood": lambda _, console: console.flood(),
    "live": lambda _, console: console.live(),
    "open": lambda _, console: console.opened(),
    "search": lambda _, console: console.searched(),
    "wrap": lambda _, console: console.wrapped(),
    "start": lambda _, console: console.started(),
    "idle": lambda _, console: console.idle(),
}


def main():
    parser = argparse.ArgumentParser(prog="benches/run.sh")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--only", action="append", choices=FIGURES)
    for name in ("windlass", "docker", "registry"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("password-file", "work"):
        parser.add_argument(f"--{name}", required=True, type=pathlib.Path)
    options = parser.parse_args()
    if options.runs < 1:
        parser.error("--runs must be at least 1")
    shutil.rmtree(options.work, ignore_errors=True)
    options.work.mkdir(parents=True)
    bench = Bench(options)
    console = Console(bench, LABEL)
    rows = []
    try:
        print(f"\n{machine(bench)}\n")
        print("| what | windlass | peer | ratio | budget | holds |\n|---|---|---|---|---|---|", flush=True)
        for name in options.only or FIGURES:
            for row in FIGURES[name](bench, console):
                print("| " + " | ".join(row.cells()) + " |", flush=True)
                rows.append(row)
    except Failed as failed:
        print(failed, file=sys.stderr)
        return 2
    finally:
        bench.remove_images()
    return 0 if all(row.holds() for row in rows) else 1


if __name__ == "__main__":
    sys.exit(main())
