/** The filter on system calls, each call made by its number from inside a sandbox. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, lstatSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createSandbox } from '../../src/scope/sandbox/sandbox.ts';
import { defaultLimits } from '../../src/session/settings/settings.ts';
import { bashTool } from '../../src/tools/bash.ts';
import { capable } from '../support/capable.ts';
import { call, contextIn, sandboxOptions, tempFolder } from '../unit/tools/bench-context.ts';

const python = '/usr/bin/python3';
const can =
  capable('bubblewrap', () => existsSync('/usr/bin/bwrap')) &&
  capable('an x86-64 processor', () => process.arch === 'x64') &&
  capable('python3 with ctypes', () => {
    try {
      execFileSync(python, ['-c', 'import ctypes'], { stdio: 'ignore' });
      return true;
    } catch {
      return false;
    }
  });

/**
 * Name → its arguments for `syscall(2)`, as Python, and the error that it has to answer with; null for none.
 */
const calls: Readonly<Record<string, readonly [string, string | null]>> = {
  'socket(AF_UNIX)': ['41, 1, 1, 0', 'EACCES'],
  'socket(AF_UNIX, SOCK_DGRAM)': ['41, 1, 2, 0', 'EACCES'],
  'socket(AF_VSOCK)': ['41, 40, 1, 0', 'EACCES'],
  'socket(AF_INET)': ['41, 2, 1, 0', null],
  'socket(AF_ISDN)': ['41, 34, 2, 1', 'EACCES'],
  'socket(AF_QIPCRTR)': ['41, 42, 2, 0', 'EACCES'],
  'socketpair(AF_UNIX)': ['53, 1, 1, 0, pair', null],
  'socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC)': ['53, 1, 1 | 0o2000000, 0, pair', null],
  'socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK)': ['53, 1, 5 | 0o4000, 0, pair', null],
  'socketpair(AF_UNIX, SOCK_DGRAM)': ['53, 1, 2, 0, pair', 'EACCES'],
  'socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC)': ['53, 1, 2 | 0o2000000, 0, pair', 'EACCES'],
  'socketpair(AF_UNIX, SOCK_RAW)': ['53, 1, 3, 0, pair', 'EACCES'],
  'socketpair(AF_UNIX, type 0)': ['53, 1, 0, 0, pair', 'EACCES'],
  'socketpair(AF_UNIX + 2^32, SOCK_DGRAM + 2^32)': [
    '53, ctypes.c_ulong(2**32 + 1), ctypes.c_ulong(2**32 + 2), 0, pair',
    'EACCES',
  ],
  'socketpair(AF_VSOCK)': ['53, 40, 1, 0, pair', 'EACCES'],
  pidfd_getfd: ['438, 0, 0, 0', 'EPERM'],
  'chmod 4755': ['90, b"f", 0o4755', 'EPERM'],
  'chmod 2755': ['90, b"f", 0o2755', 'EPERM'],
  'chmod 755': ['90, b"f", 0o755', null],
  'fchmod 4755': ['91, fd, 0o4755', 'EPERM'],
  'fchmodat 4755': ['268, -100, b"f", 0o4755', 'EPERM'],
  'fchmodat2 4755': ['452, -100, b"f", 0o4755, 0', 'EPERM'],
  'open O_CREAT 4755': ['2, b"o1", 0o101, 0o4755', 'EPERM'],
  'open O_CREAT 755': ['2, b"o2", 0o101, 0o755', null],
  'open without O_CREAT': ['2, b"f", 0, 0o4755', null],
  'openat O_CREAT 4755': ['257, -100, b"o3", 0o101, 0o4755', 'EPERM'],
  'openat O_TMPFILE 4755': ['257, -100, b".", 0o20200001, 0o4755', 'EPERM'],
  'creat 4755': ['85, b"o4", 0o4755', 'EPERM'],
  'mknod 4755': ['133, b"o5", 0o104755, 0', 'EPERM'],
  'mknodat 4755': ['259, -100, b"o6", 0o104755, 0', 'EPERM'],
  openat2: ['437, -100, b"f", pair, 24', 'ENOSYS'],
  io_uring_setup: ['425, 1, pair', 'ENOSYS'],
  io_uring_enter: ['426, 0, 0, 0, 0, 0', 'ENOSYS'],
  io_uring_register: ['427, 0, 0, 0, 0', 'ENOSYS'],
};

