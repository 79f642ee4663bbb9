"""Reads an strace of the daemon and checks the order of a write: check_trace.py TRACE PREFIX PUTS

The objects PREFIX/0, PREFIX/1 and so on were put one after the other. Before each acknowledgement: what was
written to chunk files was synced before the journal write that names the object, and the journal was synced
after it (storage-engine.md, Commit, 3 and 4). What the daemon commits of its own, and its answers to probes,
are none of a put's.
"""
import re
import sys

CALL = re.compile(r"^(\d+) +[\d:.]+ (pwritev2?|pwrite64|writev|write|sendmsg|sendto|fdatasync|fsync)\((.*)$")
RESUMED = re.compile(r"^(\d+) +[\d:.]+ <\.\.\. (\w+) resumed>(.*)$")
RESULT = re.compile(r"= (-?\d+)")


def events(path):
    """(call, path of the file, text, started, ended) of each call that succeeded; times are line numbers."""
    open_calls = {}
    for number, line in enumerate(open(path, errors="replace")):
        call = CALL.match(line)
        resumed = RESUMED.match(line)
        if call:
            thread, name, rest = call.groups()
            if "<unfinished" in rest:
                open_calls[thread] = (name, rest, number)
                continue
            start = number
        elif resumed and resumed.group(1) in open_calls:
            thread = resumed.group(1)
            name, rest, start = open_calls.pop(thread)
            rest += resumed.group(3)
        else:
            continue
        result = RESULT.search(rest[rest.rfind(")"):])
        if result and int(result.group(1)) >= 0:
            target = re.match(r"\d+<([^>]*)>", rest)
            yield name, target.group(1) if target else "", rest, start, number


def fail(text):
    raise SystemExit("not as expected: " + text)


chunk_writes, chunk_syncs, journal_writes, journal_syncs = {}, {}, [], []
prefix, puts = sys.argv[2], int(sys.argv[3])
acknowledged = 0
chunk_acknowledged = 0
for name, target, text, start, end in events(sys.argv[1]):
    is_sync = name in ("fdatasync", "fsync")
    if target.endswith(".chunk"):
        (chunk_syncs if is_sync else chunk_writes).setdefault(target, []).append((start, end))
    elif target.endswith(".journal"):
        (journal_syncs if is_sync else journal_writes).append((text, start, end))
    elif "HTTP/1.1 200 OK\\r\\nETag: " in text:
        key = f"{prefix}/{acknowledged}"
        named = [write for write in journal_writes if key in write[0]]
        if not named:
            fail(f"line {start}: {key} acknowledged, and no journal write names it")
        _, began, done = named[-1]
        if not any(sync_began > done and synced < start for _, sync_began, synced in journal_syncs):
            fail(f"line {start}: {key} acknowledged before the journal was synced")
        for file, writes in chunk_writes.items():
            last = writes[-1][1]
            if not any(sync_began > last and synced < began
                       for sync_began, synced in chunk_syncs.get(file, [])):
                fail(f"line {start}: the journal names bytes of {file} for {key} that were not synced")
        acknowledged += 1
        chunk_acknowledged += bool(chunk_writes)
        chunk_writes, journal_writes = {}, []

if acknowledged != puts:
    fail(f"{acknowledged} acknowledgements, not {puts}")
if not chunk_acknowledged:
    fail("no acknowledgement had bytes in a chunk file before it")
print(f"{acknowledged} acknowledgements, {chunk_acknowledged} with chunks: all as expected")
