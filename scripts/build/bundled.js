/**
 * Packages that the built files have inside, so that nobody installs them: what is left of them without unused parts is small, while they are
 * large on disk and slow to load. They are devDependencies, and an update of one of them reaches applications by an update of this package.
 */
export const bundled = ['cookie', 'lru-cache', 'on-headers', 'valibot']
