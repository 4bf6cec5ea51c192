# SPDX-License-Identifier: GPL-2.0
"""What a file system costs: the stock driver, the same in a domain, and one in user space."""

import collections

from . import model
from .summary import CALLED, COUNTERS, PARTS, counted, counts, summary
from .tables import median, show, table

MODES = ("native", "isolated", "fuse")
COUNTED = [name for name in COUNTERS if name in ("crossings", "entries", "checked_stores")]
NAMES = {
    "create": "create an empty file", "stat": "stat, cached", "stat-uncached": "stat, from the disk", "unlink": "unlink",
    "write": "write 4 KiB, in sequence", "random-write": "write 4 KiB, at random, cached",
    "read": "read 4 KiB, in sequence, from the disk", "random-read": "read 4 KiB, at random, from the disk",
    "untar": "unpack a file", "compile": "compile a file",
}
OF_FUNCTIONS = ["create", "unlink", "write", "read"]
TOP_FUNCTIONS = 12
HEAD = """\
# One run: files

By `make bench`; [README.md](README.md) says how to read it.

"""


def per_operation(samples):
    """By what and mode: summaries, for one operation; and of each turn the ratio of host CPU to native's."""
    runs = collections.defaultdict(lambda: collections.defaultdict(list))
    for sample in samples:
        n = sample["operations"]
        runs[sample["what"]][sample["mode"]].append(
            {name: sample.get(name, 0) / n for name in ["seconds", "cpu_seconds"] + COUNTED})
    result = {}
    for what, modes in runs.items():
        result[what] = {mode: {name: summary([run[name] for run in turns]) for name in turns[0]}
                        for mode, turns in modes.items()}
        for mode in MODES[1:]:
            result[what][mode]["ratio"] = summary([other["cpu_seconds"] / native["cpu_seconds"]
                                                   for native, other in zip(modes["native"], modes[mode])])
    return result


def instructions(samples, executed, symbols, top):
    """By what, for one operation: as of packets, and what the model makes of it."""
    result = counts(counted(samples, executed, symbols, top))
    for numbers in result.values():
        numbers["cycles"] = model.ratios(numbers)
    return result


def report_instructions(counted_files):
    whats = [what for what in NAMES if what in counted_files]
    yield from table(["instructions", "native", "in a domain", "ratio", "cycles by the model (low / typical / high)"],
                     [[NAMES[what], median(counted_files[what]["native"], "instructions"),
                       median(counted_files[what]["isolated"], "instructions"),
                       f"{counted_files[what]['ratio']['median']:.2f}",
                       " / ".join(f"{counted_files[what]['cycles'][level]:.2f}" for level in model.LEVELS)]
                      for what in whats])
    parts = ["user space", "kernel", "driver"] + list(PARTS) + [CALLED]
    yield from table(["in a domain, by part"] + whats,
                     [[part] + [median(counted_files[what]["isolated"]["parts"], part) for what in whats]
                      for part in parts])
    for what in OF_FUNCTIONS:
        rows = counted_files[what]["functions"][:TOP_FUNCTIONS]
        yield from table([f"{what}, by function", "where", "native", "in a domain"],
                         [[row["function"], row["place"] or row["module"], f"{row['native']:,.0f}", f"{row['other']:,.0f}"]
                          for row in rows])
        calls = list(counted_files[what]["kernel calls"].items())[:TOP_FUNCTIONS]
        yield "Calls of the kernel: " + ", ".join(f"{name} {number:.1f}" for name, number in calls) + "."
        yield ""


def report(numbers):
    """Lines."""
    for name, value in numbers["machine"].items():
        yield f"{name}: {value}  "
    yield ""
    yield "Numbers are medians (min-max) for one operation; a ratio is taken within each turn."
    yield ""
    files = numbers["files"]
    if "counts" in numbers:		# records of earlier runs have none
        yield from report_instructions(numbers["counts"])
    yield from table(["host CPU", "native, us", "in a domain, us", "in user space, us", "in a domain / native",
                      "in user space / native"],
                     [[name] + [show(files[what][mode]["cpu_seconds"], 1e6) for mode in MODES]
                      + [show(files[what][mode]["ratio"]) for mode in MODES[1:]] for what, name in NAMES.items()])
    yield from table(["time", "native, us", "in a domain, us", "in user space, us"],
                     [[name] + [show(files[what][mode]["seconds"], 1e6) for mode in MODES]
                      for what, name in NAMES.items()])
    yield from table(["in a domain"] + [name.replace("_", " ") for name in COUNTED],
                     [[name] + [f"{files[what]['isolated'][counter]['median']:,.1f}" for counter in COUNTED]
                      for what, name in NAMES.items()])
