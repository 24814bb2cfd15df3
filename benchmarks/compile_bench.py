#!/usr/bin/env python3
# Copyright the Quern authors. SPDX-License-Identifier: Apache-2.0
"""What the compiler needs for a file with five models and twenty queries (compile/models.cc): its memory at the peak, and time.

Beside it the same for the file's standard headers alone, and for the public header alone. CXX names the compiler.
"""

import os
import pathlib

ROOT = pathlib.Path(__file__).resolve().parent.parent
LIMIT = 200


def compile_it(source):
    """Peak of the compiler's resident memory in MB, and its processor time in seconds."""
    command = [os.environ.get("CXX", "c++"), "-std=c++20", "-O0", "-g1", "-I", str(ROOT / "include"), "-c", str(source), "-o",
               os.devnull]
    pid = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(pid, 0)
    if status != 0:
        raise SystemExit(f"{source} does not compile")
    # The driver waits for the compiler, whose usage is part of its own.
    return usage.ru_maxrss / 1024, usage.ru_utime + usage.ru_stime


def main():
    folder = ROOT / "benchmarks" / "compile"
    for name in ("standard", "header", "models"):
        memory, seconds = compile_it(folder / f"{name}.cc")
        print(f"  {name:<44} {memory:10.0f} MB  {seconds:.1f} s")
    print(f"compile {memory:.0f} MB (at most {LIMIT} MB)")


main()
