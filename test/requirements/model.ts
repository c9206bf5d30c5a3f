/** Models, scenarios and the worker that asks them. */
export const model = {
  'model.effort':
    'the effort that a person asks for goes to each provider in its own words, for each kind of its models, and nothing of it where nobody asked; what was thought goes back unchanged',
  'model.effort-left-out':
    'a model that is not known to take an effort, or refuses it, is asked without it, and that is said once',
  'model.effort-turn':
    'a turn that a model has not thought in from its beginning goes on without the effort where the provider wants that, and every other turn has it',
  'model.effort-tree': 'the effort of a run is that of every pod of its tree, after a restore too',
  'model.abort': 'an abort in the middle ends the stream with the reason of the signal',
  'model.abort-closes': 'an abort while nothing came yet closes the connection',
  'model.answer-room': 'where a request fits and its answer does not, a shorter answer is asked for at once',
  'model.answer-size':
    'text, reasoning and inputs of one answer are cut together at 6 MiB and told as cut by the limit',
  'model.answer-time':
    'an answer that never ends is left after limits.answerMs, also where it never falls silent',
  'model.anthropic-sent': 'Anthropic gets signatures back, no blank text, and two marks for its cache',
  'model.base-url': 'a missing or unusable address is told by the name of its variable',
  'model.blank-answer': 'an answer without a word and a call is left out of the next request',
  'model.bounded':
    'no answer and no error of a provider takes more memory than its bound, without end or newline',
  'model.prompt-golden': 'recorded sessions are sent to each kind of provider byte for byte as before',
  'model.call-count': 'a hundred calls of one answer are taken, and the model is told that the rest was not',
  'model.call-ids':
    'ids of calls are such that every dialect takes them back, and none comes twice in a session',
  'model.behind-end':
    'what a server sends behind the end of its answer is no call and no text; counts are taken',
  'model.call-missing': 'an answer that ended for a call and holds none is asked again once, and then told',
  'model.call-names': 'invented names of tools are made such that every dialect takes them back',
  'model.call-shapes':
    'arguments as an object or encoded twice, and shared, missing or odd indexes are understood',
  'model.context': 'a request that is too long is told as such and not tried again',
  'model.cost': 'known models cost what their tokens cost, unknown ones null, scenarios nothing',
  'model.cost-unlisted': 'a later relative of a listed model has no price',
  'model.cut':
    'an answer cut behind any of its events is a failure that may be tried again, never a response',
  'model.cut-call': 'a call that the output limit has cut is told as cut by it, in every dialect',
  'model.deep-input': 'arguments that are nested too deep to be walked are told as such',
  'model.error-event': 'an error inside the stream keeps its category',
  'model.error-shapes':
    'an error of any shape, as a body or in the stream, is told in the words of the provider',
  'model.finish':
    'only the words that are known for a good end are one: each other is told as an answer that was broken off, in that word, may be asked for again, and no call of it runs',
  'model.withheld':
    'what a provider withholds, in whichever of its words, is told as withheld with that word, and no call of it runs',
  'model.window-cut':
    'an answer that the window has cut is never finished; behind a request that takes most of it it is asked for again behind a shorter history, and that teaches nothing of the window',
  'model.broken-summary':
    'a summary that its provider broke off takes the place of nothing: it is asked for again',
  'model.reasoning-refused':
    'a provider that refuses the reasoning of before is asked again without it, at once and from then on, over a restore too, and that is said once',
  'model.garbage': 'an answer that is no stream at all is a failure',
  'model.google-compatible':
    'the signature of a thought goes back with its call through an OpenAI-compatible address',
  'model.google-sent': 'Google gets the signature of a thought back with its call',
  'model.half-pair': 'half a surrogate pair reaches no provider, from wherever it came',
  'model.held-open':
    'an answer of which all has come is taken as it is, also over a connection that is left open',
  'model.invalid-input':
    'a call whose input is not JSON has null as input and says so, and goes back as an object',
  'model.leave': 'a reader that leaves the stream closes the connection',
  'model.lone-signature':
    'a signature of a thought in a part of its own goes back to Google as it came, in its place',
  'model.name': 'a name that is none is told with the shape or the providers that there are',
  'model.network': 'a server that is not there is a network failure',
  'model.no-finish':
    'a stream that its server calls whole is whole without a reason; one that just ends is asked for three times at most',
  'model.no-key': 'a missing key is told with three ways to go on, and the model is not made',
  'model.no-stream':
    'an answer that is no stream is told with what it says and by the variable of the address',
  'model.openai-sent': 'OpenAI stores nothing and is referred to nothing; reasoning goes back encrypted',
  'model.reasoning-back':
    'reasoning goes back to each provider unchanged, signed, encrypted or redacted, without text, and between the calls',
  'model.output-tokens': 'the longest answer is said to a provider that needs it, and what a person set wins',
  'model.own-calls': 'a call that the provider has answered itself is none of the pod',
  'model.permanent': 'what cannot pass is not asked again, and names the variable that holds the address',
  'model.proxy':
    'the proxy of the environment is used as Node uses it, and named where it is set, not used, and a connection fails',
  'model.quota': 'an exhausted quota is not tried again',
  'model.redirect': 'a redirection is not followed, so that no key goes to an address that nobody named',
  'model.reasoning-loose': 'reasoning that nothing follows is kept from those who refuse it',
  'model.refusals':
    'a refusal is taken for what its provider means, whatever its status: no credit, a limit of tokens a minute, too long, too many bytes, a model that is gone, a key',
  'model.refusals-hostile': 'no refusal takes long to be understood, whatever is in it',
  'model.refusals-window':
    'a window is read only from a number beside words for a limit, never from a status, a code or a difference',
  'model.retry-after': 'retry-after-ms and retry-after (seconds or date) are told in milliseconds',
  'model.script-path': 'a scenario is found from the given folder or PWD, and named so that it stays found',
  'model.session': 'a session goes back whole: texts, calls, results and consecutive user messages',
  'model.slow-begin':
    'any byte is a sign of life for a connection that is slow to begin, for three times limits.stallMs at most, and words alone for one that has begun',
  'model.stall': 'an answer that begins and then stays silent fails as timeout, and the connection is closed',
  'model.status': 'each HTTP status becomes its category after exactly one request',
  'model.text': 'a text arrives in deltas and whole, with the tokens that were counted',
  'model.signature-place':
    'of texts and thoughts that are signed, or go on behind a call, each goes back as a part of its own with its own signature, in its place',
  'model.thinking': 'reasoning comes with its signature',
  'model.tool-calls': 'several tool calls arrive in order with their ids and inputs, and none is run',
  'model.empty-events':
    'an answer of empty lines and empty events is read as fast as any and blocks nobody; its server may close behind it',
  'model.unknown-events': 'events and lines that nobody knows are passed over, however lines end',
  'model.usage-estimated':
    'what a server does not count, be it only the request or only the answer, is estimated from the bytes, so that a limit of the cost holds',
  'model.usage-failed':
    'what a request without a response has used is told: as its stream counted it, each report in the place of the one before, estimated behind the last and where an answer began uncounted; else nothing',
  'model.usage-believed':
    'a count that no request comes to, by the model’s window and by its bytes, is estimated instead, in the cost too; a person is told once, and the log says what was counted',
  'model.usage-clamped': 'counts of tokens are whole numbers from 0 to 2^53 − 1, whatever a provider says',
  'scenario.calls': 'calls come in order, behind the text, with ids that never repeat',
  'scenario.cut': 'a cut stream gives so many words, then breaks off',
  'scenario.cut-after-call': 'a stream cut behind a whole tool call is a failure all the same',
  'scenario.fail': 'each kind of scripted failure has the category of the real one',
  'scenario.first-match': 'the first rule that matches pod, newest input and text answers',
  'scenario.hang': 'a hanging answer ends with the abort, or as a timeout',
  'scenario.mistakes': 'all mistakes are told at once',
  'scenario.no-quotes': 'of a file that is no scenario nothing is quoted in the mistake that is told',
  'scenario.no-rule': 'a request that no rule answers is answered with a text that says so',
  'scenario.placeholders': 'pod, lastText and groups are filled in, in texts and at any depth of an input',
  'scenario.times': 'a rule with `times` answers so often for each pod, then the next one does',
  'scenario.times-durable': 'uses kept in a file are counted over restores',
  'scenario.token-delay': 'an abort between two tokens ends the answer at once with its reason',
  'scenario.tool-text': 'after a tool the text of a rule is that of the last results, joined by newlines',
  'scenario.use-before-token':
    'a use is saved before the first token, and not at all when the request ends in the delay',
  'scenario.uses-file': 'a missing or damaged file counts as empty, and a save replaces it whole',
  'scenario.words': 'a text is streamed word by word and comes whole in the response',
  'worker.cut-call':
    'a call that a limit has cut is told as that and not run; the same again, or four on end, end the turn',
  'worker.doubtful': 'a failure that hardly ever passes is not tried as often as others',
  'worker.empty':
    'an answer without words and calls is asked again once; then a turn that is awaited fails, another is finished',
  'worker.input-repaired':
    'null for what may be left out, and JSON in a text where no text is wanted, are understood',
  'worker.reasoning-place': 'reasoning and texts go back unchanged and in their places among the calls',
  'worker.results-order': 'results go back in the order of their calls',
  'worker.retry-after-bound':
    'a provider that asks for more rest than limits.retryAfterMaxMs is not waited for',
  'cost.failed-tries':
    'what failed, cut and cancelled requests have used counts in status, results and limits of the cost, over a restart too, and no try goes past such a limit',
  'cost.given-price':
    'the price that a person gives in models."provider/model" counts, and a limit of the cost holds by it',
  'cost.project': 'a file of a project names no price',
  'cost.scenario': 'a scenario costs nothing unless its file names a price',
  'cost.unpriced':
    'a limit of the cost is refused for a model without a price, for a run and for a child, naming the setting',
  'run.context-full': 'a context that is full is told as that, without advice that cannot work',
  'login.kept':
    'a key that login keeps is that of every later run, restore and child, for its user alone; a variable of the environment counts before it',
  'login.closed': 'no pod reads a kept key, whatever its scope',
  'login.refused': 'what is no key, and no provider, is refused and changes nothing',
  'login.terminal': 'a key that is typed is shown nowhere, and Ctrl-C keeps none',
} as const;
