/**
 * What the demo plays: three short texts, and the rules by which root and children answer. The rules read
 * what the tools really returned.
 */

export const demoTask = 'Summarise the three texts in in/. Use a child for each.';

/** Path below the demo's folder → content. */
export const demoTexts: Readonly<Record<string, string>> = {
  'in/alpha.txt': `Why bread rises
Yeast eats the sugar in the dough.
It gives off a gas, and the gas cannot get out.
The dough stretches around a thousand small bubbles.
Heat sets them for good.
`,
  'in/beta.txt': `Why the sea has tides
The moon pulls the water that is nearer to it a little harder.
The earth turns below the two bulges that come of it.
So the water rises and falls twice in a day and an hour.
`,
  'in/gamma.txt': `Why leaves turn yellow
In autumn a tree takes the green out of its leaves and keeps it.
The yellow was there all summer, below the green.
Red is made new, out of sugar that stays behind.
The first frost ends it.
Then the leaves fall.
`,
};

/** How long the slow child would think: far longer than it is given. */
const neverMs = 600_000;
/** Time enough to end the parent while the child still works. */
const whileAwayMs = 1_500;

export const demoScenario = `# Played by podkin demo. A scripted model: not an AI.
rules:
  - pod: root
    last: user
    say: "Three texts, three children. Each may write in one folder only."
    call:
      - SpawnPod: { name: alpha, task: "Read in/alpha.txt and write a summary to out/alpha/summary.md", write: ["out/alpha"] }
      - SpawnPod: { name: beta, task: "Read in/beta.txt and write a summary to out/beta/summary.md", write: ["out/beta"] }
      - SpawnPod: { name: gamma, task: "Read in/gamma.txt and write a summary to out/gamma/summary.md", write: ["out/gamma"] }
  - pod: root
    last: tool
    times: 1
    say: "The work is handed out. I end my turn here: I will be notified."
  - pod: root
    last: tool
    say: "gamma has it. I will be notified."
  - pod: root
    last: notification
    matches: 'Pod "beta" died'
    times: 1
    say: "beta is gone and its text is not done. gamma shall do it."
    call:
      - SendToPod: { name: gamma, message: "Take over from beta: read in/beta.txt and write a summary to out/gamma/beta.md" }
  - pod: root
    last: notification
    matches: "Wrote out/gamma/beta.md"
    say: "All three texts are summarised: out/alpha/summary.md, out/gamma/summary.md and out/gamma/beta.md. beta died on the way; gamma did its work."
  - pod: root
    last: notification
    say: "Noted. beta is still at work."
  - pod: beta
    last: user
    delayMs: ${neverMs}
    say: "Never said."
  - pod: gamma
    last: user
    matches: 'Take over from beta: read (\\S+)'
    delayMs: ${whileAwayMs}
    say: "I take over from beta."
    call:
      - Read: { path: "{{match.1}}" }
  - pod: "*"
    last: user
    matches: 'Read (\\S+) and write a summary to'
    delayMs: 100
    say: "First I read it."
    call:
      - Read: { path: "{{match.1}}" }
  - pod: gamma
    last: tool
    matches: '1\\t(Why the sea.*)\\n +2\\t(.*)\\n[^]*?(\\d+)\\t[^\\n]*$'
    call:
      - Write: { path: "out/gamma/beta.md", content: "# {{match.1}}\\n\\n{{match.2}} ({{match.3}} lines in all.)\\n" }
  - pod: "*"
    last: tool
    matches: '1\\t(.*)\\n +2\\t(.*)\\n[^]*?(\\d+)\\t[^\\n]*$'
    call:
      - Write: { path: "out/{{pod}}/summary.md", content: "# {{match.1}}\\n\\n{{match.2}} ({{match.3}} lines in all.)\\n" }
  - pod: "*"
    last: tool
    matches: '(out/\\w+/\\w+\\.md)'
    say: "Wrote {{match.1}}."
`;
