#!/usr/bin/env python3
# Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
"""Runs the guide: writes its files, compiles its C++ blocks, runs its commands and compares what they print.

Fenced blocks in the pages of docs/guide, by the word after the backticks:

    ```LANGUAGE file=PATH   a file of the project that the page builds, written to PATH
    ```cpp namespace        declarations
    ```cpp                  statements; `db` is a project
    ```console              commands after "$ ", each followed by what it prints; "…" stands for anything
    ```toml                 settings; must be TOML

Declarations and statements of a page become one C++ file, each block of statements a function. Pages
without declarations of their own see those of models.md.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tomllib


class Block:
    def __init__(self, page, line, info, text):
        self.page, self.line, self.text = page, line, text
        words = info.split()
        self.language = words[0] if words else ""
        self.file = next((word[5:] for word in words if word.startswith("file=")), None)
        self.is_namespace = "namespace" in words[1:]

    def where(self):
        return f"{self.page.name}:{self.line}"


def blocks_of(page):
    out, start, info, lines = [], 0, None, []
    for number, line in enumerate(page.read_text(encoding="utf-8").splitlines(), 1):
        if line.startswith("```"):
            if info is None:
                start, info, lines = number + 1, line[3:].strip(), []
            else:
                out.append(Block(page, start, info, "\n".join(lines) + "\n"))
                info = None
        elif info is not None:
            lines.append(line)
    if info is not None:
        sys.exit(f"{page.name}: the block at line {start} is not closed")
    return out


def expect_known(blocks):
    known = {"cpp", "console", "toml", "cmake", "json", ""}
    for block in blocks:
        if block.language not in known:
            sys.exit(f"{block.where()}: no test knows blocks of '{block.language}'")


def compile_statements(blocks, shared, compiler, flags, scratch, page, page_folder):
    """Compiles the page's loose C++ blocks."""
    loose = [b for b in blocks if b.language == "cpp" and not b.file]
    if not loose:
        return
    own = [b for b in loose if b.is_namespace]
    source = ["#include <quern/quern.h>", "#include <quern/testing/temporary_project.h>", "#include <chrono>", "#include <iostream>", "#include <optional>",
              "#include <string>", "#include <vector>"]
    headers = [b.file for b in blocks if b.file and b.file.endswith(".h")]
    source += [f'#include "{header}"' for header in headers]
    if not own and not headers:
        own = shared
    for block in own:
        source += [f'#line {block.line} "{block.page.name}"', block.text]
    for block in loose:
        if not block.is_namespace:
            source += [f"void block_{block.line}([[maybe_unused]] quern::Project& db) {{",
                       f'#line {block.line} "{block.page.name}"', block.text, "}"]
    file = scratch / (page.stem + "_blocks.cc")
    file.write_text("\n".join(source) + "\n", encoding="utf-8")
    command = [compiler, "-std=c++20", "-O0", "-Wall", "-Wextra", "-Wno-unused", "-Wno-missing-field-initializers",
               "-I", str(page_folder), *flags, "-c", str(file), "-o", os.devnull]
    run = subprocess.run(command, capture_output=True, text=True)
    if run.returncode != 0:
        sys.exit(f"{page.name}: a block does not compile:\n{run.stderr}")


def matches(printed, expected):
    pattern = ".*?".join(re.escape(part) for part in expected.split("…"))
    return re.fullmatch(pattern, printed, re.DOTALL) is not None


def run_console(block, folder, environment):
    """Runs each command of a console block and compares its output, where the page shows any."""
    steps = []
    for line in block.text.splitlines():
        if line.startswith("$ "):
            steps.append((line[2:], []))
        elif steps:
            steps[-1][1].append(line)
        else:
            sys.exit(f"{block.where()}: there is output before the first command")
    for command, shown in steps:
        run = subprocess.run(["bash", "-c", command], cwd=folder, env=environment, stdout=subprocess.PIPE,
                             stderr=subprocess.STDOUT, text=True)
        if run.returncode != 0:
            sys.exit(f"{block.where()}: '{command}' failed ({run.returncode}):\n{run.stdout}")
        expected = "\n".join(shown).strip()
        if expected and not matches(run.stdout.strip(), expected):
            sys.exit(f"{block.where()}: '{command}' printed\n{run.stdout}\nbut the page shows\n{expected}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("page", type=pathlib.Path)
    parser.add_argument("--prefix", required=True, type=pathlib.Path, help="where the package is installed")
    parser.add_argument("--compiler", default="c++")
    parser.add_argument("--scratch", required=True, type=pathlib.Path)
    arguments = parser.parse_args()

    page = arguments.page
    shutil.rmtree(arguments.scratch, ignore_errors=True)
    folder = arguments.scratch / "project"
    folder.mkdir(parents=True)
    blocks = blocks_of(page)
    expect_known(blocks)
    for block in blocks:
        if block.file:
            path = folder / block.file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
        elif block.language == "toml":
            tomllib.loads(block.text)
    shared = [b for b in blocks_of(page.parent / "models.md") if b.language == "cpp" and b.is_namespace][:1]
    flags = ["-I", str(arguments.prefix / "include")]
    compile_statements(blocks, shared, arguments.compiler, flags, arguments.scratch, page, folder)
    environment = dict(os.environ, MONGOC_DISABLE_SHM="1", CMAKE_PREFIX_PATH=str(arguments.prefix), CXX=arguments.compiler,
                       CMAKE_GENERATOR="Ninja", LC_ALL="C.UTF-8")
    for block in blocks:
        if block.language == "console":
            run_console(block, folder, environment)
    print(f"{page.name}: {len(blocks)} blocks")


main()
