/**
 * Attempts to get out of a scope through the file tools, each a call of a real pod that runs as an ordinary
 * user, with what must come of it.
 */
import { execFile, execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join, relative } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry, ToolResultEntry } from '../../src/session/facts/entries.ts';
import { TestHome, commandFile } from '../support/rig.ts';
import { patienceMs } from '../support/waiting.ts';

/**
 * `ok`: an answer without error. `denied`: no right. `refused`: another error, such as a missing or special
 * file.
 */
type Outcome = 'ok' | 'denied' | 'refused';
type Attempt = readonly [
  tool: string,
  input: Record<string, unknown>,
  outcome: Outcome,
  text?: string | RegExp,
];

const nobody = 65_534;
const isRoot = process.geteuid?.() === 0;
/** Stands in everything that must never be shown. */
const secret = 'SECRET-WORD';

let home: TestHome;
let folder: (...parts: string[]) => string;

beforeEach(() => {
  home = new TestHome();
  folder = (...parts) => join(home.path, ...parts);
  const file = (path: string, text: string) => {
    mkdirSync(join(folder(path), '..'), { recursive: true });
    writeFileSync(folder(path), text);
  };
  for (const path of [
    'outside/secret.txt',
    'work/denied/secret.txt',
    'work/denied/deep/secret.txt',
    'work/flat/secret.txt',
    'workshop/secret.txt',
    'h/state/pods/.other/session.jsonl',
    'h/state/pods/.other/link-token',
    'h/state/pods/.other/outputs/call.txt',
    'h/run/note.txt',
  ]) {
    file(path, `${secret}\n`);
  }
  file('work/ok.txt', 'needle\n');
  file('outside/twin.txt', 'shared\n');
  file('work/fixed/kept.txt', 'needle\n');
  file('work/flat/deep/open.txt', 'needle\n');
  file('work/.git/config', '[core]\n');
  file('work/.git/HEAD', 'ref: refs/heads/main\n');
  file('work/.git/hooks/old', '#!/bin/sh\n');
  file('work/module/.git', 'gitdir: ../.git/modules/module\n');
  file('h/config/config.toml', '');
  chmodSync(folder('h/run'), 0o700);
  const links = {
    'link-file': '../outside/secret.txt',
    'link-dir': '../outside',
    'link-chain': 'link-file',
    'link-denied': 'denied/secret.txt',
    'link-fixed': 'fixed',
    'link-hooks': '.git/hooks',
    'link-new': '../outside/new.txt',
    'link-in': 'ok.txt',
    'link-proc': '/proc/self',
    ring: 'ring',
  };
  for (const [name, target] of Object.entries(links)) symlinkSync(target, folder('work', name));
  linkSync(folder('outside/twin.txt'), folder('work/twin.txt'));
  execFileSync('mkfifo', [folder('work/pipe')]);
});

afterEach(async () => {
  await home.close();
});

/**
 * Everything below the paths that must stay as they are: names, kinds, contents, and the times that any
 * change would leave.
 */
function standing(): string[] {
  const walk = (path: string): string[] => {
    const stats = lstatSync(path, { bigint: true });
    const line = `${relative(home.path, path)} ${stats.mode} ${stats.mtimeNs} ${stats.ctimeNs}`;
    if (stats.isDirectory())
      return [
        line,
        ...readdirSync(path)
          .sort()
          .flatMap((name) => walk(join(path, name))),
      ];
    return [stats.isFile() ? `${line} ${readFileSync(path, 'utf8')}` : line];
  };
  return [
    'outside',
    'workshop',
    'work/denied',
    'work/fixed',
    'work/.git',
    'work/module',
    'h/config',
    'h/state/pods/.other',
  ].flatMap((path) => walk(folder(path)));
}

/**
 * Runs all attempts as the calls of one pod and checks each, that no secret was told, and that nothing has
 * changed.
 */
async function attempt(flags: string[], attempts: readonly Attempt[]): Promise<void> {
  const call = attempts.map(([tool, input]) => ({ [tool]: input }));
  const scenario = JSON.stringify({
    rules: [
      { last: 'user', call },
      { last: 'tool', say: 'Tried.' },
    ],
  });
  const args = ['run', '-p', '--model', home.scenario(scenario), ...flags, '--', 'try'];
  giveAway(home.path);
  const before = standing();
  const ran = await runAsUser(args);
  expect(ran.stdout, ran.stderr).toBe('Tried.\n');
  const entries = await home.pod('root').entries();
  const results = resultsOf(entries);
  const seen = attempts.map(([tool, input, , text], at) => {
    const result = results[at];
    const denied = result?.text.startsWith('Denied') === true || result?.denied === true;
    const outcome: Outcome = result?.isError === false ? 'ok' : denied ? 'denied' : 'refused';
    const fits = text === undefined || (result !== undefined && new RegExp(text).test(result.text));
    return { at, tool, input, outcome, ...(fits ? {} : { text: result?.text }) };
  });
  expect(seen).toEqual(attempts.map(([tool, input, outcome], at) => ({ at, tool, input, outcome })));
  expect(
    results
      .filter(({ text }) => text.includes(secret) || text.includes('secret.txt:'))
      .map(({ text }) => text),
  ).toEqual([]);
  expect(standing()).toEqual(before);
}

