// An agent that speaks the Agent Client Protocol by a script, its first argument (or FAKE_AGENT): a JSON file
// of the form in fake-agent.ts. Without a library: nothing holds it to the protocol. What it was asked and
// did is in its notes, one JSON object a line; its sessions are files, so that its next start finds them.
/* oxlint-disable unicorn/no-process-exit -- it is to end as its script says */
import { spawn } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, watch, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

const script = JSON.parse(readFileSync(process.argv[2] ?? process.env.FAKE_AGENT, 'utf8'));
const state = script.state ?? join(process.env.HOME, '.fake-agent');
mkdirSync(state, { recursive: true });

const attempt = (act, otherwise) => {
  try {
    return act();
  } catch (problem) {
    return otherwise(problem);
  }
};
const codeOf = (problem) => problem.code ?? problem.message;
const note = (kind, more = {}) => {
  const line = `${JSON.stringify({ pid: process.pid, kind, ...more })}\n`;
  attempt(
    () => appendFileSync(join(state, 'notes'), line),
    () => undefined,
  );
};

// What it keeps of a session: one item a line. A line that a death has cut off is passed over.
const itemsFile = (session) => join(state, `${session}.items`);
const keep = (session, item) => {
  if (script.keeps !== 'nothing') appendFileSync(itemsFile(session), `${JSON.stringify(item)}\n`);
};
const itemsOf = (session) =>
  readFileSync(itemsFile(session), 'utf8')
    .split('\n')
    .flatMap((line) =>
      attempt(
        () => [JSON.parse(line)],
        () => [],
      ),
    );

const send = (message) => process.stdout.write(`${JSON.stringify({ jsonrpc: '2.0', ...message })}\n`);
const update = (sessionId, sessionUpdate, more) =>
  send({ method: 'session/update', params: { sessionId, update: { sessionUpdate, ...more } } });
const chunk = (session, role, words) =>
  update(session, `${role}_chunk`, { content: { type: 'text', text: words } });

function die(how = 'SIGKILL') {
  note('died', { how });
  if (typeof how === 'number') process.exit(how);
  process.kill(process.pid, how);
}

const counts = {};
/** `dies`: before or after the answer to the nth message of a method; `once`: at the first start alone. */
function mayDie(method, when) {
  const nth = counts[method] ?? 0;
  for (const [at, death] of (script.dies ?? []).entries()) {
    if (death.at !== method || (death.when ?? 'before') !== when || (death.nth ?? 1) !== nth) continue;
    const mark = join(state, `died-${at}`);
    if (death.once !== false && existsSync(mark)) continue;
    writeFileSync(mark, '');
    die(death.how);
  }
}

/** Which prompt of its session this is, over all its starts: a mark each, whatever else it keeps. */
function nextPrompt(session) {
  const marks = join(state, `${session}.prompts`);
  appendFileSync(marks, '.');
  return readFileSync(marks).length;
}

let running = null;
let asked = 0;
const waiting = new Map();

const modes = script.modes && {
  modes: {
    currentModeId: script.modes.current,
    availableModes: script.modes.available.map((id) => ({ id, name: id })),
  },
};

const methods = {
  initialize: () => ({
    protocolVersion: 1,
    agentInfo: { name: 'fake-agent', version: script.version ?? '1.0.0' },
    authMethods: [],
    ...script.hello,
    agentCapabilities: { loadSession: script.load !== 'none', ...script.hello?.agentCapabilities },
  }),
  'session/new': () => {
    const sessionId = `fake-${process.pid}-${Date.now().toString(36)}`;
    appendFileSync(itemsFile(sessionId), '');
    return { sessionId, ...modes };
  },
  'session/load': ({ sessionId }) => {
    if (script.load === 'forgets' || !existsSync(itemsFile(sessionId)))
      throw Object.assign(new Error('Resource not found'), { code: -32002 });
    if (script.load === 'hangs') return undefined;
    for (const item of replayed(itemsOf(sessionId))) replay(sessionId, item);
    return { ...modes };
  },
  'session/set_mode': ({ modeId }) => {
    if (script.modes?.refuses === modeId)
      throw Object.assign(new Error(`no mode ${modeId}`), { code: -32602 });
    return {};
  },
};

