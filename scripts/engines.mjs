// `npm run engines [-- NAME …] [--folder DIR] [--no-write]`: other vendors' agents for real, against a mock
// on loopback. Installs each through podkin below DIR (a temporary folder that is kept for the next run), has
// `podkin doctor --engine` try it, then has one tree with all of them: each works, one asks, one fails, one
// is killed. No login is tried and no provider asked. The results go into the table of docs/engines.md.
import { spawn, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const command = join(root, 'dist', 'main.js');
const document = join(root, 'docs', 'engines.md');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { folder: { type: 'string' }, 'no-write': { type: 'boolean' } },
});
const folder = values.folder ?? join(tmpdir(), 'podkin-engines');
mkdirSync(join(folder, 'home'), { recursive: true, mode: 0o700 });
const { knownAgents, pointingAt, probeWords, startMock } = await sources();
const names = positionals.length > 0 ? positionals : Object.keys(knownAgents);
const installMs = 20 * 60_000;
const probeMs = 10 * 60_000;
const treeMs = 8 * 60_000;

let failed = false;
const tried = [];
for (const name of names) {
  const title = installed(name);
  if (title === null) continue;
  const findings = JSON.parse(podkin(['doctor', '--engine', name, '--json'], { timeout: probeMs }).stdout);
  for (const { check, level, text } of findings) console.log(`${level.padEnd(8)} ${check}: ${text}`);
  tried.push({ name, findings });
}
if (values['no-write'] !== true) writeTable(tried);
if (tried.length > 0) await tree(tried.map(({ name }) => name));
process.exitCode = failed ? 1 : 0;

