// `<ev-plan-form>`: the next version of the plan, as a form that begins with the version in force.

import { custom, h } from '../shell/view.js';
import { post } from '../shell/api.js';
import { confirmAction } from '../shell/dialog.js';
import { effectList } from '../shell/parts.js';
import { toast } from '../shell/toast.js';
import { dateTime, number } from '../i18n/format.js';
import { t } from '../i18n/i18n.js';
import { countQueues } from './queues.js';
import { PlanDraftElement } from './plan-draft.js';
import { changedTerms, planFields, planOf } from './plan-terms.js';
import '../shell/form.js';

/** @typedef {import('../shell/form.js').Values} Values */
/** @typedef {import('../shell/form.js').Sent} Sent */

class PlanForm extends PlanDraftElement {
  /** @type {() => void} */
  done = () => undefined;

  view() {
    const plan = this.draft ?? this.plan;
    if (!plan || !this.plan) return null;
    const hours = this.limits.value?.notice_hours;
    const effective = { hours: number(hours?.minimum ?? 0), days: number(Math.floor((hours?.maximum ?? 0) / 24)) };
    return h(
      'section',
      { class: 'card' },
      h('h2', null, t('office.plan.edit')),
      h('p', { class: 'hint' }, t('office.plan.edit_hint')),
      custom('ev-form', {
        class: 'form-columns',
        '.fields': [
          ...planFields(plan, this.limits.value),
          {
            name: 'effective_from',
            label: t('office.plan.effective_from'),
            hint: hours ? t('office.plan.effective_range', effective) : t('office.plan.effective_hint'),
            type: 'datetime-local',
            input: hours ? { min: indianTime(hours.minimum), max: indianTime(hours.maximum) } : {},
          },
        ],
        '.submitLabel': t('office.next'),
        '.changed': (/** @type {Values} */ values) => this.change(values),
        '.send': (/** @type {Values} */ values, /** @type {Sent} */ sent) => this.#publish(values, sent),
        '.done': (/** @type {unknown} */ answer) => answer && this.#finish(),
      }),
    );
  }

  /**
   * @param {Values} values
   * @param {Sent} sent
   */
  #publish(values, sent) {
    const plan = planOf(values);
    // The form's times are Indian Standard Time, whatever the browser's zone is.
    const effectiveFrom = `${values['effective_from']}:00+05:30`;
    const changes = this.plan ? changedTerms(this.plan, plan) : [];
    return confirmAction({
      title: t('office.plan.publish'),
      effects: effectList([
        t('office.plan.publish_effect', { time: dateTime(effectiveFrom) }),
        ...(changes.length > 0 ? changes : [t('office.plan.no_change')]),
        t('office.plan.final_effect'),
      ]),
      label: t('office.plan.publish'),
      isDestructive: true,
      ...sent,
      act: (key) => post('/api/v1/plan/versions', { effective_from: effectiveFrom, plan }, { key }),
    });
  }

  #finish() {
    toast(t('office.plan.published'));
    void countQueues();
    this.draft = undefined;
    this.done();
  }
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Indian Standard Time is five and a half hours ahead of UTC. */
const INDIA_MS = 5 * HOUR_MS + 30 * MINUTE_MS;

/**
 * The time in India some hours from now, as a `datetime-local` input takes it.
 * @param {number} hours
 */
const indianTime = (hours) => new Date(Date.now() + hours * HOUR_MS + INDIA_MS).toISOString().slice(0, 16);

customElements.define('ev-plan-form', PlanForm);
