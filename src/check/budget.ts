import { say } from '../common/say.ts';
import { CheckError } from './check-error.ts';

/** Per step: requests, and bytes of their bodies. Named steps that are sent again count each time. */
const mostStepRequests = 10_000;
export const mostHeldBytes = 67_108_864;
const mostRequests = 100_000;
const mostBytes = 1_073_741_824;
const mostUnderWay = 500;

export class TooMuchError extends CheckError {
  override readonly name = 'TooMuchError';
}

export class Budget {
  #requests = 0;
  #bytes = 0;
  #held = 0;
  /** The part of `#held` that is held to the end of the scenario. */
  #kept = 0;
  #underWay = 0;
  readonly #waiting = new Set<() => void>();

  /** Waits until there is enough memory. @param held bytes of memory until {@link release} @throws TooMuchError */
  async take(requests: number, bytes: number, held: number): Promise<void> {
    const step =
      requests === 1
        ? say('a step with 1 request and {0} of data', megabytes(bytes))
        : say('a step with {0} requests and {1} of data', requests, megabytes(bytes));
    if (requests > mostStepRequests)
      throw new TooMuchError(
        say(
          '{0} exceeds the limit of {1} requests. Use larger parts, or spread the requests over several steps.',
          step,
          mostStepRequests,
        ),
      );
    if (held > mostHeldBytes - this.#kept) throw this.#noRoom(step);
    const [allRequests, allBytes] = [this.#requests + requests, this.#bytes + bytes];
    if (allRequests > mostRequests || allBytes > mostBytes) {
      throw new TooMuchError(
        say(
          'this step would make the scenario exceed {0} requests or {1}. Repeat the step fewer times, or split the scenario.',
          mostRequests,
          megabytes(mostBytes),
        ),
      );
    }
    [this.#requests, this.#bytes] = [allRequests, allBytes];
    while (held > mostHeldBytes - this.#held) {
      if (held > mostHeldBytes - this.#kept) throw this.#noRoom(step);
      await this.#change();
    }
    this.#held += held;
  }

  #noRoom(step: string): TooMuchError {
    const all = this.#kept === 0 ? step : say('{0} (plus {1} from resent steps)', step, megabytes(this.#kept));
    return new TooMuchError(
      say(
        '{0} exceeds the limit of {1}. Each notification contains the whole delivery: use larger parts, fewer events, or "as": "delivery".',
        all,
        megabytes(mostHeldBytes),
      ),
    );
  }

  release(held: number): void {
    this.#held -= held;
    this.#wake();
  }

  /** @param held negative: no longer needed, but still to be released */
  keep(held: number): void {
    this.#kept += held;
    this.#wake();
  }

  async underWay<T>(work: () => Promise<T>): Promise<T> {
    while (this.#underWay >= mostUnderWay) await this.#change();
    this.#underWay += 1;
    try {
      return await work();
    } finally {
      this.#underWay -= 1;
      this.#wake();
    }
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #wake(): void {
    for (const each of this.#waiting) each();
    this.#waiting.clear();
  }
}

export function megabytes(bytes: number): string {
  return bytes < 1_048_576 ? say('less than 1 MB') : say('{0} MB', Math.ceil(bytes / 1_048_576));
}
