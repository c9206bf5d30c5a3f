/** Observers that follow pods and note how late each token reaches them. */
import { type Socket, createConnection } from 'node:net';
import { lineReader } from './lines.ts';
import { lagsIn } from './stamp.ts';

export interface Watching {
  /** What has been seen since the last call, of all pods together. */
  take(): { tokens: number; lagsMs: number[] };
  end(): void;
}

/** One observer for each of the sockets; fulfils when each has its header. */
export async function watchAll(paths: readonly string[]): Promise<Watching> {
  const seen = { tokens: 0, lagsMs: [] as number[] };
  const sockets = await Promise.all(paths.map((path) => watchOne(path, seen)));
  return {
    take() {
      const { tokens, lagsMs } = seen;
      seen.tokens = 0;
      seen.lagsMs = [];
      return { tokens, lagsMs };
    },
    end() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function watchOne(path: string, seen: { tokens: number; lagsMs: number[] }): Promise<Socket> {
  const socket = createConnection(path);
  socket.write('{"jsonrpc":"2.0","id":1,"method":"subscribe","params":{}}\n');
  let rest = '';
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on(
      'data',
      lineReader((lines) => {
        resolve(socket);
        for (const line of lines) {
          // Most lines of a history are none; those are not worth parsing.
          if (!line.includes('"textDelta"')) continue;
          const { params } = JSON.parse(line) as { params: { text: string } };
          const lags = lagsIn(rest + params.text);
          rest = lags.rest;
          for (const lag of lags.lagsMs) seen.lagsMs.push(lag);
          seen.tokens += params.text.trim().split(/\s+/).length;
        }
      }),
    );
  });
}
