/**
 * What a person sees, as files: each scene at the three sizes, as panes and inline. To be looked at, not only
 * compared: `GOLDEN=write npx vitest run --project unit test/unit/screen/views-golden.test.ts` writes
 * them anew.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { inlineLive } from '../../../src/screen/views/inline.ts';
import { paneFrame } from '../../../src/screen/views/frame.ts';
import { scenes } from './scenes.ts';
import { lineText, plainRich, viewOf } from './shown.ts';

const sizes = [
  { columns: 80, rows: 24 },
  { columns: 160, rows: 50 },
  { columns: 40, rows: 10 },
];

function pictures(name: string): string {
  const scene = { rich: plainRich, ...scenes[name] };
  return sizes
    .flatMap((size) => {
      const inline = viewOf({ ...scene, state: { ...scene.state, mode: 'inline', ownsTree: true } });
      return [
        [`panes ${size.columns}×${size.rows}`, paneFrame(viewOf(scene), size)] as const,
        [`inline ${size.columns}×${size.rows}`, inlineLive(inline, size)] as const,
      ];
    })
    .map(([title, { lines, caret }]) => {
      const at = caret === null ? 'no caret' : `caret ${caret.row}, ${caret.column}`;
      return `=== ${title}, ${at}\n${lines.map((line) => lineText(line).trimEnd()).join('\n')}\n`;
    })
    .join('\n');
}

it.each(Object.keys(scenes))('[screen.views-golden] %s is seen as its file has it', (name) => {
  const file = fileURLToPath(new URL(`../../golden/screen/${name}.txt`, import.meta.url));
  const seen = pictures(name);
  if (process.env['GOLDEN'] === 'write') writeFileSync(file, seen);
  expect(existsSync(file) ? readFileSync(file, 'utf8') : '', 'GOLDEN=write writes it anew').toBe(seen);
});
