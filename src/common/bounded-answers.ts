/** Connections of undici whose answers are bounded in all that is read of them, framing and interim answers included. */
import { buildConnector, Pool } from 'undici';
import type { Agent, Dispatcher } from 'undici';
import { boundAnswers } from './read-bound.ts';

/**
 * Connects as undici does, and bounds the answers.
 * @param connect how it connects, or the options of that
 * @param mostBytes of one answer's body, in bytes
 */
export function boundedConnector(
  connect: buildConnector.connector | buildConnector.BuildOptions = {},
  mostBytes: number,
): buildConnector.connector {
  const open = typeof connect === 'function' ? connect : buildConnector(connect);
  return (options, callback) =>
    open(options, (...result) => {
      const [error, socket] = result;
      if (error === null) boundAnswers(socket, mostBytes);
      callback(...result);
    });
}

/**
 * The option of an agent, of a proxy's too, by which the answers of all its connections are bounded.
 * @param mostBytes of one answer's body, in bytes
 */
export function boundedAnswers(mostBytes: number): { factory: (origin: string | URL, options: object) => Dispatcher } {
  return {
    factory: (origin, options: Agent.Options) =>
      new Pool(origin, { ...options, connect: boundedConnector(options.connect, mostBytes) }),
  };
}
