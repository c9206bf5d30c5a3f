/** One socket: frames, requests, listening, dialling. */
export const transport = {
  'protocol.reference': 'docs/protocol.md says what the table of methods says',
  'transport.address': 'the socket path follows from the last 16 hex digits of the instance',
  'transport.any-bytes': 'no bytes at all make it throw',
  'transport.arrived-input': 'what had arrived while reading waited is handed over when the socket breaks',
  'transport.back-pressure': 'past 1024 unanswered requests reading waits; answers let it go on',
  'transport.bad-lines':
    'each bad line is answered by its own error, and the next line is read as if nothing had happened',
  'transport.both-roles': 'both sides ask over one connection; answers find their requests in any order',
  'transport.close-bounded': 'closing does not wait for a peer that never reads',
  'transport.close-flushes': 'what was sent before close arrives, also much of it',
  'transport.close-settles': 'close and destroy settle everything in flight on both sides exactly once',
  'transport.deaf-client': 'a client that asks for much and never reads does not delay another',
  'transport.empty-lines': 'empty lines and lines of one CR are passed over',
  'transport.events': 'notifications reach the handler, and one that throws costs only itself',
  'transport.foreign-dir': "another user's directory is refused, and one that cannot be made says so",
  'transport.full-backlog': 'a full backlog is a refusal that passes: dial tells it, a one-off waits it out',
  'transport.garbage': 'a thousand random inputs do not hurt another client of the same server',
  'transport.gathers': 'what is sent in one tick, and answers to one chunk, leave in one write',
  'transport.half-close':
    'requests sent before the peer ended its side are answered, then the connection closes',
  'transport.handler-errors': 'a refusal is answered as it is; a defect as -32603, and reported',
  'transport.invalid-requests':
    'batches, wrong envelopes and wrong ids are -32600, with the id where there is one',
  'transport.kinds': 'requests, notifications and both kinds of answers are told apart',
  'transport.line-bound':
    'a line at the bound passes; one byte more is told once, at once, and skipped to its end',
  'transport.linear-framing': 'an 8 MiB line in chunks is looked at once and copied once',
  'transport.message-too-large':
    'what is too long for a line is refused before it is sent, as request and as answer',
  'transport.nesting': '64 levels pass, 65 are -32600, and ten million do not hurt',
  'transport.no-descriptors':
    'a server without free descriptors survives, and answers when it has some again',
  'transport.one-off':
    'a hundred at once are each answered with their own answer, and leave no connection behind',
  'transport.one-off-failures':
    'what did not come about is a value that says whether the request may have arrived',
  'transport.one-off-refused': 'an error answer is a value with its code',
  'transport.oversize': 'a line over 8 MiB is answered tooLarge and the connection lives on',
  'transport.parse-errors': 'what is no UTF-8 or no JSON is -32700 with a null id',
  'transport.partial-line': 'what has no line end when the stream ends is reported and dropped',
  'transport.path-too-long': 'a path over 103 bytes, not characters, is refused before anything is made',
  'transport.prototype-keys':
    'own keys that name a prototype are refused at any depth, however they are written',
  'transport.queue-room':
    'send tells when there is no room, drained when there is, and closing lets the waiter go',
  'transport.remote-error':
    'an error answer carries number, code, data and sentence; a defect is told to both',
  'transport.request-ends': 'a request ends by its timeout or its signal, and a late answer is passed over',
  'transport.request-order': 'requests of one connection are handed over in order of arrival',
  'transport.restored-socket': 'a deleted socket file is put back, and living connections do not notice',
  'transport.runtime-dir':
    'a missing directory is made for its user alone; unsafe ones are refused and left as they are',
  'transport.send-order': 'text and buffers sent in one tick arrive in order',
  'transport.server-close': 'closing settles every connection and removes the socket',
  'transport.silent': 'the server writes nothing unasked',
  'transport.snapshot-first': 'a server that writes 5 MB before it reads is still asked and answered',
  'transport.socket-mode': 'the socket is for its user alone, and nothing else is left in the directory',
  'transport.split': 'a stream cut at every point gives the same lines',
  'transport.split-line-separators': 'only byte 0x0A ends a line: U+2028, U+0085, VT and a lone CR do not',
  'transport.split-messages': 'requests and answers arrive whole when the stream is cut into single bytes',
  'transport.stale-socket':
    'the socket of a killed owner is replaced; a living one and a plain file are left alone',
  'transport.successor': "an old server's close does not remove its successor's socket",
  'transport.typed-client':
    'a result is taken with fields that the table does not know, and refused without those it does',
  'transport.unknown-method':
    'unknown methods, and names that every object has, are -32601 with what there is',
  'transport.unread-answers':
    'a peer that asks and never reads is not read further, and goes on when it reads',
  'transport.validates':
    'params are checked before the handler: absent ones are {}, defaults are filled in, the first wrong field is named',
  'transport.without-id':
    'a method without an id is handled like any other and gets no answer, also when it is refused',
  'transport.write-failure': 'a write that fails does not cancel input that has arrived',
  'transport.half-bound':
    'what a process that was killed while it bound its socket has left is taken away by the next one',
} as const;
