/**
 * The least that a pod's process could be: Node, an ES module, a listening socket, one word on descriptor 3.
 */
import { createServer } from 'node:net';
import { closeSync, writeSync } from 'node:fs';

createServer().listen(process.argv[2], () => {
  writeSync(3, 'ready\n');
  closeSync(3);
});
