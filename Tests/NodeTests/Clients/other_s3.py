"""A second implementation of S3 to compare with: SeaweedFS, one process, its data below `WORK`."""
import json
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request


class OtherS3:
    name = "SeaweedFS"

    def __init__(self, work):
        self.directory = os.path.join(work, "weed")
        os.makedirs(self.directory)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        keys = os.path.join(work, "weed.json")
        with open(keys, "w") as file:
            json.dump({"identities": [{
                "name": "tests", "actions": ["Admin", "Read", "Write", "List", "Tagging"],
                "credentials": [{"accessKey": os.environ["AWS_ACCESS_KEY_ID"],
                                 "secretKey": os.environ["AWS_SECRET_ACCESS_KEY"]}]}]}, file)
        ports = [f"-{name}={free_port()}" for name in (
            "master.port", "master.port.grpc", "volume.port", "volume.port.grpc", "filer.port",
            "filer.port.grpc", "s3.port.grpc")]
        self.command = [
            "weed", "server", "-s3", f"-dir={self.directory}", "-ip=127.0.0.1", f"-s3.port={port}",
            f"-s3.config={keys}", "-volume.max=20", "-master.volumeSizeLimitMB=64"] + ports

    def __enter__(self):
        self.log = open(os.path.join(self.directory, "log"), "w")
        self.process = subprocess.Popen(self.command, stdout=self.log, stderr=self.log)
        for _ in range(300):
            try:
                urllib.request.urlopen(self.url)
            except urllib.error.HTTPError:
                return self
            except OSError:
                time.sleep(0.2)
        raise SystemExit("SeaweedFS does not answer; see " + self.log.name)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
