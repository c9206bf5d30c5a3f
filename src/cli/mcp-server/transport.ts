/** MCP over stdin and stdout, within bounds. */
import type { JSONRPCMessage, Transport } from '@modelcontextprotocol/server';
import { StdioLines } from '../invocation/stdio-lines.ts';

export class BoundedStdio extends StdioLines<JSONRPCMessage> implements Transport {}
