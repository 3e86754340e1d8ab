"""Pictures for tests: what a window shows, compared exactly; and a seeded one that has everything a codec can get wrong.

Pixels are B, G, R, 0 bytes, rows from the top without gaps.
"""
import math
import random
import struct
import subprocess
import zlib

# 5x7 letters, a row of 5 bits each, from the top.
FONT = {
    "A": "0e11111f111111", "B": "1e11111e11111e", "C": "0e11101010110e", "D": "1e11111111111e", "E": "1f10101e10101f",
    "F": "1f10101e101010", "G": "0e11101711110e", "H": "1111111f111111", "I": "0e04040404040e", "K": "11121418141211",
    "L": "1010101010101f", "M": "111b1515111111", "N": "11191513111111", "O": "0e11111111110e", "P": "1e11111e101010",
    "R": "1e11111e141211", "S": "0e11100e01110e", "T": "1f040404040404", "U": "1111111111110e", "V": "111111110a0a04",
    "0": "0e11131519110e", "1": "040c040404040e", "2": "0e11010204081f", "3": "1f02040201110e", "7": "1f010204080808",
    " ": "00000000000000", ".": "00000000000c0c", ":": "000c0c000c0c00", "#": "0a0a1f0a1f0a0a", "/": "00010204081000",
}


class Picture:
    def __init__(self, width, height, pixels):
        if len(pixels) != width * height * 4:
            raise ValueError("%dx%d is not %d bytes" % (width, height, len(pixels)))
        self.width, self.height = width, height
        self.pixels = bytearray(pixels)
        self.pixels[3::4] = bytes(width * height)

    def __eq__(self, other):
        return isinstance(other, Picture) and (self.width, self.height) == (other.width, other.height) and self.pixels == other.pixels

    def rows(self):
        stride = self.width * 4
        return (bytes(self.pixels[y:y + stride]) for y in range(0, len(self.pixels), stride))

    def difference(self, other):
        """What differs, in words; None when nothing does."""
        if (self.width, self.height) != (other.width, other.height):
            return "%dx%d instead of %dx%d" % (other.width, other.height, self.width, self.height)
        if self == other:
            return None
        count, first = 0, None
        for y, (a, b) in enumerate(zip(self.rows(), other.rows())):
            if a == b:
                continue
            for x in range(self.width):
                if a[4 * x:4 * x + 3] != b[4 * x:4 * x + 3]:
                    count += 1
                    first = first or (x, y, a[4 * x:4 * x + 3], b[4 * x:4 * x + 3])
        x, y, a, b = first
        return "%d pixels differ, the first at %d,%d: #%s instead of #%s" % (count, x, y, b[::-1].hex(), a[::-1].hex())

    def worst_tile(self, other, size=64):
        """The PSNR in dB of the tile that differs most; 99 when none does."""
        worst = 0
        for top in range(0, self.height, size):
            rows = range(top, min(top + size, self.height))
            for left in range(0, self.width, size):
                width, squares = min(size, self.width - left), 0
                for y in rows:
                    at = (y * self.width + left) * 4
                    a, b = self.pixels[at:at + width * 4], other.pixels[at:at + width * 4]
                    if a != b:
                        squares += sum((p - q) * (p - q) for p, q in zip(a, b))
                worst = max(worst, squares / (3 * width * len(rows)))
        return 10 * math.log10(255 * 255 / worst) if worst else 99

    def save_png(self, path):
        rgb = bytearray(self.width * self.height * 3)
        rgb[0::3], rgb[1::3], rgb[2::3] = self.pixels[2::4], self.pixels[1::4], self.pixels[0::4]
        stride = self.width * 3
        rows = b"".join(b"\0" + rgb[y:y + stride] for y in range(0, len(rgb), stride))

        def chunk(name, data):
            return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        with open(path, "wb") as png:
            png.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", self.width, self.height, 8, 2, 0, 0, 0))
                      + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


def read_xwd(data):
    """A window dump of 32 bits a pixel, as every X server here makes it (X11/XWDFile.h)."""
    fields = struct.unpack(">25I", data[:100])
    size, version, form, _, width, height, _, order = fields[:8]
    bits, stride, colours = fields[11], fields[12], fields[19]
    # Red, green, blue. On an Xvfb rdesktop takes a visual that names them the other way round, and puts pixels in the
    # screen's own order all the same: what is seen is what lies in the screen's memory, whatever the visual says.
    masks = fields[14:17]
    if version != 7 or form != 2 or bits != 32 or sorted(masks) != [0xff, 0xff00, 0xff0000] or masks[1] != 0xff00:
        raise ValueError("a window dump in a format that is not expected: %s" % (fields,))
    start = size + colours * 12
    rows = [data[start + y * stride:start + y * stride + width * 4] for y in range(height)]
    pixels = bytearray(b"".join(rows))
    if order:       # most significant byte first
        pixels[0::4], pixels[1::4], pixels[2::4] = pixels[3::4], pixels[2::4], pixels[1::4]
    return Picture(width, height, pixels)


def grab(display, window=None, env=None):
    """A window, or the whole screen, of a display. None when the window has gone."""
    where = ["-id", str(window)] if window else ["-root"]
    run = subprocess.run(["xwd", "-silent", "-display", display] + where, env=env, capture_output=True, timeout=30)
    return read_xwd(run.stdout) if run.returncode == 0 and len(run.stdout) > 100 else None