/** `load`: whole, nothing, summary, unordered, twice, or { first: n }, { last: n } for a part of it. */
function replayed(items) {
  const { load = 'whole' } = script;
  if (load === 'nothing') return [];
  if (load === 'summary') return [{ role: 'agent_message', text: 'Summary: there was work before this.' }];
  if (load === 'unordered') return items.toReversed();
  if (load === 'twice') return [...items, ...items];
  if (load.first !== undefined) return items.slice(0, load.first);
  return load.last === undefined ? items : items.slice(-load.last);
}

function replay(session, item) {
  if (item.role === 'tool') update(session, 'tool_call', item.call);
  else chunk(session, item.role, item.text);
}

async function prompt(id, { sessionId, prompt: blocks }) {
  const words = blocks.map((block) => block.text ?? `[${block.type}]`).join('');
  if (script.keeps !== 'at end') keep(sessionId, { role: 'user_message', text: words });
  const nth = nextPrompt(sessionId);
  running = { id, session: sessionId, words, cancelled: null, stop: null };
  running.cancelled = new Promise((resolve) => (running.stop = resolve));
  const rule = (script.rules ?? []).find(({ match }) => new RegExp(match, 's').test(words));
  const turns = script.turns ?? [[{ echo: true }]];
  const steps = rule?.steps ?? turns[Math.min(nth, turns.length) - 1];
  const turn = running;
  const ended = await Promise.race([
    play(turn, steps),
    ...(script.ignoresCancel ? [] : [turn.cancelled.then(() => ({ stop: 'cancelled' }))]),
  ]);
  if (script.keeps === 'at end') keep(sessionId, { role: 'user_message', text: words });
  mayDie('session/prompt', 'before-answer');
  if (ended.error) send({ id, error: ended.error });
  else send({ id, result: { stopReason: ended.stop, ...(ended.usage && { usage: ended.usage }) } });
  running = null;
  mayDie('session/prompt', 'after');
  if (ended.after) await play(turn, ended.after);
}

/** Runs to the end of the steps, or to the one that ends the turn. */
async function play(turn, steps) {
  let after;
  for (const one of steps) {
    const name = Object.keys(one)[0];
    const ended = await (acts[name] ?? unknown(name))(turn, one[name], one);
    if (name === 'after') after = one.after;
    else if (typeof ended === 'object') return { after, ...ended };
  }
  return { stop: 'end_turn', after };
}

function unknown(name) {
  throw new Error(`fake-agent: the script has a step ${name}, which there is not`);
}

const says = (turn, role, words) => {
  chunk(turn.session, role, words);
  keep(turn.session, { role, text: words });
};
const tried = (turn, what, found) => {
  note('tried', { what, found });
  says(turn, 'agent_message', `${what}: ${found}\n`);
};
const until = (path) =>
  new Promise((resolve) => {
    const watcher = watch(dirname(path), () => look());
    const look = () => {
      if (!existsSync(path)) return;
      watcher.close();
      resolve();
    };
    look();
  });

