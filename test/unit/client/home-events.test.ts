/** The events of a home whose logs are written by hand, between the readings of followers. */
import { appendFileSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { HomeEvents, type HomeEvent } from '../../../src/client/home-events/reader.ts';
import { type Cursor, decodeCursor, encodeCursor } from '../../../src/client/home-events/cursor.ts';
import { emptyFacts } from '../../../src/session/facts/facts.ts';
import type { PodFolder } from '../../../src/session/home/home.ts';
import { removePodFolder } from '../../../src/session/home/remove.ts';
import { encodeLine } from '../../../src/session/log/line.ts';
import { uuidv7 } from '../../../src/std/uuid.ts';
import { type LogBuilder, logHome } from '../../support/log-builder.ts';
import { cliRig } from '../cli/home-rig.ts';

const id = uuidv7(1);
const start: Cursor = { home: id, removed: 0, pods: new Map(), groups: [] };

function played() {
  const rig = cliRig();
  const logs = logHome();
  const written = new Map<LogBuilder, { folder: PodFolder; count: number }>();
  return {
    rig,
    logs,
    folderOf: (pod: LogBuilder) => written.get(pod)!.folder,
    /** What the logs have by now. */
    write(...pods: LogBuilder[]) {
      for (const pod of pods) {
        const known = written.get(pod);
        const count = pod.entries.length;
        if (known === undefined) written.set(pod, { folder: rig.write(pod), count });
        else {
          for (const entry of pod.entries.slice(known.count))
            appendFileSync(known.folder.log, encodeLine(entry).line);
          known.count = count;
        }
      }
    },
  };
}

/** One that begins anew each time, as after a kill. */
async function read(rig: ReturnType<typeof cliRig>, cursor: Cursor, stopAfter = Infinity) {
  const events = new HomeEvents(rig.home, cursor);
  const got: string[] = [];
  const take = async (event: HomeEvent): Promise<void> => {
    if (got.length >= stopAfter) throw new Error('killed');
    got.push(wordOf(event));
  };
  await events.read(take).catch((error: Error) => {
    if (error.message !== 'killed') throw error;
  });
  const next = decodeCursor(encodeCursor(events.cursor));
  if (next === null) throw new Error('no cursor');
  return { got, next };
}

function wordOf(event: HomeEvent): string {
  if (event.type === 'gone') return `gone ${event.instance.slice(-2)} ${event.lastSeq}`;
  if (event.type === 'unreadable') return `${event.folder.replace(/^.*\./, '')} unreadable ${event.why}`;
  if (event.type === 'damaged') return `${event.pod.name} damaged`;
  return `${event.pod.name} ${event.entry.seq} ${event.entry.type}`;
}

/** A root with a child that has reported twice. */
function family({ logs }: ReturnType<typeof played>) {
  const root = logs.pod('root');
  root.input('run');
  root.beginRun();
  const kid = logs.pod('kid', root);
  root.assign(kid, 'a');
  root.link(kid);
  kid.accept('a');
  kid.beginRun();
  kid.step();
  kid.endTurn();
  return { root, kid };
}

describe('the events of a home', () => {
  it('[events.order] [events.all] in the order of cause and effect, wherever the reading is cut', async () => {
    const home = played();
    const { root, kid } = family(home);
    kid.emit();
    root.receive(kid);
    home.write(root, kid);
    const all = (await read(home.rig, start)).got;
    expect(all.length).toBeGreaterThan(6);
    const receipts = all.filter((word) => word.includes('podEventReceived'));
    expect(receipts.length).toBeGreaterThan(0);
    for (let cut = 0; cut <= all.length; cut += 1) {
      const first = await read(home.rig, start, cut);
      const second = await read(home.rig, first.next);
      expect(first.got.slice(0, cut)).toEqual(all.slice(0, cut));
      // Nothing is missed, and nothing repeated but for the one that the cut was in.
      expect(new Set([...first.got, ...second.got])).toEqual(new Set(all));
      expect(first.got.length + second.got.length).toBe(all.length);
      const order = [...first.got, ...second.got];
      const at = (part: string) => order.findIndex((word) => word.includes(part));
      expect(at('root 2 started')).toBeLessThan(at('kid 1 session'));
      expect(at('kid') < at('podEventReceived')).toBe(true);
      expect(at('podEventEmitted')).toBeLessThan(at('podEventReceived'));
    }
  });

  it('[events.gone] says how far a removed pod had come, and of one that came and went meanwhile', async () => {
    const home = played();
    const [one, two] = [home.logs.pod('one'), home.logs.pod('two')];
    home.write(one);
    const cursor = (await read(home.rig, start)).next;
    home.write(two);
    for (const pod of [one, two]) {
      const facts = { ...emptyFacts(), lastSeq: pod.lastSeq };
      const { name, instance } = pod;
      const burial = { name, instance, folder: home.folderOf(pod), parent: null, facts, receivedAbove: 0 };
      removePodFolder(home.rig.home, { ...burial, discarded: false })();
    }
    const { got, next } = await read(home.rig, cursor);
    expect(got).toEqual(['gone 01 2', 'gone 02 2']);
    expect((await read(home.rig, next)).got).toEqual([]);
  });

  it('[events.gone] of one that vanished without a word, that is said too', async () => {
    const home = played();
    const one = home.logs.pod('one');
    home.write(one);
    const { next } = await read(home.rig, start);
    rmSync(home.folderOf(one).path, { recursive: true });
    expect((await read(home.rig, next)).got).toEqual(['gone 01 null']);
  });

  it('[events.damaged] tells of damaged lines, and goes on behind a repair', async () => {
    const home = played();
    const { root, kid } = family(home);
    home.write(root, kid);
    const { log } = home.folderOf(root);
    const lines = readFileSync(log, 'utf8').split('\n');
    lines[3] = lines[3]!.replace(/.$/, '~');
    writeFileSync(log, lines.join('\n'));
    const { got, next } = await read(home.rig, start);
    expect(got.filter((word) => word === 'root damaged')).toHaveLength(1);
    // A repair takes the line out: all others are at other places.
    lines.splice(3, 1);
    writeFileSync(log, lines.join('\n'));
    root.endTurn();
    home.write(root);
    const later = (await read(home.rig, next)).got;
    expect(later.filter((word) => word.startsWith('root'))).toEqual([expect.stringContaining('turnEnded')]);
    expect(later.filter((word) => got.includes(word))).toEqual([]);
  });

  it.each<[string, (folder: PodFolder) => void, RegExp]>([
    [
      'something else in the place of its log',
      ({ log }) => {
        renameSync(log, `${log}.kept`);
        mkdirSync(log);
      },
      /^kid unreadable .* is no regular file$/,
    ],
    ['no log any more', ({ log }) => renameSync(log, `${log}.kept`), /^kid unreadable its log is gone$/],
    [
      'nothing that says which pod it is',
      ({ log, spec }) => {
        renameSync(log, `${log}.kept`);
        writeFileSync(log, 'x\n');
        rmSync(spec, { force: true });
      },
      /^kid unreadable its pod.json is gone, and its log does not say which pod it is$/,
    ],
  ])(
    '[events.unreadable] a folder with %s is told once, and read when it is whole',
    async (_, damage, told) => {
      const home = played();
      const { root, kid } = family(home);
      home.write(root, kid);
      const { next } = await read(home.rig, start);
      const folder = home.folderOf(kid);
      kid.emit();
      root.receive(kid);
      home.write(kid, root);
      damage(folder);
      const events = new HomeEvents(home.rig.home, next);
      const words: string[] = [];
      const take = async (event: HomeEvent): Promise<void> => void words.push(wordOf(event));
      await events.read(take);
      await events.read(take);
      expect(words.filter((word) => /unreadable|gone/.test(word))).toEqual([expect.stringMatching(told)]);
      expect(words.some((word) => /root \d+ podEventReceived/.test(word))).toBe(true);
      rmSync(folder.log, { force: true, recursive: true });
      renameSync(`${folder.log}.kept`, folder.log);
      words.length = 0;
      await events.read(take);
      expect(words).toEqual([expect.stringMatching(/^kid \d+ podEventEmitted$/)]);
    },
  );

  it('[events.two] two followers each get all', async () => {
    const home = played();
    const { root, kid } = family(home);
    home.write(root, kid);
    const [a, b] = await Promise.all([read(home.rig, start), read(home.rig, start)]);
    expect(a.got).toEqual(b.got);
  });

  it('[events.foreign] what is no cursor of this home is refused', async () => {
    const { rig } = played();
    const bad = await rig.podkin('events', '--all', '--once', '--since', 'nonsense');
    expect([bad.status, bad.stderr]).toEqual([2, expect.stringContaining('"start" for all there is')]);
    const other = await rig.podkin('events', '--all', '--once', '--since', encodeCursor(start));
    expect([other.status, other.stderr]).toEqual([2, expect.stringContaining('of another home')]);
    const name = await rig.podkin('events', '--all', '--once', '--cursor', '../x');
    expect([name.status, name.stderr]).toEqual([2, expect.stringContaining('is no name')]);
    const alone = await rig.podkin('events', '--since', 'start');
    expect([alone.status, alone.stderr]).toEqual([2, expect.stringContaining('--all')]);
  });
});
