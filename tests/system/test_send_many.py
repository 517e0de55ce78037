"""jobs-bridge send with --repeat, --lines, --rate; what it says beside the answers."""

import json
import os
import pty
import signal
import subprocess
import time

from actors import Bridge, until
from actors.endpoint import not_found

UPDATE = '{"description": "by hand"}'


def send(bridge, job, *words, stdin=None):
    return bridge.run("send", "--thing", "pump-1", "--job", job, *words, stdin=stdin)


def answers(done):
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_repeat_sends_each_with_a_token_of_its_own(scripted, endpoint):
    bridge = scripted({"jobs": {"coalesce": False}}).start()

    done = send(bridge, "j", "--repeat", "25", UPDATE)

    assert done.returncode == 0, done.stderr
    assert len({answer["clientToken"] for answer in answers(done)}) == 25
    assert len(endpoint.requests) == 25
    assert "25 accepted, 0 rejected, 0 without an answer; latency p50 " in done.stderr


def test_more_than_fit_at_once_are_all_answered(bridge, new_job):
    done = send(bridge, new_job(), "--repeat", "1500", "--timeout", "50s", UPDATE)

    assert done.returncode == 0, done.stderr
    assert len({answer["clientToken"] for answer in answers(done)}) == 1500


def test_lines_are_sent_in_order(scripted, endpoint):
    bridge = scripted({"jobs": {"coalesce": False}}).start()
    lines = [json.dumps({"description": f"line {i}"}) for i in range(300)]

    done = send(bridge, "j", "--lines", "--timeout", "50s", stdin="\n".join(lines))

    assert done.returncode == 0, done.stderr
    assert [json.loads(r.body)["description"] for r in endpoint.requests] == \
        [f"line {i}" for i in range(300)]


def test_a_line_is_sent_before_the_next_one_comes(scripted, endpoint):
    bridge = scripted().start()
    argv = [str(Bridge.program), "send", "--config", str(bridge.file), "--job", "j", "--lines"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, env={**os.environ, **bridge.env}) as child:
        for i in range(3):
            child.stdin.write(json.dumps({"description": f"line {i}"}) + "\n")
            child.stdin.flush()
            assert json.loads(child.stdout.readline())["attempts"] == 1
            assert len(endpoint.requests) == i + 1
        child.stdin.close()
        assert child.wait(15) == 0
        assert "3 accepted" in child.stderr.read()


def test_a_first_line_that_is_long_in_coming_has_its_whole_time(scripted):
    bridge = scripted().start()
    argv = [str(Bridge.program), "send", "--config", str(bridge.file), "--job", "j", "--lines",
            "--timeout", "4s"]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, env={**os.environ, **bridge.env}) as child:
        time.sleep(5)
        out, said = child.communicate(UPDATE, timeout=30)
    assert child.returncode == 0 and json.loads(out)["attempts"] == 1, said


def test_an_answer_that_cannot_be_written_is_an_error(bridge, new_job):
    argv = [str(Bridge.program), "send", "--config", str(bridge.file), "--job", new_job(), UPDATE]
    with open("/dev/full", "w") as full:
        done = subprocess.run(argv, stdout=full, stderr=subprocess.PIPE, text=True, timeout=60,
                              env={**os.environ, **bridge.env})
    assert done.returncode == 1 and "standard output" in done.stderr


def test_rejections_are_counted_by_code(scripted, endpoint):
    bridge = scripted({"jobs": {"coalesce": False}}).start()
    endpoint.script(not_found())

    done = send(bridge, "j", "--lines", stdin=f'{UPDATE}\n{UPDATE}\n{{"description": ""}}\n')

    assert done.returncode == 1
    assert "1 accepted, 2 rejected (1 InvalidRequest, 1 ResourceNotFound), 0 without" in done.stderr


