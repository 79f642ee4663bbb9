"""Processes that a benchmark starts: each is stopped by its own id, and its CPU time is that of its tree."""
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request


class CannotRun(Exception):
    """Something that the row needs is missing or does not start."""


class Void(Exception):
    """A side was not configured as stated, or gave a wrong answer: its figures mean nothing."""


def environment(more=None):
    """That of the caller, without what would lead clients on loopback elsewhere."""
    kept = {
        name: value for name, value in os.environ.items()
        if not name.startswith("AWS_") and not name.lower().endswith("_proxy")}
    return {**kept, **(more or {})}


def free_port():
    """A port that nothing listens on; well above those that services have by habit."""
    while True:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        if port >= 20000:
            return port


class Server:
    def __init__(self, name, command, directory, variables=None):
        self.name = name
        self.log = os.path.join(directory, f"{name.replace(' ', '-')}.log")
        with open(self.log, "ab") as log:
            try:
                self.process = subprocess.Popen(
                    command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, cwd=directory,
                    env=environment(variables))
            except FileNotFoundError as error:
                raise CannotRun(f"{command[0]} is not installed") from error

    def wait_ready(self, url, statuses=(200,), seconds=60, interval=0.05):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise CannotRun(f"{self.name} ended with {self.process.returncode}: {self.last_line()}")
            if status_of(url) in statuses:
                return self
            time.sleep(interval)
        raise CannotRun(f"{self.name} is not ready after {seconds} s: {self.last_line()}")

    def last_line(self):
        with open(self.log, errors="replace") as log:
            lines = log.read().strip().splitlines()
        telling = [line for line in lines if "panic:" in line or "error" in line.lower()]
        return (telling or lines or ["it said nothing"])[-1][:300]

    def tree(self):
        ids, found = [self.process.pid], []
        while ids:
            one = ids.pop()
            found.append(one)
            try:
                for task in os.listdir(f"/proc/{one}/task"):
                    with open(f"/proc/{one}/task/{task}/children") as children:
                        ids += [int(child) for child in children.read().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
        return found

    def cpu_seconds(self):
        ticks = 0
        for one in self.tree():
            try:
                with open(f"/proc/{one}/stat") as stat:
                    fields = stat.read().rsplit(")", 1)[1].split()
            except (FileNotFoundError, ProcessLookupError):
                continue
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def resident_kib(self):
        with open(f"/proc/{self.process.pid}/status") as status:
            lines = dict(line.split(":", 1) for line in status if ":" in line)
        return {name: int(lines[name].split()[0]) for name in ("VmRSS", "RssAnon", "RssFile")}

    def kill(self):
        """SIGKILL, and gone on return."""
        self.process.kill()
        self.process.wait()

    def stop(self):
        if self.process.poll() is not None:
            return
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def status_of(url):
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return response.status
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return None


def checked(command, **options):
    """Runs a client to its end; a client that fails makes the row void."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment(),
            **options)
    except FileNotFoundError as error:
        raise CannotRun(f"{command[0]} is not installed") from error
    if done.returncode != 0:
        raise Void(f"{command[0]} failed: {(done.stderr or done.stdout).strip()[-300:]}")
    return done.stdout
