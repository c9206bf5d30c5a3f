import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Report, verifyHome } from '../../../src/delivery/verify/verify.ts';
import type { Entry } from '../../../src/session/facts/entries.ts';
import { type Home, homeOf, podFolder, writeTombstone } from '../../../src/session/home/home.ts';
import { encodeLines } from '../../../src/session/log/line.ts';
import { ownIdentity } from '../../../src/std/process-identity.ts';
import { type LogBuilder, died, logHome } from '../../support/log-builder.ts';

let root = '';
let home: Home;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'podkin-verify-'));
  home = homeOf({ PODKIN_HOME: root });
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

/** Writes a log as a pod would, one append an entry. */
function write(pod: LogBuilder, alter: (bytes: Buffer) => Buffer = (bytes) => bytes): string {
  const folder = podFolder(home, pod.name);
  mkdirSync(folder.path, { recursive: true });
  const bytes = Buffer.concat(pod.entries.map((entry) => encodeLines([entry]).bytes));
  writeFileSync(folder.log, alter(bytes));
  return folder.log;
}

/** The pod's lives are this process, so they run. */
function living(pod: LogBuilder): void {
  const { pid, startTime, bootId } = ownIdentity();
  for (const [index, entry] of pod.entries.entries()) {
    if (entry.type === 'started') pod.entries[index] = { ...entry, pid, startTime, bootId } satisfies Entry;
  }
}

function family(): { parent: LogBuilder; child: LogBuilder } {
  const pods = logHome();
  const parent = pods.pod('parent');
  const child = pods.pod('a-child', parent);
  parent.link(child);
  return { parent, child };
}

const broken = (report: Report): string[] => report.violations.map(({ rule, pod }) => `${rule} ${pod}`);
const verify = (): Promise<Report> => verifyHome(home, { untilSecondReading: async () => undefined });

describe('verify: a home on disk', () => {
  it('[verify.home] logs are read from their files, and both ends held against each other', async () => {
    const { parent, child } = family();
    child.emit();
    parent.deliver(child);
    parent.notified(() => parent.consume(child));
    write(parent);
    write(child);
    expect(await verify()).toMatchObject({ pods: 2, events: 1, violations: [] });
    child.emit();
    child.ack();
    write(child);
    expect(await verify()).toMatchObject({ pods: 2, events: 2, lost: 1 });
  });

  it('[verify.empty-home] a home without pods, and a pod that is being made, are in order', async () => {
    expect(await verify()).toMatchObject({ pods: 0, events: 0, violations: [] });
    mkdirSync(podFolder(home, 'new').path, { recursive: true });
    mkdirSync(podFolder(home, 'newer').path, { recursive: true });
    writeFileSync(podFolder(home, 'newer').log, '');
    writeFileSync(join(home.state, 'pods', 'stray'), '');
    expect(await verify()).toMatchObject({ pods: 0, violations: [] });
  });

  it('[verify.unreadable] foreign, damaged and unreadable logs are told with their path, the others are still checked', async () => {
    const { parent, child } = family();
    child.emit();
    child.ack();
    write(parent);
    write(child);
    const foreign = podFolder(home, 'foreign');
    mkdirSync(foreign.path);
    const [, started] = child.entries;
    if (started === undefined) throw new Error('no second entry');
    writeFileSync(foreign.log, `not ours\n${encodeLines([{ ...started, seq: 1 }]).bytes.toString()}`);
    mkdirSync(podFolder(home, 'folder').log, { recursive: true });
    const report = await verify();
    expect(broken(report).sort()).toEqual(['I1 parent', 'log folder', 'log foreign', 'log foreign']);
    for (const name of ['folder', 'foreign']) {
      const texts = report.violations.filter(({ pod }) => pod === name).map(({ text }) => text);
      for (const text of texts) expect(text).toContain(podFolder(home, name).log);
    }
  });

  it('[verify.damaged-line] a damaged line in the middle is counted, and what it held is missed', async () => {
    const { parent, child } = family();
    child.emit();
    child.emit();
    parent.deliver(child, 1);
    const damagedAt = parent.lastSeq;
    parent.deliver(child, 2);
    write(child);
    const path = write(parent, (bytes) => {
      const lines = bytes.toString().split('\n');
      lines[damagedAt - 1] = (lines[damagedAt - 1] ?? '').replace('turnEnded', 'turnEndex');
      return Buffer.from(lines.join('\n'));
    });
    const report = await verify();
    expect(broken(report)).toEqual(['log parent', 'log parent', 'I1 parent']);
    expect(report.violations.map(({ text }) => text).join('\n')).toContain(`1 damaged line(s) in ${path}`);
  });

  it('[verify.torn-tail] what stands behind the last complete append is not there, and no damage', async () => {
    const { parent, child } = family();
    write(parent, (bytes) => bytes.subarray(0, -5));
    write(child);
    expect(await verify()).toMatchObject({ pods: 2, violations: [] });
  });

  it('[verify.tombstones] a removed parent is judged by its tombstone; a broken tombstone is told', async () => {
    const { parent, child } = family();
    child.emit();
    child.ack();
    write(child);
    const { name, instance } = parent;
    const stone = { name, instance, removedAt: 'now', emitted: 0, acked: 0, discarded: false };
    writeTombstone(home, { ...stone, received: { [child.instance]: 1 } });
    expect(broken(await verify())).toEqual([]);
    writeTombstone(home, { ...stone, received: {} });
    expect(broken(await verify())).toEqual(['I1 a-child']);
    writeFileSync(join(home.state, 'removed', 'broken.json'), '{');
    expect(broken(await verify())).toContain('log *');
  });

  it('[verify.process-gone] a death is undeclared where the process is gone and the parent lives; a process that runs has not died', async () => {
    const { parent, child } = family();
    living(parent);
    write(parent);
    write(child);
    expect(await verify()).toMatchObject({ undeclaredDeaths: 1 });
    living(child);
    write(child);
    expect(await verify()).toMatchObject({ undeclaredDeaths: 0, violations: [] });
  });

  it('[verify.second-look] a death that its parent tells between two looks is no violation', async () => {
    const { parent, child } = family();
    living(parent);
    write(parent);
    write(child);
    const report = await verifyHome(home, {
      untilSecondReading: async () => {
        parent.declare(child, died());
        write(parent);
      },
    });
    expect(report).toMatchObject({ pods: 2, events: 1, undeclaredDeaths: 0, violations: [] });
  });

  it('[verify.second-look-only] without a death in doubt there is no second look', async () => {
    const { parent, child } = family();
    child.emit();
    child.ack();
    write(parent);
    write(child);
    let looks = 0;
    const report = await verifyHome(home, { untilSecondReading: async () => (looks += 1) });
    expect([looks, broken(report)]).toEqual([0, ['I1 parent']]);
  });
});