def test_a_line_that_is_no_command_ends_it_with_64(scripted, endpoint):
    bridge = scripted().start()

    done = send(bridge, "j", "--lines", stdin=f'{UPDATE}\n\n{{"description": \n{UPDATE}\n')

    assert done.returncode == 64
    assert "line 3: " in done.stderr and "1 accepted" in done.stderr
    assert len(endpoint.requests) == 1


def test_a_token_cannot_be_repeated(bridge):
    done = send(bridge, "j", "--repeat", "2", '{"description": "d", "clientToken": "t"}')

    assert done.returncode == 64 and "--repeat gives each a new one" in done.stderr


def test_the_rate_is_kept(scripted, endpoint):
    bridge = scripted().start()
    started = time.monotonic()

    done = send(bridge, "j", "--repeat", "6", "--rate", "5", UPDATE)

    assert done.returncode == 0, done.stderr
    assert time.monotonic() - started >= 0.8  # the 6th leaves 4 or 5 fifths after the first


def test_verbose_says_how_long_it_took(bridge, new_job):
    done = send(bridge, new_job(), "--verbose", UPDATE)
    assert "accepted in " in done.stderr and " ms, 1 attempt\n" in done.stderr

    assert send(bridge, new_job(), UPDATE).stderr == ""


def test_answers_that_do_not_come_are_counted(new_broker, new_bridge):
    bridge = new_bridge(new_broker().start())  # not started: nobody answers

    done = send(bridge, "j", "--repeat", "3", "--timeout", "4s", UPDATE)

    assert done.returncode == 2 and "3 without an answer" in done.stderr and done.stdout == ""


def test_without_a_broker_many_end_in_time_too(new_broker, new_bridge):
    done = send(new_bridge(new_broker()), "j", "--repeat", "5", "--timeout", "1s", UPDATE)

    assert done.returncode == 2
    assert "no link to" in done.stderr and "not every command was sent" in done.stderr


def test_commands_outlive_a_lost_link(scripted, endpoint, new_broker):
    broker = new_broker().start()
    bridge = scripted(broker=broker).start()
    argv = [str(Bridge.program), "send", "--config", str(bridge.file), "--job", "j", "--rate", "20",
            "--repeat", "60", "--timeout", "50s", UPDATE]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, env={**os.environ, **bridge.env}) as child:
        first = child.stdout.readline()
        broker.stop()
        broker.start()
        rest, said = child.communicate(timeout=60)
    tokens = {json.loads(line)["clientToken"] for line in [first, *rest.splitlines()]}
    assert child.returncode == 0, said
    assert len(tokens) == 60 and "60 accepted" in said


def test_ctrl_c_ends_many_with_a_summary(scripted):
    bridge = scripted().start()
    argv = [str(Bridge.program), "send", "--config", str(bridge.file), "--job", "j", "--rate", "5",
            "--repeat", "1000", UPDATE]
    with subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
                          stderr=subprocess.PIPE, env={**os.environ, **bridge.env}) as child:
        child.stdout.readline()
        child.send_signal(signal.SIGINT)
        _, said = child.communicate(timeout=15)
    assert child.returncode == 2
    assert " accepted, " in said and "not every command was sent" in said


def test_on_a_terminal_there_is_a_bar_and_no_flood(bridge, new_job):
    controller, terminal = pty.openpty()
    argv = [str(Bridge.program), "send", "--config", str(bridge.file), "--job", new_job(),
            "--repeat", "20", "--rate", "40", UPDATE]
    child = subprocess.Popen(argv, stdin=subprocess.DEVNULL, stdout=terminal, stderr=terminal,
                             env={**os.environ, **bridge.env, "TERM": "xterm"})
    os.close(terminal)
    seen = b""
    while True:
        try:
            seen += os.read(controller, 4096)
        except OSError:  # the last writer has closed it
            break
    os.close(controller)
    assert child.wait(15) == 0
    assert b"\r[#" in seen and b"/20, 0 rejected" in seen and b"20 accepted" in seen
    assert b"clientToken" not in seen
