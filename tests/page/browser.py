"""A headless Chromium, driven over a pipe with the DevTools protocol. Nothing has to be installed but the browser."""

import base64
import itertools
import json
import os
import shutil
import subprocess
import tempfile

# A wait that takes longer than this has failed.
BACKSTOP = 60_000


class Browser:
    """One browser process, and pages in it."""

    def __init__(self, program):
        self.home = tempfile.mkdtemp(prefix="page-")
        to_browser, self.commands = os.pipe()
        self.answers, from_browser = os.pipe()
        # The browser reads at 3 and writes at 4.
        to_browser, from_browser = raised(to_browser), raised(from_browser)
        flags = ["--remote-debugging-pipe", f"--user-data-dir={self.home}", "--no-first-run", "--disable-gpu"]
        flags += ["--headless=new", "--hide-scrollbars", "--force-color-profile=srgb"]
        if os.geteuid() == 0:
            # The sandbox of a browser refuses to run as root. The pages here are this project's own.
            flags.append("--no-sandbox")
        shell = f'exec 3<&{to_browser} 4>&{from_browser} {to_browser}<&- {from_browser}>&-; exec "$@"'
        with open(os.path.join(self.home, "stderr"), "wb") as said:
            self.process = subprocess.Popen(
                ["bash", "-c", shell, "bash", program, *flags],
                pass_fds=[to_browser, from_browser],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=said,
            )
        os.close(to_browser)
        os.close(from_browser)
        self.numbers = itertools.count(1)
        self.buffer = b""
        self.events = []

    def call(self, method, session=None, **params):
        number = next(self.numbers)
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self.commands, data) :]
        while True:
            answer = self.receive()
            if answer.get("id") == number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']['message']}")
                return answer["result"]
            self.events.append(answer)

    def receive(self):
        while b"\0" not in self.buffer:
            read = os.read(self.answers, 1 << 20)
            if not read:
                with open(os.path.join(self.home, "stderr")) as said:
                    raise RuntimeError("the browser has ended: " + said.read()[-2000:])
            self.buffer += read
        message, self.buffer = self.buffer.split(b"\0", 1)
        return json.loads(message)

    def page(self, **view):
        return Page(self, **view)

    def close(self):
        try:
            self.call("Browser.close")
        except (RuntimeError, OSError):
            pass
        self.process.wait()
        os.close(self.commands)
        os.close(self.answers)
        shutil.rmtree(self.home, ignore_errors=True)


class Page:
    """A tab with a window of its own size and taste."""

    def __init__(self, browser, width=1280, height=800, dark=False, still=False, density=1, phone=False, before=None):
        self.browser = browser
        # Each in a profile of its own, so that no page finds the token of another.
        self.context = browser.call("Target.createBrowserContext")["browserContextId"]
        self.target = browser.call("Target.createTarget", url="about:blank", browserContextId=self.context)["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=self.target, flatten=True)
        self.session = attached["sessionId"]
        for domain in ["Page", "Runtime", "Log", "Network", "Accessibility", "DOM"]:
            self.call(f"{domain}.enable")
        if before:
            self.call("Page.addScriptToEvaluateOnNewDocument", source=before)
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=density, mobile=phone)
        if phone:
            self.call("Emulation.setTouchEmulationEnabled", enabled=True)
        features = [
            {"name": "prefers-color-scheme", "value": "dark" if dark else "light"},
            {"name": "prefers-reduced-motion", "value": "reduce" if still else "no-preference"},
        ]
        self.call("Emulation.setEmulatedMedia", features=features)

    def call(self, method, **params):
        return self.browser.call(method, session=self.session, **params)

    def open(self, url):
        self.call("Page.navigate", url=url)
        return self

    def run(self, script):
        """The value of an expression, or of the promise that it is."""
        answer = self.call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise AssertionError(details.get("exception", {}).get("description") or details["text"])
        return answer["result"].get("value")

    def until(self, condition):
        """Waits until an expression is true, and answers with what it is then."""
        wait = f"""new Promise((resolve, reject) => {{
            const late = setTimeout(() => reject(new Error("never: " + {json.dumps(condition)})), {BACKSTOP});
            const look = () => {{
                let value;
                try {{ value = ({condition}); }} catch (error) {{ value = null; }}
                if (value) {{ clearTimeout(late); resolve(value); }} else setTimeout(look, 20);
            }};
            look();
        }})"""
        while True:
            try:
                return self.run(wait)
            except RuntimeError as error:
                # The page was being replaced.
                if "context was destroyed" not in str(error) and "navigated" not in str(error):
                    raise

    def text(self, selector):
        return self.run(f"document.querySelector({json.dumps(selector)}).textContent")

    def key(self, key, text=None):
        codes = {"Enter": 13, "Escape": 27, " ": 32, "Tab": 9, "ArrowLeft": 37, "ArrowUp": 38, "ArrowRight": 39, "ArrowDown": 40, "Home": 36, "End": 35}
        text = text or (key if len(key) == 1 else "\r" if key == "Enter" else None)
        named = {"key": key, "windowsVirtualKeyCode": codes.get(key, ord(key.upper()[0]) if len(key) == 1 else 0)}
        down = dict(named, type="keyDown", text=text) if text else dict(named, type="rawKeyDown")
        self.call("Input.dispatchKeyEvent", **down)
        self.call("Input.dispatchKeyEvent", type="keyUp", **named)

    def write(self, text):
        self.call("Input.insertText", text=text)

    def click(self, selector):
        """Waits until the element is there to be seen, and clicks it."""
        self.until(f"document.querySelector({json.dumps(selector)})?.getClientRects().length")
        script = f"""(() => {{
            const target = document.querySelector({json.dumps(selector)});
            target.scrollIntoView({{ block: "nearest" }});
            const box = target.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()"""
        x, y = self.run(script)
        for kind in ["mousePressed", "mouseReleased"]:
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def screenshot(self, path):
        data = self.call("Page.captureScreenshot", format="png")["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def complaints(self):
        """What the browser has to say against the page: exceptions, and what its policy has refused."""
        self.run("0")
        mine = [event for event in self.browser.events if event.get("sessionId") == self.session]
        thrown = [event["params"]["exceptionDetails"] for event in mine if event["method"] == "Runtime.exceptionThrown"]
        logged = [event["params"]["entry"] for event in mine if event["method"] == "Log.entryAdded"]
        # A door that is not there, and one that refuses, are part of what is tested.
        logged = [entry["text"] for entry in logged if entry["level"] == "error" and entry["source"] != "network"]
        return [thrown["exception"].get("description", thrown["text"]) for thrown in thrown] + logged

    def addresses(self):
        """Everything that the page has asked for."""
        mine = [event for event in self.browser.events if event.get("sessionId") == self.session]
        return [event["params"]["request"]["url"] for event in mine if event["method"] == "Network.requestWillBeSent"]

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
        self.browser.call("Target.disposeBrowserContext", browserContextId=self.context)


def raised(descriptor):
    """The same file at a number that is out of the way."""
    import fcntl

    high = fcntl.fcntl(descriptor, fcntl.F_DUPFD, 20)
    os.close(descriptor)
    return high
