// Settings of the router in front of the services' subgraphs.
//
// It serves the queries of the read graph of all services at /graphql, as one process with all services does. It passes
// the access token on, decides nothing about access, and refuses what is deeper than the services accept. Subscriptions
// do not pass it: nginx hands a WebSocket to the service that has them.

import { createHash } from 'node:crypto';
import { defineConfig } from '@graphql-hive/gateway';
import { GraphQLError } from 'graphql';

const { GRAPH_SUBGRAPH_ADDR: address = '*:8080', GRAPHQL_INTROSPECTION: introspection = 'on' } = process.env;
const SERVICES = ['auth', 'binary', 'booking', 'compliance', 'notification', 'payout', 'reports', 'wallet'];
/** Levels of fields, stored queries, and bytes of a query, as in crates/graph. */
const MAX_DEPTH = 8;
const MAX_QUERIES = 500;
const MAX_QUERY_BYTES = 16 * 1024;
/** Queries by their SHA-256 hash, oldest first. */
const queries = new Map();

/** Errors are answered with 200, as the services do. */
const refusal = (message, code) => new GraphQLError(message, { extensions: { code, http: { status: 200 } } });

/** Gives `setParams` the text of a query that is named by its hash. Throws for an unknown or a wrong hash. */
function persisted(params, setParams) {
  const { query } = params;
  if (query && Buffer.byteLength(query) > MAX_QUERY_BYTES) {
    throw refusal(`a query has at most ${MAX_QUERY_BYTES} bytes`, 'graph.too_costly');
  }
  const hash = params.extensions?.persistedQuery?.sha256Hash;
  if (!hash) return;
  if (!query) {
    const stored = queries.get(hash);
    if (!stored) throw refusal('PersistedQueryNotFound', 'PERSISTED_QUERY_NOT_FOUND');
    setParams({ ...params, query: stored });
    return;
  }
  if (createHash('sha256').update(query).digest('hex') !== hash) {
    throw refusal('the hash is not that of the query', 'graph.wrong_hash');
  }
  queries.set(hash, query);
  if (queries.size > MAX_QUERIES) queries.delete(queries.keys().next().value);
}

/** The address of a subgraph: that of its own variable, or the common one with its name. */
const locationOf = (service) => {
  const own = process.env[`${service.toUpperCase()}_ADDR`] || address.replace('*', service);
  return `http://${own}/graphql/subgraph`;
};

/** Refuses an operation with too many levels; the schema's own fields are no data. */
function depthRule(context) {
  const measure = (selections, fragments) => {
    let depth = 0;
    for (const selection of selections?.selections ?? []) {
      if (selection.kind === 'Field' && selection.name.value.startsWith('__')) continue;
      if (selection.kind === 'FragmentSpread') {
        const name = selection.name.value;
        if (fragments.includes(name)) continue;
        depth = Math.max(depth, measure(context.getFragment(name)?.selectionSet, [...fragments, name]));
      } else {
        const own = selection.kind === 'Field' ? 1 : 0;
        depth = Math.max(depth, own + measure(selection.selectionSet, fragments));
      }
    }
    return depth;
  };
  return {
    OperationDefinition(node) {
      if (measure(node.selectionSet, []) <= MAX_DEPTH) return;
      const extensions = { code: 'graph.too_deep' };
      context.reportError(new GraphQLError(`a query has at most ${MAX_DEPTH} levels`, { nodes: node, extensions }));
    },
  };
}

/** Refuses a subscription in the words of the services. */
function queryRule(context) {
  return {
    OperationDefinition(node) {
      if (node.operation !== 'subscription') return;
      const extensions = { code: 'graph.websocket_required' };
      const text = 'a subscription needs a WebSocket: GET /graphql with the sub-protocol graphql-transport-ws';
      context.reportError(new GraphQLError(text, { nodes: node, extensions }));
    },
  };
}

export const gatewayConfig = defineConfig({
  transportEntries: Object.fromEntries(SERVICES.map((name) => [name, { location: locationOf(name) }])),
  graphqlEndpoint: '/graphql',
  healthCheckEndpoint: '/health/live',
  readinessCheckEndpoint: '/health/ready',
  landingPage: false,
  graphiql: false,
  disableWebsockets: true,
  disableIntrospection: introspection === 'off',
  cors: false,
  // A problem's code comes from the service, and is for the client.
  maskedErrors: false,
  propagateHeaders: {
    fromClientToSubgraphs: ({ request }) => ({
      authorization: request.headers.get('authorization') ?? undefined,
      'x-request-id': request.headers.get('x-request-id') ?? undefined,
      'x-forwarded-for': request.headers.get('x-forwarded-for') ?? undefined,
      traceparent: request.headers.get('traceparent') ?? undefined,
    }),
  },
  plugins: () => [
    {
      onParams({ params, setParams }) {
        persisted(params, setParams);
      },
      onValidate({ addValidationRule }) {
        addValidationRule(depthRule);
        addValidationRule(queryRule);
      },
    },
    {
      // The root itself is answered by the router, so it asks for a token as the services do.
      onRequest({ request, url, endResponse, fetchAPI }) {
        if (url.pathname !== '/graphql' || request.headers.get('authorization')) return;
        const problem = {
          type: 'urn:ev:problem:auth.token_invalid',
          title: 'Unauthorized',
          status: 401,
          detail: 'sign in: a valid access token is needed',
          code: 'auth.token_invalid',
          request_id: request.headers.get('x-request-id') ?? '',
        };
        const headers = { 'content-type': 'application/problem+json', 'www-authenticate': 'Bearer' };
        endResponse(new fetchAPI.Response(JSON.stringify(problem), { status: 401, headers }));
      },
    },
  ],
});
