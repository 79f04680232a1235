// English texts of the queries of the read graph.

/** @type {Record<string, import('../i18n.js').Message>} */
export default {
  'office.query.title': 'Queries',
  'office.query.hint':
    'One query reads from all services what you may see, in GraphQL. It changes nothing. Ctrl+Enter runs it.',
  'office.query.example': 'Example',
  'office.query.example.members': 'Members with their balances',
  'office.query.example.bookings': 'Confirmed bookings with payments and instalments',
  'office.query.example.payouts': 'Pending payouts, oldest first',
  'office.query.example.balance': 'Trial balance of a day',
  'office.query.example.me': 'Yourself',
  'office.query.query': 'Query',
  'office.query.variables': 'Variables, as JSON',
  'office.query.variables_invalid': 'The variables are not a JSON object.',
  'office.query.run': 'Run',
  'office.query.result': 'Result',
  'office.query.errors': 'Errors',
  'office.query.schema': 'Schema',
  'office.query.schema_hidden': 'The schema is not shown on this platform.',
  'office.query.types': 'Opened types',
  'problem.graph.invalid': 'The query is not valid.',
  'problem.graph.too_deep': 'The query has too many levels.',
  'problem.graph.too_costly': 'The query reads too much at once. Ask for fewer rows or fields.',
  'problem.graph.websocket_required': 'A subscription does not run on this page: it needs a WebSocket at /graphql.',
  'problem.graph.wrong_hash': 'The hash is not that of the query.',
};
