/** A person whom the provider knows: claims by name, `sub` aside. */
export type AccountClaims = Readonly<Record<string, unknown>>

/** Accounts by `sub`. */
export type Accounts = Readonly<Record<string, AccountClaims>>

/** Alice works in HR, bob in sales; alice is an administrator. */
export const defaultAccounts: Accounts = {
  alice: {
    name: 'Alice Example',
    email: 'alice@example.com',
    email_verified: true,
    dept: 'hr',
    roles: ['admin', 'user'],
  },
  bob: { name: 'Bob Example', email: 'bob@example.com', email_verified: true, dept: 'sales', roles: ['user'] },
}
