"""A broker with bad manners, in MQTT 5 and 3.1.1."""

import random
import time

import pytest

from actors import until
from actors.device import command_topic
from fake_broker import RESET, SILENT, is_answer, token_of
from rig import read_journal

pytestmark = pytest.mark.parametrize("version", [5, "3.1.1"])
GOODBYES = {"unspecified error": 0x80, "not authorized": 0x87, "server busy": 0x89,
            "server shutting down": 0x8B, "keep alive timeout": 0x8D, "session taken over": 0x8E,
            "receive maximum exceeded": 0x93, "packet too large": 0x95, "quota exceeded": 0x97,
            "administrative action": 0x98, "use another server": 0x9C}


@pytest.fixture
def rig_of(new_rig, version):
    def make(settings=None, **manners):
        settings = settings or {}
        settings = {"jobs": {"coalesce": False}, **settings}
        return new_rig({**settings, "mqtt": {"version": version, **settings.get("mqtt", {})}},
                       **manners)

    return make


def send(rig, numbers):
    for number in numbers:
        rig.send(number, f"job-{number % 3}")


def end(rig, patience=30):
    assert rig.wait_quiet(patience), rig.bridge.process.output
    rig.finish()
    rig.judge()


@pytest.mark.parametrize("keeps_session", [True, False])
@pytest.mark.parametrize("marks_duplicates", [True, False])
def test_what_is_sent_again_is_done_once(rig_of, keeps_session, marks_duplicates):
    rig = rig_of(keeps_session=keeps_session, marks_duplicates=marks_duplicates)
    rig.broker.judge = lambda publish: SILENT if is_answer(publish.topic) else 0
    rig.bridge.start()
    send(rig, range(6))
    until(lambda: len(rig.broker.answers()) >= 3, "answers")
    rig.broker.reset()
    rig.broker.judge = lambda publish: 0

    assert rig.wait_quiet()
    for delivery in rig.broker.deliveries[:3]:
        delivery.is_acknowledged = False  # as if the PUBACK had not arrived
    rig.broker.reset()
    until(lambda: rig.broker.is_done, "the acknowledgements once more")

    assert len(rig.endpoint.requests) == 6
    end(rig)


def test_a_command_without_a_name_is_known_by_its_dup_flag(rig_of):
    rig = rig_of()
    payload = b'{"description": "no token"}'
    rig.bridge.start()
    rig.broker.deliver(command_topic("job-0", "pump-1"), payload)
    until(lambda: rig.broker.is_done and rig.broker.answers(), "the answer")
    rig.broker.deliveries[0].is_acknowledged = False
    rig.broker.reset()

    until(lambda: rig.broker.is_done and len(rig.broker.answers()) > 1, "the answer again")

    assert len(rig.endpoint.requests) == 1
    first, second = (publish.payload for publish in rig.broker.answers())
    assert first == second
    rig.bridge.stop()


def test_a_receive_maximum_of_one_is_kept(rig_of, version):
    rig = rig_of(receive_maximum=1)
    rig.bridge.start()
    send(rig, range(30))
    end(rig)
    assert version != 5 or rig.broker.in_flight_max == 1


@pytest.mark.parametrize("reason", GOODBYES)
def test_the_broker_may_say_goodbye(rig_of, reason):
    """Also in MQTT 3.1.1, where a server has no DISCONNECT to send."""
    rig = rig_of()
    rig.bridge.start()
    send(rig, range(4))
    rig.broker.say_goodbye(GOODBYES[reason])
    send(rig, range(4, 8))
    end(rig)
    assert rig.bridge.log_lines(event="mqtt_lost")


@pytest.mark.parametrize("code", [0x85, 0x87, 0x88, 0x8A, 0x97])
def test_the_broker_may_refuse_the_connection_for_a_while(rig_of, code, version):
    rig = rig_of()
    rig.broker.connack_code = code if version == 5 else 3
    rig.bridge.start(is_ready=False)
    send(rig, range(4))
    until(lambda: rig.bridge.log_lines(event="mqtt_refused"), "the refusal in the log")
    rig.broker.connack_code = 0
    end(rig)


