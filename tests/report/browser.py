"""A headless Chromium, driven by chromedriver's WebDriver protocol: just what the page's test needs."""

import base64
import contextlib
import json
import shutil
import subprocess
import tempfile
import urllib.error
import urllib.request

CHROMIUM = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             "--window-size=1500,1000")
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "End": "\ue010", "Home": "\ue011", "Left": "\ue012",
        "Up": "\ue013", "Right": "\ue014", "Down": "\ue015", "PageUp": "\ue00e", "PageDown": "\ue00f"}


def missing():
    """What stands in the way of a browser test; None where nothing does."""
    if shutil.which("chromedriver") is None:
        return "chromedriver is not installed (Debian package chromium-driver)"
    if not any(shutil.which(name) for name in CHROMIUM):
        return "Chromium is not installed (Debian package chromium)"
    return None


class Browser:
    def __init__(self):
        self._folder = tempfile.mkdtemp(prefix="btfbatch-browser-")
        self._driver = subprocess.Popen(["chromedriver", "--port=0"], stdout=subprocess.PIPE,
                                        stderr=subprocess.STDOUT, text=True)
        for line in self._driver.stdout:
            if "successfully on port" in line:
                port = line.split("on port")[1].strip(" .\n")
                break
        else:
            raise RuntimeError("chromedriver did not start")
        self._base = f"http://127.0.0.1:{port}/session"
        options = {"args": [*ARGUMENTS, f"--user-data-dir={self._folder}"]}
        session = self.call("POST", "", {"capabilities": {"alwaysMatch": {
            "goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL"},
            "timeouts": {"script": 60000, "pageLoad": 60000}}}})
        self._base += "/" + session["sessionId"]

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            self._base + path, method=method, headers={"Content-Type": "application/json"},
            data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise RuntimeError(f"{path}: {error.read().decode()[:600]}") from None

    def open(self, path):
        self.call("POST", "/url", {"url": f"file://{path}"})

    def run(self, script, *arguments):
        """The value that a script returns."""
        return self.call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def run_async(self, script, *arguments):
        """What a script hands to its last argument, a function."""
        return self.call("POST", "/execute/async", {"script": script, "args": list(arguments)})

    def settle(self):
        """Waits until what has been asked for is drawn, and the lists have followed the filters."""
        self.run_async("const done = arguments[0];"
                       "setTimeout(() => requestAnimationFrame(() => setTimeout(done)), 250);")

    def press(self, *keys):
        actions = []
        for key in keys:
            value = KEYS.get(key, key)
            actions += [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        self.call("POST", "/actions", {"actions": [{"type": "key", "id": "keys", "actions": actions}]})
        self.settle()

    def click(self, x, y):
        """At a point of the window."""
        self.call("POST", "/actions", {"actions": [{
            "type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": [
                {"type": "pointerMove", "duration": 0, "x": round(x), "y": round(y)},
                {"type": "pointerDown", "button": 0}, {"type": "pointerUp", "button": 0}]}]})
        self.settle()

    def command(self, name, parameters):
        """One of the DevTools protocol."""
        self.call("POST", "/goog/cdp/execute", {"cmd": name, "params": parameters})

    def emulate(self, media="", **features):
        self.command("Emulation.setEmulatedMedia", {
            "media": media, "features": [{"name": name.replace("_", "-"), "value": value}
                                         for name, value in features.items()]})
        self.settle()

    @contextlib.contextmanager
    def window(self, width, height, mobile=False):
        """Another size of the window, for a while."""
        self.command("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": mobile})
        try:
            yield
        finally:
            self.command("Emulation.clearDeviceMetricsOverride", {})

    def errors(self):
        return [entry["message"] for entry in self.call("POST", "/se/log", {"type": "browser"})
                if entry["level"] == "SEVERE"]

    def screenshot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("GET", "/screenshot")))

    def pdf(self):
        return base64.b64decode(self.call("POST", "/print", {"orientation": "landscape",
                                                             "background": True}))

    def close(self):
        try:
            self.call("DELETE", "")
        except (RuntimeError, OSError):
            pass
        self._driver.terminate()
        self._driver.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)
