import { BlockList, isIP, type LookupFunction } from 'node:net'
import { outage } from '../../base/outage.js'
import type { ProviderError } from '../../errors.js'
import { isLocalhostName } from '../../options/common/fields.js'

// Blocks that the IANA registry of special-purpose IPv4 addresses does not list as globally reachable, multicast (RFC 5771), and
// the address at which Azure answers its machines.
const specialIpv4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '168.63.129.16/32',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
]

// Global unicast, and IPv4 addresses as DNS64 translates them: networks without IPv4 reach everybody by those (RFC 6052).
const publicIpv6 = ['2000::/3', '64:ff9b::/96']

// IETF protocols such as Teredo, 6to4, which embeds IPv4 addresses, and documentation.
const specialIpv6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20']

interface Networks {
  readonly specialIpv4: BlockList
  readonly publicIpv6: BlockList
  readonly specialIpv6: BlockList
}

let networks: Networks | undefined

// One list for both families would take IPv4 addresses for IPv4-mapped ones. They are made on demand: most providers are not checked.
function knownNetworks(): Networks {
  return (networks ??= {
    specialIpv4: listOf('ipv4', specialIpv4),
    publicIpv6: listOf('ipv6', publicIpv6),
    specialIpv6: listOf('ipv6', [...specialIpv6, ...specialIpv4.map(translateBlock)]),
  })
}

function listOf(family: 'ipv4' | 'ipv6', blocks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const block of blocks) {
    const [network = '', bits] = block.split('/')
    list.addSubnet(network, Number(bits), family)
  }
  return list
}

function translateBlock(block: string): string {
  const [network, bits] = block.split('/')
  return `64:ff9b::${network}/${96 + Number(bits)}`
}

/** Whether an IP address is public: not one of this machine or of a private network. */
export function isPublicAddress(address: string): boolean {
  const { specialIpv4, publicIpv6, specialIpv6 } = knownNetworks()
  // An address with a zone is link-local.
  if (address.includes('%')) return false
  const family = isIP(address)
  if (family === 4) return !specialIpv4.check(address, 'ipv4')
  return family === 6 && publicIpv6.check(address, 'ipv6') && !specialIpv6.check(address, 'ipv6')
}

/**
 * Refuses hosts that no lookup is made for: addresses that are not public, and names of this machine.
 *
 * @param hostname - as in `URL.hostname`, which spells an IPv4 address in one way only
 * @throws {ProviderError} `provider_address_refused`
 */
export function requirePublicHost(hostname: string): void {
  const address = hostname.replace(/^\[(.*)\]$/, '$1')
  if (isIP(address) === 0 ? isLocalhostName(hostname) : !isPublicAddress(address)) throw addressRefused()
}

/** Looks a name up, and fails if any of its addresses is not public. A connection goes to an address that it has checked. */
export const publicLookup: LookupFunction = (hostname, options, done) => {
  process.getBuiltinModule('node:dns').lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = error === null ? addresses : []
    if (error !== null) done(error, [])
    else if (first === undefined || !addresses.every(({ address }) => isPublicAddress(address)))
      done(addressRefused(), [])
    else if (options.all === true) done(null, addresses)
    else done(null, first.address, first.family)
  })
}

// Without the address: the owner of a name should not learn what it stands for in this network.
function addressRefused(): ProviderError {
  return outage(
    'provider_address_refused',
    'a host of the provider is in a private network: allow that with allowPrivateAddresses, or name it as internalOrigin',
  )
}