@pytest.mark.parametrize("seed", range(3))
def test_a_reset_may_come_in_the_middle_of_a_packet(rig_of, seed):
    chance = random.Random(seed)
    rig = rig_of()
    rig.bridge.start()
    for round_number in range(4):
        rig.broker.cut_after = chance.randrange(1, 600)
        send(rig, range(round_number * 4, round_number * 4 + 4))
        until(lambda: rig.broker.cut_after is None or rig.is_quiet, "the cut")
    rig.broker.cut_after = None
    end(rig)


def resets(chance, count, share):
    """So many resets at most, each instead of a PUBACK."""
    left = [count]

    def judge(_):
        if left[0] == 0 or chance.random() >= share:
            return 0
        left[0] -= 1
        return RESET

    return judge


@pytest.mark.parametrize("keeps_session", [True, False])
def test_resets_while_answers_are_published(rig_of, keeps_session, chance):
    """Memory errors would be seen with a build that has the sanitizers in it. The bridge comes back
    ever later to a broker that drops it, so it is started anew between the rounds."""
    rig = rig_of(keeps_session=keeps_session)
    for start in range(0, 150, 50):
        rig.broker.judge = resets(chance, 4, 0.05)
        rig.bridge.start(is_ready=False)
        for number in range(start, start + 50):
            rig.send(number, f"job-{number % 7}", things=[f"t-{i:0100}" for i in range(50)])
        assert rig.wait_quiet(30)
        rig.bridge.stop()
        rig.bridge.assert_clean()
    rig.history.note("fault", what="links reset")
    rig.note_journal()
    rig.judge()
    assert len(rig.broker.connects) > 6


def test_an_answer_that_is_refused_becomes_a_dead_letter(rig_of, version):
    """In MQTT 3.1.1 a PUBACK has no reason code, so nothing can be refused."""
    rig = rig_of()
    rig.broker.judge = lambda p: 0x87 if is_answer(p.topic) and token_of(p.payload) == "t1" else 0
    rig.bridge.start()
    send(rig, range(4))
    end(rig)

    answers = rig.broker.answers("t1")
    assert len(answers) == 1, "a refused answer is not sent for ever"
    with read_journal(rig.bridge.journal_file) as journal:
        dead = journal.execute("SELECT count(*) FROM dead").fetchone()[0]
    assert dead == (1 if version == 5 else 0)


def test_a_broker_that_acknowledges_nothing_gets_it_all_again(rig_of):
    rig = rig_of()
    rig.broker.judge = lambda _: SILENT
    rig.bridge.start()
    send(rig, range(5))
    until(lambda: len(rig.broker.answers()) == 5, "the answers")
    rig.bridge.kill()
    rig.history.note("fault", what="bridge killed")
    rig.broker.judge = lambda _: 0
    rig.bridge.start()
    end(rig)
    assert rig.endpoint.requests and len(rig.endpoint.requests) == 5


def test_nothing_is_acknowledged_before_it_is_in_the_journal(rig_of):
    """Seen from outside: at every PUBACK the row is there for another process to read."""
    rig = rig_of()
    missing = []
    original = rig.broker._on_puback

    def look_first(packet_id, reason):
        with read_journal(rig.bridge.journal_file) as journal:
            rows = journal.execute("SELECT payload FROM commands").fetchall()
        known = {token_of(payload) for payload, in rows}
        command = next(d.command for d in rig.broker.deliveries if d.packet_id == packet_id)
        missing.extend([] if command in known else [command])
        original(packet_id, reason)

    rig.broker._on_puback = look_first
    rig.bridge.start()
    send(rig, range(40))
    end(rig)
    assert missing == []


def test_a_silent_link_is_given_up(rig_of):
    """Half open: the broker's machine is gone, the connection does not know."""
    rig = rig_of({"mqtt": {"keep_alive": "5s"}})
    rig.bridge.start()
    rig.broker.is_deaf = True
    send(rig, range(3))
    started = time.monotonic()
    until(lambda: rig.bridge.log_lines(event="mqtt_lost"), "the link to be given up", 20)
    assert time.monotonic() - started < 12
    rig.broker.is_deaf = False
    end(rig)
