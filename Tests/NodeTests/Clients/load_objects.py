"""Plain objects, put, written over, copied and deleted by S3, in a bucket beside the registry's."""
import botocore

from contents import client
from load_worker import Worker
from registry import Away
from shared import content

PLAIN = "plain-objects"
SIZES = [0, 300, 8192, 8193, 50_000, 300_000, 1 << 20, 3 << 20]
KEYS = 30


class ObjectWorker(Worker):
    kind = "objects"
    steps = ((5, "put"), (2, "copy"), (3, "delete"), (4, "get"))

    def __init__(self, seed, name, endpoint, deadline):
        super().__init__(seed, deadline)
        self.name = name
        self.s3 = client(endpoint)
        # Key to what its bytes follow from: name and size.
        self.objects = {}

    def call(self, operation, key, **arguments):
        def once():
            try:
                return operation(Bucket=PLAIN, Key=key, **arguments)
            except botocore.exceptions.BotoCoreError as error:
                raise Away(str(error)) from error
            except botocore.exceptions.ClientError as error:
                # The bucket was made in the other region, just now.
                if error.response["ResponseMetadata"]["HTTPStatusCode"] >= 500 \
                        or error.response["Error"]["Code"] == "NoSuchBucket":
                    raise Away(str(error)) from error
                raise
        return self.patiently(once)

    def some_key(self):
        return f"{self.name}/{self.random.randrange(KEYS)}"

    def put(self):
        key, name = self.some_key(), f"{self.name} {self.random.getrandbits(64)}"
        size = self.random.choice(SIZES)
        self.call(self.s3.put_object, key, Body=content(name, size))
        self.objects[key] = (name, size)

    def copy(self):
        source, key = self.some_key(), self.some_key()
        if source in self.objects and source != key:
            self.call(self.s3.copy_object, key, CopySource=f"{PLAIN}/{source}")
            self.objects[key] = self.objects[source]

    def delete(self):
        key = self.some_key()
        self.call(self.s3.delete_object, key)
        self.objects.pop(key, None)

    def get(self):
        key = self.some_key()
        if key in self.objects:
            def read(**arguments):
                try:
                    return self.s3.get_object(**arguments)["Body"].read()
                except botocore.exceptions.ResponseStreamingError as error:
                    raise Away(str(error)) from error
            if self.call(read, key) != content(*self.objects[key]):
                self.failures.append(f"the bytes of {key}")

    def leave(self, state):
        state["objects"] |= self.objects
