#!/usr/bin/env python3
"""kagamictl, and what kagamid says of wrong flags and files. With fake programs, see broker/fake.py."""
import os
import pwd
import re
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.environ.get('top_srcdir', '.'), 'tests', 'broker'))
from harness import BUILD, SOURCE, Kagamid, done, note, ok, skip, wait_until  # noqa: E402


def kagamid(*words):
    return subprocess.run([os.path.join(BUILD, 'kagamid'), *words], text=True, capture_output=True, timeout=20)


def kagamictl(*words, text=None, **how):
    return subprocess.run([os.path.join(BUILD, 'kagamictl'), *words], text=True, input=text, capture_output=True, timeout=20,
                          **how)


def test_status():
    with Kagamid() as k:
        c = k.client()
        c.log_in('kagami', k.password)
        c.ask('attach')
        r = k.ctl('status')
        ok(r.returncode == 0 and f'listen 127.0.0.1:{k.port}\n' in r.stdout and 'sessions 1\n' in r.stdout and
           'freerdp 3.10.3\n' in r.stdout and re.search('^desktop still still running pid ', r.stdout, re.M),
           'status says what it listens on and what runs')
        r = k.ctl('sessions')
        lines = r.stdout.splitlines()
        words = lines[1].split('\t') if len(lines) == 2 else [''] * 8
        ok(words[1:5] == ['attached', 'kagami', '127.0.0.1', 'still'] and words[6:] == ['800x600', 'a ?client?'],
           'sessions names who is connected')
        ok(k.ctl('kick', 'x').returncode == 1 and 'no session\'s id' in k.ctl('kick', 'x').stderr, 'kick wants an id')
        other = words[0][:-1] + ('0' if words[0][-1] != '0' else '1')
        ok(k.ctl('kick', other).returncode == 1 and 'no such session' in k.ctl('kick', other).stderr, 'kick wants the right id')
        ok(k.ctl('kick', words[0]).returncode == 0 and c.read() == 'end kicked' and c.read() == '' and
           k.logs('session ended: user "kagami" from 127.0.0.1 session %s: kicked\n' % words[0]), 'kick ends the session')
        ok(stat.S_IMODE(os.stat(k.control).st_mode) == 0o600, 'the control socket is its user\'s only')
        if os.geteuid() == 0:
            os.chmod(k.directory, 0o755)
            os.chmod(k.control, 0o666)
            try:
                r = kagamictl('--control', k.control, 'status', user=65534, group=65534)
                ok(r.returncode == 1 and 'no answer' in r.stderr, 'another user gets no answer, whatever the mode')
            except PermissionError:
                skip('another user gets no answer: nobody may not run what was built here')
        else:
            skip('another user gets no answer: not root')
        with Kagamid('--control', k.control) as second:
            ok(second.logs('kagamictl does not reach this kagamid') and k.status('pid') == str(k.process.pid),
               'a second kagamid does not take the socket away')
        ok(k.status('pid') == str(k.process.pid), 'nor does it when it ends')
    r = kagamictl('--control', '/nonexistent/control', 'status')
    ok(r.returncode == 1 and 'no answer from kagamid at /nonexistent/control: No such file' in r.stderr,
       'without a kagamid that is what it says')


