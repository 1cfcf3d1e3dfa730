/**
 * How the relay's process is started so that it gives memory back: its bodies are large and short-lived, and under a
 * flood of them Node and the C library else keep some 200 MB that nothing uses. Measured: docs/security.md.
 */
export const lowMemory = {
  /** V8's young generation, a third of it, in megabytes. */
  nodeOptions: ['--max-semi-space-size=8'],
  /** glibc's; other C libraries pass over it. Large blocks go back to the system when they are freed. */
  environment: { MALLOC_ARENA_MAX: '2', MALLOC_MMAP_THRESHOLD_: '262144' },
} as const;
