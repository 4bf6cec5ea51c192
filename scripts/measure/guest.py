# SPDX-License-Identifier: GPL-2.0
"""The two guests that do what is measured, and what they talk to."""

import json
import os
import pathlib
import queue
import socket
import subprocess
import sys
import tempfile
import threading

TOP = pathlib.Path(__file__).resolve().parent.parent.parent
PLUGIN = TOP / "build/tests/plugin/count.so"


class Peers:
    """What listens on the host's loopback, beside scripts/peer: a sink of datagrams, which nobody reads;
    a source, which answers "COUNT SIZE" by so many datagrams of that size; a place for symbols, where a
    connection says its name on the first line."""

    def __init__(self):
        self.sink, self.source = [socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in range(2)]
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.symbols = queue.Queue()
        for each in self.sink, self.source:
            each.bind(("127.0.0.1", 0))
        for target in self.answer, self.collect:
            threading.Thread(target=target, daemon=True).start()

    def ports(self):
        return [each.getsockname()[1] for each in (self.sink, self.source, self.listener)]

    def answer(self):
        while True:
            request, sender = self.source.recvfrom(100)
            count, size = [int(word) for word in request.split()]
            for _ in range(count):
                self.source.sendto(bytes(size), sender)

    def collect(self):
        while True:
            connection, _ = self.listener.accept()
            with connection, connection.makefile() as lines:
                self.symbols.put((lines.readline().strip(), lines.readlines()))


def cpu_seconds(pid):
    """What the host's CPUs have spent on the guest's."""
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        if (task / "comm").read_text().startswith("CPU "):
            total += int((task / "schedstat").read_text().split()[0])
    return total / 1e9


def run(options, script, words, **environment):
    """Boot a guest for a script of tests/, and give what comes after "# bench " on each of its lines."""
    command = [TOP / "scripts/boot", "--follow", "yes"] + options + [script] + [str(word) for word in words]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                          env=dict(os.environ, **environment)) as guest:
        for line in guest.stdout:
            if line.startswith("# bench "):
                yield line[len("# bench "):].strip()
            else:
                print(line, end="", file=sys.stderr, flush=True)
    if guest.returncode:
        sys.exit("bench: the guest did not do all of its work")


def timed(options, script, words):
    """The samples of a script that says what tests/bench.sh does, each with the seconds that the guest's CPUs took of
    the host's."""
    samples = []
    with tempfile.TemporaryDirectory() as scratch:
        pidfile = pathlib.Path(scratch, "pid")
        options = options + ["--qemu", f"-pidfile {pidfile} -name bench,debug-threads=on"]
        for word in run(options, script, words):
            if word == "begin":
                begin = cpu_seconds(int(pidfile.read_text()))
            elif word == "end":
                end = cpu_seconds(int(pidfile.read_text()))
            else:
                sample = json.loads(word)
                if "microseconds" in sample:
                    sample["seconds"] = sample.pop("microseconds") / 1e6
                    sample["cpu_seconds"] = round(end - begin, 6)
                samples.append(sample)
    return samples


def take_times(pairs, mib, datagrams, pings):
    """What tests/bench.sh measures."""
    return timed(["--name", "bench", "--cpus", "2", "--nic", "e1000", "--seconds", "600"], "bench.sh",
                 [pairs, mib, datagrams, pings] + Peers().ports()[:2])


def take_file_times(turns, files, mib):
    """What tests/bench-files.sh measures."""
    return timed(["--name", "bench-files", "--cpus", "2", "--seconds", "900"], "bench-files.sh", [turns, files, mib])


def sections(path):
    """What the plugin has counted: of each section, a list of (address or "user" or "tlb", count, kind)."""
    result = []
    with open(path, encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words[0] == "section":
                lots = []
            elif words[0] == ".":
                result.append(lots)
            else:
                where = words[0]
                lots.append((where if where in ("user", "tlb") else int(where, 16), int(words[1]), words[2]))
    return result


def counted(name, script, words, symbol_tables, peers):
    """What a script does that says what tests/count.sh does: samples, what each of them has executed, and so many
    tables of symbols by "PAIR-MODE"."""
    with tempfile.TemporaryDirectory() as scratch:
        out = pathlib.Path(scratch, "counts")
        # With -icount, the time in the guest is the number of instructions, so that neither this machine's
        # load nor the price of an instruction here decides how many packets come together. The kernel is to
        # keep its lock prefixes, though there is one CPU, and to stay where the plugin's tlb.c takes it to be.
        options = ["--name", name, "--cpus", "1", "--cpu", "max,-la57", "--nic", "e1000", "--seconds", "600",
                   "--append", "noreplace-smp nokaslr",
                   "--qemu", f"-icount shift=0 -plugin file={PLUGIN},out={out}"]
        samples = [json.loads(word) for word in run(options, script, words, ACCEL="tcg,thread=single")]
        executed = sections(out)
    if len(samples) != len(executed):
        sys.exit(f"bench: {len(samples)} samples, but {len(executed)} sections were counted")
    symbols = dict(peers.symbols.get(timeout=60) for _ in range(symbol_tables))
    return samples, executed, symbols


def count_instructions(pairs, mib, datagrams):
    """What tests/count.sh does."""
    peers = Peers()
    return counted("count", "count.sh", [pairs, mib, datagrams] + peers.ports(), 2 * pairs, peers)


def count_file_instructions(files, mib):
    """What tests/count-files.sh does."""
    peers = Peers()
    return counted("count-files", "count-files.sh", [files, mib, peers.ports()[-1]], 2, peers)
