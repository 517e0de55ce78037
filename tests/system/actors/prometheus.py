"""A real Prometheus that scrapes one bridge once a second, with the alert rules of packaging/."""

import json
import urllib.parse
import urllib.request

import yaml

from .process import Process
from .wait import free_port, until

PROMETHEUS = "/usr/bin/prometheus"
START_PATIENCE = 60  # seconds


class Prometheus:
    def __init__(self, folder, bridge, rules):
        self.folder = folder
        self.port = free_port()
        self.process = None
        folder.mkdir(parents=True, exist_ok=True)
        self.file = folder / "prometheus.yaml"
        self.file.write_text(yaml.safe_dump({
            "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
            "rule_files": [str(rules)],
            "scrape_configs": [{
                "job_name": "jobs-bridge",
                "static_configs": [{"targets": [f"127.0.0.1:{bridge.admin_port}"]}]}]}))

    def start(self):
        argv = [PROMETHEUS, f"--config.file={self.file}", f"--storage.tsdb.path={self.folder}/data",
                f"--web.listen-address=127.0.0.1:{self.port}"]
        self.process = Process(argv, self.folder / "prometheus.log")
        try:
            until(self.has_scraped, "prometheus to have scraped three times", START_PATIENCE)
        except BaseException:
            self.stop()
            raise
        return self

    def has_scraped(self):
        assert self.process.is_alive, self.process.output
        try:
            return self.query("count_over_time(up[1m]) >= 3")
        except OSError:  # it does not listen yet, or is not ready
            return False

    def stop(self):
        self.process.stop()

    def ask(self, path, **parameters):
        url = f"http://127.0.0.1:{self.port}/api/v1/{path}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(url, timeout=10) as answer:
            return json.load(answer)["data"]

    def query(self, expression):
        return self.ask("query", query=expression)["result"]
