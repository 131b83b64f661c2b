"""Turns what `script` recorded of commands that print and end, without cursor movements, into an SVG."""
import re
import sys
from unicodedata import combining, east_asian_width
from xml.sax.saxutils import escape

CELL, LINE, MARGIN, SIZE = 8.4, 19, 20, 14  # pixels; 0.6 em is the advance of common monospace fonts
FONT = "ui-monospace, 'SF Mono', Menlo, 'DejaVu Sans Mono', Consolas, 'Liberation Mono', monospace"
BACK, FRONT = "#16181d", "#d7dae0"
LOOKS = {1: ' font-weight="bold"', 2: ' opacity="0.6"', 3: ' font-style="italic"', 4: ' text-decoration="underline"'}
# Lines and blocks are drawn, not written: fonts leave gaps between them. Which sides of its cell a line reaches:
REACHES = {"─": "lr", "│": "ud", "╭": "rd", "╮": "ld", "╰": "ru", "╯": "lu", "├": "udr", "┤": "udl", "┬": "lrd",
           "┴": "lru", "┼": "lrud"}
BLOCKS = {"▌": (0.5, 1), "█": (1, 1), "▓": (1, 0.7), "▒": (1, 0.45), "░": (1, 0.2)}  # how much of the width; how dense
PALETTE = ("#3b4048 #e06c75 #98c379 #e5c07b #61afef #c678dd #56b6c2 #c8ccd4 "
           "#7f8693 #ff7a85 #b5e08f #ffd68a #7fc1ff #dc9bef #74d3df #ffffff").split()


def colour(codes):  # what follows 38 or 48: `5;N` or `2;R;G;B`
    if codes.pop(0) == 2:
        return "#%02x%02x%02x" % tuple(codes.pop(0) for _ in range(3))
    n = codes.pop(0)
    if n < 16:
        return PALETTE[n]
    if n > 231:
        return "#" + "%02x" % (8 + 10 * (n - 232)) * 3
    return "#" + "".join("%02x" % (c and 55 + 40 * c) for c in ((n - 16) // 36, (n - 16) // 6 % 6, (n - 16) % 6))


def apply(style, codes):
    while codes:
        n = codes.pop(0)
        if n == 0:
            style.clear()
        elif n in (1, 2, 3, 4, 7):
            style[n] = True
        elif n in (22, 23, 24, 27):
            style.update({n - 20: False} if n > 22 else {1: False, 2: False})
        elif n in (38, 48):
            style["fg" if n == 38 else "bg"] = colour(codes)
        elif n in (39, 49):
            style.pop("fg" if n == 39 else "bg", None)
        elif n // 10 in (3, 4, 9, 10):
            style["fg" if n // 10 in (3, 9) else "bg"] = PALETTE[n % 10 + (8 if n >= 90 else 0)]


def width(text):
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def box(x, y, w, height, fill, more=""):
    return (f'<rect x="{x:.1f}" y="{y}" width="{w:.1f}" height="{height}" fill="{fill}"{more} '
            'shape-rendering="crispEdges"/>')


def lines_of(sign, x, y, cells):
    across, down = x + CELL / 2, y + LINE / 2
    if sign == "─":
        return f"M{x:.1f} {down}H{x + cells * CELL:.1f}"
    ends = {"l": (x, down), "r": (x + CELL, down), "u": (across, y), "d": (across, y + LINE)}
    ends = ["%.1f %.1f" % ends[side] for side in REACHES[sign]]
    if sign in "╭╮╰╯":
        return f"M{ends[0]}Q{across:.1f} {down} {ends[1]}"
    return "".join(f"M{across:.1f} {down}L{end}" for end in ends)


def draw(style, text, column, row):
    x, y, w = MARGIN + column * CELL, MARGIN + row * LINE, width(text) * CELL
    front, back = style.get("fg", FRONT), style.get("bg")
    if style.get(7):
        front, back = back or BACK, front
    if back:
        yield box(x, y, w, LINE, back)
    look = "".join(value for key, value in LOOKS.items() if style.get(key))
    if text[0] in BLOCKS:
        share, dense = BLOCKS[text[0]]
        yield box(x, y, w * share, LINE, front, f' fill-opacity="{dense}"{look}')
    elif text[0] in REACHES:
        cells = [lines_of(text[0], x, y, len(text))] if text[0] == "─" else [
            lines_of(sign, x + at * CELL, y, 1) for at, sign in enumerate(text)]
        yield f'<path d="{"".join(cells)}" fill="none" stroke="{front}"{look}/>'
    elif text.strip():
        yield (f'<text x="{x:.1f}" y="{y + SIZE}" textLength="{w:.1f}" lengthAdjust="spacingAndGlyphs" '
               f'fill="{front}"{look}>{escape(text)}</text>')


notes = r"\AScript started.*\n|\n*Script done.*\s*\Z"
controls = r"\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b\[[0-9;?]*[A-Za-ln-z]"
recorded = re.sub(f"{notes}|{controls}", "", sys.stdin.read())
lines = [line.rstrip("\r").rsplit("\r", 1)[-1] for line in recorded.rstrip().split("\n")]
style, body, columns = {}, [], 0
for row, line in enumerate(lines):
    column = 0
    # A sign beyond ASCII is placed apart from the letters around it: its font may draw it wider or narrower.
    for found in re.finditer(r"\x1b\[[0-9;]*m|[!-~]+(?: [!-~]+)*| +|([^\x00-\x7f])\1*", line):
        part = found[0]
        if part[0] == "\x1b":
            apply(style, [int(n or 0) for n in part[2:-1].split(";")])
        else:
            body += draw(style, part, column, row)
            column += width(part)
    columns = max(columns, column)
wide, high = 2 * MARGIN + columns * CELL, 2 * MARGIN + len(lines) * LINE
print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide:.0f} {high}" width="{wide:.0f}" height="{high}" '
      f'role="img" xml:space="preserve" font-family="{FONT}" font-size="{SIZE}">',
      f'<title>{escape(sys.argv[1])}</title><rect width="100%" height="100%" rx="8" fill="{BACK}"/>',
      *body, "</svg>", sep="\n")
