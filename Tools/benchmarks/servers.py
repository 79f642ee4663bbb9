"""The daemon and its peers, each configured as the table says, each asked whether it really is."""
import json
import os
import shutil

from . import signing
from .process import CannotRun, Server, Void, checked, free_port

BUCKET = "bench"


class Holdfast:
    """One region; every PUT is synced before it is acknowledged (there is no other mode)."""

    def __init__(self, bench, name="west", peers=(), log_requests="none", data=None, variables=None):
        self.port, self.data = free_port(), data or bench.path(f"holdfast-{name}")
        self.binary = bench.binary
        self.url = f"http://127.0.0.1:{self.port}"
        command = [
            bench.binary, "serve", "--data", self.data, "--listen", f"127.0.0.1:{self.port}",
            "--region", name, "--bucket", BUCKET]
        for peer, url in peers:
            command += ["--peer", f"{peer}={url}"]
        self.server = bench.started(Server(f"holdfast {name}", command, bench.directory, {
            "HOLDFAST_ACCESS_KEY": signing.ACCESS_KEY, "HOLDFAST_SECRET_KEY": signing.SECRET_KEY,
            "HOLDFAST_PEER_KEY": signing.PEER_KEY, "HOLDFAST_LOG_REQUESTS": log_requests, **(variables or {})}))
        self.server.wait_ready(f"{self.url}/-/health/ready", interval=0.005)

    def job(self, *command):
        """Runs a job in the daemon to its end; its report."""
        report = json.loads(checked([self.binary, *command, "--data", self.data, "--json"]))
        if report["state"] != "done":
            raise Void(f"{command[0]} ended as {report['state']}: {report.get('failure')}")
        return report

    def presigned(self, method, key):
        return signing.presign(method, self.url, f"/{BUCKET}/{key}")

    def public(self, key):
        return f"{self.url}/{BUCKET}/{key}"

    def publish(self):
        """Lets everyone read the bucket."""
        policy = {"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
            "Resource": f"arn:aws:s3:::{BUCKET}/*"}]}
        url = signing.presign("PUT", self.url, f"/{BUCKET}", query={"policy": ""})
        checked(["curl", "-sS", "--fail-with-body", "-X", "PUT", "-d", json.dumps(policy), url])

    def put(self, key, path):
        checked(["curl", "-sS", "--fail-with-body", "-T", path, self.presigned("PUT", key)])

    def stored_bytes(self):
        return size_of(os.path.join(self.data, "chunks"))

    def request_seconds(self):
        """What all requests took so far, by the request log, which must be on."""
        with open(self.server.log) as log:
            lines = [json.loads(line) for line in log if '"microseconds"' in line]
        return sum(line["microseconds"] for line in lines) / 1e6


class Nginx:
    """Static files by sendfile, no access log, two workers."""

    STATED = ["sendfile on;", "access_log off;", "worker_processes 2;"]

    def __init__(self, bench):
        self.root, port = bench.make("www"), free_port()
        self.url = f"http://127.0.0.1:{port}"
        configuration = bench.path("nginx.conf")
        with open(configuration, "w") as file:
            file.write(
                f"worker_processes 2;\ndaemon off;\npid {bench.path('nginx.pid')};\n"
                f"error_log {bench.path('nginx-error.log')};\nuser root;\n"
                "events { worker_connections 1024; }\nhttp {\n  access_log off;\n  sendfile on;\n"
                "  tcp_nodelay on;\n  keepalive_requests 1000000000;\n  open_file_cache max=100;\n"
                f"  server {{ listen 127.0.0.1:{port}; root {self.root}; }}\n}}\n")
        in_force = checked(["nginx", "-T", "-q", "-c", configuration])
        for setting in self.STATED:
            if setting not in in_force:
                raise Void(f"nginx does not run with '{setting}'")
        self.server = bench.started(
            Server("nginx", ["nginx", "-c", configuration], bench.directory))
        self.server.wait_ready(f"{self.url}/", (403, 404))


