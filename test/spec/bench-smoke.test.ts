/** Keeps the benchmarks alive: each measure runs at tiny sizes and gives numbers. No time is asserted. */
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';
import type { Report } from '../../bench/report.ts';

const bench = fileURLToPath(new URL('../../bench/main.mjs', import.meta.url));

it('[bench.smoke] every measure of the bench runs and each of its rows holds numbers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'pk-'));
  try {
    const json = join(folder, 'bench.json');
    await promisify(execFile)(process.execPath, [bench, '--smoke', '--json', json]);
    const { reports } = JSON.parse(readFileSync(json, 'utf8')) as { reports: Report[] };
    expect(reports.map((report) => report.name)).toEqual([
      'callback',
      'peers',
      'history',
      'attach',
      'wake',
      'start',
      'ps',
      'replay',
      'age',
      'scale',
      'streaming',
      'churn',
      'screen',
    ]);
    for (const { name, rows } of reports) {
      expect(rows.length, name).toBeGreaterThanOrEqual(3);
      for (const { label, figures } of rows) {
        const values = Object.values(figures);
        expect(values.length, `${name}: ${label}`).toBeGreaterThan(0);
        // JSON knows no NaN: what was not measured is null there.
        expect(values.every(Number.isFinite), `${name}: ${label} ${JSON.stringify(figures)}`).toBe(true);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}, 420_000);
