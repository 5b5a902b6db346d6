/** What the flows need to know of one HTTP request: plain values, no framework. */
export interface HttpRequest {
  /** As sent, such as `GET`. */
  readonly method: string
  /** Path and query as they came in, before any router stripped a prefix. Never an absolute URL. */
  readonly target: string
  /** The path of `target`: before `?`, undecoded. */
  readonly path: string
  /** The query of `target`, without `?`. */
  readonly query: string
  /** A header's single value by its lower-case name; repeated ones as Node joins them. */
  header(name: string): string | undefined
  /** The values of a header that came more than once, in order. */
  headerValues(name: string): readonly string[]
  /** The request's cookies by name, without prototype; the first of equal names counts. */
  readonly cookies: Readonly<Record<string, string | undefined>>
  /** The values after the first of a cookie that came more than once, in order: of another path, or of another domain. */
  furtherCookies(name: string): readonly string[]
  /**
   * The body as `application/x-www-form-urlencoded`, at most 64 KiB, also where the application has parsed it already.
   *
   * @throws {AuthorizationResponseError} `body_too_large` (413) or `unsupported_media_type` (415)
   */
  form(): Promise<URLSearchParams>
}
