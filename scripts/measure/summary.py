# SPDX-License-Identifier: GPL-2.0
"""From what two guests have measured to medians, spreads and ratios."""

import collections
import statistics

from .symbols import Symbols, by_function, sources

COUNTERS = ["crossings", "entries", "checked_stores", "missed_calls", "interrupts"]
TIMES = ["seconds", "cpu_seconds", "cpu_us_per_packet", "mbit_per_second", "value"]
OTHER = ("isolated", "loaded")
TOP_FUNCTIONS = 40
DRIVERS = ("e1000", "tlb", "vfat", "fat")
LINKED = {"fat": "vfat"}	# in a domain the one is a part of the other

# What nooks spends instructions on, by the object files that have them; the first that fits counts.
PARTS = {
    "packet headers": ["objtracker/shadow", "wrappers/skb", "wrappers/skbcopy", "wrappers/skbqueue"],
    "checked stores": ["domains/fault", "domains/emulate", "objtracker/store", "objtracker/site"],
    "objects, memory": ["objtracker/", "domains/heap", "domains/pagetable", "wrappers/buffer", "wrappers/args"],
    "crossings": ["domains/", "nooks/stub"],
    "wrappers": ["wrappers/", "generated/"],
    "the rest of nooks": [""],
}
CALLED = "kernel, for nooks"
# The stub of a kernel function, which the driver calls in its place: its number into a register, and a jump. nooks has
# functions of its own with such names, elsewhere.
STUB, STUB_PLACE, STUB_LENGTH = "nooks_stub_", "generated/stubs", 2


def part(function):
    if function.module == "nooks":
        return next(name for name, starts in PARTS.items()
                    if any(function.place.startswith(start) for start in starts))
    if function.module in DRIVERS:
        return "driver"
    return "user space" if function.module == "user" else "kernel"


def summary(values):
    return {"median": statistics.median(values), "min": min(values), "max": max(values)}


def packets_of(sample):
    return sample.get("tx_packets", 0) + sample.get("rx_packets", 0)


def other_of(modes):
    """The mode that native is compared with."""
    return next((mode for mode in OTHER if mode in modes), None)


def ratios(base, other, names):
    """Of each pair."""
    return {name: summary([b[name] / a[name] for a, b in zip(base, other)])
            for name in names if all(a.get(name) and name in b for a, b in zip(base, other))}


def times(samples):
    """By what and mode: each number's summary. By what: ratios, of each pair."""
    runs = collections.defaultdict(lambda: collections.defaultdict(list))
    for sample in samples:
        sample = dict(sample)
        run = runs[sample.pop("what")][sample.pop("mode")]
        if packets := packets_of(sample):
            sample["packets"] = packets
            sample["cpu_us_per_packet"] = sample["cpu_seconds"] * 1e6 / packets
            sample["mbit_per_second"] = (sample["tx_bytes"] + sample["rx_bytes"]) * 8e-6 / sample["seconds"]
            for name in COUNTERS:
                if name in sample:
                    sample[name + "_per_packet"] = sample[name] / packets
        run.append(sample)
    result = {}
    for what, modes in runs.items():
        # Not every run need have had packets.
        result[what] = {mode: {name: summary([sample[name] for sample in run])
                               for name in run[0] if all(name in sample for sample in run)}
                        for mode, run in modes.items()}
        base, other = modes.get("native"), modes.get(other_of(modes))
        if base and other and len(base) == len(other):
            result[what]["ratio"] = ratios(base, other, TIMES)
    return result


