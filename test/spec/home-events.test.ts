/** A follower of all trees that is killed again and again while pods work. */
import { readFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { linesOf, RunningCommand } from '../support/command-rig.ts';
import { TestHome } from '../support/rig.ts';
import { sizeOf } from '../support/size.ts';
import { eventually, pause } from '../support/waiting.ts';

let home: TestHome;
beforeEach(() => {
  home = new TestHome();
});
afterEach(async () => {
  await home.close();
});

const kills = sizeOf('EVENT_KILLS', { short: 8, full: 100 });
interface Line {
  readonly type: string;
  readonly instance: string;
  readonly entry: { readonly seq: number; readonly type: string };
}
const scenario = `
rules:
  - { pod: root, last: user, matches: "^go (.*)$", call: [{ SpawnPod: { name: "kid-{{match.1}}", task: "work" } }] }
  - { say: "Noted." }
`;
const word = ({ instance, entry }: Line) => `${instance} ${entry.seq}`;

const timeout = 60_000 + kills * 3_000;
it(
  '[events.all] [events.two] killed again and again it misses nothing, and one name has one follower',
  { timeout },
  async () => {
    const root = await home.startRoot({ scenario });
    const got: Line[] = [];
    for (let kill = 0; kill < kills; kill += 1) {
      if (kill % 3 === 0 && kill < 12) await root.run(`go ${kill}`);
      const follower = new RunningCommand(home, ['events', '--all', '--since', 'start', '--cursor', 'it']);
      if (kill === 1) {
        // It has the name before the second one asks for it.
        await follower.until('a line', ({ stdout }) => stdout.includes('\n'));
        const refused = async (): Promise<boolean> => {
          const second = await home.run(['events', '--all', '--once', '--since', 'start', '--cursor', 'it']);
          got.push(...linesOf<Line>(second.stdout));
          return second.code === 1 && second.stderr.includes('another command follows');
        };
        await eventually(home.path, refused, 'the follower');
      }
      // Wherever that falls: before it reads, while it does, between two readings.
      await pause((kill * 137) % 1_500);
      follower.signal('SIGKILL');
      const whole = (await follower.ended).stdout;
      got.push(...linesOf<Line>(whole.slice(0, whole.lastIndexOf('\n') + 1)));
    }
    await root.untilSettled();
    got.push(
      ...linesOf<Line>(
        (await home.run(['events', '--all', '--once', '--since', 'start', '--cursor', 'it'])).stdout,
      ),
    );
    const all = linesOf<Line>((await home.run(['events', '--all', '--once', '--since', 'start'])).stdout);
    const entries = all.filter(({ type }) => type === 'entry');
    const known = new Set(got.filter(({ type }) => type === 'entry').map(word));
    expect(entries.map(word).filter((one) => !known.has(one))).toEqual([]);
    expect(entries.some(({ entry }) => entry.type === 'podEventReceived')).toBe(true);
    expect(readFileSync(`${home.home.state}/cursors/it/cursor`, 'utf8').length).toBeLessThan(64_000);
  },
);
