"""The same calls by boto3 against Holdfast and against SeaweedFS: status, error code, header fields and parsed
bodies are compared. Every difference is listed with its reason in `differences.txt`; one that is not listed, and
one that is listed and does not occur, is a failure.

    differential.py [--print]     --print: every difference in the form of the list
"""
import json
import os
import re
import sys

import boto3
import botocore

import differential_calls
from comparison import Comparison
from other_s3 import OtherS3
from shared import ENDPOINT, expect


def holdfast():
    """One try more, for a connection that idled for too long while the other side took its time."""
    config = botocore.config.Config(s3={"addressing_style": "path"}, retries={"max_attempts": 1})
    return boto3.client("s3", endpoint_url=ENDPOINT, config=config)


def main():
    with OtherS3(os.environ["WORK"]) as other:
        # Where the other side has trouble of its own for a moment, its answer is no implementation's word.
        theirs = other.client(retries={"max_attempts": 4, "mode": "standard"})
        compare = Comparison({"Holdfast": holdfast(), other.name: theirs})
        differential_calls.make(compare)
    if "--print" in sys.argv:
        for name, (ours, theirs) in compare.found.items():
            print(f"{name}\n    ours   {json.dumps(ours)[:300]}\n    theirs {json.dumps(theirs)[:300]}")
        print(f"{compare.calls} calls, {len(compare.found)} differences")
        return
    listed = read_list()
    unlisted = [name for name in compare.found if not any(fits(name, pattern) for pattern in listed)]
    stale = [pattern for pattern in listed if not any(fits(name, pattern) for name in compare.found)]
    details = "\n".join(f"{name}: {compare.found[name]}" for name in unlisted[:20])
    expect(not unlisted, f"{len(unlisted)} differences are not listed:\n{details}")
    expect(not stale, f"differences are listed and do not occur: {stale}")
    print(f"{compare.calls} calls, {len(compare.found)} differences, all listed: all as expected")


def fits(name, pattern):
    return re.fullmatch(re.escape(pattern).replace(r"\*", ".*"), name) is not None


def read_list():
    """The patterns of `differences.txt`: lines that are neither indented (reasons) nor comments."""
    with open(os.path.join(os.path.dirname(__file__), "differences.txt")) as file:
        lines = [line.rstrip() for line in file]
    patterns = [line for line in lines if line and line[0] not in "# "]
    for before, line in zip(lines, lines[1:] + [""]):
        if before in patterns:
            expect(line.startswith(" ") or line in patterns, f"“{before}” is listed without a reason")
    return patterns


if __name__ == "__main__":
    main()
