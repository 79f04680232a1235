// Composes the subgraphs of the services to the supergraph of the router in front of them.
//
//   node compose-graph.js      writes deploy/graph/supergraph.graphql

import { readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { composeServices } from '@theguild/federation-composition';
import { parse } from 'graphql';

/** The stored supergraph below the repository. */
export const SUPERGRAPH = 'deploy/graph/supergraph.graphql';
const SUBGRAPHS = 'deploy/graph/subgraphs';

/**
 * The supergraph of the stored subgraphs. The addresses are those inside a cluster; the router's settings may name
 * others.
 */
export function composeSupergraph(root) {
  const names = readdirSync(join(root, SUBGRAPHS)).map((file) => basename(file, '.graphql'));
  const services = names.sort().map((name) => ({
    name,
    url: `http://${name}:8080/graphql/subgraph`,
    typeDefs: parse(readFileSync(join(root, SUBGRAPHS, `${name}.graphql`), 'utf8')),
  }));
  const { supergraphSdl, errors } = composeServices(services);
  if (!supergraphSdl) throw new Error(errors.map(({ message }) => message).join('\n'));
  return supergraphSdl.endsWith('\n') ? supergraphSdl : `${supergraphSdl}\n`;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const root = process.env.EV_ROOT ?? new URL('..', import.meta.url).pathname;
  writeFileSync(join(root, SUPERGRAPH), composeSupergraph(root));
}
