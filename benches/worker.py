"""A Taskcluster deployment with one task after another, whose worker has a log of a million lines: it says it as fast as
it is read, and keeps it once the run is over."""

import datetime
import gzip
import http.server
import json
import threading
import urllib.parse

LIVE, KEPT = "public/logs/live.log", "public/logs/live_backing.log"
# What a worker hands to its readers at once.
CHUNK = 64 * 1024


class Worker:
    """What it says is there from the beginning, so that a reader waits for itself alone."""

    def __init__(self, lines):
        # `said` is as it travels: each piece with its length in front. Source: RFC 9112, section 7.1.
        log = b"".join(lines)
        pieces = (log[at : at + CHUNK] for at in range(0, len(log), CHUNK))
        self.said = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        self.packed = gzip.compress(log, 6, mtime=0)
        self.began = now()
        self.number = 0
        self.over = False
        worker = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                worker.answer(self)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.root = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.live, self.kept = f"{self.root}/live", f"{self.root}/kept"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def task(self):
        return f"{self.number:022}"

    def runs(self):
        """Another task, which nobody has seen the log of."""
        self.number += 1
        self.over = False

    def answer(self, request):
        path = urllib.parse.unquote(urllib.parse.urlsplit(request.path).path)
        if path == "/live":
            send(request, 200, self.said, "Transfer-Encoding: chunked")
            # Whoever has all of it may ask what became of the run.
            self.over = True
        elif path == "/kept":
            send(request, 200, self.packed, f"Content-Length: {len(self.packed)}", "Content-Encoding: gzip")
        else:
            found = self.found(path)
            body = json.dumps(found or {"code": "ResourceNotFound", "message": "there is none"}).encode()
            kind = "Content-Type: application/json"
            send(request, 200 if found else 404, body, f"Content-Length: {len(body)}", kind)

    def found(self, path):
        match path.removeprefix("/api/").split("/", 2):
            case ["github", "v1", "builds"]:
                return {"builds": [self.build()]}
            case ["queue", "v1", rest]:
                task = self.task
                return {
                    f"task/{task}": self.definition(),
                    f"task/{task}/status": {"status": self.status()},
                    f"task-group/{task}/list": {
                        "taskGroupId": task,
                        "tasks": [{"task": self.definition(), "status": self.status()}],
                    },
                    f"task/{task}/runs/0/artifact-content/{LIVE}": self.log(),
                    f"task/{task}/runs/0/artifact-content/{KEPT}": self.log() if self.over else None,
                }.get(rest)
        return None

    def log(self):
        return {"storageType": "s3", "url": self.kept} if self.over else {"storageType": "reference", "url": self.live}

    def build(self):
        state = "success" if self.over else "pending"
        return {
            "organization": "bench", "repository": "app", "sha": "0" * 40, "state": state, "taskGroupId": self.task,
            "eventType": "push", "eventId": "bench", "created": self.began, "updated": self.began,
        }  # fmt: skip

    def definition(self):
        return {
            "taskQueueId": "bench/ci", "taskGroupId": self.task, "created": self.began, "deadline": now(days=1),
            "metadata": {"name": "push-image", "owner": "bench@example.org", "source": "", "description": ""},
            "payload": {},
        }  # fmt: skip

    def status(self):
        state = "completed" if self.over else "running"
        run = {"runId": 0, "state": state, "started": self.began, "scheduled": self.began, "reasonCreated": "scheduled"}
        if self.over:
            run |= {"resolved": self.began, "reasonResolved": "completed"}
        return {
            "taskId": self.task, "taskGroupId": self.task, "taskQueueId": "bench/ci", "deadline": now(days=1),
            "retriesLeft": 5, "state": state, "runs": [run],
        }  # fmt: skip


def send(request, status, body, *headers):
    head = "\r\n".join([f"HTTP/1.1 {status} ok", *headers, "", ""]).encode()
    try:
        request.wfile.write(head)
        request.wfile.write(body)
    except OSError:  # a reader that was seen at its end, and is ended
        request.close_connection = True


def now(**later):
    moment = datetime.datetime.now(datetime.UTC) + datetime.timedelta(**later)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
