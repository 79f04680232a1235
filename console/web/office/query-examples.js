// Examples of queries of the read graph, by the name of their text.

/** @typedef {{name: string, query: string, variables: string}} Example */

const DATE = new Date().toISOString().slice(0, 10);

/** @type {readonly Example[]} */
export const EXAMPLES = [
  {
    name: 'members',
    query: `query Members($limit: Int) {
  users(role: user, limit: $limit) {
    items {
      id
      name
      is_active_buyer
      wallet { available held clawback_due }
    }
    next_cursor
  }
}`,
    variables: '{ "limit": 20 }',
  },
  {
    name: 'bookings',
    query: `query Bookings {
  bookings(status: confirmed, limit: 10) {
    items {
      number
      user { name }
      price
      total_paid
      payments { amount method status }
      instalments { n due_on amount paid }
    }
  }
}`,
    variables: '',
  },
  {
    name: 'payouts',
    query: `query Payouts {
  payouts(status: "pending", order: "asc", limit: 20) {
    items {
      id
      requested
      tds
      net
      approvals
      approvals_needed
      user { name kyc_status }
    }
  }
}`,
    variables: '',
  },
  {
    name: 'balance',
    query: `query TrialBalance($day: String) {
  trial_balance(as_of: $day) {
    total_debit
    total_credit
    difference
    accounts { account debit credit }
  }
}`,
    variables: `{ "day": "${DATE}" }`,
  },
  {
    name: 'me',
    query: `{
  me {
    name
    wallet {
      available
      lines(limit: 5) { items { type amount description created_at } }
    }
    unread_notifications { unread }
  }
}`,
    variables: '',
  },
];
