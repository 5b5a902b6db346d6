/**
 * The people who can sign in at the embedded provider. There are no passwords: a click on the name signs in.
 *
 * @typedef {object} User
 * @property {string} id `sub` of the ID Token.
 * @property {string} name
 * @property {string} given_name
 * @property {string} family_name
 * @property {string} preferred_username
 * @property {string} email
 * @property {boolean} email_verified
 * @property {string} [dept] The claim that the example's guard asks for.
 */

/** @type {readonly User[]} */
export const users = Object.freeze([
  user('alice', 'Alice', 'Archer', 'hr'),
  user('bob', 'Bob', 'Bergmann', 'engineering'),
])

/**
 * Those at the second provider. One has the same `sub` as a person at the first: they are two people.
 *
 * @type {readonly User[]}
 */
export const usersAtHome = Object.freeze([
  user('alice', 'Alice', 'Albers', undefined, 'home.example'),
  user('carol', 'Carol', 'Castle', undefined, 'home.example'),
])

/**
 * @param {string} id
 * @param {string} given
 * @param {string} family
 * @param {string | undefined} dept
 * @param {string} [domain] Of the e-mail address.
 * @returns {User}
 */
function user(id, given, family, dept, domain = 'example.com') {
  return Object.freeze({
    id,
    name: `${given} ${family}`,
    given_name: given,
    family_name: family,
    preferred_username: id,
    email: `${id}@${domain}`,
    email_verified: true,
    ...(dept === undefined ? {} : { dept }),
  })
}
