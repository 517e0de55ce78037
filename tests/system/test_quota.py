"""Under the quota: few calls, none wasted, everyone answered."""

import json
import threading
import time

from actors import Reply, until
from actors.device import command_topic
from actors.endpoint import cut, invalid, throttled

COMMANDS, JOBS, THINGS = 2000, 20, 50
UPDATES = ("description", "timeoutConfig", "jobExecutionsRolloutConfig")


class Quota:
    """A service that allows so many calls a second, and as many at once. It answers none before it
    is opened: so all commands come during the first calls, however slow the machine is."""

    def __init__(self, rate):
        self.rate = self.level = rate
        self.at = time.monotonic()
        self.refused = 0
        self.gate = threading.Event()

    def open(self):
        self.gate.set()

    def __call__(self, _request):
        now = time.monotonic()
        self.level = min(self.rate, self.level + (now - self.at) * self.rate)
        self.at = now
        if self.level < 1:
            self.refused += 1
            return throttled()
        self.level -= 1
        return Reply(gate=self.gate)


def publish_all(device, commands, quota):
    """Publishes them all and then opens the service."""
    *most, last = commands
    for command in most:
        device.publish(*command, is_waiting=False)
    device.publish(*last)
    quota.open()


def done(endpoint):
    return [request for request in endpoint.requests if request.reply.status == 200]


def update_of(number):
    """One of three members, so that a call carries what several commands say."""
    value = {"description": f"number {number}",
             "timeoutConfig": {"inProgressTimeoutInMinutes": 1 + number % 1000},
             "jobExecutionsRolloutConfig": {"maximumPerMinute": 1 + number % 1000}}
    member = UPDATES[number // JOBS % len(UPDATES)]
    return {member: value[member], "clientToken": f"n{number}"}


def job_of(number):
    return f"job-{number % JOBS}"


def commands(count):
    """Topic and payload of each."""
    return [(command_topic(job_of(number), thing=f"thing-{number % THINGS}"), update_of(number))
            for number in range(count)]


def answers_of(device):
    return {m.json["clientToken"]: m for m in list(device.messages)
            if m.topic.endswith(("/accepted", "/rejected"))}


def test_twenty_times_too_much_is_answered_with_few_calls(scripted, new_broker, new_device,
                                                          endpoint):
    broker = new_broker(is_durable=False).start()
    scripted({"jobs": {"rate_per_second": 10, "call_timeout": "60s"}}, broker).start()
    quota = Quota(10)
    endpoint.otherwise(quota)
    device = new_device(None, broker)
    started = time.monotonic()

    publish_all(device, commands(COMMANDS), quota)
    answers = until(lambda: len(answers_of(device)) == COMMANDS and answers_of(device),
                    f"{COMMANDS} answers", patience=45)

    took = time.monotonic() - started
    print(f"{COMMANDS} commands in {took:.1f} s, {len(endpoint.requests)} calls, "
          f"{quota.refused} throttled")
    assert took <= 45
    assert len(endpoint.requests) <= 200
    assert quota.refused <= 2
    assert all(answer.is_accepted for answer in answers.values())


def test_the_calls_together_say_what_the_commands_said(scripted, new_broker, new_device, endpoint):
    broker = new_broker(is_durable=False).start()
    scripted({"jobs": {"rate_per_second": 10, "call_timeout": "60s"}}, broker).start()
    quota = Quota(10)
    endpoint.otherwise(quota)
    device = new_device(None, broker)
    expected = {}

    publish_all(device, commands(COMMANDS // 4), quota)
    for number in range(COMMANDS // 4):
        expected.setdefault(f"/jobs/{job_of(number)}", {}).update(update_of(number))
    until(lambda: len(answers_of(device)) == COMMANDS // 4, "the answers", patience=45)

    jobs, shared = {}, 0
    for request in done(endpoint):
        jobs.setdefault(request.path, {}).update(request.json)
    for answer in answers_of(device).values():
        shared += 1 / answer.json["coalesced"]
    for update in expected.values():
        del update["clientToken"]
    assert jobs == expected
    assert round(shared) == len(done(endpoint))


def test_one_bad_command_spoils_no_other(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted(broker=broker).start()
    gate = threading.Event()
    endpoint.script(Reply(gate=gate))
    endpoint.otherwise(lambda request: invalid() if "abortConfig" in request.json else Reply())
    device = new_device("pump-1", broker)
    abort = {"criteriaList": [{"failureType": "ALL", "action": "CANCEL",
                               "thresholdPercentage": 1, "minNumberOfExecutedThings": 1}]}

    sent = [device.send("j", {"abortConfig": abort} if number == 3
                        else {"description": str(number)}) for number in range(6)]
    gate.set()

    answers = [device.answer(topic, token) for topic, token in sent]
    assert [answer.is_accepted for answer in answers] == [True, True, True, False, True, True]
    assert answers[3].json["code"] == "InvalidRequest"
    assert [request.json for request in done(endpoint)][-1] == {"description": "5"}


def test_a_noisy_thing_is_told_when_enough_of_it_waits(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted({"jobs": {"waiting_per_thing": 10, "rate_per_second": 1, "burst": 1}}, broker).start()
    noisy, quiet = new_device("noisy", broker), new_device("quiet", broker)
    began = time.monotonic()

    sent = [noisy.send(f"job-{number}", {"description": "x"}) for number in range(15)]
    refused = noisy.answer(*sent[-1])
    answer = quiet.update("own", {"description": "x"})

    assert refused.json["code"] == "RequestThrottled" and refused.json["retryAfter"] > 0
    assert answer.is_accepted
    assert len(endpoint.requests) <= 2 + (time.monotonic() - began)


def test_a_call_without_an_answer_is_looked_into(scripted, new_broker, new_device, endpoint):
    broker = new_broker().start()
    scripted({"jobs": {"verify": "describe"}}, broker).start()
    job = {"jobId": "j", "description": "as it was", "status": "IN_PROGRESS"}

    def lose_every_answer(request):
        if request.method == "GET":
            return Reply(body=json.dumps({"job": job}).encode())
        job.update(request.json)
        return cut()

    endpoint.otherwise(lose_every_answer)
    update = {"description": "new", "timeoutConfig": {"inProgressTimeoutInMinutes": 7}}

    answer = new_device("pump-1", broker).update("j", update)

    assert answer.is_accepted and answer.json["attempts"] == 1
    assert [(request.method, request.path) for request in endpoint.requests] == [
        ("PATCH", "/jobs/j"), ("GET", "/jobs/j")]


def test_while_the_endpoint_is_down_single_calls_probe_it(scripted, new_broker, new_device,
                                                          endpoint):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    endpoint.otherwise(cut())
    device = new_device("pump-1", broker)

    sent = [device.send(f"job-{number}", {"description": "x"}) for number in range(20)]
    until(lambda: bridge.log_lines(event="breaker", state="open"), "calls to rest")
    status, body = bridge.admin("/readyz")
    tried = len(endpoint.requests)
    endpoint.otherwise(Reply())

    assert status == 503 and "endpoint" in body
    assert tried <= 20
    for topic, token in sent:
        assert device.answer(topic, token).is_accepted
    assert bridge.is_ready and bridge.log_lines(event="breaker", state="closed")