def test_passwd():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'hashes')
        r = kagamictl('--hashes', path, 'passwd', 'anna', text='secret\n')
        first = open(path).read()
        ok(r.returncode == 0 and re.fullmatch(r'anna:[0-9a-f]{32}\n', first) and stat.S_IMODE(os.stat(path).st_mode) == 0o600,
           'passwd makes an account in a private file')
        ok('878d8014606cda29677a44efa1353fc7' in first, 'with the NT hash of the password')
        kagamictl('--hashes', path, 'passwd', 'bert', text='other\n')
        inode = os.stat(path).st_ino
        kagamictl('--hashes', path, 'passwd', 'anna', text='changed\n')
        lines = open(path).read().splitlines()
        ok(len(lines) == 2 and first.strip() not in lines and os.stat(path).st_ino != inode,
           'a password is changed, in a file that is replaced as a whole')
        ok(os.listdir(directory) == ['hashes'], 'nothing else is left there')
        r = kagamictl('--hashes', path, 'passwd', '--delete', 'anna')
        ok(r.returncode == 0 and [x[:5] for x in open(path).read().splitlines()] == ['bert:'], 'an account is deleted')
        before = open(path).read()
        for name, password in (('a:b', 'x\n'), ('', 'x\n'), ('a\nb', 'x\n'), ('anna', ''), ('anna', '\n'), ('anna', 'x' * 300)):
            r = kagamictl('--hashes', path, 'passwd', name, text=password)
            if not ok(r.returncode != 0 and open(path).read() == before and r.stderr,
                      f'a user {name!r} with a password of {len(password)} bytes is refused'):
                note(r)
        r = kagamictl('--hashes', os.path.join(directory, 'none', 'hashes'), 'passwd', 'anna', text='x\n')
        ok(r.returncode == 1 and 'none/hashes' in r.stderr, 'a directory that is not there is named')
    with Kagamid() as k:
        r = k.ctl('passwd', 'carl', text='of carl\n')
        ok(r.returncode == 0 and k.hashes in r.stdout, 'the file is the running kagamid\'s')
        r = k.ctl('passwd', 'dora', text='geheim\n')
        ok(k.client().log_in('dora', 'geheim')[0], 'which takes it at once')
        k.ctl('passwd', 'dora', text='neu\n')
        ok(not k.client().log_in('dora', 'geheim')[0] and k.client().log_in('dora', 'neu')[0], 'and its change')
        k.ctl('passwd', '--delete', 'dora')
        ok(not k.client().log_in('dora', 'neu')[0], 'and its end')


def test_doctor():
    with Kagamid() as k:
        r = k.ctl('doctor')
        found = {line.split()[1]: line.split()[0] for line in r.stdout.splitlines() if line[0] != ' '}
        ok(r.returncode == 0 and found.get('port') == 'ok' and found.get('certificate') == 'ok' and found.get('key') == 'ok' and
           found.get('sessions') == 'ok' and found.get('desktop') == 'ok', 'doctor finds nothing wrong where nothing is')
        ok(found.get('FreeRDP') == 'warning' and 'cure: upgrade FreeRDP' in r.stdout, 'an old FreeRDP has a cure')
        ok('GPU' in found and 'congestion' in found, 'GPU and congestion control are looked at')
        os.chmod(os.path.join(k.directory, 'state', 'server.key'), 0o644)
        r = k.ctl('doctor')
        ok(r.returncode == 1 and f'cure: chmod 600 {k.directory}/state/server.key' in r.stdout, 'a key that others may read has a cure')
    with Kagamid(desktop='still:dead') as k:
        k.logs('exit 3')

        def told():     # not in the moment in which it is tried again
            r = k.ctl('doctor')
            return r.returncode == 1 and re.search('^problem +desktop', r.stdout, re.M)
        ok(wait_until(told), 'a desktop that does not start is a problem')
    r = kagamictl('--control', '/nonexistent/control', 'doctor')
    ok(r.returncode == 1 and re.search('^problem +kagamid .*No such file', r.stdout, re.M) and 'cure: start it' in r.stdout,
       'without a kagamid that is the problem')
    for line in r.stdout.splitlines():
        note(line)


def test_words():
    for program in (kagamid, kagamictl):
        r = program('--help')
        ok(r.returncode == 0 and '--version' in r.stdout and not r.stderr, 'help')
        r = program('--version')
        ok(r.returncode == 0 and re.fullmatch(r'kagami\w+ [0-9.]+\n', r.stdout), 'version')
        r = program('--colour', 'red')
        ok(r.returncode == 2 and 'colour' in r.stderr, 'an unknown flag is named')
    for words in ((), ('frobnicate',), ('status', 'x'), ('kick',), ('passwd',)):
        r = kagamictl(*words)
        ok(r.returncode == 2 and 'kagamictl' in r.stderr and not r.stdout, f'kagamictl {" ".join(words)}: shows its help')


