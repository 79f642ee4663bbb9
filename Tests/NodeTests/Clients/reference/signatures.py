"""Signatures of both versions, made by hand as the SDKs make them."""
import base64
import hashlib
import hmac
import os
import time
import urllib.parse

from wire import quoted

ACCESS_KEY, SECRET_KEY = os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"]
REGION = "us-east-1"


def hmac_sha256(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def signing_key(day):
    key = ("AWS4" + SECRET_KEY).encode()
    for part in (day, REGION, "s3", "aws4_request"):
        key = hmac_sha256(key, part)
    return key


def signature(method, path_and_query, fields, date, payload_hash):
    """Of the fields given, all of which are signed; also their names, `a;b`."""
    path, _, query = path_and_query.partition("?")
    # What was sent decides: `x` without a value is signed as `x=`.
    pairs = sorted((quoted(name), quoted(value))
                   for name, value in urllib.parse.parse_qsl(query, keep_blank_values=True))
    lower = sorted((name.lower(), str(value).strip()) for name, value in fields)
    names = ";".join(name for name, _ in lower)
    canonical = "\n".join([
        method, path, "&".join(f"{name}={value}" for name, value in pairs),
        "".join(f"{name}:{value}\n" for name, value in lower), names, payload_hash])
    scope = f"{date[:8]}/{REGION}/s3/aws4_request"
    text = "\n".join(["AWS4-HMAC-SHA256", date, scope, hashlib.sha256(canonical.encode()).hexdigest()])
    return names, hmac_sha256(signing_key(date[:8]), text).hex()


def authorization(method, path_and_query, fields, date, payload_hash):
    names, value = signature(method, path_and_query, fields, date, payload_hash)
    return (f"AWS4-HMAC-SHA256 Credential={ACCESS_KEY}/{date[:8]}/{REGION}/s3/aws4_request, "
            f"SignedHeaders={names}, Signature={value}")


def presigned(method, path_and_query, host, date, seconds, fields=()):
    """The target with a signature of version 4 in its query; the payload is not signed."""
    signed = [("host", host), *fields]
    names = ";".join(sorted(name.lower() for name, _ in signed))
    query = {"X-Amz-Algorithm": "AWS4-HMAC-SHA256",
             "X-Amz-Credential": f"{ACCESS_KEY}/{date[:8]}/{REGION}/s3/aws4_request", "X-Amz-Date": date,
             "X-Amz-Expires": str(seconds), "X-Amz-SignedHeaders": names}
    joint = "&" if "?" in path_and_query else "?"
    path_and_query += joint + "&".join(f"{name}={quoted(value)}" for name, value in query.items())
    _, value = signature(method, path_and_query, signed, date, "UNSIGNED-PAYLOAD")
    return f"{path_and_query}&X-Amz-Signature={value}"


def presigned_v2(method, path, expires=None, secret=SECRET_KEY):
    """The target with a signature of version 2 in its query, as boto3 makes it for Quay."""
    expires = expires or int(time.time()) + 600
    text = f"{method}\n\n\n{expires}\n{path}"
    value = base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha1).digest()).decode()
    return f"{path}?AWSAccessKeyId={ACCESS_KEY}&Signature={quoted(value)}&Expires={expires}"
