"""Run a command and write down what it used; a small process of its own.

Started as ``python -I -S launch.py USAGE.json COMMAND...`` without importing anything of ours:
Linux counts the peak memory of the process that starts a command as the command's own, so the
starter must be smaller than anything measured.
"""

from __future__ import annotations

import json
import os
import sys
import time


def main(report: str, *command: str) -> int:
    """Run the command; returns its exit code.

    The report holds cpu_s (user and system, of the command and of all processes it waited for),
    wall_s, and peak_rss (bytes, of the largest of these processes).
    """
    started = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)
    _, status, usage = os.wait4(child, 0)
    wall = time.perf_counter() - started
    found = {
        "cpu_s": usage.ru_utime + usage.ru_stime,
        "wall_s": wall,
        "peak_rss": usage.ru_maxrss * 1024,
    }
    with open(report, "w", encoding="utf-8") as file:
        json.dump(found, file)
    return os.waitstatus_to_exitcode(status)


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
