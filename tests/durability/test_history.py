"""The checker finds every kind of broken promise in a made-up history, and none in a good one."""

import pytest

from history import BROKER_KILLED, History, check, figures

ANSWER = {"clientToken": "c1", "timestamp": 7, "jobId": "j"}


def command(number, job="j", kinds=("sent", "kept", "delivered", "taken")):
    name = f"c{number}"
    more = {"sent": {"job": job, "value": f"v{number}"}}
    return [{"fact": kind, "command": name, **more.get(kind, {})} for kind in kinds]


def call(number, job="j", effect=True):
    return [{"fact": "call", "job": job, "value": f"v{number}", "effect": effect}]


def posted(number, **more):
    body = {"clientToken": f"c{number}", "timestamp": 7, **more}
    return [{"fact": "posted", "command": f"c{number}", "body": body}]


def answered(number, **more):
    return posted(number, **more) + [{"fact": "answered", "command": f"c{number}"}]


def heard(number):
    return [{"fact": "heard", "command": f"c{number}"}]


def fault(what="bridge killed"):
    return [{"fact": "fault", "what": what}]


def journal(received, accepted, rejected=0, **more):
    return [{"fact": "journal", "received": received, "accepted": accepted, "rejected": rejected,
             "open": 0, "undelivered": 0, "dead": 0, **more}]


def history_of(*parts):
    history = History()
    history.facts = [fact for part in parts for fact in part]
    return history


TWO = [*command(1), *command(2)]
DONE = [*answered(1), *answered(2)]

GOOD = {
    "nothing happened": [],
    "one command": [command(1), call(1), answered(1), journal(1, 1)],
    "called twice around a crash": [
        command(1), call(1), fault(), call(1), answered(1), journal(1, 1)],
    "the same answer twice": [command(1), call(1), answered(1), answered(1), journal(1, 1)],
    "refused": [command(1), answered(1, code="InvalidRequest"), journal(1, 0, 1)],
    "a failed call first": [TWO, call(1, effect=False), fault(), call(1), call(2), DONE],
    "two jobs in any order": [
        command(1, "a"), command(2, "b"), call(2, "b"), call(1, "a"), DONE],
    "a shared call": [TWO, call(2), answered(1, coalesced=2), answered(2, coalesced=2)],
    "a dead letter": [command(1), call(1), posted(1), [{"fact": "refused", "command": "c1"}],
                      journal(1, 1, dead=1)],
    "lost by a killed broker": [command(1, kinds=("sent", "kept")), fault(BROKER_KILLED)],
    "never kept by the broker": [command(1, kinds=("sent",))],
}

BAD = {
    "lost": [command(1), call(1), journal(1, 0, open=1)],
    "lost: c1 was kept by the broker": [command(1, kinds=("sent", "kept"))],
    "lost: c1 was acknowledged": [command(1), fault(BROKER_KILLED)],
    "two answers": [command(1), call(1), answered(1), answered(1, requestId="another")],
    "went back": [TWO, call(1), call(2), fault(), call(1), call(2), DONE],
    "final": [TWO, call(1), call(2), fault(), call(1), DONE],
    "false": [command(1), answered(1)],
    "false: c1": [command(1), call(1, effect=False), answered(1)],
    "false: c2": [TWO, call(1), answered(1, coalesced=2), answered(2, coalesced=2)],
    "invented": [command(1), call(1), call(9), answered(1)],
    "repeated": [command(1), call(1), call(1), answered(1)],
    "books: received 2, but the rest adds up": [TWO, call(1), call(2), DONE, journal(2, 1)],
    "books: received 3, but 2 commands": [TWO, call(1), call(2), DONE, journal(3, 3)],
    "books: accepted 1": [TWO, call(1), call(2), DONE, journal(2, 1, 1)],
    "journal: 1 commands undecided": [command(1), call(1), answered(1), journal(1, 0, open=1)],
    "journal: 0 commands undecided, 1 not": [
        command(1), call(1), answered(1), journal(1, 1, undelivered=1)],
    "journal: 1 dead letters": [command(1), call(1), answered(1), journal(1, 1, dead=1)],
    "unheard": [TWO, call(1), call(2), DONE, heard(1)],
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_history_is_good(name):
    assert check(history_of(*GOOD[name])) == []


@pytest.mark.parametrize("problem", BAD)
def test_a_bad_history_is_bad(problem):
    problems = check(history_of(*BAD[problem]))
    assert any(found.startswith(problem) for found in problems), problems


def test_a_history_is_the_same_from_a_file(tmp_path):
    history = history_of(*GOOD["called twice around a crash"])
    history.save(tmp_path / "history.jsonl")
    assert History.load(tmp_path / "history.jsonl").facts == history.facts


def test_the_figures():
    history = history_of(*GOOD["called twice around a crash"], answered(1))
    found = figures(history)
    assert (found["taken"], found["lost"], found["applied twice"]) == (1, 0, 1)
    assert found["most answers to one"] == 2
