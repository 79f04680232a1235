// English texts of refunds and of the tax in receipts.

/** @type {Record<string, import('../i18n.js').Message>} */
export default {
  'payment.tax': 'GST of {amount} included ({rate} %)',
  'payment.tax.taxable': 'Taxable value',
  'payment.tax.cgst': 'CGST',
  'payment.tax.sgst': 'SGST or UTGST',
  'payment.tax.igst': 'IGST',
  'payment.tax.rate': 'GST rate',
  'payment.tax.hsn': 'HSN code',
  'payment.tax.place': 'Place of supply',
  'payment.tax.gstin': 'GSTIN of the company',
  'refund.to': 'Refund to',
  'refund.to_hint': 'Only online payments can be refunded to their source; all others go to the wallet.',
  'refund.to.wallet': 'to the wallet',
  'refund.to.source': 'to the source of the payment',
  'refund.to.emi_reserve': 'to the EMI reserve',
  'refund.effect.wallet': '{amount} is refunded to the wallet.',
  'refund.effect.source': '{amount} is refunded to where it was paid from online.',
  'refund.effect.emi_reserve': '{amount} from EMI deductions returns to the EMI reserve.',
  'refund.effect.none': 'Nothing was paid, so nothing is refunded.',
  'refund.effect.paid_after': 'Net payments afterwards: {amount}.',
  'refund.effect.ends_active_buyer': 'The member is then no longer an Active Buyer.',
  'refund.status.requested': 'Requested',
  'refund.status.sent': 'On its way',
  'refund.status.done': 'Refunded',
  'refund.status.failed': 'Failed',
};
