import os
import re
import sys

FILE, ROOT, OUTPUT, *DROPPED = sys.argv[2:]


def absolute(current, path):
    path = re.sub("^file:(//)?", "", path)
    beside = os.path.join(os.path.dirname(current), path)
    return os.path.normpath(beside if os.path.exists(beside) else os.path.join(ROOT, path))


def flat(current, seen):
    if current in seen:
        return
    seen.add(current)
    with open(current, encoding="utf-8") as file:
        text = file.read()
    for _, line in logical_lines(text):
        name, value = option(line) or ("", "")
        named = reference(line)
        if name == "--requirement" and "://" not in value:
            yield from flat(absolute(current, value), seen)
        elif name in ("--constraint", "--find-links") and "://" not in re.sub("^file:(//)?", "", value):
            yield name + " " + absolute(current, value)
        elif named and named[0] in DROPPED:
            continue
        elif named and named[0] == "archive":
            _, package, extras, place = named
            rest = line[line.index(place) + len(place) :]
            target = "file://" + absolute(current, place)
            yield (package + ("[" + extras + "]" if extras else "") + " @ " if package else "") + target + rest
        else:
            # An editable package would be a link to a checkout that no image holds.
            yield value if name == "--editable" else line


with open(OUTPUT, "w", encoding="utf-8") as file:
    file.writelines(line + "\n" for line in flat(FILE, set()))
