/** What the scripted pods of a stage do. Pure. */

/**
 * A child is handed a folder of its own to write in, inside its spawner's; those below the leaf only read.
 */
function growing(when: string, more = ''): string {
  const spawn = (write: string) =>
    `call: [ { SpawnPod: { name: '{{match.1}}', task: '{{match.2}}'${write} } } ]`;
  const rule = (pod: string, write: string) =>
    `  - { pod: '${pod}', ${when} (\\S+) (.+)', ${more}${spawn(write)} }\n`;
  return [
    rule('root', ", write: ['own/{{match.1}}']"),
    rule('leaf*', ''),
    rule('*', ", write: ['own/{{pod}}/{{match.1}}']"),
  ].join('');
}

const hiring = ['root', '*']
  .map((pod) => {
    const write = pod === 'root' ? 'own/{{match.1}}' : 'own/{{pod}}/{{match.1}}';
    const spawn = `name: '{{match.1}}', task: '{{match.2}}', model: acp/fake, write: ['${write}']`;
    return `  - { pod: '${pod}', last: user, matches: 'hire (\\S+) (.+)', call: [ { SpawnPod: { ${spawn} } } ] }\n`;
  })
  .join('');

/** By what a pod is told to do, whoever it is. */
export const scenario = `price: { input: 1, output: 1 }
rules:
  - { last: user, matches: 'give (\\S+) (.+)', call: [ { SendToPod: { name: '{{match.1}}', message: '{{match.2}}' } } ] }
${hiring}${growing("last: user, matches: 'muse", 'delayMs: 400, ')}${growing("last: user, matches: 'grow")}  - { last: user, matches: 'hold (\\S+)', call: [ { Bash: { command: 'cat {{match.1}}' } } ] }
  - { last: user, matches: 'think long', delayMs: 1800, say: 'Thought.' }
  - { last: user, matches: 'think', delayMs: 500, say: 'Thought.' }
  - { last: user, matches: 'say (\\S+)', delayMs: 20, say: 'Answer {{match.1}}.' }
${growing("last: tool, matches: 'then grow")}  - { last: tool, matches: 'then say (\\S+)', say: 'Answer {{match.1}}.' }
  - { last: tool, say: 'Waiting.' }
  - { last: notification, say: 'Noted.' }
  - { say: 'Well.' }
`;
