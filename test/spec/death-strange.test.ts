/**
 * What a parent and its child make of something that neither order nor version of the other explains: a run
 * that was overtaken, an event of another version.
 */
import { once } from 'node:events';
import { appendFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Entry } from '../../src/session/facts/entries.ts';
import { encodeLines } from '../../src/session/log/line.ts';
import { readToken } from '../../src/session/home/home.ts';
import { receiptsOf } from '../support/audit.ts';
import { TestHome, type TestPod, eventually } from '../support/rig.ts';

const scenario = `rules:
  - { pod: root, last: user, matches: '^spawn', call: [{ SpawnPod: { name: kid, task: first } }] }
  - { pod: root, say: ok }
  - { pod: kid, say: "Did {{lastText}}." }
`;

let home: TestHome;
let root: TestPod;
let kid: TestPod;
beforeEach(async () => {
  home = new TestHome();
  root = await home.startRoot({ scenario });
  await root.run('spawn');
  kid = await home.spawned('kid');
  await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'turnEnded');
  await root.untilSettled();
});
afterEach(() => home.close());

const regressed = { data: { code: 'regressed' } };

describe('a run that was overtaken', () => {
  it('[callback.overtaken-run] is refused by the child when a later link has told that it never came, and does not begin', async () => {
    const from = { instance: root.instance, token: readToken(kid.folder) };
    // The first link of a parent's first incarnation has a higher number.
    await expect(kid.call('run', { input: 'late', from, link: 0 })).rejects.toMatchObject(regressed);
    await kid.call('run', { input: 'in time', from, link: Number.MAX_SAFE_INTEGER });
    await kid.untilEntry('userMessage', ({ text }) => text === 'in time');
    await kid.untilSettled();
    const told = (await kid.entriesOf('userMessage')).map(({ text }) => text);
    expect(told).toEqual(['first', 'in time']);
  });

  it('[callback.links-numbered] links are numbered on over a restart of the parent: what its last incarnation sent late is refused too', async () => {
    const from = { instance: root.instance, token: readToken(kid.folder) };
    const ofThatLife = 2 ** 32 + 1_000;
    await kid.call('run', { input: 'before', from, link: ofThatLife });
    await root.kill();
    await root.start();
    const isLinked = async () => (await root.call('status', {})).children[0]?.status === 'linked';
    await eventually(root.folder.path, isLinked, 'the child has linked to its next incarnation');
    await root.untilSettled();
    await expect(kid.call('run', { input: 'late', from, link: ofThatLife })).rejects.toMatchObject(regressed);
  });
});

describe('an event of another version', () => {
  /** Both are dead then, and nobody has read it. */
  async function saysSomethingNew(): Promise<void> {
    await root.kill();
    await kid.kill();
    const last = (await kid.entries()).at(-1)!;
    const emitted = (await kid.entriesOf('podEventEmitted')).at(-1)!;
    const entry = {
      ...emitted,
      seq: last.seq + 1,
      eventSeq: emitted.eventSeq + 1,
      event: { kind: 'dreamt', of: 'sheep' },
    } as unknown as Entry;
    appendFileSync(kid.folder.log, encodeLines([entry]).bytes);
  }

  it('[death.unknown-kind] in the log of a dead child is told as an error in its place, and the death behind it', async () => {
    await saysSomethingNew();
    await root.start();
    await root.untilEntry('podEventReceived', ({ event }) => event.kind === 'died');
    const kinds = receiptsOf(await root.entries(), kid.instance).map(({ event }) =>
      event.kind === 'errored' ? event.error.category : event.kind,
    );
    expect(kinds).toEqual(['turnEnded', 'unknownEvent', 'died']);
    await root.untilSettled();
  });

  it('[wire.not-understood] a parent that does not understand an event has refused it for good: the child stops sending and says so', async () => {
    home.expectsViolations.push(/^C4 kid: .*refused for good by its parent "root" \(protocolMismatch\)/);
    await root.kill();
    const parent = createServer((socket) => {
      createInterface(socket).on('line', (line) => {
        const { id, method } = JSON.parse(line) as { id: number; method: string };
        const answer =
          method === 'link'
            ? { result: { received: 1, assignments: [], scope: null } }
            : { error: { code: -32602, message: 'event.kind: no such kind' } };
        socket.write(`${JSON.stringify({ jsonrpc: '2.0', id, ...answer })}\n`);
      });
    });
    rmSync(root.socket, { force: true });
    parent.listen(root.socket);
    home.beforeClose(async () => {
      parent.close();
    });
    await once(parent, 'listening');
    const from = { instance: root.instance, token: readToken(kid.folder) };
    await kid.call('run', { input: 'more', from });
    await kid.untilEntry('alert', ({ code }) => code === 'protocolMismatch');
    const rows = await kid.call('deliveries', { pendingOnly: true });
    expect(rows.map(({ state, attempts }) => ({ state, attempts }))).toEqual([
      { state: 'refused', attempts: 1 },
    ]);
  });
});
