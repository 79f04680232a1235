// English texts of the rules of tax deduction, and of the statements.

/** @type {Record<string, import('../i18n.js').Message>} */
export default {
  'office.tax.rules': 'Rules',
  'office.tax.deductions': 'Deductions',
  'office.tax.about': 'Tax is deducted by the rule that is in force on the day on which a payout is approved.',
  'office.tax.no_rule': 'There is no rule.',
  'office.tax.add': 'Add a rule',
  'office.tax.of_section': 'Section {section}',
  'office.tax.from_to': '{from} to {to}',
  'office.tax.from': 'From {from}',
  'office.tax.state.in_force': 'In force',
  'office.tax.state.planned': 'Not in force yet',
  'office.tax.state.ended': 'Ended',
  'office.tax.id': 'Name of the rule',
  'office.tax.id_hint': 'Lower-case letters, digits and hyphens, such as act-2025-393',
  'office.tax.section_hint': 'As it stands on certificates, such as 194H',
  'office.tax.rate': 'Rate in percent',
  'office.tax.no_pan_rate': 'Rate without a PAN',
  'office.tax.threshold': 'Free of tax a year',
  'office.tax.threshold_hint': 'For each PAN; only what is above it is taxed.',
  'office.tax.cap': 'Most tax on one payout',
  'office.tax.no_cap': 'No limit',
  'office.tax.effective_from': 'First day',
  'office.tax.rate_effect':
    'From {day} on, {rate} % is deducted from payouts under section {section}, above {threshold} a year for each PAN.',
  'office.tax.no_pan_effect': 'Without a PAN {rate} % is deducted.',
  'office.tax.cap_effect': 'At most {cap} is deducted from one payout.',
  'office.tax.before_effect': 'The rule before it ends on that day.',
  'office.tax.final_effect': 'A rule is never changed or removed.',
  'office.tax.statements': 'Quarterly statement for the tax authority',
  'office.tax.statement_hint':
    'A CSV file with the deductions of the quarter by PAN. It has whole PANs; each download is recorded in the audit log.',
  'office.tax.quarter.Q1': 'Q1, April to June',
  'office.tax.quarter.Q2': 'Q2, July to September',
  'office.tax.quarter.Q3': 'Q3, October to December',
  'office.tax.quarter.Q4': 'Q4, January to March',
};
