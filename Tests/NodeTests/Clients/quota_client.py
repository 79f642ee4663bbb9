"""What a client sees of a quota: quota_client.py put PREFIX SIZE... | refused KEY SIZE | digest KEY.

`put` must succeed, `refused` must be refused as full, `digest` writes bytes to a blob's key that have not its digest,
and says how that ended."""
import sys

import boto3
import botocore

from shared import BUCKET, ENDPOINT, WORK, content, expect

s3 = boto3.client("s3", endpoint_url=ENDPOINT,
                  config=botocore.config.Config(s3={"addressing_style": "path"}))


def refusal(call, **arguments):
    """Status and code of the error, or `None`."""
    try:
        call(**arguments)
        return None
    except botocore.exceptions.ClientError as error:
        return (error.response["ResponseMetadata"]["HTTPStatusCode"],
                error.response["Error"]["Code"])


command, key, *sizes = sys.argv[1:]
if command == "put":
    for index, size in enumerate(sizes):
        s3.put_object(Bucket=BUCKET, Key=f"{key}/{index}", Body=content(key, int(size)))
elif command == "refused":
    size = int(sizes[0])
    full = (507, "QuotaExceeded")
    body = content(key, size)
    found = refusal(s3.put_object, Bucket=BUCKET, Key=key, Body=body)
    expect(found == full, f"a put is refused: {found}")
    upload = s3.create_multipart_upload(Bucket=BUCKET, Key=key)["UploadId"]
    part = s3.upload_part(Bucket=BUCKET, Key=key, UploadId=upload, PartNumber=1, Body=body)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    found = refusal(s3.complete_multipart_upload, Bucket=BUCKET, Key=key, UploadId=upload,
                    MultipartUpload=parts)
    expect(found == full, f"an upload is refused when it is completed: {found}")
    s3.abort_multipart_upload(Bucket=BUCKET, Key=key, UploadId=upload)
    found = refusal(s3.head_object, Bucket=BUCKET, Key=key)
    expect(found == (404, "404"), f"nothing of it is there: {found}")
else:
    print(refusal(s3.put_object, Bucket=BUCKET, Key=key, Body=b"other bytes"))
