"""The authority of docs/OPERATIONS.md, "Who may speak", and the broker of packaging/mosquitto-tls.conf.

Its certificates are made by the commands that are printed there, so that they are known to work.
"""

import os
import pathlib
import re
import subprocess
from dataclasses import dataclass

from .broker import Broker
from .device import Device

HOUSE = pathlib.Path(__file__).parents[3]
SECTION = re.compile(r"^## Who may speak$(.*?)^## ", re.DOTALL | re.MULTILINE)
BLOCK = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
HERE = "DNS:localhost,IP:127.0.0.1"


def documented_commands():
    """The scripts that make an authority, a broker's certificate, a client's."""
    text = (HOUSE / "docs/OPERATIONS.md").read_text()
    blocks = BLOCK.findall(SECTION.search(text).group(1))
    return [block for block in blocks if "openssl" in block]


@dataclass
class Certificate:
    certificate: pathlib.Path
    key: pathlib.Path
    authority: pathlib.Path  # who may have signed the other side's

    def settings(self):
        return {"ca_file": str(self.authority), "cert_file": str(self.certificate),
                "key_file": str(self.key)}

    def options(self):
        """For mosquitto_pub and mosquitto_sub."""
        return ["--cafile", self.authority, "--cert", self.certificate, "--key", self.key]


class Authority:
    def __init__(self, folder):
        self.folder = folder
        folder.mkdir(parents=True)
        self.make_itself, self.make_broker, self.make_client = documented_commands()
        self._run(self.make_itself)
        self.certificate = folder / "ca.pem"

    def _run(self, script, **values):
        for name, value in values.items():
            script, count = re.subn(rf"(^\s*{name}=|-{name} )\S+", rf"\g<1>{value}", script,
                                    flags=re.MULTILINE)
            assert count > 0, f"no {name} in {script}"
        subprocess.run(["bash", "-euc", script], cwd=self.folder, check=True, capture_output=True)

    def broker(self, label="broker", names=HERE, days=365):
        self._run(self.make_broker, names=names, days=days)
        made = Certificate(self.folder / f"{label}.pem", self.folder / f"{label}.key",
                           self.certificate)
        (self.folder / "broker.pem").rename(made.certificate)
        (self.folder / "broker.key").rename(made.key)
        return made

    def client(self, name, days=365):
        """Made once: a bridge takes files that change for new ones."""
        made = Certificate(self.folder / f"{name}.pem", self.folder / f"{name}.key",
                           self.certificate)
        if not made.certificate.exists():
            self._run(self.make_client, name=name, days=days)
        return made


class SecuredBroker(Broker):
    """packaging/mosquitto-tls.conf and packaging/mosquitto.acl, in another place."""

    def __init__(self, folder, certificate, leave_out=None):
        super().__init__(folder)
        self.certificate = certificate
        self.leave_out = leave_out

    @property
    def url(self):
        return f"mqtts://localhost:{self.port}"

    def configuration(self):
        text = (HOUSE / "packaging/mosquitto-tls.conf").read_text()
        moves = {"listener 8883": f"listener {self.port} 127.0.0.1",
                 "/etc/mosquitto/certs/broker.pem": str(self.certificate.certificate),
                 "/etc/mosquitto/certs/broker.key": str(self.certificate.key),
                 "/etc/mosquitto/certs/ca.pem": str(self.certificate.authority),
                 "/etc/mosquitto/jobs-bridge.acl": str(HOUSE / "packaging/mosquitto.acl"),
                 "/var/lib/mosquitto/": f"{self.folder}/"}
        if self.leave_out is not None:
            moves[self.leave_out] = ""
        for old, new in moves.items():
            assert old in text, f"{old} is not in packaging/mosquitto-tls.conf"
            text = text.replace(old, new)
        return text + ("user root\n" if os.geteuid() == 0 else "")


class Member(Device):
    """A client with a certificate, by which it is known."""

    def __init__(self, broker, certificate, thing=None, client_id=None, **options):
        self.certificate = certificate
        self.client_id = client_id
        super().__init__(broker, thing, **options)

    def _new_client(self, client_id):
        client = super()._new_client(self.client_id or client_id)
        client.tls_set(str(self.certificate.authority), str(self.certificate.certificate),
                       str(self.certificate.key))
        return client
