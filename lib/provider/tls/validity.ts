import { X509Certificate } from 'node:crypto'
import type { ApiTlsConfiguration, TlsConfiguration } from '../../options/common/tls.js'

/** Fingerprint of the client's certificate (SHA-256). */
export function certificateThumbprint({ cert }: Pick<TlsConfiguration, 'cert'>): string {
  return new X509Certificate(cert).fingerprint256
}

/** Whether the client's certificate has expired. */
export function isExpired({ cert }: ApiTlsConfiguration, now: number): boolean {
  return cert !== undefined && now > datesOf(cert).until
}

/** What is wrong with the dates of the client's certificate, if something is. */
export function dateFlaw({ cert }: ApiTlsConfiguration, now: number): string | undefined {
  if (cert === undefined) return undefined
  const { from, until } = datesOf(cert)
  if (now > until) return `expired on ${day(until)}`
  return now < from ? `is not valid before ${day(from)}` : undefined
}

/** The last day of the client's certificate. */
export function lastDay({ cert }: Pick<TlsConfiguration, 'cert'>): string {
  return day(datesOf(cert).until)
}

// Reads the first certificate: those of intermediate authorities follow.
function datesOf(cert: string): { readonly from: number; readonly until: number } {
  const { validFrom, validTo } = new X509Certificate(cert)
  return { from: Date.parse(validFrom), until: Date.parse(validTo) }
}

function day(date: number): string {
  return new Date(date).toISOString().slice(0, 10)
}
