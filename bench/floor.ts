/**
 * What `node:net` and the disk can do by themselves, written plainly, one process each: `echo` answers each
 * line; `durable` appends it to a log and answers after an fdatasync that serves all that queued; `stream`
 * sends a file to whoever connects; `snapshotFirst` is the order that podkin was made to avoid: whoever
 * connects is written the whole history, serialised for it, before anything it says is looked at, and served
 * as by `durable` then. Arguments: kind, socket path, file (what `stream` sends; the session log that is the
 * history of `snapshotFirst`). What is durable goes into a file beside the socket.
 */
import { createReadStream, fdatasync, openSync, readFileSync, writeSync } from 'node:fs';
import { type Socket, createServer } from 'node:net';
import { lineReader } from './lines.ts';

const [kind, path, file = ''] = process.argv.slice(2);

createServer((socket) => {
  socket.on('error', () => socket.destroy());
  if (kind === 'stream') createReadStream(file).pipe(socket);
  else if (kind === 'durable') serveDurably(socket);
  else if (kind === 'snapshotFirst') socket.write(`${JSON.stringify(history)}\n`, () => serveDurably(socket));
  else
    socket.on(
      'data',
      lineReader((lines) => void socket.write(lines.map(answerTo).join(''))),
    );
}).listen(path, () => process.send?.('ready'));

process.on('disconnect', () => process.exit(0));

function entriesIn(sessionLog: string): unknown[] {
  const lines = readFileSync(sessionLog, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => (JSON.parse(line) as { entry: unknown }).entry);
}

function answerTo(line: string): string {
  const { id } = JSON.parse(line) as { id: number };
  return `{"jsonrpc":"2.0","id":${id},"result":{"outcome":"accepted","received":${id}}}\n`;
}

const history = kind === 'snapshotFirst' ? entriesIn(file) : [];
const log = kind === 'durable' || kind === 'snapshotFirst' ? openSync(`${path}.log`, 'a') : -1;
let queued: { socket: Socket; line: string }[] = [];
let syncing = false;

function serveDurably(socket: Socket): void {
  socket.on(
    'data',
    lineReader((lines) => {
      for (const line of lines) queued.push({ socket, line });
      if (!syncing) commit();
    }),
  );
}

/** Everything that has queued goes into one write and one fdatasync; its answers follow. */
function commit(): void {
  const group = queued;
  queued = [];
  if (group.length === 0) return;
  syncing = true;
  const answers = new Map<Socket, string>();
  let text = '';
  for (const { socket, line } of group) {
    text += `${line}\n`;
    answers.set(socket, (answers.get(socket) ?? '') + answerTo(line));
  }
  writeSync(log, text);
  fdatasync(log, (error) => {
    if (error !== null) throw error;
    for (const [socket, answer] of answers) socket.write(answer);
    syncing = false;
    commit();
  });
}
