// Tests that follow each other: each goes on from where the one before ended.

import { test } from 'node:test';
import { picture } from './browser.js';

/**
 * Makes a function like `test` whose tests fail at once after one of them failed. Pictures of the pages of `people` are
 * taken then.
 */
export function chapters(book, people) {
  let failed = null;
  return (name, run) =>
    test(name, async () => {
      if (failed !== null) throw Object.assign(new Error(), { stack: `an earlier test failed: ${failed}` });
      try {
        await run();
      } catch (error) {
        failed = name;
        for (const [who, { page }] of Object.entries(people)) {
          await picture(page, `failed/${book}-${who}`, { fullPage: true }).catch(() => undefined);
        }
        throw error;
      }
    });
}
