/** What a YAML document holds. Throws where it is not valid. */
export function parseYaml(text: string): unknown
