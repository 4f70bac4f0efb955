#!/usr/bin/env python3
"""Draws the picture of the modules in Docs/design.md from the manifest: modules.py [--check].

A line per module, those that import it above it. Right of the arrow stands what it imports and does not reach through
another of them already. With --check nothing is written, and a picture that is not current is an error.
"""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
PAGE = ROOT / "Docs" / "design.md"
BEGIN, END = "<!-- modules: begin, drawn by 'make modules' -->\n", "<!-- modules: end -->\n"
PROGRAMS = {"metadiffuser": "workbench", "metadiffuserd": "onboard", "firmware-host": "firmware"}
WIDTH = 118


def manifest():
    """The project's own modules that programs are made of, each with those that it imports."""
    text = subprocess.run(
        ["swift", "package", "--package-path", ROOT, "dump-package"], check=True, capture_output=True, text=True).stdout
    targets = {target["name"]: target for target in json.loads(text)["targets"] if target["type"] != "test"}

    def imports(target):
        names = [dependency.get("byName", dependency.get("target")) for dependency in target["dependencies"]]
        return {name[0] for name in names if name and name[0] in targets}

    return {name: imports(target) for name, target in targets.items()}


def reachable(graph, name):
    found = set()
    open_ = list(graph[name])
    while open_:
        module = open_.pop()
        if module not in found:
            found.add(module)
            open_ += graph[module]
    return found


def lines(name, names, indent):
    """`name ► names`, wrapped under the first of them."""
    head = f"      {name:<{indent}} ► "
    line, result = head, []
    for index, module in enumerate(names):
        word = module + ("," if index + 1 < len(names) else "")
        if len(line) + len(word) > WIDTH:
            result.append(line.rstrip())
            line = " " * len(head)
        line += word + " "
    return result + [line.rstrip()]


def picture(graph):
    below = {name: reachable(graph, name) for name in graph}
    depth = {}

    def measure(name):
        if name not in depth:
            depth[name] = 1 + max((measure(module) for module in graph[name]), default=0)
        return depth[name]

    # A module belongs to the first program of this order that is made of it.
    shown = set()
    text = []
    indent = max(len(name) for program in PROGRAMS for name in below[program] | {program} if graph[name])
    for program, title in sorted(PROGRAMS.items(), key=lambda item: item[1] != "onboard"):
        modules = (below[program] | {program}) - shown
        shown |= modules
        text.append(f"    {title}")
        for name in sorted((name for name in modules if graph[name]), key=lambda name: (-measure(name), name)):
            direct = {module for module in graph[name] if not any(module in below[other] for other in graph[name])}
            text += lines(name, sorted(direct, key=lambda module: (-measure(module), module)), indent)
        leaves = sorted(name for name in modules if not graph[name])
        if leaves:
            text += lines("(import none)", leaves, indent)
    return "\n".join(text) + "\n"


def main():
    page = PAGE.read_text()
    before, rest = page.split(BEGIN)
    old, after = rest.split(END)
    new = "\n" + picture(manifest()) + "\n"
    if "--check" in sys.argv[1:]:
        if old != new:
            sys.exit("Docs/design.md: the picture of the modules is not that of Package.swift; 'make modules' draws it")
    elif old != new:
        PAGE.write_text(before + BEGIN + new + END + after)


main()
