#!/usr/bin/env node
/**
 * The command line, and the relay as a separate process, which the extension starts. Both are one bundle, since most of
 * either is the relay; only the one that is needed is loaded.
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
