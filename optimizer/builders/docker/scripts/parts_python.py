# Arguments: the tree, the machine of the image or nothing, a directory with other trees, the name of the tree, and those
# of the others.
import csv
import email.parser
import os
import re
import sys

TREE, MACHINE, PARTS, LAST, *OTHERS = sys.argv[1:]
SITE = "var/task/"


def entries(root):
    directories, files = set(), set()
    for directory, below, names in os.walk(root):
        for name in below + names:
            path = os.path.join(directory, name)
            real = os.path.isdir(path) and not os.path.islink(path)
            (directories if real else files).add(os.path.relpath(path, root))
    return directories, files


def owner(root, path):
    for entry in sorted(os.listdir(os.path.join(root, SITE))):
        record = os.path.join(root, SITE, entry, "RECORD")
        if os.path.isfile(record):
            if path.startswith(SITE + entry + "/"):
                return entry.rsplit(".", 1)[0].split("-")
            with open(record, newline="", encoding="utf-8") as file:
                # Installers differ in where they see a target's scripts from.
                if any(row and os.path.normpath(SITE + row[0].replace("../", "")) == path for row in csv.reader(file)):
                    return entry.rsplit(".", 1)[0].split("-")
    return ["a package"]


def normal(name):
    return re.sub("[-_.]+", "-", name).lower()


def packages(root):
    site = os.path.join(root, SITE)
    for entry in sorted(os.listdir(site) if os.path.isdir(site) else ()):
        metadata = os.path.join(site, entry, "METADATA")
        if entry.endswith(".dist-info") and os.path.isfile(metadata):
            with open(metadata, encoding="utf-8", errors="replace") as file:
                yield email.parser.HeaderParser().parse(file)


# The lines of a requirements file are installed as they are, so nothing else would notice.
def lacking(found):
    from pip._vendor.packaging.requirements import InvalidRequirement, Requirement

    versions = {normal(package["Name"]): package["Version"] for package in found}
    for package in found:
        for text in package.get_all("Requires-Dist") or ():
            try:
                need = Requirement(text)
            except InvalidRequirement:
                continue
            if need.marker is None or need.marker.evaluate({"platform_machine": MACHINE, "extra": ""}):
                version = versions.get(normal(need.name))
                if version is None or not need.specifier.contains(version, prereleases=True):
                    there = "lacks it" if version is None else "has " + version
                    yield "error: {} {} needs {}{}, and the lock {}; lock again".format(
                        package["Name"], package["Version"], need.name, need.specifier, there
                    )


roots = {name: TREE if name == LAST else os.path.join(PARTS, name) for name in (*OTHERS, LAST)}
found = {name: entries(root) for name, root in roots.items()}
seen, pairs = {}, {}
for name in roots:
    for path in found[name][1]:
        for other in (seen.get(path), *(each for each in roots if each != name and path in found[each][0])):
            if other is not None:
                pairs.setdefault((other, name), []).append(path)
        seen[path] = name
for (lower, upper), paths in sorted(pairs.items()):
    # What is compiled is where its source is.
    first = min(paths, key=lambda path: (path.endswith(".pyc"), path))
    more = f" and {len(paths) - 1} more paths" if len(paths) > 1 else ""
    one, two = owner(roots[lower], first), owner(roots[upper], first)
    print(
        "error: {} and {} both hold /{}{}, and have layers of their own, {} and {}: installed at once, one of them would win; "
        'add ["{}", "{}"] to together in [packing] of optimizer.lock'.format(
            " ".join(one), " ".join(two), first, more, lower, upper, normal(one[0]), normal(two[0])
        ),
        file=sys.stderr,
    )
lacks = list(lacking([package for root in roots.values() for package in packages(root)])) if MACHINE else []
for message in lacks:
    print(message, file=sys.stderr)
sys.exit(1 if pairs or lacks else 0)
