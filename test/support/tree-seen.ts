/** A tree as somebody sees it who watches it over one connection. */
import type { TreePod } from '../../src/protocol/tree.ts';
import type { Client } from '../../src/transport/client.ts';
import { eventually, type TestPod } from './rig.ts';

export class TreeSeen {
  readonly pod: TestPod;
  /** By name. */
  readonly rows = new Map<string, TreePod>();
  /** When each change came, and what was in it. */
  readonly changes: { atMs: number; names: string[]; gone: string[] }[] = [];
  readonly client: Client;

  private constructor(pod: TestPod, client: Client) {
    [this.pod, this.client] = [pod, client];
  }

  static async of(pod: TestPod, watcher?: string): Promise<TreeSeen> {
    let seen: TreeSeen | null = null;
    const client = await pod.client((event) => {
      if (event.type === 'treeChanged') seen?.take(event as unknown as { rows: TreePod[]; gone: string[] });
    });
    seen = new TreeSeen(pod, client);
    const answer = await client.call('tree', { watch: true, ...(watcher === undefined ? {} : { watcher }) });
    for (const row of answer.rows) seen.rows.set(row.name, row);
    return seen;
  }

  take({ rows, gone }: { rows: TreePod[]; gone: string[] }): void {
    this.changes.push({ atMs: performance.now(), names: rows.map(({ name }) => name), gone });
    for (const row of rows) this.rows.set(row.name, row);
    for (const [name, { instance }] of this.rows) if (gone.includes(instance)) this.rows.delete(name);
  }

  /** Waits until that row satisfies. */
  async until(name: string, fits: (row: TreePod) => boolean): Promise<TreePod> {
    const found = () => {
      const row = this.rows.get(name);
      return row !== undefined && fits(row);
    };
    await eventually(this.pod.folder.path, found, `the row of ${name}`, () =>
      JSON.stringify(this.rows.get(name) ?? [...this.rows.keys()]),
    );
    return this.rows.get(name)!;
  }

  /** The most changes within any second. */
  mostInASecond(): number {
    const times = this.changes.map(({ atMs }) => atMs);
    return Math.max(0, ...times.map((at) => times.filter((time) => time >= at && time < at + 1_000).length));
  }

  close(): void {
    this.client.connection.destroy();
  }
}
