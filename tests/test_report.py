#!/usr/bin/env python3
"""kagami-bench compare and report: figures and plots against values worked out by hand, and hostile files."""
import html.parser
import json
import os
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree

SOURCE = os.environ.get('top_srcdir', '.')
sys.path.insert(0, os.path.join(SOURCE, 'tests'))
from tap import done, note, ok  # noqa: E402

BENCH = os.path.join(os.environ.get('top_builddir', '.'), 'kagami-bench')
RESULTS = os.path.join(SOURCE, 'tests', 'results')
BASE, OTHER, LOAD = (os.path.join(RESULTS, name + '.json') for name in ('base', 'other', 'load'))
PLOTS = ['latency', 'distribution', 'bandwidth', 'quality', 'load']
SVG = '{http://www.w3.org/1999/xhtml}'
VOID = ('meta',)


def bench(*words):
    return subprocess.run([BENCH, *words], text=True, capture_output=True, timeout=120)


# ---- compare ----

def compare():
    run = bench('compare', '--json', BASE, OTHER)
    found = json.loads(run.stdout) if run.returncode == 0 else {}
    ok(found.get('a') == 'base' and found.get('b') == 'other', 'two measurements are compared')
    figures = found.get('figures', {})
    for path, a, b, ratio in (('latency_ms.p50', 20, 10, 0.5), ('latency_ms.p95', 40, 30, 0.75),
                              ('bytes.mbit_per_second', 8, 12, 1.5), ('server_cost.cores', 0.4, 0.5, 1.25),
                              ('connect_ms', 100, 100, 1), ('frames.stutters', 0, 3, None),
                              ('draw_ms', 3.5, None, None), ('quality.moving.psnr_db', 36, 40, 1.1111)):
        ok(figures.get(path) == {'a': a, 'b': b, 'ratio': ratio}, '%s: %s and %s, ratio %s' % (path, a, b, ratio))
    ok('input.to_photon_ms.p50' not in figures and 'drawing_cost.cores' not in figures,
       'what neither knows is left out')
    ok(found.get('operations_mbit_per_second') == {
        'clear': {'a': 2, 'b': None, 'ratio': None}, 'progressive': {'a': 6, 'b': 3, 'ratio': 0.5},
        'copy': {'a': 0.001, 'b': None, 'ratio': None}, 'fill': {'a': None, 'b': 0.5, 'ratio': None}},
        'operations are compared by their Mbit/s, those of one side too')
    ok(found.get('differ') == {
        'fps': {'a': None, 'b': '60'}, 'link.name': {'a': None, 'b': 'lan'}, 'congestion': {'a': 'cubic', 'b': 'bbr'},
        'server_congestion': {'a': None, 'b': 'cubic'}},
       'what was not alike is said')
    table = bench('compare', BASE, OTHER).stdout
    rows = {line[:24].strip(): line[24:].split() for line in table.splitlines()}
    ok(rows.get('latency p50') == ['ms', '20.0', '10.0', '0.500'], 'the table has a line with both and the ratio')
    ok(rows.get("server's CPU", [])[-3:] == ['40.0', '50.0', '1.250'], 'in units for people')
    ok(rows.get('clear') == ['Mbit/s', '2.000', '-', '-'], 'and dashes for what is not known')
    ok('they differ in congestion control: cubic, bbr' in table, 'and says what was not alike')


# ---- report ----

class Elements(html.parser.HTMLParser):
    """What an HTML parser sees: that tags are closed in order, and every attribute that could load something."""

    def __init__(self, text):
        super().__init__()
        self.open, self.wrong, self.loads, self.scripts = [], [], [], 0
        self.feed(text)
        self.close()
        self.wrong += self.open

    def handle_starttag(self, tag, attributes):
        self.scripts += tag == 'script' or any(name.startswith('on') for name, _ in attributes)
        loading = 'src', 'href', 'srcset', 'data', 'style', 'action'
        self.loads += [value for name, value in attributes if name in loading]
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.wrong.append(tag)


def page_of(*files):
    """The page as text and as a tree; None where it is not well formed."""
    run = bench('report', '-', *files)
    if run.returncode:
        note(run.stderr)
        return '', None
    try:
        return run.stdout, tree.fromstring(run.stdout)
    except tree.ParseError as error:
        note(error)
        return run.stdout, None


def plots(page):
    return {svg.get('id'): svg for svg in page.iter(SVG + 'svg')} if page is not None else {}


def drawn(svg, run):
    """What is drawn for a run, as [tag, attributes]."""
    return [(e.tag[len(SVG):], e) for e in svg.iter() if e.get('class', '').split()[:2] == ['run', 'c%d' % run]]


