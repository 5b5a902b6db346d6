/** How long a browser test waits for what it expects, in milliseconds. It is no expectation: a busy machine may need long. */
export const patienceMilliseconds = 100_000
