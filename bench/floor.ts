/**
 * What `node:net` and the disk can do by themselves, written plainly, one process each: `echo` answers each line; `durable` appends it to a log and answers
 * after an fdatasync that serves all that queued; `stream` sends a file to whoever connects. Arguments: kind, socket path, file.
 */
import { createReadStream, fdatasync, openSync, writeSync } from 'node:fs';
import { type Socket, createServer } from 'node:net';
import { lineReader } from './lines.ts';

const [kind, path, file = ''] = process.argv.slice(2);

createServer((socket) => {
  socket.on('error', () => socket.destroy());
  if (kind === 'stream') createReadStream(file).pipe(socket);
  else if (kind === 'durable') serveDurably(socket);
  else
    socket.on(
      'data',
      lineReader((lines) => void socket.write(lines.map(answerTo).join(''))),
    );
}).listen(path, () => process.send?.('ready'));

process.on('disconnect', () => process.exit(0));

function answerTo(line: string): string {
  const { id } = JSON.parse(line) as { id: number };
  return `{"jsonrpc":"2.0","id":${id},"result":{"outcome":"accepted","received":${id}}}\n`;
}

const log = kind === 'durable' ? openSync(file, 'a') : -1;
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
