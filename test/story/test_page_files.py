"""The page as it is embedded: how big it is, of what it is made, and what its sources may not do."""
import glob
import gzip
import importlib.machinery
import importlib.util
import os
import re
import subprocess
import sys

import pytest
from harness import ROOT
from page import installed, node

SOURCES = os.path.join(ROOT, "src", "page")
TOOLS = os.path.join(ROOT, "tools")
MOST = 60_000  # bytes, gzip'd, of all that the page may ever load


def tool(name):
    """A script of tools/ as a module."""
    if TOOLS not in sys.path:
        sys.path.insert(0, TOOLS)
    keep, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        loader = importlib.machinery.SourceFileLoader(name, os.path.join(TOOLS, name if name == "page" else name + ".py"))
        module = importlib.util.module_from_spec(importlib.util.spec_from_loader(name, loader))
        loader.exec_module(module)
        return module
    finally:
        sys.dont_write_bytecode = keep


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def own(ending):
    return {os.path.basename(p): read(p) for p in sorted(glob.glob(f"{SOURCES}/*.{ending}"))}


def test_all_of_the_page_is_small():
    sizes = {os.path.relpath(path, SOURCES): len(gzip.compress(data, 9)) for path, data in tool("page").contents(SOURCES)}
    assert sum(sizes.values()) < MOST, sizes
    assert {"app.js", "style.css", "index.html", "vendor/preact.js"} <= set(sizes) and "search.js" not in sizes


def test_the_joined_modules_are_one_module(tmp_path):
    text, names = tool("page_join").join_modules(SOURCES, "app.js")
    assert set(names) == set(own("js")), "every module is used"
    (tmp_path / "app.mjs").write_text(text, encoding="utf-8")
    done = subprocess.run(["node", "--check", tmp_path / "app.mjs"], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("modules, word", [
    ({"a.js": 'import { b } from "./b.js";\n', "b.js": 'import { a } from "./a.js";\nexport const b = 1;\n'}, "circle"),
    ({"a.js": "export let { x } = {};\n"}, "does not know"),
    ({"a.js": 'export * from "./b.js";\n'}, "does not know"),
    ({"a.js": 'const x = await\nimport("./b.js");\n'}, "does not know"),
    ({"a.js": 'import { x } from "./vendor/p.js";\nimport "./b.js";\n'}, "does not know"),
    ({"a.js": 'import { x } from "./vendor/p.js";\nimport { y } from "./b.js";\n', "b.js": 'import x from "./vendor/q.js";\nexport const y = x;\n'}, "another thing"),
])
def test_what_the_joining_does_not_understand_ends_the_build(tmp_path, modules, word):
    join = tool("page_join")
    for name, text in modules.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    with pytest.raises(join.JoinError, match=word):
        join.join_modules(tmp_path, "a.js")


def test_joined_modules_do_what_the_single_ones_do(tmp_path):
    (tmp_path / "a.js").write_text('// first\nimport { two as zwei, three } from "./b.js";\nimport words from "./c.js";\n'
                                   "\tconsole.log(`${zwei()} ${three} ${words.four}`);\n", encoding="utf-8")
    (tmp_path / "b.js").write_text('import words from "./c.js";\nexport function two() {\n\treturn words.two;\n}\nconst x = 3;\nexport { x as three };\n',
                                   encoding="utf-8")
    (tmp_path / "c.js").write_text("/* texts\n * of it */\nexport default {\n\ttwo: 2,\n\tfour: 4,\n};\n", encoding="utf-8")
    text, names = tool("page_join").join_modules(tmp_path, "a.js")
    assert names == ["c.js", "b.js", "a.js"] and "texts" not in text and "first" not in text
    done = subprocess.run(["node", "--input-type=module", "-e", text], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "2 3 4\n"


def test_the_vendored_files_are_those_of_the_lock_file():
    installed()
    node("vendor.mjs", check=True)


def test_no_source_makes_markup_of_text():
    for name, text in own("js").items():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|https?://", text), name
    for name, text in own("html").items():
        assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|https?://", text), name
    for name, text in own("css").items():
        assert not re.search(r"url\(|https?://", text), name


def test_every_text_is_in_the_one_file_and_every_one_there_is_used():
    """Texts whose key is put together (`verdict-${v}`) count by their beginning."""
    sources = own("js")
    texts = sources.pop("texts.js")
    keys = {a or b for a, b in re.findall(r'^\t(?:"([^"]+)"|(\w+)): ', texts, re.M)}
    code = "\n".join(sources.values())
    begun = set(re.findall(r"(?:\bt|known)\(`([\w ,-]+)\$\{", code))
    named = set(re.findall(r'"([\w ,-]+)"', code))
    assert set(re.findall(r'\bt\("([^"]+)"', code)) <= keys
    assert all(any(k.startswith(b) for k in keys) for b in begun)
    assert [k for k in sorted(keys) if k not in named and not any(k.startswith(b) for b in begun) and not k.startswith("http-")] == []


def test_sources_keep_to_the_measures_of_the_house():
    for name, text in {**own("js"), **own("css")}.items():
        lines = text.split("\n")
        assert len(lines) <= 420 or name == "texts.js", f"{name} has {len(lines)} lines"  # a table of sentences
        assert text.startswith(("// ", "/* ")), f"{name} says first what it is for"
        wide = [n for n, line in enumerate(lines, 1) if len(line.expandtabs(4)) > 120]
        assert not wide or name in ("texts.js", "icons.js", "tokens.css"), f"{name}: lines of more than 120 columns: {wide}"
        assert not re.search(r"[ \t]$", text, re.M), f"{name}: blanks at the end of a line"
