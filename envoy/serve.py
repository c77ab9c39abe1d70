"""Serves Signalbox in stock Envoy on this machine until Ctrl-C: what `make run` runs.

    serve.py [--config FILE] [--simulator] [--port 10000] [--admin-port 9901]

FILE is an Envoy bootstrap or a gateway configuration (the format of examples/*/signalbox.yaml). With --simulator every
provider is simulated; without it the providers are real and their credentials come from the environment.
"""

import argparse
import contextlib
import hashlib
import json
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

from render import walk

ROOT = pathlib.Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
SHIPPED = ROOT / "envoy" / "envoy.yaml"
MODULE = ROOT / "target" / "wasm32-wasip1" / "release" / "signalbox.wasm"
KEY = "sk-or-v1-demo"


class Failed(Exception):
    """Something that the user has to know about; its text is the whole message."""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--config", type=pathlib.Path, default=SHIPPED)
    parser.add_argument("--simulator", action="store_true")
    parser.add_argument("--port", type=int, default=10000)
    parser.add_argument("--admin-port", type=int, default=9901)
    arguments = parser.parse_args()

    for variable, port in ("PORT", arguments.port), ("ADMIN_PORT", arguments.admin_port):
        refuse_port_in_use(variable, port)
    with cleanup() as stack:
        envoy = start(stack, arguments.config, arguments.simulator, arguments.port, arguments.admin_port)
        print(f"Signalbox is ready on {envoy.url} (statistics: {envoy.admin}/stats/prometheus). Try: {envoy.curl}", flush=True)
        raise Failed(f"Envoy ended by itself with exit code {envoy.process.wait()}")


class Envoy:
    """A running Envoy: the `url` of the gateway, that of the `admin` interface, and a `curl` that it answers."""

    def __init__(self, process, url, admin, curl):
        self.process = process
        self.url = url
        self.admin = admin
        self.curl = curl


def start(stack, config, simulator, port, admin_port, log=None):
    """Starts the simulator, if asked for, and Envoy; `stack` stops both. Returns when Envoy is ready to serve."""
    if not config.is_file():
        raise Failed(f"there is no configuration at {config}")
    if not MODULE.is_file():
        raise Failed(f"the module is not built: {MODULE.relative_to(ROOT)} is missing; `make build` builds it")
    directory = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="signalbox-")))
    rendered = directory / "envoy.json"
    arguments = ["--wasm", MODULE, "--port", port, "--admin-port", admin_port]
    if simulator:
        arguments += ["--simulator", start_simulator(stack, directory)]
    render = subprocess.run([sys.executable, ROOT / "envoy" / "render.py", config, rendered, *map(str, arguments)])
    if render.returncode != 0:
        raise Failed(f"{config} could not be used; the reason stands above")
    return start_envoy(stack, rendered, directory / "admin-address", log)


def start_simulator(stack, directory):
    command = ["node", TOOLS / "node" / "node_modules" / "@copilotkit" / "aimock" / "dist" / "aimock-cli.js",
               "--config", "aimock.json", "--port", "0"]
    log = directory / "simulator.log"
    with log.open("w") as output:
        process = spawn(stack, command, cwd=ROOT / "tests" / "simulator", stdout=output, stderr=subprocess.STDOUT)
    marker = "listening on http://"
    wait_for("the simulator", process, lambda: marker in log.read_text(), lambda: log.read_text())
    return log.read_text().split(marker, 1)[1].split()[0]


def start_envoy(stack, rendered, admin_address, log):
    command = [TOOLS / "venv" / "bin" / "envoy", "-c", rendered, "--admin-address-path", admin_address,
               # Several Envoys may run on this machine; hot restart would have them meet in shared memory.
               "--disable-hot-restart", "--log-level", "error", "--component-log-level", "wasm:info",
               "--file-flush-interval-msec", "200"]
    process = spawn(stack, command, stdout=log, stderr=log or subprocess.PIPE)
    reasons = []
    reader = threading.Thread(target=pass_on, args=(process.stderr, reasons), daemon=True)
    if log is None:
        reader.start()

    def ready():
        if not admin_address.exists() or not admin_address.read_text():
            return False
        with contextlib.suppress(OSError):  # refused, or too slow on a busy machine
            return get(f"http://{admin_address.read_text()}/ready").strip() == "LIVE"
        return False

    def refusal():
        if log is None:
            reader.join(timeout=1)
            return reasons[-1] if reasons else "Envoy's own message stands above"
        return pathlib.Path(log.name).read_text()

    wait_for("Envoy", process, ready, refusal)
    admin = f"http://{admin_address.read_text()}"
    listener = json.loads(get(f"{admin}/listeners?format=json"))["listener_statuses"][0]["local_address"]["socket_address"]
    url = f"http://{listener['address']}:{listener['port_value']}"
    return Envoy(process, url, admin, curl_to_try(url, rendered))


