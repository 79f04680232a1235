// Details of entries in the audit log: their text, taken apart into names with values.
//
// A service writes a detail as one text in a form of the action; one that is not in this form is shown as it is.

/** How the value of a fact is shown. @typedef {'text' | 'money' | 'count' | 'person' | 'batch' | 'side' | 'role' | 'flag' | 'status' | 'method' | 'gateway' | 'kind' | 'percent' | 'day' | 'sentence'} Shown */
/** The key of a name, and its value. @typedef {{name: string, shown: Shown, value: string}} Fact */

/**
 * @param {string} name
 * @param {Shown} shown
 * @param {string | undefined} value
 * @returns {Fact[]} none without a value
 */
const fact = (name, shown, value) => (value ? [{ name, shown, value }] : []);

/** @param {string} detail */
const reason = (detail) => fact('office.reason', 'text', detail);

/** @param {string} detail */
const account = (detail) => fact('account.number', 'text', detail);

/**
 * A reader of details in one form, of which `facts` gets the groups; undefined for another form.
 * @param {RegExp} form
 * @param {(...groups: (string | undefined)[]) => Fact[]} facts
 */
const inForm = (form, facts) => (/** @type {string} */ detail) => {
  const found = form.exec(detail);
  return found ? facts(...found.slice(1)) : undefined;
};

const manual = inForm(/^(-?[\d.]+): (.*)$/s, (amount, why) => [
  ...fact('wallet.amount', 'money', amount),
  ...fact('office.reason', 'text', why),
]);

/** The state after the action, the amount, what the bank or a person said, and the batch. */
const payout = inForm(
  /^([a-z]+) of (-?[\d.]+)(?:: (.*?))?(?:; batch ([0-9a-f-]{36}))?$/s,
  (status, amount, said = '', batch) => [
    ...fact('payout.status', 'status', status),
    ...fact('wallet.amount', 'money', amount),
    ...saidFacts(status, said),
    ...fact('office.batch', 'batch', batch),
  ],
);

/**
 * A paid payout has the reference of the bank, a returned one also a reason, every other one a reason alone.
 * @param {string | undefined} status
 * @param {string} said
 */
function saidFacts(status, said) {
  if (status === 'completed') return fact('payout.utr', 'text', said);
  const [utr, ...rest] = status === 'reversed' ? said.split(': ') : [];
  if (rest.length === 0) return reason(said);
  return [...fact('payout.utr', 'text', utr), ...reason(rest.join(': '))];
}

/** The rights that a change names. @type {Map<string | undefined, [string, Shown]>} */
const RIGHTS = new Map([
  ['role', ['office.user.role', 'role']],
  ['is_distributor', ['office.user.distributor', 'flag']],
  ['is_active', ['office.audit.is_active', 'flag']],
]);

/** @param {string} detail */
function rights(detail) {
  const changes = detail.split(' ').map((change) => change.split('='));
  if (!changes.every(([right, value]) => RIGHTS.has(right) && value)) return undefined;
  return changes.flatMap(([right, value]) => {
    const [name, shown] = RIGHTS.get(right) ?? ['', 'text'];
    return fact(name, shown, value);
  });
}

/** The readers by action, or by the first part of several actions. @type {Map<string, (detail: string) => Fact[] | undefined>} */
const READERS = new Map(
  /** @type {[string, (detail: string) => Fact[] | undefined][]} */ ([
    ['auth.kyc.reject', reason],
    ['auth.user.create', (detail) => fact('office.user.role', 'role', detail)],
    ['auth.user.change', rights],
    [
      'binary.place',
      inForm(/^(left|right) of (.+)$/, (side, parent) => [
        ...fact('office.tree.parent', 'person', parent),
        ...fact('office.tree.side', 'side', side),
      ]),
    ],
    [
      'vehicle.adjust_stock',
      inForm(/^([+-]\d+) units, (\d+) on hand: (.*)$/s, (change, onHand, why) => [
        ...fact('office.vehicle.adjust_change', 'text', change),
        ...fact('office.vehicle.on_hand', 'count', onHand),
        ...fact('office.reason', 'text', why),
      ]),
    ],
    ['booking.cancel', reason],
    ['booking.return', reason],
    [
      'booking.deliver',
      inForm(/^(\S+) on (\d{4}-\d{2}-\d{2})$/, (number, on) => [
        ...fact('booking.vehicle_number', 'text', number),
        ...fact('booking.delivered_on', 'day', on),
      ]),
    ],
    ['capture.resolve', reason],
    ['compliance.document_download', (detail) => fact('document.kind', 'kind', detail)],
    ['compliance.document_reject', reason],
    ['payment.start', (detail) => fact('pay.method', 'method', detail)],
    ['payment.refund', reason],
    ['payout.bank_account_add', account],
    ['payout.bank_account_remove', account],
    ['payout.bank_account_verify', account],
    [
      'payout.batch_open',
      inForm(/^(\d+) payouts of ([\d.]+)(?: by (\w+))?$/, (count, total, channel) => [
        ...fact('office.audit.payouts', 'count', count),
        ...fact('wallet.amount', 'money', total),
        ...(channel ? fact('office.batch.channel', 'text', channel) : []),
      ]),
    ],
    ['payout.batch_answer', inForm(/^(\d+) settled$/, (count) => fact('office.audit.payouts', 'count', count))],
    [
      'payout.batch_file',
      inForm(/^account numbers were decrypted(?:; template ([\w-]+))?$/, (template) => [
        ...fact('office.audit.file', 'sentence', 'office.audit.file.account_numbers'),
        ...(template ? fact('office.batch.template', 'text', template) : []),
      ]),
    ],
    [
      'payout.tax_rule_add',
      inForm(/^([\d.]+)%? from (\d{4}-\d\d-\d\d)$/, (rate, day) => [
        ...fact('office.audit.rate', 'percent', rate),
        ...fact('office.tax.effective_from', 'day', day),
      ]),
    ],
    ['payout', payout],
    ['plan.publish', (detail) => fact('office.plan.name', 'text', detail)],
    ['refund', reason],
    ['wallet', manual],
    ['webhook.retry', (detail) => fact('checkout.gateway', 'gateway', detail)],
  ]),
);

/**
 * What a detail says; nothing without a detail.
 * @param {{action: string, detail: string}} entry
 * @returns {Fact[]}
 */
export function factsOf({ action, detail }) {
  if (!detail) return [];
  const read = READERS.get(action) ?? READERS.get(action.split('.')[0] ?? '');
  return read?.(detail) ?? fact('office.audit.detail', 'text', detail);
}