// The steps of a script.
const acts = {
  say: (turn, words) => says(turn, 'agent_message', words),
  think: (turn, words) => chunk(turn.session, 'agent_thought', words),
  echo: (turn) => says(turn, 'agent_message', `I was told: ${turn.words}`),
  call: (turn, { id, title = id, kind = 'execute', input = {}, status = 'in_progress' }) => {
    const call = { toolCallId: id, title, kind, status, rawInput: input };
    update(turn.session, 'tool_call', call);
    keep(turn.session, { role: 'tool', call });
  },
  done: (turn, { id, status = 'completed', output = '' }) =>
    update(turn.session, 'tool_call_update', {
      toolCallId: id,
      status,
      content: [{ type: 'content', content: { type: 'text', text: output } }],
    }),
  ask: async (turn, { id, title = 'run', kind = 'execute', input = {}, options, yes = [], no = [] }) => {
    const request = `ask-${(asked += 1)}`;
    const offered = options ?? ['allow_once', 'allow_always', 'reject_once'];
    const answer = new Promise((resolve) => waiting.set(request, resolve));
    send({
      id: request,
      method: 'session/request_permission',
      params: {
        sessionId: turn.session,
        toolCall: { toolCallId: id ?? request, title, kind, status: 'pending', rawInput: input },
        options: offered.map((one) => ({ optionId: `option-${one}`, name: one, kind: one })),
      },
    });
    const outcome = (await answer).result?.outcome ?? { outcome: 'failed' };
    note('answered', { outcome });
    mayDie('session/request_permission', 'after');
    if (outcome.outcome === 'cancelled') return { stop: 'cancelled' };
    const ended = await play(turn, outcome.optionId?.startsWith('option-allow') ? yes : no);
    return ended.stop === 'end_turn' ? undefined : ended;
  },
  stall: () => new Promise(() => undefined),
  wait: (_, ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  waitFor: (_, path) => until(path),
  update: (turn, given) => update(turn.session, given.sessionUpdate, given),
  send: (_, message) => send(message),
  raw: (_, text) => void process.stdout.write(text),
  /** A line of so many bytes; it waits for its reader. */
  longLine: async (turn, bytes) => {
    const write = (text) => new Promise((resolve) => process.stdout.write(text, resolve));
    await write(
      `{"jsonrpc":"2.0","method":"session/update","params":{"sessionId":"${turn.session}","update":{"sessionUpdate":"agent_message_chunk","content":{"type":"text","text":"`,
    );
    for (let left = bytes; left > 0; left -= 65_536) await write('x'.repeat(Math.min(left, 65_536)));
    await write('"}}}}\n');
  },
  complain: (_, text) => void process.stderr.write(text),
  die: (_, how) => die(how === true ? 'SIGKILL' : how),
  /** A command; `leave`: in a session of its own, and it is not waited for. */
  shell: async (turn, command, { leave = false }) => {
    const child = spawn('sh', ['-c', command], { detached: leave, stdio: leave ? 'ignore' : 'pipe' });
    note('shell', { child: child.pid, command });
    if (leave) return child.unref();
    let text = '';
    child.stdout.on('data', (data) => (text += data));
    child.stderr.on('data', (data) => (text += data));
    const code = await new Promise((resolve) => child.on('close', resolve));
    tried(turn, command, `exit ${code} ${text.trim()}`);
  },
  read: (turn, path) =>
    tried(
      turn,
      `read ${path}`,
      attempt(() => `got ${readFileSync(path, 'utf8').slice(0, 200)}`, codeOf),
    ),
  write: (turn, path) =>
    tried(
      turn,
      `write ${path}`,
      attempt(() => (writeFileSync(path, 'by the fake agent'), 'done'), codeOf),
    ),
  environment: (turn) => tried(turn, 'environment', Object.keys(process.env).sort().join(' ')),
  dial: (turn, { host, port }) =>
    new Promise((resolve) => {
      const socket = connect({ host, port });
      const end = (found) => {
        socket.destroy();
        tried(turn, `dial ${host}:${port}`, found);
        resolve(undefined);
      };
      socket.on('connect', () => end('connected'));
      socket.on('error', (problem) => end(problem.code));
    }),
  usage: (turn, { used, size = 200_000, cost }) =>
    update(turn.session, 'usage_update', {
      used,
      size,
      ...(cost !== undefined && { cost: { amount: cost, currency: 'USD' } }),
    }),
  /** With the answer's usage as some agents report it, where given. */
  end: (_, stop, { usage }) => ({ stop, usage }),
  error: (_, error) => ({ error }),
  after: () => undefined,
};

function received(line) {
  const message = JSON.parse(line);
  if (message.method === undefined) {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
    return;
  }
  counts[message.method] = (counts[message.method] ?? 0) + 1;
  note('received', {
    method: message.method,
    params: message.params,
    ...(running && message.method === 'session/prompt' && { second: true }),
  });
  mayDie(message.method, 'before');
  if (message.method === 'session/cancel') running?.stop();
  else if (message.method === 'session/prompt') void prompt(message.id, message.params);
  else if (message.id !== undefined) answer(message);
}

function answer({ id, method, params }) {
  const lie = script.lies?.[method];
  if (lie !== undefined) send({ id, ...lie });
  else if (methods[method] === undefined) send({ id, error: { code: -32601, message: 'Method not found' } });
  else {
    const found = attempt(
      () => ({ result: methods[method](params) }),
      ({ code = -32603, message }) => ({ error: { code, message } }),
    );
    if (found.error !== undefined || found.result !== undefined) send({ id, ...found });
  }
  mayDie(method, 'after');
}

note('started', { cwd: process.cwd(), args: process.argv.slice(2) });
process.stdout.on('error', () => process.exit(1));
if (script.complains) process.stderr.write(script.complains);
if (script.stubborn) process.on('SIGTERM', () => note('signal', { signal: 'SIGTERM' }));
createInterface({ input: process.stdin })
  .on('line', received)
  .on('close', () => {
    note('closed');
    if (script.stubborn) setInterval(() => undefined, 60_000);
    else process.exit(0);
  });
