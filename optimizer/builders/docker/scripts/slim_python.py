# Leaves out of a tree of Python packages what the words name, and writes down what that saved.
#
# Arguments: the tree, a directory for what is written down, then "remember" or words.  "remember" lists the packages
# of the base, and must run before the stage installs anything of its own into the base's Python.  Runs with the base's
# Python, 3.8 or newer; whole-line comments and blank lines do not reach the build context.  docs/slimming.md defines the words.
import ast
import csv
import importlib.metadata
import json
import os
import re
import site
import sys

TREE, NOTES, WORDS = sys.argv[1], sys.argv[2], sys.argv[3:]
CODE = (".py", ".so", ".pyc", ".pyd")
TESTS, DOCS, DATA_DOCS = ("test", "tests"), ("doc", "docs"), ("share/doc", "share/info", "share/man")
CACHES = ("__pycache__", ".mypy_cache", ".pytest_cache", ".ruff_cache")


def canonical(name):
    return re.sub("[-_.]+", "-", name).lower()


# The order is that of the search path at run time: the first one found is the one that would be imported.
def remember():
    found = {}
    places = [os.environ.get("LAMBDA_RUNTIME_DIR", "/var/runtime"), *site.getsitepackages()]
    for package in importlib.metadata.distributions(path=places):
        if package.metadata["Name"]:
            found.setdefault(canonical(package.metadata["Name"]), package.version)
    write("base.json", found)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(name, value):
    os.makedirs(NOTES, exist_ok=True)
    with open(os.path.join(NOTES, name), "w") as file:
        json.dump(value, file, sort_keys=True, indent=1)


class Site:
    def __init__(self, root):
        self.root = root
        self.files = set()
        for directory, _, names in os.walk(root):
            self.files |= {os.path.relpath(os.path.join(directory, name), root) for name in names}
        self.owner, self.packages, self.gone = {}, {}, {}
        for record in sorted(file for file in self.files if re.fullmatch("[^/]+[.]dist-info/RECORD", file)):
            package = importlib.metadata.Distribution.at(os.path.join(root, os.path.dirname(record)))
            name = canonical(package.metadata["Name"]) + " " + package.version
            self.packages[name] = os.path.dirname(record)
            self.owner.update({file: name for file in self.files if file.startswith(os.path.dirname(record) + "/")})
            for row in csv.reader(read(os.path.join(root, record)).decode().splitlines()):
                self.owner.setdefault(self.path_of(row), name)

    # pip writes ../../bin for the programs that it puts beside the packages.
    def path_of(self, row):
        return re.sub("^([.][.]/)+", "", row[0]) if row else ""

    def remaining(self):
        return sorted(self.files - set(self.gone))

    def leave_out(self, word, files):
        for file in files:
            self.gone.setdefault(file, word)

    def base_packages(self):
        base = json.loads(read(os.path.join(NOTES, "base.json")))
        equal = {
            name
            for name, info in self.packages.items()
            if base.get(name.split(" ")[0]) == name.split(" ")[1]
            # What came from a path or a repository is not the published version of that number.
            and not os.path.exists(os.path.join(self.root, info, "direct_url.json"))
        }
        tops = {}
        for file in self.files:
            if "/" in file and "__pycache__" not in file and not file.startswith("bin/"):
                tops.setdefault(file.split("/")[0], set()).add(self.owner.get(file))
        # Half of an import package in the tree would hide the other half in the base.
        shared = True
        while shared:
            shared = set().union(*(owners for owners in tops.values() if owners & equal and owners - equal)) & equal
            equal -= shared
        return {file for file in self.files if self.owner.get(file) in equal}

    def directories(self, names):
        found = {}
        for file in self.remaining():
            parts = file.split("/")
            for depth in range(1, len(parts) - 1):
                if parts[depth] in names and not parts[0].endswith(".dist-info"):
                    found.setdefault("/".join(parts[: depth + 1]), set()).add(file)
                    break
        return found

    def tests(self):
        with_code = {os.path.dirname(file) for file in self.files if file.endswith(CODE)}
        found = {path: files for path, files in self.directories(TESTS).items() if os.path.dirname(path) in with_code}
        return self.unmentioned(found)

    def docs(self):
        found = {path: files for path, files in self.directories(DOCS).items() if not any(file.endswith(CODE) for file in files)}
        data = {file for file in self.remaining() if file.startswith(tuple(path + "/" for path in DATA_DOCS))}
        return data | self.unmentioned({path: files for path, files in found.items() if not files <= data})

    # Files of the directories that no code outside of them names, in an import or in a text.
    def unmentioned(self, found):
        words = {os.path.basename(path) for path in found}
        sources = [file for file in self.remaining() if file.endswith(".py") and os.path.basename(file) != "conftest.py"]
        mentions, kept = {}, bool(found)
        while kept:
            left_out = set().union(*found.values())
            for file in set(sources) - left_out - set(mentions):
                mentions[file] = mentioned(os.path.join(self.root, file), file, words)
            named = set().union(*mentions.values())
            kept = {path for path in found if any(name == path or name.startswith(path + "/") for name in named)}
            found = {path: files for path, files in found.items() if path not in kept}
        return set().union(*found.values())

    def type_stubs(self):
        # lazy_loader reads its stubs when the package is imported.
        readers = {
            os.path.dirname(file)
            for file in self.remaining()
            if file.endswith(".py") and re.search(b"attach_stub|[.]pyi", read(os.path.join(self.root, file)))
        }
        return {file for file in self.remaining() if file.endswith(".pyi") and os.path.dirname(file) not in readers}

    def static_libraries(self):
        archives = (file for file in self.remaining() if file.endswith(".a"))
        return {file for file in archives if read(os.path.join(self.root, file)).startswith((b"!<arch>", b"!<thin>"))}

    def caches(self):
        return {file for file in self.remaining() if set(CACHES) & set(file.split("/")[:-1])}

    # Takes the files away, and their rows out of RECORD, so that RECORD says what is there.
    def apply(self, report):
        for file, word in sorted(self.gone.items()):
            path = os.path.join(self.root, file)
            add(report, word, self.owner.get(file, "no package"), os.lstat(path).st_size, 1)
            os.unlink(path)
            parent = os.path.dirname(path)
            while parent != self.root and not os.listdir(parent):
                os.rmdir(parent)
                parent = os.path.dirname(parent)
        for name, info in self.packages.items():
            record = os.path.join(self.root, info, "RECORD")
            if os.path.exists(record):
                kept = []
                for line in read(record).splitlines(keepends=True):
                    word = self.gone.get(self.path_of(next(csv.reader([line.decode()]), [])))
                    if word:
                        add(report, word, name, len(line), 0)
                    else:
                        kept.append(line)
                with open(record, "wb") as file:
                    file.write(b"".join(kept))


