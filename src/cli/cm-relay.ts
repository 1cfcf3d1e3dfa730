#!/usr/bin/env node
/**
 * The program: the command line, and the relay as a process of its own, which the extension starts. Both are one bundle:
 * most of either is the relay. What is not asked for is not run.
 */
async function run([first, ...others]: readonly string[]): Promise<number> {
  if (first === 'relay-process') {
    const { loadRelayProcess } = await import('../relay/index.ts');
    const { runRelayProcess } = await loadRelayProcess();
    return runRelayProcess(others);
  }
  const { main } = await import('./program.ts');
  return main(first === undefined ? [] : [first, ...others]);
}

void run(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
