"""A second implementation of S3 to compare with: SeaweedFS, one process, its data below `WORK`."""
import json
import os
import signal
import socket
import subprocess
import time

import boto3
import botocore


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
        deadline = time.monotonic() + 120
        while not self.takes_objects():
            if time.monotonic() > deadline:
                self.__exit__()
                with open(self.log.name) as log:
                    raise SystemExit("SeaweedFS takes no objects:\n" + log.read()[-3000:])
            time.sleep(0.2)
        return self

    def takes_objects(self):
        """Its gateway answers before there is a volume to write to: an object goes there and back first."""
        s3 = self.client(retries={"max_attempts": 0}, connect_timeout=5, read_timeout=20)
        try:
            if not any(bucket["Name"] == "warming-up" for bucket in s3.list_buckets()["Buckets"]):
                s3.create_bucket(Bucket="warming-up")
            s3.put_object(Bucket="warming-up", Key="k", Body=b"x" * 70_000)
            s3.get_object(Bucket="warming-up", Key="k")["Body"].read()
            s3.delete_object(Bucket="warming-up", Key="k")
            s3.delete_bucket(Bucket="warming-up")
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError):
            return False
        return True

    def client(self, **options):
        config = botocore.config.Config(s3={"addressing_style": "path"}, **options)
        return boto3.client("s3", endpoint_url=self.url, config=config)

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self.log.close()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]
