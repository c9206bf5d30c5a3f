/** vscode-jsonrpc: requests with Content-Length headers over a Unix socket. Keeps nothing on disk. */
import { type Socket, createConnection, createServer } from 'node:net';
import { callbackEvent } from '../event.ts';
import { packageOf } from './packages.ts';
import { type Peer, accepted } from './peer.ts';

interface Connection {
  listen(): void;
  onRequest(method: string, answer: (params: { seq: number }) => unknown): void;
  sendRequest(method: string, params: unknown): Promise<unknown>;
}
interface JsonRpc {
  SocketMessageReader: new (socket: Socket) => object;
  SocketMessageWriter: new (socket: Socket) => object;
  createMessageConnection(reader: object, writer: object): Connection;
}

const method = 'podEvent';

async function over(socket: Socket): Promise<Connection> {
  const rpc = await packageOf<JsonRpc>('vscode-jsonrpc/node');
  return rpc.createMessageConnection(
    new rpc.SocketMessageReader(socket),
    new rpc.SocketMessageWriter(socket),
  );
}

export const jsonRpc: Peer = {
  async serve(path) {
    const server = createServer((socket) => {
      socket.on('error', () => socket.destroy());
      void over(socket).then((connection) => {
        connection.onRequest(method, ({ seq }) => accepted(seq));
        connection.listen();
      });
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
  },
  async open(path) {
    const socket = createConnection(path);
    await new Promise<void>((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    const connection = await over(socket);
    connection.listen();
    let seq = 0;
    return () => {
      seq += 1;
      return connection.sendRequest(method, { seq, event: callbackEvent });
    };
  },
};
