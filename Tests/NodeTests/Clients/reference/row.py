"""Runs one row: row.py SECTION.FUNCTION. What it stands for is in rows.txt."""
import importlib
import sys

section, function = sys.argv[1].split(".")
getattr(importlib.import_module(section), function)()
print("all as expected")
