"""Looks for what lay in the clear until sealed.py had it encrypted: sealed_again.py DATA..."""
import sys
import time

from sealed_objects import content, showing
from shared import expect

deadline = time.monotonic() + 30
for directory in sys.argv[1:]:
    for key, size in (("small", 700), ("large", 300_000)):
        # What the index wrote over goes a moment after it was written anew.
        while found := showing(content(key, size), directory):
            expect(time.monotonic() < deadline, f"{key} stands in no file: {found}")
            time.sleep(0.2)
print("nothing in the clear")
