"""URLs that carry their own signature (AWS Signature Version 4, query form)."""
import datetime
import hashlib
import hmac
import urllib.parse

ACCESS_KEY = "benchmark"
SECRET_KEY = "benchmark-secret-of-forty-characters-000"
PEER_KEY = "benchmark-peer-key-0000"
REGION = "us-east-1"


def _hmac(key, text):
    return hmac.new(key, text.encode(), hashlib.sha256).digest()


def presign(method, endpoint, key, seconds=86400, query=None):
    """A URL for `/<bucket>/<name>`; the payload is not signed."""
    host = urllib.parse.urlsplit(endpoint).netloc
    now = datetime.datetime.now(datetime.timezone.utc)
    date, stamp = now.strftime("%Y%m%d"), now.strftime("%Y%m%dT%H%M%SZ")
    scope = f"{date}/{REGION}/s3/aws4_request"
    fields = dict(query or {})
    fields.update({
        "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Credential": f"{ACCESS_KEY}/{scope}",
        "X-Amz-Date": stamp, "X-Amz-Expires": str(seconds), "X-Amz-SignedHeaders": "host"})
    canonical = "&".join(
        f"{urllib.parse.quote(name, safe='-_.~')}={urllib.parse.quote(value, safe='-_.~')}"
        for name, value in sorted(fields.items()))
    path = urllib.parse.quote(key, safe="/-_.~")
    request = f"{method}\n{path}\n{canonical}\nhost:{host}\n\nhost\nUNSIGNED-PAYLOAD"
    text = f"AWS4-HMAC-SHA256\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    secret = f"AWS4{SECRET_KEY}".encode()
    for part in (date, REGION, "s3", "aws4_request"):
        secret = _hmac(secret, part)
    signature = hmac.new(secret, text.encode(), hashlib.sha256).hexdigest()
    return f"{endpoint}{path}?{canonical}&X-Amz-Signature={signature}"
