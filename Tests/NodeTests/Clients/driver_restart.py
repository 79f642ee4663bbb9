"""A file written bit by bit through restarts: `write STATE` appends until the daemon is gone and notes what was
acknowledged, `verify STATE` asks a new daemon what is there, `commit STATE` makes it a file and reads it."""
import hashlib
import json
import os
import sys

from driver_api import call, document
from shared import content, expect

PATH = "/docker/registry/v2/repositories/r/_uploads/2/data"
phase, path = sys.argv[1:3]


def piece(number):
    return content(f"piece-{number}", 1 + number * 7919 % 300_000)


def save(state):
    with open(path + ".new", "w") as file:
        json.dump(state, file)
    os.replace(path + ".new", path)


def load():
    with open(path) as file:
        return json.load(file)


def size(pieces):
    return sum(len(piece(number)) for number in range(pieces))


if phase == "write":
    if os.path.exists(path):
        state = load()
    else:
        state = {"id": document(201, "POST", "writers", path=PATH)["id"], "pieces": 0}
        save(state)
    here, offset = "writers/" + state["id"], size(state["pieces"])
    while True:
        data = piece(state["pieces"])
        try:
            status, answer, _ = call("PATCH", here, data, path=PATH, offset=offset)
        except OSError:
            sys.exit(0)
        except Exception as error:
            # What http.client says of an answer that was cut off.
            expect(type(error).__module__ == "http.client", f"a cut connection, not {error!r}")
            sys.exit(0)
        if status == 503:
            sys.exit(0)
        expect(status == 200, f"a piece is taken, not {status}: {answer[:300]}")
        state["pieces"] += 1
        offset += len(data)
        expect(json.loads(answer)["sizeBytes"] == offset, "the size is what was sent")
        save(state)
elif phase == "verify":
    state = load()
    found = document(201, "POST", "writers", path=PATH, append="true")
    expect(found["id"] == state["id"], "appending goes on with the same writer")
    whole = size(state["pieces"])
    # The piece that was under way is there whole, or not at all.
    if found["sizeBytes"] != whole:
        expect(found["sizeBytes"] == size(state["pieces"] + 1),
               f"{whole} bytes were acknowledged, {found['sizeBytes']} are there")
        state["pieces"] += 1
        save(state)
    print("all as expected")
else:
    state = load()
    whole = b"".join(piece(number) for number in range(state["pieces"]))
    expect(len(whole) > 0, "something was written")
    digest = "sha256:" + hashlib.sha256(whole).hexdigest()
    file = document(200, "PUT", "writers/" + state["id"], path=PATH, digest=digest)
    expect(file["sizeBytes"] == len(whole), "it is committed")
    expect(call("GET", "content", path=PATH)[1] == whole, "every byte is there")
    print("all as expected")
