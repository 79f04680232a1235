// Development server: the files of `web` as they are, and everything else from a running platform.
//
//   node serve.js [PORT] [PLATFORM]      default 8090 http://127.0.0.1:8080

import { createReadStream, existsSync, statSync } from 'node:fs';
import { createServer, request } from 'node:http';
import { connect } from 'node:net';
import { extname, join, normalize } from 'node:path';

const port = Number(process.argv[2] ?? 8090);
const platform = new URL(process.argv[3] ?? 'http://127.0.0.1:8080');
const root = new URL('web', import.meta.url).pathname;
const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css', '.svg': 'image/svg+xml' };
const isPlatforms = (path) => /^\/(api|asyncapi\.json|dev|docs|graphql|health|\.well-known)(\/|$)/.test(path);

const server = createServer((incoming, outgoing) => {
  const { pathname } = new URL(incoming.url, platform);
  if (isPlatforms(pathname)) return forward(incoming, outgoing);
  const file = join(root, normalize(pathname));
  const found = existsSync(file) && statSync(file).isFile() ? file : join(root, 'index.html');
  outgoing.setHeader('Content-Type', `${types[extname(found)]}; charset=utf-8`);
  outgoing.setHeader('Cache-Control', 'no-store');
  outgoing.setHeader(
    'Content-Security-Policy',
    "default-src 'self'; img-src 'self' blob:; base-uri 'none'; object-src 'none'; form-action 'self' " +
      "https://api.razorpay.com https://checkout.stripe.com; frame-ancestors 'none'",
  );
  createReadStream(found).pipe(outgoing);
});

function forward(incoming, outgoing) {
  const options = { method: incoming.method, headers: incoming.headers, path: incoming.url };
  const sent = request({ host: platform.hostname, port: platform.port, ...options }, (answer) => {
    outgoing.writeHead(answer.statusCode, answer.headers);
    answer.pipe(outgoing);
  });
  sent.on('error', () => outgoing.writeHead(502).end());
  incoming.pipe(sent);
}

server.on('upgrade', (incoming, socket) => {
  const upstream = connect(Number(platform.port), platform.hostname, () => {
    const headers = Object.entries(incoming.headers).map(([name, value]) => `${name}: ${value}`);
    upstream.write([`GET ${incoming.url} HTTP/1.1`, ...headers, '', ''].join('\r\n'));
    upstream.pipe(socket).pipe(upstream);
  });
  for (const end of [upstream, socket]) end.on('error', () => (upstream.destroy(), socket.destroy()));
});

server.listen(port, '127.0.0.1', () => console.log(`http://127.0.0.1:${port}`));
