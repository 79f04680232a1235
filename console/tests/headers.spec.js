// How the console's files are served: types, caching, compression, the content policy, and which address is a page.

import assert from 'node:assert/strict';
import { before, test } from 'node:test';
import { url } from './support/platform.js';

/** What the pages may load, by directive. */
const POLICY = {
  'default-src': "'self'",
  'img-src': "'self' blob:",
  'base-uri': "'none'",
  'object-src': "'none'",
  'form-action': "'self' https://api.razorpay.com https://checkout.stripe.com",
  'frame-ancestors': "'none'",
};
const HEADERS = {
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
};
const PAGES = ['/', '/wallet', '/office/people/01a228fa-5b76-7046-a296-8a0cc3eaff2c', '/join/ABC', '/no/such/page'];
const TYPES = { js: 'text/javascript', css: 'text/css', svg: 'image/svg+xml' };

let assets;

before(async () => {
  const document = await (await fetch(url)).text();
  assets = [...document.matchAll(/(?:href|src)="(\/assets\/[^"]+)"/g)].map(([, path]) => path);
});

const read = (path, init) => fetch(`${url}${path}`, init);

/** Requires the headers that every file of the console has. */
function assertSecure({ headers }, path) {
  const policy = headers.get('content-security-policy') ?? '';
  const directives = policy.split(';').map(
    (directive) =>
      directive
        .trim()
        .match(/^(\S+) (.*)$/)
        ?.slice(1) ?? [],
  );
  assert.deepEqual(Object.fromEntries(directives), POLICY, path);
  for (const [name, value] of Object.entries(HEADERS)) assert.equal(headers.get(name), value, `${name} of ${path}`);
}

test('every address of a page is answered with the document', async () => {
  const documents = await Promise.all(PAGES.map((path) => read(path)));
  for (const [i, answer] of documents.entries()) {
    assert.equal(answer.status, 200, PAGES[i]);
    assert.match(answer.headers.get('content-type'), /^text\/html/);
    assert.equal(answer.headers.get('cache-control'), 'no-cache');
    assertSecure(answer, PAGES[i]);
  }
  const texts = await Promise.all(documents.map((answer) => answer.text()));
  assert.equal(new Set(texts).size, 1);
});

test('the reference of the API obeys the same policy', async () => {
  for (const path of ['/docs', '/docs/reference.js', '/docs/try.js', '/docs/events.js', '/docs/reference.css']) {
    const answer = await read(path);
    assert.equal(answer.status, 200, path);
    assertSecure(answer, path);
    assert.doesNotMatch(await answer.text(), /<(script|style)>|\sstyle=|\son[a-z]+="/, path);
  }
});

test('a document that the browser has is not sent again', async () => {
  const first = await read('/');
  await first.text();
  const tag = first.headers.get('etag');
  assert.ok(tag);
  const again = await read('/', { headers: { 'If-None-Match': tag } });
  assert.equal(again.status, 304);
});

test('files have their types, are compressed, and may be kept for ever', async () => {
  assert.ok(assets.length > 20, `${assets.length} files are named`);
  for (const path of assets) {
    const answer = await read(path, { headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(answer.status, 200, path);
    assert.ok(answer.headers.get('content-type').startsWith(TYPES[path.split('.').at(-1)]), path);
    assert.match(answer.headers.get('cache-control'), /immutable/);
    assert.equal(answer.headers.get('content-encoding'), 'gzip', path);
    assertSecure(answer, path);
    await answer.arrayBuffer();
  }
});

test('a file that does not exist is not the document', async () => {
  for (const path of ['/assets/0000000000000000/main.js', '/assets/', '/api/v1/none', '/metrics', '/dev/none']) {
    const answer = await read(path);
    assert.equal(answer.status, 404, path);
    assert.match(answer.headers.get('content-type'), /^application\/problem\+json/, path);
  }
});

test('a page is only read', async () => {
  for (const method of ['POST', 'PUT', 'DELETE']) {
    const { status } = await read('/wallet', { method });
    assert.ok(status === 405 || status === 404, `${method}: ${status}`);
  }
});

test('no other origin may read anything', async () => {
  for (const path of ['/', assets[0], '/api/v1/vehicles', '/api/v1/users/me']) {
    const headers = { Origin: 'https://elsewhere.example', 'Access-Control-Request-Method': 'GET' };
    for (const method of ['GET', 'OPTIONS']) {
      const answer = await read(path, { method, headers });
      const allowing = [...answer.headers.keys()].filter((name) => name.startsWith('access-control-'));
      assert.deepEqual(allowing, [], `${method} ${path}`);
    }
  }
});
