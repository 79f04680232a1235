// Menus that open below their button: one closes when the person goes on elsewhere, follows a link of it, or presses
// Escape.

/** @returns {NodeListOf<HTMLDetailsElement>} */
const openMenus = () => document.querySelectorAll('details.dropdown[open]');

/** Closes menus from now on. */
export function startDropdowns() {
  for (const type of ['click', 'focusin']) {
    document.addEventListener(type, (event) => {
      const path = event.composedPath();
      const isFollowed = type === 'click' && path.some((node) => node instanceof HTMLAnchorElement);
      for (const menu of openMenus()) if (isFollowed || !path.includes(menu)) menu.open = false;
    });
  }
  document.addEventListener('keydown', ({ key }) => {
    if (key !== 'Escape') return;
    for (const menu of openMenus()) {
      // The focus stays at the place where it was before the menu.
      if (menu.contains(document.activeElement)) menu.querySelector('summary')?.focus();
      menu.open = false;
    }
  });
}
