#!/usr/bin/python3
"""What happened, and whether the promises were kept.

    history.py FILE...      checks recorded histories again

A history is a list of facts in the order in which they were observed, from outside the bridge: on
the wire to the broker, at the endpoint, and in the journal's file once the bridge has stopped. A
command is known by its clientToken, an update by its text, which no two commands share.

    sent       command job value   a publisher sent it at QoS 1
    kept       command             the broker acknowledged that
    delivered  command             the broker sent it to the bridge
    taken      command             the bridge acknowledged it: from here on it must not be lost
    call       job value effect    the endpoint was called; effect: the update was applied
    posted     command body        the bridge sent an answer
    answered   command             the broker acknowledged that answer
    refused    command             the broker refused that answer for good
    heard      command             a subscriber received an answer
    fault      what                somebody was made to fail
    journal    received accepted rejected open undelivered dead     at the end
"""

import json
import sys
import threading
from collections import Counter, defaultdict


class History:
    def __init__(self):
        self.facts = []
        self._lock = threading.Lock()

    def note(self, kind, **fact):
        with self._lock:
            self.facts.append({"fact": kind, **fact})

    def of(self, *kinds):
        with self._lock:
            return [fact for fact in self.facts if fact["fact"] in kinds]

    def commands(self, kind):
        """The commands of whom a fact of that kind is known, each once, in order."""
        return list(dict.fromkeys(fact["command"] for fact in self.of(kind)))

    def save(self, path):
        with self._lock, open(path, "w", encoding="utf-8") as file:
            for fact in self.facts:
                file.write(json.dumps(fact) + "\n")

    @classmethod
    def load(cls, path):
        history = cls()
        with open(path, encoding="utf-8") as file:
            history.facts = [json.loads(line) for line in file]
        return history

    def has_fault(self, what):
        return any(fact["what"] == what for fact in self.of("fault"))


BROKER_KILLED = "broker killed"


def lost_by_broker(history):
    """Acknowledged by the broker and never sent on by it: beyond the bridge's reach."""
    if not history.has_fault(BROKER_KILLED):
        return set()
    return set(history.commands("kept")) - set(history.commands("delivered"))


def check_answered(history):
    done = set(history.commands("answered")) | set(history.commands("refused"))
    for command in history.commands("taken"):
        if command not in done:
            yield f"lost: {command} was acknowledged and never answered"
    owed = set(history.commands("kept")) - done - lost_by_broker(history)
    for command in sorted(owed - set(history.commands("taken"))):
        yield f"lost: {command} was kept by the broker and never answered"


def check_same_answer(history):
    first = {}
    for fact in history.of("posted"):
        known = first.setdefault(fact["command"], fact["body"])
        if known != fact["body"]:
            yield f"two answers: {fact['command']} got {known} and {fact['body']}"


def positions(history):
    """The updates of each job in the order in which the bridge first received them."""
    sent = {fact["command"]: fact for fact in history.of("sent")}
    order = defaultdict(dict)
    for command in history.commands("delivered"):
        if command in sent:
            job = order[sent[command]["job"]]
            job.setdefault(sent[command]["value"], len(job))
    return order


def effects(history):
    """The updates that took effect, job by job, in order."""
    jobs = defaultdict(list)
    for fact in history.of("call"):
        if fact["effect"]:
            jobs[fact["job"]].append(fact["value"])
    return jobs


def check_order(history):
    order = positions(history)
    for job, values in effects(history).items():
        newest = -1
        for value in values:
            position = order[job].get(value)
            if position is None:
                yield f"invented: {job} was called with {value!r}, which nobody sent"
            elif position < newest:
                yield f"went back: {job} got {value!r} after a newer one"
            else:
                newest = position


def accepted(history):
    """The accepted commands, each with its answer."""
    return {fact["command"]: fact["body"] for fact in history.of("posted")
            if "code" not in fact["body"]}


def check_final_state(history):
    """Every accepted update took effect, and the last one of each job is what stayed. An update
    that shared its call with a newer one of its job took effect with that."""
    yes, jobs, order = accepted(history), effects(history), positions(history)
    newest = {}
    for fact in history.of("sent"):
        job, value, body = fact["job"], fact["value"], yes.get(fact["command"])
        if body is None or value is None:
            continue
        position = order[job].get(value, -1)
        has_newer = any(order[job].get(other, -1) > position for other in jobs[job])
        if value not in jobs[job] and not (body.get("coalesced", 1) > 1 and has_newer):
            yield f"false: {fact['command']} was accepted without any effect"
        newest[job] = max(newest.get(job, (-1, None)), (position, value))
    for job, (position, value) in newest.items():
        if jobs[job] and order[job].get(jobs[job][-1], -1) < position:
            yield f"final: {job} ended as {jobs[job][-1]!r}, not {value!r}"


def check_books(history):
    for books in history.of("journal"):
        total = books["accepted"] + books["rejected"] + books["open"]
        if books["received"] != total:
            yield f"books: received {books['received']}, but the rest adds up to {total}"
        answered = len(set(history.commands("posted")))
        if books["received"] != answered:
            yield f"books: received {books['received']}, but {answered} commands were answered"
        if books["accepted"] != len(accepted(history)):
            yield f"books: accepted {books['accepted']}, not {len(accepted(history))}"


def check_journal(history):
    for books in history.of("journal"):
        if books["open"] or books["undelivered"]:
            yield (f"journal: {books['open']} commands undecided, "
                   f"{books['undelivered']} not delivered")
        refused = len(history.commands("refused"))
        if books["dead"] != refused:
            yield f"journal: {books['dead']} dead letters, but {refused} answers were refused"


def check_calls(history):
    """A call is repeated only where a fault came between; else at most once per command."""
    if history.of("fault"):
        return
    for value, count in Counter(fact["value"] for fact in history.of("call")).items():
        if count > 1:
            yield f"repeated: {value!r} was called {count} times without any fault"


def check_subscribers(history):
    """Only a killed broker may keep an answer that it acknowledged from a subscriber."""
    if history.has_fault(BROKER_KILLED) or not history.of("heard"):
        return
    for command in sorted(set(history.commands("answered")) - set(history.commands("heard"))):
        yield f"unheard: the answer to {command} never reached a subscriber"


RULES = (check_answered, check_same_answer, check_order, check_final_state, check_books,
         check_journal, check_calls, check_subscribers)


def check(history):
    """Every broken promise, as text."""
    return [problem for rule in RULES for problem in rule(history)]


def figures(history):
    called = Counter((fact["job"], fact["value"]) for fact in history.of("call") if fact["effect"])
    answers = Counter(fact["command"] for fact in history.of("posted"))
    return {
        "sent": len(history.commands("sent")),
        "kept by the broker": len(history.commands("kept")),
        "taken": len(history.commands("taken")),
        "answered": len(history.commands("answered")),
        "accepted": len(accepted(history)),
        "lost": len([p for p in check_answered(history)]),
        "lost by a killed broker": len(lost_by_broker(history)),
        "calls": len(history.of("call")),
        "applied twice": sum(count - 1 for count in called.values()),
        "answers repeated": sum(count - 1 for count in answers.values()),
        "most answers to one": max(answers.values(), default=0),
        "faults": len(history.of("fault")),
    }


def describe(history):
    return ", ".join(f"{name} {count}" for name, count in figures(history).items())


def main():
    is_good = True
    for path in sys.argv[1:]:
        history = History.load(path)
        problems = check(history)
        is_good = is_good and not problems
        print(f"{path}: {describe(history)}")
        for problem in problems:
            print("  " + problem)
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