async function sources() {
  const inside = mkdtempSync(join(root, 'node_modules', '.podkin-engines-'));
  try {
    const from = (file, what) =>
      `export { ${what} } from ${JSON.stringify(join(root, 'src', 'engine', file))};`;
    const contents = [
      from('agents.ts', 'knownAgents'),
      from('probe/pointing.ts', 'pointingAt'),
      from('probe/mock-provider.ts', 'probeWords, startMock'),
    ].join('\n');
    const outfile = join(inside, 'sources.mjs');
    await build({
      stdin: { contents, resolveDir: root },
      outfile,
      bundle: true,
      format: 'esm',
      platform: 'node',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(inside, { recursive: true, force: true });
  }
}

function podkin(words, { home = join(folder, 'home'), env = {}, timeout = 60_000, cwd = folder } = {}) {
  const given = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    LANG: 'C.UTF-8',
    PODKIN_HOME: home,
    ...env,
  };
  return spawnSync(process.execPath, [command, ...words], {
    cwd,
    env: given,
    timeout,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
}

function fail(text) {
  failed = true;
  console.log(`FAILED   ${text}`);
}

function installed(name) {
  const place = join(folder, 'home', 'state', 'engines', name);
  const found = () => JSON.parse(podkin(['engines', '--json']).stdout).find((one) => one.name === name);
  if (found()?.command?.startsWith(`${place}/`) !== true) {
    const made = podkin(['engines', 'install', name, '--yes'], { timeout: installMs, env: proxies() });
    if (made.status !== 0) {
      fail(`${name} could not be installed: ${made.stderr}`);
      return null;
    }
  }
  return found()?.title ?? null;
}

/** Where npm's registry is. */
function proxies() {
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => /^(npm_config_|https?_proxy)/i.test(name)),
  );
}

/** A row for each that was tried; the others stay as they are. */
function writeTable(results) {
  const lines = readFileSync(document, 'utf8').split('\n');
  for (const { name, findings } of results) {
    const packages = knownAgents[name].packages.map(
      ([one, version]) => `${one.split('/').at(-1)} ${version}`,
    );
    const date = new Date().toISOString().slice(0, 10);
    const step = (of) => {
      const found = findings.find(({ check }) => check.endsWith(`: ${of}`));
      if (found === undefined) return 'not reached';
      const text = found.text
        .replaceAll('|', '\\|')
        .replaceAll(/\/\S+\//g, '')
        .slice(0, 200);
      return `${found.level === 'ok' ? '' : '**no**: '}${text}`;
    };
    const cells = [
      name,
      packages.join(', '),
      date,
      ...['start', 'hello', 'ask', 'cancel', 'kill and load', 'fail'].map(step),
    ];
    const at = lines.findIndex(
      (line) => line.startsWith(`| ${name} | `) && line.split(' | ').length === cells.length,
    );
    if (at < 0) fail(`docs/engines.md has no row for ${name}`);
    else lines[at] = `| ${cells.join(' | ')} |`;
  }
  writeFileSync(document, lines.join('\n'));
}

/** One root with a scripted model, and a child of each; each child's outcome must reach it exactly once. */
async function tree(all) {
  const place = mkdtempSync(join(folder, 'tree-'));
  const [home, work, person] = ['home', 'work', 'person'].map((one) => join(place, one));
  for (const one of [home, work, person]) mkdirSync(one, { mode: 0o700 });
  hooksIn(work);
  const mock = await startMock('touch probe-asked');
  const environment = { HOME: person, PODKIN_LIMITS_ENGINE_STALL_MS: '30000', PODKIN_LIMITS_CHILDREN: '32' };
  const engines = [];
  for (const name of all) {
    const { variables, files } = pointingAt(name, mock.url);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(person, file)), { recursive: true });
      writeFileSync(join(person, file), text);
    }
    Object.assign(environment, variables);
    engines.push(`[engines.${name}]\nlogin = "share"\nenv = ${JSON.stringify(Object.keys(variables))}\n`);
  }
  mkdirSync(join(home, 'config'), { mode: 0o700 });
  mkdirSync(join(home, 'state'), { mode: 0o700 });
  writeFileSync(join(home, 'config', 'config.toml'), engines.join('\n'), { mode: 0o600 });
  const at = { home, env: { ...environment, PATH: `${bins(all)}:${process.env.PATH}` }, cwd: work };
  const children = planned(all);
  const spawns = children.map(({ name, agent, word }) => ({
    SpawnPod: { name, model: `acp/${agent}`, task: `Do it. ${probeWords[word]}`, write: [name] },
  }));
  const rules = [
    { pod: 'root', last: 'user', times: 1, say: 'all of them', call: spawns },
    { pod: 'root', last: 'tool', say: 'they work' },
    { pod: 'root', last: 'notification', say: 'noted' },
  ];
  const script = join(place, 'scenario.yaml');
  writeFileSync(script, JSON.stringify({ rules }));
  try {
    const begun = podkin(
      ['run', '-d', '--name', 'root', '--model', `script/${script}`, '--sandbox-network', 'go'],
      at,
    );
    if (begun.status !== 0) return fail(`the tree was not begun: ${begun.stderr}`);
    await watched(at, { children, mock });
    judge(at, children);
    const hooked = readdirSync(work).filter((name) => name.startsWith('hooked-'));
    if (hooked.length > 0) fail(`hooks of the project have run: ${hooked.join(', ')}`);
    else console.log('ok       no hook of the project has run');
  } finally {
    podkin(['stop', 'root'], at);
    await mock.close();
    const left = processesOf((text) => text.includes(`${home}/`));
    if (left.length > 0) fail(`processes are left: ${left.join(', ')}`);
    else console.log('ok       no process is left');
    if (failed) console.log(`its home: ${home}`);
    else rmSync(place, { recursive: true, force: true });
  }
}

/** What each vendor's agent would run by itself when it starts in `work`: nothing of it may run. */
function hooksIn(work) {
  const touch = (name) => `touch ${join(work, `hooked-${name}`)}`;
  const server = (name) => ({ mcpServers: { hooked: { command: 'sh', args: ['-c', touch(name)] } } });
  const hooks = (name) => ({
    hooks: { SessionStart: [{ hooks: [{ type: 'command', command: touch(name) }] }] },
    ...server(name),
  });
  const module = (name) =>
    `import { writeFileSync } from "node:fs"; writeFileSync(${JSON.stringify(join(work, `hooked-${name}`))}, "");`;
  const files = {
    '.claude/settings.json': JSON.stringify(hooks('claude')),
    '.mcp.json': JSON.stringify(server('mcp')),
    '.codex/config.toml': `[mcp_servers.hooked]\ncommand = "sh"\nargs = ["-c", ${JSON.stringify(touch('codex'))}]\n`,
    '.codex/hooks.json': JSON.stringify(hooks('codex')),
    '.opencode/plugin/hooked.js': `${module('opencode')} export const Hooked = async () => ({});`,
    '.github/hooks/hooked.json': JSON.stringify({
      version: 1,
      hooks: { sessionStart: [{ type: 'command', bash: touch('copilot') }] },
    }),
    '.pi/extensions/hooked.ts': `${module('pi')} export default function () {}`,
    '.qwen/settings.json': JSON.stringify(hooks('qwen')),
    '.gemini/settings.json': JSON.stringify(hooks('gemini')),
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(work, name)), { recursive: true });
    writeFileSync(join(work, name), text);
  }
}

