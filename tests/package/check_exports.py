#!/usr/bin/env python3
# Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
"""The shared library exports what the public headers declare, and nothing else.

Every exported symbol must be of the namespace quern, and its namespaces, classes and its own name must be declared in the
headers below the include folder. The other way round, every function that bears QUERN_EXPORT must be exported, and every
function of a namespace that a header only declares must bear it.
"""

import argparse
import pathlib
import re
import subprocess
import sys

OF_A_TYPE = re.compile(r"^(typeinfo( name)?|vtable|VTT|guard variable) for ")


def symbols(library):
    output = subprocess.run(["nm", "-D", "--defined-only", "--demangle", str(library)], check=True, capture_output=True,
                            text=True).stdout
    return [line.split(" ", 2)[2] for line in output.splitlines()]


def without_comments(text):
    return re.sub(r'"(\\.|[^"\\\n])*"', '""', re.sub(r"//[^\n]*", "", text))


def qualified_name(symbol):
    """["quern", "bson", "Builder", "append"] of a demangled symbol; an operator ends it as "operator"."""
    name = OF_A_TYPE.sub("", symbol)
    name = name.replace("(anonymous namespace)", "anonymous")
    depth, parts, part = 0, [], ""
    for i, c in enumerate(name):
        if name.startswith("operator", i) and not part.strip():
            parts.append("operator")
            return parts
        if depth == 0 and (c == "(" or c == "["):
            break
        if c in "<":
            depth += 1
        elif c in ">":
            depth -= 1
        elif depth == 0 and c == " ":
            parts, part = [], ""  # what stood before was a return type
        elif depth == 0 and c == ":":
            if part:
                parts.append(part)
            part = ""
        elif depth == 0:
            part += c
    return parts + [part]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", type=pathlib.Path)
    parser.add_argument("include", type=pathlib.Path)
    arguments = parser.parse_args()

    # testing/ belongs to a library of its own.
    headers = {path: without_comments(path.read_text(encoding="utf-8")) for path in arguments.include.rglob("*.h")
               if path.relative_to(arguments.include).parts[0] != "testing"}
    if not headers:
        sys.exit(f"there are no headers below {arguments.include}")
    scopes, functions = set(), {"operator"}
    for text in headers.values():
        for namespace in re.findall(r"\bnamespace ([\w:]+)", text):
            scopes.update(namespace.split("::"))
        scopes.update(re.findall(r"\b(?:class|struct) (?:QUERN_EXPORT )?(\w+)(?=[^;()]*\{)", text))
        functions.update(re.findall(r"\b(\w+)\(", text))

    faults = []
    exported = symbols(arguments.library)
    exported_functions = set()
    for symbol in exported:
        *outer, last = qualified_name(symbol)
        exported_functions.add(last)
        if outer[:1] != ["quern"] or not scopes.issuperset(outer) or last.lstrip("~") not in scopes | functions:
            faults.append(f"exported, but declared in no header: {symbol}")

    for path, text in headers.items():
        where = path.relative_to(arguments.include)
        for name in re.findall(r"QUERN_EXPORT\b(?! \w+ (?:final )?[:{])[^;{]*?\b(operator|\w+(?=\())", text):
            if name != "__attribute__" and name not in exported_functions:
                faults.append(f"{where}: {name}() bears QUERN_EXPORT, but is not exported")
        for line in re.findall(r"(?<![>\w])\n(?!inline|template|return|friend|#)([\w\[][^;{}()#]*? \**&*(?:\w+)\([^{};]*\)(?: noexcept)?;)", text):
            if "QUERN_EXPORT" not in line and not line.startswith(("using", "static_assert", "concept")):
                faults.append(f"{where}: bears no QUERN_EXPORT: {line}")
    if faults:
        sys.exit("\n".join(faults))
    print(f"{len(exported)} symbols, all declared in {len(headers)} headers")


main()
