"""A real program with a real tree and a door: the demo."""

import http.client
import json
import os
import signal
import subprocess
import threading

WORKSPACE = os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
DEMO = os.environ.get("PAGE_DEMO", os.path.join(WORKSPACE, "target/debug/rootward-demo"))


class Program:
    def __init__(self, *words, control=False):
        command = [DEMO, *words, "--observe-port", "0", "--view", "none"]
        command += ["--allow-control"] if control else []
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True, cwd=WORKSPACE)
        self.url = None
        said = []
        for line in self.process.stderr:
            said.append(line)
            if line.startswith("watch at http"):
                self.url = line.split()[-1]
                break
        assert self.url, "".join(said)
        self.origin, self.token = self.url.split("/#token=")
        self.port = int(self.origin.rsplit(":", 1)[1])
        # What else it says is not to fill the pipe.
        self.reader = threading.Thread(target=self.process.stderr.read, daemon=True)
        self.reader.start()

    def request(self, path, method="GET", headers=None, token=True):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        brought = {"Connection": "close"}
        brought |= {"Authorization": f"Bearer {self.token}"} if token else {}
        connection.request(method, path, headers={**brought, **(headers or {})})
        return connection.getresponse()

    def ask(self, path, method="GET"):
        with self.request(path, method) as answer:
            return json.load(answer)

    def follow(self, since):
        """Events as the door sends them, from now on until the record is over."""
        return told(self.request(f"/events?since={since}"))

    def interrupt(self):
        self.process.send_signal(signal.SIGINT)

    def kill(self):
        self.process.kill()
        self.process.wait()

    def close(self):
        """Every test ends what it has begun."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()
        self.reader.join()
        self.process.stderr.close()


def told(stream):
    with stream:
        for line in stream:
            if line.startswith(b"data: "):
                document = json.loads(line[6:])
                if "end" in document:
                    return
                if "seq" in document:
                    yield document
