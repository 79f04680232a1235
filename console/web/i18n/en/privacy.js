// English texts of accepted terms, of the copy of one's data, and of its erasure.

/** @type {Record<string, import('../i18n.js').Message>} */
export default {
  'privacy.title': 'Privacy',
  'privacy.link': 'Accepted terms, a copy of your data, and its erasure',
  'privacy.to_accept': 'To accept',
  'privacy.accept': 'Accept',
  'privacy.accept_effect': 'You accept version {version}: {terms}.',
  'privacy.accepted': 'Accepted terms',
  'privacy.none_accepted': 'You have accepted no terms yet.',
  'privacy.copy': 'A copy of your data',
  'privacy.copy_about':
    'One file (JSON) with your profile, bookings, payments, wallet, payouts, place in the tree and notifications.',
  'privacy.save': 'Save a copy',
  'privacy.erase': 'Erasure of your data',
  'privacy.erase_about': 'You can ask the company to erase your personal data. An administrator decides.',
  'privacy.request': 'Request the erasure',
  'privacy.requested': 'The request is sent.',
  'privacy.requested_at': 'Requested on',
  'privacy.reason': 'Reason',
  'privacy.withdraw': 'Withdraw the request',
  'privacy.withdraw_effect': 'Your data stays as it is.',
  'privacy.erase_effect':
    'After the approval your name, addresses, profile, nominee and notifications are erased, and you can no longer sign in.',
  'privacy.retained_effect':
    'PAN, bank account, payments, payouts and certificates are kept as long as tax law requires.',
  'privacy.money_effect': 'Withdraw the money in your wallet before: the account is closed.',
  'erasure.status.pending': 'Being checked',
  'erasure.status.withdrawn': 'Withdrawn',
  'erasure.status.rejected': 'Rejected',
  'erasure.status.done': 'Erased',
  'problem.auth.erasure_pending': 'Your request is already being checked.',
  'problem.auth.erasure_decided': 'This request is already decided or withdrawn.',
  'problem.auth.terms_need_application': 'You accept these terms with an application to become a distributor.',
};
