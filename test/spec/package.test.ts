/**
 * The package as it is built and packed: in a path with a space and an umlaut, by whoever's umask, with what
 * it ships.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { transformSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { capable } from '../support/capable.ts';
import { copyCheckout, pack, packageFolder } from '../support/packed.ts';

let folder: string;
let checkout: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'podkin-package-'));
  checkout = join(folder, 'mit Käse & co');
  copyCheckout(checkout);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const packed = (name: string, umask: string): string => pack(checkout, join(folder, name), umask);

/**
 * PODKIN_YARN names Yarn's program (`bin/yarn.js` of @yarnpkg/cli-dist); the test installs from a registry.
 */
const yarn = process.env['PODKIN_YARN'] ?? '';
capable("Yarn's program in PODKIN_YARN", () => yarn !== '');

describe('the package', () => {
  it.skipIf(yarn === '')(
    "[package.unplugged] pods, their tools and a child run under Yarn's Plug'n'Play (PODKIN_YARN, a registry)",
    { timeout: 300_000 },
    () => {
      const project = join(folder, 'pnp');
      mkdirSync(project);
      const write = (name: string, text: string) => writeFileSync(join(project, name), text);
      const archive = packed('for-yarn', '022');
      write('package.json', JSON.stringify({ private: true, dependencies: { podkin: `file:${archive}` } }));
      write('.yarnrc.yml', 'nodeLinker: pnp\nenableTelemetry: false\nenableGlobalCache: false\n');
      write('yarn.lock', '');
      write(
        's.yaml',
        `rules:
  - pod: child
    say: "The child is done."
  - last: user
    call:
      - Write: { path: made.txt, content: "a needle" }
      - Grep: { pattern: needle, glob: made.txt }
      - SpawnPod: { name: child, task: go, write: [] }
  - say: "{{lastText}}"
`,
      );
      const { PODKIN_COMMAND: _, ...given } = process.env;
      const environment = { ...given, PODKIN_HOME: join(project, 'h') };
      const run = (...args: string[]) =>
        execFileSync(process.execPath, [yarn, ...args], { cwd: project, env: environment, encoding: 'utf8' });
      run('install');
      const args = ['--model', 'script/s.yaml', '--permission-mode', 'bypassPermissions', 'go'];
      expect(run('podkin', 'run', '-p', ...args)).toContain('The child is done.');
      expect(readFileSync(join(project, 'made.txt'), 'utf8')).toBe('a needle');
      expect(run('podkin', 'logs', 'root')).toContain('← made.txt');
      expect(run('podkin', 'verify')).toContain('No violation.');
    },
  );

  it(
    '[package.odd-path] [package.packed] is built and packed in a path with a space and an umlaut, the same whatever the umask, without scripts',
    { timeout: 180_000 },
    () => {
      const before = readFileSync(join(checkout, 'package.json'), 'utf8');
      const archives = [packed('open', '022'), packed('closed', '077')];
      const [one, other] = archives.map((path) => readFileSync(path));
      expect(one?.equals(other ?? Buffer.of())).toBe(true);
      expect(readFileSync(join(checkout, 'package.json'), 'utf8')).toBe(before);
      expect(readdirSync(checkout)).not.toContain('.package.json.kept');
      const inArchive = (path: string) =>
        execFileSync('tar', ['-xzOf', archives[0] ?? '', `package/${path}`], { encoding: 'utf8' });
      const manifest = JSON.parse(inArchive('package.json')) as Record<string, unknown>;
      expect(manifest['scripts']).toBeUndefined();
      expect(manifest['devDependencies']).toBeUndefined();
      expect(manifest['bin']).toEqual({ podkin: 'dist/main.js' });
      expect(inArchive('dist/LICENSES.txt')).toMatch(/^zod \d/m);
    },
  );

  it('[package.licences] names every package whose code it ships, with its licence', () => {
    const text = readFileSync(join(packageFolder, 'dist/LICENSES.txt'), 'utf8');
    const names = [...text.matchAll(/^(\S+) \d+\.\d+\.\d+\S* \((\S+)\)$/gm)].map((match) => match[1]);
    // The bundler names in a comment each file that it took in.
    const files = readdirSync(join(packageFolder, 'dist'), { recursive: true, encoding: 'utf8' });
    const programs = files.filter((name) => /\.c?js$/.test(name));
    const bundled = programs.flatMap((name) => {
      const source = readFileSync(join(packageFolder, 'dist', name), 'utf8');
      return [...source.matchAll(/\bnode_modules\/((?:@[^/\s]+\/)?[^/\s]+)\/\S+\.[cm]?js\b/g)].map(
        (match) => match[1],
      );
    });
    expect(new Set(names)).toEqual(new Set(bundled));
    expect(names).toEqual(expect.arrayContaining(['zod', '@ai-sdk/provider', '@ai-sdk/anthropic']));
    expect(text.match(/Permission is hereby granted/g)?.length).toBeGreaterThan(3);
    expect(text).not.toContain('vitest');
  });

  it('[package.node-gate] both programs begin with the gate, in a language that old Nodes can read', () => {
    const gate = readFileSync(join(packageFolder, 'scripts/node-gate.js'), 'utf8');
    for (const [name, start] of [
      ['main.js', '#!/usr/bin/env node\n'],
      ['pod.cjs', ''],
    ] as const) {
      const text = readFileSync(join(packageFolder, 'dist', name), 'utf8');
      expect(text.startsWith(start + gate)).toBe(true);
      const plain = (target: string) =>
        transformSync(text, { target, supported: { 'dynamic-import': true } }).code;
      expect(plain('es2015')).toBe(plain('esnext'));
      expect(text).not.toMatch(/^import /m);
    }
  });

  it('[package.unbuilt] without development packages a build says what is missing', () => {
    const bare = join(folder, 'bare');
    cpSync(join(packageFolder, 'scripts'), join(bare, 'scripts'), { recursive: true });
    const { status, stderr } = spawnSync(process.execPath, [join(bare, 'scripts/prepared.mjs')], {
      encoding: 'utf8',
    });
    expect(status).toBe(1);
    expect(stderr).toBe(
      'podkin is built from its source, and what builds it is not installed (esbuild, typescript): npm ci --include=dev\n',
    );
  });

  it('[package.unbuilt] where an install ran no scripts, the demo says what to run', () => {
    const bare = join(folder, 'without scripts');
    cpSync(join(packageFolder, 'scripts'), join(bare, 'scripts'), { recursive: true });
    cpSync(join(packageFolder, 'package.json'), join(bare, 'package.json'));
    const { status, stderr } = spawnSync('npm', ['run', '--silent', 'demo'], { cwd: bare, encoding: 'utf8' });
    expect(status).toBe(1);
    expect(stderr).toBe(
      'podkin is not built here (npm ran no scripts: --ignore-scripts, ignore-scripts=true): npm run build\n',
    );
  });
});
