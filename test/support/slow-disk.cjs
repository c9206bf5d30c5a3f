// Taken in by NODE_OPTIONS: every sync of a process takes up to SLOW_DISK_MS longer, now more and now less, as on a disk that others use too.
const fs = require('node:fs');
const { syncBuiltinESMExports } = require('node:module');

const most = Number(process.env.PODKIN_SLOW_DISK_MS ?? 0);
const delay = () => Math.random() * most;
const cell = new Int32Array(new SharedArrayBuffer(4));

for (const name of ['fsyncSync', 'fdatasyncSync']) {
  const plain = fs[name];
  fs[name] = (...given) => {
    Atomics.wait(cell, 0, 0, delay());
    return plain(...given);
  };
}
for (const name of ['fsync', 'fdatasync']) {
  const plain = fs[name];
  fs[name] = (...given) => void setTimeout(() => plain(...given), delay());
}
syncBuiltinESMExports();
