"""The dashboard in a real browser: it loads, it lives, it can be used, it survives."""

import json
import urllib.request

from actors import Bridge, Device
from selenium.webdriver.common.keys import Keys

from browser import wait

RATE = {"jobExecutionsRolloutConfig": {"maximumPerMinute": 50}}


def rgb(text):
    return [int(part) for part in text[text.index("(") + 1:text.index(")")].split(",")[:3]]


def test_the_page_loads_whole_and_asks_nobody_else(page, bridge):
    """The page fixture looks at console and requests at the end."""
    assert page.text("h1") == "jobs-bridge"
    wait(lambda: page.text("#health-text") == "Taking commands", "the bridge's health")
    wait(lambda: page.text("#broker") == "connected", "the broker's state")
    assert str(bridge.port) in page.text("#facts")
    urls = page.requested()
    for path in ("/", "/app.js?v=", "/style.css?v=", "/chart.js?v=", "/chart.css?v=",
                 "/icon.svg?v=", "/api/events", "/api/state", "/api/jobs"):
        assert any(url.startswith(page.origin + path) for url in urls), (path, urls)


def test_numbers_follow_the_commands(page, bridge, device, new_job):
    job = new_job("numbers")
    wait(lambda: page.number("#accepted") is not None, "the first numbers")
    before = json.loads(bridge.admin("/api/state")[1])["books"]
    for _ in range(5):
        assert device.update(job, RATE).is_accepted
    assert not device.update("nowhere", RATE).is_accepted
    wait(lambda: page.number("#accepted") >= before["accepted"] + 5, "5 more to be accepted")
    wait(lambda: page.number("#rejected") >= before["rejected"] + 1, "1 more to be rejected")
    assert page.number("#received") == (page.number("#accepted") + page.number("#rejected")
                                        + page.number("#waiting") + page.number("#in-flight"))
    wait(lambda: page.run("return document.querySelectorAll('.plot canvas').length") >= 3,
         "three charts")


def test_a_decided_command_appears_in_the_list_and_in_the_tables(page, device, new_job):
    job = new_job("seen", namespace="blue")
    device.update(job, RATE, namespace="blue")
    wait(lambda: any(f"{job} from pump-1 in blue" in text for text in page.texts("#recent li")),
         "the command in the list")
    wait(lambda: job in page.column("Job"), "the job in the table")
    page.click("#tab-things")
    wait(lambda: "pump-1" in page.column("Thing"), "the thing in the table")
    page.click("#tab-jobs")
    wait(lambda: job in page.column("Job"), "the job in the table again")


def test_what_strangers_write_stays_text(page, device):
    """The member's name comes back in the answer's message."""
    device.send("markup", {"<img src=x onerror=document.title='owned'>": 1})
    wait(lambda: any("<img" in text for text in page.texts("#recent li")), "the message as text")
    assert page.run("return document.querySelectorAll('#recent img').length") == 0
    assert page.run("return document.title") == "jobs-bridge"


def test_the_table_is_searched_and_sorted(page, device, new_job):
    for count, job in enumerate(("alpha-1", "alpha-2", "beta-1"), 1):
        new_job(job)
        for _ in range(count):
            device.update(job, RATE)
    wait(lambda: {"alpha-1", "alpha-2", "beta-1"} <= set(page.column("Job")), "three jobs")
    page.find("#search").send_keys("ALPHA")
    wait(lambda: set(page.column("Job")) == {"alpha-1", "alpha-2"}, "only what was searched for")
    page.click("#table th:nth-child(1) button")
    assert page.column("Job") == ["alpha-1", "alpha-2"]
    page.find("#table th:nth-child(1) button").send_keys(Keys.ENTER)
    assert page.column("Job") == ["alpha-2", "alpha-1"]
    page.click("#table th:nth-child(2) button")
    wait(lambda: page.column("Accepted") == ["2", "1"], "the busiest first")
    assert page.run("return [...document.querySelectorAll('th')]"
                    ".map((th) => th.ariaSort)")[:2] == ["none", "descending"]
    page.find("#search").send_keys("!")
    wait(lambda: "Nothing here" in page.text("#table-empty"), "to be told that nothing is found")


def test_tabs_are_reached_by_keyboard(page):
    page.find("#tab-jobs").send_keys(Keys.ARROW_RIGHT)
    wait(lambda: page.run("return document.activeElement.id") == "tab-things", "the next tab")
    assert page.find("#tab-things").get_attribute("aria-selected") == "true"
    page.find("#tab-things").send_keys(Keys.ARROW_RIGHT)
    wait(lambda: page.run("return document.activeElement.id") == "tab-dead", "the last tab")


