/**
 * What the connections of the control channel keep in memory, all together: what has come of messages that are not
 * answered, and what is written to clients that do not read it. Beyond a total the slowest is closed.
 */
import type { Socket } from 'node:net';
import { AbstractMessageReader, AbstractMessageWriter } from 'vscode-jsonrpc/node';
import type { DataCallback, Disposable, Message, MessageReader, MessageWriter } from 'vscode-jsonrpc/node';
import { structureOf } from '../../common/parse-json.ts';

/** What has come of messages, and is not answered, in bytes: of one message at most, and of all connections. */
const mostBytesOfMessage = 134_217_728;
const mostIncoming = 100_663_296;
/** What a message may unfold to: each value takes up to ten times its bytes. */
const mostValues = 1_000_000;
/** What stands before a message, in bytes. */
const mostHeaderBytes = 4096;
/** What waits to be read by clients, in bytes: of all connections, and of one before it misses notifications. */
const mostOutgoing = 67_108_864;
const mostUnread = 8_388_608;
/** What keeping a chunk costs beside its bytes, about. */
const chunkCost = 256;

/** The part of all from which on a message is nearly alone. */
const mostlyAlone = 3 / 4;

/** So many are connected at once: a window has a few, a command one. */
const mostConnections = 256;

interface Written {
  readonly bytes: Buffer;
  readonly at: number;
}

/** What a connection holds of one kind: in bytes, since when, and in how many messages. */
interface Held {
  readonly bytes: number;
  readonly since: number;
  readonly parts: number;
}

/** One connection's part. */
export class ConnectionMemory {
  readonly #memory: ChannelMemory;
  readonly socket: Socket;
  /** Whether a whole message has come of it. */
  hasSpoken = false;
  /** Called when its client has read a message, or never will. */
  onRead: () => void = () => undefined;
  /** What has come of a message that is not whole, and since when. */
  #unfinished = 0;
  #unfinishedSince = 0;
  /** What each request that is not answered took. */
  readonly #asked = new Map<unknown, { readonly bytes: number; readonly at: number }>();
  #askedBytes = 0;
  #written: Written[] = [];
  #writtenBytes = 0;

