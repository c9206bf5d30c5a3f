// Taken in with `--require` before a pod's program: at the pod's first word on descriptor 3 it writes down which of Node's modules were loaded by then.
const fs = require('node:fs');

const { writeSync } = fs;
fs.writeSync = (fd, ...rest) => {
  if (fd === 3) fs.writeFileSync(process.env.PODKIN_MODULES, JSON.stringify(process.moduleLoadList));
  return writeSync(fd, ...rest);
};
