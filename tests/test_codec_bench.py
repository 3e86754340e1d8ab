#!/usr/bin/env python3
"""codec-bench: that it runs with each instruction set, what it says, and that what it says of bytes and quality is true."""
import json
import os
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests'))
from tap import done, note, ok, skip  # noqa: E402

BENCH = os.path.join(os.environ.get('top_builddir', '.'), 'bench', 'codec-bench')
FIELDS = {'picture', 'codec', 'isa', 'threads', 'ms', 'bytes', 'psnr', 'freerdp_ms', 'freerdp_bytes', 'ratio'}
QUICK = ['--processes', '1', '--rounds', '1']


def bench(*words):
    return subprocess.run([BENCH, *words], text=True, capture_output=True, timeout=300)


def rows(run):
    """Its objects by picture and codec; none when anything is not as it should be."""
    if run.returncode:
        note(run.stderr)
        return {}
    found = {}
    for line in run.stdout.splitlines():
        row = json.loads(line)
        if not FIELDS <= row.keys() or not row['ms'] > 0:
            note('lacks something: ' + line)
            return {}
        found[row['picture'], row['codec']] = row
    return found


def listed():
    lists = {'codec': [], 'picture': [], 'isa': []}
    for line in bench('--list').stdout.splitlines():
        kind, name = line.split(':')[0].split()
        lists[kind].append(name)
    return lists


def test_each_isa(lists):
    first = {}
    for isa in ('c', 'avx2', 'avx512', 'neon'):
        run = bench('--json', '--isa', isa, '--size', '200x130', *QUICK)
        if isa not in lists['isa']:
            ok(run.returncode == 3 and not run.stdout, f'{isa}: exits with 3, for it is not here')
            continue
        found = rows(run)
        ok(found and {codec for _, codec in found} == set(lists['codec']) and
           {picture for picture, _ in found} == set(lists['picture']),
           f'{isa}: every codec and picture has a JSON object with all fields')
        ok(found and all(row['isa'] == isa and row['threads'] == 1 for row in found.values()), f'{isa}: and says so')
        sizes = {key: row['bytes'] for key, row in found.items()}
        first = first or sizes
        ok(sizes == first, f'{isa}: makes as many bytes as the others')


def test_figures(lists):
    found = rows(bench('--json', '--threads', '2', '--size', '300x200', *QUICK))
    ok(found and all(row['threads'] == 2 for row in found.values()), 'two threads are said to be two')
    exact = {codec for (_, codec), row in found.items() if row['exact']}
    lossy = {codec for (_, codec), row in found.items() if row['psnr'] is not None}
    ok({'planar', 'zgfx', 'clear'} == exact and {'progressive', 'upgrade-full', 'rlgr1', 'rlgr3'} <= lossy - exact,
       'planar, ZGFX and ClearCodec are exact, RemoteFX is not')
    ok(all(row['psnr'] is None or 10 < row['psnr'] < 90 for row in found.values()), 'what is not exact has a true PSNR')
    ok(all((row['ratio'] is None) == (row['freerdp_ms'] is None) == (row['freerdp_bytes'] is None) for row in found.values()),
       'where FreeRDP has no such encoder, there is no figure of it')
    planar = found.get(('noise', 'planar'), {'bytes': 0})
    tiles = 5 * 4   # 300x200, cut into tiles of 64x64
    ok(planar['bytes'] == 300 * 200 * 3 + 2 * tiles, 'planar of noise is three bytes a pixel and two a tile')


def test_frames():
    found = rows(bench('--json', *QUICK, '--codec', 'frame', '--picture', 'scroll', '--picture', 'typing', '--picture', 'drag'))
    sizes = {picture: row['bytes'] for (picture, _), row in found.items()}
    note(sizes)
    ok(0 < sizes.get('scroll', 0) <= 15000, '1920x1080 of text scrolled by 40 pixels is at most 15 KB')
    ok(0 < sizes.get('typing', 0) <= 2000, 'a key typed into it is at most 2 KB')
    ok(0 < sizes.get('drag', 0) <= 30000, 'a step of a window that is dragged over it is at most 30 KB')


def test_files():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'a "picture".bgrx')
        with open(path, 'wb') as file:
            file.write(bytes([1, 2, 3, 0]) * 70 * 65)
        found = rows(bench('--json', *QUICK, path, '70x65'))
        ok(found and {picture for picture, _ in found} == {'a "picture".bgrx'} and
           all((row['width'], row['height']) == (70, 65) for row in found.values()), 'a file is measured alone')
        ok(('a "picture".bgrx', 'planar') in found and found['a "picture".bgrx', 'planar']['exact'], 'and comes back exactly')
        run = bench(*QUICK, '--codec', 'planar', '--picture', 'dark', '--size', '64x64', path, '70x65')
        ok(run.returncode == 0 and 'dark ' in run.stdout and 'picture".bgrx' in run.stdout, 'a picture and a file have a table')
        for size in ('70x64', '70x66'):
            run = bench(*QUICK, path, size)
            ok(run.returncode == 1 and 'size' in run.stderr and not run.stdout, f'a file that is not {size} is refused')


def test_wrong_words():
    for words in (['--threads', '0'], ['--threads', '65'], ['--size', '0x1'], ['--size', '64'], ['--size', '64x'],
                  ['--codec', 'none'], ['--picture', 'none'], ['--rounds', '-1'], ['--what'], ['file'],
                  ['/nonexistent', '8x8'], ['x', 'y']):
        run = bench(*words)
        ok(run.returncode == 1 and run.stderr and not run.stdout, f'{" ".join(words)} is refused')
    words = bench('--help').stdout
    ok(all(word in words for word in ('--json', '--isa', '--threads', 'FILE.bgrx WIDTHxHEIGHT')), '--help says how it is used')


if not os.access(BENCH, os.X_OK):
    skip('codec-bench is not built')
    done()
LISTS = listed()
test_each_isa(LISTS)
test_figures(LISTS)
test_frames()
test_files()
test_wrong_words()
done()
