"""rclone: copy, sync, check, lsl and delete."""
import os

from shared import BUCKET, ENDPOINT, SIZES, SMALL_FILES, STYLE, WORK, expect, expect_same, make_files, run

# Its SDK takes no bundle of authorities beside rclone's own, which are those of SSL_CERT_FILE.
os.environ.pop("AWS_CA_BUNDLE", None)
with open(f"{WORK}/rclone.conf", "w") as file:
    file.write(f"""[region]
type = s3
provider = Other
access_key_id = {os.environ["AWS_ACCESS_KEY_ID"]}
secret_access_key = {os.environ["AWS_SECRET_ACCESS_KEY"]}
endpoint = {ENDPOINT}
force_path_style = {str(STYLE == "path").lower()}
""")


def rclone(*arguments):
    return run("rclone", "--config", f"{WORK}/rclone.conf", "--s3-upload-cutoff", "16M",
               "--s3-chunk-size", "8M", *arguments)


source = make_files("rclone-source")
remote = f"region:{BUCKET}"
rclone("copy", source, f"{remote}/copy")
rclone("check", source, f"{remote}/copy")
rclone("check", "--download", source, f"{remote}/copy")
rclone("copy", f"{remote}/copy", f"{WORK}/rclone-back")
expect_same(source, f"{WORK}/rclone-back")
rclone("sync", f"{remote}/copy", f"{remote}/again")
os.remove(f"{source}/one")
rclone("sync", source, f"{remote}/again")
rclone("check", source, f"{remote}/again")
lines = rclone("lsl", f"{remote}/copy").splitlines()
expect(len(lines) == SMALL_FILES + len(SIZES), "lsl shows every file")
rclone("delete", remote)
expect(rclone("lsl", remote) == "", "nothing is left")
print("all as expected")