class Registry:
    """docker-registry over one of three storages, no access log. Redirect is on, as it is by default and in
    Config/docker-registry/redirect.yml: an S3 storage serves the bytes of layers itself, files the registry."""

    def __init__(self, bench, name, storage, root=None):
        port, self.name, self.root = free_port(), name, root
        self.host = f"127.0.0.1:{port}"
        self.url = f"http://{self.host}"
        configuration = bench.path(f"registry-{name}.yml")
        with open(configuration, "w") as file:
            # YAML reads JSON.
            json.dump({
                "version": 0.1, "log": {"level": "error", "accesslog": {"disabled": True}},
                "storage": {**storage, "redirect": {"disable": False}},
                "http": {"addr": self.host, "secret": "benchmark"}}, file)
        self.server = bench.started(Server(
            f"registry {name}", ["docker-registry", "serve", configuration], bench.directory))
        self.server.wait_ready(f"{self.url}/v2/")

    @classmethod
    def on_files(cls, bench):
        """The registry's own driver: a file is synced when its upload is committed."""
        root = bench.make("registry-files")
        return cls(bench, "files", {"filesystem": {"rootdirectory": root}}, root)

    @classmethod
    def on_s3(cls, bench, name, endpoint):
        return cls(bench, name, {"s3": {
            "regionendpoint": endpoint, "region": signing.REGION, "bucket": BUCKET, "secure": False,
            "v4auth": True, "accesskey": signing.ACCESS_KEY, "secretkey": signing.SECRET_KEY}})

    def check_files(self, at_least):
        if size_of(self.root) < at_least:
            raise Void("docker-registry does not store in its file system directory")


class Rclone:
    """`rclone serve s3` over a directory, which answers whoever asks where it is given no keys."""

    def __init__(self, bench):
        if not shutil.which("rclone"):
            raise CannotRun("rclone is not there; Tools/install-dependencies --test brings it")
        self.root, port = bench.make("rclone"), free_port()
        os.makedirs(os.path.join(self.root, BUCKET))
        self.url = f"http://127.0.0.1:{port}"
        self.server = bench.started(Server("rclone", [
            "rclone", "--config", "/dev/null", "serve", "s3", "--addr", f"127.0.0.1:{port}", self.root],
            bench.directory))
        self.server.wait_ready(f"{self.url}/", (200, 403))


class SeaweedFS:
    """`weed server -s3`. It does not sync on PUT."""

    def __init__(self, bench):
        self.data, port = bench.make("weed"), free_port()
        self.url = f"http://127.0.0.1:{port}"
        keys = bench.path("weed-s3.json")
        with open(keys, "w") as file:
            json.dump({"identities": [{
                "name": "bench", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                "credentials": [
                    {"accessKey": signing.ACCESS_KEY, "secretKey": signing.SECRET_KEY}]}]}, file)
        # The gRPC ports are these plus 10000 unless they are said.
        ports = {name: free_port() for name in (
            "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port",
            "filer.port.grpc", "s3.port.grpc")}
        command = [
            "weed", "server", "-s3", f"-dir={self.data}", "-ip=127.0.0.1", f"-s3.port={port}",
            f"-s3.config={keys}", "-volume.max=100", "-master.volumeSizeLimitMB=1024"]
        command += [f"-{name}={number}" for name, number in ports.items()]
        self.server = bench.started(Server("SeaweedFS", command, bench.directory))
        self.server.wait_ready(f"{self.url}/", (200, 403))
        url = signing.presign("PUT", self.url, f"/{BUCKET}")
        for _ in range(30):
            try:
                checked(["curl", "-sS", "--fail-with-body", "-X", "PUT", url])
                return
            except Void as error:
                failure = error
                checked(["sleep", "1"])
        raise CannotRun(f"SeaweedFS makes no bucket: {failure}")


def size_of(directory):
    total = 0
    for parent, _, names in os.walk(directory):
        for name in names:
            try:
                total += os.stat(os.path.join(parent, name)).st_size
            except FileNotFoundError:
                continue
    return total
