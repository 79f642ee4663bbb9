"""boto3, with the default checksums (CRC32 in headers or trailers), only where required, or of the generation before
(`old`), which sends an MD5."""
import concurrent.futures
import hashlib
import random
import sys

import boto3
import botocore
from boto3.s3.transfer import TransferConfig

from shared import BUCKET, ENDPOINT, SIZES, SMALL_FILES, STYLE, expect

mode = sys.argv[1]
checksums = {} if mode == "old" else {"request_checksum_calculation": mode, "response_checksum_validation": mode}
generation = tuple(int(number) for number in botocore.__version__.split(".")[:2])
expect((generation < (1, 36)) == (mode == "old"), f"boto3 {botocore.__version__} is of another generation")
config = botocore.config.Config(s3={"addressing_style": STYLE}, retries={"max_attempts": 1}, **checksums)
s3 = boto3.client("s3", endpoint_url=ENDPOINT, config=config)


def code(call, **arguments):
    try:
        call(Bucket=BUCKET, **arguments)
    except botocore.exceptions.ClientError as error:
        return error.response["Error"]["Code"]
    return None


def body(key, **arguments):
    return s3.get_object(Bucket=BUCKET, Key=key, **arguments)["Body"].read()


expect(BUCKET in [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]], "the bucket is listed")
for name, size in SIZES.items():
    data = random.Random(name).randbytes(size)
    put = s3.put_object(Bucket=BUCKET, Key=f"put/{name}", Body=data, Metadata={"owner": "tests"},
                        ContentType="application/x-test")
    # A large body of which boto3 signs the hash has an ETag that is no MD5. Over https it signs none where it
    # sends a checksum, and its CRC32 promises too little.
    signed = mode == "when_required" or ENDPOINT.startswith("http:")
    opaque = signed and size >= 16 << 20 and mode != "old"
    etag = hashlib.sha256(data).hexdigest()[:32] + "-1" if opaque else hashlib.md5(data).hexdigest()
    expect(put["ETag"] == f'"{etag}"', f"the ETag of {name}")
    expect(body(f"put/{name}") == data, f"{name} comes back")
    head = s3.head_object(Bucket=BUCKET, Key=f"put/{name}")
    expect(head["ContentLength"] == size and head["Metadata"] == {"owner": "tests"}, f"HEAD of {name}")
    expect(head["ContentType"] == "application/x-test", f"the type of {name}")
    if size > 1:
        expect(body(f"put/{name}", Range="bytes=1-3") == data[1:4], f"a range of {name}")
        expect(body(f"put/{name}", Range="bytes=-2") == data[-2:], f"a suffix of {name}")
    expect(code(s3.get_object, Key=f"put/{name}", Range=f"bytes={size}-") == "InvalidRange",
           f"a range beyond {name}")
    s3.copy_object(Bucket=BUCKET, Key=f"copy/{name}", CopySource=f"{BUCKET}/put/{name}")
    expect(body(f"copy/{name}") == data, f"the copy of {name}")

# What the transfer manager does with large files: parts in parallel, and copies by parts.
big = random.Random("big").randbytes((64 << 20) + 12345)
transfer = TransferConfig(multipart_threshold=8 << 20, multipart_chunksize=8 << 20, max_concurrency=8)
with open("/dev/shm/holdfast-boto3", "wb") as file:
    file.write(big)
s3.upload_file("/dev/shm/holdfast-boto3", BUCKET, "multi/part", Config=transfer)
expect(s3.head_object(Bucket=BUCKET, Key="multi/part")["ETag"].endswith('-9"'), "a multipart ETag")
s3.download_file(BUCKET, "multi/part", "/dev/shm/holdfast-boto3", Config=transfer)
with open("/dev/shm/holdfast-boto3", "rb") as file:
    expect(file.read() == big, "the multipart object comes back")
s3.copy({"Bucket": BUCKET, "Key": "multi/part"}, BUCKET, "multi/copy", Config=transfer)
expect(body("multi/copy") == big, "its copy by parts comes back")

# A thousand small ones, listed by pages, read, and deleted in one call.
small = {f"small/{index:04}": random.Random(index).randbytes(index) for index in range(SMALL_FILES)}
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    list(pool.map(lambda item: s3.put_object(Bucket=BUCKET, Key=item[0], Body=item[1]), small.items()))
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=BUCKET, Prefix="small/", PaginationConfig={"PageSize": 77})
    listed = [entry["Key"] for page in pages for entry in page["Contents"]]
    expect(listed == sorted(small), "the list has every key in order")
    expect(list(pool.map(body, small)) == list(small.values()), "the small ones come back")
old = s3.list_objects(Bucket=BUCKET, Delimiter="/", MaxKeys=2)
expect(old["IsTruncated"] and old["NextMarker"] == "multi/", "version 1 lists have a marker")
gone = s3.delete_objects(Bucket=BUCKET, Delete={"Objects": [{"Key": key} for key in small]})
expect(len(gone["Deleted"]) == SMALL_FILES and not gone.get("Errors"), "all are deleted")
expect(s3.list_objects_v2(Bucket=BUCKET, Prefix="small/")["KeyCount"] == 0, "nothing is left")

# What must be refused.
expect(code(s3.get_object, Key="small/0001") == "NoSuchKey", "a deleted key")
expect(code(s3.put_object, Key="put/one", Body=b"x", IfNoneMatch="*") == "PreconditionFailed",
       "a conditional write")
expect(code(s3.upload_part, Key="x", UploadId="none", PartNumber=1, Body=b"") == "NoSuchUpload",
       "an upload that is not there")
expect(code(s3.put_object, Key="x", Body=b"x", ContentMD5="AAAAAAAAAAAAAAAAAAAAAA==") == "BadDigest",
       "a wrong MD5")
# Unless told so, boto3 signs links of us-east-1 in version 2.
signer = boto3.client("s3", endpoint_url=ENDPOINT, config=botocore.config.Config(
    signature_version="s3v4", s3={"addressing_style": STYLE}))
link = signer.generate_presigned_url("get_object", Params={"Bucket": BUCKET, "Key": "put/five"})
import urllib.request
expect(len(urllib.request.urlopen(link).read()) == SIZES["five"], "a presigned GET")
print("all as expected")
