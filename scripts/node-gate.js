// Begins both programs, before anything that an old Node could not even read: so nothing newer than 2015
// stands here, and `import(` comes after it.
var node = process.versions.node.split('.');
var major = Number(node[0]);
var minor = Number(node[1]);
if (major < 20 || (major === 20 && minor < 19) || major === 21 || (major === 22 && minor < 2)) {
  console.error(
    'podkin: Node ' +
      process.versions.node +
      ' cannot run it: install Node 20.19 or a later 20, or Node 22.2 or newer.',
  );
  process.exit(1);
}