def pass_on(lines, reasons):
    """Passes on what Envoy writes, and takes note of why a configuration is refused: much more follows."""
    for line in lines:
        sys.stderr.buffer.write(line)
        sys.stderr.buffer.flush()
        reasons += re.findall("the configuration is refused: .*", line.decode(errors="replace"))


def curl_to_try(url, rendered):
    """A curl that this configuration answers: its first model, and the demo key if it has that."""
    text = rendered.read_text()
    key = KEY if hashlib.sha256(KEY.encode()).hexdigest() in text.lower() else "$YOUR_KEY"
    gateway = next(node for node in walk(json.loads(text)) if node.get("role") == "gateway")
    body = {"model": gateway["models"][0]["id"], "messages": [{"role": "user", "content": "Hello"}]}
    return f"curl {url}/api/v1/chat/completions -H \"authorization: Bearer {key}\" -d '{json.dumps(body)}'"


def spawn(stack, command, **options):
    """Starts a process in a session of its own, so that Ctrl-C reaches this program alone and things stop in order."""
    with SIGNALS.held():  # between its start and the promise to stop it
        try:
            process = subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, start_new_session=True, **options)
        except FileNotFoundError as error:
            raise Failed(f"{command[0]} is missing; `make run` and `make demo` install what they need") from error
        stack.callback(stop, process)
    return process


def stop(process):
    process.terminate()
    try:
        process.wait(timeout=3)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def wait_for(what, process, ready, reason, seconds=90):
    deadline = time.monotonic() + seconds
    while not ready():
        if process.poll() is not None:
            raise Failed(f"{what} did not start (exit code {process.returncode}): {reason()}")
        if time.monotonic() > deadline:
            raise Failed(f"{what} was not ready after {seconds} s: {reason()}")
        time.sleep(0.02)


def get(url):
    with urllib.request.urlopen(url, timeout=10) as response:
        return response.read().decode()


def refuse_port_in_use(variable, port):
    # Envoy's workers share a port (SO_REUSEPORT), and so would two Envoys: each would get half of the requests.
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError) as error:
            raise Failed(f"port {port} cannot be used ({getattr(error, 'strerror', None) or error}); "
                         f"choose another with {variable}=…") from error


class Signals:
    """What ends a program of this folder. The first signal does, and none after it can keep it from cleaning up: under
    `timeout make run` the same signal comes twice, from timeout and from make."""

    NUMBERS = signal.SIGINT, signal.SIGTERM, signal.SIGHUP

    def __init__(self):
        self.is_held = False
        self.waiting = None

    def heed(self):
        for number in self.NUMBERS:
            signal.signal(number, self.handle)

    def ignore(self):
        for number in self.NUMBERS:
            signal.signal(number, signal.SIG_IGN)

    def handle(self, number, _):
        self.ignore()
        if self.is_held:
            self.waiting = number
        else:
            self.leave(number)

    def leave(self, number):
        sys.exit(0 if number == signal.SIGINT else 128 + number)

    @contextlib.contextmanager
    def held(self):
        """A signal that comes meanwhile waits for the end."""
        self.is_held = True
        try:
            yield
        finally:
            self.is_held = False
            if self.waiting is not None:
                self.leave(self.waiting)


SIGNALS = Signals()


@contextlib.contextmanager
def cleanup():
    """A stack whose callbacks no signal interrupts."""
    with contextlib.ExitStack() as stack:
        try:
            yield stack
        finally:
            SIGNALS.ignore()


def run(program):
    """Runs a program of this folder: stopped by a signal it still cleans up, and a failure is one line."""
    SIGNALS.heed()
    try:
        program()
    except Failed as failed:
        sys.exit(f"signalbox: {failed}")


if __name__ == "__main__":
    run(main)