  constructor(memory: ChannelMemory, socket: Socket) {
    this.#memory = memory;
    this.socket = socket;
    socket.once('close', () => this.#memory.leave(this));
  }

  /** What has come and is not answered. */
  get incoming(): Held {
    const [first] = this.#asked.values();
    const bytes = this.#askedBytes + this.#unfinished;
    return { bytes, since: first?.at ?? this.#unfinishedSince, parts: this.#asked.size + 1 };
  }

  /** What is written and not read. */
  get outgoing(): Held {
    return { bytes: this.#writtenBytes, since: this.#written[0]?.at ?? 0, parts: this.#written.length };
  }

  /** Whether it reads so slowly that it is told no more for now. */
  get isBehind(): boolean {
    return this.#writtenBytes > mostUnread;
  }

  /** Something has come of messages. */
  came(bytes: number): void {
    if (this.#unfinished === 0) this.#unfinishedSince = performance.now();
    this.#unfinished += bytes + chunkCost;
    this.#memory.incomingBytes += bytes + chunkCost;
    if (this.#unfinished > mostBytesOfMessage) this.refuse(`sent a message of more than ${mostBytesOfMessage} bytes`);
    else this.#memory.received();
  }

  /** A message is whole. @param rest what has come after it, in bytes */
  took(message: Message, rest: number): void {
    const { id, method } = message as Message & { id?: unknown; method?: unknown };
    const bytes = Math.max(0, this.#unfinished - rest);
    if (id !== undefined && method !== undefined) {
      // A client may use one again before it is answered.
      this.#asked.set(id, { bytes: bytes + (this.#asked.get(id)?.bytes ?? 0), at: this.#unfinishedSince });
      this.#askedBytes += bytes;
    } else this.#memory.incomingBytes -= bytes;
    this.#unfinished -= bytes;
    this.#unfinishedSince = performance.now();
    this.hasSpoken = true;
  }

  /** Ends it. @param why what its client did */
  refuse(why: string): void {
    this.#memory.close(this, why);
  }

  /** Writes a message. Rejects where the connection has ended. */
  write(message: Message): Promise<void> {
    const { id, method } = message as Message & { id?: unknown; method?: unknown };
    if (method === undefined) this.#answered(id);
    const written = { bytes: this.#memory.encoded(message), at: performance.now() };
    this.#written.push(written);
    this.#writtenBytes += written.bytes.length;
    this.#memory.keep(written.bytes);
    return new Promise((resolve, reject) => {
      this.socket.write(written.bytes, (error) => {
        if (this.#written[0] === written) {
          this.#written.shift();
          this.#writtenBytes -= written.bytes.length;
          this.#memory.letGo(written.bytes);
        }
        if (error) reject(error);
        else resolve();
        this.onRead();
      });
      this.#memory.sent();
    });
  }

  /** Holds nothing more. */
  release(): void {
    for (const { bytes } of this.#written) this.#memory.letGo(bytes);
    this.#memory.incomingBytes -= this.#askedBytes + this.#unfinished;
    this.#written = [];
    this.#asked.clear();
    this.#writtenBytes = this.#askedBytes = this.#unfinished = 0;
  }

  #answered(id: unknown): void {
    const bytes = this.#asked.get(id)?.bytes ?? 0;
    this.#asked.delete(id);
    this.#askedBytes -= bytes;
    this.#memory.incomingBytes -= bytes;
  }
}

/** All connections' memory. */
export class ChannelMemory {
  /** What has come of all and is not answered, in bytes. */
  incomingBytes = 0;
  readonly #log: (message: string) => void;
  readonly #connections = new Set<ConnectionMemory>();
  /** How many write each. A notification is the same bytes for all who are told. */
  readonly #kept = new Map<Buffer, number>();
  #keptBytes = 0;
  readonly #encoded = new WeakMap<object, Buffer>();
  readonly #said = new Set<string>();

  constructor(log: (message: string) => void) {
    this.#log = log;
  }

  /**
   * A connection comes. Where there are too many, the oldest that has said nothing gives way, else the one that came
   * last: whoever was there before stays, and nobody is kept out.
   */
  enter(socket: Socket): ConnectionMemory {
    if (this.#connections.size >= mostConnections) {
      const all = [...this.#connections];
      const yielding = all.find(({ hasSpoken }) => !hasSpoken) ?? all.at(-1);
      this.#sayOnce(
        `more than ${mostConnections} clients connected: disconnecting one that has sent nothing, or else the newest`,
      );
      if (yielding !== undefined) {
        this.leave(yielding);
        yielding.socket.destroy();
      }
    }
    const connection = new ConnectionMemory(this, socket);
    this.#connections.add(connection);
    return connection;
  }

  /** A connection has ended. */
  leave(connection: ConnectionMemory): void {
    connection.release();
    this.#connections.delete(connection);
  }

  /** Ends a connection. @param why what its client did */
  close(connection: ConnectionMemory, why: string): void {
    this.leave(connection);
    this.#sayOnce(`disconnected a client that ${why}`);
    connection.socket.destroy();
  }

  /** Something has come: looks whether all that came is too much. */
  received(): void {
    this.#relieve(
      (each) => each.incoming,
      () => this.incomingBytes > mostIncoming,
      `was the slowest to complete a request while the pending requests of all clients exceeded ${mostIncoming} bytes`,
    );
  }

  /** Something was written: looks whether all that is not read is too much. */
  sent(): void {
    this.#relieve(
      (each) => each.outgoing,
      () => this.#keptBytes > mostOutgoing,
      `was the slowest to read while more than ${mostOutgoing} bytes were queued for all clients`,
    );
  }

  /** The bytes of a message; of a notification once for all who are told. */
  encoded(message: Message): Buffer {
    const { params, id } = message as Message & { params?: unknown; id?: unknown };
    const shared = id === undefined && typeof params === 'object' && params !== null ? params : undefined;
    const before = shared && this.#encoded.get(shared);
    if (before !== undefined) return before;
    const body = Buffer.from(JSON.stringify(message));
    const bytes = Buffer.concat([Buffer.from(`Content-Length: ${body.length}\r\n\r\n`), body]);
    if (shared !== undefined) this.#encoded.set(shared, bytes);
    return bytes;
  }

  keep(bytes: Buffer): void {
    const others = this.#kept.get(bytes) ?? 0;
    if (others === 0) this.#keptBytes += bytes.length;
    this.#kept.set(bytes, others + 1);
  }

  letGo(bytes: Buffer): void {
    const others = (this.#kept.get(bytes) ?? 0) - 1;
    if (others > 0) {
      this.#kept.set(bytes, others);
      return;
    }
    this.#kept.delete(bytes);
    this.#keptBytes -= bytes.length;
  }

  /** Closes the slowest of those that hold the most, until it is no longer too much. */
  #relieve(of: (each: ConnectionMemory) => Held, isTooMuch: () => boolean, why: string): void {
    while (isTooMuch()) {
      const holders = [...this.#connections].map((each) => ({ each, ...of(each) })).filter(({ bytes }) => bytes > 0);
      const total = holders.reduce((sum, { bytes }) => sum + bytes, 0);
      const [slowest] = holders
        .filter(({ bytes }) => bytes >= total / holders.length)
        .sort((a, b) => a.since - b.since);
      // A single message that is nearly alone has room, however long it is.
      if (slowest === undefined || (slowest.parts === 1 && slowest.bytes >= total * mostlyAlone)) return;
      this.close(slowest.each, why);
    }
  }

  #sayOnce(message: string): void {
    if (this.#said.has(message)) return;
    this.#said.add(message);
    this.#log(message);
  }
}

/**
 * Reads the messages of a connection, counted, one in a turn of the event loop, as the library handles them: what comes
 * faster waits in the system. The library's own reader queues all that comes.
 */
export class CountedReader extends AbstractMessageReader implements MessageReader {
  readonly #connection: ConnectionMemory;
  #chunks: Buffer[] = [];
  #bytes = 0;
  /** Of the message that is coming, without what stands before it; undefined until that has come. */
  #length: number | undefined;

  constructor(connection: ConnectionMemory) {
    super();
    this.#connection = connection;
    connection.socket.on('error', (error) => this.fireError(error));
    connection.socket.on('close', () => this.fireClose());
  }

  listen(callback: DataCallback): Disposable {
    const { socket } = this.#connection;
    const next = (): void => {
      if (socket.destroyed) return;
      const message = this.#next();
      if (message === undefined) {
        socket.resume();
        return;
      }
      socket.pause();
      callback(message);
      setImmediate(next);
    };
    const come = (chunk: Buffer): void => {
      this.#chunks.push(chunk);
      this.#bytes += chunk.length;
      this.#connection.came(chunk.length);
      next();
    };
    socket.on('data', come);
    return { dispose: () => void socket.off('data', come) };
  }

  /** The next message that is whole; undefined where none is. */
  #next(): Message | undefined {
    if (this.#bytes < (this.#length ?? 1)) return undefined;
    const [first] = this.#chunks;
    let all = first !== undefined && this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    try {
      if (this.#length === undefined) {
        const end = all.subarray(0, mostHeaderBytes).indexOf('\r\n\r\n');
        if (end === -1 && all.length < mostHeaderBytes) return undefined;
        const length = /^content-length: *(\d+) *$/im.exec(all.toString('latin1', 0, Math.max(0, end)))?.[1];
        if (length === undefined) throw new Error('a message starts without Content-Length');
        this.#length = Number(length);
        all = all.subarray(end + 4);
      }
      if (all.length < this.#length) return undefined;
      const text = all.toString('utf8', 0, this.#length);
      all = all.subarray(this.#length);
      this.#length = undefined;
      if (text.length > mostValues && structureOf(text).values > mostValues) {
        this.#connection.refuse(`sent a message with more than ${mostValues} values`);
        return undefined;
      }
      const message = JSON.parse(text) as Message;
      this.#connection.took(message, all.length);
      return message;
    } catch (error) {
      this.fireError(error);
      return undefined;
    } finally {
      // What is left of a long message must not keep all of it.
      this.#chunks = all.length === 0 ? [] : [all.length * 2 < all.buffer.byteLength ? Buffer.from(all) : all];
      this.#bytes = all.length;
    }
  }
}

/** Writes the messages of a connection, counted. */
export class CountedWriter extends AbstractMessageWriter implements MessageWriter {
  readonly #connection: ConnectionMemory;

  constructor(connection: ConnectionMemory) {
    super();
    this.#connection = connection;
    connection.socket.on('error', (error) => this.fireError(error));
    connection.socket.on('close', () => this.fireClose());
  }

  async write(message: Message): Promise<void> {
    try {
      await this.#connection.write(message);
    } catch (error) {
      this.fireError(error, message);
      throw error;
    }
  }

  end(): void {
    // The socket is ended by whoever has it.
  }
}
