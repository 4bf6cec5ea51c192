# SPDX-License-Identifier: GPL-2.0
"""Whose an instruction of the guest's kernel is: which function's, and which part's of nooks."""

import bisect
import collections
import pathlib
import subprocess

# place: of nooks's functions, the object file that has them, as "folder/name".
Function = collections.namedtuple("Function", "module name place", defaults=("",))
LONGEST = 1 << 16		# of a function of the kernel's
USER = Function("user", "(user space)")
UNKNOWN = Function("kernel", "(unknown)")


def split(lines):
    """Of a guest's /proc/modules and /proc/kallsyms, one after the other: the modules' places as {name: (base,
    size)}, and the functions as a list of (address, Function)."""
    modules, functions = {}, []
    for line in lines:
        words = line.split()
        if "Live" in words[3:5]:
            modules[words[0]] = (int(words[5], 16), int(words[1]))
        elif words[1] in "tTwW":
            module = words[3].strip("[]") if len(words) > 3 else "kernel"
            functions.append((int(words[0], 16), Function(module, words[2])))
    return modules, functions


class Symbols:
    """The functions of a kernel, some of whose modules may have moved since their symbols were read."""

    def __init__(self, full, now, defined):
        """full: lines with all symbols; now: lines of the same modules' places now, or of all symbols again;
        defined: what sources() gives."""
        then, functions = split(full)
        modules, _ = split(now)
        found = {}
        for address, function in functions:
            if function.module in then:
                base, size = then[function.module]
                # Without what a module's init was, whose memory is another's by now.
                if function.module not in modules or not base <= address < base + size:
                    continue
                address += modules[function.module][0] - base
            # Of several names for one place, the one that the compiler has not made up.
            if address not in found or found[address].name.startswith("__"):
                found[address] = function
        self.addresses = sorted(found)
        self.functions = [found[address] for address in self.addresses]
        self.modules = modules
        ours = [i for i, function in enumerate(self.functions) if function.module == "nooks"]
        for i, place in zip(ours, places([self.functions[i].name for i in ours], defined)):
            self.functions[i] = self.functions[i]._replace(place=place)

    def function(self, address):
        if address == "user":
            return USER
        at = bisect.bisect_right(self.addresses, address) - 1
        if at < 0:
            return UNKNOWN
        function = self.functions[at]
        base, size = self.modules.get(function.module, (self.addresses[at], LONGEST))
        return function if base <= address < base + size else UNKNOWN


def by_function(section, symbols):
    """Of each function: a Counter of kinds of instructions, "all" for all of them; what string instructions
    repeat is "repeats", and not among these."""
    result = collections.defaultdict(collections.Counter)
    for address, count, kind in section:
        if address == "tlb":
            continue
        counter = result[symbols.function(address)]
        if kind != "repeats":
            counter["all"] += count
        if kind != "-":
            counter[kind] += count
    return result


def sources(top):
    """Of each function's name in nooks.ko: the objects that define one, as "folder/name"."""
    result = collections.defaultdict(set)
    paths = [path for pattern in ("nooks", "domains", "objtracker", "recovery", "wrappers", "build/*/generated")
             for path in pathlib.Path(top).glob(f"{pattern}/*.o")]
    listing = subprocess.run(["nm", "-A", "--defined-only", *paths], stdout=subprocess.PIPE, text=True, check=True)
    for line in listing.stdout.splitlines():
        path, rest = line.rsplit(":", 1)
        _, kind, name = rest.split()
        if kind in "tTwW":
            path = pathlib.Path(path)
            result[name].add(f"{path.parent.name}/{path.stem}")
    return result


def places(names, defined):
    """Of each of a module's functions, in the order of addresses: the object that it is in. Functions of one
    object stand together, so one whose name several objects use is its neighbours'."""
    result, before = [], "nooks/main"
    for name in names:
        candidates = defined.get(name, set())
        if len(candidates) == 1:
            before = next(iter(candidates))
        elif candidates and before not in candidates:
            before = sorted(candidates)[0]
        result.append(before)
    return result
