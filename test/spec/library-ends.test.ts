/** What becomes of a tree when its program ends, however that is. */
import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHome, type PodkinHome } from '../../src/index.ts';
import { TestHome } from '../support/rig.ts';

let test: TestHome;
let home: PodkinHome;
beforeEach(() => {
  test = new TestHome();
  home = openHome({ environment: test.environment });
});
afterEach(() => test.close());

const library = fileURLToPath(new URL('../../dist/index.js', import.meta.url));

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly handle: string;
}

/** Starts a tree and ends in one of the ways. */
function program(name: string, lifetime: string, end: string): Promise<Ended> {
  test.file(
    `${name}.mjs`,
    `import { openHome } from ${JSON.stringify(library)};
const options = { name: '${name}', cwd: ${JSON.stringify(test.work)}, lifetime: '${lifetime}', model: ${JSON.stringify(test.scenario('rules:\n  - say: hello\n'))} };
const tree = await openHome().start(options);
process.stdout.write(tree.handle + '\\n');
${end}
`,
  );
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [join(test.work, `${name}.mjs`)], {
      env: test.environment,
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.on('close', (code, signal) => resolve({ code, signal, handle: said.trim() }));
  });
}

const ends = {
  thrown: "throw new Error('a defect');",
  exited: 'process.exit(3);',
  killed: "process.kill(process.pid, 'SIGKILL'); await new Promise((r) => setTimeout(r, 60_000));",
};

describe('the end of a program', () => {
  it(
    '[library.lifetime] ends its trees in order, or leaves them, by its word',
    { timeout: 180_000 },
    async () => {
      const started = Object.entries(ends).flatMap(([how, end]) => [
        program(`${how}-program`, 'program', end),
        program(`${how}-own`, 'own', end),
      ]);
      const all = await Promise.all([
        ...started,
        program('detached', 'program', 'await tree.detach();'),
        program('closed', 'own', 'await tree.close();'),
        program('back', 'program', ends.killed),
      ]);
      expect(all.map(({ code, signal }) => code ?? signal)).toEqual([
        1,
        1,
        3,
        3,
        'SIGKILL',
        'SIGKILL',
        0,
        0,
        'SIGKILL',
      ]);
      const back = await home.restore(all.at(-1)?.handle ?? '');
      for (const how of Object.keys(ends)) {
        const pod = test.pod(`${how}-program`);
        const entry = await pod.untilEntry('stopped');
        expect(entry.reason).toBe('its program has ended');
      }
      await back.send('still there?');
      expect(await back.settled).toMatchObject({ text: 'hello' });
      await back.close();
      const listed = await home.list();
      const running = listed.filter(({ status }) => status === 'idle').map(({ name }) => name);
      expect(running.toSorted()).toEqual(['detached', 'exited-own', 'killed-own', 'thrown-own']);
      for (const name of running) await home.stop(name);
    },
  );

  it(
    '[library.busy-program] has not come while it is busy for more than ten seconds and starts a tree',
    { timeout: 90_000 },
    async () => {
      test.file(
        'busy.mjs',
        `import { openHome } from ${JSON.stringify(library)};
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
const starting = openHome().start({ name: 'busy', task: 'go', cwd: ${JSON.stringify(test.work)}, model: ${JSON.stringify(test.scenario('rules:\n  - say: hello\n'))} });
const soon = setInterval(() => {
  if (!existsSync(${JSON.stringify(test.pod('busy').folder.log)})) return;
  clearInterval(soon);
  execFileSync(process.execPath, ['-e', 'setTimeout(() => undefined, 13_000)']);
}, 2);
const tree = await starting;
console.log((await tree.settled).text);
await tree.close();
`,
      );
      const child = spawn(process.execPath, [join(test.work, 'busy.mjs')], {
        env: test.environment,
        stdio: ['ignore', 'pipe', 'inherit'],
      });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
      const code = await new Promise((resolve) => child.on('close', resolve));
      expect({ code, said }).toEqual({ code: 0, said: 'hello\n' });
    },
  );
});
