// Details of the audit log, in the forms in which the services write them.

import assert from 'node:assert/strict';
import test from 'node:test';
import en from '../../web/i18n/office-en.js';
import memberEn from '../../web/i18n/en.js';
import { factsOf } from '../../web/office/audit-detail.js';

const texts = { ...memberEn, ...en };
const ID = '01a228fa-5b76-7046-a296-8a0cc3eaff2c';

/** The names and values of a detail. */
const read = (action, detail) =>
  factsOf({ action, detail }).map(({ name, value }) => {
    assert.ok(texts[name], `${name} has a text`);
    return [texts[name], value];
  });

const CASES = [
  ['auth.kyc.reject', 'The PAN is not readable', [['Reason', 'The PAN is not readable']]],
  ['auth.user.create', 'staff', [['Role', 'staff']]],
  [
    'auth.user.change',
    'role=staff is_distributor=true is_active=false',
    [
      ['Role', 'staff'],
      ['Distributor', 'true'],
      ['May sign in', 'false'],
    ],
  ],
  [
    'binary.place',
    `left of ${ID}`,
    [
      ['Under', ID],
      ['Side', 'left'],
    ],
  ],
  [
    'wallet.adjust',
    '-30.00: Reason: of two parts',
    [
      ['Amount', '-30.00'],
      ['Reason', 'Reason: of two parts'],
    ],
  ],
  [
    'payout.approve',
    'approved of 1000.00',
    [
      ['Status', 'approved'],
      ['Amount', '1000.00'],
    ],
  ],
  [
    'payout.settle',
    `completed of 1000.00: UTR-1; batch ${ID}`,
    [
      ['Status', 'completed'],
      ['Amount', '1000.00'],
      ['Bank reference (UTR)', 'UTR-1'],
      ['Batch', ID],
    ],
  ],
  [
    'payout.reject',
    'rejected of 1000.00: Wrong: account',
    [
      ['Status', 'rejected'],
      ['Amount', '1000.00'],
      ['Reason', 'Wrong: account'],
    ],
  ],
  [
    'payout.return',
    'reversed of 1000.00: UTR-1: Closed: account',
    [
      ['Status', 'reversed'],
      ['Amount', '1000.00'],
      ['Bank reference (UTR)', 'UTR-1'],
      ['Reason', 'Closed: account'],
    ],
  ],
  [
    'payout.batch_open',
    '3 payouts of 1500.50',
    [
      ['Payouts', '3'],
      ['Amount', '1500.50'],
    ],
  ],
  [
    'payout.batch_open',
    '3 payouts of 1500.50 by razorpayx',
    [
      ['Payouts', '3'],
      ['Amount', '1500.50'],
      ['Way to the bank', 'razorpayx'],
    ],
  ],
  ['payout.batch_answer', '3 settled', [['Payouts', '3']]],
  [
    'payout.tax_rule_add',
    '5.00 from 2027-04-01',
    [
      ['Rate', '5.00'],
      ['First day', '2027-04-01'],
    ],
  ],
  ['refund.resolve', 'The bank said so', [['Reason', 'The bank said so']]],
];

for (const [action, detail, expected] of CASES) {
  test(`the detail of ${action} has names and values: ${detail}`, () => {
    assert.deepEqual(read(action, detail), expected);
  });
}

test('a detail in another form is shown as it is', () => {
  for (const action of ['payout.batch_open', 'auth.user.change', 'binary.place', 'new.action']) {
    assert.deepEqual(read(action, 'something else'), [['Detail', 'something else']]);
  }
});

test('an entry without a detail says nothing more', () => {
  assert.deepEqual(read('plan.withdraw', ''), []);
});
