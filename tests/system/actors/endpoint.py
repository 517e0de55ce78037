"""A scripted stand-in for AWS IoT's control plane: it records requests and answers as told.

    endpoint.script(throttled(), unavailable(), Reply())   these, in this order
    endpoint.otherwise(unavailable())                      this, once the script is at its end
    endpoint.judge_with(function)                          refuses what the function does
    endpoint.otherwise(lambda request: throttled())        or what a function says
"""

import json
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from .wait import PATIENCE, free_port, until


@dataclass
class Request:
    method: str
    target: str
    headers: dict
    body: bytes
    at: float = field(default_factory=time.monotonic)
    reply: "Reply" = None  # what it was answered

    @property
    def path(self):
        return urlsplit(self.target).path

    @property
    def namespace(self):
        return parse_qs(urlsplit(self.target).query).get("namespaceId", [None])[0]

    @property
    def json(self):
        return json.loads(self.body)


@dataclass
class Reply:
    """What is answered; the default is UpdateJob's success."""

    status: int = 200
    type: str = None
    message: str = "as scripted"
    body: bytes = None
    headers: dict = field(default_factory=dict)
    delay: float = 0
    gate: threading.Event = None  # answered only once it is set
    is_cut: bool = False  # the connection is closed instead of an answer

    def content(self):
        if self.body is not None:
            return self.body
        return b"" if self.type is None else json.dumps({"message": self.message}).encode()


def throttled():
    return Reply(400, "ThrottlingException", "Rate exceeded")


def not_found():
    return Reply(404, "ResourceNotFoundException", "Job is not found")


def invalid():
    return Reply(400, "InvalidRequestException", "The request is not valid.")


def unavailable():
    return Reply(503, "ServiceUnavailableException", "try again")


def cut():
    return Reply(is_cut=True)


def fault_in_200():
    fault = {"Output": {"__type": "com.amazon.coral.service#UnknownOperationException",
                        "message": None}, "Version": "1.0"}
    return Reply(body=json.dumps(fault).encode())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_PATCH(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        reply = self.server.actor.take(Request(self.command, self.path, headers, body))
        time.sleep(reply.delay)
        if reply.gate is not None:
            reply.gate.wait(PATIENCE)
        if reply.is_cut:
            self.close_connection = True
            return
        content = reply.content()
        self.send_response(reply.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("x-amzn-RequestId", f"request-{len(self.server.actor.requests)}")
        if reply.type is not None:
            self.send_header("x-amzn-ErrorType", reply.type + ":")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = do_DELETE = do_PATCH

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, *_):
        """A client that went away is what some tests are about."""


class Endpoint:
    def __init__(self, port=None):
        self.port = port or free_port()
        self.requests = []
        self.server = None
        self._lock = threading.Lock()
        self._script = deque()
        self._otherwise = Reply()
        self._judge = None
        self.refused = 0  # requests that the judge did not let through

    @property
    def url(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.actor = self
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        if self.server is not None:
            self.server.shutdown()
            self.server.server_close()
            self.server = None

    def script(self, *replies):
        with self._lock:
            self._script.extend(replies)

    def otherwise(self, reply):
        with self._lock:
            self._otherwise = reply

    def judge_with(self, judge):
        """judge(request) gives the reply to each; one of 200 passes it on to the script."""
        self._judge = judge

    def take(self, request):
        verdict = self._judge(request) if self._judge is not None else Reply()
        with self._lock:
            self.requests.append(request)
            if verdict.status != 200:
                self.refused += 1
                return verdict
            reply = self._script.popleft() if self._script else self._otherwise
            request.reply = reply(request) if callable(reply) else reply
            return request.reply

    def wait_for(self, count):
        until(lambda: len(self.requests) >= count, f"{count} requests at the endpoint")
        return list(self.requests)