/** Each works; one asks, the provider of one fails, and one is killed until it is given up. */
function planned(all) {
  const first = (test) => all.find(test) ?? all[0];
  return [
    ...all.map((agent) => ({ name: `${agent}-hello`, agent, word: 'hello', outcome: 'finished' })),
    {
      name: 'asks',
      agent: first((one) => knownAgents[one].asks === 'always'),
      word: 'ask',
      outcome: 'finished',
    },
    { name: 'fails', agent: first((one) => one !== 'gemini'), word: 'fail', outcome: 'errored' },
    { name: 'killed', agent: first((one) => one === 'opencode'), word: 'stall', outcome: 'errored' },
  ];
}

function bins(all) {
  return all.map((name) => join(folder, 'home', 'state', 'engines', name, 'node_modules', '.bin')).join(':');
}

/** Until it is settled: answers what is asked, and kills what is to be killed whenever it waits. */
async function watched(at, { mock }) {
  const over = Date.now() + treeMs;
  let waits = mock.stalled();
  let isHeld = false;
  const hold = () => (isHeld = true);
  void waits.then(hold);
  const waiting = spawn(process.execPath, [command, 'wait', 'root', '--timeout', String(treeMs / 1000)], {
    cwd: at.cwd,
    env: { ...at.env, LANG: 'C.UTF-8', PODKIN_HOME: at.home },
    stdio: 'ignore',
  });
  while (waiting.exitCode === null && Date.now() < over) {
    if (isHeld) {
      isHeld = false;
      waits = mock.stalled();
      void waits.then(hold);
      const victims = processesOf((text) => /HOME=[^\0]*\.killed\/engine-home/.test(text));
      for (const pid of victims) killed(pid);
      console.log(`ok       killed its agent (${victims.length} processes)`);
    }
    for (const { request } of JSON.parse(podkin(['approvals', '--json'], at).stdout || '[]')) {
      const answered = podkin(['approve', request, '--deny'], at);
      console.log(`${answered.status === 0 ? 'ok      ' : 'no      '} a person is asked, and says no`);
    }
    await pause(500);
  }
  if (waiting.exitCode === null) {
    waiting.kill();
    fail('the tree was not settled in time');
  }
}

function killed(pid) {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended with another one.
  }
}

function judge(at, children) {
  const deliveries = JSON.parse(podkin(['deliveries', '--json'], at).stdout);
  for (const { name, agent, word, outcome } of children) {
    const reports = deliveries.filter((one) => JSON.stringify(one).includes(`"${name}"`));
    const log = podkin(['logs', name, '--json'], at).stdout;
    const ends = log
      .split('\n')
      .flatMap((line) => (line.includes('"type":"turnEnded"') ? [JSON.parse(line)] : []));
    const ended = ends.map((one) => one.outcome).join(', ');
    const text = `${name} (acp/${agent}, ${word}): ${ended}, ${reports.length} report`;
    if (ended === outcome && reports.length === 1) console.log(`ok       ${text}`);
    else fail(`${text}; expected ${outcome} and one report`);
  }
  const verified = podkin(['verify'], at);
  if (verified.status === 0)
    console.log(`ok       podkin verify: ${verified.stdout.trim().split('\n').at(-1)}`);
  else fail(`podkin verify: ${verified.stdout}${verified.stderr}`);
}

/** Pids whose environment or command line is such. */
function processesOf(isOne) {
  return readdirSync('/proc').flatMap((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return [];
    try {
      const text = ['environ', 'cmdline']
        .map((one) => readFileSync(`/proc/${pid}/${one}`, 'utf8'))
        .join('\0');
      return isOne(text) ? [Number(pid)] : [];
    } catch {
      return [];
    }
  });
}
