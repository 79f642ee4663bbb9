"""s3cmd: put, get, sync, ls, cp and del."""
import os
import urllib.parse

from shared import BUCKET, ENDPOINT, SIZES, SMALL_FILES, STYLE, WORK, expect, expect_same, make_files, run

scheme, host = ENDPOINT.split("://")
# It knows a proxy from its own configuration only.
proxy = urllib.parse.urlsplit(os.environ.get("http_proxy", ""))
proxy = f"proxy_host = {proxy.hostname}\nproxy_port = {proxy.port}" if proxy.hostname else ""
with open(f"{WORK}/s3cfg", "w") as file:
    file.write(f"""[default]
access_key = {os.environ["AWS_ACCESS_KEY_ID"]}
secret_key = {os.environ["AWS_SECRET_ACCESS_KEY"]}
host_base = {host}
host_bucket = {host if STYLE == "path" else "%(bucket)s." + host}
use_https = {scheme == "https"}
{proxy}
""")


def s3cmd(*arguments):
    return run("s3cmd", "-c", f"{WORK}/s3cfg", "--no-progress", *arguments)


source = make_files("s3cmd-source")
os.makedirs(f"{WORK}/s3cmd-copies")
for name in SIZES:
    s3cmd("put", f"{source}/{name}", f"s3://{BUCKET}/put/{name}")
    s3cmd("cp", f"s3://{BUCKET}/put/{name}", f"s3://{BUCKET}/cp/{name}")
    s3cmd("get", f"s3://{BUCKET}/cp/{name}", f"{WORK}/s3cmd-copies/{name}")
    with open(f"{source}/{name}", "rb") as left, open(f"{WORK}/s3cmd-copies/{name}", "rb") as right:
        expect(left.read() == right.read(), f"{name} comes back")
s3cmd("sync", f"{source}/", f"s3://{BUCKET}/sync/")
os.makedirs(f"{WORK}/s3cmd-back")
s3cmd("sync", f"s3://{BUCKET}/sync/", f"{WORK}/s3cmd-back/")
expect_same(source, f"{WORK}/s3cmd-back")
expect(len(s3cmd("ls", "--recursive", f"s3://{BUCKET}/sync/").splitlines()) == SMALL_FILES + len(SIZES),
       "ls shows every file")
s3cmd("del", f"s3://{BUCKET}/put/one")
s3cmd("del", "--recursive", "--force", f"s3://{BUCKET}/")
expect(s3cmd("ls", "--recursive", f"s3://{BUCKET}/") == "", "nothing is left")
print("all as expected")
