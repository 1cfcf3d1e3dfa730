/**
 * Memory that is used in turn. A full batch becomes fifty notifications, each with the whole body in it; new memory for
 * each costs more than writing it.
 */

/** Smaller ones are cheap, in bytes. */
const smallest = 32_768;

/** Sizes are rounded up to this, in bytes, so that the parts of a delivery, which differ by little, fit in one another's. */
const step = 16_384;

/** No more than this is kept for the next, in bytes. */
const mostKept = 4_194_304;

/** Buffers that come back when their bytes have been sent. */
export class Buffers {
  /** The last that came back is at the end. */
  #free: Buffer[] = [];
  #freeBytes = 0;

  /** How much is kept for the next, in bytes. */
  get kept(): number {
    return this.#freeBytes;
  }

  /** A buffer of this size, in bytes, whatever is in it. */
  take(bytes: number): Buffer {
    if (bytes < smallest) return Buffer.allocUnsafe(bytes);
    // Not one that is much larger, of which most would lie idle.
    const index = this.#free.findLastIndex(({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes);
    const [found] = index === -1 ? [] : this.#free.splice(index, 1);
    if (found === undefined) return Buffer.allocUnsafeSlow(Math.ceil(bytes / step) * step).subarray(0, bytes);
    this.#freeBytes -= found.byteLength;
    return found.subarray(0, bytes);
  }

  /** Takes one back, which nobody reads or writes any more. */
  giveBack(buffer: Buffer): void {
    if (buffer.byteLength < smallest || buffer.buffer.byteLength > mostKept) return;
    const whole = Buffer.from(buffer.buffer, 0, buffer.buffer.byteLength);
    this.#free.push(whole);
    this.#freeBytes += whole.byteLength;
    while (this.#freeBytes > mostKept) this.#freeBytes -= this.#free.shift()?.byteLength ?? 0;
  }
}