async function inside(command: string, unixSockets = false, program: string | null = null) {
  const work = await tempFolder();
  const options = sandboxOptions(program);
  const sandbox = createSandbox({
    ...options,
    settings: { ...options.settings, unixSockets },
    state: await tempFolder(),
  });
  const context = contextIn(work, { shell: { sandbox, limits: defaultLimits }, outputDir: join(work, 'o') });
  return { work, state: await sandbox.state(), answer: await call(bashTool, { command }, context) };
}

const program = (list: Readonly<Record<string, string>>) => `cat > f; ${python} - <<'END'
import ctypes, errno, os
libc = ctypes.CDLL(None, use_errno=True)
pair = (ctypes.c_int * 32)()
fd = os.open("f", os.O_RDWR)
def ask(name, *args):
    ctypes.set_errno(0)
    found = libc.syscall(*args)
    print(name + "=" + ("ok" if found >= 0 else errno.errorcode[ctypes.get_errno()]))
${Object.entries(list)
  .map(([name, args]) => `ask(${JSON.stringify(name)}, ${args})`)
  .join('\n')}
END`;

/** exit(42), by the calls of each. */
const exitCalls = {
  i386: [0xb8, 1, 0, 0, 0, 0xbb, 42, 0, 0, 0, 0xcd, 0x80],
  x64: [0xb8, 60, 0, 0, 0, 0xbf, 42, 0, 0, 0, 0x0f, 0x05],
};

/** The smallest program with this code, for i386. */
function elf32(code: readonly number[]): Buffer {
  const start = 84;
  const bytes = Buffer.alloc(start + code.length);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  const base = 0x8048000;
  const half: [number, number][] = [
    [16, 2],
    [18, 3],
    [40, 52],
    [42, 32],
    [44, 1],
  ];
  const word: [number, number][] = [
    [20, 1],
    [24, base + start],
    [28, 52],
  ];
  const header: [number, number][] = [
    [52, 1],
    [60, base],
    [64, base],
    [68, bytes.length],
    [72, bytes.length],
    [76, 5],
    [80, 0x1000],
  ];
  for (const [at, value] of half) bytes.writeUInt16LE(value, at);
  for (const [at, value] of [...word, ...header]) bytes.writeUInt32LE(value, at);
  bytes.set(code, start);
  return bytes;
}

/** As `elf32`, for x86-64. */
function elf64(code: readonly number[]): Buffer {
  const start = 120;
  const bytes = Buffer.alloc(start + code.length);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1]);
  const base = 0x400000;
  const half: [number, number][] = [
    [16, 2],
    [18, 62],
    [52, 64],
    [54, 56],
    [56, 1],
  ];
  const word: [number, number][] = [
    [20, 1],
    [64, 1],
    [68, 5],
  ];
  const long: [number, number][] = [
    [24, base + start],
    [32, 64],
    [80, base],
    [88, base],
    [96, bytes.length],
    [104, bytes.length],
    [112, 0x1000],
  ];
  for (const [at, value] of half) bytes.writeUInt16LE(value, at);
  for (const [at, value] of word) bytes.writeUInt32LE(value, at);
  for (const [at, value] of long) bytes.writeBigUInt64LE(BigInt(value), at);
  bytes.set(code, start);
  return bytes;
}

