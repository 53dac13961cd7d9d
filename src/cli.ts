#!/usr/bin/env node
import { runProgram } from './commands/program.ts';
import { commandLine, setExitCode } from './runtime/terminal.ts';

const code = await runProgram(commandLine());
if (code !== 0) setExitCode(code);
