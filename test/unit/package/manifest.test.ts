import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { runInNewContext } from 'node:vm';
import { describe, expect, it } from 'vitest';
// @ts-expect-error -- plain JavaScript of the build
import { licenceTexts } from '../../../scripts/licences.mjs';

interface Manifest {
  readonly dependencies: Record<string, string>;
  readonly engines: { node: string };
  readonly preferUnplugged: boolean;
  readonly os: string[];
}
interface Lock {
  readonly packages: Record<string, { version?: string; integrity?: string; link?: boolean }>;
}

const read = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
const manifest = JSON.parse(read('package.json')) as Manifest;
const gate = read('scripts/node-gate.js');

/** What the gate does under such a Node. */
function begin(version: string): { said: string[]; status: number | null } {
  const seen: { said: string[]; status: number | null } = { said: [], status: null };
  runInNewContext(gate, {
    process: { versions: { node: version }, exit: (status: number) => (seen.status = status) },
    console: { error: (text: string) => seen.said.push(text) },
  });
  return seen;
}

describe('the package', () => {
  it('[package.lock] every package of the lock file has an integrity', () => {
    const { packages } = JSON.parse(read('package-lock.json')) as Lock;
    const entries = Object.entries(packages).filter(([path, { link }]) => path !== '' && link !== true);
    expect(entries.length).toBeGreaterThan(200);
    expect(entries.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path)).toEqual([]);
    expect(read('package-lock.json')).not.toContain('://registry');
  });

  it('[package.licences] of a package that brings no text its text is kept, word for word', () => {
    const folder = 'node_modules/@earendil-works/pi-tui';
    const root = fileURLToPath(new URL('../../..', import.meta.url));
    const shipped = licenceTexts(root, [`${folder}/dist/keys.js`]);
    expect(JSON.parse(read(`${folder}/package.json`))).toMatchObject({ version: '0.74.2', license: 'MIT' });
    expect(read(`${folder}/dist/stdin-buffer.js`)).toContain('MIT License - Copyright (c) 2025 opentui');
    const mit = (text: string): string => text.slice(text.indexOf('Permission is hereby granted')).trim();
    expect(mit(shipped)).toBe(mit(read('LICENSE')));
    expect(shipped).toContain('@earendil-works/pi-tui 0.74.2 (MIT)');
    expect(shipped).toContain('Copyright (c) 2025 Mario Zechner\nCopyright (c) 2025 opentui');
  });

  it('[package.dependencies] what is bundled is no dependency; all that is one is a program of its own', () => {
    expect(Object.keys(manifest.dependencies)).toEqual(['@vscode/ripgrep']);
    expect(manifest.os).toEqual(['linux', 'darwin']);
  });

  it("[package.unplugged] Yarn's Plug'n'Play takes it out of its archive, since its pods are started from files", () => {
    expect(manifest.preferUnplugged).toBe(true);
  });

  it.each(['0.10.48', '8.17.0', '12.22.12', '18.20.8', '20.18.3', '21.7.3', '22.0.0', '22.1.0'])(
    '[package.node-gate] Node %s is told in one sentence which ones can run it',
    (version) => {
      expect(begin(version)).toEqual({
        said: [
          `podkin: Node ${version} cannot run it: install Node 20.19 or a later 20, or Node 22.2 or newer.`,
        ],
        status: 1,
      });
    },
  );

  it.each(['20.19.0', '20.20.2', '22.2.0', '22.14.0', '23.0.0', '24.3.1', '30.0.0'])(
    '[package.node-gate] Node %s is let through',
    (version) => {
      expect(begin(version)).toEqual({ said: [], status: null });
      expect(manifest.engines.node).toBe('^20.19.0 || >=22.2.0');
    },
  );
});
