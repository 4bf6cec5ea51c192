# SPDX-License-Identifier: GPL-2.0
"""What is written of a run besides its numbers."""

import datetime
import json
import os
import pathlib
import re
import subprocess

from .guest import TOP

DOCS = TOP / "docs/bench"


def output_of(*command):
    """Its first line."""
    done = subprocess.run(command, cwd=TOP, stdout=subprocess.PIPE, text=True, check=False)
    return (done.stdout.splitlines() or ["unknown"])[0]


def load():
    return "{:.1f}".format(os.getloadavg()[0])


def about():
    """What every run says of where it was made."""
    cpu = re.search("model name\\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())[1]
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "nooks": output_of("git", "describe", "--always", "--dirty"),
        "emulator": output_of(os.environ.get("QEMU", "qemu-system-x86_64"), "--version"),
        "host": f"{os.cpu_count()} cpus, {cpu}",
    }


def rounded(value):
    """To six digits: what is beyond is no information."""
    if isinstance(value, dict):
        return {key: rounded(item) for key, item in value.items()}
    if isinstance(value, list):
        return [rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value


def write(path, value):
    path.write_text(json.dumps(value, indent=1) + "\n")