def test_dead_letters_are_listed(page, broker, bridge, new_job):
    job = new_job("letters", thing="sealed", namespace="red")
    sealed = Device(broker, "sealed")
    try:
        assert sealed.update(job, RATE, namespace="red").is_accepted
    finally:
        sealed.close()
    page.click("#tab-dead")
    wait(lambda: "jobs-bridge/things/sealed/jobs/letters/namespace-red/update"
         in page.column("Topic"), "the dead letter")
    wait(lambda: (page.number("#dead-count") or 0) >= 1, "their number on the tab")


def test_the_list_can_be_paused(page, device, new_job):
    job = new_job("paused")
    page.click("#pause")
    device.update(job, RATE)
    wait(lambda: "1 since the pause" in page.text("#recent-foot"), "the command to be held back")
    assert not any("paused from" in text for text in page.texts("#recent li"))
    page.click("#pause")
    wait(lambda: any("paused from" in text for text in page.texts("#recent li")), "the command")


def test_a_flood_is_counted_and_not_drawn_whole(page, device, new_job):
    job = new_job("flood")
    for _ in range(600):
        device.send(job, RATE, is_waiting=False)
    wait(lambda: job in page.column("Job")
         and page.column("Accepted")[page.column("Job").index(job)] == "600", "all to be accepted")
    wait(lambda: "came too fast" in page.text("#recent-foot"), "what was left out to be counted")
    assert page.run("return document.querySelectorAll('#recent li').length") <= 200


def test_a_page_that_is_left_gives_its_connection_back(page, chromium, bridge):
    """A browser opens six to one address: without it, the seventh page would wait."""
    def watchers():
        return json.loads(bridge.admin("/api/state")[1])["watchers"]

    for _ in range(8):
        chromium.open(page.origin + "/")
    wait(lambda: watchers() == 1, "the last page to be the only one that watches")


def test_it_fits_a_phone(page, chromium, device, new_job):
    long = new_job("j" * 64)
    device.update(long, RATE)
    wait(lambda: long in page.column("Job"), "a job with the longest name")
    chromium.screen(390, 844, density=2, is_mobile=True)
    for tab in ("#tab-things", "#tab-dead", "#tab-jobs"):
        page.click(tab)
        wait(lambda: page.run("return document.documentElement.scrollWidth") <= 390, "it to fit")
        outside = page.run("""
            return [...document.querySelectorAll('body *')]
                .filter((node) => node.getBoundingClientRect().right > 390.5)
                .map((node) => node.tagName + '.' + node.className + '#' + node.id);""")
        assert outside == []


def test_dark_and_light(page, chromium):
    def ground():
        return rgb(page.run("return getComputedStyle(document.body).backgroundColor"))

    assert min(ground()) > 200
    chromium.scheme("dark")
    wait(lambda: max(ground()) < 60, "a dark page")


def test_it_survives_a_restart_of_the_bridge(chromium, folder, broker):
    bridge = Bridge(folder / "restarted", broker,
                    {"topics": {"root": "other"}, "mqtt": {"client_id": "other"}}).start()
    page = chromium.open(f"http://127.0.0.1:{bridge.admin_port}/")
    device = Device(broker, filters=("other/#",))
    try:
        bridge.stop()
        wait(lambda: page.text("#link") == "Reconnecting", "the page to notice")
        bridge.start()
        wait(lambda: page.text("#link") == "Live", "the page to be back")
        topic = "other/jobs/afterwards/update"
        device.publish(topic, json.dumps(RATE))
        device.expect(topic + "/rejected")
        wait(lambda: any("afterwards" in text for text in page.texts("#recent li")),
             "a command behind the restart")
    finally:
        device.close()
        bridge.end()


def test_files_may_be_kept_by_version_and_the_page_may_not(bridge):
    def ask(path, **headers):
        request = urllib.request.Request(f"http://127.0.0.1:{bridge.admin_port}{path}",
                                         headers=headers)
        with urllib.request.urlopen(request, timeout=15) as answer:
            return answer.headers, answer.read()

    headers, html = ask("/")
    assert headers["Cache-Control"] == "no-cache"
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    version = html.decode().split('data-version="')[1].split('"')[0]
    headers, plain = ask(f"/app.js?v={version}")
    assert "immutable" in headers["Cache-Control"] and "Content-Encoding" not in headers
    headers, packed = ask(f"/app.js?v={version}", **{"Accept-Encoding": "gzip"})
    assert headers["Content-Encoding"] == "gzip" and len(packed) < len(plain)
    headers, _ = ask("/app.js?v=older")
    assert headers["Cache-Control"] == "no-cache"
