// The office with an administrator and a member of staff, each in a browser.

import { open } from './actions.js';
import { openPerson } from './browser.js';
import { addPerson, signInAdministrator } from './members.js';

/** Opens the office: `admin` and `staff` are pages, `sessions` those of the API, `people` have the faults. */
export async function openOffice(browser) {
  const administrator = await signInAdministrator();
  const sessions = { admin: administrator, staff: await addPerson(administrator, 'staff', 'Lata Nair') };
  const people = await Promise.all(Object.values(sessions).map((session) => openPerson(browser, { session })));
  const [admin, staff] = people.map(({ page }) => page);
  await Promise.all([open(admin, '/office'), open(staff, '/office')]);
  return { admin, staff, sessions, people };
}
