/**
 * How to start the relay's process so that it returns memory: its bodies are large and short-lived, and under load Node
 * and the C library would otherwise keep some 200 MB unused. Measured: docs/security.md.
 */
export const lowMemory = {
  /** A third of V8's young generation, in megabytes. */
  nodeOptions: ['--max-semi-space-size=8'],
  /** For glibc; other C libraries ignore it. Large blocks are returned to the system when freed. */
  environment: { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144' },
} as const;