def geometry(found):
    # A picture is 760 by 320; its axes are from (62, 274) to (746, 12).
    latency = [e.get('d') for _, e in drawn(found['latency'], 0)]
    # 0 to 4 s and 0 to 40 ms: 2 s is 62 + 684 / 2, 20 ms 274 - 262 / 2.
    ok(len(latency) == 1 and latency[0].startswith('M147.5 208.5L233.0 143.0L318.5 208.5L404.0 143.0L489.5 12.0'),
       'each frame is where its time and latency are: %s' % latency)
    shares = drawn(found['distribution'], 0)[0][1].get('d')
    # Of eight frames two within 10 ms: 274 - 262 / 4 at a quarter of 0 to 40 ms; five within 20, seven within 30.
    ok(all(step in shares for step in ('H233.0V208.5', 'H404.0V110.2', 'H575.0V44.8')), 'shares of frames: %s' % shares)
    bars = [e.get('width') for tag, e in drawn(found['bandwidth'], 0) if tag == 'rect']
    # 6 Mbit/s, the most, are 540 wide; what is next to nothing is seen.
    ok(bars == ['180.0', '540.0', '1.0'], 'bars are as long as their Mbit/s: %s' % bars)
    marks = [(e.get('cx'), e.get('cy')) for run in (0, 1) for tag, e in drawn(found['quality'], run) if tag == 'circle']
    # 0 to 12 Mbit/s, 0 to 100 dB.
    ok(marks == [('518.0', '179.7'), ('518.0', '12.0'), ('746.0', '169.2')], 'quality by Mbit/s: %s' % marks)
    loads = [e.get('d') for tag, e in drawn(found['load'], 2) if tag == 'path']
    # 0 to 20 sessions, 0 to 0.5 cores.
    ok(loads == ['M96.2 221.6L404.0 232.1L746.0 211.1'], 'cores of a session by sessions: %s' % loads)
    ones = [(e.get('cx'), e.get('cy')) for tag, e in drawn(found['load'], 0) if tag == 'circle']
    ok(ones == [('96.2', '64.4')], 'one session is a load of one: %s' % ones)


def report():
    text, page = page_of(BASE, OTHER, LOAD)
    elements = Elements(text)
    ok(page is not None and not elements.wrong, 'the page is well formed as XML and as HTML')
    ok(not elements.loads and not elements.scripts and 'url(' not in text and '@import' not in text,
       'it has nothing that loads anything, and no script')
    ok("default-src 'none'" in text and 'prefers-color-scheme: dark' in text, 'and says so; it is light or dark')
    found = plots(page)
    ok(list(found) == PLOTS, 'every plot is there')
    if list(found) == PLOTS:
        ok(all(drawn(found[name], run) for name in PLOTS[:4] for run in (0, 1)),
           'each has something of both measurements')
        geometry(found)
    rows = [[''.join(cell.itertext()) for cell in row] for row in page.iter(SVG + 'tr')] if page is not None else []
    cells = {row[0]: row[2:] for row in rows}
    ok(cells.get('latency p95') == ['40.0', '30.0', ''] and cells.get('congestion control') == ['cubic', 'bbr', ''] and
       cells.get("server's memory") == ['50.0', '50.0', ''], 'the table has their figures and how they were measured')


def nothing_to_plot():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'x<&"\'\x01\udcff.json')
        with open(path, 'w') as file:
            json.dump({'schema': 1, 'workload': '<script>alert("1")</script>&\x02'}, file)
        text, page = page_of(path)
        ok(page is not None and not plots(page) and text.count('None of these measurements') == 5,
           'where there is nothing to plot, a sentence says so')
        ok('<script' not in text and '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;\ufffd' in text and
           'x&lt;&amp;&quot;&#39;??' in text, 'names and words of a measurement are only text')
        for value in (0, 1e-300, 1e15, 0.1, 7):
            one = {'schema': 1, 'seconds': value, 'quality': {'moving': {'psnr_db': value}},
                   'bytes': {'mbit_per_second': value, 'operations': {'a': {'bytes': value}}},
                   'latency_series': {'at_s': [value, value], 'latency_ms': [value, value]},
                   'server_cost': {'cores': value}}
            with open(path, 'w') as file:
                json.dump(one, file)
            text, page = page_of(path)
            ok(page is not None and list(plots(page)) == PLOTS and 'nan' not in text and 'inf' not in text,
               'all values %s: every plot has axes' % value)
        many = {'schema': 1, 'latency_series': {'at_s': [i / 1000 for i in range(100000)],
                                                'latency_ms': [i * 7919 % 50 for i in range(100000)]}}
        with open(path, 'w') as file:
            json.dump(many, file)
        text, page = page_of(*[path] * 16)
        ok(page is not None and len(text) < 3000000,
           '16 measurements of 100000 frames make a page of %d kB' % (len(text) / 1000))


