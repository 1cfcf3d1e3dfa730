/** nginx as a reverse proxy: Debian's package nginx-light, or any other that is on the PATH. */
import { spawn, spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePort } from '../test/free-port.ts';
import { until } from '../test/relay/until.ts';
import { track } from './processes.ts';
import type { Server } from './processes.ts';

/** Its version, such as `nginx/1.26.3`; null where it is not installed. */
export function nginxVersion(): string | null {
  // It is told on the error stream.
  const { stderr, error } = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
  return error === undefined ? (/nginx\/\S+/.exec(stderr)?.[0] ?? null) : null;
}

/**
 * Starts it with one worker, kept connections, and nothing that is written down.
 * @param target where it leads
 * @param folder an empty one, for its files
 */
export async function startNginx(target: URL, folder: string): Promise<Server> {
  const port = await freePort();
  const kept = ['body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) =>
    name === 'body' ? `client_body_temp_path ${folder}/body;` : `${name}_temp_path ${folder}/${name};`,
  );
  const file = join(folder, 'nginx.conf');
  writeFileSync(
    file,
    `daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr error;
events { worker_connections 1024; }
http {
  access_log off;
  ${kept.join('\n  ')}
  keepalive_requests 100000000;
  upstream callback { server ${target.host}; keepalive 128; keepalive_requests 100000000; }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_pass http://callback${target.pathname};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
    }
  }
}
`,
  );
  const child = track(spawn('nginx', ['-p', folder, '-c', file], { stdio: ['ignore', 'ignore', 'inherit'] }));
  const url = `http://127.0.0.1:${port}/`;
  const answers = async (): Promise<boolean> => {
    const answer = await fetch(url, { method: 'POST', body: '' }).catch(() => null);
    await answer?.body?.cancel();
    return answer?.ok === true;
  };
  await until(answers);
  return { child, url };
}
