"""What the scripts about encryption share: bytes by name, and where they are found in files."""
import os
import random

PIECE = 24
SEALED = {"ServerSideEncryption": "AES256"}


def content(key, size):
    return random.Random(key).randbytes(size)


def files(directory):
    for root, _, names in os.walk(directory):
        for name in names:
            path = os.path.join(root, name)
            if os.path.isfile(path):
                yield path


def showing(data, directory):
    """The files in which pieces of the bytes stand, of some at a distance from each other."""
    step = max(PIECE, len(data) // 40)
    pieces = [data[start:start + PIECE] for start in range(0, max(1, len(data) - PIECE), step)]
    found = []
    for path in files(directory):
        with open(path, "rb") as file:
            whole = file.read()
        if any(piece in whole for piece in pieces):
            found.append(path)
    return found
