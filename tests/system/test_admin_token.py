"""The token that the admin address asks for."""

import base64
import http.client

import pytest

TOKEN = "quiet-as-a-mouse-16"


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


@pytest.fixture
def token_file(tmp_path):
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    file.chmod(0o600)
    return file


@pytest.fixture
def guarded(new_broker, new_bridge, token_file):
    bridge = new_bridge(new_broker().start(), {"admin": {"token_file": str(token_file)}})
    bridge.token = TOKEN
    return bridge.start()


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/", "/metrics", "/nowhere"])
def test_nobody_is_answered_without_it(guarded, path):
    connection = http.client.HTTPConnection("127.0.0.1", guarded.admin_port, timeout=10)
    connection.request("GET", path)
    answer = connection.getresponse()

    assert answer.status == 401
    schemes = [value for name, value in answer.getheaders() if name == "WWW-Authenticate"]
    assert schemes == ['Basic realm="jobs-bridge"', 'Bearer realm="jobs-bridge"']
    assert TOKEN.encode() not in answer.read()


@pytest.mark.parametrize("shown", [
    "Bearer " + TOKEN, "bearer " + TOKEN, basic("", TOKEN), basic("anybody", TOKEN)])
def test_who_shows_it_is_answered(guarded, shown):
    assert guarded.admin("/healthz", {"Authorization": shown})[0] == 200
    assert guarded.admin("/nowhere", {"Authorization": shown})[0] == 404


@pytest.mark.parametrize("shown", [
    TOKEN, "Bearer", "Bearer " + TOKEN[:-1], "Bearer " + TOKEN + "x", "Digest " + TOKEN,
    basic(TOKEN, ""), basic("a", TOKEN.upper()), "Basic " + TOKEN])
def test_who_shows_something_else_is_not(guarded, shown):
    assert guarded.admin("/healthz", {"Authorization": shown})[0] == 401


def test_an_address_that_is_open_to_others_needs_it(new_broker, new_bridge, token_file):
    bridge = new_bridge(new_broker(), {"admin": {"listen": "0.0.0.0:9099"}})
    assert "admin.listen: is open to others" in bridge.run("check").stderr
    assert "admin.listen: is open to others" in bridge.run("run").stderr

    bridge.configure({**bridge.settings,
                      "admin": {"listen": "0.0.0.0:9099", "token_file": str(token_file)}})
    done = bridge.run("check")
    assert done.returncode == 0 and "with a token" in done.stdout


@pytest.mark.parametrize("text, mode, told", [
    (TOKEN, 0o644, "may be read or written by others"),
    (TOKEN, 0o660, "may be read or written by others"),
    ("hush", 0o600, "holds 4 bytes"),
    ("hush hush hush hush", 0o600, "blanks"),
], ids=["world", "group", "short", "blanks"])
def test_a_file_of_no_use_is_refused(new_broker, new_bridge, token_file, text, mode, told):
    token_file.write_text(text)
    token_file.chmod(mode)
    bridge = new_bridge(new_broker(), {"admin": {"token_file": str(token_file)}})

    for verb in "check", "run":
        done = bridge.run(verb)
        assert done.returncode == 1 and told in done.stderr
        assert "admin.token_file" in done.stderr and text not in done.stderr
