/** Limits all that undici reads of a response, including framing and interim responses. */
import { buildConnector, Pool, type Agent, type Dispatcher } from 'undici';
import { boundAnswers } from './read-bound.ts';

/** @param mostBytes maximum body of one response */
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

export function boundedAnswers(mostBytes: number): { factory: (origin: string | URL, options: object) => Dispatcher } {
  return {
    factory: (origin, options: Agent.Options) =>
      new Pool(origin, { ...options, connect: boundedConnector(options.connect, mostBytes) }),
  };
}