# Paths, below the site, that a file names: modules that it imports, dotted names and paths in its texts.
def mentioned(path, file, words):
    source = read(path)
    if not re.search("[^A-Za-z0-9_](?:{})[^A-Za-z0-9_]".format("|".join(sorted(words))).encode(), source):
        return set()
    try:
        tree = ast.parse(source)
    except (SyntaxError, ValueError):
        return set()
    here, names = os.path.dirname(file), set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.replace(".", "/") for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parents = [here] + ["/".join(here.split("/")[:-depth]) for depth in range(1, node.level)]
            start = [parents[-1]] if node.level else []
            origin = "/".join([*start, *(node.module or "").split(".")]).strip("/")
            names |= {origin} | {origin + "/" + alias.name for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            if re.fullmatch("[A-Za-z_][A-Za-z0-9_]*([.][A-Za-z0-9_]+)+", node.value):
                names.add(node.value.replace(".", "/"))
            elif words & set(node.value.split("/")):
                names.add(os.path.normpath(os.path.join(here, node.value.strip("/"))))
    return {name for name in names if words & set(name.split("/"))}


def add(report, word, package, size, files):
    entry = report.setdefault(word, {}).setdefault(package, {"bytes": 0, "files": 0})
    entry["bytes"] += size
    entry["files"] += files


def main():
    if WORDS == ["remember"]:
        return remember()
    report = {word: {} for word in WORDS}
    roots = [path for path, directories, _ in os.walk(TREE) if any(name.endswith(".dist-info") for name in directories)]
    for packages in map(Site, sorted(roots)):
        for word in sorted(WORDS):
            packages.leave_out(word, getattr(packages, word.replace("-", "_"))())
        packages.apply(report)
    write("report.json", report)


main()
