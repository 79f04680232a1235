// Base class of the elements with a plan in a form: the plan as it is typed, and the limits of its terms.

import { ViewElement } from '../shell/view-element.js';
import { get } from '../shell/api.js';
import { Resource } from '../shell/resource.js';
import { planOf } from './plan-terms.js';

/** @typedef {import('./plan-terms.js').Plan} Plan */
/** @typedef {import('../shell/form.js').Values} Values */

export class PlanDraftElement extends ViewElement {
  /** @type {Plan | undefined} The plan with which the form begins. */
  plan;
  /** @type {Plan | undefined} The plan as it is typed, which decides what fields there are. */
  draft;
  limits = new Resource(this, (signal) => get('/api/v1/plan/limits', { signal }));

  start() {
    void this.limits.load();
  }

  /** @param {Values} values */
  change(values) {
    const draft = planOf(values);
    const isOtherKind = draft.referral.kind !== (this.draft ?? this.plan)?.referral.kind;
    this.draft = draft;
    if (isOtherKind) this.update();
  }
}
