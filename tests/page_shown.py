#!/usr/bin/env python3
"""make check-report: the page of kagami-bench report as Chromium shows it, light and dark. page_shown.py [PAGE.html]"""
import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import time

SOURCE = os.environ.get('top_srcdir', '.')
BUILD = os.environ.get('top_builddir', '.')
sys.path.insert(0, os.path.join(SOURCE, 'tests'))
from tap import done, note, ok, skip  # noqa: E402

PLOTS = ['latency', 'distribution', 'bandwidth', 'quality', 'load']
NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')
PATIENCE_S = 120
WIDTH = 1000

# For each picture its size, and what in it has no size, is not seen against the page, or lies outside.
LOOK = '''[...document.querySelectorAll('svg')].map(svg => {
    const out = svg.getBoundingClientRect(), ground = getComputedStyle(document.body).backgroundColor, wrong = [];
    const runs = svg.querySelectorAll('.run');
    for (const e of [...runs, ...svg.querySelectorAll('text')]) {
        const box = e.getBoundingClientRect(), style = getComputedStyle(e), what = e.outerHTML.slice(0, 80);
        const paint = style.fill == 'none' ? style.stroke : style.fill;
        if (!box.width && !box.height) wrong.push('has no size: ' + what);
        if (paint == 'none' || paint == ground) wrong.push('is not seen: ' + what);
        if (Math.min(box.left - out.left, out.right - box.right, box.top - out.top, out.bottom - box.bottom) < -1)
            wrong.push('is outside: ' + what);
    }
    return { id: svg.id, width: out.width, height: out.height, runs: runs.length, wrong };
})'''


class Browser:
    """Chromium, told what to do in its DevTools protocol: JSON, a 0 after each message, on its descriptors 3 and 4."""

    def __init__(self, program, folder):
        theirs_in, self.to = os.pipe()
        self.answers, theirs_out = os.pipe()
        # The shell puts the descriptors where the browser looks for them.
        self.process = subprocess.Popen(
            ['sh', '-c', 'exec "$@" 3<&%d 4>&%d' % (theirs_in, theirs_out), 'sh', program, '--headless=new',
             '--no-sandbox', '--disable-gpu', '--no-first-run', '--remote-debugging-pipe', '--user-data-dir=' + folder,
             'about:blank'],
            pass_fds=(theirs_in, theirs_out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        os.close(theirs_in)
        os.close(theirs_out)
        self.number, self.buffer, self.session, self.events = 0, b'', None, []

    def message(self):
        end = time.monotonic() + PATIENCE_S
        while b'\0' not in self.buffer:
            ready, _, _ = select.select([self.answers], [], [], max(0, end - time.monotonic()))
            data = os.read(self.answers, 1 << 20) if ready else b''
            if not data:
                raise OSError('the browser says nothing')
            self.buffer += data
        one, self.buffer = self.buffer.split(b'\0', 1)
        return json.loads(one)

    def ask(self, method, **parameters):
        self.number += 1
        request = {'id': self.number, 'method': method, 'params': parameters}
        if self.session:
            request['sessionId'] = self.session
        os.write(self.to, json.dumps(request).encode() + b'\0')
        while True:
            message = self.message()
            if message.get('id') == self.number:
                if 'error' in message:
                    raise OSError('%s: %s' % (method, message['error']))
                return message['result']
            self.events.append(message)

    def wait_for(self, method):
        while not any(event.get('method') == method for event in self.events):
            self.events.append(self.message())

    def of(self, *methods):
        return [event['params'] for event in self.events if event.get('method') in methods]

    def end(self):
        os.close(self.to)       # which tells it to end
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self.answers)


def look(browser, scheme):
    browser.ask('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': scheme}])
    result = browser.ask('Runtime.evaluate', expression=LOOK, returnByValue=True)['result']
    pictures = {picture['id']: picture for picture in result.get('value', [])}
    ok(list(pictures) == PLOTS, '%s: every plot is there' % scheme)
    for name, picture in pictures.items():
        for wrong in picture['wrong']:
            note(wrong)
        ok(picture['runs'] and picture['width'] > WIDTH / 2 and picture['height'] > 50 and not picture['wrong'],
           '%s: %s is drawn, %d things of measurements, all seen and inside' % (scheme, name, picture['runs']))
    ground = browser.ask('Runtime.evaluate', expression='getComputedStyle(document.body).backgroundColor')
    return ground['result']['value']


def take_picture(browser, path):
    size = browser.ask('Page.getLayoutMetrics')['cssContentSize']
    picture = browser.ask('Page.captureScreenshot', format='png', captureBeyondViewport=True,
                          clip={'x': 0, 'y': 0, 'width': WIDTH, 'height': size['height'], 'scale': 1})
    with open(path, 'wb') as file:
        file.write(base64.b64decode(picture['data']))
    ok(os.path.getsize(path) > 10000, 'a picture of it is in %s' % path)


def show(browser, page):
    target = browser.ask('Target.createTarget', url='about:blank')['targetId']
    browser.session = browser.ask('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
    for domain in ('Page', 'Runtime', 'Log', 'Network'):
        browser.ask(domain + '.enable')
    browser.ask('Emulation.setDeviceMetricsOverride', width=WIDTH, height=800, deviceScaleFactor=1, mobile=False)
    browser.events.clear()
    browser.ask('Page.navigate', url='file://' + os.path.abspath(page))
    browser.wait_for('Page.loadEventFired')
    light = look(browser, 'light')
    take_picture(browser, 'page.png')
    dark = look(browser, 'dark')
    take_picture(browser, 'page-dark.png')
    ok(light != dark, 'it is light or dark as is preferred: %s, %s' % (light, dark))
    logged = browser.of('Log.entryAdded', 'Runtime.consoleAPICalled', 'Runtime.exceptionThrown')
    for entry in logged:
        note(entry)
    ok(not logged, 'the console is empty')
    asked = [event['request']['url'] for event in browser.of('Network.requestWillBeSent')]
    ok(asked == ['file://' + os.path.abspath(page)], 'nothing else is loaded: %s' % asked)


def main():
    program = next((path for path in map(shutil.which, NAMES) if path), None)
    if not program:
        skip('no Chromium is installed to open the page with')
        done()
    page = sys.argv[1] if len(sys.argv) > 1 else 'page.html'
    if len(sys.argv) < 2:
        results = [os.path.join(SOURCE, 'tests', 'results', name + '.json') for name in ('base', 'other', 'load')]
        subprocess.run([os.path.join(BUILD, 'kagami-bench'), 'report', page, *results], check=True, timeout=60)
    with tempfile.TemporaryDirectory() as folder:
        browser = Browser(program, folder)
        try:
            show(browser, page)
        except OSError as error:
            ok(False, str(error))
        finally:
            browser.end()
    done()


main()
