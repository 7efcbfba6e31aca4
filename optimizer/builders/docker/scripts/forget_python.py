import csv
import json
import os
import sys

TASK = os.path.join(sys.argv[1], "var", "task")


def of_this_build(name, path):
    if name == "uv_cache.json":
        return True
    if name != "direct_url.json":
        return False
    with open(path, encoding="utf-8") as file:
        return json.load(file)["url"].startswith("file:")


for entry in sorted(os.listdir(TASK) if os.path.isdir(TASK) else ()):
    directory = os.path.join(TASK, entry)
    record = os.path.join(directory, "RECORD")
    if not entry.endswith(".dist-info") or not os.path.isfile(record):
        continue
    gone = [name for name in os.listdir(directory) if of_this_build(name, os.path.join(directory, name))]
    for name in gone:
        os.unlink(os.path.join(directory, name))
    if gone:
        with open(record, newline="", encoding="utf-8") as file:
            rows = [row for row in csv.reader(file) if row and row[0] not in [entry + "/" + name for name in gone]]
        with open(record, "w", newline="", encoding="utf-8") as file:
            csv.writer(file, lineterminator="\n").writerows(rows)
