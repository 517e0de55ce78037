"""Scrapes of /metrics, read by the Prometheus client library's own parsers."""

import threading
import time
import urllib.error
import urllib.request

from prometheus_client.openmetrics.parser import \
    text_string_to_metric_families as open_metrics_families
from prometheus_client.parser import text_string_to_metric_families as prometheus_families

PREFIX = "jobs_bridge_"
OPEN_METRICS = "application/openmetrics-text; version=1.0.0"
# What the journal keeps: it goes on over restarts, and even kills.
KEPT = ("commands_received_total", "commands_accepted_total", "commands_rejected_total")


class Scrape:
    """samples: by name without the prefix and, where there are labels, their values in the order of
    their names: ("rejections_total", "InvalidJson")."""

    def __init__(self, bridge, accept="text/plain"):
        request = urllib.request.Request(f"http://127.0.0.1:{bridge.admin_port}/metrics",
                                         headers={"Accept": accept})
        with urllib.request.urlopen(request, timeout=10) as answer:
            self.media_type = answer.headers["Content-Type"]
            self.text = answer.read().decode()
        parse = open_metrics_families if accept == OPEN_METRICS else prometheus_families
        self.families = list(parse(self.text))
        self.samples = {}
        for family in self.families:
            for sample in family.samples:
                values = [sample.labels[label] for label in sorted(sample.labels)]
                key = (sample.name.removeprefix(PREFIX), *values)
                assert key not in self.samples, f"twice: {key}"
                self.samples[key] = sample.value

    def __getitem__(self, key):
        return self.samples[key if isinstance(key, tuple) else (key,)]

    @property
    def counters(self):
        ends = ("_total", "_bucket", "_count", "_sum")
        return {key: value for key, value in self.samples.items() if key[0].endswith(ends)}

    def check_books(self):
        received = self["commands_received_total"]
        parts = {name: self[name] for name in ("commands_accepted_total",
                                               "commands_rejected_total", "commands_waiting",
                                               "commands_in_flight")}
        assert received == sum(parts.values()), f"{received} received, but {parts}"

    def check_after(self, before, is_same_run=True):
        """No counter has gone back; over a restart, none of those that the journal keeps."""
        for key, value in before.counters.items():
            if is_same_run or key[0] in KEPT:
                assert self.samples[key] >= value, f"{key}: {value}, then {self.samples[key]}"


class Watcher:
    """Scrapes without a pause until it is stopped, and checks each scrape against the one before.
    While nobody answers it tries again; another run begins another series."""

    def __init__(self, bridge):
        self.bridge = bridge
        self.scrapes = []
        self.problem = None
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._is_over.set()
        self._thread.join()
        if self.problem is not None:
            raise self.problem

    def _watch(self):
        while not self._is_over.is_set() and self.problem is None:
            try:
                self._look()
            except (urllib.error.URLError, OSError):
                time.sleep(0.005)
            except Exception as problem:  # told by the thread that waits
                self.problem = problem

    def _look(self):
        scrape = Scrape(self.bridge)
        scrape.check_books()
        if self.scrapes:
            before = self.scrapes[-1]
            is_same_run = scrape["start_time_seconds"] == before["start_time_seconds"]
            scrape.check_after(before, is_same_run and
                               scrape["uptime_seconds"] >= before["uptime_seconds"])
        self.scrapes.append(scrape)

    @property
    def last(self):
        return self.scrapes[-1]
