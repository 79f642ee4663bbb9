"""What a key may do: key_client.py works | refused | limited ACCESS SECRET.

`works` reads and writes under team/ of the bucket; `refused` is refused as a key that nobody knows; `limited` also tries
all that a key of one bucket, one prefix and no deletes may not do, by S3 and by the storage driver API."""
import sys

import boto3
import botocore
from botocore.credentials import Credentials

import driver_api
from shared import BUCKET, ENDPOINT, expect

command, access, secret = sys.argv[1:]
s3 = boto3.client("s3", endpoint_url=ENDPOINT, aws_access_key_id=access,
                  aws_secret_access_key=secret,
                  config=botocore.config.Config(s3={"addressing_style": "path"}))


def refusal(call, **arguments):
    """The code of the error, or `None`."""
    try:
        call(**arguments)
        return None
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]


def denied(call, expected="AccessDenied", **arguments):
    found = refusal(call, **arguments)
    expect(found == expected, f"{call.__name__} {arguments}: {expected}, not {found}")


def works():
    s3.put_object(Bucket=BUCKET, Key="team/a", Body=b"bytes")
    expect(s3.get_object(Bucket=BUCKET, Key="team/a")["Body"].read() == b"bytes", "its bytes")


if command == "refused":
    found = refusal(s3.get_object, Bucket=BUCKET, Key="team/a")
    expect(found in ("InvalidAccessKeyId", "SignatureDoesNotMatch"), f"refused: {found}")
    print(found)
    sys.exit()

works()
if command == "limited":
    names = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    expect(names == [BUCKET], f"the buckets of the key: {names}")
    s3.head_bucket(Bucket=BUCKET)
    listed = s3.list_objects_v2(Bucket=BUCKET, Prefix="team/")["Contents"]
    expect([entry["Key"] for entry in listed] == ["team/a"], f"a list of the prefix: {listed}")
    s3.copy_object(Bucket=BUCKET, Key="team/b", CopySource=f"{BUCKET}/team/a")
    denied(s3.list_objects_v2, Bucket=BUCKET)
    denied(s3.list_objects_v2, Bucket=BUCKET, Prefix="tea")
    denied(s3.put_object, Bucket=BUCKET, Key="other/a", Body=b"x")
    denied(s3.get_object, Bucket=BUCKET, Key="root/secret")
    denied(s3.get_object, Bucket="images", Key="team/a")
    denied(s3.copy_object, Bucket=BUCKET, Key="team/c", CopySource=f"{BUCKET}/root/secret")
    denied(s3.copy_object, Bucket=BUCKET, Key="team/c", CopySource="images/team/a")
    denied(s3.delete_object, Bucket=BUCKET, Key="team/a")
    denied(s3.create_bucket, Bucket="of-its-own")
    denied(s3.delete_bucket, Bucket=BUCKET)
    denied(s3.get_bucket_cors, Bucket=BUCKET)
    errors = s3.delete_objects(
        Bucket=BUCKET, Delete={"Objects": [{"Key": "team/a"}, {"Key": "root/secret"}]})["Errors"]
    expect([error["Code"] for error in errors] == ["AccessDenied"] * 2, f"each key: {errors}")
    keys = Credentials(access, secret)
    for status, method, call, parameters in [
            (200, "GET", "content", {"path": "/team/a"}),
            (200, "GET", "list", {"path": "/team"}),
            (200, "GET", "stat", {"path": "/team/a"}),
            (200, "GET", "stat", {"path": "/team"}),
            (404, "GET", "stat", {"path": "/team/none"}),
            # What a front asks for to see whether it is well.
            (200, "GET", "stat", {"path": "/"}),
            (403, "GET", "stat", {"path": "/root"}),
            (403, "GET", "stat", {"path": "/none"}),
            (403, "GET", "content", {"path": "/root/secret"}),
            (403, "GET", "list", {"path": "/"}),
            (403, "GET", "walk", {"path": "/root"}),
            (403, "GET", "stat", {"path": "/root/secret"}),
            (403, "DELETE", "content", {"path": "/team"}),
            (403, "POST", "move", {"from_": "/team/a", "to": "/team/z"}),
            (403, "POST", "writers", {"path": "/other"})]:
        found, data, _ = driver_api.call(method, call, keys=keys, **parameters)
        expect(found == status, f"{method} {call} {parameters}: {status}, not {found}: {data}")
print("all as expected")
