#!/usr/bin/env node
// Nothing is imported before these lines ran: Node would open its debugger on SIGUSR1, and files must be private.
process.on('SIGUSR1', () => {});
process.umask(0o077);

const { runProgram } = await import('./cli/run-program.ts');
await runProgram(import.meta.url);

export {};
