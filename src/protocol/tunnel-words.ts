import { words, type Said, type Words } from '../common/words.ts';

export function opening(name: Said): Words {
  return words('Opening {0}', name);
}

export function reopening(name: Said): Words {
  return words('Reopening {0}', name);
}

export function tryingAgain(why: Words, pause: string): Words {
  return words('{0}; trying again in {1}', why, pause);
}

export function namesOtherHost(server: string, host: string): Words {
  return words('The tunnel server {0} uses another host, {1}', server, host);
}