function resultsOf(entries: readonly Entry[]): ToolResultEntry[] {
  const results = new Map(
    entries.flatMap((entry) => (entry.type === 'toolResult' ? [[entry.call, entry]] : [])),
  );
  return entries.flatMap((entry) => {
    const result = entry.type === 'toolCall' ? results.get(entry.call) : undefined;
    return result === undefined ? [] : [result];
  });
}

/** Root may do everything, so the pod is somebody else's. */
function runAsUser(args: string[]): Promise<{ stdout: string; stderr: string }> {
  const command = [process.execPath, commandFile, ...args];
  const whole = isRoot
    ? ['setpriv', `--reuid=${nobody}`, `--regid=${nobody}`, '--clear-groups', ...command]
    : command;
  const [program = '', ...rest] = whole;
  const env = { ...home.environment, SECRET_KEY: secret };
  return new Promise((resolve) => {
    execFile(program, rest, { cwd: home.work, env, timeout: patienceMs }, (_, stdout, stderr) =>
      resolve({ stdout, stderr }),
    );
  });
}

function giveAway(path: string): void {
  if (isRoot) execFileSync('chown', ['-hR', `${nobody}:${nobody}`, path]);
}

describe('a pod that may read and write its working directory', () => {
  it('[escape.files] gets neither out of it nor into what is denied or protected in it', async () => {
    const outside = folder('outside');
    const decomposed = 'se\u0301cret';
    const server = createServer().listen(folder('work/socket'));
    try {
      await attempt(
        ['--deny', 'denied', 'flat/*', 'm\u00e9mo', '--deny-write', 'fixed'],
        [
          // Plain ways that must go on working.
          ['Read', { path: 'ok.txt' }, 'ok', 'needle'],
          ['Read', { path: 'link-in' }, 'ok', 'needle'],
          ['Read', { path: 'fixed/kept.txt' }, 'ok', 'needle'],
          ['Read', { path: 'flat/deep/open.txt' }, 'ok', 'needle'],
          ['Read', { path: '.git/config' }, 'ok', 'core'],
          ['Write', { path: 'new/deep/file.txt', content: 'x' }, 'ok'],
          ['Write', { path: '.gitignore', content: 'x' }, 'ok'],
          // Out by name and by `..`.
          ['Read', { path: '../outside/secret.txt' }, 'denied', 'no right to read'],
          ['Read', { path: `${outside}/secret.txt` }, 'denied'],
          ['Read', { path: 'denied/../../outside/secret.txt' }, 'denied'],
          ['Read', { path: '../workshop/secret.txt' }, 'denied'],
          ['Write', { path: '../outside/new.txt', content: 'x' }, 'denied', 'no right to write'],
          ['Write', { path: `${home.work}shop/new.txt`, content: 'x' }, 'denied'],
          ['Edit', { path: '../outside/secret.txt', old: secret, new: 'x' }, 'denied'],
          // Out by links.
          ['Read', { path: 'link-file' }, 'denied', 'It leads to'],
          ['Read', { path: 'link-chain' }, 'denied'],
          ['Read', { path: 'link-dir/secret.txt' }, 'denied'],
          ['Read', { path: 'link-dir' }, 'denied'],
          ['Read', { path: 'ring' }, 'refused', 'ELOOP'],
          ['Write', { path: 'link-file', content: 'x' }, 'denied'],
          ['Write', { path: 'link-dir/new.txt', content: 'x' }, 'denied'],
          ['Write', { path: 'link-dir/deep/er/new.txt', content: 'x' }, 'denied'],
          ['Write', { path: 'link-new', content: 'x' }, 'refused', 'symbolic link to nothing'],
          ['Edit', { path: 'link-file', old: secret, new: 'x' }, 'denied'],
          ['Read', { path: 'link-proc/environ' }, 'denied'],
          // A second name of a file is read and not written.
          ['Read', { path: 'twin.txt' }, 'ok', 'shared'],
          ['Write', { path: 'twin.txt', content: 'x' }, 'denied', 'hard links'],
          ['Edit', { path: 'twin.txt', old: 'shared', new: 'x' }, 'denied', 'hard links'],
          // Special files.
          ['Read', { path: 'pipe' }, 'refused', 'device, pipe or socket'],
          ['Read', { path: 'socket' }, 'refused', 'device, pipe or socket'],
          ['Write', { path: 'pipe', content: 'x' }, 'refused', 'device, pipe or socket'],
          // What is denied inside.
          ['Read', { path: 'denied/secret.txt' }, 'denied', 'is denied to this pod'],
          ['Read', { path: 'denied' }, 'denied'],
          ['Read', { path: './ok.txt/../denied/secret.txt' }, 'denied'],
          ['Read', { path: 'link-denied' }, 'denied'],
          ['Read', { path: 'flat/secret.txt' }, 'denied'],
          ['Write', { path: 'denied/new.txt', content: 'x' }, 'denied'],
          ['Write', { path: 'flat/new.txt', content: 'x' }, 'denied'],
          ['Write', { path: 'flat/new-folder/file.txt', content: 'x' }, 'denied'],
          ['Write', { path: 'DENIED/new.txt', content: 'x' }, 'denied'],
          ['Write', { path: 'de\u200cnied/new.txt', content: 'x' }, 'denied'],
          ['Write', { path: 'me\u0301mo/new.txt', content: 'x' }, 'denied'],
          ['Write', { path: `${decomposed}/new.txt`, content: 'x' }, 'ok'],
          ['Write', { path: 'fixed/new.txt', content: 'x' }, 'denied', 'denied to this pod for writing'],
          ['Write', { path: 'link-fixed/new.txt', content: 'x' }, 'denied'],
          ['Edit', { path: 'fixed/kept.txt', old: 'needle', new: 'x' }, 'denied'],
          // What is always read-only.
          ['Write', { path: '.git/hooks/pre-commit', content: 'x' }, 'denied', 'always read-only'],
          ['Write', { path: '.GIT/hooks/pre-commit', content: 'x' }, 'denied'],
          ['Write', { path: 'link-hooks/pre-commit', content: 'x' }, 'denied'],
          ['Edit', { path: '.git/config', old: '[core]', new: '[core]\nfsmonitor=x' }, 'denied'],
          ['Write', { path: 'module/.git', content: 'gitdir: /x' }, 'denied'],
          ['Write', { path: 'made/.git/hooks/pre-commit', content: 'x' }, 'denied'],
          ['Write', { path: '.envrc', content: 'x' }, 'denied'],
          ['Write', { path: '.vscode/tasks.json', content: 'x' }, 'denied'],
          ['Write', { path: '.podkin/config.toml', content: 'x' }, 'denied'],
          ['Write', { path: 'sub/.Mcp.json', content: 'x' }, 'denied'],
          ['Write', { path: '.bashrc', content: 'x' }, 'denied'],
          ['Write', { path: '.config/fish/config.fish', content: 'x' }, 'denied'],
        ],
      );
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
    expect(readdirSync(folder('work')).filter((name) => name.startsWith('.podkin'))).toEqual([]);
    expect(readdirSync(folder('work/flat')).sort()).toEqual(['deep', 'secret.txt']);
  });

  it('[escape.searches] finds by Glob and Grep neither names nor lines of what lies outside or is denied', async () => {
    const anywhere = { pattern: 'SECRET|needle' };
    await attempt(
      ['--deny', 'denied', 'flat/*'],
      [
        ['Glob', { pattern: '**/*.txt' }, 'ok', /^(?![^]*(?:secret|outside|link))[^]*ok\.txt/],
        ['Glob', { pattern: '**/deep/**' }, 'ok', /^flat\/deep\/open\.txt$/],
        ['Glob', { pattern: '*', path: 'flat' }, 'ok', 'No file matches'],
        ['Glob', { pattern: '*', path: 'denied' }, 'denied'],
        ['Glob', { pattern: '*', path: 'link-dir' }, 'denied'],
        ['Glob', { pattern: '*', path: '..' }, 'denied'],
        ['Glob', { pattern: '../outside/*' }, 'refused', '`..`'],
        ['Glob', { pattern: `${folder('outside')}/*` }, 'denied'],
        ['Glob', { pattern: `${folder('work')}/{denied,../outside}/*` }, 'ok', 'No file matches'],
        ['Grep', { ...anywhere, output: 'files' }, 'ok', /^(?![^]*secret\.txt)[^]*ok\.txt/],
        ['Grep', { ...anywhere, output: 'count' }, 'ok', /^(?![^]*secret\.txt)[^]*ok\.txt:1/],
        [
          'Grep',
          { ...anywhere, output: 'content', context: 2 },
          'ok',
          /^(?![^]*secret\.txt)[^]*ok\.txt:1:needle/,
        ],
        ['Grep', { ...anywhere, output: 'content', path: 'ok.txt' }, 'ok', /^ok\.txt:1:needle$/],
        ['Grep', { pattern: 'SECRET' }, 'ok', /^No match\.$/],
        ['Grep', { ...anywhere, path: 'denied' }, 'denied'],
        ['Grep', { ...anywhere, path: 'denied/deep' }, 'denied'],
        ['Grep', { ...anywhere, path: 'flat/secret.txt' }, 'denied'],
        ['Grep', { ...anywhere, path: 'link-file' }, 'denied'],
        ['Grep', { ...anywhere, path: 'link-denied' }, 'denied'],
        ['Grep', { ...anywhere, path: '../outside' }, 'denied'],
        ['Grep', { pattern: '--follow', path: 'link-dir' }, 'denied'],
        ['Grep', { ...anywhere, glob: '**/secret.txt' }, 'ok', /^No match\.$/],
        ['Grep', { pattern: '.', path: 'pipe' }, 'refused', 'device, pipe or socket'],
      ],
    );
  });
});

describe('a pod that may read everything and write below the home of the user', () => {
  it("[escape.wide] reads neither podkin's state and sockets nor what the kernel tells of processes, and changes no configuration", async () => {
    const home = folder('h');
    await attempt(
      ['--read', '/', '--write', folder(), '--deny', folder('outside')],
      [
        ['Read', { path: '/etc/hostname' }, 'ok'],
        ['Read', { path: `${home}/config/config.toml` }, 'ok', 'is empty'],
        ['Write', { path: folder('free.txt'), content: 'x' }, 'ok'],
        ['Read', { path: '/proc/self/environ' }, 'denied'],
        ['Read', { path: '/proc/self/cmdline' }, 'denied'],
        ['Read', { path: '/proc/self/maps' }, 'denied'],
        ['Read', { path: '/proc/self/mem' }, 'denied'],
        ['Read', { path: '/proc/self/fd' }, 'denied'],
        ['Read', { path: '/proc/thread-self/environ' }, 'denied'],
        ['Read', { path: '/proc/1/cmdline' }, 'denied'],
        [
          'Read',
          { path: `/proc/self/root${folder('outside/secret.txt')}` },
          'denied',
          'It leads|denied|not files',
        ],
        ['Read', { path: '/proc/self/cwd/../outside/secret.txt' }, 'denied'],
        ['Write', { path: `/proc/self/root${folder('outside/new.txt')}`, content: 'x' }, 'denied'],
        ['Write', { path: '/proc/self/comm', content: 'x' }, 'denied'],
        ['Grep', { pattern: 'SECRET', path: '/proc/self' }, 'denied'],
        ['Glob', { pattern: 'environ', path: '/proc/self' }, 'denied'],
        ['Read', { path: '/sys/kernel/notes' }, 'denied'],
        ['Read', { path: '/dev/zero' }, 'denied'],
        ['Read', { path: '/dev/stdin' }, 'denied'],
        ['Read', { path: '/dev/fd/0' }, 'denied'],
        ['Write', { path: '/dev/null', content: 'x' }, 'denied'],
        ['Read', { path: `${home}/state/pods/.other/link-token` }, 'denied', "podkin's own state"],
        ['Read', { path: `${home}/state/pods/root/link-token` }, 'denied'],
        ['Read', { path: `${home}/state/pods/root/session.jsonl` }, 'denied'],
        ['Read', { path: `${home}/state/pods/.other/outputs/call.txt` }, 'denied'],
        ['Read', { path: `${home}/state/pods/root/outputs/../link-token` }, 'denied'],
        ['Read', { path: `${home}/STATE/pods/.other/link-token` }, 'denied'],
        ['Write', { path: `${home}/state/pods/.other/session.jsonl`, content: 'x' }, 'denied'],
        ['Write', { path: `${home}/state/pods/root/outputs/x.txt`, content: 'x' }, 'denied'],
        ['Write', { path: `${home}/state/pods/fresh/pod.json`, content: 'x' }, 'denied'],
        ['Read', { path: `${home}/run/note.txt` }, 'denied'],
        ['Write', { path: `${home}/run/new.sock`, content: 'x' }, 'denied'],
        ['Write', { path: `${home}/config/config.toml`, content: 'x' }, 'denied', "podkin's own folders"],
        ['Glob', { pattern: '**/*', path: `${home}/state` }, 'denied'],
        [
          'Glob',
          { pattern: '**/{link-token,session.jsonl,secret.txt}', path: home },
          'ok',
          'No file matches',
        ],
        ['Grep', { pattern: 'SECRET', path: home }, 'ok', /^No match\.$/],
        ['Read', { path: folder('outside/secret.txt') }, 'denied', 'is denied to this pod'],
        ['Grep', { pattern: 'SECRET', path: folder('outside') }, 'denied'],
      ],
    );
  });
});