describe.skipIf(!can)('system calls in a sandbox', () => {
  it('[shell.call-filter] each answers as it has to', async () => {
    const list = Object.fromEntries(Object.entries(calls).map(([name, [args]]) => [name, args]));
    const { answer, work, state } = await inside(program(list));
    expect(state.text).not.toContain('not filtered');
    const expected = Object.entries(calls).map(([name, [, error]]) => `${name}=${error ?? 'ok'}`);
    expect(answer.text.split('\n')).toEqual(expected);
    expect(lstatSync(join(work, 'f')).mode & 0o6000).toBe(0);
  });

  it('[shell.call-filter] the ends of a pair that may be made are led to no name, whether the peer is there or not', async () => {
    // With sockets allowed, so that there is one to be led to; the kernel's answer to a pair is the same.
    const script = `${python} - <<'END'
import errno, socket
def ask(call):
    try: return str(call())
    except OSError as e: return errno.errorcode[e.errno]
for kind in (socket.SOCK_STREAM, socket.SOCK_SEQPACKET):
    service = socket.socket(socket.AF_UNIX, kind)
    service.bind(kind.name)
    service.listen(9)
    service.setblocking(False)
    for closed in (False, True):
        a, b = socket.socketpair(socket.AF_UNIX, kind)
        a.setblocking(False)
        b.setblocking(False)
        # What a packet is sent to is not looked at: the peer has it.
        sent = [ask(lambda: a.sendto(b"x", kind.name)), ask(lambda: b.recv(9))]
        if closed: b.close()
        names = [ask(lambda: a.connect(kind.name))]
        a.shutdown(socket.SHUT_RDWR)
        names.append(ask(lambda: a.connect(kind.name)))
        a.bind("%d%s" % (kind, closed))
        names.append(ask(lambda: a.listen(1)))
        print(kind.name, *sent, *names, ask(service.accept))
END`;
    const { answer } = await inside(script, true);
    const stream = 'SOCK_STREAM EISCONN EAGAIN EISCONN EISCONN EINVAL EAGAIN';
    const packets = "SOCK_SEQPACKET 1 b'x' EISCONN EISCONN EINVAL EAGAIN";
    expect(answer.text.split('\n')).toEqual([stream, stream, packets, packets]);
  });

  it('[shell.call-filter] the numbers of another ABI end the process', async () => {
    const { answer } = await inside(program({ x32: '0x40000000 + 39' }));
    expect(answer.text).toMatch(/Bad system call|Exit code 159/);
  });

  it('[shell.call-filter] a program of another architecture, and its calls from one of ours, end the process', async ({
    skip,
  }) => {
    const folder = await tempFolder();
    const files = { elf32: elf32(exitCalls.i386), int80: elf64(exitCalls.i386) };
    for (const [name, bytes] of Object.entries(files)) {
      const path = join(folder, name);
      writeFileSync(path, bytes, { mode: 0o755 });
      const works = () => spawnSync(path, { stdio: 'ignore' }).status === 42;
      if (!capable(`calls of i386 (${name})`, works)) skip();
      const copy = `printf '${[...bytes].map((byte) => `\\${byte.toString(8).padStart(3, '0')}`).join('')}' > p; chmod +x p; ./p`;
      const { answer } = await inside(copy);
      expect(answer.text, name).toMatch(/Bad system call|Exit code 159/);
    }
    const own = join(folder, 'own');
    writeFileSync(own, elf64(exitCalls.x64), { mode: 0o755 });
    expect(spawnSync(own).status).toBe(42);
  });

  it('[shell.call-filter] where no filter is taken the sandbox counts all the same, and says so', async () => {
    const folder = await tempFolder();
    const program = join(folder, 'bwrap');
    const script = `#!/bin/sh
for word in "$@"; do [ "$word" != --seccomp ] || { echo "bwrap: prctl(PR_SET_SECCOMP): Invalid argument" >&2; exit 1; }; done
exec /usr/bin/bwrap "$@"
`;
    writeFileSync(program, script, { mode: 0o755 });
    const bind = `${python} -c 'import socket; socket.socket(socket.AF_UNIX).bind("s")'`;
    const { state, answer } = await inside(bind, false, program);
    expect(state).toMatchObject({
      kind: 'working',
      isUnfiltered: true,
      text: expect.stringContaining('system calls are not filtered') as string,
    });
    expect(answer).toMatchObject({ text: '(no output)' });
  });

  it('[shell.call-filter] a command that met it is told so, and a person can allow sockets', async () => {
    const bind = `${python} -c 'import socket; socket.socket(socket.AF_UNIX).bind("s")'`;
    const { answer } = await inside(bind);
    expect(answer.isError).toBe(true);
    expect(answer.text).toContain('--sandbox-unix-sockets');
    const allowed = await inside(bind, true);
    expect(allowed.answer).toMatchObject({ text: '(no output)' });
  });
});
