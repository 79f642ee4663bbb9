"""Clients that make load: curl for large bodies, wrk for many small requests, sockets for uploads."""
import os
import re
import signal
import socket
import subprocess
import time
import urllib.parse

from .process import CannotRun, Void, checked, environment

GIB = 1 << 30
# Of wrk.
THREADS = 2


def download(url, connections, size):
    """Seconds for as many clients at once to take the whole of `url`."""
    command = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code} %{size_download}", url]
    start = time.monotonic()
    try:
        clients = [
            subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment())
            for _ in range(connections)]
    except FileNotFoundError as error:
        raise CannotRun("curl is not installed") from error
    said = [client.communicate()[0] for client in clients]
    seconds = time.monotonic() - start
    if any(one != f"200 {size}" for one in said):
        raise Void(f"a download went wrong: {said}")
    return seconds


def rate(url, connections, seconds, script=None):
    """(requests per second, requests) of wrk; an answer that is no success makes the row void."""
    return outcome(checked(wrk(url, connections, seconds, script)))


def rate_of_all(url, connections, script, ends, seconds=120):
    """As `rate`, of a script that was made with `once`: until each thread's list is at its end."""
    try:
        client = subprocess.Popen(
            wrk(url, connections, seconds, script), stdout=subprocess.PIPE, text=True, env=environment())
    except FileNotFoundError as error:
        raise CannotRun("wrk is not installed") from error
    while client.poll() is None and not all(os.path.exists(end) for end in ends):
        time.sleep(0.002)
    # Its threads are done; it would sleep until its time is up.
    client.send_signal(signal.SIGINT)
    return outcome(client.communicate()[0])


def wrk(url, connections, seconds, script):
    # What takes long is slow, and no failure.
    command = [
        "wrk", f"-t{min(THREADS, connections)}", f"-c{connections}", f"-d{seconds}s", "--timeout", "60s"]
    return command + (["-s", script] if script else []) + [url]


def outcome(said):
    if "Non-2xx" in said or "Socket errors" in said:
        raise Void(f"wrk saw failures: {' '.join(said.split()[-20:])}")
    per_second = re.search(r"Requests/sec:\s+([\d.]+)", said)
    count = re.search(r"(\d+) requests in", said)
    if not per_second or not count or int(count[1]) == 0:
        raise Void("wrk made no requests")
    return float(per_second[1]), int(count[1])


def script(bench, name, url, method, targets, size=0, once=False):
    """For wrk, which signs nothing: each of its threads takes a list of URLs, again and again, or `once`, and
    then leaves a file `ends(…)[thread]`. Where `size` is given, every body is new."""
    for end in ends(bench, name):
        if os.path.exists(end):
            os.unlink(end)
    for thread, urls in enumerate(targets):
        with open(bench.path(f"{name}-urls-{thread}"), "w") as file:
            file.writelines(one[len(url):] + "\n" for one in urls)
    path = bench.path(f"{name}.lua")
    with open(path, "w") as file:
        file.write(
            "local threads = 0\n"
            "function setup(thread) thread:set('id', threads); threads = threads + 1 end\n"
            "function init()\n  targets, count = {}, 0\n"
            f"  for line in io.lines('{bench.path(name)}-urls-' .. id) do targets[#targets + 1] = line end\n"
            "  local seed = io.open('/dev/urandom', 'rb')\n"
            f"  filler = seed:read({max(0, size - 32)}); seed:close()\nend\n"
            "function request()\n"
            + (f"  if count == #targets then io.open('{bench.path(name)}-end-' .. id, 'w'):close();"
               " wrk.thread:stop() end\n" if once else "")
            + "  local target = targets[count % #targets + 1]\n  count = count + 1\n"
            + (f"  local body = string.format('%016d%016d', count, id) .. filler\n" if size else "")
            + f"  return wrk.format('{method}', target, nil{', body' if size else ''})\nend\n")
    return path


def ends(bench, name):
    return [f"{bench.path(name)}-end-{thread}" for thread in range(THREADS)]


class Upload:
    """A PUT by a bare socket: `head` bytes of its own, then `path`; stops after `limit` bytes if told."""

    def __init__(self, url, head, path, limit=None):
        parts = urllib.parse.urlsplit(url)
        self.file_size = os.path.getsize(path)
        self.head, self.path, self.limit = head, path, limit
        self.socket = socket.create_connection((parts.hostname, parts.port))
        self.socket.sendall(
            f"PUT {parts.path}?{parts.query} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
            f"Content-Length: {len(head) + self.file_size}\r\n\r\n".encode())

    def send(self):
        self.socket.sendall(self.head)
        with open(self.path, "rb") as file:
            self.socket.sendfile(file, 0, self.limit or self.file_size)

    def finish(self):
        """Waits for the answer."""
        said = b""
        while b"\r\n\r\n" not in said:
            more = self.socket.recv(65536)
            if not more:
                break
            said += more
        self.close()
        if not said.startswith(b"HTTP/1.1 200"):
            raise Void(f"an upload was answered with {said[:200]!r}")

    def close(self):
        self.socket.close()
