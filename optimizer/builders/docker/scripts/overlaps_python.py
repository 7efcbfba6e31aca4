import base64
import csv
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

TASK, REQUIREMENTS, INSTALLER = os.path.join(sys.argv[1], "var", "task"), sys.argv[2], sys.argv[3:]
INDEX = "--index-url"


# Where the requirements themselves say that packages come from; an index of the command wins over theirs.
def indexes(path):
    with open(path, encoding="utf-8") as file:
        text = file.read()
    for _, line in logical_lines(text):
        name, value = option(line) or ("", "")
        if name == "--requirement" and "://" not in value:
            yield from indexes(os.path.join(os.path.dirname(path), value))
        elif "://" in value and name in (INDEX, "--extra-index-url", "--find-links") and not (name == INDEX and name in INSTALLER):
            yield from (name, re.sub("[$][{]([A-Z0-9_]+)[}]", lambda match: os.environ.get(match[1], match[0]), value))


def rows(record):
    with open(record, newline="", encoding="utf-8") as file:
        for path, digest, *_ in csv.reader(file):
            # Installers differ in where they see a target's scripts from.
            path = os.path.normpath(path)
            while path.startswith("../"):
                path = path[3:]
            if digest and not path.partition("/")[0].endswith(".dist-info"):
                yield path, digest.partition("=")[2]


def digest_of(path):
    with open(path, "rb") as file:
        return base64.urlsafe_b64encode(hashlib.sha256(file.read()).digest()).rstrip(b"=").decode()


def named(package):
    return " ".join(package.split("-", 1))


def requirement(package):
    direct = os.path.join(TASK, package + ".dist-info", "direct_url.json")
    name, version = package.split("-", 1)
    if not os.path.isfile(direct):
        return name + "==" + version
    with open(direct, encoding="utf-8") as file:
        data = json.load(file)
    if "vcs_info" not in data:
        return name + " @ " + data["url"]
    at = "#subdirectory=" + data["subdirectory"] if "subdirectory" in data else ""
    return name + " @ git+" + data["url"] + "@" + data["vcs_info"]["commit_id"] + at


owners = {}
for entry in sorted(os.listdir(TASK) if os.path.isdir(TASK) else ()):
    record = os.path.join(TASK, entry, "RECORD")
    if entry.endswith(".dist-info") and os.path.isfile(record):
        for path, digest in rows(record):
            owners.setdefault(path, {})[entry[:-10]] = digest
pairs, wanted = {}, {}
for path, digests in sorted(owners.items()):
    if len(set(digests.values())) > 1 and os.path.isfile(os.path.join(TASK, path)):
        # Whatever order the installer had: the last by name keeps its files.
        *others, winner = sorted(digests, key=lambda package: (package.lower().replace("_", "-"), package))
        for other in others:
            pairs.setdefault((other, winner), []).append(path)
        if digest_of(os.path.join(TASK, path)) != digests[winner]:
            wanted.setdefault(winner, []).append(path)
for (other, winner), paths in sorted(pairs.items()):
    more = f" and {len(paths) - 1} more files" if len(paths) > 1 else ""
    print(f"note: {named(other)} and {named(winner)} both hold {paths[0]}{more}: what {named(winner)} holds stays")
for winner, paths in sorted(wanted.items()):
    with tempfile.TemporaryDirectory() as again:
        subprocess.run([*INSTALLER, *(indexes(REQUIREMENTS) if REQUIREMENTS else ()), "--target", again, requirement(winner)], check=True)
        for path in paths:
            source = os.path.join(again, path)
            if not os.path.isfile(source) or digest_of(source) != owners[path][winner]:
                sys.exit(f"{named(winner)} holds another {path} than when it was first installed")
            shutil.copyfile(source, os.path.join(TASK, path))
            shutil.copymode(source, os.path.join(TASK, path))
