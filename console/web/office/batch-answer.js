// `<ev-batch-answer>`: upload of the bank's answer to a batch of payouts, with what each of its lines would do.

import { ViewElement } from '../shell/view-element.js';
import { custom, h } from '../shell/view.js';
import { Problem, isAbort, upload } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { effectList } from '../shell/parts.js';
import { fileField } from '../shell/file-field.js';
import { fieldText } from '../shell/problem.js';
import { toast } from '../shell/toast.js';
import { number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { answerLines } from './answer-lines.js';
import { countQueues } from './queues.js';

/** @typedef {import('./answer-lines.js').Preview} Preview */

/** The most bytes that the API takes. */
const MAX_BYTES = 1024 * 1024;

/**
 * @template {'/api/v1/payout-batches/{id}/answer' | '/api/v1/payout-batches/{id}/answer/preview'} P
 * @param {P} path
 * @param {{batchId: string, template: string}} batch
 * @param {Blob} content
 * @param {{key: string, signal: AbortSignal}} options
 */
const send = (path, { batchId, template }, content, options) => {
  const address = `${path.replace('{id}', batchId)}?template=${encodeURIComponent(template)}`;
  return upload(/** @type {P} */ (address), content, () => undefined, options);
};

class BatchAnswer extends ViewElement {
  batchId = '';
  /** The id of the template of the bank's files. */
  template = 'generic';
  /** @type {readonly string[]} The columns that the template needs. */
  columns = [];
  /** @type {() => void} */
  done = () => undefined;
  /** @type {File | null} */
  #content = null;
  /** @type {Preview | null} */
  #preview = null;
  /** @type {unknown} */
  #error;
  #isTooLarge = false;
  #isReading = false;

  /** @param {HTMLInputElement} input */
  async #choose(input) {
    const file = input.files?.[0];
    this.#clear();
    this.#isTooLarge = (file?.size ?? 0) > MAX_BYTES;
    if (!file || this.#isTooLarge) return;
    // Read at once, so that what is recorded is what was shown.
    const content = new File([await file.text()], file.name, { type: 'text/csv' });
    this.#content = content;
    await this.#readPreview(content);
  }

  /** @param {Blob} content */
  async #readPreview(content) {
    [this.#isReading, this.#error] = [true, undefined];
    this.update();
    try {
      const options = { key: crypto.randomUUID(), signal: this.signal };
      const preview = await send('/api/v1/payout-batches/{id}/answer/preview', this, content, options);
      if (content === this.#content) this.#preview = preview;
    } catch (error) {
      if (content === this.#content && !isAbort(error)) this.#error = error;
    }
    if (content === this.#content) this.#isReading = false;
    this.update();
  }

  #clear() {
    [this.#content, this.#preview, this.#error] = [null, null, undefined];
    [this.#isTooLarge, this.#isReading] = [false, false];
    this.update();
  }

  /** @param {SubmitEvent} event */
  async #submit(event) {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const [content, preview] = [this.#content, this.#preview];
    if (!content || !preview || preview.errors > 0) return;
    const count = (/** @type {string} */ state) =>
      preview.lines.filter(({ becomes, now }) => becomes === state && now !== state).length;
    const [paid, failed] = [count('completed'), count('failed')];
    const settled = await confirmAction({
      title: t('office.batch.answer'),
      effects: effectList([
        ...(paid > 0 ? [t('office.batch.paid_effect', { count: paid })] : []),
        ...(failed > 0 ? [t('office.batch.failed_effect', { count: failed })] : []),
        t('office.batch.answer_effect'),
      ]),
      label: t('office.batch.settle'),
      act: (key) => send('/api/v1/payout-batches/{id}/answer', this, content, { key, signal: this.signal }),
    });
    if (!settled) return;
    toast(t('office.batch.result', { settled: number(settled.settled), unchanged: number(settled.unchanged) }));
    void countQueues();
    form.reset();
    this.#clear();
    this.done();
  }

  view() {
    const canSettle = this.#preview !== null && this.#preview.errors === 0 && this.#preview.will_settle > 0;
    return h(
      'form',
      { class: 'stack', onsubmit: (/** @type {SubmitEvent} */ event) => void this.#submit(event) },
      h(
        'label',
        { class: 'field' },
        t('office.batch.answer_file'),
        fileField(this.#content?.name, {
          accept: '.csv,text/csv',
          required: true,
          'aria-describedby': 'answer-hint',
          onchange: (/** @type {{target: HTMLInputElement}} */ event) => void this.#choose(event.target),
        }),
      ),
      h('p', { class: 'hint', id: 'answer-hint' }, t('office.batch.answer_hint', { columns: this.columns.join(', ') })),
      this.#isTooLarge ? h('p', { class: 'error', role: 'alert' }, t('problem.request.too_large')) : null,
      this.#error ? custom('ev-problem', { '.error': this.#error, '.retry': this.#retry }) : null,
      this.#error instanceof Problem ? lineProblems(this.#error) : null,
      h(
        'div',
        { class: 'stack', 'aria-live': 'polite', 'aria-busy': this.#isReading },
        this.#isReading ? h('p', { class: 'hint' }, t('form.calculating')) : null,
        this.#preview ? answerLines(this.#preview) : null,
      ),
      h(
        'footer',
        { class: 'actions' },
        h('button', { class: 'primary', disabled: !canSettle }, t('office.batch.settle_open')),
      ),
    );
  }

  #retry = () => {
    if (this.#content) void this.#readPreview(this.#content);
  };
}

/**
 * What is wrong with the lines of a file that cannot be read.
 * @param {Problem} problem
 */
const lineProblems = ({ errors }) => (errors.length > 0 ? effectList(errors.map(lineText)) : null);

/** @param {import('../shell/problem.js').FieldProblem} error its field is `line 2` */
const lineText = (error) => `${error.field.replace('line', t('office.batch.line'))}: ${fieldText(error)}`;

customElements.define('ev-batch-answer', BatchAnswer);