# ---- what is refused ----

def refused(what, data, sentence):
    with tempfile.TemporaryDirectory() as folder:
        path, page = os.path.join(folder, 'bad.json'), os.path.join(folder, 'page.html')
        with open(path, 'wb') as file:
            file.write(data)
        runs = bench('report', page, BASE, path), bench('compare', BASE, path)
        begin = 'kagami-bench: cannot read %s: ' % path
        ok(all(run.returncode == 1 and not run.stdout and run.stderr[-1:] == '\n' and run.stderr[:-1].isprintable() and
               run.stderr.startswith(begin) and sentence in run.stderr for run in runs) and not os.path.exists(page),
           '%s: %s' % (what, runs[0].stderr[len(begin):].strip()))


def hostile():
    with open(BASE, 'rb') as file:
        good = file.read()
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'cut.json')
        for size in range(0, len(good) - 2, 37):
            with open(path, 'wb') as file:
                file.write(good[:size])
            run = bench('compare', path, BASE)
            wrong += run.returncode != 1 or run.stderr.count('\n') != 1 or not run.stderr.startswith('kagami-bench: ')
    ok(not wrong, 'a file that ends too early is refused with one line, wherever it ends')
    refused('an array', b'[]', 'is not an object')
    refused('another schema', b'{"schema": 2}', 'its schema is 2')
    refused('no schema', b'{"a": 1}', 'has no schema')
    refused('a text as figure', good.replace(b'"p50": 20,', b'"p50": "20",'), 'latency_ms.p50 is not a number')
    refused('a negative figure', good.replace(b'"p50": 20,', b'"p50": -20,'), 'latency_ms.p50 is out of range')
    refused('an enormous figure', good.replace(b'"p50": 20,', b'"p50": 1e300,'), 'latency_ms.p50 is out of range')
    refused('no number of JSON', good.replace(b'"p50": 20,', b'"p50": NaN,'), 'line ')
    refused('a number in place of an object', good.replace(b'"latency_ms": {', b'"latency_ms": 3, "x": {'),
            'latency_ms is not an object')
    refused('an object as condition', good.replace(b'"video"', b'{}'), 'workload is neither')
    refused('a long text', good.replace(b'video', b'v' * 300), 'workload is longer than 200 bytes')
    refused('times without latencies', good.replace(b'[0.5, 1,', b'[0.5,'), 'not as many times')
    refused('a text among latencies', good.replace(b'[10, 20,', b'["10", 20,'),
            'a latency of latency_series is not a number')
    refused('an operation without bytes', good.replace(b'"bytes": 500', b'"b": 500'), 'bytes of an operation')
    refused('two of a name', good.replace(b'"seed": 1,', b'"seed": 1, "seed": 2,'), 'duplicate')
    refused('what follows', good + b'x', 'line ')
    refused('no UTF-8', good.replace(b'video', b'\xff\xfe'), 'line ')
    refused('escapes for a terminal', b'{"schema\x1b[31m\n": 1}', 'line ')
    refused('deep brackets', b'[' * 100000, 'line ')
    many = b','.join(b'"%d": 0' % i for i in range(65))
    refused('many operations', b'{"schema": 1, "bytes": {"operations": {%s}}}' % many, 'more than 64')
    refused('steps that are none', b'{"schema": 1, "load": {"steps": [1]}}', 'sessions of a step')


def wrong_words():
    with tempfile.TemporaryDirectory() as folder:
        lost = os.path.join(folder, 'other.json')
        for words in (['compare'], ['compare', BASE], ['compare', BASE, OTHER, LOAD],
                      ['compare', '--what', BASE, OTHER], ['report'],
                      ['report', 'x.html'], ['report', lost, BASE], ['report', '--what', BASE],
                      ['report', '-'] + [BASE] * 17):
            run = bench(*words)
            ok(run.returncode == 2 and run.stderr.startswith('kagami-bench: ') and run.stderr.count('\n') == 1 and
               not run.stdout, 'refused: %s' % run.stderr.strip())
        ok(not os.path.exists(lost), 'a measurement is not written over')
        for words in (['compare', BASE, '/nonexistent.json'], ['report', '/nonexistent/page.html', BASE],
                      ['report', '-', folder]):
            run = bench(*words)
            ok(run.returncode == 1 and run.stderr.count('\n') == 1, run.stderr.strip())
    ok(all(bench(name, '--help').stdout.startswith('Usage: kagami-bench ' + name) for name in ('compare', 'report')),
       '--help says how each is used')


compare()
report()
nothing_to_plot()
hostile()
wrong_words()
done()