class Canvas:
    """Rows of pixels that parts are drawn into. Everything is by whole rows: fast enough for 1920x1080 (0.3 s)."""

    def __init__(self, width, height):
        self.width, self.height = width, height
        self.rows = [bytearray(b"\xf0\xf0\xf0\0" * width) for _ in range(height)]

    def put(self, x, y, row):
        if 0 <= y < self.height and 0 <= x < self.width:
            row = row[:(self.width - x) * 4]
            self.rows[y][x * 4:x * 4 + len(row)] = row

    def fill(self, left, top, width, height, colour):
        for y in range(top, top + height):
            self.put(left, y, colour * width)

    def noise(self, rng, left, top, width, height):
        for y in range(top, top + height):
            self.put(left, y, rng.randbytes(width * 4))

    def photo(self, rng, left, top, width, height):
        """Soft gradients in each channel with a little grain."""
        period = 2048
        waves = []
        for _ in range(3):
            bends = [rng.uniform(-40, 40) for _ in range(4)]
            level = rng.uniform(80, 170)
            values, bend = bytearray(period), 0.0
            for i in range(period):
                bend = bends[i * 4 // period] * 4 / period
                level += bend if 20 < level + bend < 235 else 0
                values[i] = int(level)
            waves.append(bytes(values) + bytes(values[::-1]))
        waves = [wave * (2 + (width + height * 2) // len(wave)) for wave in waves]
        grain_mask = int.from_bytes(b"\x07\x03\x07\0" * width, "big")
        for y in range(height):
            row = bytearray(width * 4)
            for channel, step in enumerate((1, 2, 0)):
                start = y * step
                row[channel::4] = waves[channel][start:start + width]
            grain = int.from_bytes(rng.randbytes(width * 4), "big") & grain_mask
            self.put(left, top + y, (int.from_bytes(row, "big") ^ grain).to_bytes(width * 4, "big"))

    def lines(self, left, top, width, height):
        """One-pixel lines: columns, rows, a checkerboard, diagonals."""
        black, white, red = b"\0\0\0\0", b"\xff\xff\xff\0", b"\0\0\xff\0"
        part = max(1, width // 4)
        for y in range(height):
            self.put(left, top + y, (black + white) * (part // 2))
            self.put(left + part, top + y, (black if y % 2 else white) * part)
            self.put(left + 2 * part, top + y, (black + red if y % 2 else red + black) * (part // 2))
            diagonal = bytearray(white * part)
            for x in range(y % 7, part, 7):
                diagonal[4 * x:4 * x + 4] = black
            self.put(left + 3 * part, top + y, diagonal)

    def text(self, rng, left, top, width, height, dark):
        """Lines of small letters with coloured fringes, as LCD rendering makes them."""
        alphabet = "".join(FONT)
        for line in range(height // 10):
            letters = [rng.choice(alphabet) for _ in range(width // 6)]
            shift = rng.randrange(3)        # thirds of a pixel
            for y in range(7):
                thirds = [0] * (shift + 2)
                for letter in letters:
                    bits = int(FONT[letter][2 * y:2 * y + 2], 16)
                    for bit in (16, 8, 4, 2, 1):
                        thirds += [255 if bits & bit else 0] * 3
                    thirds += [0] * 3
                thirds += [0] * 4
                row = bytearray(width * 4)
                for x in range(min(width, len(thirds) // 3 - 1)):
                    for channel in range(3):        # R is the leftmost third
                        at = 3 * x + channel
                        cover = (thirds[at - 1] + thirds[at] + thirds[at + 1]) // 3 if at else 0
                        row[4 * x + 2 - channel] = cover if dark else 255 - cover
                self.put(left, top + line * 10 + y, row)

    def picture(self):
        return Picture(self.width, self.height, b"".join(self.rows))


def seeded(width, height, seed):
    """Subpixel text, a photo, one-pixel lines, noise and flat areas, in any size from 1x1."""
    rng = random.Random(seed)
    canvas = Canvas(width, height)
    half, third = max(1, width // 2), max(1, height // 3)
    canvas.photo(rng, 0, 0, half, third * 2)
    canvas.text(rng, half, 0, width - half, min(third, 240), dark=False)
    canvas.fill(half, third, width - half, third // 2, rng.randbytes(3) + b"\0")
    canvas.text(rng, half, third + third // 2, width - half, min(third // 2, 120), dark=True)
    canvas.lines(0, third * 2, half, height - third * 2)
    canvas.noise(rng, half, third * 2, min(width - half, 300), min(height - third * 2, 200))
    for i in range(12):
        canvas.fill(half + 300 + 20 * i, third * 2 + 15 * i, 97, 61, rng.randbytes(3) + b"\0")
    canvas.fill(0, 0, width, 1, b"\xff\0\xff\0")
    canvas.fill(0, height - 1, width, 1, b"\0\xff\xff\0")
    canvas.fill(0, 0, 1, height, b"\xff\xff\0\0")
    canvas.fill(width - 1, 0, 1, height, b"\0\x80\xff\0")
    return canvas.picture()
