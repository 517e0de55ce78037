#!/usr/bin/python3
"""Pictures of the dashboard of a bridge at work: a fleet of things, a quota, some mistakes.

    tests/browser/screenshot.py FOLDER [--seconds 90] [--bridge build/release/jobs-bridge]

writes light.png, dark.png and phone.png. docs/dashboard.png is light.png. Needs, besides the packages of
the tests, python3-pil, which makes them small; fonts-inter makes them look as on most desktops.
"""

import argparse
import pathlib
import random
import sys
import tempfile
import threading
import time

from PIL import Image

sys.path.insert(0, str(pathlib.Path(__file__).parent))
sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from actors import Bridge, Device  # noqa: E402
from browser import Browser  # noqa: E402
from strict_broker import StrictBroker  # noqa: E402

HOUSE = pathlib.Path(__file__).parents[2]
SITES = ("berlin", "lyon", "osaka", "turin")
JOBS = [f"{what}-{which}" for what, which in (
    ("firmware", "2.4.1"), ("firmware", "2.4.2"), ("line", "calibration"), ("pump", "schedule"),
    ("gateway", "certificates"), ("sensor", "sampling"), ("valve", "limits"), ("robot", "paths"),
    ("camera", "models"), ("meter", "tariff"), ("kiln", "profile"), ("press", "recipe"))]
JOBS = [job.replace(".", "-") for job in JOBS]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--seconds", type=float, default=90)
    parser.add_argument("--bridge", type=pathlib.Path, default=HOUSE / "build/release/jobs-bridge")
    return parser.parse_args()


def create_jobs(bridge):
    for job in JOBS:
        done = bridge.run("jobs", "create", "--job", job, "--thing", "gateway-berlin-1",
                          "--namespace", "plant")
        assert done.returncode == 0, done.stderr


def bury(broker):
    """Two dead letters; the broker takes no event of the thing `sealed`."""
    sealed = Device(broker, "sealed")
    for job in JOBS[:2]:
        sealed.update(job, {"description": "sealed"}, namespace="plant")
    sealed.close()


def update(chance):
    roll = chance.random()
    if roll < 0.05:
        return {"jobExecutionsRolloutConfig": {"maximumPerMinute": 0}}
    if roll < 0.07:
        return {"timeoutConfig": {"inProgressTimeoutInMinutes": 10}, "colour": "red"}
    if roll < 0.6:
        return {"jobExecutionsRolloutConfig": {"maximumPerMinute": chance.randrange(1, 1000)}}
    return {"description": f"shift {chance.randrange(1, 4)}"}


def work(things, chance, is_over):
    """A tide of commands, with a burst now and then."""
    started = time.monotonic()
    while not is_over.is_set():
        passed = time.monotonic() - started
        burst = 5 if passed % 20 > 12 else 1
        for _ in range(burst):
            thing = chance.choice(things)
            job = chance.choice(JOBS) if chance.random() < 0.985 else "firmware-1-9-9"
            thing.send(job, update(chance), namespace="plant", is_waiting=False)
        time.sleep(chance.uniform(0.06, 0.14))


def picture(browser, url, file, scheme, width, height, **screen):
    browser.screen(width, height, **screen)
    browser.scheme(scheme)
    browser.open(url)
    browser.driver.get_screenshot_as_png()  # the first one takes seconds
    time.sleep(8)  # for the tables and some of the last commands
    browser.driver.save_screenshot(str(file))
    image = Image.open(file).convert("RGB")
    image.quantize(256, kmeans=4, dither=Image.Dither.NONE).save(file, optimize=True)


def main():
    options = arguments()
    chance = random.Random(7)
    Bridge.program = options.bridge.resolve()
    options.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        folder = pathlib.Path(scratch)
        broker = StrictBroker(folder / "broker", is_durable=False).start()
        bridge = Bridge(folder / "bridge", broker, {"jobs": {"rate_per_second": 8}}).start()
        browser = Browser(folder / "browser")
        things = [Device(broker, f"gateway-{site}-{n}") for site in SITES for n in range(1, 6)]
        is_over = threading.Event()
        worker = threading.Thread(target=work, args=(things, chance, is_over), daemon=True)
        url = f"http://127.0.0.1:{bridge.admin_port}/"
        try:
            create_jobs(bridge)
            bury(broker)
            worker.start()
            time.sleep(options.seconds)
            for name, scheme, width, height, screen in (
                    ("light", "light", 1440, 1000, {}),
                    ("dark", "dark", 1440, 1000, {}),
                    ("phone", "light", 390, 844, {"density": 2, "is_mobile": True})):
                picture(browser, url, options.folder / f"{name}.png", scheme, width, height,
                        **screen)
        finally:
            is_over.set()
            browser.quit()
            for thing in things:
                thing.close()
            bridge.end()
            broker.stop()


main()
