// `<ev-problem>`: why something could not be read or done, and what the person can do about it.

import { ViewElement } from './view-element.js';
import { h } from './view.js';
import { Problem, problemText } from './problem.js';
import { number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';

class ProblemElement extends ViewElement {
  /** @type {unknown} */
  error;
  /** @type {(() => void) | undefined} Repeats the read; left out for an action. */
  retry;
  isRetrying = false;

  start() {
    // Counts down to the time at which the API accepts the request again.
    const timer = setInterval(() => this.update(), 1000);
    this.signal.addEventListener('abort', () => clearInterval(timer));
    window.addEventListener('online', () => this.retry?.(), { signal: this.signal });
  }

  view() {
    const problem = this.error instanceof Problem ? this.error : undefined;
    const wait = Math.ceil(((problem?.retryAt ?? 0) - Date.now()) / 1000);
    const canRetry = this.retry && (problem?.isTemporary ?? true);
    return h(
      'div',
      { class: 'problem', role: 'alert' },
      h('p', null, problemText(this.error)),
      wait > 0 ? h('p', { class: 'hint' }, t('problem.retry_in', { seconds: number(wait) })) : null,
      canRetry
        ? h(
            'button',
            {
              type: 'button',
              disabled: wait > 0,
              'aria-disabled': this.isRetrying,
              onclick: () => this.isRetrying || this.retry?.(),
            },
            t(this.isRetrying ? 'action.running' : 'action.retry'),
          )
        : null,
      problem?.requestId && problem.status >= 500
        ? h('p', { class: 'hint' }, t('problem.request_id', { id: problem.requestId }))
        : null,
    );
  }
}

customElements.define('ev-problem', ProblemElement);