def test_wrong_flags():
    for words, text in (
            ((), 'no desktop: give --desktop KIND:WHERE'),
            (('--desktop', 'still', '--desktop', 'demo'), '--desktop is for one desktop'),
            (('--desktop', 'still', '--listen', 'here'), 'listen: must be ADDRESS:PORT'),
            (('--desktop', 'still', '--sandbox', 'some'), 'sandbox: must be require, best or off'),
            (('--desktop', 'still', '--key', '/x'), 'certificate and key belong together'),
            (('--desktop', 'still', '--size', '12'), 'size: must be WIDTHxHEIGHT'.split(': ')[1]),
            (('--size', '1x1'), '--size and --run-as belong to --desktop'),
            (('--desktop', 'still', 'word'), 'word is no flag'),
            (('--desktop',), 'requires an argument')):
        r = kagamid(*words)
        ok(r.returncode == 2 and text in r.stderr and r.stderr.count('\n') == 1, f'{" ".join(words)}: {text}')
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'c.conf')
        with open(path, 'w') as file:
            file.write('[server]\nlisten = 127.0.0.1:0\nprot = 1\n')
        r = kagamid('--config', path)
        ok(r.returncode == 2 and f'{path}:3: unknown key prot in [server]' in r.stderr, 'a wrong line has file and number')
        r = kagamid('--config', os.path.join(directory, 'none'))
        ok(r.returncode == 2 and 'none: No such file' in r.stderr, 'a file that is not there is named')
        words = ('--desktop', 'still', '--listen', '127.0.0.1:0', '--state', directory, '--control',
                 os.path.join(directory, 'control'), '--programs')
        r = kagamid(*words, '/nonexistent')
        ok(r.returncode == 1 and 'cannot start /nonexistent/kagami-session: No such file' in r.stderr and 'ready' not in r.stdout,
           'programs that are not there end it')
        for role in ('session', 'auth', 'desktop'):
            os.symlink('/bin/false', os.path.join(directory, f'kagami-{role}'))
        r = kagamid(*words, directory)
        ok(r.returncode == 1 and 'no session gets ready' in r.stderr and 'ready' not in r.stdout, 'programs that do not work, too')
        for flags, text in ((('--password-file', path + 'x'), 'cannot open the password file'),
                            (('--certificate', path, '--key', path), 'key'),
                            (('--run-as', 'nobody-of-this-name'), 'run-as')):
            r = kagamid('--desktop', 'still', '--listen', '127.0.0.1:0', '--state', directory, '--control',
                        os.path.join(directory, 'control'), *flags)
            ok(r.returncode == 1 and text in r.stderr, f'{flags[0]} that cannot be is named')


def test_example():
    with open(os.path.join(SOURCE, 'data', 'kagami.conf')) as file:
        text = file.read()
    text = re.sub('^;(?! )', '', text, flags=re.M).replace('/run/vm/', '/nonexistent/')     # "; " begins prose
    text = re.sub('^(certificate|key|state|hashes|control) = /.*', '', text, flags=re.M)    # this machine has its own
    text = re.sub('^run-as = .*', f'run-as = {pwd.getpwuid(os.geteuid()).pw_name}', text, flags=re.M)
    text = text.replace('sandbox = require', 'sandbox = best')
    with Kagamid(config=text) as k:
        ok(k.logs('nobody can log in: make an account') and k.ctl('status').stdout.count('\ndesktop ') == 3,
           'the example of a configuration is right, with all that is commented out')


def test_password_file():
    with tempfile.TemporaryDirectory() as directory:
        path = os.path.join(directory, 'password')
        with open(path, 'w') as file:
            file.write('the first line\nis it\n')
        os.chmod(path, 0o644)
        with Kagamid('--user', 'anna', '--password-file', path) as k:
            ok(not k.shown and k.logs(f'others may read the password file {path}'), 'a password that is given is not shown')
            # the fake's words end at a space
            ok(not k.client().log_in('anna', 'the')[0], 'the whole line is the password')
        with open(path, 'w') as file:
            file.write('first\nsecond\n')
        with Kagamid('--user', 'anna', '--password-file', path) as k:
            ok(k.client().log_in('anna', 'first')[0], 'and it is right')


tests = [value for name, value in list(globals().items()) if name.startswith('test_')]
for test in tests:
    if len(sys.argv) < 2 or test.__name__[5:] in sys.argv[1:]:
        test()
done()
