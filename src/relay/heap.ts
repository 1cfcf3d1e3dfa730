import { setFlagsFromString } from 'node:v8';

/**
 * Lets this process's heap grow by a quarter of what lives before it is collected, where V8 would let it double or
 * more: bodies are large and soon gone, and a flood of them else takes 100 MB more. A V8 that does not know the flag
 * passes over it.
 */
export function keepHeapSmall(): void {
  setFlagsFromString('--heap-growing-percent=25');
}
