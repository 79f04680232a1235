// Documents that are served beside the OpenAPI documents: the events in AsyncAPI, and the schemas of the read graph.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import test from 'node:test';
import asyncapi from '@asyncapi/parser';
import { buildASTSchema, buildSchema, lexicographicSortSchema, parse, printSchema, validate, visit } from 'graphql';
import { composeSupergraph, SUPERGRAPH } from '../../compose-graph.js';
import { EXAMPLES } from '../../web/office/query-examples.js';

const root = process.env.EV_ROOT ?? new URL('../../..', import.meta.url).pathname;
const read = (file) => readFileSync(join(root, file), 'utf8');
const SCHEMA = 'deploy/graph/schema.graphql';

test('the document of the events is valid AsyncAPI, with a channel for each event', async () => {
  const parser = new asyncapi.Parser();
  const { document, diagnostics } = await parser.parse(read('deploy/nginx/docs/asyncapi.json'));
  // Severity 0 is an error, 1 a warning.
  assert.deepEqual(
    diagnostics.filter(({ severity }) => severity <= 1).map(({ message, path }) => `${path.join('.')}: ${message}`),
    [],
  );
  assert.equal(document.version(), '3.0.0');
  for (const channel of document.channels().all()) {
    assert.equal(channel.messages().all().length, 1, channel.address());
    assert.equal(channel.operations().filterBySend().length, 1, channel.address());
  }
});

test('a broken document of the events is refused', async () => {
  const broken = JSON.parse(read('deploy/nginx/docs/asyncapi.json'));
  const [first] = Object.values(broken.operations);
  first.channel.$ref = '#/channels/none';
  const { diagnostics } = await new asyncapi.Parser().parse(JSON.stringify(broken));
  assert.ok(diagnostics.some(({ severity }) => severity === 0));
});

test('the stored supergraph is the composition of the stored subgraphs', () => {
  assert.equal(read(SUPERGRAPH), composeSupergraph(root), 'run: node console/compose-graph.js');
});

/** A schema as clients see it: without what only a router reads. */
function publicSchema(sdl) {
  const isInternal = (name) => /^(join|link|core)__/.test(name);
  const internal = (node) => (isInternal(node.name.value) ? null : undefined);
  const document = visit(parse(sdl), {
    Directive: () => null,
    DirectiveDefinition: () => null,
    SchemaDefinition: () => null,
    SchemaExtension: () => null,
    EnumTypeDefinition: internal,
    ScalarTypeDefinition: internal,
    InputObjectTypeDefinition: internal,
  });
  return lexicographicSortSchema(buildASTSchema(document, { assumeValidSDL: true }));
}

test('the schema of all services in one process is that of the router', () => {
  assert.equal(printSchema(publicSchema(read(SCHEMA))), printSchema(publicSchema(read(SUPERGRAPH))));
});

test('each example of the query page is valid in that schema', () => {
  const schema = buildSchema(read(SCHEMA), { assumeValidSDL: true });
  for (const { name, query } of EXAMPLES) {
    assert.deepEqual(
      validate(schema, parse(query)).map(({ message }) => message),
      [],
      name,
    );
  }
});
