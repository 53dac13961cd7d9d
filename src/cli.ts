#!/usr/bin/env node
import { runProgram } from './commands/program.ts';
import { commandLine, endWith } from './runtime/terminal.ts';

endWith(await runProgram(commandLine()));
