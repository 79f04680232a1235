// What a person does in the console, by what its pages show.

import { newCode, until, url } from './platform.js';
import { t } from './texts.js';

/** Opens a page of the console. */
export const open = (page, path) => page.goto(`${url}${path}`);

/** Waits until the page shows a text, or what a locator finds. */
export const see = (page, what) =>
  (typeof what === 'string' ? page.getByText(what, { exact: false }) : what).first().waitFor();

export const heading = (page, name) => page.getByRole('heading', { level: 1, name });
export const button = (page, name) => page.getByRole('button', { name, exact: true });
export const link = (page, name) => page.getByRole('link', { name });
export const field = (page, name) => page.getByLabel(name, { exact: true });
/** A row of a table by a text in it. */
export const row = (page, text) => page.getByRole('row').filter({ hasText: text });
/** A coloured word, such as a state. */
export const tag = (page, text) => page.locator('.tag', { hasText: text });
/** A row of names with their values: the value of a name. */
export const valueOf = (page, name) =>
  page.locator('.pairs dt').getByText(name, { exact: true }).locator('xpath=./following-sibling::dd[1]');

/** Signs in on the sign-in page. */
export async function signInByHand(page, identifier) {
  await field(page, t('sign_in.identifier')).fill(identifier);
  await enterCode(page, identifier);
}

/** Asks for a code with the filled form, and enters it. */
export async function enterCode(page, identifier) {
  const ask = async () => {
    const answer = page.waitForResponse('**/api/v1/auth/otp');
    await button(page, t('sign_in.send_code')).click();
    return (await answer).ok();
  };
  // Asking is refused for a second when another code was asked for just before.
  const code = await newCode(identifier, () => until('a sent code', ask));
  await field(page, t('sign_in.code')).fill(code);
  await button(page, t('sign_in.verify')).click();
}

/** Goes to a page by its link in the navigation. */
export const navigate = (page, path) => page.locator(`nav a[href="${path}"]`).click();

/** The newest dialog. */
export const dialog = (page) => page.locator('dialog[open]').last();

/** Confirms what the newest dialog says, which has to contain `effects`. */
export async function confirm(page, ...effects) {
  const asked = dialog(page).locator('ev-confirmation');
  for (const effect of effects) await asked.getByText(effect).first().waitFor();
  await asked.locator('footer .primary').click();
  await page.locator('dialog').first().waitFor({ state: 'detached' });
}

/** Fills the form of the newest dialog and goes on to its confirmation. */
export async function fillDialog(page, values) {
  const form = dialog(page).locator('ev-form');
  await fill(form, values);
  await form.getByRole('button', { name: t('office.next') }).click();
}

/** Fills fields, by their labels; a choice by its label. */
export async function fill(within, values) {
  for (const [label, value] of Object.entries(values)) {
    const control = within.getByLabel(label);
    const isChoice = await control.evaluate((element) => element instanceof HTMLSelectElement);
    await (isChoice ? control.selectOption({ label: value }) : control.fill(value));
  }
}

/** Chooses what a combobox finds for a text. */
export async function pick(within, label, text, option = text) {
  await within.getByRole('combobox', { name: label }).fill(text);
  await within.getByRole('option', { name: option }).first().click();
}

/** Reads the page again until it shows something that comes from elsewhere. */
export async function seeSoon(page, locator) {
  for (let tries = 0; tries < 40; tries += 1) {
    await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
    if (await locator.first().isVisible()) return;
    await page.reload({ waitUntil: 'networkidle' });
  }
  await locator.first().waitFor();
}

/** Saves a file and returns its name and content. */
export async function download(page, act) {
  const [saved] = await Promise.all([page.waitForEvent('download'), act()]);
  const parts = [];
  for await (const part of await saved.createReadStream()) parts.push(part);
  return { name: saved.suggestedFilename(), content: Buffer.concat(parts) };
}
