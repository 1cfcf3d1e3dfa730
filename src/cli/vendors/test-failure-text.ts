import type { TestFailure } from '../../campaign-monitor/test-failure.ts';

/** What a failed test call met, and what that means, in one sentence. */
export function testFailureText(failure: TestFailure): string {
  switch (failure.kind) {
    case 'wrong-address':
      return `answered ${failure.httpStatus}: nothing receives there. The tunnel is gone, or the URL is another relay's`;
    case 'relay-gone':
      return `answered ${failure.httpStatus}: the tunnel is there and the relay behind it is not`;
    case 'guarded':
      return `answered ${failure.httpStatus}: something in between asks who is there, such as a tunnel's login page`;
    case 'redirected':
      return `answered ${failure.httpStatus}: the URL leads elsewhere, and Campaign Monitor does not follow`;
    case 'answered':
      return `answered ${failure.httpStatus}`;
    case 'too-slow':
      return 'no answer in time';
    case 'unknown-host':
      return 'the host of the URL does not exist';
    case 'not-reachable':
      return 'nobody answers at the host of the URL';
    case 'bad-certificate':
      return 'the certificate of the URL is not trusted';
    case 'connection-lost':
      return 'the connection broke off before an answer';
    case 'unexplained':
      return [failure.word ?? 'Campaign Monitor does not say why', failure.message]
        .filter((text) => text !== '')
        .join(': ');
  }
}
