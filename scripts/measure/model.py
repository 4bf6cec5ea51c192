# SPDX-License-Identifier: GPL-2.0
"""From counts to cycles on hardware: docs/bench/model.md says where the prices are from, and what is left out."""

import collections

Price = collections.namedtuple("Price", "low typical high")

# Cycles of each event, beyond what it costs as an instruction.
PRICES = {
    "instruction": Price(0.35, 0.6, 1.0),
    "CR3 load": Price(100, 130, 200),
    "CR3 read": Price(5, 10, 20),
    "exception": Price(440, 570, 715),
    "iret": Price(150, 270, 330),
    "locked": Price(18, 19, 25),
    "cli": Price(3, 5, 8),
    "sti": Price(5, 8, 12),
    "pushf": Price(1, 3, 5),
    "popf": Price(15, 20, 25),
    "string start": Price(15, 25, 40),
    "string step": Price(0.06, 0.09, 0.25),
    "TLB, second level": Price(5, 9, 12),
    "TLB walk": Price(20, 30, 60),
}
LEVELS = Price._fields
CLOCK = 3e9

# What the plugin calls them.
KINDS = {
    "all": "instruction", "cr3": "CR3 load", "read-cr": "CR3 read", "iret": "iret", "lock": "locked", "cli": "cli",
    "sti": "sti", "pushf": "pushf", "popf": "popf", "repeat": "string start", "repeats": "string step",
}
TRAFFIC = ["tcp-send", "tcp-receive", "udp-send", "udp-receive"]
CALLS = ["null-call", "null-entry"]
LOOPS = [("tlb", "run"), ("tlb_kernel", "count")]


def median(numbers, name):
    return numbers.get(name, {"median": 0})["median"]


def events(counts, pcid=True):
    """How many of each event: of one mode of one work, per packet or call."""
    result = collections.Counter()
    for kind, event in KINDS.items():
        result[event] += median(counts["kinds"], kind)
    # Each exception and interrupt ends in an iret, of the kernel's or of nooks's.
    result["exception"] = result["iret"]
    machine = "pcid" if pcid else "flush"
    first = sum(median(counts["tlb"], f"{machine}-{what}") for what in ("data", "code"))
    walks = median(counts["tlb"], f"{machine}-walk")
    result["TLB, second level"] = first - walks
    result["TLB walk"] = walks
    return result


def cycles(numbers, level="typical", but=None):
    """of events; but: {event: level} for those that have another price."""
    return {event: number * getattr(PRICES[event], (but or {}).get(event, level))
            for event, number in numbers.items() if number}


def total(numbers, level="typical", but=None):
    return sum(cycles(numbers, level, but).values())


def ratios(numbers):
    """By level: cycles in a domain over native ones."""
    native, isolated = [events(numbers[mode]) for mode in ("native", "isolated")]
    return {level: total(isolated, level) / total(native, level) for level in LEVELS}


def null_call(counts, what):
    """A call's events, without the loop around it."""
    numbers = events(counts[what]["isolated"])
    numbers["instruction"] -= sum(row["other"] for row in counts[what]["functions"]
                                  if (row["module"], row["function"]) in LOOPS)
    return numbers


def model(counts):
    """All that is computed, for the JSON."""
    result = {"prices": {event: price._asdict() for event, price in PRICES.items()}, "traffic": {}, "calls": {}}
    for what in CALLS:
        numbers = null_call(counts, what)
        result["calls"][what] = {
            "events": dict(numbers), "cycles": {level: total(numbers, level) for level in LEVELS}}
    for what in TRAFFIC:
        native, isolated = [events(counts[what][mode]) for mode in ("native", "isolated")]
        untagged = [events(counts[what][mode], pcid=False) for mode in ("native", "isolated")]
        entry = result["traffic"][what] = {
            "events": {"native": dict(native), "isolated": dict(isolated)},
            "cycles": {mode: {level: total(numbers, level) for level in LEVELS}
                       for mode, numbers in (("native", native), ("isolated", isolated))},
            "by event": {"native": cycles(native), "isolated": cycles(isolated)},
            "ratio": ratios(counts[what]),
            "without PCID": {"native": total(untagged[0]), "isolated": total(untagged[1])},
        }
        # One price at a time, the others typical: which of them decides the ratio?
        entry["sensitivity"] = {
            event: [total(isolated, but={event: level}) / total(native, but={event: level})
                    for level in ("low", "high")] for event in PRICES if isolated[event]}
    return result


def report(result):
    """Lines of text, as in docs/bench/model.md."""
    yield "| | low | typical | high |"
    yield "| --- | ---: | ---: | ---: |"
    for what, call in result["calls"].items():
        yield f"| {what}: cycles | " + " | ".join(f"{call['cycles'][level]:.0f}" for level in LEVELS) + " |"
    for what, entry in result["traffic"].items():
        for mode in "native", "isolated":
            yield (f"| {what}, {mode}: cycles per packet | "
                   + " | ".join(f"{entry['cycles'][mode][level]:.0f}" for level in LEVELS) + " |")
        yield f"| {what}: isolated/native | " + " | ".join(f"{entry['ratio'][level]:.2f}" for level in LEVELS) + " |"
    yield ""
    names = [event for event in PRICES
             if any(entry["by event"]["isolated"].get(event) for entry in result["traffic"].values())]
    yield "| cycles per packet, typical | " + " | ".join(result["traffic"]) + " |"
    yield "| --- |" + " ---: |" * len(result["traffic"])
    for event in names:
        cells = [f"{entry['by event']['native'].get(event, 0):.0f} → {entry['by event']['isolated'].get(event, 0):.0f}"
                 for entry in result["traffic"].values()]
        yield f"| {event} | " + " | ".join(cells) + " |"
    cells = [f"{entry['without PCID']['native']:.0f} → {entry['without PCID']['isolated']:.0f}"
             for entry in result["traffic"].values()]
    yield "| all, on a CPU without PCID | " + " | ".join(cells) + " |"
    yield ""
    yield "| isolated/native if only this price is low … high | " + " | ".join(result["traffic"]) + " |"
    yield "| --- |" + " ---: |" * len(result["traffic"])
    for event in names:
        cells = ["{:.2f} … {:.2f}".format(*entry["sensitivity"].get(event, (entry["ratio"]["typical"],) * 2))
                 for entry in result["traffic"].values()]
        yield f"| {event} | " + " | ".join(cells) + " |"
