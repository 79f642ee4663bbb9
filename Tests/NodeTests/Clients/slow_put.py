"""An upload that takes a while. Says when half of it has been sent."""
import http.client
import sys
import time
import urllib.parse

import botocore.session
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest

from shared import BUCKET, ENDPOINT, content

url, bucket = ENDPOINT, BUCKET
data = content("slow", 1 << 20)
request = AWSRequest(method="PUT", url=f"{url}/{bucket}/slow", data=data)
S3SigV4Auth(botocore.session.get_session().get_credentials(), "s3", "us-east-1").add_auth(request)
host = urllib.parse.urlsplit(url)
connection = http.client.HTTPConnection(host.hostname, host.port, timeout=30)
connection.putrequest("PUT", f"/{bucket}/slow", skip_accept_encoding=True)
for name, value in request.headers.items():
    connection.putheader(name, value)
connection.putheader("Content-Length", str(len(data)))
connection.endheaders()
connection.send(data[:500_000])
time.sleep(0.2)
print("begun", flush=True)
time.sleep(1.5)
connection.send(data[500_000:])
answer = connection.getresponse()
answer.read()
sys.exit(0 if answer.status == 200 else f"the upload ended with {answer.status}")
