"""A client of HTTP that sends what it is told to and nothing else, and keeps what is answered as it came.

One connection is kept for a whole row: an answer with more or fewer bytes than it announced would be seen in the
next one."""
import os
import select
import socket
import ssl
import sys
import time
import urllib.parse

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from shared import BUCKET, ENDPOINT, expect

SCHEME, HOST = ENDPOINT.split("://")
ADDRESS = (HOST.split(":")[0], int(HOST.split(":")[1]))


class Answer:
    """Status, header fields and body, to the byte."""

    def __init__(self, status, fields, body, continued):
        self.status, self.fields, self.body = status, fields, body
        # Whether `100 Continue` came before it.
        self.continued = continued

    def __getitem__(self, name):
        """A header field's value; a field that comes twice is not as expected."""
        values = [value for field, value in self.fields if field.lower() == name.lower()]
        expect(len(values) <= 1, f"one {name}: {values}")
        return values[0] if values else None

    def __repr__(self):
        return f"{self.status} {self.fields} {self.body[:2000]!r}"

    def expect(self, status, body=None, **fields):
        """The status, the body to the byte, and header fields (`_` for `-`; `None`: not there)."""
        expect(self.status == status, f"{status}: {self}")
        for name, value in fields.items():
            found = self[name.replace("_", "-")]
            expect(found == value, f"{name} {value}, not {found}: {self}")
        expect(body is None or self.body == body, f"{body[:2000] if body else body!r}, not {self}")
        return self


class Connection:
    """One connection that is kept alive."""

    def __init__(self):
        self.socket = self.file = None

    def open(self):
        if self.socket is None:
            self.socket = socket.create_connection(ADDRESS, timeout=60)
            if SCHEME == "https":
                trust = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
                self.socket = trust.wrap_socket(self.socket, server_hostname=ADDRESS[0])
            self.file = self.socket.makefile("rb")

    def close(self):
        if self.socket is not None:
            self.file.close()
            self.socket.close()
            self.socket = self.file = None

    def send(self, method, target, fields, body=b""):
        """Sends the fields in their order. Where they ask for `100-continue`, the body waits for it as Go's client and
        botocore do, and is not sent to a server that refuses at once."""
        self.open()
        head = f"{method} {target} HTTP/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in fields) + "\r\n"
        waits = any(name.lower() == "expect" for name, _ in fields)
        self.socket.sendall(head.encode() + (b"" if waits else body))
        continued = False
        if waits:
            expect(select.select([self.socket], [], [], 10)[0], f"a word about the body of {method} {target}")
            status, received = self.head()
            if status != 100:
                return self.finish(method, status, received, False)
            continued = True
            self.socket.sendall(body)
        status, received = self.head()
        return self.finish(method, status, received, continued)

    def head(self):
        line = self.file.readline()
        words = line.split(b" ", 2)
        expect(len(words) == 3 and words[0] == b"HTTP/1.1" and words[2].strip(), f"a status line with a reason: {line}")
        fields = []
        while (line := self.file.readline()) not in (b"\r\n", b""):
            name, value = line.decode("latin-1").rstrip("\r\n").split(":", 1)
            fields.append((name, value.strip()))
        return int(words[1]), fields

    def finish(self, method, status, fields, continued):
        answer = Answer(status, fields, b"", continued)
        if method != "HEAD" and status not in (204, 304):
            answer.body = self.chunks() if answer["Transfer-Encoding"] else self.exactly(int(answer["Content-Length"]))
        if (answer["Connection"] or "").lower() == "close":
            expect(self.file.read() == b"", "nothing behind the last answer")
            self.close()
        elif self.socket is not None:
            expect(not select.select([self.socket], [], [], 0)[0], f"nothing behind the answer {answer}")
        return answer

    def exactly(self, length):
        data = self.file.read(length)
        expect(len(data) == length, f"{length} bytes, not {len(data)}")
        return data

    def chunks(self):
        whole = b""
        while length := int(self.file.readline().split(b";")[0], 16):
            whole += self.exactly(length)
            self.file.readline()
        expect(self.file.readline() == b"\r\n", "an end of the chunks")
        return whole


def quoted(text):
    return urllib.parse.quote(text, safe="-_.~")


def target(key="", bucket=BUCKET, **query):
    """`/bucket/key?…`, encoded; a parameter that is `None` is left out, and `_` stands for `-`."""
    path = "/" + bucket + ("/" + urllib.parse.quote(key, safe="/-_.~") if key else "")
    pairs = [(name.strip("_").replace("_", "-"), value) for name, value in query.items() if value is not None]
    return path + ("?" + "&".join(f"{quoted(name)}={quoted(str(value))}" for name, value in pairs) if pairs else "")


def now():
    return time.strftime("%Y%m%dT%H%M%SZ", time.gmtime())
