import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { renderConfiguration } from '../../scripts/configuration-reference.ts';
import { renderReference } from '../../scripts/protocol-reference.ts';
import { renderScreen } from '../../scripts/screen-reference.ts';

it('[protocol.reference] docs/protocol.md says what the table of methods says', () => {
  const written = readFileSync(new URL('../../docs/protocol.md', import.meta.url), 'utf8');
  expect(written, 'run "npm run docs"').toBe(renderReference());
});

it('[config.reference] docs/configuration.md says what the schemas of the settings say', () => {
  const written = readFileSync(new URL('../../docs/configuration.md', import.meta.url), 'utf8');
  expect(written, 'run "npm run docs"').toBe(renderConfiguration());
});

it('[screen.key-table] docs/screen.md says what the tables of keys and of slash commands say', () => {
  const written = readFileSync(new URL('../../docs/screen.md', import.meta.url), 'utf8');
  expect(written, 'run "npm run docs"').toBe(renderScreen());
});
