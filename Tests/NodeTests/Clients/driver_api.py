"""What scripts share that speak the storage driver API: requests signed as S3's are, and what they answer."""
import hashlib
import http.client
import json
import os
import urllib.parse

from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from shared import BUCKET, ENDPOINT

HOST = ENDPOINT.removeprefix("http://")
KEYS = Credentials(os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"])
PREFIX = "/-/driver/v1/"


def call(method, resource, body=b"", keys=KEYS, bucket=BUCKET, fields=None, **parameters):
    """One call; the status, the bytes of the answer, and its head."""
    target = PREFIX + bucket + "/" + resource
    if parameters:
        target += "?" + urllib.parse.urlencode(
            {name.rstrip("_"): value for name, value in parameters.items()},
            quote_via=urllib.parse.quote, safe="")
    headers = dict(fields or {})
    if keys:
        request = AWSRequest(method=method, url=ENDPOINT + target, data=body, headers=headers)
        request.headers["X-Amz-Content-SHA256"] = hashlib.sha256(body).hexdigest()
        S3SigV4Auth(keys, "s3", "us-east-1").add_auth(request)
        headers = dict(request.headers.items())
    return send(method, target, headers, body)


def send(method, target, headers, body=b""):
    connection = http.client.HTTPConnection(HOST, timeout=60)
    connection.request(method, target, body=body or None, headers=headers)
    answer = connection.getresponse()
    data = answer.read()
    connection.close()
    return answer.status, data, answer.headers


def document(status, method, resource, body=b"", **parameters):
    """The document of a call that answers so."""
    got, data, _ = call(method, resource, body, **parameters)
    if got != status:
        raise SystemExit(f"not as expected: {method} {resource} {parameters}: "
                         f"status {status}, not {got}: {data[:300]}")
    return json.loads(data) if data else None


def refused(status, code, method, resource, body=b"", **parameters):
    """Expects a refusal of that code."""
    error = document(status, method, resource, body, **parameters)
    if error["code"] != code or not error["message"] or not error["requestID"]:
        raise SystemExit(f"not as expected: {method} {resource} {parameters}: {code}, not {error}")
