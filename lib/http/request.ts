/** An HTTP request as plain values, independent of any framework. */
export interface HttpRequest {
  /** The framework's request, for functions of the application. */
  readonly source: unknown
  /** The method that routes go by, such as `GET`. Middleware such as method-override may have replaced the one that was sent. */
  readonly method: string
  /** Path and query as received, before any router removed a prefix. Never an absolute URL. */
  readonly target: string
  /** The path of `target`, not decoded. */
  readonly path: string
  /** The query of `target`, without `?`. */
  readonly query: string
  /** A header's value by its lower-case name. Node joins repeated headers. */
  header(name: string): string | undefined
  /** The request's cookies by name, without prototype. The first of several with one name counts. */
  readonly cookies: Readonly<Record<string, string | undefined>>
  /** The values of a repeated cookie after the first, in order. They belong to another path or domain. */
  furtherCookies(name: string): readonly string[]
  /**
   * Reads the body as `application/x-www-form-urlencoded`, at most 64 KiB, even if the application has parsed it already.
   *
   * @throws {AuthorizationResponseError} `body_too_large` (413) or `unsupported_media_type` (415)
   */
  form(): Promise<URLSearchParams>
}
