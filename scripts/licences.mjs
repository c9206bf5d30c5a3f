// The licence texts of the packages whose code is in dist/: who ships a package's code ships its notice.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** `inputs`: the files that were bundled, from `root`. Throws where a package brings no text. */
export function licenceTexts(root, inputs) {
  const folders = new Set(
    inputs.flatMap((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file) ?? []),
  );
  const packages = [...folders].map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));
    return { name, version, license, text: textIn(join(root, folder)) || keptText(root, name) };
  });
  packages.sort((one, other) => (one.name + one.version < other.name + other.version ? -1 : 1));
  const silent = packages.filter(({ text, license }) => text === '' && license === undefined);
  if (silent.length > 0) throw new Error(`no licence: ${silent.map(({ name }) => name).join(', ')}`);
  const parts = packages.map(
    ({ name, version, license, text }) =>
      `${name} ${version} (${license})\n\n${text === '' ? `The package says only: ${license}.` : text}`,
  );
  return `Code of these packages is in podkin's programs.\n\n${parts.join(`\n\n${'-'.repeat(72)}\n\n`)}\n`;
}

/** Of a package that names its licence and brings no text: kept here, from its repository. */
function keptText(root, name) {
  const path = join(root, 'licenses', `${name.replace('/', '__')}.txt`);
  return existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
}

function textIn(folder) {
  const files = readdirSync(folder).filter((name) => /^(?:licen[cs]e|notice)/i.test(name));
  return files
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path, 'utf8').trim())
    .join('\n\n');
}
