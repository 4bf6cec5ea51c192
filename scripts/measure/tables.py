# SPDX-License-Identifier: GPL-2.0
"""The numbers as tables of text, which are Markdown, too."""

from . import model
from .summary import CALLED, COUNTERS, PARTS, other_of

HEAD = """\
# One run

By `make bench`; [README.md](README.md) says how to read it, [model.md](model.md) where the model's cycles come from.

"""
TRAFFIC = model.TRAFFIC
NULL = ["system-call", "page-fault", "switch", "sleep"]
NULL_NAMES = {
    "system-call": "system call (getppid)", "page-fault": "page fault (first touch)",
    "switch": "switch of processes (pipe)", "sleep": "timer interrupt and wake-up",
}


def show(number, scale=1.0):
    """Median (min-max), all to the precision that the median needs for three digits."""
    values = [number[key] * scale for key in ("median", "min", "max")]
    digits = 2 if abs(values[0]) < 10 else 1 if abs(values[0]) < 100 else 0
    return "{:,.{d}f} ({:,.{d}f}-{:,.{d}f})".format(*values, d=digits)


def median(numbers, name, digits=0):
    value = numbers[name]["median"] if name in numbers else 0
    return f"{value:,.{digits}f}"


def table(head, rows):
    """Columns of one width: it is read as text as well."""
    rows = [head, None] + rows
    widths = [max(len(row[i]) for row in rows if row) for i in range(len(head))]
    for row in rows:
        cells = row or ["-" * width for width in widths]
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(cells, widths)) + " |"
    yield ""


def compare(result, whats, names, other):
    for what in whats:
        for name, unit, scale in names:
            sides = result[what]
            yield [what, unit, show(sides["native"][name], scale), show(sides[other][name], scale),
                   show(sides["ratio"][name]) if name in sides["ratio"] else "-"]


def per_packet(counts):
    yield from table(["instructions per packet", "native", "in a domain", "ratio"],
                     [[what, show(counts[what]["native"]["instructions"]),
                       show(counts[what]["isolated"]["instructions"]), show(counts[what]["ratio"])]
                      for what in TRAFFIC])
    parts = ["user space", "kernel", "driver"] + list(PARTS) + [CALLED]
    yield from table(["in a domain, by part"] + TRAFFIC,
                     [[part] + [median(counts[what]["isolated"]["parts"], part) for what in TRAFFIC]
                      for part in parts])
    yield from table(["in a domain, per packet"] + TRAFFIC,
                     [[name.replace("_", " ")] + [median(counts[what]["isolated"]["counters"], name, 3)
                                                  for what in TRAFFIC] for name in COUNTERS]
                     + [[name] + [median(counts[what]["isolated"]["kinds"], kind, 2) for what in TRAFFIC]
                        for name, kind in (("loads of CR3", "cr3"), ("locked instructions", "lock"),
                                           ("cli", "cli"), ("string instructions", "repeat"))])
    yield from table(["modelled TLB misses per packet"] + TRAFFIC,
                     [[f"{mode}: {name}"] + [median(counts[what][mode]["tlb"], kind, 2) for what in TRAFFIC]
                      for mode in ("native", "isolated")
                      for name, kind in (("first level, data", "pcid-data"), ("first level, code", "pcid-code"),
                                         ("both levels", "pcid-walk"), ("both levels, no PCID", "flush-walk"))])
    called = {name for what in TRAFFIC for name in counts[what]["kernel calls"]}
    rows = [[name] + [counts[what]["kernel calls"].get(name, 0) for what in TRAFFIC] for name in sorted(called)]
    yield from table(["calls of the kernel per packet"] + TRAFFIC,
                     [[row[0]] + [f"{number:.2f}" for number in row[1:]]
                      for row in sorted(rows, key=lambda row: -sum(row[1:])) if max(row[1:]) >= 0.1])
    for what in TRAFFIC:
        yield from table([f"{what}, by function", "where", "native", "in a domain"],
                         [[row["function"], row["place"] or row["module"], f"{row['native']:,.0f}",
                           f"{row['other']:,.0f}"] for row in counts[what]["functions"][:12]])


def calls(numbers):
    counts, times, priced = numbers["counts"], numbers["times"], numbers["model"]["calls"]
    nanoseconds = 1e3 / times["mhz"]["native"]["value"]["median"]
    rows = []
    for what, name in (("null-call", "driver calls kernel"), ("null-entry", "kernel calls driver")):
        rows.append([name, f"{priced[what]['events']['instruction']:.0f}",
                     f"{priced[what]['events']['CR3 load']:.0f}",
                     " / ".join(f"{priced[what]['cycles'][level]:.0f}" for level in model.LEVELS),
                     show(times[what]["isolated"]["value"], nanoseconds)])
    yield from table(["a null call and its return", "instructions", "loads of CR3",
                      "cycles by the model (low / typical / high)", "ns in TCG"], rows)
    for what in ("null-call", "null-entry"):
        yield from table([f"{what}: instructions by function", "where", ""],
                         [[row["function"], row["place"] or row["module"], f"{row['other']:.0f}"]
                          for row in counts[what]["functions"]])


def report(numbers):
    """Lines."""
    counts, times = numbers["counts"], numbers["times"]
    for name, value in numbers["machine"].items():
        yield f"{name}: {value}  "
    for name, (length, counted) in numbers["counting"].items():
        yield f"counting {name}: {length:,} are {counted:,}  "
    yield ""
    yield "Numbers are medians (min-max); a ratio is taken within each pair."
    yield ""
    yield from per_packet(counts)
    yield from calls(numbers)
    rows = list(compare(times, TRAFFIC, [("mbit_per_second", "Mbit/s, headers included", 1),
                                         ("cpu_us_per_packet", "host CPU us/packet", 1)], "isolated"))
    rows += compare(times, ["rtt"], [("value", "ms", 1)], "isolated")
    rows += compare(times, ["ping"], [("cpu_us_per_packet", "host CPU us/packet", 1)], "isolated")
    rows += compare(times, ["nothing"], [("cpu_seconds", "host CPU ms", 1000)], "isolated")
    rows += compare(times, ["load"], [("seconds", "s", 1)], "isolated")
    yield from table(["times in TCG", "", "native", "in a domain", "ratio"], rows)
    rows = [[NULL_NAMES[what], show(counts[what]["native"]["instructions"]),
             show(counts[what]["loaded"]["instructions"]), show(counts[what]["ratio"]),
             show(times[what]["ratio"]["cpu_seconds"])] for what in NULL if other_of(counts[what])]
    yield from table(["nooks.ko without a domain", "instructions without", "with", "ratio", "ratio of host CPU"], rows)
    restart = counts["restart"]
    yield from table(["the domain", ""], [
        ["nooks.ko loads in", show(times["load"]["loaded"]["seconds"], 1000) + " ms"],
        ["restart", show(times["restart"]["isolated"]["seconds"], 1000) + " ms"],
        ["restart to carrier", show(times["carrier"]["isolated"]["value"], 1e-3) + " ms"],
        ["restart: millions of instructions", show(restart["isolated"]["instructions"], 1e-6)],
    ] + [["restart: most of these, " + row["function"], f"{row['other'] / 1e6:.1f}"]
         for row in restart["functions"][:5]]
        + [[what, show(times[what]["isolated"]["value"], 1 / 1024) + " KiB"]
           for what in ("memory loaded", "memory idle", "memory peak")])
    yield from model.report(numbers["model"])
