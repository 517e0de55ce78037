"""Stand-ins for the services that hand out AWS credentials, and an UpdateJob that knows the keys."""

import datetime
import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler

from .endpoint import Reply, Request, Server
from .wait import free_port

SECRET = "HUSHHUSHHUSH"
STS = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleResult><Credentials><AccessKeyId>{AccessKeyId}</AccessKeyId>
<SecretAccessKey>{SecretAccessKey}</SecretAccessKey><SessionToken>{Token}</SessionToken>
<Expiration>{Expiration}</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"""


def now():
    return datetime.datetime.now(datetime.timezone.utc)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def handle_any(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, body)
        if isinstance(self.connection, ssl.SSLSocket):
            request.certificate = self.connection.getpeercert()
        status, content = self.server.actor.take(request)
        content = content.encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_PUT = do_POST = handle_any

    def log_message(self, *_):
        pass


class TokenService:
    """Container endpoint, IMDS, STS or credentials provider, by the request's path. Each fetch
    brings the next keys, ASIA1, ASIA2, ..., good for `lifetime` seconds."""

    def __init__(self, lifetime=3600, certificate=None, key=None, client_ca=None):
        self.port = free_port()
        self.lifetime = lifetime
        self.requests = []
        self.issued = []  # access keys, oldest first
        self.ends = {}
        self.failure = None  # (status, body) instead of keys
        self.lock = threading.Lock()
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.actor = self
        self.scheme = "http"
        if certificate is not None:
            self.scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate, key)
            context.load_verify_locations(client_ca)
            context.verify_mode = ssl.CERT_REQUIRED
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.port}"

    def start(self):
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def next_keys(self):
        name = f"ASIA{len(self.issued) + 1}"
        end = now() + datetime.timedelta(seconds=self.lifetime)
        self.issued.append(name)
        self.ends[name] = end
        return {"Code": "Success", "AccessKeyId": name, "SecretAccessKey": SECRET,
                "Token": f"{SECRET}{name}", "Expiration": end.strftime("%Y-%m-%dT%H:%M:%SZ")}

    def take(self, request):
        with self.lock:
            self.requests.append(request)
            if request.target == "/latest/api/token":
                return 200, "metadata-token"
            if request.target == "/latest/meta-data/iam/security-credentials/":
                return 200, "a-role"
            if self.failure is not None:
                return self.failure
            keys = self.next_keys()
        if request.method == "POST":
            return 200, STS.format(**keys)
        if request.target.startswith("/role-aliases/"):
            return 200, json.dumps({"credentials": {
                "accessKeyId": keys["AccessKeyId"], "secretAccessKey": keys["SecretAccessKey"],
                "sessionToken": keys["Token"], "expiration": keys["Expiration"]}})
        return 200, json.dumps(keys)

    def judge(self, request):
        """UpdateJob's answer to a call: it knows the keys issued here, until they end or are
        revoked."""
        name = request.headers["authorization"].split("Credential=")[1].split("/")[0]
        token = request.headers.get("x-amz-security-token")
        with self.lock:
            if token != f"{SECRET}{name}" or name not in self.ends:
                return Reply(403, "UnrecognizedClientException", "The security token is invalid")
            if now() >= self.ends[name]:
                return Reply(403, "ExpiredTokenException", "The security token is expired")
        return Reply()

    def revoke(self):
        """The keys issued so far are worth nothing from now on."""
        with self.lock:
            self.ends = {name: now() for name in self.ends}
