"""A headless Chromium, and the dashboard in it as a person sees it."""

import json
import pathlib
import sys
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "system"))

from actors import until  # noqa: E402

PATIENCE = 60  # seconds; a browser on a busy machine is slow
FLAGS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--disable-default-apps", "--disable-extensions", "--disable-dev-shm-usage",
         "--no-proxy-server", "--hide-scrollbars", "--lang=en-GB")


def wait(condition, what):
    return until(condition, what, PATIENCE)


class Browser:
    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        options = Options()
        options.binary_location = "/usr/bin/chromium"
        for flag in FLAGS:
            options.add_argument(flag)
        options.add_argument(f"--user-data-dir={folder / 'profile'}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        service = Service("/usr/bin/chromedriver", log_path=str(folder / "chromedriver.log"))
        self.driver = webdriver.Chrome(service=service, options=options)
        self.driver.set_page_load_timeout(PATIENCE)

    def screen(self, width, height, density=1, is_mobile=False):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": density, "mobile": is_mobile})

    def scheme(self, name):
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": name}]})

    def open(self, url):
        self.driver.get("about:blank")
        self.driver.get_log("browser")
        self.driver.get_log("performance")
        self.driver.get(url)
        page = Page(self.driver, url)
        wait(lambda: page.text("#link") == "Live", "the page to be live")
        return page

    def quit(self):
        self.driver.quit()


class Page:
    def __init__(self, driver, url):
        self.driver = driver
        self.origin = "{0.scheme}://{0.netloc}".format(urlsplit(url))
        self.urls = []

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def find(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        """As it is shown; "" where nothing is, or it is hidden."""
        return self.run("const node = document.querySelector(arguments[0]);"
                        "return node === null ? '' : node.innerText.trim();", selector)

    def texts(self, selector):
        return self.run("return [...document.querySelectorAll(arguments[0])]"
                        ".map((node) => node.innerText.trim());", selector)

    def number(self, selector):
        digits = self.text(selector).replace(",", "")
        return int(digits) if digits.isdigit() else None

    def column(self, label):
        """What the table shows under that head."""
        heads = self.texts("#table thead th")
        at = [head.rstrip(" ↑↓") for head in heads].index(label) + 1
        return self.texts(f"#table tbody td:nth-child({at})")

    def click(self, selector):
        self.find(selector).click()

    def complaints(self):
        """What the console has to say, and what was asked of anybody but the bridge."""
        said = [entry["message"] for entry in self.driver.get_log("browser")
                if entry["level"] in ("SEVERE", "WARNING")]
        return said + [url for url in self.requested() if not url.startswith(self.origin + "/")]

    def requested(self):
        for entry in self.driver.get_log("performance"):
            event = json.loads(entry["message"])["message"]
            if event["method"] == "Network.requestWillBeSent":
                self.urls.append(event["params"]["request"]["url"])
        return [url for url in self.urls if not url.startswith("about:")]
