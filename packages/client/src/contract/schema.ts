/** The part of JSON Schema that the contract is declared in. */
export interface Schema {
  readonly type: 'object' | 'array' | keyof Scalars | readonly (keyof Scalars)[] | readonly ['object', 'null'];
  readonly const?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: false;
  readonly items?: Schema;
  readonly format?: 'date-time' | 'uuid';
  /** Lengths are counted in code points. */
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly pattern?: string;
}

interface Scalars {
  string: string;
  integer: number;
  boolean: boolean;
  null: null;
}

type Listed<Type> = Type extends readonly (infer One)[] ? One : Type;

/** The values of a schema; every property is there, but for those of {@link objectWith}. */
export type Static<S> = S extends { readonly const: infer Value }
  ? Value
  : S extends { readonly properties: infer Properties }
    ?
        | ({
            readonly [Name in Exclude<keyof Properties, Optional<S>>]: Static<Properties[Name]>;
          } & { readonly [Name in keyof Properties & Optional<S>]?: Static<Properties[Name]> | undefined })
        | (S extends { readonly type: readonly unknown[] } ? null : never)
    : S extends { readonly items: infer Item }
      ? readonly Static<Item>[]
      : S extends { readonly type: infer Type }
        ? Scalars[Listed<Type> & keyof Scalars]
        : never;

/** The names of properties that may be left out, where those that may not are known by name. */
type Optional<S> = S extends { readonly properties: infer Properties; readonly required: readonly (infer Name)[] }
  ? string extends Name
    ? never
    : Exclude<keyof Properties, Name>
  : never;

export type Properties = Readonly<Record<string, Schema>>;

/** An object of exactly these properties. */
export function object<const P extends Properties>(properties: P) {
  return { type: 'object', properties, required: Object.keys(properties), additionalProperties: false } as const;
}

/** An object of exactly these properties, or null. */
export function nullable<const P extends Properties>(properties: P) {
  return { ...object(properties), type: ['object', 'null'] } as const;
}

/** An object that must have some properties, may have others, and has no more. */
export function objectWith<const P extends Properties, const O extends Properties>(required: P, others: O) {
  const names = Object.keys(required) as (keyof P & string)[];
  return {
    type: 'object',
    properties: { ...required, ...others },
    required: names,
    additionalProperties: false,
  } as const;
}

/** An object that may have any of these properties, and no other. */
export function partOf<const P extends Properties>(properties: P) {
  return { type: 'object', properties, additionalProperties: false } as const;
}

export function text(maxLength: number) {
  return { type: 'string', minLength: 1, maxLength } as const;
}
