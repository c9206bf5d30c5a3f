/** What `run` says itself beside its screen: never into a frame. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Pty, hasPty } from '../support/pty.ts';
import { TestHome, commandFile } from '../support/rig.ts';

let home: TestHome;
const ptys: Pty[] = [];
beforeEach(() => {
  home = new TestHome();
  // Runs are broken off here, and their pods with them.
  home.expectsNoSockets = false;
});
afterEach(async () => {
  for (const pty of ptys.splice(0)) await pty.end();
  await home.close();
});

function opened(args: readonly string[]): Pty {
  const pty = new Pty([process.execPath, commandFile, ...args], {
    columns: 80,
    rows: 24,
    cwd: home.work,
    environment: home.environment,
  });
  ptys.push(pty);
  return pty;
}

const frameBegins = '\u001B[?2026h';
const modesOff = '\u001B[?1004l';

const scenario = `
rules:
  - { pod: kid, delayMs: 60000, say: "kid is done." }
  - { last: user, times: 1, call: [{ SpawnPod: { name: kid, task: go } }] }
  - { say: "{{lastText}} is done." }
`;

describe.skipIf(!hasPty)('beside the screen of `run`', () => {
  it('[screen.run-lines] a tree that is gone on with is started again before the first frame, which shows it running', async () => {
    const root = await home.startRoot({ scenario });
    await root.run('spawn');
    const kid = await home.spawned('kid');
    await kid.untilEntry('turnStarted');
    await root.untilEntry('turnEnded');
    await kid.stop();
    await root.stop();
    const pty = opened(['run', '-c', 'root', 'more']);
    await pty.until('its answer', (shown) => shown.includes('more is done.'));
    const first = pty.shown.indexOf(frameBegins);
    for (const name of ['root', 'kid']) {
      const at = pty.shown.indexOf(`${name} is running again`);
      expect(at, name).toBeGreaterThanOrEqual(0);
      expect(at, name).toBeLessThan(first);
      expect(pty.shown.lastIndexOf(`${name} is running again`), name).toBe(at);
    }
    expect(pty.shown).not.toContain('has stopped (/restore');
  });

  it('[screen.run-lines] who had to be ended by force is said behind the last frame', async () => {
    const model = home.scenario(scenario);
    const pty = opened(['run', '--model', model, 'spawn']);
    await pty.until('the pod below', (shown) => shown.includes('kid'));
    const kid = await home.spawned('kid');
    await kid.untilEntry('turnStarted');
    await kid.freeze();
    const insisting = setInterval(() => pty.write('\u0003'), 100);
    const ended = pty.until('its summary', (shown) => shown.includes('The logs are kept'));
    await ended.finally(() => clearInterval(insisting));
    const at = pty.shown.indexOf('Ended by force');
    expect(at).toBeGreaterThan(pty.shown.lastIndexOf(frameBegins));
    expect(at).toBeGreaterThan(pty.shown.lastIndexOf(modesOff));
  });
});
