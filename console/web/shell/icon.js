// `<ev-icon name="…">`: a line icon in the colour of its text.

/** Paths on a grid of 24. */
const PATHS = {
  home: 'M3 11 12 4l9 7v9h-6v-6H9v6H3z',
  vehicle: 'M5 16V9l2-4h8l3 4 2 1v6M3 16h18M7.5 19a2 2 0 1 0 0-4 2 2 0 0 0 0 4zm9 0a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  booking: 'M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6',
  wallet: 'M3 7h16v12H3zM3 7l11-4v4M16 12h5v4h-5z',
  tree: 'M12 3v5M6 15v-3h12v3M12 8v4M4 15h4v5H4zM10 15h4v5h-4zM16 15h4v5h-4z',
  payout: 'M4 20h16M6 17V9M10 17V9M14 17V9M18 17V9M3 9l9-6 9 6z',
  person: 'M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8zM4 21c0-4 4-6 8-6s8 2 8 6',
  people:
    'M9 11a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7zM2 20c0-4 3-6 7-6s7 2 7 6M16 4a3.5 3.5 0 0 1 0 7M18 14c3 1 4 3 4 6',
  message: 'M4 5h16v11H10l-4 4v-4H4z',
  bell: 'M6 17V11a6 6 0 0 1 12 0v6l2 2H4zM10 21h4',
  document: 'M6 3h8l4 4v14H6zM14 3v4h4M9 12h6M9 16h6',
  check: 'M4 13l5 5L20 6',
  plan: 'M4 20V4M4 20h16M8 16l4-5 3 3 5-7',
  ledger: 'M5 4h14v16H5zM9 4v16M12 9h4M12 13h4',
  report: 'M4 20h16M7 20v-8M12 20V6M17 20v-11',
  audit: 'M12 3l8 3v6c0 5-4 8-8 9-4-1-8-4-8-9V6z',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM16 16l5 5',
  menu: 'M4 6h16M4 12h16M4 18h16',
  close: 'M6 6l12 12M18 6L6 18',
  out: 'M14 4h6v16h-6M10 8l-5 4 5 4M5 12h10',
  chevron: 'M9 5l7 7-7 7',
  add: 'M12 5v14M5 12h14',
  identity: 'M3 5h18v14H3zM8 12a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM5.5 16c0-3 5-3 5 0M14 9h4M14 13h4',
  tax: 'M5 19 19 5M7.5 9.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM16.5 18.5a2 2 0 1 0 0-4 2 2 0 0 0 0 4z',
  copy: 'M9 9h11v12H9zM15 9V3H4v12h5',
  download: 'M12 4v11M7 11l5 5 5-5M5 20h14',
};

class Icon extends HTMLElement {
  static observedAttributes = ['name'];

  attributeChangedCallback() {
    const name = this.getAttribute('name') ?? '';
    const shape = document.createElementNS('http://www.w3.org/2000/svg', 'svg');
    const path = document.createElementNS('http://www.w3.org/2000/svg', 'path');
    path.setAttribute('d', Reflect.get(PATHS, name) ?? '');
    shape.setAttribute('viewBox', '0 0 24 24');
    shape.setAttribute('aria-hidden', 'true');
    shape.append(path);
    this.replaceChildren(shape);
  }
}

customElements.define('ev-icon', Icon);
