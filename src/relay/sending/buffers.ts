/**
 * Reused memory. A full batch becomes fifty notifications, each with the whole body in it; allocating memory for each
 * costs more than writing it.
 */

/** Minimum size to reuse, in bytes: smaller ones are cheap. */
const smallest = 32_768;

/**
 * Sizes are rounded up to this, in bytes, so that the notifications of a delivery, which differ by little, can reuse
 * the same buffers.
 */
const step = 16_384;

/** Maximum memory kept for reuse, in bytes. */
const mostKept = 4_194_304;

/** Buffers that are returned when their bytes have been sent. */
export class Buffers {
  /** The last returned is at the end. */
  #free: Buffer[] = [];
  #freeBytes = 0;

  /** Memory kept for reuse, in bytes. */
  get kept(): number {
    return this.#freeBytes;
  }

  /** A buffer with arbitrary content. @param bytes its size */
  take(bytes: number): Buffer {
    if (bytes < smallest) return Buffer.allocUnsafe(bytes);
    // Not one that is much larger, because most of it would be unused.
    const index = this.#free.findLastIndex(({ byteLength }) => byteLength >= bytes && byteLength <= 2 * bytes);
    const [found] = index === -1 ? [] : this.#free.splice(index, 1);
    if (found === undefined) return Buffer.allocUnsafeSlow(Math.ceil(bytes / step) * step).subarray(0, bytes);
    this.#freeBytes -= found.byteLength;
    return found.subarray(0, bytes);
  }

  /** Returns a buffer that is no longer used. */
  giveBack(buffer: Buffer): void {
    if (buffer.byteLength < smallest || buffer.buffer.byteLength > mostKept) return;
    const whole = Buffer.from(buffer.buffer, 0, buffer.buffer.byteLength);
    this.#free.push(whole);
    this.#freeBytes += whole.byteLength;
    while (this.#freeBytes > mostKept) this.#freeBytes -= this.#free.shift()?.byteLength ?? 0;
  }
}
