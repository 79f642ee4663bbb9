"""awscli: cp, sync, ls, rm and presign."""
import os
import urllib.request

from shared import BUCKET, ENDPOINT, SIZES, SMALL_FILES, STYLE, WORK, expect, expect_same, make_files, run


def aws(*arguments):
    return run("aws", "--endpoint-url", ENDPOINT, "s3", *arguments)


os.environ["AWS_CONFIG_FILE"] = f"{WORK}/aws-config"
with open(os.environ["AWS_CONFIG_FILE"], "w") as file:
    file.write(f"[default]\ns3 =\n  addressing_style = {STYLE}\n")
source = make_files("aws-source")
for name in SIZES:
    aws("cp", f"{source}/{name}", f"s3://{BUCKET}/cp/{name}")
    aws("cp", f"s3://{BUCKET}/cp/{name}", f"{WORK}/aws-copies/{name}")
aws("sync", source, f"s3://{BUCKET}/sync")
aws("sync", f"s3://{BUCKET}/sync", f"{WORK}/aws-back")
expect_same(source, f"{WORK}/aws-back")
for name in SIZES:
    with open(f"{source}/{name}", "rb") as left, open(f"{WORK}/aws-copies/{name}", "rb") as right:
        expect(left.read() == right.read(), f"{name} comes back")
expect(aws("sync", source, f"s3://{BUCKET}/sync").strip() == "", "a second sync has nothing to do")
expect(len(aws("ls", "--recursive", f"s3://{BUCKET}/sync/").splitlines()) == SMALL_FILES + len(SIZES),
       "ls shows every file")
expect("PRE small/" in aws("ls", f"s3://{BUCKET}/sync/"), "ls shows a directory")
aws("cp", f"s3://{BUCKET}/cp/sixty-four", f"s3://{BUCKET}/cp/copy")
link = aws("presign", f"s3://{BUCKET}/cp/copy").strip()
expect("AWSAccessKeyId=" in link, "a link of version 2, as it makes them for an endpoint that it does not know")
with urllib.request.urlopen(link) as answer:
    with open(os.path.join(source, "sixty-four"), "rb") as file:
        expect(answer.read() == file.read(), "the presigned copy comes back")
aws("rm", f"s3://{BUCKET}/cp/copy")
aws("rm", "--recursive", f"s3://{BUCKET}/")
expect(aws("ls", "--recursive", f"s3://{BUCKET}/") == "", "nothing is left")
aws("mb", "s3://another-bucket")
expect("another-bucket" in aws("ls"), "the new bucket is listed")
aws("rb", "s3://another-bucket")
print("all as expected")
