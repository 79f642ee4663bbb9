"""Looks for the content of files in a data directory: in_the_clear.py FILES DATA"""
import sys

from sealed_objects import files, showing
from shared import expect

count = 0
for path in files(sys.argv[1]):
    with open(path, "rb") as file:
        data = file.read()
    # Manifests are full of digests, which names have in the clear.
    if data.startswith(b"{"):
        continue
    found = showing(data, sys.argv[2])
    expect(not found, f"{path} stands in no file: {found}")
    count += 1
expect(count >= 4, f"there are files to look for: {count}")
print("nothing in the clear")
