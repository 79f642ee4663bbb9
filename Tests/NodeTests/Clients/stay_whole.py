"""Objects of many kinds that must outlive a restart: stay_whole.py write|verify"""
import sys

import boto3

from shared import BUCKET, ENDPOINT, content, expect

bucket, step = BUCKET, sys.argv[1]
client = boto3.client("s3", endpoint_url=ENDPOINT)
SIZES = {"empty": 0, "tiny": 1, "inline": 8000, "chunk": 300_000, "chunks": 5 << 20, "é/ü ö": 77}

if step == "write":
    for name, size in SIZES.items():
        client.put_object(Bucket=bucket, Key=name, Body=content(name, size), Metadata={"n": "1"})
    upload = client.create_multipart_upload(Bucket=bucket, Key="open")["UploadId"]
    client.upload_part(Bucket=bucket, Key="open", UploadId=upload, PartNumber=1,
                       Body=content("part", 6 << 20))
    client.put_object(Bucket=bucket, Key="gone", Body=b"x")
    client.delete_object(Bucket=bucket, Key="gone")
else:
    for name, size in SIZES.items():
        answer = client.get_object(Bucket=bucket, Key=name)
        expect(answer["Body"].read() == content(name, size), f"the bytes of {name}")
        expect(answer["Metadata"] == {"n": "1"}, f"the metadata of {name}")
    listed = [o["Key"] for o in client.list_objects_v2(Bucket=bucket)["Contents"]]
    expect("gone" not in listed, "a deleted object stays away")
    uploads = client.list_multipart_uploads(Bucket=bucket, Prefix="open").get("Uploads", [])
    for upload in uploads:
        names = {"Bucket": bucket, "Key": upload["Key"], "UploadId": upload["UploadId"]}
        parts = client.list_parts(**names)["Parts"]
        client.complete_multipart_upload(
            **names, MultipartUpload={"Parts": [
                {"PartNumber": p["PartNumber"], "ETag": p["ETag"]} for p in parts]})
        got = client.get_object(Bucket=bucket, Key="open")["Body"].read()
        expect(got == content("part", 6 << 20), "an upload completed after the restart")
