// English texts of the search.

/** @type {Record<string, import('../i18n.js').Message>} */
export default {
  'search.title': 'Search',
  'search.office_label': 'Name, e-mail, mobile, code, number or page',
  'search.member_label': 'Page, or a member of your tree',
  'search.results': 'Results',
  'search.pages': 'Pages',
  'search.recent': 'Opened last',
  'search.running': 'Searching…',
  'search.count': { one: '{count} result', other: '{count} results' },
  'search.nothing': 'Nothing is found for “{text}”.',
  'search.more_letters': 'Enter at least two letters or digits.',
  'search.keys': 'Arrow keys choose, Enter opens, Esc closes.',
  'search.by_slash': 'Open the search with the key /',
};
