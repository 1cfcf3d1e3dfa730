#!/usr/bin/env node
/** One bundle for the command line and for the relay process of the extension: most of either is the relay. */
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
