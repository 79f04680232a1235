// `<ev-batch-answer>`: upload of the bank's answer to a batch of payouts.

import { ViewElement } from '../shell/view-element.js';
import { h } from '../shell/view.js';
import { upload } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { effectList } from '../shell/parts.js';
import { toast } from '../shell/toast.js';
import { number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

/** The most bytes that the API takes. */
const MAX_BYTES = 1024 * 1024;

class BatchAnswer extends ViewElement {
  batchId = '';
  /** @type {() => void} */
  done = () => undefined;
  /** @type {{paid: number, failed: number, text: string} | null} */
  #answer = null;
  #isTooLarge = false;

  /** @param {HTMLInputElement} input */
  async #choose(input) {
    const file = input.files?.[0];
    this.#isTooLarge = (file?.size ?? 0) > MAX_BYTES;
    this.#answer = file && !this.#isTooLarge ? readAnswer(await file.text()) : null;
    this.update();
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const answer = this.#answer;
    if (!answer) return;
    const settled = await confirmAction({
      title: t('office.batch.answer'),
      effects: effectList([
        ...(answer.paid > 0 ? [t('office.batch.paid_effect', { count: answer.paid })] : []),
        ...(answer.failed > 0 ? [t('office.batch.failed_effect', { count: answer.failed })] : []),
        t('office.batch.answer_effect'),
      ]),
      label: t('office.batch.settle'),
      act: (key) => {
        const content = new Blob([answer.text], { type: 'text/csv' });
        const path = /** @type {'/api/v1/payout-batches/{id}/answer'} */ (
          `/api/v1/payout-batches/${this.batchId}/answer`
        );
        return upload(path, content, () => undefined, { key, signal: this.signal });
      },
    });
    if (!settled) return;
    toast(t('office.batch.result', { settled: number(settled.settled), unchanged: number(settled.unchanged) }));
    form.reset();
    this.#answer = null;
    this.done();
  }

  view() {
    return h(
      'form',
      { class: 'stack', onsubmit: (/** @type {SubmitEvent} */ event) => void this.#submit(event) },
      h(
        'label',
        { class: 'field' },
        t('office.batch.answer_file'),
        h('input', {
          type: 'file',
          accept: '.csv,text/csv',
          required: true,
          'aria-describedby': 'answer-hint',
          onchange: (/** @type {{target: HTMLInputElement}} */ event) => void this.#choose(event.target),
        }),
      ),
      h('p', { class: 'hint', id: 'answer-hint' }, t('office.batch.answer_hint')),
      this.#isTooLarge ? h('p', { class: 'error', role: 'alert' }, t('problem.request.too_large')) : null,
      this.#answer
        ? h(
            'p',
            { role: 'status' },
            t('office.batch.preview', { paid: number(this.#answer.paid), failed: number(this.#answer.failed) }),
          )
        : null,
      h('footer', { class: 'actions' }, h('button', { class: 'primary' }, t('office.batch.settle_open'))),
    );
  }
}

/**
 * The lines of an answer by outcome, for the confirmation; the server checks each of them.
 * @param {string} text
 */
function readAnswer(text) {
  const cells = text.split(/\r?\n/).map((line) => line.split(',').map((cell) => cell.trim().replaceAll('"', '')));
  const count = (/** @type {string} */ outcome) => cells.filter((line) => line[1] === outcome).length;
  return { paid: count('paid'), failed: count('failed'), text };
}

customElements.define('ev-batch-answer', BatchAnswer);
