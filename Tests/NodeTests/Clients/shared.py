"""What the client scripts share: the region's address from the environment, and files to send."""
import hashlib
import os
import random
import subprocess

ENDPOINT = os.environ["ENDPOINT"]
# How a client names the bucket: `path`, or `virtual` as a part of the host's name.
STYLE = os.environ.get("STYLE", "path")
BUCKET = os.environ["BUCKET"]
WORK = os.environ["WORK"]
SIZES = {"zero": 0, "one": 1, "five": 5 << 20, "sixty-four": 64 << 20}
SMALL_FILES = 1000


def run(*command, **options):
    """Runs a client; its output is the failure's text."""
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(command)}: exit {done.returncode}\n{done.stdout}{done.stderr}")
    return done.stdout


def expect(condition, what):
    if not condition:
        raise SystemExit("not as expected: " + what)


def content(name, size):
    """Bytes that look random and follow from the name."""
    return random.Random(name).randbytes(size)


def make_files(name):
    """A tree of one file of each size and a thousand small ones; returns its path."""
    root = os.path.join(WORK, name)
    os.makedirs(os.path.join(root, "small"))
    source = random.Random(name)
    for file, size in SIZES.items():
        with open(os.path.join(root, file), "wb") as output:
            output.write(source.randbytes(size))
    for index in range(SMALL_FILES):
        with open(os.path.join(root, "small", f"file-{index:04} ü+%"), "wb") as output:
            output.write(source.randbytes(1 + index % 3000))
    return root


def digests(root):
    """Path to SHA-256 of every file below `root`."""
    found = {}
    for directory, _, files in os.walk(root):
        for file in files:
            path = os.path.join(directory, file)
            with open(path, "rb") as data:
                found[os.path.relpath(path, root)] = hashlib.file_digest(data, "sha256").hexdigest()
    return found


def expect_same(left, right):
    left, right = digests(left), digests(right)
    expect(left == right, f"the same files: {sorted(set(left.items()) ^ set(right.items()))[:5]}")
