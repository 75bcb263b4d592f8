"""Puts the modules of the page into one, and its sheets: a reader waits for one file, and what they have in common is
packed once.

What the page may say of modules is little, and all else is an error: `import { a, b as c } from "./x.js";` and
`import x from "./x.js";` on a line, `export` before const, class, function and default, and `export { a, b };`.  Each
module becomes a function that is called once, after those that it imports; what stands in vendor/ stays a module.
"""
import os
import re

IMPORT = re.compile(r'^import (\{[^}]*\}|\w+) from "\./([\w./-]+)";$')
DECLARED = re.compile(r"^export (?:async )?(?:const|let|function|class) (\w+)")
LISTED = re.compile(r"^export \{([^}]*)\};$")
SHEET = re.compile(r'^@import "([\w.-]+)";$')


class JoinError(Exception):
    pass


def lines(text):
    """Without comments that have lines of their own and without indentation: in a template of elements neither counts."""
    inside = False
    for line in text.split("\n"):
        line = line.strip()
        inside = inside or line.startswith("/*")
        if line and not inside and not line.startswith("//"):
            yield line
        inside = inside and not line.endswith("*/")


def pairs(names):
    """`a, b as c` as (name there, name here)."""
    for one in names.strip("{} ").split(","):
        if one.strip():
            there, _, here = one.strip().partition(" as ")
            yield there, here or there


class Modules:
    def __init__(self, folder):
        self.folder = folder
        self.done, self.open = [], []
        self.out, self.outside = [], {}

    def read(self, name):
        with open(os.path.join(self.folder, name), encoding="utf-8") as f:
            return f.read()

    def import_line(self, name, what, other):
        if other.startswith("vendor/"):
            for there, here in [("default", what)] if what[0] != "{" else pairs(what):
                if self.outside.setdefault(here, (other, there)) != (other, there):
                    raise JoinError(f"{name}: {here} is another thing in another module")
            return None
        self.add(other)
        at = "$" + self.variable(other)
        if what[0] != "{":
            return f"const {what}={at}.default;"
        return "const {" + ",".join(a if a == b else f"{a}:{b}" for a, b in pairs(what)) + "}=" + at + ";"

    @staticmethod
    def variable(name):
        return re.sub(r"\W", "_", name.removesuffix(".js"))

    def add(self, name):
        """The module behind all that it imports."""
        if name in self.done:
            return
        if name in self.open:
            raise JoinError(f"modules import each other in a circle: {' '.join(self.open)} {name}")
        self.open.append(name)
        body, exported = [], []
        for line in lines(self.read(name)):
            m = IMPORT.match(line)
            if m:
                line = self.import_line(name, *m.groups())
            elif line.startswith(("import ", "import(", "export ")):
                line = self.export_line(name, line, exported)
            if line:
                body.append(line)
        self.open.pop()
        self.done.append(name)
        gives = ",".join(a if a == b else f"{b}:{a}" for a, b in exported)
        self.out.append(f"const ${self.variable(name)}=(()=>{{\n" + "\n".join(body) + f"\nreturn{{{gives}}}}})();")

    @staticmethod
    def export_line(name, line, exported):
        if LISTED.match(line):
            exported.extend(pairs(LISTED.match(line)[1]))
            return None
        if line.startswith("export default "):
            exported.append(("$default", "default"))
            return line.replace("export default ", "const $default=", 1)
        if not DECLARED.match(line):
            raise JoinError(f"{name}: the tool that joins modules does not know: {line}")
        exported.append((DECLARED.match(line)[1],) * 2)
        return line.removeprefix("export ")

    def text(self):
        head = [f'import {{{there} as {here}}} from "./{path}";' for here, (path, there) in self.outside.items()]
        return "\n".join(head + self.out) + "\n"


def join_modules(folder, first):
    """The text of them all, and their names."""
    m = Modules(folder)
    m.add(first)
    return m.text(), m.done


def join_sheets(folder, first):
    out, names = [], [first]
    with open(os.path.join(folder, first), encoding="utf-8") as f:
        for line in lines(f.read()):
            if not SHEET.match(line):
                raise JoinError(f"{first}: only @import is expected here, not: {line}")
            names.append(SHEET.match(line)[1])
    for name in names[1:]:
        with open(os.path.join(folder, name), encoding="utf-8") as f:
            out += lines(f.read())
    return "\n".join(out) + "\n", names
