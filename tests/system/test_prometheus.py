"""What is made for Prometheus and Grafana, judged by Prometheus itself."""

import json
import pathlib
import re
import subprocess

import pytest
import yaml

from actors import until
from actors.metrics import PREFIX, Scrape
from actors.prometheus import Prometheus

HOUSE = pathlib.Path(__file__).parents[2]
RULES = HOUSE / "packaging/prometheus/jobs-bridge.rules.yaml"
RULE_TESTS = HOUSE / "tests/metrics/jobs-bridge.rules.test.yaml"
DASHBOARD = json.loads((HOUSE / "packaging/grafana/jobs-bridge.json").read_text())
PROMTOOL = "/usr/bin/promtool"

ALERTS = [rule for group in yaml.safe_load(RULES.read_text())["groups"]
          for rule in group["rules"]]
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
EXPRESSIONS = [(panel["title"], target["expr"]) for panel in PANELS
               for target in panel["targets"]]


@pytest.fixture(scope="module")
def prometheus(module_folder, shared_bridge):
    prometheus = Prometheus(module_folder / "prometheus", shared_bridge, RULES).start()
    yield prometheus
    prometheus.stop()


@pytest.fixture(scope="module")
def names(shared_bridge):
    return {sample.name for family in Scrape(shared_bridge).families for sample in family.samples}


def names_in(expression):
    return set(re.findall(rf"\b{PREFIX}\w+", expression))


def promtool(*words):
    done = subprocess.run([PROMTOOL, *map(str, words)], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_prometheus_can_read_it(prometheus):
    target, = prometheus.ask("targets")["activeTargets"]
    assert (target["health"], target["lastError"]) == ("up", "")
    result, = prometheus.query("jobs_bridge_ready")
    assert result["value"][1] == "1"


def test_promtool_accepts_the_alerts():
    assert f"{len(ALERTS)} rules found" in promtool("check", "rules", RULES)


def test_each_alert_fires_when_it_should_and_no_other():
    promtool("test", "rules", RULE_TESTS)
    tested = {test["name"] for test in yaml.safe_load(RULE_TESTS.read_text())["tests"]}
    assert {alert["alert"] for alert in ALERTS} <= tested


def test_alerts_speak_of_metrics_that_exist(names):
    for alert in ALERTS:
        assert names_in(alert["expr"]) <= names, alert["alert"]
        assert names_in(alert["expr"]) or "up{" in alert["expr"], alert["alert"]
        assert alert["labels"]["severity"] in ("critical", "warning")
        assert alert["annotations"]["summary"] and alert["annotations"]["description"]


def test_prometheus_evaluates_the_alerts(prometheus):
    def rules():
        return [rule for group in prometheus.ask("rules")["groups"] for rule in group["rules"]]

    until(lambda: all(rule["health"] != "unknown" for rule in rules()), "all to be evaluated")
    assert [(rule["name"], rule["health"], rule.get("lastError")) for rule in rules()] == [
        (alert["alert"], "ok", None) for alert in ALERTS]
    assert prometheus.query('ALERTS{alertstate="firing"}') == []


def test_the_dashboard_speaks_of_metrics_that_exist(names):
    assert len(EXPRESSIONS) > 40
    for title, expression in EXPRESSIONS:
        assert names_in(expression), title
        assert names_in(expression) <= names, title


def test_the_dashboard_shows_every_metric(names):
    shown = set().union(*(names_in(expression) for _, expression in EXPRESSIONS))
    ends = ("_count", "_sum")
    assert {name for name in names if not name.endswith(ends)} <= shown


def test_prometheus_evaluates_the_dashboard(prometheus):
    for title, expression in EXPRESSIONS:
        expression = expression.replace("$__rate_interval", "1m").replace("$instance", ".*")
        result = prometheus.query(expression)
        may_be_empty = title in ("Rejections by code", "Credentials last for")
        assert result or may_be_empty, f"{title}: {expression}"


def test_the_dashboard_is_whole():
    ids = [panel["id"] for panel in DASHBOARD["panels"]]
    assert len(ids) == len(set(ids))
    for panel in PANELS:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24, panel["title"]
        assert panel["description"] and panel["title"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    places = [(x, y) for panel in DASHBOARD["panels"]
              for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
              for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])]
    assert len(places) == len(set(places)), "panels lie on one another"


def test_a_bridge_that_is_gone_is_noticed(new_broker, new_bridge, tmp_path):
    bridge = new_bridge(new_broker().start()).start()
    prometheus = Prometheus(tmp_path / "prometheus", bridge, RULES).start()
    bridge.stop()
    try:
        until(lambda: prometheus.query('ALERTS{alertname="JobsBridgeDown",alertstate="pending"}'),
              "the alert to be pending")
    finally:
        prometheus.stop()
