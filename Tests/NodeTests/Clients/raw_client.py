"""A client of sockets, for what no client library sends, and the honest client beside it."""
import random
import socket
import threading
from os import environ

import boto3
import botocore
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from shared import BUCKET, ENDPOINT, content

HOST = ENDPOINT.removeprefix("http://")
ADDRESS = tuple(HOST.split(":"))
KEYS = Credentials(environ["AWS_ACCESS_KEY_ID"], environ["AWS_SECRET_ACCESS_KEY"])
CLOSE = {"Connection": "close"}
MIB = 1 << 20
s3 = boto3.client("s3", endpoint_url=ENDPOINT, config=botocore.config.Config(
    s3={"addressing_style": "path"}, retries={"max_attempts": 1}, max_pool_connections=4))


def signed(method, path, body=b"", headers=None):
    """The head of a signed request, ready to send."""
    request = AWSRequest(method=method, url=ENDPOINT + path, data=body, headers=headers or {})
    S3SigV4Auth(KEYS, "s3", "us-east-1").add_auth(request)
    fields = dict(request.headers.items()) | {"Host": HOST, "Content-Length": str(len(body))}
    return f"{method} {path} HTTP/1.1\r\n".encode() + b"".join(
        f"{name}: {value}\r\n".encode() for name, value in fields.items()) + b"\r\n"


def connect():
    return socket.create_connection(ADDRESS, timeout=60)


def answers(data, silence=5):
    """All that is answered to these bytes until the server closes, or is silent for a while."""
    received = b""
    with connect() as connection:
        try:
            connection.sendall(data)
            connection.settimeout(silence)
            while piece := connection.recv(65536):
                received += piece
        except (BrokenPipeError, ConnectionResetError, TimeoutError):
            pass
    return received


def status(answer):
    return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/1.1 ") else None


class Answers:
    """The answers on a connection that is kept, one behind the other."""

    def __init__(self, connection):
        self.connection, self.received = connection, bytearray()

    def next(self):
        """A status and a body."""
        while (end := self.received.find(b"\r\n\r\n")) < 0:
            self.receive()
        head = bytes(self.received[:end])
        _, found, rest = head.lower().partition(b"\r\ncontent-length:")
        end += 4
        whole = end + (int(rest.split(b"\r\n", 1)[0]) if found else 0)
        while len(self.received) < whole:
            self.receive()
        body = bytes(self.received[end:whole])
        del self.received[:whole]
        return status(head), body

    def receive(self):
        piece = self.connection.recv(1 << 16)
        if not piece:
            raise EOFError(f"the connection ended behind {bytes(self.received[:200])}")
        self.received += piece


def resident(pid):
    with open(f"/proc/{pid}/status") as file:
        return next(int(line.split()[1]) << 10 for line in file if line.startswith("VmRSS"))


class Honest(threading.Thread):
    """Puts, reads back and deletes, one after the other, and notes the largest size of the daemon."""

    def __init__(self, pid):
        super().__init__(daemon=True)
        self.pid, self.done, self.rounds, self.failure, self.most = pid, threading.Event(), 0, None, 0

    def run(self):
        try:
            while not self.done.is_set():
                body = content(f"honest-{self.rounds}", random.randint(1, 300_000))
                s3.put_object(Bucket=BUCKET, Key="honest", Body=body)
                if s3.get_object(Bucket=BUCKET, Key="honest")["Body"].read() != body:
                    raise ValueError("other bytes came back")
                s3.delete_object(Bucket=BUCKET, Key="honest")
                self.rounds, self.most = self.rounds + 1, max(self.most, resident(self.pid))
        except Exception as error:  # Whatever it is, it is what the test is for.
            self.failure = error
