# SPDX-License-Identifier: GPL-2.0
"""The numbers of docs/bench/bench.json as one picture."""

import math
from xml.sax.saxutils import escape

COLOURS = {
    "user space": "#d9d9d9", "kernel": "#bdbdbd", "driver": "#636363",
    "crossings": "#08519c", "wrappers": "#6baed6", "packet headers": "#e6550d", "objects, memory": "#fdae6b",
    "checked stores": "#31a354", "the rest of nooks": "#f768a1", "kernel, for nooks": "#9e9ac8",
}
NAMES = {
    "tcp-send": "TCP, sending", "tcp-receive": "TCP, receiving",
    "udp-send": "UDP, sending 64 bytes", "udp-receive": "UDP, receiving 64 bytes",
}
WIDTH = 960
LEFT = 190		# where bars begin
BAR = 600		# the longest one
FUNCTIONS = 8


class Picture:
    """Lines of SVG, from the top down."""

    def __init__(self):
        self.lines = []
        self.y = 0

    def text(self, x, y, words, size=12, anchor="start", colour="#222", weight="normal"):
        self.lines.append(f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}" '
                          f'fill="{colour}" font-weight="{weight}">{escape(words)}</text>')

    def box(self, x, y, width, height, colour, title=""):
        title = f"<title>{escape(title)}</title>" if title else ""
        self.lines.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(width, 0):.1f}" height="{height:.1f}" '
                          f'fill="{colour}">{title}</rect>')

    def line(self, x1, y1, x2, y2, colour="#222", width=1.0):
        self.lines.append(f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" '
                          f'stroke="{colour}" stroke-width="{width}"/>')

    def dot(self, x, y, colour, title=""):
        self.lines.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4.5" fill="{colour}">'
                          f'<title>{escape(title)}</title></circle>')

    def heading(self, words, remark):
        self.y += 34
        self.text(20, self.y, words, 16, weight="bold")
        self.y += 17
        self.text(20, self.y, remark, 11, colour="#555")
        self.y += 10

    def svg(self):
        height = self.y + 20
        return "\n".join([
            "<!-- by scripts/bench, from docs/bench/bench.json -->",
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" '
            f'viewBox="0 0 {WIDTH} {height}" font-family="Helvetica, Arial, sans-serif">',
            f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>', *self.lines, "</svg>", ""])


def legend(picture, names):
    x, y = 20, picture.y + 14
    for name in names:
        width = 24 + 6.4 * len(name)
        if x + width > WIDTH - 20:
            x, y = 20, y + 18
        picture.box(x, y - 9, 11, 11, COLOURS[name])
        picture.text(x + 16, y + 1, name, 11)
        x += width
    picture.y = y + 8


def stacks(picture, counts):
    """How many instructions a packet takes, natively and in a domain, by part."""
    longest = max(counts[what]["isolated"]["instructions"]["median"] for what in NAMES)
    picture.heading("Instructions per packet",
                    "in the whole system, device and host excepted; medians of runs in one guest, which differ "
                    "by a few percent")
    legend(picture, COLOURS)
    for what, name in NAMES.items():
        picture.y += 10
        for mode in "native", "isolated":
            x, top = LEFT, picture.y
            numbers = counts[what][mode]
            for part, colour in COLOURS.items():
                value = numbers["parts"].get(part, {"median": 0})["median"]
                width = value / longest * BAR
                picture.box(x, top, width, 18, colour, f"{part}: {value:.0f}")
                x += width
            picture.text(LEFT - 8, top + 13, name if mode == "native" else "in a domain", 12, "end",
                         weight="bold" if mode == "native" else "normal")
            words = f"{numbers['instructions']['median']:,.0f}"
            if mode == "isolated":
                words += f"   × {counts[what]['ratio']['median']:.2f}"
            picture.text(x + 6, top + 13, words, 12)
            picture.y += 21


def ratios(picture, counts, times, model):
    """Isolated divided by native, measured three ways."""
    most = max([entry["ratio"][level] for entry in model["traffic"].values() for level in entry["ratio"]]
               + [times[what]["ratio"]["cpu_us_per_packet"]["max"] for what in NAMES])
    top = math.ceil(math.log2(most) * 2) / 2

    def place(ratio):
        return LEFT + math.log2(max(ratio, 1)) / top * BAR

    kinds = {"instructions": "#222222", "cycles on hardware, by the model (low to high prices)": "#e6550d",
             "CPU time of the emulator (TCG), least to most": "#6baed6"}
    picture.heading("In a domain, divided by natively", "1 would be free; the scale is logarithmic")
    x = 20
    for name, colour in kinds.items():
        picture.dot(x + 5, picture.y + 10, colour)
        picture.text(x + 16, picture.y + 14, name, 11)
        x += 40 + 6.0 * len(name)
    picture.y += 26
    bottom = picture.y + 42 * len(NAMES) + 4
    step = 0
    while 2 ** step <= 2 ** top + 1e-9:
        at = place(2 ** step)
        picture.line(at, picture.y, at, bottom, "#dddddd")
        picture.text(at, bottom + 14, f"{2 ** step:g}", 11, "middle", "#555")
        step += 1
    for what, name in NAMES.items():
        picture.text(LEFT - 8, picture.y + 24, name, 12, "end")
        priced, cpu = model["traffic"][what]["ratio"], times[what]["ratio"]["cpu_us_per_packet"]
        rows = [(counts[what]["ratio"]["min"], counts[what]["ratio"]["median"], counts[what]["ratio"]["max"]),
                sorted(priced.values()), (cpu["min"], cpu["median"], cpu["max"])]
        rows[1] = (rows[1][0], priced["typical"], rows[1][2])
        for (low, middle, high), colour in zip(rows, kinds.values()):
            y = picture.y + 8
            picture.line(place(low), y, place(high), y, colour, 2.5)
            picture.dot(place(middle), y, colour, f"{middle:.2f} ({low:.2f} to {high:.2f})")
            picture.text(max(place(high), place(middle)) + 9, y + 4, f"{middle:.2f}", 10, colour=colour)
            picture.y += 12
        picture.y += 6
    picture.y = bottom + 16


def functions(picture, counts):
    """What is more, by function: those that cost the most."""
    picture.heading("What is more, by function", "instructions per packet in a domain, less those natively: the "
                    f"first {FUNCTIONS} of each; colours as above")
    rows = {what: [(row, row["other"] - row["native"]) for row in counts[what]["functions"]][:FUNCTIONS]
            for what in NAMES}
    longest = max(more for some in rows.values() for _, more in some)
    top = picture.y
    for index, (what, name) in enumerate(NAMES.items()):
        left = 20 + index % 2 * (WIDTH / 2 - 10)
        y = top + index // 2 * (FUNCTIONS * 17 + 40) + 18
        picture.text(left, y, name, 12, weight="bold")
        for row, more in rows[what]:
            y += 17
            part = row["part"] if row["module"] == "nooks" else "kernel, for nooks"
            width = more / longest * 210
            picture.text(left + 172, y, row["function"], 11, "end")
            picture.box(left + 178, y - 10, width, 12, COLOURS[part], f"{part}: {more:.0f}")
            picture.text(left + 182 + width, y, f"{more:,.0f}", 11)
        picture.y = max(picture.y, y)


def chart(numbers):
    """SVG, from what scripts/bench writes."""
    picture = Picture()
    picture.y = 4
    picture.heading("What isolation costs: e1000",
                    f"{numbers['machine']['guest']}; nooks {numbers['machine']['nooks']}, "
                    f"{numbers['machine']['date'].split()[0]}")
    stacks(picture, numbers["counts"])
    ratios(picture, numbers["counts"], numbers["times"], numbers["model"])
    functions(picture, numbers["counts"])
    return picture.svg()
