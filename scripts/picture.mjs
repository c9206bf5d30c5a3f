// `node scripts/picture.mjs`: docs/screen.svg, the picture of the README. A real tree with a scripted model,
// in a home of its own; the screen in a real terminal (tmux); its cells as an SVG whose text is text.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

// oxlint-disable-next-line no-control-regex -- what a terminal obeys
const steering = /\u001B\[([\d;]*)m|\u001B\(B|\u000F/;

const root = fileURLToPath(new URL('..', import.meta.url));
const command = join(root, 'dist', 'main.js');
const [columns, rows] = [104, 30];
const patienceMs = 60_000;

const scenario = `
rules:
  - pod: root
    last: user
    say: "I give the **handlers**, the **queries** and the tests to three pods."
    call: [{ SpawnPod: { name: review-api, task: "Read every handler under src/api." } }]
  - { pod: root, last: tool, times: 1, call: [{ SpawnPod: { name: review-db, task: "Read the queries under src/db." } }] }
  - { pod: root, last: tool, times: 1, call: [{ SpawnPod: { name: tests, task: "Run the tests, and say which fail." } }] }
  - { pod: root, last: tool, times: 1, call: [{ SpawnPod: { name: lint, task: "Run the linter." } }] }
  - { pod: root, last: notification, matches: lint, say: "Nothing from the linter. Three pods are still at work." }
  - { pod: root, say: "They are at work; I wait for what they report." }
  - { pod: review-api, last: user, call: [{ Read: { path: src/api/admin.ts } }] }
  - { pod: review-api, tokenDelayMs: 600000, say: "The admin handler checks no session." }
  - { pod: review-db, last: user, delayMs: 600000, say: "Reading." }
  - { pod: tests, last: user, call: [{ SpawnPod: { name: e2e, task: "Run the tests in a browser." } }] }
  - { pod: tests, say: "e2e runs them; I wait." }
  - { pod: e2e, last: user, call: [{ Bash: { command: "npx playwright test --update-snapshots" } }] }
  - { pod: lint, say: "No finding: 212 files are clean." }
`;
const task = 'Check the handlers under src/api for missing authorisation, write findings to review/api.md';

if (!existsSync(command)) throw new Error('There is no dist/main.js: npm run build first.');
const folder = mkdtempSync(join(tmpdir(), 'podkin-picture-'));
const work = join(folder, 'shop');
mkdirSync(join(work, 'src', 'api'), { recursive: true });
writeFileSync(join(work, 'src', 'api', 'admin.ts'), 'export {};\n'.repeat(12));
writeFileSync(join(folder, 'review.yaml'), scenario);
const { PATH } = process.env;
const env = { PATH, HOME: folder, PODKIN_HOME: join(folder, 'home'), LANG: 'C.UTF-8' };
const podkin = (...words) =>
  execFileSync(process.execPath, [command, ...words], { cwd: work, env, encoding: 'utf8' });
const tmux = (...words) =>
  execFileSync('tmux', ['-S', join(folder, 'tmux'), ...words], { cwd: work, env, encoding: 'utf8' });

try {
  podkin('run', '--detach', '--name', 'root', '--model', `script/${join(folder, 'review.yaml')}`, task);
  const size = ['-x', String(columns), '-y', String(rows)];
  const line = `'${process.execPath}' '${command}' attach root`;
  tmux('-f', '/dev/null', 'new-session', '-d', ...size, line);
  await until('the question', (screen) => screen.includes('playwright'));
  tmux('send-keys', 'M-t');
  await until('the tree', (screen) => /review-api/.test(screen) && /still at work/.test(screen));
  tmux('send-keys', 'M-w');
  await until('its keys', (screen) => /\by yes/.test(screen));
  await wait(500);
  writeFileSync(join(root, 'docs', 'screen.svg'), svgOf(tmux('capture-pane', '-p', '-e')));
} finally {
  try {
    podkin('stop', 'root');
    tmux('kill-server');
  } catch {
    // It had ended before.
  }
  rmSync(folder, { recursive: true, force: true });
}

async function until(what, holds) {
  const lateAt = performance.now() + patienceMs;
  while (!holds(tmux('capture-pane', '-p'))) {
    if (performance.now() > lateAt) throw new Error(`never seen: ${what}\n${tmux('capture-pane', '-p')}`);
    await wait(50);
  }
}

/** Each run of one pen is a text of exactly its cells, whatever the font. */
function svgOf(capture) {
  const [cell, height, margin, fontSize] = [8.4, 18, 12, 14];
  const colours = [null, 'red', 'green', 'yellow', 'blue', 'magenta', 'cyan'];
  const texts = capture.split('\n').flatMap((row, at) => {
    const y = margin + at * height + 13;
    let pen = {};
    let column = 0;
    // Texts, and between two of them the numbers of a change of the pen, or undefined.
    return row.split(steering).flatMap((part, place) => {
      const isText = place % 2 === 0;
      if (!isText && part !== undefined) pen = penAfter(pen, part);
      if (!isText || part === '') return [];
      const before = pen.inverse === true ? 0 : part.length - part.trimStart().length;
      const from = column + before;
      const length = [...part].length;
      column += length;
      const text = part.trimEnd();
      if (text === '' && !pen.inverse) return [];
      const shown = pen.inverse ? part : text.trimStart();
      const x = (margin + from * cell).toFixed(1);
      const width = ([...shown].length * cell).toFixed(1);
      const names = [pen.bold && 'b', pen.dim && 'd', pen.inverse && 'i', colours[pen.colour ?? 0]];
      const names_ = names.filter(Boolean).join(' ');
      const back = pen.inverse
        ? `<rect class="back" x="${x}" y="${y - 13}" width="${width}" height="${height}"/>`
        : '';
      const of = names_ === '' ? '' : ` class="${names_}"`;
      return [`${back}<text x="${x}" y="${y}" textLength="${width}"${of}>${escaped(shown)}</text>`];
    });
  });
  const [wide, high] = [Math.ceil(2 * margin + columns * cell), 2 * margin + rows * height];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${wide} ${high}" width="${wide}" height="${high}" role="img" aria-label="podkin's screen: the tree of pods, the transcript of its root, and a question of a grandchild">
<style>
svg { --ink: #24292f; --paper: #f6f8fa; --red: #b3261e; --green: #1a6f37; --yellow: #7d5200; --blue: #0550ae; --magenta: #7a2d9c; --cyan: #0a6570; }
@media (prefers-color-scheme: dark) { svg { --ink: #d7dde4; --paper: #14181d; --red: #ff7b72; --green: #6fce85; --yellow: #e3b341; --blue: #79c0ff; --magenta: #d2a8ff; --cyan: #6bd0db; } }
text { font: ${fontSize}px ui-monospace, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: var(--ink); white-space: pre; }
.b { font-weight: 700 } .d { opacity: .65 } .i { fill: var(--paper) } .back { fill: var(--ink) }
${colours
  .slice(1)
  .map((name) => `.${name} { fill: var(--${name}) }`)
  .join(' ')}
</style>
<rect width="100%" height="100%" rx="8" style="fill: var(--paper)"/>
${texts.join('\n')}
</svg>
`;
}

function penAfter(pen, codes) {
  let next = { ...pen };
  for (const code of codes === '' ? [0] : codes.split(';').map(Number)) {
    if (code === 0) next = {};
    if (code === 1) next.bold = true;
    if (code === 2) next.dim = true;
    if (code === 7) next.inverse = true;
    if (code === 22) next = { ...next, bold: false, dim: false };
    if (code === 27) next.inverse = false;
    if (code > 30 && code < 37) next.colour = code - 30;
    if (code === 39) next.colour = undefined;
  }
  return next;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
