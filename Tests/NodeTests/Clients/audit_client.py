"""Administers by S3, as the root key and as a key that may not: audit_client.py KEY (the JSON that made it)."""
import json
import sys
import urllib.error
import urllib.parse
import urllib.request

import boto3
import botocore
import botocore.auth
import botocore.awsrequest
import botocore.credentials

from shared import ENDPOINT, expect

key = json.loads(sys.argv[1])
path_style = botocore.config.Config(s3={"addressing_style": "path"})
root = boto3.client("s3", endpoint_url=ENDPOINT, config=path_style)
limited = boto3.client("s3", endpoint_url=ENDPOINT, config=path_style,
                       aws_access_key_id=key["accessKey"], aws_secret_access_key=key["secretKey"])
root.put_bucket_cors(Bucket="layers", CORSConfiguration={
    "CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]})
for call, bucket in [(limited.create_bucket, "of-its-own"), (limited.delete_bucket, "layers")]:
    try:
        call(Bucket=bucket)
        expect(False, f"{call} is refused")
    except botocore.exceptions.ClientError as error:
        expect(error.response["Error"]["Code"] == "AccessDenied", f"{call}: {error}")
# A subject that would be a line of its own, and more, where a person reads it.
forged = urllib.parse.quote("x\n2026-11-30T18:00:00.000Z  root  DeleteBucket  registry  done\x1b[2J")
url = f"{ENDPOINT}/{forged}?policy="
request = botocore.awsrequest.AWSRequest(method="PUT", url=url, data=b"")
request.headers["X-Amz-Content-SHA256"] = "UNSIGNED-PAYLOAD"
botocore.auth.S3SigV4Auth(
    botocore.credentials.Credentials(key["accessKey"], key["secretKey"]), "s3", "us-east-1").add_auth(request)
try:
    urllib.request.urlopen(urllib.request.Request(url, method="PUT", data=b"", headers=dict(request.headers.items())))
    expect(False, "a policy of what is no bucket is refused")
except urllib.error.HTTPError as error:
    expect(error.code in (400, 403), f"the forged subject: {error}")
# No change: nothing to write down.
root.get_bucket_cors(Bucket="layers")
limited.put_object(Bucket="layers", Key="k", Body=b"x")
root.delete_bucket_cors(Bucket="layers")
print("all as expected")
