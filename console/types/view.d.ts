/** What a view may contain; `null`, `undefined` and `false` are nothing. */
export type Child = Node | string | number | bigint | null | undefined | false | readonly Child[];