def counted(samples, executed, symbols, top):
    """Of each section: what, mode, and per packet (or per whatever is counted) the instructions in all, by
    kind, by part and by function, and what nooks has counted."""
    defined = sources(top)
    tables, result = {}, []
    for sample, section in zip(samples, executed):
        pair, mode = sample["pair"], sample["mode"]
        run = {"what": sample["what"], "mode": mode, "pair": pair}
        n = sample["n"] or packets_of(sample)
        run["n"] = n
        kinds, parts, functions = collections.Counter(), collections.Counter(), {}
        if pair:
            name = "native" if mode == "native" else "isolated"
            if (pair, name) not in tables:
                tables[pair, name] = Symbols(symbols[f"1-{name}"], symbols[f"{pair}-{name}"], defined)
            for function, counter in by_function(section, tables[pair, name]).items():
                parts[part(function)] += counter["all"] / n
                function = function._replace(module=LINKED.get(function.module, function.module))
                functions[function] = functions.get(function, 0) + counter["all"] / n
                for kind, count in counter.items():
                    kinds[kind] += count / n
        else:
            lots = [lot for lot in section if lot[0] != "tlb" and lot[2] != "repeats"]
            kinds["all"] = sum(count for _, count, _ in lots)
            kinds["user"] = sum(count for address, count, _ in lots if address == "user")
            kinds["repeats"] = sum(count for address, count, kind in section
                                   if (address, kind) == ("user", "repeats"))
            kinds["value"] = sample["microseconds"]
        run.update(kinds=kinds, parts=parts, functions=functions)
        run["tlb"] = {kind: count / n for address, count, kind in section if address == "tlb"}
        run["counters"] = {name: sample[name] / n for name in COUNTERS if name in sample}
        result.append(run)
    return result


def of_each(runs, key):
    """Summaries of dicts, of which each run has one; what one does not have is 0 there."""
    names = sorted({name for run in runs for name in run[key]})
    return {name: summary([run[key].get(name, 0) for run in runs]) for name in names}


def counts(runs):
    """By what and mode: summaries of instructions, by kind, part and function; by what: ratios and what is more."""
    sorted_runs = collections.defaultdict(lambda: collections.defaultdict(list))
    for run in runs:
        if run["pair"]:
            sorted_runs[run["what"]][run["mode"]].append(run)
    result = {}
    for what, modes in sorted_runs.items():
        base, other = modes.get("native", []), modes.get(other_of(modes), [])
        for a, b in zip(base, other):
            more = b["parts"]["kernel"] - a["parts"]["kernel"]
            if b["mode"] == "isolated" and more > 0:
                b["parts"]["kernel"] -= more
                b["parts"][CALLED] = more
        result[what] = {mode: {"instructions": summary([run["kinds"]["all"] for run in some]),
                               **{key: of_each(some, key) for key in ("kinds", "parts", "tlb", "counters")}}
                        for mode, some in modes.items()}
        if base and other:
            result[what]["ratio"] = summary([b["kinds"]["all"] / a["kinds"]["all"]
                                             for a, b in zip(base, other)])
        native, isolated = [{function: number["median"] for function, number in of_each(some, "functions").items()}
                            for some in (base, other)]
        rows = [{"function": function.name, "module": function.module, "place": function.place,
                 "part": part(function), "native": round(native.get(function, 0), 2),
                 "other": round(isolated.get(function, 0), 2)} for function in set(native) | set(isolated)]
        rows.sort(key=lambda row: (row["native"] - row["other"], row["function"]))
        stubs = {function.name[len(STUB):]: round(number / STUB_LENGTH, 3) for function, number in isolated.items()
                 if function.name.startswith(STUB) and function.place == STUB_PLACE and number >= STUB_LENGTH * 0.01}
        result[what]["kernel calls"] = dict(sorted(stubs.items(), key=lambda item: -item[1]))
        result[what]["functions"] = [row for row in rows if row["other"] >= 0.5][:TOP_FUNCTIONS]
    return result


def known(runs):
    """How far the counting can be trusted: lengths that are known beforehand, as {what: (known, counted)}."""
    def more(what, kind):
        first, second = [run["kinds"][kind] for run in runs if run["what"] == what]
        return second - first

    return {
        "a loop": (2000000, more("loop", "user")),
        "10,000 string instructions and 50,000 others": (60000, more("strings", "user")),
        "what these repeat": (1000000, more("strings", "repeats")),
        "20,000 system calls, by the guest's time stamp counter": (more("clock", "value"), more("clock", "all")),
    }
